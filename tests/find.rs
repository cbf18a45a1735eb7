//! `find` finds what its namesake of GNU's does, and does with it what that does; where there is none, this says so.

#![cfg(target_os = "linux")]
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod tools_support;

use chaos_support::seeds;
use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};
use tools_support::random::Pick;
use yieldix::{Console, MemoryConsole};
use yieldix_userland::PROGRAMS;

/// Files, empty ones among them, directories, and links that lead to both and nowhere.
fn populate(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    for directory in ["d/e/f", "empty", ".hidden/below", "target", "a dir"] {
        fs::create_dir_all(folder.join(directory)).unwrap();
    }
    let names =
        ["a", "ab.c", "a.txt", "B", "c c", "d/a", "d/x.txt", "d/e/y", "d/e/f/z", ".dot", "a dir/é", "target/[b]"];
    for (number, name) in (0..).zip(names) {
        let path = folder.join(name);
        fs::write(&path, vec![b'x'; [0, 1, 511, 512, 513, 1024, 1025, 3000][number % 8]]).unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_237_971_600 + 86_400 * (number as u64 / 2));
        fs::File::options().write(true).open(&path).unwrap().set_modified(changed).unwrap();
    }
    for (to, name) in [("a", "link"), ("d", "linkd"), ("nowhere", "broken")] {
        symlink(to, folder.join(name)).unwrap();
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("find").join(name)
}

/// What was printed, in the order of its words, and the exit code.
fn printed(output: &[u8], code: i32) -> (Vec<String>, i32) {
    let mut words: Vec<String> =
        output.split(|byte| matches!(byte, b'\n' | 0 | b' ')).map(|word| word.escape_ascii().to_string()).collect();
    words.sort();
    (words, code)
}

fn ours(folder: &Path, args: &[String]) -> (Vec<String>, i32) {
    let console = MemoryConsole::new();
    let words = ["-C", "/w", "find"].into_iter().chain(args.iter().map(String::as_str));
    let machine = common::machine().programs(PROGRAMS).program("env", words).mount(folder, "/w", true);
    let ended = machine.checked(false).console(Console::Memory(console.clone())).boot().unwrap();
    printed(&console.stdout(), ended.code())
}

fn theirs(folder: &Path, args: &[String]) -> (Vec<String>, i32) {
    let mut command = Command::new("/usr/bin/find");
    let output = command.args(args).current_dir(folder).env("LC_ALL", "C").output().unwrap();
    printed(&output.stdout, output.status.code().unwrap())
}

fn has_namesake() -> bool {
    let version = Command::new("/usr/bin/find").arg("--version").output();
    let is_gnu = version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU findutils"));
    if !is_gnu {
        eprintln!("skipped: the host has no find of GNU's");
    }
    is_gnu
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(Into::into).collect()
}

/// A question, or something that is done.
fn primary(pick: &mut Pick) -> String {
    let globs = [
        "a",
        "*",
        "a*",
        "?",
        "*.txt",
        "[a-b]*",
        "[!a-z]*",
        ".*",
        "\\[b]",
        "[[]b]",
        "??",
        "*c",
        "nosuch",
        "A*",
        "[[:upper:]]",
    ];
    let paths = ["*", "./d*", "d/*", "*/e/*", "./a", "*[ef]", "d*x.txt", "./.h*"];
    let sizes =
        ["0", "1", "2", "-2", "+1", "1c", "-600c", "+512c", "512c", "1k", "-1k", "+1k", "3k", "256w", "1b", "x"];
    let runs = ["echo", "printf [%s]\\n", "test -f", "true", "false", "echo x{}y", "nosuchprogram"];
    match pick.below(14) {
        0 => format!("-iname {}", pick.of(&globs)),
        1..4 => format!("-name {}", pick.of(&globs)),
        4..6 => format!("-path {}", pick.of(&paths)),
        6..8 => format!("-type {}", pick.of(&["f", "d", "l", "f,d", "p"])),
        8 => "-empty".into(),
        9 => format!("-newer {}", pick.of(&["a", "B", "d/x.txt", "link", "d/e/f/z", ".dot"])),
        10 => format!("-type f -size {}", pick.of(&sizes)),
        11 => (*pick.of(&["-print", "-print0", "-prune", "-true", "-false"])).into(),
        12 => format!("-exec {} {{}} ;", pick.of(&runs)),
        _ => format!("-exec {} {{}} +", pick.of(&["echo", "printf <%s>\\n", "false", "true"])),
    }
}

