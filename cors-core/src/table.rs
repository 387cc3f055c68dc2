//! The rules, compiled: `decide` is the whole way of a request.
//!
//! Origin, method and every requested header each stand for the set of rules that allow it. What is left when all are
//! intersected are the rules that match, and the lowest of them decides the answer (SEMANTICS section 2).

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::{CorsConfiguration, Profile};
use crate::decision::Decision;
use crate::error::ConfigErrors;
use crate::index::{Methods, PatternIndex, RuleSet, ShortNames};
use crate::pattern::{Pattern, can_match_header, can_match_origin};
use crate::refusal::{Mismatch, Refusal, Unmatched};
use crate::request::{
    CorsRequest, FieldLine, MAX_ORIGIN_BYTES, MAX_REQUEST_HEADER_ITEMS, MAX_REQUEST_HEADERS_BYTES, list_items,
};
use crate::rule::Rule;
use crate::text::{PART, count_commas, is_lower_case_token, is_plain_list, is_token, is_visible_ascii};

/// An immutable, compiled configuration. One that exists is right: there is nothing left to check.
#[derive(Debug)]
pub struct RuleTable {
    id: u64,
    state: State,
    rules: Box<[Rule]>,
    pub(crate) origins: PatternIndex,
    pub(crate) methods: Methods,
    pub(crate) headers: PatternIndex,
    /// The short ones among `headers`, again.
    short_headers: ShortNames,
    response_vary: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Enabled,
    NotEnabled,
    NoSuchBucket,
}

impl RuleTable {
    /// Compiles `configuration`.
    ///
    /// # Errors
    ///
    /// Every fault that `profile` finds in it, not just the first.
    pub fn compile(configuration: &CorsConfiguration, profile: Profile) -> Result<Self, ConfigErrors> {
        configuration.check(profile)?;
        Ok(Self::from_valid(configuration))
    }

    /// The state "CORS is not enabled": no configuration at all. Preflights are refused, responses get no headers.
    pub fn not_enabled() -> Self {
        Self { state: State::NotEnabled, ..Self::from_valid(&CorsConfiguration::default()) }
    }

    /// Stands in for the table of a bucket that does not exist: preflights are refused with 404.
    pub fn no_such_bucket() -> Self {
        Self { state: State::NoSuchBucket, ..Self::from_valid(&CorsConfiguration::default()) }
    }

