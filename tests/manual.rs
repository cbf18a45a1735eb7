//! The manual pages in docs/ that are made from the tables say what the tables say.

use std::{fs, path::Path, process::Command};

#[track_caller]
fn assert_is_made_by(page: &str, command: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_yieldix")).args([command, "--markdown"]).output().unwrap();
    assert!(output.status.success());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let written = fs::read_to_string(&path).unwrap_or_default();
    let made = String::from_utf8(output.stdout).unwrap();
    assert!(written == made, "{page} is out of date; run: cargo run --quiet -- {command} --markdown > {page}");
}

#[test]
fn the_manual_of_calls_is_the_table_of_calls() {
    assert_is_made_by("docs/syscalls.md", "syscalls");
}

#[test]
fn the_manual_of_events_is_the_table_of_events() {
    assert_is_made_by("docs/tracing.md", "events");
}

/// A line without its places in source files, which move with every edit.
fn unplaced(line: &str) -> String {
    let is_place = |c: char| c.is_ascii_digit() || c == ':';
    let mut parts = line.trim().split(".rs:");
    let head = parts.next().unwrap_or_default().to_owned();
    parts.fold(head, |line, part| line + ".rs:" + part.trim_start_matches(is_place))
}

/// Each line of an excerpt stands in what its command says now, in the same order.
#[test]
fn the_excerpts_of_the_log_are_what_the_machine_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tracing.md");
    let page = fs::read_to_string(path).unwrap();
    let mut excerpts = 0;
    for block in page.split("```text\n$ yieldix ").skip(1) {
        let block = block.split("```").next().unwrap();
        let (command, lines) = block.split_once('\n').unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_yieldix")).args(command.split(' ')).output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        let mut said = log.lines().map(unplaced);
        for line in lines.lines() {
            assert!(said.any(|said| said == unplaced(line)), "{command:?} does not say, or not there: {line}\n{log}");
        }
        excerpts += 1;
    }
    assert_eq!(excerpts, 4);
}

/// The code map names every source file of the four packages.
#[test]
fn the_code_map_names_every_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    for package in ["syscalls/src", "kernel/src", "userland/src", "src"] {
        let section = page.split(&format!("### {package}: ")).nth(1).expect(package);
        let section = section.split("\n##").next().unwrap();
        let mut listed: Vec<&str> =
            section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
        for file in files(&root.join(package), "") {
            let is_named = listed.contains(&file.as_str());
            let is_in_named_folder = listed.iter().any(|name| name.ends_with('/') && file.starts_with(name));
            assert!(is_named || is_in_named_folder, "{package}: {file} is not in the code map");
        }
        listed.retain(|name| !root.join(package).join(name).exists());
        assert!(listed.is_empty(), "{package}: the code map names {listed:?}");
    }
}

/// Source files below `folder`, without those of unit tests.
fn files(folder: &Path, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.file_type().unwrap().is_dir() {
            if name != "tests" {
                found.extend(files(&entry.path(), &format!("{prefix}{name}/")));
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(format!("{prefix}{name}"));
        }
    }
    found
}
