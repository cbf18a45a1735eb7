//! What tools do with files that are missing, directories, read-only, too big or named too long, with options that do
//! not exist, and with nobody to read what they write: an errno by name on standard error, a status, nothing lost.

mod common;

use std::collections::BTreeSet;
use yieldix::{MemoryFolder, syscalls::Group};
use yieldix_userland::PROGRAMS;

/// Commands that read the file `{}`, and their exit codes when they cannot.
const READERS: &[(&str, i32)] = &[
    ("cat {}", 1),
    ("cmp {} /w/there", 2),
    ("comm {} /w/there", 1),
    ("comm /w/there {}", 1),
    ("cut -c1 {}", 1),
    ("fold {}", 1),
    ("grep there {}", 2),
    ("grep -f {} /w/there", 2),
    ("head {}", 1),
    ("head -c 1 {}", 1),
    ("head -n -1 {}", 1),
    ("nl {}", 1),
    ("od {}", 1),
    ("paste {}", 1),
    ("paste -s {}", 1),
    ("rev {}", 1),
    ("sed -f {} /w/there", 4),
    ("sort {}", 2),
    ("sort -c {}", 2),
    ("tac {}", 1),
    ("tail {}", 1),
    ("tail -c 1 {}", 1),
    ("tail -n +2 {}", 1),
    ("uniq {}", 1),
    ("wc {}", 1),
];

/// The same of commands to which a directory is as good as any file.
const TAKERS: &[(&str, i32)] = &[
    ("find {}", 1),
    ("ls {}", 2),
    ("stat {}", 1),
    ("rm {}", 1),
    ("rmdir {}", 1),
    ("cp {} /new", 1),
    ("mv {} /new", 1),
    ("touch -r {} /w/there", 1),
];

/// Commands that write `new` in the folder `{}` or change what is in it, and their exit codes when they cannot.
const WRITERS: &[(&str, i32)] = &[
    ("tee {}/new </w/there", 1),
    ("sort -o {}/new /w/there", 2),
    ("uniq /w/there {}/new", 1),
    ("cp /w/there {}/new", 1),
    ("mv /w/there {}/new", 1),
    ("mkdir {}/new", 1),
    ("mkdir -p {}/new/deep", 1),
    ("touch {}/new", 1),
];

/// What a script has written, said on standard error, and its exit code.
#[derive(Debug, PartialEq)]
struct Told {
    output: String,
    errors: String,
    code: i32,
}

fn folder() -> MemoryFolder {
    let folder = MemoryFolder::new();
    folder.write("there", "there\n").unwrap();
    folder.write("big", "a line of the big file\n".repeat(10_000)).unwrap();
    folder.write("numbers", (0..100_000).map(|number| format!("{number}\n")).collect::<String>()).unwrap();
    folder.make_directory("folder").unwrap();
    folder
}

/// Runs a script where `/w` is this folder, and so many bytes of files fit into memory.
fn run_in(script: &str, folder: &MemoryFolder, is_read_only: bool, ram_bytes: u64) -> Told {
    let machine = common::program("sh", &["-c", script]).mount(folder.clone(), "/w", is_read_only);
    let (ended, seen) = common::run(machine.ram_bytes(ram_bytes).checked(false));
    Told { output: seen.text(), errors: seen.errors(), code: ended.code() }
}

fn run(script: &str) -> Told {
    run_in(script, &folder(), true, 1 << 20)
}

fn tool_of(command: &str) -> &str {
    command.split(' ').next().unwrap()
}

/// Each of these commands, with this file, ends with its code and complains by its own name with the errno's.
#[track_caller]
fn complain(commands: &[(&str, i32)], file: &str, is_read_only: bool, errno: &str) {
    for (command, code) in commands {
        let command = command.replace("{}", file);
        let told = run_in(&command, &folder(), is_read_only, 1 << 20);
        assert_eq!(told.code, *code, "{command}: {told:?}");
        let start = format!("{}: ", tool_of(&command));
        assert!(told.errors.starts_with(&start), "{command}: {told:?}");
        assert!(told.errors.contains(&format!(": {errno}: ")), "{command}: {told:?}");
        assert_eq!(told.errors.lines().count(), 1, "{command}: {told:?}");
    }
}

#[test]
fn a_missing_file_is_told_by_its_name() {
    complain(READERS, "/w/missing", false, "ENOENT");
    let takers: Vec<_> = TAKERS.iter().filter(|(command, _)| tool_of(command) != "rmdir").copied().collect();
    complain(&takers, "/w/missing", false, "ENOENT");
    complain(&[("rmdir {}", 1)], "/missing", false, "ENOENT");
}

#[test]
fn a_directory_where_a_file_is_meant_is_told_by_its_name() {
    complain(READERS, "/w/folder", false, "EISDIR");
}

#[test]
fn a_file_where_a_directory_is_meant_is_told_by_its_name() {
    complain(READERS, "/w/there/file", false, "ENOTDIR");
    complain(WRITERS, "/w/there", false, "ENOTDIR");
}

#[test]
fn a_name_that_is_too_long_is_told() {
    let long = format!("/{}", "x".repeat(256));
    complain(READERS, &long, false, "ENAMETOOLONG");
    complain(TAKERS, &long, false, "ENAMETOOLONG");
    complain(WRITERS, &long, false, "ENAMETOOLONG");
}

