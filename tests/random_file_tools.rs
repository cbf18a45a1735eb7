//! The tools for files do with 200 random trees, options and paths a tool what Debian's do: the same output, the same
//! exit code, complaints of the same errors, the same files left.
//!
//! One script of all cases is run twice, by `dash` with the host's tools and by our shell with ours, on equal folders;
//! and once more by ours in the file system in memory, for cases without links, which there are none of there.
//! `YIELDIX_SEED=100..200` tries other seeds.
//!
//! What differs by design is not asked: `link/..`, which our kernel resolves by its text; where the links of `ls -l`
//! lead, which no call tells; copies of links, which no call makes; in which order a tree is walked, which for GNU's
//! depends on the disk.
#![cfg(target_os = "linux")]
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod tools_support;

use chaos_support::seeds;
use common::folder::contents;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tools_support::{
    quoted,
    random::Pick,
    tree::{self, Node, Tree},
};
use yieldix::{Console, MemoryConsole};
use yieldix_userland::PROGRAMS;

struct Case {
    seed: u64,
    words: Vec<String>,
    tree: Tree,
    has_links: bool,
}

impl Case {
    fn line(&self) -> String {
        self.words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }

    fn has(&self, letter: char) -> bool {
        self.words.iter().take_while(|word| *word != "--").any(|word| word.starts_with('-') && word.contains(letter))
    }
}

/// What a tool did.
#[derive(Clone, Debug, PartialEq)]
struct Done {
    code: String,
    output: Vec<u8>,
    errors: String,
    files: String,
}

/// So many cases are in one script: their folders are there at the same time.
const BATCH: usize = 250;

/// How the cases of a tool are made, and what is not compared.
struct Trial {
    /// Its folder's.
    name: &'static str,
    tool: &'static str,
    /// Options, each one time in three.
    flags: &'static [&'static str],
    operands: std::ops::Range<u64>,
    may_have_links: bool,
    /// Is the order of lines no matter?
    is_sorted: bool,
    /// Further options, made up.
    options: fn(&mut Pick, &Tree) -> Vec<String>,
    /// Does the tool take files away?
    is_removing: bool,
}

const TRIAL: Trial = Trial {
    name: "",
    tool: "",
    flags: &[],
    operands: 1..5,
    may_have_links: true,
    is_sorted: false,
    options: |_, _| Vec::new(),
    is_removing: false,
};

impl Trial {
    fn case(&self, seed: u64) -> Case {
        let pick = &mut Pick::new(seed);
        let has_links = self.may_have_links && pick.is(2);
        let tree = tree::random(pick, has_links);
        let mut words: Vec<String> = self.tool.split(' ').map(Into::into).collect();
        words.extend(pick.some(self.flags, 3).into_iter().map(Into::into));
        words.extend((self.options)(pick, &tree));
        let count = self.operands.start + pick.below(self.operands.end - self.operands.start);
        let mut operands: Vec<String> = Vec::new();
        for _ in 0..count {
            let again = if operands.is_empty() || !pick.is(9) { None } else { Some(pick.of(&operands).clone()) };
            let operand = again.unwrap_or_else(|| tree::operand(pick, &tree, !self.is_removing));
            if self.tool == "ls" && words.iter().any(|word| word == "-a") && is_through_link(&operand, &tree) {
                continue;
            }
            operands.push(if self.is_removing { without_slash_of_link(operand, &tree) } else { operand });
        }
        if operands.first().is_some_and(|word| word.starts_with('-')) {
            words.push("--".into());
        }
        words.extend(operands);
        Case { seed, words, tree, has_links }
    }

    fn assert_alike(&self) {
        if !tools_support::has_namesakes() {
            return;
        }
        let seeds: Vec<u64> = seeds(0..200).collect();
        let name = self.name;
        let mut differences = Vec::new();
        for seeds in seeds.chunks(BATCH) {
            let cases: Vec<Case> = seeds.iter().map(|seed| self.case(*seed)).collect();
            let above = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
                .join("random_file_tools")
                .join(format!("{name}-{}", seeds[0]));
            let _ = fs::remove_dir_all(&above);
            let [theirs, ours, memory] = ["theirs", "ours", "memory"].map(|whose| above.join(whose));
            theirs_do(&cases, &theirs);
            ours_do(&cases, &ours, &memory);
            for case in &cases {
                let elsewhere = self.done(case, &theirs);
                for (place, folder) in [("a mounted folder", &ours), ("memory", &memory)] {
                    // In memory a directory has another size, and there are no links.
                    if place == "memory" && (case.has_links || self.depends_on_disk(case)) {
                        continue;
                    }
                    let done = self.done(case, folder);
                    if done != elsewhere && !is_reworded(&done, &elsewhere) && !is_into_itself(case, &done, &elsewhere)
                    {
                        differences.push(describe(case, place, &done, &elsewhere));
                    }
                }
            }
            let _ = fs::remove_dir_all(&above);
        }
        assert!(
            differences.is_empty(),
            "{} differ of {}; the first:\n{}",
            differences.len(),
            seeds.len(),
            differences[..differences.len().min(12)].join("\n")
        );
    }

