//! The tools for files do with real files, and print, what Debian's do; where there are none of those, this says so.

#![cfg(target_os = "linux")]

mod common;

use common::folder::contents;
use std::{
    fs,
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, SystemTime},
};

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("file_tools").join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The files that each case begins with.
fn populate(folder: &Path) {
    let at = |name: &str| folder.join(name);
    for directory in ["d/e/f", "empty", ".hidden", "target"] {
        fs::create_dir_all(at(directory)).unwrap();
    }
    let files = [
        ("a", "one\n"),
        ("b", "two two\n"),
        ("c c", ""),
        ("d/x", "x"),
        ("d/e/y", "yy"),
        ("d/e/f/z", "z\0\n"),
        ("é", "e"),
    ];
    for (number, (name, text)) in (1..).zip(files) {
        fs::write(at(name), text).unwrap();
        let changed = SystemTime::UNIX_EPOCH + Duration::from_secs(1_237_971_600 + 86_400 * number);
        fs::File::options().write(true).open(at(name)).unwrap().set_modified(changed).unwrap();
    }
    fs::write(at("big"), vec![b'x'; 300_000]).unwrap();
    fs::write(at(".dot"), "hidden").unwrap();
    symlink("a", at("link")).unwrap();
    symlink("d", at("linkd")).unwrap();
    symlink("nowhere", at("broken")).unwrap();
}

fn ours(folder: &Path, words: &[&str]) -> Output {
    let mount = format!("{}:/w", folder.display());
    let mut command = common::yieldix();
    command.args(["run", "--mount", &mount, "env", "-C", "/w"]).args(words).output().unwrap()
}

/// `None` where the host has no such tool of GNU's.
fn theirs(folder: &Path, words: &[&str]) -> Option<Output> {
    let (name, words) = words.split_first().unwrap();
    let program = Path::new("/usr/bin").join(name);
    let version = Command::new(&program).arg("--version").output().ok()?;
    let is_gnu = *name == "test" || String::from_utf8_lossy(&version.stdout).contains("GNU coreutils");
    if !is_gnu {
        return None;
    }
    let mut command = Command::new(program);
    command.arg0(name);
    // Options stand before operands, as POSIX has it.
    command.env_clear().envs([("LC_ALL", "C"), ("TZ", "UTC"), ("POSIXLY_CORRECT", "1"), ("TIME_STYLE", "locale")]);
    Some(command.current_dir(folder).args(words).output().unwrap())
}

fn told(output: &Output, folder: &Path) -> String {
    let out = String::from_utf8_lossy(&output.stdout);
    format!("code {:?}\n{out}\n{}", output.status.code(), contents(folder))
}

/// Has both do each of these, in folders that are equal before.
#[track_caller]
fn assert_same(name: &str, cases: &[&str]) {
    let mut skipped = 0;
    for (number, case) in cases.iter().enumerate() {
        let words: Vec<&str> = case.split(' ').map(|word| if word == "''" { "" } else { word }).collect();
        let [our_folder, their_folder] = ["ours", "theirs"].map(|whose| {
            let folder = folder(&format!("{name}/{number}/{whose}"));
            populate(&folder);
            folder
        });
        let Some(theirs) = theirs(&their_folder, &words) else {
            skipped += 1;
            continue;
        };
        let ours = ours(&our_folder, &words);
        assert_eq!(
            told(&ours, &our_folder),
            told(&theirs, &their_folder),
            "{case}\nours on standard error: {}\ntheirs: {}",
            String::from_utf8_lossy(&ours.stderr),
            String::from_utf8_lossy(&theirs.stderr)
        );
        assert_eq!(ours.stderr.is_empty(), theirs.stderr.is_empty(), "{case}: {:?} {:?}", ours.stderr, theirs.stderr);
    }
    if skipped > 0 {
        eprintln!("skipped {skipped} of {}: the host has no GNU coreutils", cases.len());
    }
}

