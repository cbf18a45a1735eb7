//! Two of each tool: ours in a simulated world, and Debian's, on the same files and in the same order.
//!
//! The files lie in a folder `w`, which both name alike: ours from its root, Debian's from the folder above.

#![allow(dead_code, reason = "each test crate uses its own part of this")]

pub mod corpus;
pub mod random;
pub mod tree;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use yieldix::{Console, Machine, MemoryConsole, MemoryFolder};
use yieldix_userland::PROGRAMS;

/// A tool, its arguments, and what it reads.
#[derive(Clone, Debug)]
pub struct Case {
    pub tool: &'static str,
    pub args: Vec<String>,
    pub input: Vec<u8>,
}

impl Case {
    pub fn new(tool: &'static str, args: impl IntoIterator<Item = impl Into<String>>) -> Case {
        Case { tool, args: args.into_iter().map(Into::into).collect(), input: Vec::new() }
    }

    pub fn reading(mut self, input: impl Into<Vec<u8>>) -> Case {
        self.input = input.into();
        self
    }

    /// As it is typed.
    pub fn line(&self) -> String {
        let args = self.args.iter().map(|arg| quoted(arg));
        std::iter::once(self.tool.to_owned()).chain(args).collect::<Vec<_>>().join(" ")
    }
}

/// What a tool has written, and its exit code.
#[derive(Debug, PartialEq)]
pub struct Printed {
    pub output: Vec<u8>,
    pub code: i32,
    /// Files that it has made, which are all called `made` and something.
    pub made: Vec<Option<Vec<u8>>>,
}

/// Names under which a case may write.
pub const MADE: [&str; 2] = ["made1", "made2"];

/// As a shell reads it.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A machine that runs ours, and what it will have printed; its files are still to be mounted.
pub fn machine(case: &Case) -> (Machine, MemoryConsole) {
    let console = MemoryConsole::new().input(&case.input);
    let machine = crate::common::machine()
        .programs(PROGRAMS)
        .program(case.tool, case.args.iter().map(String::as_str))
        .checked(false)
        .console(Console::Memory(console.clone()));
    (machine, console)
}

/// Runs ours.
fn ours(case: &Case, folder: &MemoryFolder) -> Printed {
    for name in MADE {
        let _ = folder.remove(name);
    }
    let (machine, console) = machine(case);
    let ended = machine.simulate(7).mount(folder.clone(), "/w", false).boot().expect("the machine boots");
    let made = MADE.map(|name| folder.read(name).ok()).into();
    Printed { output: console.stdout(), code: ended.code(), made }
}

/// Runs Debian's, all in one shell. The folder above the files is left as it was.
pub fn debians(cases: &[Case], above: &Path) -> Vec<Printed> {
    let results = above.join("results");
    let _ = fs::remove_dir_all(&results);
    fs::create_dir_all(&results).unwrap();
    let mut script = String::new();
    for (number, case) in cases.iter().enumerate() {
        fs::write(results.join(format!("{number}.in")), &case.input).unwrap();
        let words = case.line();
        // The shell's own echo is the one that ours is like.
        let command = if case.tool == "echo" { words } else { format!("/usr/bin/{words}") };
        let at = format!("results/{number}");
        writeln!(script, "rm -f w/made*; cat {at}.in | {command} >{at}.out 2>/dev/null; echo $? >{at}.code").unwrap();
        for made in MADE {
            writeln!(script, "[ ! -e w/{made} ] || mv w/{made} {at}.{made}").unwrap();
        }
    }
    let script_path = results.join("script");
    fs::write(&script_path, script).unwrap();
    let status = Command::new("dash").arg(&script_path).current_dir(above).env("LC_ALL", "C").status().unwrap();
    assert!(status.success());
    let printed = |number| {
        let file = |end: &str| fs::read(results.join(format!("{number}.{end}")));
        let code = String::from_utf8(file("code").unwrap()).unwrap().trim().parse().unwrap();
        let made = MADE.map(|name| file(name).ok()).into();
        Printed { output: file("out").unwrap(), code, made }
    };
    (0..cases.len()).map(printed).collect()
}

/// The namesakes are there and GNU's, and so is the shell.
pub fn has_namesakes() -> bool {
    let is_gnu = |tool: &str| {
        let version = Command::new(tool).arg("--version").output();
        version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU"))
    };
    let has_all =
        is_gnu("/usr/bin/sort") && is_gnu("/usr/bin/grep") && Command::new("dash").args(["-c", ":"]).output().is_ok();
    if !has_all {
        eprintln!("skipped: no dash, or the tools of this host are not GNU's");
    }
    has_all
}

/// Fails unless both print the same for every case, and leave the same files.
pub fn assert_alike(name: &str, cases: &[Case]) {
    if !has_namesakes() {
        return;
    }
    let above = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tools").join(name);
    let _ = fs::remove_dir_all(&above);
    fs::create_dir_all(above.join("w/folder")).unwrap();
    let folder = MemoryFolder::new();
    folder.make_directory("folder").unwrap();
    for (name, bytes) in corpus::files() {
        fs::write(above.join("w").join(name), &bytes).unwrap();
        folder.write(name, &bytes).unwrap();
    }
    let theirs = debians(cases, &above);
    let mut differences = Vec::new();
    for (case, theirs) in cases.iter().zip(theirs) {
        let ours = ours(case, &folder);
        if ours != theirs {
            differences.push(describe(case, &ours, &theirs));
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} differ; the first:\n{}",
        differences.len(),
        cases.len(),
        differences[..differences.len().min(8)].join("\n")
    );
}

pub fn describe(case: &Case, ours: &Printed, theirs: &Printed) -> String {
    let at = ours.output.iter().zip(&theirs.output).take_while(|(one, other)| one == other).count();
    let from = at.saturating_sub(20);
    let shown = |bytes: &[u8]| {
        bytes[from.min(bytes.len())..].iter().take(120).copied().collect::<Vec<_>>().escape_ascii().to_string()
    };
    let input = case.input.iter().take(200).copied().collect::<Vec<_>>().escape_ascii().to_string();
    format!(
        "{}\n  reading \"{input}\"\n  ours   {} from {from}: \"{}\"\n  theirs {} from {from}: \"{}\"{}",
        case.line(),
        ours.code,
        shown(&ours.output),
        theirs.code,
        shown(&theirs.output),
        if ours.made == theirs.made { "" } else { "\n  and files" }
    )
}
