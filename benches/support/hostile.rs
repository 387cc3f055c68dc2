//! Rule files of at most 16 KiB, and preflights, made to be expensive together: drawn by number, always the same.

use oss_cors_core::{CorsConfiguration, CorsRule};

use super::requests::Asked;
use super::rules::Setup;

/// What OSS takes of rules, and what the engine takes of names and items.
const FILE_BYTES: usize = 16 * 1024;
const NAMES_BYTES: usize = 8 * 1024;
const ITEMS: usize = 128;

/// The pair with this number.
pub fn drawn(number: u64) -> (Setup, Asked) {
    let mut draw = Draw(number);
    let rules = draw.of(&[1, 2, 7, 20]);
    // Of a file in JSON, which takes the fewest bytes around an entry.
    let room = FILE_BYTES - 90 * rules;
    let for_origins = draw.of(&[0, room / 2, room]);
    let mut setup = Setup {
        configuration: CorsConfiguration::from_rules((0..rules).map(|_| rule())).response_vary(draw.of(&[false, true])),
        peer_origins: Vec::new(),
    };
    let kinds = (draw.below(KINDS), draw.below(KINDS));
    let origins = entries(&mut draw, kinds.0, for_origins);
    let headers = entries(&mut draw, kinds.1, room - for_origins);
    let blocks = draw.of(&[false, true]);
    let rule_of = |at: usize, count: usize| if blocks { at * rules / count } else { at % rules };
    for (at, entry) in origins.iter().enumerate() {
        setup.configuration.rules[rule_of(at, origins.len())].allowed_origins.push(entry.clone());
    }
    for (at, entry) in headers.iter().enumerate() {
        setup.configuration.rules[rule_of(at, headers.len())].allowed_headers.push(entry.clone());
    }
    // So that the whole list is looked at, and answered: all rules, the last or none allow everything by a wildcard.
    let catching = draw.of(&[rules, rules, 1, 0]);
    for (at, rule) in setup.configuration.rules.iter_mut().enumerate() {
        if rule.allowed_origins.is_empty() || rules - at <= catching {
            rule.allowed_origins.push(draw.of(&["*", "a*", "*a"]).to_owned());
        }
        if rules - at <= catching {
            let entry = draw.of(&["*", "a*", "*a", "a*a"]).to_owned();
            rule.allowed_headers.push(entry);
        }
    }
    (setup, asked(&mut draw))
}

/// How many kinds of entries there are.
pub const KINDS: usize = 8;

/// Rules with entries of one kind for so many bytes of a file.
pub fn large(kind: usize, bytes: usize) -> CorsConfiguration {
    let mut draw = Draw(kind as u64);
    let rules = if kind.is_multiple_of(2) { 1 } else { 20 };
    let (origins, headers) = (entries(&mut draw, kind, bytes / 2), entries(&mut draw, kind, bytes / 2));
    let part = |all: &[String], at: usize| all.iter().skip(at).step_by(rules).cloned().collect::<Vec<_>>();
    let rules = (0..rules).map(|at| rule().allowed_origins(part(&origins, at)).allowed_headers(part(&headers, at)));
    CorsConfiguration::from_rules(rules).response_vary(false)
}

fn rule() -> CorsRule {
    CorsRule::new([""; 0], ["GET"]).max_age_seconds(600)
}

/// Entries that take at most so much room, most of which a text of one letter has something in common with.
fn entries(draw: &mut Draw, kind: usize, room: usize) -> Vec<String> {
    let (most, step) = (draw.of(&[3, 10, 40, 100, 400]), draw.of(&[1, 1, 3, 8]));
    let a = |length: usize| "a".repeat(length);
    let mut entries = Vec::new();
    let mut taken = 0;
    for at in 0.. {
        let (one, two) = (1 + at % most * step, 1 + at / most * step);
        let entry = match kind {
            // Every beginning with every end.
            0 => format!("{}*{}", a(one), a(two)),
            1 => format!("{}b*{}", a(one), a(two)),
            2 => format!("{}*b{}", a(one), a(two)),
            // One end only.
            3 => format!("{}*", a(1 + at * step)),
            4 => format!("*{}", a(1 + at * step)),
            // None.
            5 => a(1 + at * step),
            6 => format!("{}b{at}", a(one)),
            // Anything.
            _ => format!("{}*{}", draw.letters(most), draw.letters(most)),
        };
        taken += entry.len() + 3;
        if taken > room {
            break;
        }
        entries.push(entry);
    }
    entries
}

fn asked(draw: &mut Draw) -> Asked {
    let length = draw.of(&[1, 30, 1000, 1024]);
    let origin = draw.text(length, false);
    let mut asked = Asked::preflight(&origin, &[]);
    let length = draw.of(&[1, 2, 7, 8, 9, 15, 16, 17, 31, 40, 60, 63, 64, 65, 100, 200, 1000, 4000, 8192]);
    let upper = draw.of(&[false, true]);
    let name = draw.text(length, upper);
    let separator = draw.of(&[",", ",", ", ", " ,\t", ",,", ",b,"]);
    let lines = draw.of(&[1, 1, 1, 2, 16, 90]);
    let commas = separator.matches(',').count();
    // One more than fits is refused, which is cheap.
    let items = (ITEMS / commas).min((NAMES_BYTES + separator.len()) / (name.len() + separator.len())).max(1);
    for line in 0..lines {
        let here = items * (line + 1) / lines - items * line / lines;
        if here > 0 {
            asked.cors.push(("access-control-request-headers", vec![name.as_str(); here].join(separator)));
        }
    }
    asked
}

/// Numbers that look random (splitmix64).
struct Draw(u64);

impl Draw {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn letters(&mut self, most: usize) -> String {
        (0..1 + self.below(most)).map(|_| self.of(&['a', 'b'])).collect()
    }

    /// So many `a`, perhaps with another letter near an end.
    fn text(&mut self, length: usize, upper: bool) -> String {
        let mut text = vec![if upper { b'A' } else { b'a' }; length];
        match self.below(4) {
            0 => text[length / 2] = b'b',
            1 => text[length - 1] = b'b',
            _ => {}
        }
        text.into_iter().map(char::from).collect()
    }
}