#[test]
fn directories_are_made_and_removed_as_elsewhere() {
    let cases = [
        "mkdir new",
        "mkdir new/deep",
        "mkdir a",
        "mkdir d",
        "mkdir -p new/deep/er",
        "mkdir -p d/e",
        "mkdir -p a",
        "mkdir -p a/b",
        "mkdir -pv new/deep",
        "mkdir -v one two",
        "mkdir one a two",
        "mkdir -p one/../two",
        "mkdir ''",
        "mkdir linkd",
        "mkdir -p linkd/new",
        "rmdir empty",
        "rmdir d",
        "rmdir a",
        "rmdir none",
        "rmdir -p d/e/f",
        "rmdir -p empty/",
        "rmdir -v empty",
        "rmdir --ignore-fail-on-non-empty d empty",
        "rmdir empty d target",
        "rmdir linkd",
    ];
    assert_same("directories", &cases);
}

#[test]
fn files_are_removed_as_elsewhere() {
    let cases = [
        "rm a",
        "rm a b none big",
        "rm -f none a",
        "rm -f",
        "rm d",
        "rm -f d",
        "rm -d empty",
        "rm -d d",
        "rm -r d",
        "rm -rf d none empty a",
        "rm -r linkd",
        "rm link broken",
        "rm -rv empty",
        "rm -v a b",
        "rm -r .",
        "rm -rf d/..",
        "rm -r d/e/..",
        "rm a/b",
        "rm -f a/b",
        "rm -- a",
        "rm -R target d/e",
        "rm é",
        "rm a/",
        "rm -rf d/ linkd",
    ];
    assert_same("rm", &cases);
    // Ours only: elsewhere it would be the host's own root.
    let folder = folder("rm/root");
    populate(&folder);
    let before = contents(&folder);
    for root in ["/", "//", "/..", "/w/..", ".", "../.", "..", "d/../..", "d/.."] {
        let output = ours(&folder, &["rm", "-rf", root]);
        assert_eq!(output.status.code(), Some(1), "{root}");
        assert_eq!(contents(&folder), before, "{root}");
    }
}

/// Elsewhere the slash has it empty the directory that the link leads to.
#[test]
fn a_link_with_a_slash_behind_it_is_not_followed_into_what_is_not_to_be_removed() {
    let folder = folder("link_and_slash");
    populate(&folder);
    let before = contents(&folder);
    let output = ours(&folder, &["rm", "-r", "linkd/"]);
    assert_eq!((output.status.code(), contents(&folder)), (Some(1), before));
}

#[test]
fn files_are_copied_as_elsewhere() {
    let cases = [
        "cp a new",
        "cp a b",
        "cp a d",
        "cp a d/",
        "cp a none/new",
        "cp none new",
        "cp a b d",
        "cp a b big",
        "cp a b none",
        "cp d new",
        "cp -r d new",
        "cp -r d target",
        "cp -r d/e/ new",
        "cp -R d empty a target",
        "cp a a",
        "cp a d/../a",
        "cp link new",
        "cp broken new",
        "cp big new",
        "cp -n a b",
        "cp -v a new",
        "cp -p a new",
        "cp -rp d/e/f new",
        "cp -r d a",
        "cp -r linkd/ new",
        "cp a/ new",
    ];
    assert_same("cp", &cases);
}

#[test]
fn a_directory_is_not_copied_into_itself() {
    let folder = folder("into_itself");
    populate(&folder);
    let before = contents(&folder);
    for to in ["d", "d/new", "d/e", "d/../d/e/f", "."] {
        let output = ours(&folder, &["cp", "-r", "d", to]);
        assert_eq!((output.status.code(), contents(&folder)), (Some(1), before.clone()), "{to}");
    }
}

#[test]
fn files_are_moved_as_elsewhere() {
    let cases = [
        "mv a new",
        "mv a b",
        "mv a d",
        "mv a b d",
        "mv a b big",
        "mv none new",
        "mv d new",
        "mv d target",
        "mv d empty",
        "mv d d/e",
        "mv d a",
        "mv a d/e/f/z",
        "mv -n a b",
        "mv -n a new",
        "mv -v a new",
        "mv a a",
        "mv link new",
        "mv broken d",
        "mv empty target",
        "mv a none/new",
        "mv a/ new",
        "mv d/ new/",
    ];
    assert_same("mv", &cases);
}

