//! How values are read.

use oss_cors_core::{ConfigErrors, Format, Profile, RuleFile};

#[derive(Clone, Copy, Default)]
pub(super) struct Reading {
    pub(super) format: Option<Format>,
    pub(super) profile: Profile,
}

impl Reading {
    pub(super) fn parse(&self, value: &[u8]) -> Result<RuleFile, ConfigErrors> {
        RuleFile::parse(value, self.format, self.profile)
    }
}
