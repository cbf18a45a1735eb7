//! A crate of somebody else's, outside this repository, made as the README says, boots its own tasks
//! and programs with the machine's library and nothing more.

mod common;

use common::{
    outside::{Outside, binary},
    page::{assert_links_lead_somewhere, blocks, read},
};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// A second binary of that crate, with a table of programs.
const TABLE: &str = r#"
#![feature(coroutines)]

use yieldix::Machine;
use yieldix::syscalls::{calls::*, *};

static PROGRAMS: &[Program] = &[
    Program::new("greet", Group::Other, "greets whom it is told to", greet).usage("NAME..."),
    Program::new("both", Group::Other, "runs greet twice and waits", both),
];

fn greet(names: Args) -> Task {
    task!({
        for name in names {
            trap!(yield write(Fd::STDOUT, format!("hello, {name}\n")))?;
        }
        Ok(())
    })
}

fn both(_: Args) -> Task {
    task!({
        for name in ["first", "second"] {
            let request = ProgramRequest { name: "greet".into(), args: vec![name.into()], options: Default::default() };
            let child = trap!(yield spawn_program(request))?;
            let status = trap!(yield wait(child))?;
            trap!(yield write(Fd::STDOUT, format!("greet {status}\n")))?;
        }
        trap!(yield exit(7))
    })
}

fn main() {
    let mut words = std::env::args().skip(1);
    let program = words.next().expect("a program");
    let machine = Machine::new().programs(PROGRAMS).program(program, words).refuse_lints();
    let ended = machine.boot().expect("it boots");
    std::process::exit(ended.code());
}
"#;

/// The program that docs/userland.md shows whole.
fn whole_program() -> String {
    let page = read("docs/userland.md");
    let mut programs = blocks(&page).into_iter().filter(|block| block.fence == "rust,no_run");
    let program = programs.next().expect("a whole program").text.to_owned();
    assert!(programs.next().is_none(), "there is one");
    program
}

/// The pieces of code of docs/userland.md: the first is what the others begin with, each in a module of its own.
fn pieces() -> String {
    let page = read("docs/userland.md");
    let all: Vec<&str> =
        blocks(&page).into_iter().filter(|block| block.fence == "rust").map(|block| block.text).collect();
    let (head, pieces) = all.split_first().expect("there are pieces");
    let (features, uses) = head.split_once('\n').expect("features, then what is used");
    assert!(features.starts_with("#![feature(") && pieces.len() > 30, "{features}, {} pieces", pieces.len());
    let mut text = format!("{features}\n#![allow(dead_code, unused_imports)]\nfn main() {{}}\n");
    for (number, piece) in pieces.iter().enumerate() {
        text += &format!("mod piece_{number} {{\n{uses}\n{piece}\n}}\n");
    }
    text
}

/// What the README has between such a fence and the next, in its section about this.
fn recipe(fence: &str) -> String {
    let page = fs::read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    let section = page.split("## A machine of one's own\n").nth(1).expect("the section");
    section.split(fence).nth(1).and_then(|rest| rest.split("```").next()).expect(fence).to_owned()
}

fn assert_succeeds(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("warning"), "{command:?}: {errors}");
}

/// The binaries of the crate.
static BUILT: LazyLock<()> = LazyLock::new(|| {
    let outside = Outside::new().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-eu", "-c", &recipe("```sh\n")]).current_dir(outside.folder());
    assert_succeeds(shell.env("CARGO_NET_OFFLINE", "true"));
    let guest = outside.folder().join("guest");
    fs::write(guest.join("src/main.rs"), recipe("```rust,no_run\n")).unwrap();
    fs::create_dir(guest.join("src/bin")).unwrap();
    fs::write(guest.join("src/bin/table.rs"), TABLE).unwrap();
    fs::write(guest.join("src/bin/commonest.rs"), whole_program()).unwrap();
    fs::write(guest.join("src/bin/pieces.rs"), pieces()).unwrap();
    for (folder, names) in [("examples", &["pipeline", "alerts"][..]), ("tests/tries", &["numbers", "words", "counts"])]
    {
        for name in names {
            let source = Path::new(REPOSITORY).join(folder).join(name).with_extension("rs");
            fs::copy(source, guest.join("src/bin").join(name).with_extension("rs")).unwrap();
        }
    }
    assert_succeeds(&mut outside.cargo("guest", &["build"]).unwrap());
    assert_succeeds(&mut outside.cargo("guest", &["test", "--quiet", "--bin", "pieces"]).unwrap());
});