fn expression(pick: &mut Pick, depth: u64) -> String {
    let mut text = String::new();
    for number in 0..1 + pick.below(3) {
        if number > 0 {
            text += *pick.of(&["", " -a", " -o", " -o"]);
        }
        text += *pick.of(&[" ", " ", " ! "]);
        text += &if depth > 0 && pick.is(3) { format!("({} )", expression(pick, depth - 1)) } else { primary(pick) };
    }
    text
}

fn arguments(pick: &mut Pick) -> Vec<String> {
    let paths = pick
        .some(&[".", "d", "d/", "a", "linkd", "linkd/", "link", "nosuch", "d/e/..", "empty", "./target//", "a/"], 8);
    let depths = pick
        .some(&["-maxdepth 0", "-maxdepth 1", "-maxdepth 2", "-mindepth 1", "-mindepth 2", "-depth", "-maxdepth x"], 8);
    let mut all = words(&format!("{} {} {}", paths.join(" "), depths.join(" "), expression(pick, 2)));
    if pick.is(16) {
        // It may be an expression still.
        let at = pick.below(all.len() as u64) as usize;
        all.remove(at);
    }
    all
}

#[test]
fn files_are_found_as_elsewhere() {
    if !has_namesake() {
        return;
    }
    let folder = folder("found");
    populate(&folder);
    let lines = [
        "",
        ".",
        "-print",
        "d a",
        "nosuch",
        "-name",
        "d -nosuch",
        "( -name a -o -name B ) -print",
        "d -name x -o",
        "! -name a",
        ". -exec echo + {} ;",
        "-exec echo",
        "-exec {} +",
        "d d -depth",
        "-false -o -print -false -o -print",
        "-newer nosuch",
    ];
    let random = seeds(0..200).map(|seed| arguments(&mut Pick::new(seed)));
    for args in lines.into_iter().map(words).chain(random) {
        assert_eq!(ours(&folder, &args), theirs(&folder, &args), "find {}", args.join(" "));
    }
}

#[test]
fn files_are_removed_as_elsewhere() {
    if !has_namesake() {
        return;
    }
    let lines = [
        "-delete",
        "d -delete",
        "d/ -name x.txt -delete",
        "-type d -empty -delete",
        ". -name e -delete",
        "linkd -delete",
        "linkd/ -delete",
        "-type l -delete -print",
        "a nosuch B -delete",
        "-mindepth 2 -delete",
        "-name d -prune -o -type f -delete",
        "d -maxdepth 1 -delete",
        "-type f -exec rm {} ;",
        "-type f -exec rm {} +",
        "-depth -exec rm -r {} ;",
    ];
    for (number, line) in lines.into_iter().enumerate() {
        let [one, other] = ["ours", "theirs"].map(|whose| folder(&format!("removed/{number}/{whose}")));
        populate(&one);
        populate(&other);
        let console = MemoryConsole::new();
        let args = words(line);
        let words = ["-C", "/w", "find"].into_iter().chain(args.iter().map(String::as_str));
        let machine = common::machine().programs(PROGRAMS).program("env", words).mount(&one, "/w", false);
        let ended = machine.console(Console::Memory(console.clone())).boot().unwrap();
        assert_eq!(printed(&console.stdout(), ended.code()), theirs(&other, &args), "find {line}");
        let left = |folder: &Path| theirs(folder, &[]);
        assert_eq!(left(&one), left(&other), "find {line}");
    }
}
