//! The three engines, where they differ.

use std::fmt;

/// A browser, by what its engine is known for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Browser {
    /// Chrome, Edge, Opera and other browsers on Blink.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, and every browser of iOS.
    Safari,
}

impl Browser {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Safari];

    /// The longest that it keeps the answer to a preflight, in seconds, whatever `Access-Control-Max-Age` says.
    pub fn longest_max_age(self) -> u64 {
        match self {
            Self::Chromium => 7200,
            Self::Firefox => 86_400,
            Self::Safari => 600,
        }
    }
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::Safari => "Safari",
        })
    }
}
