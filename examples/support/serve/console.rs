//! What a server says while it runs. `println!` panics when nobody reads any more, as behind `| head`; a server must
//! go on.

use std::fmt::Display;
use std::io::{self, Write};

/// News, on standard output.
pub fn say(line: impl Display) {
    // There is nobody left to tell.
    let _ = writeln!(io::stdout(), "{line}");
}

/// What someone should look at, on standard error.
pub fn warn(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