    fn depends_on_disk(&self, case: &Case) -> bool {
        match self.tool {
            "ls" => case.has('l') || case.has('S'),
            "stat" => case.words.iter().any(|word| word.contains("%s") || word.contains("%h")),
            "env test" | "env [" => case.words.iter().any(|word| word == "-s"),
            _ => false,
        }
    }

    fn done(&self, case: &Case, folder: &Path) -> Done {
        let read = |end: &str| fs::read(folder.join("out").join(format!("{}.{end}", case.seed))).unwrap();
        let mut output = read("out");
        if self.tool == "ls" && case.has('l') {
            output = without_owners_and_targets(&output);
        }
        let is_plain = |(path, ..): &(String, Node, u64)| path.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if self.tool == "ls" && case.has('C') && !case.tree.iter().all(is_plain) {
            // In the locale of C nothing but ASCII has a width.
            output = String::from_utf8_lossy(&output)
                .split([' ', '\t'])
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
                .into();
        }
        if self.is_sorted {
            let mut lines: Vec<&[u8]> = output.split(|&byte| byte == b'\n').collect();
            lines.sort();
            output = lines.join(&b'\n');
        }
        Done {
            code: String::from_utf8(read("code")).unwrap(),
            output,
            errors: String::from_utf8_lossy(&read("err")).into(),
            files: contents(&folder.join(case.seed.to_string())),
        }
    }
}

/// Who owns the files is the host's, and where links lead is not told here.
fn without_owners_and_targets(output: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in output.split(|&byte| byte == b'\n') {
        let text = String::from_utf8_lossy(line);
        let words: Vec<&str> = text.split_whitespace().take(4).collect();
        let text = match words[..] {
            [mode, _, user, group] if mode.len() == 10 => text.replacen(&format!(" {user} {group} "), " ", 1),
            _ => text.into(),
        };
        let link = text.split_once(" -> ").map_or(text.as_str(), |(link, _)| link);
        lines.push(link.trim_end_matches('@').to_owned());
    }
    lines.join("\n").into_bytes()
}

/// Do they differ in words only? Of each complaint the error is compared, where both name one.
fn is_reworded(ours: &Done, theirs: &Done) -> bool {
    // How a tool is used is told in words of one's own.
    let our_lines = ours.errors.lines().filter(|line| !line.starts_with("usage: "));
    let their_lines = theirs.errors.lines().filter(|line| !line.starts_with("Try '"));
    let is_same_error = |(ours, theirs): (&str, &str)| {
        let (our, their) = (error(ours), error(theirs));
        our == their || our.is_none() || their.is_none()
    };
    (&ours.code, &ours.output, &ours.files) == (&theirs.code, &theirs.output, &theirs.files)
        && our_lines.clone().count() == their_lines.clone().count()
        && our_lines.zip(their_lines).all(is_same_error)
}

/// Is `..` in it, for its text, another directory than elsewhere?
fn is_through_link(operand: &str, tree: &Tree) -> bool {
    let operand = operand.trim_start_matches("./").trim_end_matches(['.', '/']);
    tree.iter().any(|(path, node, _)| matches!(node, Node::Link(_)) && Path::new(operand).starts_with(path))
}

/// What a link with a slash behind it leads to is emptied elsewhere, and left alone here.
fn without_slash_of_link(operand: String, tree: &Tree) -> String {
    let path = operand.trim_end_matches('/');
    let is_link = tree.iter().any(|(other, node, _)| other == path && matches!(node, Node::Link(_)));
    if is_link { path.to_owned() } else { operand }
}

/// Has a directory been copied into itself? Elsewhere a part of it is, before that is noticed; here nothing. Of one
/// that is copied twice Debian's tells as of a link that it would have to make.
fn is_into_itself(case: &Case, ours: &Done, theirs: &Done) -> bool {
    ours.errors.contains("into itself")
        || theirs.errors.contains("into itself") && case.has('n')
        || theirs.errors.contains("will not create hard link")
}