    pub(crate) fn from_valid(configuration: &CorsConfiguration) -> Self {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        let rules = || configuration.rules.iter().enumerate();
        let methods = rules().flat_map(|(index, rule)| rule.allowed_methods.iter().map(move |method| (index, method)));
        let origins =
            rules().flat_map(|(index, rule)| rule.allowed_origins.iter().map(move |origin| (index, origin.as_str())));
        let headers: Vec<(usize, String)> = rules()
            .flat_map(|(index, rule)| rule.allowed_headers.iter().map(move |name| (index, name.to_ascii_lowercase())))
            .collect();
        let headers =
            PatternIndex::new(patterns(headers.iter().map(|(index, name)| (*index, name.as_str())), can_match_header));
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            state: State::Enabled,
            rules: rules().map(|(index, rule)| Rule::new(index + 1, rule)).collect(),
            origins: PatternIndex::new(patterns(origins, can_match_origin)),
            methods: Methods::new(methods),
            short_headers: ShortNames::new(headers.exact()),
            headers,
            response_vary: configuration.response_vary,
        }
    }

    /// A number that no other table of this process has: for caches of what is derived from a table.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The rules, in their order. Empty when CORS is not enabled.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Whether every response carries `Vary: Origin`.
    pub fn response_vary(&self) -> bool {
        self.response_vary
    }

    /// What a service in front of an application does: preflights are answered, all else is forwarded, an `OPTIONS`
    /// that is no preflight too. Never fails, never allocates.
    #[inline]
    pub fn decide<'a, L>(&self, request: &CorsRequest<'a, L>) -> Decision<'_>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        let vary_origin = self.response_vary;
        if request.is_preflight() {
            Decision::Answer { rule: self.preflight(request), vary_origin }
        } else {
            Decision::Forward { rule: self.actual(request), vary_origin }
        }
    }

    /// What a bucket server does: every `OPTIONS` is answered, one that is no preflight with 400.
    pub fn decide_as_bucket<'a, L>(&self, request: &CorsRequest<'a, L>) -> Decision<'_>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        if request.method == b"OPTIONS" && !request.is_preflight() {
            let refusal = match (self.state, request.origin) {
                (State::NoSuchBucket, _) => Refusal::NoSuchBucket,
                (_, FieldLine::Absent) => Refusal::OriginMissing,
                _ => Refusal::MethodMissing,
            };
            return Decision::Answer { rule: Err(refusal), vary_origin: self.response_vary };
        }
        self.decide(request)
    }

    fn preflight<'a, L>(&self, request: &CorsRequest<'a, L>) -> Result<&Rule, Refusal>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        match self.state {
            State::Enabled => {}
            State::NotEnabled => return Err(Refusal::NotEnabled),
            State::NoSuchBucket => return Err(Refusal::NoSuchBucket),
        }
        let method = if let FieldLine::One(method) = request.request_method { method } else { b"" };
        self.matching(request.origin, method)
            .and_then(|rules| self.allowing_headers(rules, &request.request_headers))
            .and_then(|rules| self.first(rules).ok_or(Mismatch::Headers))
            .map_err(Refusal::NotAllowed)
    }

    #[inline]
    fn actual<L>(&self, request: &CorsRequest<'_, L>) -> Result<&Rule, Unmatched> {
        if request.origin.is_absent() {
            return Err(Unmatched::NoOrigin);
        }
        match self.state {
            State::Enabled => {}
            State::NotEnabled => return Err(Unmatched::NotEnabled),
            State::NoSuchBucket => return Err(Unmatched::NoSuchBucket),
        }
        let rules = self.matching(request.origin, request.method).map_err(|mismatch| match mismatch {
            Mismatch::MalformedOrigin => Unmatched::MalformedOrigin,
            Mismatch::Origin => Unmatched::Origin,
            // Headers are not asked about here.
            Mismatch::Method | Mismatch::Headers | Mismatch::TooManyHeaders => Unmatched::Method,
        })?;
        self.first(rules).ok_or(Unmatched::Method)
    }

    /// The rules that allow origin and method: at least one.
    #[inline]
    fn matching(&self, origin: FieldLine<'_>, method: &[u8]) -> Result<RuleSet, Mismatch> {
        let FieldLine::One(origin) = origin else { return Err(Mismatch::MalformedOrigin) };
        // Bounded before it is hashed.
        if origin.len() > MAX_ORIGIN_BYTES {
            return Err(Mismatch::MalformedOrigin);
        }
        let by_origin = match self.origins.find_entry(origin) {
            Some(rules) => rules,
            None if is_possible_origin(origin) => self.origins.find_wildcards(origin),
            None => return Err(Mismatch::MalformedOrigin),
        };
        if by_origin.is_empty() {
            return Err(Mismatch::Origin);
        }
        let rules = by_origin & self.methods.find(method);
        if rules.is_empty() { Err(Mismatch::Method) } else { Ok(rules) }
    }

    /// Of `rules`, those that allow every requested header: at least one.
    fn allowing_headers<'a, L>(&self, mut rules: RuleSet, lines: &L) -> Result<RuleSet, Mismatch>
    where
        L: IntoIterator<Item = &'a [u8]> + Clone,
    {
        // Bounded before anything is read: the lines as if joined with commas.
        let bytes = lines.clone().into_iter().fold(0, |sum, line| sum + line.len() + 1);
        if bytes > MAX_REQUEST_HEADERS_BYTES + 1 {
            return Err(Mismatch::TooManyHeaders);
        }
        // Of what no browser sends, the items are counted first; else on the way, and again where that ends early.
        let counted = bytes > 1024;
        if counted && has_too_many_items(lines) {
            return Err(Mismatch::TooManyHeaders);
        }
        // An item has a byte, with the comma or the end after it.
        let too_many = || !counted && bytes > MAX_REQUEST_HEADER_ITEMS && has_too_many_items(lines);
        let any = self.headers.any();
        if rules == (rules & any) && lines.clone().into_iter().all(is_plain_list) {
            return if too_many() { Err(Mismatch::TooManyHeaders) } else { Ok(rules) };
        }
        let mut items = list_items(lines.clone());
        for _ in 0..MAX_REQUEST_HEADER_ITEMS {
            let found = match items.next_by(|list| self.short_headers.first_of(list)) {
                Some(found) => found,
                None => match items.next_or_empty() {
                    Some(b"") => continue,
                    // Where every rule left has a bare `*`, a name needs only be a name. A `*` would come back as Allow-Headers
                    // `*`: to a browser that is every header.
                    Some(name) if rules == (rules & any) && is_token(name) && name != b"*" => continue,
                    Some(name) => self.header(name),
                    None => return Ok(rules),
                },
            };
            rules = rules & found;
            if rules.is_empty() {
                return Err(if too_many() { Mismatch::TooManyHeaders } else { Mismatch::Headers });
            }
        }
        if items.next_or_empty().is_some() { Err(Mismatch::TooManyHeaders) } else { Ok(rules) }
    }

    /// The rules that allow the request header `name`; a name that is no token matches nothing.
    #[inline(always)]
    pub(crate) fn header(&self, name: &[u8]) -> RuleSet {
        // As browsers write it, in lower case; entries are tokens.
        self.headers.find_entry(name).unwrap_or_else(|| self.other_header(name))
    }

    /// A name that is no entry as it stands.
    #[inline(never)]
    fn other_header(&self, name: &[u8]) -> RuleSet {
        if name == b"*" {
            return RuleSet::NONE;
        }
        match is_lower_case_token(name) {
            None => return RuleSet::NONE,
            Some(true) => return self.headers.find_wildcards(name),
            Some(false) => {}
        }
        // A buffer costs its own length: 8 KiB of it for each of a hundred names would be the most of all.
        match name.len() {
            0..=64 => self.folded::<64>(name),
            65..=512 => self.folded::<512>(name),
            _ => self.folded::<MAX_REQUEST_HEADERS_BYTES>(name),
        }
    }

    /// The rules that allow `name` in lower case; it has at most `N` bytes.
    #[inline(never)]
    fn folded<const N: usize>(&self, name: &[u8]) -> RuleSet {
        let mut buffer = [0; N];
        let Some(folded) = buffer.get_mut(..name.len()) else { return RuleSet::NONE };
        folded.copy_from_slice(name);
        folded.make_ascii_lowercase();
        self.headers.find(folded)
    }

    #[inline]
    fn first(&self, rules: RuleSet) -> Option<&Rule> {
        self.rules.get(rules.first()?)
    }
}

