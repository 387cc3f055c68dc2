//! The command line, the same for every server.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// A reference server: a small object tree in memory, with bucket-style CORS rules in front.
#[derive(Debug, Parser)]
pub struct Args {
    /// Where to listen. Loopback unless told otherwise; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The rule file, XML or JSON [default: the four scenarios of the OSS user's guide].
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
}
