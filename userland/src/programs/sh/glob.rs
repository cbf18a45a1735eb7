//! The names of files that a pattern matches.

use super::fields::Field;
use crate::{pattern::Pattern, prelude::*};

/// The names that a field matches, in the order of their bytes; none when it matches none.
///
/// What cannot be read has no names. A name that begins with a dot is matched by a dot only.
pub(super) fn names(field: &Field) -> impl Routine<Vec<String>> {
    let parts = parts(field);
    routine!(move -> Vec<String> {
        if parts.iter().all(|(part, _)| !part.is_wild()) {
            return Vec::new();
        }
        let mut found = vec![String::new()];
        let count = parts.len();
        for (index, (part, text)) in parts.into_iter().enumerate() {
            let is_last = index + 1 == count;
            let mut next = Vec::new();
            for prefix in found {
                if !part.is_wild() {
                    let name = [prefix.as_str(), &text].concat();
                    // What stands before a slash is found or not by what follows it.
                    if !is_last || call!(is_there(&name, text.is_empty())) {
                        next.push(name);
                    }
                    continue;
                }
                let mut entries = call!(entries(&prefix));
                entries.retain(|name| (!name.starts_with('.') || part.begins_with('.')) && part.matches(name));
                entries.sort();
                next.extend(entries.into_iter().map(|name| [prefix.as_str(), &name].concat()));
            }
            if !is_last {
                next.iter_mut().for_each(|name| name.push('/'));
            }
            found = next;
        }
        found
    })
}

/// Is there anything of this name; a folder, if it ends with a slash?
fn is_there(name: &str, is_folder: bool) -> impl Routine<bool> {
    routine!(move -> bool {
        trap!(yield stat(name)).is_ok_and(|info| !is_folder || info.kind == FileKind::Directory)
    })
}

/// The pattern between slashes, each with its text.
fn parts(field: &Field) -> Vec<(Pattern, String)> {
    let mut parts = vec![Field::default()];
    for (c, is_quoted) in field.chars() {
        match c {
            '/' => parts.push(Field::default()),
            c => {
                if let Some(part) = parts.last_mut() {
                    part.push(c.encode_utf8(&mut [0; 4]), is_quoted);
                }
            }
        }
    }
    // Written backslashes are quotes by now; what is left of them stands for itself where nothing is matched.
    parts.into_iter().map(|part| (Pattern::new(part.chars()), part.text())).collect()
}

/// The names in a folder, which ends with a slash or is the working directory.
fn entries(prefix: &str) -> impl Routine<Vec<String>> {
    routine!(move -> Vec<String> {
        let path = if prefix.is_empty() { "." } else { prefix };
        let Ok(folder) = trap!(yield open(path, OpenFlags::READ)) else { return Vec::new() };
        let mut names = Vec::new();
        while let Ok(entries) = trap!(yield readdir(folder)) {
            if entries.is_empty() {
                break;
            }
            names.extend(entries.into_iter().map(|entry| String::from(entry.name)));
        }
        let _ = trap!(yield close(folder));
        names
    })
}
