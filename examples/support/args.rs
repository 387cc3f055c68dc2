//! The command line, the same for every server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::serve::{Bounds, Pace, seconds};

/// A reference server: a small object tree in memory, with bucket-style CORS rules in front.
#[derive(Debug, Parser)]
pub struct Args {
    /// Where to listen: an address or a name, with a port. Loopback by default; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000", value_parser = address)]
    pub listen: SocketAddr,

    /// The rule file, XML or JSON [default: the four scenarios of the OSS user's guide].
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// Take up every change of the rule file within a second. The default.
    #[arg(long, conflicts_with = "no_watch")]
    watch: bool,

    /// Read the rule file again on SIGHUP only.
    #[arg(long)]
    pub no_watch: bool,

    /// Read the rules, say whether they are right, and end. `oss-cors check` also tells of their traps.
    #[arg(long)]
    pub check: bool,

    /// Tell at http://ADDR/-/cors/status how the rules are doing, faults and paths included, to whoever asks: meant for
    /// loopback. Off unless given.
    #[arg(long, value_name = "ADDR", value_parser = address)]
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

/// An address, or a name such as `localhost`: of several addresses the first of IPv4, or else the first.
fn address(text: &str) -> Result<SocketAddr, String> {
    let unknown = |why: &dyn std::fmt::Display| {
        format!("{why}; write an address and a port, such as 127.0.0.1:3000 or localhost:3000")
    };
    let found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|error| unknown(&error))?.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| unknown(&"the name has no address"))
}

impl Args {
    /// What clients may take of the server.
    pub fn bounds(&self) -> Bounds {
        let pace = Pace { idle: self.body_idle, total: self.body_total };
        Bounds { connections: self.max_connections as usize, pace }
    }
}
