//! Two files, decision by decision: every class of requests that they answer differently.

use oss_cors_core::{ConfigErrors, RuleFile, can_match_header, can_match_origin};

use super::classes::{classes, header_sets};
use super::group::{Change, Grouping};
use super::judge::Judge;
use super::masks::Masks;
use super::universe::{self, Candidates};
use super::witnesses;

/// At most so many sets of request headers, so many comparisons of one class of origins, one of methods and one set, and
/// so many changes told. Two files of 20 rules with 200 origins each stay below.
const MOST_HEADER_SETS: usize = 1_024;
const MOST_COMPARISONS: usize = 4_000_000;
const MOST_CHANGES: usize = 5_000;

/// What two files answer differently.
pub struct Comparison {
    pub changes: Vec<Change>,
    /// `Some(true)`: every response now carries `Vary: Origin`; `Some(false)`: none does any longer.
    pub vary: Option<bool>,
    pub tried: Tried,
}

/// How much was compared, and of how much.
pub struct Tried {
    pub origins: usize,
    pub methods: usize,
    pub headers: usize,
    /// Why the comparison is not of everything that the files mention.
    pub sampled: Vec<String>,
}

pub fn compare(old: &RuleFile, new: &RuleFile) -> Result<Comparison, ConfigErrors> {
    let files = [old.configuration(), new.configuration()];
    let masks = (Masks::new(files[0])?, Masks::new(files[1])?);
    let mut sampled = Vec::new();

    let mut note = |candidates: &Candidates, what: &str| {
        if let Some((kept, known)) = candidates.thinned {
            sampled.push(format!("{kept} of {known} {what}"));
        }
        candidates.tried.len()
    };
    let origins = universe::origins(files);
    let origins_tried = note(&origins, "origins");
    let origin_masks = |origin: &str| (masks.0.origin(origin), masks.1.origin(origin));
    let mut origins = classes(origins.tried, origin_masks);
    let methods = universe::methods(files);
    let methods_tried = note(&methods, "methods");
    let methods = classes(methods.tried, |method| (masks.0.method(method), masks.1.method(method)));
    let headers = universe::headers(files);
    let headers_tried = note(&headers, "request headers");
    let header_masks = |name: &str| (masks.0.header(name), masks.1.header(name));
    let mut headers = classes(headers.tried, header_masks);

    let rules = || files.into_iter().flat_map(|file| &file.rules);
    let entries = rules().flat_map(|rule| &rule.allowed_origins).filter(|entry| can_match_origin(entry));
    if !witnesses::complete(&mut origins, entries.map(String::as_str), origin_masks) {
        sampled.push("some of what wildcards among origins match".to_owned());
    }
    let entries: Vec<String> = rules()
        .flat_map(|rule| &rule.allowed_headers)
        .filter(|entry| can_match_header(entry))
        .map(|entry| entry.to_ascii_lowercase())
        .collect();
    if !witnesses::complete(&mut headers, entries.iter().map(String::as_str), header_masks) {
        sampled.push("some of what wildcards among request headers match".to_owned());
    }

    let most_sets = (MOST_COMPARISONS / (origins.len() * methods.len()).max(1)).clamp(1, MOST_HEADER_SETS);
    let (sets, complete) = header_sets(&headers, most_sets);
    if !complete {
        sampled.push(format!("{} sets of request headers, the smallest", sets.len()));
    }

    let tables = (old.table(), new.table());
    let judge = Judge::new(&tables.0, &tables.1);
    let grouping = Grouping { origins: &origins, methods: &methods, headers: &headers, sets: &sets, judge: &judge };
    let (changes, known) = grouping.changes(MOST_CHANGES);
    if changes.len() < known {
        sampled.push(format!("{} of {known} changes", changes.len()));
    }
    let vary = (tables.0.response_vary() != tables.1.response_vary()).then(|| tables.1.response_vary());
    let tried = Tried { origins: origins_tried, methods: methods_tried, headers: headers_tried, sampled };
    Ok(Comparison { changes, vary, tried })
}
