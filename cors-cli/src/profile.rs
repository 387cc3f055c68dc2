//! `--profile`: whose rules about rules apply.

use clap::{Args, ValueEnum};
use oss_cors_core::Profile;

/// Whose rules about rules apply.
#[derive(Debug, Args)]
pub struct ProfileChoice {
    /// `extended` also takes any method and AllowCredentials, which OSS does not have
    #[arg(long, default_value = "oss")]
    profile: ProfileName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProfileName {
    Oss,
    Extended,
}

impl ProfileChoice {
    pub fn profile(&self) -> Profile {
        match self.profile {
            ProfileName::Oss => Profile::Oss,
            ProfileName::Extended => Profile::Extended,
        }
    }
}
