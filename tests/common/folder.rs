//! What is in a folder of the host.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::SystemTime};

/// Times later than this are those of the test itself.
const NOW_SECONDS: u64 = 1_700_000_000;

/// What is in a folder: paths, kinds, modes, bytes; and times where they are not those of the test itself.
pub fn contents(folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let info = fs::symlink_metadata(&path).unwrap();
            let mode = info.permissions().mode() & 0o777;
            let told = if info.is_dir() {
                left.push(path.clone());
                format!("directory {mode:o}")
            } else if info.is_symlink() {
                format!("link to {:?}", fs::read_link(&path).unwrap())
            } else {
                let bytes = fs::read(&path).unwrap();
                format!("{mode:o} {} bytes {:?}", bytes.len(), String::from_utf8_lossy(&bytes[..bytes.len().min(20)]))
            };
            let changed = info.modified().unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            let when = if changed < NOW_SECONDS { format!(" of {changed}") } else { String::new() };
            lines.push(format!("{:?} {told}{when}", path.strip_prefix(folder).unwrap()));
        }
    }
    lines.sort();
    lines.join("\n")
}