/// The error that a complaint names.
fn error(line: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 9] = [
        ("ENOENT", "No such file or directory"),
        ("EEXIST", "File exists"),
        ("ENOTDIR", "Not a directory"),
        ("EISDIR", "Is a directory"),
        ("ENOTEMPTY", "Directory not empty"),
        ("EINVAL", "Invalid argument"),
        ("ELOOP", "Too many levels of symbolic links"),
        ("EBUSY", "Device or resource busy"),
        ("EACCES", "Permission denied"),
    ];
    let is_it = |(name, words): &&(&str, &str)| line.contains(&format!(": {name}: ")) || line.ends_with(words);
    WORDS.iter().find(is_it).map(|(name, _)| *name)
}

fn describe(case: &Case, place: &str, ours: &Done, theirs: &Done) -> String {
    let mut text = format!("seed {}, in {place}: {}\n", case.seed, case.line());
    let mut tell = |what: &str, ours: &str, theirs: &str| {
        if ours != theirs {
            writeln!(text, "  {what}, ours:\n    {}", ours.trim_end().replace('\n', "\n    ")).unwrap();
            writeln!(text, "  {what}, theirs:\n    {}", theirs.trim_end().replace('\n', "\n    ")).unwrap();
        }
    };
    tell("code", &ours.code, &theirs.code);
    tell("output", &String::from_utf8_lossy(&ours.output), &String::from_utf8_lossy(&theirs.output));
    tell("errors", &ours.errors, &theirs.errors);
    let count = |files: &str| {
        files.lines().fold(BTreeMap::new(), |mut seen, line| {
            *seen.entry(line.to_owned()).or_insert(0) += 1;
            seen
        })
    };
    let (our_files, their_files) = (count(&ours.files), count(&theirs.files));
    let only = |some: &BTreeMap<String, i32>, others: &BTreeMap<String, i32>| {
        some.keys().filter(|line| !others.contains_key(*line)).cloned().collect::<Vec<_>>().join("\n")
    };
    tell("files", &only(&our_files, &their_files), &only(&their_files, &our_files));
    text
}

/// The folders of the cases, and one for what is printed.
fn prepare(cases: &[Case], folder: &Path) {
    fs::create_dir_all(folder.join("out")).unwrap();
    for case in cases {
        let above = folder.join(case.seed.to_string());
        fs::create_dir_all(above.join("t")).unwrap();
        tree::make(&case.tree, &above.join("t"));
        tree::set_changed(&above, 1_010_000_000);
    }
}

fn script<'a>(cases: impl IntoIterator<Item = &'a Case>) -> String {
    let mut script = "top=$PWD\n".to_owned();
    for case in cases {
        let (seed, line) = (case.seed, case.line());
        writeln!(script, "cd \"$top/{seed}/t\"; {line} >\"$top/out/{seed}.out\" 2>\"$top/out/{seed}.err\" </dev/null")
            .unwrap();
        writeln!(script, "echo $? >\"$top/out/{seed}.code\"").unwrap();
    }
    script
}

fn theirs_do(cases: &[Case], folder: &Path) {
    prepare(cases, folder);
    let path = folder.join("out/script");
    fs::write(&path, script(cases)).unwrap();
    let mut dash = Command::new("dash");
    // Options stand before operands, as POSIX has it.
    let environment = [
        ("LC_ALL", "C"),
        ("TZ", "UTC"),
        ("POSIXLY_CORRECT", "1"),
        ("PATH", "/usr/bin"),
        ("TIME_STYLE", "locale"),
        ("BLOCKSIZE", "1024"),
    ];
    dash.env_clear().envs(environment).arg(path).current_dir(folder);
    assert!(dash.status().unwrap().success());
}

/// Once in a mounted folder, and once in memory, from where the files are copied to `memory` in the end.
fn ours_do(cases: &[Case], folder: &Path, memory: &Path) {
    prepare(cases, folder);
    fs::create_dir_all(memory).unwrap();
    let without_links: Vec<&Case> = cases.iter().filter(|case| !case.has_links).collect();
    let seeds: String = without_links.iter().map(|case| format!(" /ours/{}", case.seed)).collect();
    fs::write(folder.join("out/script"), script(cases)).unwrap();
    fs::write(folder.join("out/script_in_memory"), script(without_links.iter().copied())).unwrap();
    let mut main = "cd /ours; sh /ours/out/script\n".to_owned();
    if !without_links.is_empty() {
        main.insert_str(0, &format!("set -e; mkdir /m /m/out; cp -rp{seeds} /m; set +e\n"));
        main += "cd /m; sh /ours/out/script_in_memory\ncp -rp /m/* /memory\n";
    }
    fs::write(folder.join("out/main"), main).unwrap();
    let console = MemoryConsole::new();
    let ended = common::machine()
        .programs(PROGRAMS)
        .program("sh", ["/ours/out/main"])
        .mount(folder, "/ours", false)
        .mount(memory, "/memory", false)
        .checked(false)
        .console(Console::Memory(console.clone()))
        .boot()
        .expect("the machine boots");
    let errors = String::from_utf8_lossy(&console.stderr()).into_owned();
    assert_eq!((ended.code(), errors.as_str()), (0, ""), "the script");
}

