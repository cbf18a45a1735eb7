//! Pages of documentation: their fenced blocks, and where their links lead.

use std::{fs, path::Path};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A file of the repository.
pub fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A fenced block.
pub struct Block<'a> {
    pub fence: &'a str,
    pub text: &'a str,
    /// Everything above it.
    pub above: &'a str,
}

pub fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = page[from..].find("```").map(|at| from + at) {
        let (fence, rest) = page[start + 3..].split_once('\n').expect("a fence ends its line");
        let text = rest.split("```").next().expect("a block");
        found.push(Block { fence, text, above: &page[..start] });
        from = start + 3 + fence.len() + 1 + text.len() + 3;
    }
    found
}

/// Every link of a page in this folder leads to a heading of the page, or to a file.
#[track_caller]
pub fn assert_links_lead_somewhere(page: &str, folder: &str) {
    for link in page.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if let Some(heading) = link.strip_prefix('#') {
            let slug = |line: &str| {
                line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-").replace([':', ','], "")
            };
            assert!(page.lines().any(|line| line.starts_with('#') && slug(line) == heading), "{link}");
        } else if !link.starts_with("http") {
            assert!(Path::new(ROOT).join(folder).join(link).exists(), "{link}");
        }
    }
}
