//! Folders of files for tools to work on, made as a list says; and paths for them to be given.

use super::random::Pick;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::{fs, os::unix::fs::symlink, path::Path};

/// What a file is to be.
#[derive(Clone, Debug)]
pub enum Node {
    Directory,
    File(Vec<u8>),
    Link(String),
}

/// Files by their paths, each behind the directory that it lies in, with seconds since 1970.
pub type Tree = Vec<(String, Node, u64)>;

/// Makes the files of `tree` in a folder that exists; the folder itself gets a time of its own.
pub fn make(tree: &Tree, folder: &Path) {
    for (path, node, _) in tree {
        let path = folder.join(path);
        match node {
            Node::Directory => fs::create_dir(path).unwrap(),
            Node::File(bytes) => fs::write(path, bytes).unwrap(),
            Node::Link(target) => symlink(target, path).unwrap(),
        }
    }
    // Last, and from below: each file has changed the directory that it was made in.
    for (path, _, seconds) in tree.iter().rev() {
        set_changed(&folder.join(path), *seconds);
    }
    set_changed(folder, 1_000_000_000);
}

/// Sets when a file was changed, of a link the link itself.
pub fn set_changed(path: &Path, seconds: u64) {
    let time = Timespec { tv_sec: seconds.try_into().unwrap(), tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

/// None ends in what does not print in the locale of C: beside a quote in the same path GNU's quoting goes wrong then.
const NAMES: &[&str] = &[
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "a",
    "b",
    "d",
    "aa",
    "B",
    "a.txt",
    "c c",
    ".dot",
    "..x",
    "-n",
    "--",
    "éa",
    "x\ny",
    "it's",
    "q\"q",
    "$v",
    "back\\slash",
    "*",
    "[a]",
    " ",
    "\ttab",
    "it's $v",
    "~",
    "日本b",
    "\u{1b}[1m",
    "a'\nb",
];
const TEXTS: &[&str] = &["", "", "x", "one\n", "two two\n", "z\0\n", "no end\nof it"];

/// Between three and eleven files, nested; links among them if it may have them, none of which leads out.
pub fn random(pick: &mut Pick, may_have_links: bool) -> Tree {
    let mut tree = Tree::new();
    let mut directories = vec![String::new()];
    for _ in 0..3 + pick.below(9) {
        let path = format!("{}{}", pick.of(&directories), pick.of(NAMES));
        if tree.iter().any(|(taken, ..)| *taken == path) {
            continue;
        }
        let may_have_links = may_have_links && !path.contains('\n');
        let node = match pick.below(9) {
            0..3 => {
                directories.push(format!("{path}/"));
                Node::Directory
            }
            3..5 if may_have_links => Node::Link(match pick.below(4) {
                0 => (*pick.of(&["nowhere", ".", "a/b", "d"])).into(),
                1 => pick.of(NAMES).replace('\n', ""),
                // To a neighbour, or to what is further down.
                _ => {
                    let (above, _) = path.rsplit_once('/').map_or(("", ""), |(above, name)| (above, name));
                    let inside: Vec<&str> = tree
                        .iter()
                        .filter_map(|(other, ..)| match above {
                            "" => Some(other.as_str()).filter(|other| !other.contains('\n')),
                            above => other.strip_prefix(above)?.strip_prefix('/').filter(|other| !other.contains('\n')),
                        })
                        .collect();
                    if inside.is_empty() { "nowhere".into() } else { (*pick.of(&inside)).into() }
                }
            }),
            5 if pick.is(6) => Node::File(vec![b'x'; 70_000 + pick.below(100_000) as usize]),
            _ => Node::File(pick.of(TEXTS).as_bytes().to_vec()),
        };
        // Some at the same moment, none within half a year.
        tree.push((path, node, 1_100_000_000 + 86_400 * pick.below(12) * pick.below(40)));
    }
    tree
}

/// A path for a tool to be given: mostly of a file that is there, often in an odd way, sometimes of none.
///
/// None goes through what is no directory, nor through a link, and up again: `link/..` is where the text says here,
/// and elsewhere where the link leads. None goes up at all where a directory may have gone before: `gone/..` is there.
pub fn operand(pick: &mut Pick, tree: &Tree, may_climb: bool) -> String {
    let directories: Vec<&String> =
        tree.iter().filter(|(_, node, _)| matches!(node, Node::Directory)).map(|(path, ..)| path).collect();
    let existing = tree.get(pick.below(tree.len() as u64) as usize).map_or("a", |(path, ..)| path);
    let directory = if directories.is_empty() { "." } else { pick.of(&directories) };
    match pick.below(24) {
        0..10 => existing.into(),
        10 | 11 => directory.into(),
        12 => format!("{existing}/"),
        13 => format!("./{existing}"),
        14 => format!("{directory}//{}", pick.of(NAMES)),
        15 if may_climb => format!("{directory}/../{existing}"),
        16 => {
            format!("{directory}/{}", pick.of(&[if may_climb { ".." } else { "." }, ".", "/", "new", "new/", "new/er"]))
        }
        17 => format!("{existing}/{}", pick.of(&["new", "a", "new/er"])),
        18 => (*pick.of(&[".", "..", "./", "../t", ""])).into(),
        19..22 => (*pick.of(&["new", "none", "new/", "none/x", "new/er/", "./new", "n w", "n'w"])).into(),
        _ => (*pick.of(NAMES)).into(),
    }
}
