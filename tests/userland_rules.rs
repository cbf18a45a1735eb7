//! `scripts/userland-rules` lets our own userland pass, and nothing that breaks a rule.

#![cfg(target_os = "linux")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/userland-rules");

/// Checks the crate in `directory`; what is built is kept apart from cargo's own, which runs now. What
/// `common::compiler` lets be judged depends on the same.
fn check(directory: &Path) -> Output {
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/judged");
    Command::new(SCRIPT).arg(directory).env("CARGO_TARGET_DIR", target).output().unwrap()
}

/// A crate of this name with this text, and what its manifest says beside.
fn write_crate(name: &str, text: &str, manifest: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("userland-rules-crates").join(name);
    fs::create_dir_all(directory.join("src")).unwrap();
    let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n");
    fs::write(directory.join("Cargo.toml"), head + manifest).unwrap();
    fs::write(directory.join("src/lib.rs"), text).unwrap();
    directory
}

/// A crate that is as it must be, but for this line.
fn crate_with(name: &str, line: &str) -> PathBuf {
    write_crate(
        name,
        &format!("#![no_std]\n#![forbid(unsafe_code)]\n#![allow(dead_code)]\nextern crate alloc;\n{line}\n"),
        "",
    )
}

#[track_caller]
fn assert_refused(directory: &Path, because: &str) {
    let output = check(directory);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{} passed", directory.display());
    assert!(told.contains(because), "refused, but not because of {because:?}: {told}");
}

#[test]
fn our_userland_passes() {
    let output = check(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/userland")));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_crate_that_asks_for_std_is_refused() {
    let directory = crate_with("asks_for_std", "extern crate std;");
    assert_refused(&directory, "linked with std");
}

#[test]
fn a_crate_whose_dependency_uses_std_is_refused() {
    write_crate("uses_std", "pub fn now() -> std::time::Instant { std::time::Instant::now() }", "");
    let text = "#![no_std]\n#![forbid(unsafe_code)]\npub use uses_std::now;\n";
    let directory = write_crate("depends_on_std", text, "[dependencies]\nuses_std = { path = \"../uses_std\" }\n");
    assert_refused(&directory, "linked with std");
}

#[test]
fn a_crate_that_may_be_unsafe_is_refused() {
    assert_refused(&write_crate("may_be_unsafe", "#![no_std]\n", ""), "unsafe");
}

#[test]
fn what_depends_on_addresses_or_is_shared_is_refused() {
    let lines = [
        ("formats", "pub fn f(x: &u8) -> alloc::string::String { alloc::format!(\"{x:p}\") }", "pointer formatting"),
        ("casts", "pub fn f(x: &u8) -> usize { x as *const u8 as usize }", "raw pointers"),
        ("coerces", "pub fn f(x: &u8) -> usize { let x: *const u8 = x; x.addr() }", "raw pointers"),
        ("casts_functions", "pub fn f() -> usize { f as usize }", "casting function pointer"),
        ("takes_pointers", "pub fn f(x: &[u8]) -> bool { x.as_ptr().is_null() }", "addresses differ"),
        (
            "shares",
            "pub static N: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);",
            "tasks share nothing",
        ),
    ];
    for (name, line, because) in lines {
        assert_refused(&crate_with(name, line), because);
    }
}
