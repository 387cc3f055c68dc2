//! The command line, the same for every server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::serve::{Bounds, Pace, seconds};

/// A reference server: a small object tree in memory, with bucket-style CORS rules in front.
#[derive(Debug, Parser)]
pub struct Args {
    /// Where to listen. Loopback by default; port 0 takes a free one.
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

    /// Serve so many connections at a time; further ones wait.
    #[arg(long, value_name = "COUNT", default_value_t = Bounds::CONNECTIONS, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// End a request of whose body nothing has come for so long.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    body_idle: Duration,

    /// End a request whose body is not whole after so long.
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    body_total: Duration,
}

impl Args {
    /// What clients may take of the server.
    pub fn bounds(&self) -> Bounds {
        let pace = Pace { idle: self.body_idle, total: self.body_total };
        Bounds { connections: self.max_connections as usize, pace }
    }
}
