//! A crate of somebody else's, outside this repository, boots its own programs with the machine's
//! library and nothing more.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

const MAIN: &str = r#"
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

fn cargo(folder: &Path, words: &[&str]) {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    let output = Command::new(cargo)
        .args(words)
        .current_dir(folder)
        // Built once, and again only when the machine has changed.
        .env("CARGO_TARGET_DIR", concat!(env!("CARGO_TARGET_TMPDIR"), "/outside-crate"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_new_crate_boots_its_own_programs() {
    let outside = Outside::new();
    cargo(&outside.0, &["new", "--vcs", "none", "guest"]);
    let guest = outside.0.join("guest");
    cargo(&guest, &["add", "--offline", "--path", REPOSITORY]);
    fs::write(guest.join("src/main.rs"), MAIN).unwrap();
    // The versions that were fetched to build this test are there without a network.
    fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), guest.join("Cargo.lock")).unwrap();
    cargo(&guest, &["build", "--offline"]);

    let run = |words: &[&str]| {
        let binary = concat!(env!("CARGO_TARGET_TMPDIR"), "/outside-crate/debug/guest");
        let output = Command::new(binary).args(words).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        (String::from_utf8(output.stdout).unwrap(), output.status.code())
    };
    assert_eq!(run(&["greet", "moon", "mars"]), ("hello, moon\nhello, mars\n".to_owned(), Some(0)));
    let twice = "hello, first\ngreet exited with 0\nhello, second\ngreet exited with 0\n";
    assert_eq!(run(&["both"]), (twice.to_owned(), Some(7)));
}
