//! Every case of the corpus with every combination of options, on both adapters: they answer alike, and an option changes
//! what it says and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use oss_cors_core::RuleTable;
use oss_cors_live::{BucketNaming, Buckets, CorsHandle, Policy, RefusalBody, Shadow};

use crate::corpus::{CORPUS, Reported, actix_answer, tower_answer};
use crate::support::corpus::{Case, Subject};
use crate::support::oracle::Bucket;

/// One choice for each option of [`Policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Options {
    answer_every_options: bool,
    keep_inner_headers: bool,
    empty_refusals: bool,
    report_outcome: bool,
    shadow: bool,
    per_bucket: bool,
}

impl Options {
    fn all() -> BTreeSet<Self> {
        let bit = |number: u32, at: u32| number >> at & 1 == 1;
        let options = |number| Self {
            answer_every_options: bit(number, 0),
            keep_inner_headers: bit(number, 1),
            empty_refusals: bit(number, 2),
            report_outcome: bit(number, 3),
            shadow: bit(number, 4),
            per_bucket: bit(number, 5),
        };
        (0..64).map(options).collect()
    }

    fn policy(self, rules: &Rules, shadow: &Shadow) -> Policy {
        let policy = if self.per_bucket {
            Policy::per_bucket(rules.buckets.clone(), BucketNaming::from_fn(|_, _| Some("bucket".into())))
        } else {
            Policy::new(rules.handle.clone())
        };
        let policy = if self.shadow { policy.shadow(shadow.clone()) } else { policy };
        policy
            .answer_every_options(self.answer_every_options)
            .dangerously_keep_inner_headers(self.keep_inner_headers)
            .refusal_body(if self.empty_refusals { RefusalBody::Empty } else { RefusalBody::Xml })
            .report_outcome(self.report_outcome)
    }

    /// Without what only watches: the answer must be the same.
    fn that_answer(self) -> Self {
        Self { report_outcome: false, shadow: false, per_bucket: false, ..self }
    }
}

/// A case's rules, compiled once.
struct Rules {
    handle: CorsHandle,
    buckets: Buckets,
}

impl Rules {
    fn of(case: &Case) -> Self {
        let buckets = Buckets::new();
        match case.bucket() {
            Bucket::Rules(rules) => buckets.set("bucket", rules, case.profile()).expect("the case's rules are right"),
            Bucket::NotEnabled => buckets.set_without_rules("bucket").expect("a bucket's name"),
            Bucket::Missing => {}
        }
        Self { handle: CorsHandle::new(case.table()), buckets }
    }
}

#[test]
fn both_adapters_answer_alike_with_every_combination() {
    let system = actix_web::rt::System::new();
    let combinations = Options::all();
    assert_eq!(combinations.len(), 64, "two choices for each of six options");

    let (mut asked, mut reported, mut compared, mut complaints) = (0, 0, 0, Vec::new());
    // What an adapter cannot be sent, such as a header with a line end, is the table's alone.
    let sent = |case: &&Case| [Subject::Tower, Subject::Actix].iter().all(|subject| case.subjects.contains(subject));
    let cases: Vec<&Case> = CORPUS.cases.iter().filter(sent).collect();
    assert!(cases.len() > CORPUS.cases.len() / 2, "{} of {} cases", cases.len(), CORPUS.cases.len());
    for case in &cases {
        let rules = Rules::of(case);
        let cross_origin = case.headers().iter().any(|(name, _)| name == "origin");
        let ask = |options: Options| -> [(Reported, u64); 2] {
            let shadows = [(); 2].map(|()| Shadow::new(RuleTable::not_enabled()));
            let [tower, actix] = [0, 1].map(|at| options.policy(&rules, &shadows[at]));
            let answers = [system.block_on(tower_answer(case, tower)), system.block_on(actix_answer(case, actix))];
            let [tower, actix] = answers;
            [(tower, shadows[0].report().compared()), (actix, shadows[1].report().compared())]
        };
        let mut bare = BTreeMap::new();
        for &options in &combinations {
            let [tower, actix] = ask(options);
            asked += 1;
            let place = || format!("{}: `{}` with {options:?}", case.topic, case.name);
            if tower != actix {
                complaints.push(format!("{}\n  tower {tower:?}\n  actix {actix:?}", place()));
                continue;
            }
            let (Reported { answer, outcome }, judged) = tower;
            let answered_here = options.answer_every_options && case.method == "OPTIONS";
            if outcome.is_some() != (options.report_outcome && (cross_origin || answered_here)) {
                complaints.push(format!("{}: reported {outcome:?}", place()));
            }
            if judged != u64::from(options.shadow && cross_origin) {
                complaints.push(format!("{}: the shadow compared {judged}", place()));
            }
            reported += usize::from(outcome.is_some());
            compared += judged;
            let answer = answer.without_rule();
            // Asked once for all that only differ in who watches.
            let bare = bare.entry(options.that_answer()).or_insert_with_key(|&options| {
                let [(bare, _), _] = ask(options);
                bare.answer.without_rule()
            });
            if answer != *bare {
                complaints.push(format!("{}\n  answers {answer:?}\n  else    {bare:?}", place()));
            }
        }
    }
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
    assert_eq!(asked, cases.len() * 64);
    // Cases with an `Origin` are reported and compared in half of all combinations.
    assert!(reported > asked / 4 && compared > asked as u64 / 4, "{reported} and {compared} of {asked}");
}