#[test]
fn files_behind_one_that_cannot_be_read_are_read() {
    for tool in ["cat", "head", "tail", "wc", "cut -c1-", "grep there", "tac", "nl", "fold", "rev"] {
        let alone = run(&format!("{tool} /w/missing /w/there"));
        assert!(!alone.output.is_empty(), "{tool}: {alone:?}");
        assert_eq!(alone.errors.lines().count(), 1, "{tool}: {alone:?}");
        assert_ne!(alone.code, 0, "{tool}");
    }
    // Part of a whole in order is not what was asked for.
    assert_eq!(run("sort /w/missing /w/there").output, "");
}

#[test]
fn a_read_only_folder_stays_as_it_is() {
    complain(WRITERS, "/w", true, "EROFS");
    complain(
        &[("rm /w/there", 1), ("rmdir /w/folder", 1), ("rm -rf /w/folder", 1), ("touch /w/there", 1)],
        "",
        true,
        "EROFS",
    );
    let folder = folder();
    for (command, _) in WRITERS {
        run_in(&command.replace("{}", "/w"), &folder, true, 1 << 20);
    }
    let moved = run_in("mv /w/there /there", &folder, true, 1 << 20);
    assert_eq!((moved.code, moved.errors.contains("EROFS")), (1, true), "{moved:?}");
    assert_eq!(folder.read("there").unwrap(), b"there\n");
    assert!(folder.read("new").is_err());
}

#[test]
fn a_full_disk_is_told_nothing_is_lost_and_its_room_comes_back() {
    let commands = [
        ("tee /new </w/big", 1),
        ("sort -o /new /w/big", 2),
        ("cp /w/big /new", 1),
        ("mv /w/big /new", 1),
        ("cat /w/big >/new", 1),
        ("grep a /w/big >/new", 2),
        ("sort /w/big >/new", 2),
        ("tr a b </w/big >/new", 1),
        ("cut -c1-20 /w/big >/new", 1),
        ("seq 100000 >/new", 1),
        ("yes >/new", 1),
    ];
    for (command, code) in commands {
        let folder = folder();
        let script = format!("{command}; status=$?; rm /new; cp /w/there /again && exit $status");
        let told = run_in(&script, &folder, false, 100_000);
        assert_eq!(told.code, code, "{command}: {told:?}");
        let start = format!("{}: ", tool_of(command));
        assert!(told.errors.starts_with(&start) && told.errors.contains("ENOSPC"), "{command}: {told:?}");
        assert_eq!(told.errors.lines().count(), 1, "{command}: {told:?}");
        assert_eq!(folder.read("big").unwrap().len(), 230_000, "{command}");
    }
}

#[test]
fn who_writes_to_nobody_is_ended_by_the_signal_without_a_word() {
    let writers = [
        "cat /w/big",
        "cat -n /w/big",
        "comm /w/big /w/there",
        "cut -c1-20 /w/big",
        "fold -w 5 /w/big",
        "grep a /w/big",
        "head -n 9999 /w/big",
        "nl /w/big",
        "od /w/big",
        "paste /w/big /w/big",
        "rev /w/big",
        "seq 100000",
        "sort /w/big",
        "tac /w/big",
        "tail -n 9999 /w/big",
        "tee /dev/null </w/big",
        "tr a b </w/big",
        "uniq /w/numbers",
        "yes",
    ];
    for writer in writers {
        let told = run(&format!("{{ {writer}; echo $? >&2; }} | head -n 1"));
        assert_eq!((told.errors.as_str(), told.code), ("141\n", 0), "{writer}: {told:?}");
        assert_eq!(told.output.lines().count(), 1, "{writer}");
    }
}

#[test]
fn an_option_that_does_not_exist_is_refused_by_its_name() {
    // To these it is a word as any other.
    let takes_words = ["echo", "host", "printf", "test", "[", "true", "false"];
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        let name = program.name;
        if takes_words.contains(&name) {
            continue;
        }
        // By env, since some of them are the shell's own as well.
        let told = run(&format!("env {name} --nosuch"));
        let start = format!("{name}: unknown option --nosuch\nusage: {name}");
        assert!(told.errors.starts_with(&start), "{name}: {told:?}");
        let code = match name {
            "env" => 125,
            // Tools that Debian has not, or not from GNU.
            "cmp" | "grep" | "ls" | "sort" | "clear" | "course" | "hello" | "nc" | "time" | "which" => 2,
            _ => 1,
        };
        assert_eq!((told.code, told.output.as_str()), (code, ""), "{name}");
    }
}

#[test]
fn every_tool_that_names_a_file_in_its_usage_is_among_these() {
    let tried: BTreeSet<&str> =
        [READERS, TAKERS, WRITERS].concat().into_iter().map(|(command, _)| tool_of(command)).collect();
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        let has_file = ["FILE", "FROM", "DIRECTORY..."].iter().any(|word| program.usage.contains(word));
        assert!(!has_file || tried.contains(program.name), "{} is not tried with bad files", program.name);
    }
}

#[test]
fn a_back_reference_is_an_error_by_name() {
    let told = run("grep '\\(a\\)\\1' /w/there");
    assert_eq!(told.errors, "grep: \\\\(a\\\\)\\\\1: back-references are not supported\n");
    assert_eq!(told.code, 2);
}
