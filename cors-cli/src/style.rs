//! What is coloured, and how. Streams that must not be coloured strip it again.

use anstyle::{AnsiColor, Style};

pub const HEADING: Style = Style::new().bold();
pub const ERROR: Style = AnsiColor::BrightRed.on_default().bold();
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub const ADVICE: Style = AnsiColor::BrightCyan.on_default().bold();
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
