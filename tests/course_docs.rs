//! docs/course.md says what is so: its code stands in the files it names, its commands print what it shows,
//! and no program of the course is left out.

mod common;

use common::page::{Block, assert_links_lead_somewhere, blocks, read};
use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use yieldix::syscalls::Group;
use yieldix_userland::PROGRAMS;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn page() -> String {
    read("docs/course.md")
}

/// The file that the last link above names.
fn origin<'a>(block: &Block<'a>) -> &'a str {
    let link = block.above.rsplit("](../").next().and_then(|rest| rest.split(')').next());
    link.filter(|path| path.ends_with(".rs")).unwrap_or_else(|| panic!("no origin:\n{}", block.text))
}

#[test]
fn its_code_stands_in_the_files_that_it_names() {
    let page = page();
    let mut count = 0;
    for block in blocks(&page).into_iter().filter(|block| block.fence == "rust") {
        let origin = origin(&block);
        assert!(read(origin).contains(block.text), "this does not stand in {origin}:\n{}", block.text);
        count += 1;
    }
    assert!(count > 10, "{count} blocks of code");
}

/// The example, built beside the command: cargo does that by itself only when it runs all tests.
fn example(name: &str) -> PathBuf {
    let profile = Path::new(env!("CARGO_BIN_EXE_yieldix")).parent().expect("a folder");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--example", name, "--target-dir"])
        .arg(profile.parent().expect("the target folder"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.expect("there is cargo").success(), "{name} does not build");
    profile.join("examples").join(name)
}

/// What a command prints; of one that does not end, as much as was expected.
fn printed(command: &str, expected: &str) -> String {
    let mut command = command.to_owned();
    for name in ["pipeline", "alerts"] {
        let run = format!("cargo run -q --example {name} --");
        if command.contains(&run) {
            command = command.replace(&run, &example(name).to_string_lossy());
        }
    }
    let command = command.replace("yieldix ", &format!("{} ", env!("CARGO_BIN_EXE_yieldix")));
    let ends = !expected.ends_with("…\n");
    // In its place, so that what is killed is the machine and not a shell before it.
    let command = if ends { command } else { format!("exec {command}") };
    let mut child = Command::new("sh")
        .args(["-eu", "-c", &command])
        .env(common::REFUSE_LINTS.0, common::REFUSE_LINTS.1)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("there is a shell");
    let mut stdout = child.stdout.take().expect("it is piped");
    let mut text = Vec::new();
    if ends {
        stdout.read_to_end(&mut text).expect("it prints");
        assert!(child.wait().expect("it is our child").success(), "{command}");
    } else {
        text.resize(expected.len() - "…\n".len(), 0);
        stdout.read_exact(&mut text).expect("it prints so much");
        text.extend("…\n".as_bytes());
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
    }
    String::from_utf8(text).expect("what is printed is text")
}

#[test]
fn its_commands_print_what_it_shows() {
    let page = page();
    let mut count = 0;
    for block in blocks(&page).into_iter().filter(|block| block.fence == "text") {
        let Some((command, expected)) = block.text.strip_prefix("$ ").and_then(|text| text.split_once('\n')) else {
            continue;
        };
        assert_eq!(printed(command, expected), expected, "{command}");
        count += 1;
    }
    assert!(count > 10, "{count} commands");
}

#[test]
fn it_names_every_program_of_the_course() {
    let page = page();
    for program in PROGRAMS.iter().filter(|program| matches!(program.group, Group::Course(_))) {
        let name = program.name;
        let is_named = page.contains(&format!("`{name}`")) || page.contains(&format!("$ yieldix run {name}\n"));
        assert!(is_named, "{name} is not in docs/course.md");
    }
}

#[test]
fn it_has_every_exercise() {
    let page = page();
    for part in fs::read_dir(Path::new(ROOT).join("exercises/src")).expect("there are exercises") {
        let name = part.expect("it is read").file_name().into_string().expect("text");
        let Some(part) = name.strip_suffix(".rs").filter(|name| *name != "lib") else { continue };
        assert!(page.contains(&format!("--test {part}\n")), "{part} is not in docs/course.md");
        let section = page.split("### Exercises").find(|section| section.contains(&format!("--test {part}\n")));
        for line in read(&format!("exercises/src/{name}")).lines() {
            let Some(function) = line.strip_prefix("pub fn ").and_then(|rest| rest.split(['(', '<']).next()) else {
                continue;
            };
            let is_named = section.is_some_and(|section| section.contains(&format!("`{function}`")));
            assert!(is_named, "{function} of {part} is not in its section");
        }
    }
}

#[test]
fn its_links_lead_somewhere() {
    assert_links_lead_somewhere(&page(), "docs");
}
