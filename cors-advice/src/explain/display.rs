//! The explanation for people: the request, the answer, each rule, the nearest miss, and hints.

use std::fmt;

use oss_cors_core::{Outcome, Refusal, Unmatched};

use super::asked::Asked;
use super::explanation::Explanation;
use super::near_miss::NearMiss;
use super::quoted::Listed;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.asked().fmt(f)?;
        self.answer(f)?;
        self.headers().iter().try_for_each(|header| write!(f, "\n  {header}"))?;
        self.rules().iter().try_for_each(|rule| write!(f, "\n{rule}"))?;
        self.near_miss().iter().try_for_each(|near_miss| write!(f, "\n{near_miss}"))?;
        self.hints().iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl Explanation {
    fn answer(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome() {
            Outcome::Answered(Ok(rule)) => {
                write!(f, "\naccepted by rule {rule}: 200, and the application is not called")
            }
            Outcome::Answered(Err(refusal)) => {
                write!(f, "\nrefused: {} {}", refusal.status(), refusal.code())?;
                if let Refusal::NotAllowed(why) = refusal {
                    write!(f, ", {why}")?;
                }
                write!(f, "\n  {}", refusal.message())
            }
            Outcome::Forwarded(Ok(rule)) => {
                write!(f, "\nforwarded to the application, and rule {rule} writes its headers on the answer")
            }
            Outcome::Forwarded(Err(Unmatched::NoOrigin)) => {
                f.write_str("\nforwarded to the application, and no rule is asked")
            }
            Outcome::Forwarded(Err(why)) => {
                write!(f, "\nforwarded to the application, but no page of another origin can read the answer: {why}")
            }
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        self.method.iter().try_for_each(|method| write!(f, ", method {method}"))?;
        self.origin.iter().try_for_each(|origin| write!(f, ", origin {origin}"))?;
        if !self.headers.is_empty() {
            write!(f, ", headers {}", Listed(&self.headers))?;
        }
        self.problems.iter().try_for_each(|problem| write!(f, "\nmalformed: {problem}"))
    }
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nearest: rule {}", self.rule)?;
        self.reasons.iter().try_for_each(|reason| write!(f, "\n  {reason}"))?;
        self.elsewhere.iter().try_for_each(|elsewhere| write!(f, "\n  {elsewhere}"))?;
        match self.changes.as_slice() {
            [] => f.write_str("\n  no single change makes it match"),
            changes => changes.iter().enumerate().try_for_each(|(index, change)| {
                write!(f, "\n  {} {change}", if index == 0 { "to match:" } else { "or:" })
            }),
        }
    }
}