/// Whether the list in `lines` has more items than it may, empty ones counted.
fn has_too_many_items<'a, L>(lines: &L) -> bool
where
    L: IntoIterator<Item = &'a [u8]> + Clone,
{
    let mut items = lines.clone().into_iter().count();
    for part in lines.clone().into_iter().flat_map(|line| line.chunks(PART)) {
        items += count_commas(part);
        // Of more, the number does not matter.
        if items > MAX_REQUEST_HEADER_ITEMS {
            break;
        }
    }
    items > MAX_REQUEST_HEADER_ITEMS
}

/// Whether a pattern may match `origin` at all: what is malformed matches nothing, not even `*` (SEMANTICS section 2).
pub(crate) fn is_possible_origin(origin: &[u8]) -> bool {
    !origin.is_empty() && origin.len() <= MAX_ORIGIN_BYTES && is_visible_ascii(origin)
}

/// Parsed entries, without those that no request can match.
fn patterns<'a>(
    entries: impl Iterator<Item = (usize, &'a str)>,
    can_match: fn(&str) -> bool,
) -> impl Iterator<Item = (usize, Pattern<'a>)> {
    entries
        .filter(move |(_, entry)| can_match(entry))
        .filter_map(|(index, entry)| Some((index, Pattern::parse(entry)?)))
}
