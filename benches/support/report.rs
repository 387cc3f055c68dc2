//! Where the figures are kept: below `target/`, wherever cargo starts a bench.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// `target/bench/NAME.json` of the workspace.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench").join(name).with_extension("json")
}

pub fn save(name: &str, figures: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let path = path(name);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, serde_json::to_string_pretty(figures)?)?;
    Ok(())
}
