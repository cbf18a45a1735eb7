//! A crate of somebody else's, outside this repository, made as the README says, boots its own tasks
//! and programs with the machine's library and nothing more.

use std::{
    env, fs,
    io::Write,
    os::unix::fs::symlink,
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
    let ended = Machine::new().programs(PROGRAMS).program(program, words).boot().expect("it boots");
    std::process::exit(ended.code());
}
"#;

/// A folder outside the repository, removed at the end.
struct Outside(PathBuf);

impl Outside {
    fn new() -> Outside {
        let folder = env::temp_dir().join(format!("yieldix-outside-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Outside(folder)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What the README has between such a fence and the next, in its section about this.
fn recipe(fence: &str) -> String {
    let page = fs::read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    let section = page.split("## A machine of one's own\n").nth(1).expect("the section");
    section.split(fence).nth(1).and_then(|rest| rest.split("```").next()).expect(fence).to_owned()
}

fn assert_succeeds(command: &mut Command) {
    // Built once, and again only when the machine has changed.
    command.env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/outside-crate"));
    let output = command.env("CARGO_NET_OFFLINE", "true").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !errors.contains("warning"), "{command:?}: {errors}");
}

/// The binaries of the crate.
static BUILT: LazyLock<()> = LazyLock::new(|| {
    let outside = Outside::new();
    symlink(REPOSITORY, outside.0.join("yieldix")).unwrap();
    assert_succeeds(Command::new("sh").args(["-eu", "-c", &recipe("```sh\n")]).current_dir(&outside.0));
    let guest = outside.0.join("guest");
    fs::write(guest.join("src/main.rs"), recipe("```rust,no_run\n")).unwrap();
    fs::create_dir(guest.join("src/bin")).unwrap();
    fs::write(guest.join("src/bin/table.rs"), TABLE).unwrap();
    for (folder, names) in [("examples", &["pipeline", "alerts"][..]), ("tests/tries", &["numbers", "words", "counts"])]
    {
        for name in names {
            let source = Path::new(REPOSITORY).join(folder).join(name).with_extension("rs");
            fs::copy(source, guest.join("src/bin").join(name).with_extension("rs")).unwrap();
        }
    }
    // The versions that were fetched to build this test are there without a network.
    fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), guest.join("Cargo.lock")).unwrap();
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    assert_succeeds(Command::new(cargo).arg("build").current_dir(&guest));
});

/// What a binary of the crate prints, on standard output and standard error, and how it ends.
fn run_with_errors(binary: &str, words: &[&str], input: &str) -> (String, String, Option<i32>) {
    LazyLock::force(&BUILT);
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside-crate/debug").join(binary);
    let mut command = Command::new(binary);
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
    assert!(errors.contains("errno=\"ENOENT\" line=\"src/bin/alerts.rs:"), "{errors}");
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
