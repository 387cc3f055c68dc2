//! Rule files that nobody would write: a head, a part again and again, a tail. `#` in the part is its number.

use oss_cors_core::Format;

pub struct Shape {
    pub format: Format,
    pub name: &'static str,
    head: &'static str,
    part: &'static str,
    tail: &'static str,
}

impl Shape {
    /// At most so many bytes of it.
    pub fn text(&self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 64);
        text.push_str(self.head);
        for number in 0.. {
            if text.len() + self.part.len() + 8 + self.tail.len() > bytes {
                break;
            }
            match self.part.split_once('#') {
                Some((before, after)) => text.push_str(&format!("{before}{number}{after}")),
                None => text.push_str(self.part),
            }
        }
        text.push_str(self.tail);
        text
    }
}

const fn shape(
    format: Format,
    name: &'static str,
    head: &'static str,
    part: &'static str,
    tail: &'static str,
) -> Shape {
    Shape { format, name, head, part, tail }
}

const fn xml(name: &'static str, head: &'static str, part: &'static str, tail: &'static str) -> Shape {
    shape(Format::Xml, name, head, part, tail)
}

const fn json(name: &'static str, head: &'static str, part: &'static str, tail: &'static str) -> Shape {
    shape(Format::Json, name, head, part, tail)
}

const fn yaml(name: &'static str, head: &'static str, part: &'static str, tail: &'static str) -> Shape {
    shape(Format::Yaml, name, head, part, tail)
}

const fn toml(name: &'static str, head: &'static str, part: &'static str, tail: &'static str) -> Shape {
    shape(Format::Toml, name, head, part, tail)
}

const ROOT: &str = "<CORSConfiguration>";
const END: &str = "</CORSConfiguration>";
const RULE: &str = "<CORSConfiguration><CORSRule>";
const RULE_END: &str = "</CORSRule></CORSConfiguration>";

