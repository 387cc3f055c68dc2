//! What the benches share: requests as hyper shapes them, rules and policies that say the same, the subjects.

#![allow(dead_code, reason = "no single bench uses all of it")]
#![allow(missing_docs, reason = "a bench has no readers of its rustdoc")]

pub mod actix;
pub mod axum;
pub mod callgrind;
pub mod cases;
pub mod core;
pub mod hostile;
pub mod report;
pub mod requests;
pub mod rules;
pub mod shapes;
pub mod tower;

#[path = "../../tests/support/oracle.rs"]
pub mod oracle;

/// Who is measured. All get the same requests; what a subject costs is what it takes more than [`Subject::Bare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The application alone.
    Bare,
    /// Behind our layer.
    Ours,
    /// Behind a layer without rules that writes the same headers from constants: what no rule engine can go below.
    /// Only for tower.
    Floor,
    /// Behind tower-http's `CorsLayer` or actix-cors's `Cors`.
    Peer,
}

impl Subject {
    pub const ALL: [Self; 4] = [Self::Bare, Self::Ours, Self::Floor, Self::Peer];
}

/// One request through one subject, ready to be repeated.
pub type Work = Box<dyn FnMut()>;
