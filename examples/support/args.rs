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

    /// Take up every change of the rule file within a second. The default.
    #[arg(long, overrides_with = "no_watch")]
    watch: bool,

    /// Read the rule file again on SIGHUP only.
    #[arg(long, overrides_with = "watch")]
    pub no_watch: bool,

    /// Tell at http://ADDR/-/cors/status how the rules are doing, faults and paths included, to whoever asks: meant for
    /// loopback. Off unless given.
    #[arg(long, value_name = "ADDR")]
    pub admin: Option<SocketAddr>,
}