#[rustfmt::skip]
pub static SHAPES: &[Shape] = &[
    xml("rules", ROOT, "<CORSRule/>", END),
    xml("whole rules", ROOT, "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>", END),
    xml("origins", RULE, "<AllowedOrigin>https://#.example.com</AllowedOrigin>", RULE_END),
    xml("empty origins", RULE, "<AllowedOrigin/>", RULE_END),
    xml("two wildcards", RULE, "<AllowedOrigin>*#*</AllowedOrigin>", RULE_END),
    xml("methods", RULE, "<AllowedMethod>GET</AllowedMethod>", RULE_END),
    xml("wrong methods", RULE, "<AllowedMethod>get#</AllowedMethod>", RULE_END),
    xml("headers", RULE, "<AllowedHeader>x-#</AllowedHeader>", RULE_END),
    xml("wildcard headers", RULE, "<AllowedHeader>x-#-*</AllowedHeader>", RULE_END),
    xml("exposed", RULE, "<ExposeHeader>x-#</ExposeHeader>", RULE_END),
    xml("max ages", RULE, "<MaxAgeSeconds/>", RULE_END),
    xml("origins, then max ages", RULE, "<AllowedOrigin/><MaxAgeSeconds/>", RULE_END),
    xml("max age digits", "<CORSConfiguration><CORSRule><MaxAgeSeconds>", "9", "</MaxAgeSeconds></CORSRule></CORSConfiguration>"),
    xml("ResponseVary", ROOT, "<ResponseVary>true</ResponseVary>", END),
    xml("unknown elements", ROOT, "<a/>", END),
    xml("unknown elements in a rule", RULE, "<a#/>", RULE_END),
    xml("one long name", "<CORSConfiguration><", "a", "/></CORSConfiguration>"),
    xml("one long entry", "<CORSConfiguration><CORSRule><AllowedOrigin>", "a", "</AllowedOrigin></CORSRule></CORSConfiguration>"),
    xml("stray text", ROOT, "a<ID/>", END),
    xml("nested", ROOT, "<a>", ""),
    xml("nested in an entry", RULE, "<AllowedOrigin><a></a></AllowedOrigin>", RULE_END),
    xml("attributes", "<CORSConfiguration", " a#=\"\"", "/>"),
    xml("namespaces", "<CORSConfiguration", " xmlns:a#=\"u\"", "/>"),
    xml("attributes of many elements", ROOT, "<a b='' c='' d='' e='' f='' g='' h='' i=''/>", END),
    xml("comments", ROOT, "<!---->", END),
    xml("one comment", "<CORSConfiguration><!--", "a", "--></CORSConfiguration>"),
    xml("instructions", ROOT, "<?a?>", END),
    xml("CDATA", RULE, "<AllowedOrigin><![CDATA[a]]></AllowedOrigin>", RULE_END),
    xml("references", "<CORSConfiguration><CORSRule><AllowedOrigin>", "&amp;", "</AllowedOrigin></CORSRule></CORSConfiguration>"),
    xml("unknown references", RULE, "&a#;", RULE_END),
    xml("a document type", "<!DOCTYPE a [", "<!ENTITY b# \"c\">", "]><CORSConfiguration/>"),
    xml("blanks", "<CORSConfiguration>", "\n", END),
    xml("never closed", "<CORSConfiguration><CORSRule>", "<AllowedOrigin>a</AllowedOrigin>", ""),
    xml("opening brackets", "", "<", ""),
    json("rules", "[", "{},", "{}]"),
    json("rules in a list of lists", "[", "[],", "[]]"),
    json("rules of text", "[", "\"\",", "\"\"]"),
    json("nulls", "[", "null,", "null]"),
    json("numbers", "[", "1,", "1]"),
    json("whole rules", "[", "{\"AllowedOrigin\":[\"*\"],\"AllowedMethod\":[\"GET\"]},", "{}]"),
    json("origins", "[{\"AllowedOrigin\":[", "\"https://#.example.com\",", "\"\"]}]"),
    json("empty origins", "[{\"AllowedOrigin\":[", "\"\",", "\"\"]}]"),
    json("origins of numbers", "[{\"AllowedOrigin\":[", "1,", "1]}]"),
    json("origins of objects", "[{\"AllowedOrigin\":[", "{},", "{}]}]"),
    json("two wildcards", "[{\"AllowedOrigin\":[", "\"*#*\",", "\"\"]}]"),
    json("wrong methods", "[{\"AllowedMethod\":[", "\"get#\",", "\"\"]}]"),
    json("headers", "[{\"AllowedHeader\":[", "\"x-#\",", "\"\"]}]"),
    json("wildcard headers", "[{\"AllowedHeader\":[", "\"x-#-*\",", "\"\"]}]"),
    json("exposed", "[{\"ExposeHeader\":[", "\"x-#\",", "\"\"]}]"),
    json("repeated keys", "[{", "\"AllowedOrigin\":[],", "\"ID\":1}]"),
    json("unknown keys", "{", "\"a#\":1,", "\"a\":1}"),
    json("unknown keys in a rule", "[{", "\"a#\":1,", "\"a\":1}]"),
    json("keys that resemble", "[{", "\"AllowedOrigan#\":1,", "\"a\":1}]"),
    json("one long key", "{\"", "a", "\":1}"),
    json("one long text", "[{\"AllowedOrigin\":\"", "a", "\"}]"),
    json("one long number", "[{\"MaxAgeSeconds\":", "9", "}]"),
    json("escapes", "[{\"AllowedOrigin\":\"", "\\u0041", "\"}]"),
    json("escaped keys", "{", "\"\\u0041#\":1,", "\"a\":1}"),
    json("nested lists", "", "[", ""),
    json("nested objects", "", "{\"a\":", ""),
    json("Terraform resources", "{\"resource\":{\"a\":{", "\"b#\":{\"cors_rule\":[{}]},", "\"c\":{}}}}"),
    json("Terraform types", "{\"resource\":{", "\"a#\":{\"b\":{\"cors_rule\":[{}]}},", "\"c\":{}}}"),
    json("expressions", "{\"resource\":{\"a\":{\"b\":{\"cors_rule\":{\"allowed_origins\":[", "\"${a.#}\",", "\"a\"]}}}}}"),
    json("blanks", "[", " ", "]"),
    json("never closed", "[{\"AllowedOrigin\":[", "\"a\",", ""),
    json("commas", "[", ",", ""),
    yaml("rules", "", "- {}\n", ""),
    yaml("empty rows", "", "-\n", ""),
    yaml("rules of text", "", "- a\n", ""),
    yaml("rows of lists", "", "- []\n", ""),
    yaml("rules in one line", "[", "{},", "{}]"),
    yaml("whole rules", "", "- AllowedOrigin: '*'\n  AllowedMethod: GET\n", ""),
    yaml("origins", "- AllowedOrigin:\n", "  - https://#.example.com\n", ""),
    yaml("empty origins", "- AllowedOrigin:\n", "  - ''\n", ""),
    yaml("origins of nothing", "- AllowedOrigin:\n", "  -\n", ""),
    yaml("two wildcards", "- AllowedOrigin:\n", "  - '*#*'\n", ""),
    yaml("wrong methods", "- AllowedMethod:\n", "  - get#\n", ""),
    yaml("headers", "- AllowedHeader:\n", "  - x-#\n", ""),
    yaml("exposed", "- ExposeHeader:\n", "  - x-#\n", ""),
    yaml("repeated keys", "", "CORSRule: []\n", ""),
    yaml("unknown keys", "", "a#: 1\n", ""),
    yaml("unknown keys in a rule", "- ID: 1\n", "  a#: 1\n", ""),
    yaml("one long key", "", "a", ": 1\n"),
    yaml("one long text", "- AllowedOrigin: ", "a", "\n"),
    yaml("one long text in quotes", "- AllowedOrigin: \"", "a", "\"\n"),
    yaml("escapes", "- AllowedOrigin: \"", "\\x41", "\"\n"),
    yaml("one text of many lines", "- AllowedOrigin: |\n", "    a\n", ""),
    yaml("anchors", "", "- &a# b\n", ""),
    yaml("aliases", "- &a b\n", "- *a\n", ""),
    yaml("tags", "", "- !a b\n", ""),
    yaml("documents", "a: 1\n", "---\na: 1\n", ""),
    yaml("comments", "", "#\n", "a: 1\n"),
    yaml("blanks", "a:", " ", "1\n"),
    yaml("nested lists", "", "[", ""),
    yaml("nested rows", "", "- ", ""),
    toml("rules", "", "[[CORSRule]]\n", ""),
    toml("whole rules", "", "[[CORSRule]]\nAllowedOrigin=['*']\nAllowedMethod=['GET']\n", ""),
    toml("rules in one line", "CORSRule=[", "{},", "{}]\n"),
    toml("origins", "[[CORSRule]]\nAllowedOrigin=[", "'https://#.example.com',", "'']\n"),
    toml("empty origins", "[[CORSRule]]\nAllowedOrigin=[", "'',", "'']\n"),
    toml("origins of numbers", "[[CORSRule]]\nAllowedOrigin=[", "1,", "1]\n"),
    toml("two wildcards", "[[CORSRule]]\nAllowedOrigin=[", "'*#*',", "'']\n"),
    toml("wrong methods", "[[CORSRule]]\nAllowedMethod=[", "'get#',", "'']\n"),
    toml("headers", "[[CORSRule]]\nAllowedHeader=[", "'x-#',", "'']\n"),
    toml("exposed", "[[CORSRule]]\nExposeHeader=[", "'x-#',", "'']\n"),
    toml("unknown keys", "", "a#=1\n", ""),
    toml("unknown keys in a rule", "[[CORSRule]]\n", "a#=1\n", ""),
    toml("unknown tables", "", "[a#]\n", ""),
    toml("unknown lists of tables", "", "[[a]]\n", ""),
    toml("dotted keys", "", "a.b.c#=1\n", ""),
    toml("one dotted key", "a", ".a", "=1\n"),
    toml("repeated keys", "", "a=1\n", ""),
    toml("repeated tables", "", "[a]\n", ""),
    toml("one long key", "", "a", "=1\n"),
    toml("one long text", "a='", "a", "'\n"),
    toml("escapes", "a=\"", "\\u0041", "\"\n"),
    toml("one text of many lines", "a='''\n", "a\n", "'''\n"),
    toml("one long number", "a=", "9", "\n"),
    toml("keys without names", "", "=\n", ""),
    toml("keys without values", "", "a#=\n", ""),
    toml("nested lists", "a=", "[", ""),
    toml("nested tables", "a=", "{a=", ""),
    toml("comments", "", "#\n", "a=1\n"),
    toml("never closed", "a=[", "'a',", ""),
];
