//! The README and the pages in `docs`: what they link to is there, and their code is compiled.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Each with its path from the root.
fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut paths: Vec<String> = entries.map(|name| format!("docs/{}", name.into_string().unwrap())).collect();
    paths.retain(|path| path.ends_with(".md"));
    paths.push("README.md".into());
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap())).collect()
}

/// The page without its blocks of code.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The targets of `[text](target)` and `![text](target)`.
fn links(page: &str) -> Vec<String> {
    prose(page).split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()).collect()
}

/// What a heading is called in a link, as GitHub makes it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|character| character.is_alphanumeric() || " -_".contains(*character));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    let mut dead = Vec::new();
    let mut followed = 0;
    for (path, page) in pages() {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in links(&page).iter().filter(|link| !link.contains("://")) {
            followed += 1;
            let (file, fragment) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { root().join(&path) } else { folder.join(file) };
            let found = target.exists()
                && (fragment.is_empty() || {
                    let text = prose(&fs::read_to_string(&target).unwrap());
                    text.lines()
                        .filter_map(|line| line.strip_prefix('#'))
                        .any(|line| anchor(line.trim_start_matches('#')) == fragment)
                });
            if !found {
                dead.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
    assert!(followed > 20, "only {followed} links");
}

#[test]
fn the_readme_leads_to_every_page() {
    let pages = pages();
    let (_, readme) = pages.iter().find(|(path, _)| path == "README.md").unwrap();
    let linked: BTreeSet<String> = links(readme).into_iter().collect();
    let lost: Vec<&str> =
        pages.iter().map(|(path, _)| &**path).filter(|path| *path != "README.md" && !linked.contains(*path)).collect();
    assert!(lost.is_empty(), "the README links to none of {lost:?}");
}

/// A page whose code nobody compiles shows, sooner or later, what does not work.
#[test]
fn code_is_compiled() {
    let compiled = fs::read_to_string(root().join("cors-tower/src/lib.rs")).unwrap();
    for (path, page) in pages().iter().filter(|(_, page)| page.contains("```rust")) {
        assert!(
            compiled.contains(&format!("\"{path}\"")),
            "{path}: its code is compiled by no test ({} bytes)",
            page.len()
        );
    }
}