#[test]
fn ls_is_debians() {
    let flags = &["-l", "-a", "-A", "-1", "-C", "-R", "-t", "-S", "-r", "-d", "-F", "-p"];
    Trial { name: "ls", tool: "ls", flags, operands: 0..5, ..TRIAL }.assert_alike();
}

#[test]
fn mkdir_is_debians() {
    Trial { name: "mkdir", tool: "mkdir", flags: &["-p", "-v"], ..TRIAL }.assert_alike();
}

#[test]
fn rmdir_is_debians() {
    Trial {
        name: "rmdir",
        tool: "rmdir",
        flags: &["-p", "-v", "--ignore-fail-on-non-empty"],
        is_removing: true,
        ..TRIAL
    }
    .assert_alike();
}

#[test]
fn rm_is_debians() {
    Trial {
        name: "rm",
        tool: "rm",
        flags: &["-r", "-R", "-d", "-f", "-v"],
        is_sorted: true,
        is_removing: true,
        ..TRIAL
    }
    .assert_alike();
}

#[test]
fn cp_is_debians_of_files() {
    Trial { name: "cp-files", tool: "cp", flags: &["-p", "-n", "-f", "-v"], operands: 1..5, ..TRIAL }.assert_alike();
}

#[test]
fn cp_is_debians_of_trees() {
    let options = |pick: &mut Pick, _: &Tree| vec![(*pick.of(&["-r", "-R", "-a"])).into()];
    let flags = &["-p", "-n", "-f", "-v"];
    Trial {
        name: "cp-trees",
        tool: "cp",
        flags,
        operands: 2..5,
        may_have_links: false,
        is_sorted: true,
        options,
        ..TRIAL
    }
    .assert_alike();
}

#[test]
fn mv_is_debians() {
    Trial { name: "mv", tool: "mv", flags: &["-n", "-f", "-v"], is_removing: true, ..TRIAL }.assert_alike();
}

#[test]
fn touch_is_debians() {
    let options = |pick: &mut Pick, tree: &Tree| match pick.below(5) {
        0 => {
            vec!["-d".into(), (*pick.of(&["@86400", "2009-03-25", "2009-03-25 09:00:05", "2009-02-30", "soon"])).into()]
        }
        1 => {
            vec!["-t".into(), (*pick.of(&["200903250900.05", "0903250900", "7003250900", "1", "200913250900"])).into()]
        }
        2 => vec!["-r".into(), tree::operand(pick, tree, true)],
        _ => Vec::new(),
    };
    Trial { name: "touch", tool: "touch", flags: &["-c", "-m", "-a"], options, ..TRIAL }.assert_alike();
}

#[test]
fn stat_is_debians() {
    let options = |pick: &mut Pick, _: &Tree| {
        let parts = ["%n", "%s", "%F", "%a", "%A", "%h", "%y", "%Y", "%%", " ", ":", "é", "x"];
        vec!["-c".into(), pick.text(&parts, 4)]
    };
    Trial { name: "stat", tool: "stat", flags: &["-L"], options, ..TRIAL }.assert_alike();
}

#[test]
fn test_is_debians_of_files() {
    let options = |pick: &mut Pick, tree: &Tree| {
        let mut words = Vec::new();
        for part in 0..1 + pick.below(3) {
            if part > 0 {
                words.push((*pick.of(&["-a", "-o"])).into());
            }
            if pick.is(4) {
                words.push("!".into());
            }
            if pick.is(3) {
                let relation = (*pick.of(&["-nt", "-ot", "-ef"])).into();
                words.extend([tree::operand(pick, tree, true), relation, tree::operand(pick, tree, true)]);
            } else {
                let asked =
                    ["-e", "-f", "-d", "-s", "-r", "-w", "-x", "-h", "-L", "-p", "-S", "-b", "-c", "-u", "-g", "-k"];
                words.extend([(*pick.of(&asked)).into(), tree::operand(pick, tree, true)]);
            }
        }
        words
    };
    Trial { name: "test", tool: "env test", operands: 0..1, options, ..TRIAL }.assert_alike();
}