/// What a binary of the crate prints, on standard output and standard error, and how it ends.
fn run_with_errors(binary: &str, words: &[&str], input: &str) -> (String, String, Option<i32>) {
    let mut command = Command::new(built(binary));
    command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that reads no input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

/// What one prints that has no errors to tell, and how it ends.
fn run(binary: &str, words: &[&str], input: &str) -> (String, Option<i32>) {
    let (printed, errors, code) = run_with_errors(binary, words, input);
    assert_eq!(errors, "");
    (printed, code)
}

#[test]
fn the_readmes_new_crate_does_what_it_says() {
    assert_eq!(run("guest", &[], "moon\nmars\n"), ("hello, moon\nhello, mars\n".to_owned(), Some(0)));
}

#[test]
fn a_new_crate_boots_programs_of_its_own() {
    let run = |words: &[&str]| run("table", words, "");
    assert_eq!(run(&["greet", "moon", "mars"]), ("hello, moon\nhello, mars\n".to_owned(), Some(0)));
    let twice = "hello, first\ngreet exited with 0\nhello, second\ngreet exited with 0\n";
    assert_eq!(run(&["both"]), (twice.to_owned(), Some(7)));
}

#[test]
fn the_courses_pipeline_is_a_new_crates_too() {
    let said = "1 one fish\n2 red fish\n2 in all\n".to_owned();
    assert_eq!(run("pipeline", &["fish"], "one fish\ntwo dogs\nred fish\n"), (said, Some(0)));
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let (printed, errors, code) = run_with_errors("alerts", &[REPOSITORY, "nosuch", "9"], "");
    assert_eq!((printed.as_str(), code), ("", Some(1)));
    assert!(errors.contains("1 watch_over failed with ENOENT at src/bin/alerts.rs:"), "{errors}");
}

/// What a newcomer who knows Python wrote after docs/course.md's first pages.
#[test]
fn a_newcomers_tries_do_what_they_should() {
    let input = "one fish\nred fish\n";
    assert_eq!(run("numbers", &[], "1\n2\n4\n"), ("6\n".to_owned(), Some(0)));
    assert_eq!(run("words", &[], input), ("fish\nfish\n".to_owned(), Some(0)));
    let said = "ONE\nFISH\nRED\nFISH\nfish: 2\none: 1\nred: 1\ndone\n".to_owned();
    assert_eq!(run("counts", &[], input), (said, Some(0)));
}

#[test]
fn a_newcomers_error_is_told() {
    let (printed, errors, code) = run_with_errors("numbers", &[], "1\ntwo\n");
    assert_eq!((printed.as_str(), code), ("", Some(1)));
    assert_eq!(errors, "numbers: invalid digit found in string\n");
}

/// A binary of the crate, which is there.
fn built(name: &str) -> PathBuf {
    LazyLock::force(&BUILT);
    binary(name)
}

/// Below `cargo run` stands what the crate's `main.rs` is on that page.
#[test]
fn the_whole_program_of_the_manual_prints_what_is_shown() {
    let page = read("docs/userland.md");
    let shown = blocks(&page).into_iter().find(|block| block.fence == "text").expect("a session").text;
    let run = format!("{} ", built("commonest").display());
    let mut printed = String::new();
    for command in shown.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let script = format!("({}) 2>&1", command.replace("cargo run -q -- ", &run));
        let output = Command::new("sh").args(["-c", &script]).stdin(Stdio::null()).output().unwrap();
        printed += &format!("$ {command}\n{}", String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(printed, shown);
}

#[test]
fn the_whole_program_of_the_manual_counts_files_beside_each_other_and_gives_up_in_time() {
    let licenses = ["LICENSE-MIT", "LICENSE-APACHE"].map(|name| format!("/here/{name}"));
    let counted = |words: &[&str], input: Stdio| {
        let mut command = Command::new(built("commonest"));
        let output = command.args(words).current_dir(REPOSITORY).stdin(input).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap(), output.status.code())
    };
    let text: String = ["LICENSE-MIT", "LICENSE-APACHE"].map(read).concat();
    let the = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| *word == "the").count();
    let words = ["-n1", &licenses[0], &licenses[1]];
    assert_eq!(counted(&words, Stdio::null()), (format!("{the} the\n"), String::new(), Some(0)));
    // Nobody types.
    let (silence, _kept) = std::io::pipe().unwrap();
    let late = "commonest: too slow: ETIMEDOUT: timed out\n".to_owned();
    assert_eq!(counted(&["--within", "20ms"], silence.into()), (String::new(), late, Some(1)));
}

/// Each module that a program can name has its section.
#[test]
fn the_manual_of_the_library_has_every_module() {
    let page = read("docs/userland.md");
    let library =
        page.split("## The library\n").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("it is there");
    let sections: Vec<&str> = library.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let lib = read("userland/src/lib.rs");
    let modules: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(sections, modules);
    for section in library.split("\n### ").skip(1) {
        assert!(section.contains("```rust\n"), "no example: {section}");
    }
    assert_links_lead_somewhere(&page, "docs");
}
