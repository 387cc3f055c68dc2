//! New expectations into a file of cases: only what differs is rewritten, everything else stays as it is.

use std::path::Path;

use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::cases::{Case, CaseFile, CaseFormat};
use super::expectation::Expectation;
use super::line_ends;
use crate::escape;
use crate::replace::replace;
use crate::report::Failure;

/// Writes into `path` what the cases with these indexes are answered.
pub fn write(path: &Path, file: &CaseFile, changed: &[(usize, &Expectation)]) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Err(Failure::new("standard input cannot be updated; name a file".to_owned()));
    }
    if changed.is_empty() {
        return Ok(());
    }
    let cannot = |why: String| {
        let message = format!("cannot update `{}`: {why}", escape::file_name(path));
        Failure::of_file(path.to_string_lossy().into_owned(), message)
    };
    let text = match file.format {
        CaseFormat::Toml => toml(file, changed).map_err(cannot)?,
        CaseFormat::JsonLines => json(file, changed).map_err(cannot)?,
    };
    replace(path, &text).map_err(|error| cannot(error.to_string()))
}

/// What the case is to expect: as much as before; a case that expected nothing is given the answer and the rule.
fn expected(case: &Case, answer: &Expectation) -> Expectation {
    Expectation {
        expect: answer.expect,
        rule: answer.rule.filter(|_| case.rule.is_some() || case.expect.is_none()),
        headers: answer.headers.clone().filter(|_| case.headers.is_some()),
    }
}

fn toml(file: &CaseFile, changed: &[(usize, &Expectation)]) -> Result<String, String> {
    let mut document: DocumentMut = file.text.parse().map_err(|error: toml_edit::TomlError| error.to_string())?;
    for (index, answer) in changed {
        let (Some(case), Some(table)) = (file.cases.get(*index), case_table(&mut document, *index)) else { continue };
        let Expectation { expect, rule, headers } = expected(case, answer);
        set(table, "expect", expect.map(|expect| value(expect.name())));
        set(table, "rule", rule.map(|rule| value(i64::try_from(rule).unwrap_or(i64::MAX))));
        if let Some(headers) = headers {
            let known = table.entry("headers").or_insert(Item::Table(Table::new()));
            if let Some(known) = known.as_table_like_mut() {
                let stale: Vec<String> = known.iter().map(|(name, _)| name.to_owned()).collect();
                stale.iter().filter(|name| !headers.contains_key(*name)).for_each(|name| {
                    known.remove(name);
                });
                headers.into_iter().for_each(|(name, text)| set(known, &name, Some(value(text))));
            }
            if let Some(inline) = table.get_mut("headers").and_then(Item::as_inline_table_mut) {
                inline.fmt();
            }
        }
    }
    Ok(line_ends::kept(&file.text, &document.to_string()))
}

fn case_table(document: &mut DocumentMut, index: usize) -> Option<&mut dyn TableLike> {
    document.get_mut("case")?.get_mut(index)?.as_table_like_mut()
}

/// Keeps the comment behind a value that is replaced.
fn set(table: &mut dyn TableLike, key: &str, item: Option<Item>) {
    match (table.get_mut(key), item) {
        (Some(known), Some(mut item)) => {
            if let (Some(known), Some(new)) = (known.as_value(), item.as_value_mut()) {
                *new.decor_mut() = known.decor().clone();
            }
            *known = item;
        }
        (None, Some(item)) => {
            table.insert(key, item);
        }
        (_, None) => {
            table.remove(key);
        }
    }
}

fn json(file: &CaseFile, changed: &[(usize, &Expectation)]) -> Result<String, String> {
    let mut lines: Vec<(String, &str)> = file
        .text
        .split_inclusive('\n')
        .map(|line| {
            let text = line.trim_end_matches(['\r', '\n']);
            (text.to_owned(), line.get(text.len()..).unwrap_or_default())
        })
        .collect();
    for (index, answer) in changed {
        let Some(case) = file.cases.get(*index) else { continue };
        let text = serde_json::to_string(&case.clone().expecting(expected(case, answer)));
        if let Some((line, _)) = case.line.checked_sub(1).and_then(|index| lines.get_mut(index)) {
            *line = text.map_err(|error| error.to_string())?;
        }
    }
    Ok(lines.into_iter().map(|(text, end)| text + end).collect())
}