#[test]
fn files_are_touched_as_elsewhere() {
    let cases = [
        "touch new",
        "touch -c new",
        "touch a new b",
        "touch -d @86400 a",
        "touch -d @86400 new",
        "touch -t 200903250900.05 a",
        "touch -t 0903250900 a",
        "touch -r b a new",
        "touch none/new",
        "touch -c none/new",
        "touch -r none new",
        "touch d",
        "touch -d 2009-03-25 d",
    ];
    assert_same("touch", &cases);
}

#[test]
fn directories_are_listed_as_elsewhere() {
    let cases = [
        "ls",
        "ls -a",
        "ls -A",
        "ls -r",
        "ls -R",
        "ls -aR d",
        "ls -1",
        "ls -C",
        "ls -F",
        "ls -p",
        "ls -d d a",
        "ls -d",
        "ls a b",
        "ls b a d empty",
        "ls none",
        "ls none a",
        "ls d none e",
        "ls -t a b é",
        "ls -tr d a b é d/x d/e/y",
        "ls -S a b big",
        "ls -Sr d/x d/e/y a b",
        "ls linkd",
        "ls -d linkd",
        "ls -F linkd",
        "ls broken",
        "ls d/",
        "ls -l a",
        "ls -l a big none",
        "ls -lr a b é",
        "ls -la none",
        "ls -Rr d",
        "ls a/",
        "ls linkd/",
        "ls -C d a b",
    ];
    // What ls -l says of the time depends on the day, and of the owner on the host.
    let long: Vec<&str> = cases.iter().filter(|case| !case.contains("-l")).copied().collect();
    assert_same("ls", &long);
}

#[test]
fn files_are_told_of_as_elsewhere() {
    let cases = [
        "stat -c %n:%s:%F:%Y a b é d/e/y",
        "stat -c %n-%F link linkd broken empty none",
        "stat -L -c %F link linkd broken",
        "stat -c %A-%a-%h a",
        "stat -c %y a",
        "stat -c %%%s c\u{a0}c a",
    ];
    assert_same("stat", &cases);
}

#[test]
fn conditions_are_judged_as_elsewhere() {
    let cases = [
        "test -e a",
        "test -e none",
        "test -f a",
        "test -f d",
        "test -d d",
        "test -d linkd",
        "test -L linkd",
        "test -h a",
        "test -s a",
        "test -s c",
        "test a -nt b",
        "test b -nt a",
        "test a -ot b",
        "test none -ot a",
        "test a -nt none",
        "test a -ef link",
        "test a -ef b",
        "test -f a -a -d d",
        "test -f none -o -d d",
        "test ! -f none",
        "test ( -f a )",
        "test ( -f a -a -f none ) -o -d d",
        "test ! ( -f none )",
        "test -n",
        "test -z ''",
        "test ''",
        "test",
        "test = = =",
        "test ! = !",
        "test -a = -a",
        "test x -a y",
        "test '' -o y",
        "test ! x -a y",
        "test ! '' -a y",
        "test 1 -eq 1 -a 2 -gt 1",
        "test 1 -eq x",
        "test 5 -lt 10",
        "test -5 -lt -4",
        "test a b",
        "test a = b c",
        "test ! ! x",
        "test ! ! ! x",
        "test ( x",
        "test -t 0",
        "test -x a",
        "test -x d",
        "test -r a -a -w a",
    ];
    assert_same("test", &cases);
}

#[test]
fn a_file_moves_from_one_mount_to_another() {
    let (from, to) = (folder("mounts/from"), folder("mounts/to"));
    populate(&from);
    fs::remove_file(from.join("d/x")).unwrap();
    let mounts = [&from, &to].map(|folder| folder.display().to_string());
    let mut command = common::yieldix();
    command.args(["run", "--mount", &format!("{}:/from", mounts[0]), "--mount", &format!("{}:/to", mounts[1])]);
    let output = command.args(["mv", "/from/d", "/from/a", "/to"]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
    assert!(!from.join("d").exists() && !from.join("a").exists());
    let arrived = contents(&to);
    assert!(arrived.contains("\"a\" 644 4 bytes \"one\\n\" of 1238058000"), "{arrived}");
    assert!(arrived.contains("\"d/e/f/z\" 644 3 bytes"), "{arrived}");
}
