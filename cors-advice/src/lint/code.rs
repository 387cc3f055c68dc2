//! The codes: stable names, each with its severity and its page.

use std::fmt;
use std::str::FromStr;

/// How sure a lint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth a thought; may well be meant so.
    Advice,
    /// Almost certainly a mistake, or dangerous.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Advice => "advice",
            Self::Warning => "warning",
        })
    }
}

macro_rules! codes {
    ($($severity:ident $variant:ident $name:literal,)*) => {
        /// Which trap. The names ([`as_str`](Self::as_str)) are stable; each code has a page, here and in
        /// [`explanation`](Self::explanation).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LintCode {
            $(#[doc = include_str!(concat!("../../lints/", $name, ".md"))] $variant,)*
        }

        impl LintCode {
            /// Every code.
            pub const fn all() -> &'static [Self] {
                &[$(Self::$variant,)*]
            }

            /// The name: lower case, words joined with `-`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// How sure every lint of this code is.
            pub const fn severity(self) -> Severity {
                match self {
                    $(Self::$variant => Severity::$severity,)*
                }
            }

            /// The page of the code, in Markdown: what, why, an example, its repair, the source.
            pub const fn explanation(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!("../../lints/", $name, ".md")),)*
                }
            }
        }
    };
}

codes! {
    Warning UnreachableRule "unreachable-rule",
    Warning PartlyShadowedRule "partly-shadowed-rule",
    Warning IdenticalRules "identical-rules",
    Warning DuplicateEntry "duplicate-entry",
    Advice CoveredEntry "covered-entry",
    Warning OriginWithoutScheme "origin-without-scheme",
    Warning OriginUpperCase "origin-upper-case",
    Warning OriginDefaultPort "origin-default-port",
    Warning OriginTrailingSlash "origin-trailing-slash",
    Warning OriginPath "origin-path",
    Warning OriginBlank "origin-blank",
    Warning OriginList "origin-list",
    Warning OriginNotAscii "origin-not-ascii",
    Warning OriginNotAsSent "origin-not-as-sent",
    Warning OriginTooLong "origin-too-long",
    Warning NullOrigin "null-origin",
    Warning WildcardWithOthers "wildcard-with-others",
    Warning EveryHost "every-host",
    Warning WildcardWithoutDot "wildcard-without-dot",
    Warning WildcardAtEnd "wildcard-at-end",
    Warning WildcardPublicSuffix "wildcard-public-suffix",
    Advice WildcardScheme "wildcard-scheme",
    Advice PlainHttpOrigin "plain-http-origin",
    Advice AppScheme "app-scheme",
    Warning EveryOriginWrites "every-origin-writes",
    Advice HeadMissing "head-missing",
    Warning MethodNeverSent "method-never-sent",
    Advice LoneHeaderWildcard "lone-header-wildcard",
    Warning CredentialsAnyHeader "credentials-any-header",
    Warning HeaderWithValue "header-with-value",
    Warning HeaderNeverMatches "header-never-matches",
    Advice ForbiddenHeader "forbidden-header",
    Advice SafelistedHeader "safelisted-header",
    Advice SafelistedExposeHeader "safelisted-expose-header",
    Warning ExposeSetCookie "expose-set-cookie",
    Warning ExposeNotAName "expose-not-a-name",
    Advice EtagNotExposed "etag-not-exposed",
    Advice MaxAgeOverCap "max-age-over-cap",
    Advice MaxAgeZero "max-age-zero",
    Advice MaxAgeUnset "max-age-unset",
    Warning VaryOff "vary-off",
    Advice VaryUnneeded "vary-unneeded",
    Advice LargerThanOss "larger-than-oss",
}

/// The name.
impl fmt::Display for LintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LintCode {
    type Err = UnknownLintCode;

    /// By its name.
    fn from_str(name: &str) -> Result<Self, UnknownLintCode> {
        Self::all().iter().copied().find(|code| code.as_str() == name).ok_or(UnknownLintCode(()))
    }
}

/// No lint has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLintCode(());

impl fmt::Display for UnknownLintCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no lint has this code; write one as the lint itself shows it, such as `unreachable-rule`")
    }
}

impl std::error::Error for UnknownLintCode {}
