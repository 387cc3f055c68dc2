"""SARIF logs and annotations of `oss-cors check`, held against the schema, against what --json says, and against the
text that they point at.

check.py COMMAND
"""
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jsonschema import Draft7Validator, FormatChecker

HERE = Path(__file__).resolve().parent
COMMAND = Path(sys.argv[1]).resolve()

SCHEMA = json.loads((HERE / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = Draft7Validator(SCHEMA, format_checker=FormatChecker())

SARIF_LEVELS = {"error": "error", "warning": "warning", "advice": "note"}
ANNOTATION_LEVELS = {"error": "error", "warning": "warning", "advice": "notice"}
# A workflow command, as the runner reads it: properties up to the next `::`.
ANNOTATION = re.compile(r"::(error|warning|notice) (file=[^,\n]*(?:,\w+=[^,\n]*)*?)::(.*)")

# Names that mean something to a URI, to a workflow command, or to a shell.
NAMES = ["a b.xml", "50%.xml", "a,line=1.xml", "c::d.xml", "q?x#y.xml", "規則.xml", "new\nline.xml", "[1].xml", "%41.xml"]


def run(arguments, *more):
    done = subprocess.run([COMMAND, "check", *arguments, *more], capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


def expect(what, expected, actual):
    if expected != actual:
        sys.exit(f"{what}\nexpected: {expected!r}\nactual:   {actual!r}")


def checked(arguments):
    """How many findings each way of writing has, after all of them were found to be the same."""
    document, code = run(arguments, "--json")
    document = json.loads(document)
    log, sarif_code = run(arguments, "--output-format", "sarif")
    annotations, annotations_code = run(arguments, "--output-format", "github")
    expect(f"exit codes of {arguments}", (code, code), (sarif_code, annotations_code))
    check_log(json.loads(log), document)
    check_annotations(annotations, document)
    return sum(len(file["findings"]) for file in document["files"])


def check_log(log, document):
    for fault in VALIDATOR.iter_errors(log):
        sys.exit(f"not SARIF 2.1.0: {fault.json_path}: {fault.message}")
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    expect("rules are listed once", sorted(set(rules)), rules)
    expected = [
        (
            finding["code"] or "fault",
            "error" if finding["denied"] else SARIF_LEVELS[finding["severity"]],
            file["file"],
            finding["line"],
            finding["column"],
        )
        for file in document["files"]
        for finding in file["findings"]
    ]
    actual = []
    for result in run["results"]:
        expect("a result's rule", result["ruleId"], rules[result["ruleIndex"]])
        [location] = result["locations"]
        place = location["physicalLocation"]
        region = place.get("region", {})
        file = named(place["artifactLocation"])
        actual.append((result["ruleId"], result["level"], file, region.get("startLine"), region.get("startColumn")))
        check_region(file, region)
    expect("results", expected, actual)
    expect("used rules", sorted({rule for rule, *_ in expected}), rules)
    unreadable = [file["file"] for file in document["files"] if file["unreadable"]]
    [invocation] = run["invocations"]
    expect("success", not unreadable, invocation["executionSuccessful"])
    notified = [named(note["locations"][0]["physicalLocation"]["artifactLocation"])
                for note in invocation["toolExecutionNotifications"]]
    expect("files that cannot be read", unreadable, notified)


def named(artifact):
    """The path that a reader opens."""
    if "uri" not in artifact:
        expect("what has no URI", "standard input", artifact["description"]["text"])
        return "-"
    parts = urlsplit(artifact["uri"])
    expect(f"nothing but a path in {artifact['uri']}", ("", "", ""), (parts.netloc, parts.query, parts.fragment))
    if parts.scheme not in ("", "file"):
        sys.exit(f"a path became the scheme of {artifact['uri']}")
    return unquote(parts.path)


def check_region(file, region):
    """The region lies in the text, and holds something."""
    if not region or file == "-":
        return
    # A line ends with a line feed and nothing else: Python knows more ends.
    lines = Path(file).read_bytes().decode("utf-8-sig", errors="replace").split("\n")
    line = lines[region["startLine"] - 1].removesuffix("\r")
    start, end = region["startColumn"], region.get("endColumn", len(line) + 1)
    if not 1 <= start <= end <= len(line) + 1:
        sys.exit(f"{file}: {region} lies outside of {line!r}")


def check_annotations(text, document):
    lines = text.removesuffix("\n").split("\n")
    expected = []
    for file in document["files"]:
        if file["unreadable"]:
            expected.append(("error", file["file"], None, None, file["unreadable"]))
        for finding in file["findings"]:
            level = "error" if finding["denied"] else ANNOTATION_LEVELS[finding["severity"]]
            expected.append((level, file["file"], finding["line"], finding["column"], finding["message"]))
    actual = []
    for line in lines[:-1]:
        match = ANNOTATION.fullmatch(line)
        if not match:
            sys.exit(f"no annotation: {line!r}")
        level, properties, message = match.groups()
        properties = dict(part.split("=", 1) for part in properties.split(","))
        if unknown := properties.keys() - {"file", "line", "endLine", "col", "endColumn", "title"}:
            sys.exit(f"unknown properties {unknown}: {line!r}")
        place = [int(properties[key]) if key in properties else None for key in ("line", "col")]
        actual.append((level, decoded(properties["file"]), *place, decoded(message)))
    expect("number of annotations", len(expected), len(actual))
    for one, other in zip(expected, actual):
        expect("an annotation", one[:4], other[:4])
        if not other[4].endswith(one[4]):
            sys.exit(f"{other[4]!r} does not end with {one[4]!r}")
    if lines[-1].startswith("::"):
        sys.exit(f"no sum at the end: {lines[-1]!r}")


def decoded(text):
    """As the runner reads a value: `%25` last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def main():
    rules = HERE.parent / "cli"
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        odd = Path(folder)
        for name in NAMES:
            shutil.copy(rules / "mistakes/6-trailing-slash.xml", odd / name)
        for arguments in (
            [rules],
            [rules / "cors.xml"],
            ["--recursive", rules],
            ["--recursive", "--profile", "extended", rules],
            ["--deny", "warnings", rules / "mistakes"],
            ["--deny", "head-missing", "--recursive", rules],
            [rules / "cors.xml", rules / "missing.xml", rules / "mistakes/7-patch.xml"],
            [odd],
            [f"{rules}/mistakes/6-*.xml"],
            [f"{rules}/no/such/*.xml", "odd,name:100%.xml"],
        ):
            found += checked(arguments)
    if found < 100:
        sys.exit(f"only {found} findings: the rule files of tests/cli are gone")
    # The validator can fail.
    if not list(VALIDATOR.iter_errors({"version": "2.1.0", "runs": [{}]})):
        sys.exit("the schema accepts a run without a tool")
    print(f"{found} findings, in SARIF and as annotations")


main()
