//! Goldens: what a program prints, to the letter, in `tests/goldens/`.

use std::{fs, path::Path, process::Command};

/// Names the golden tests that are to find every golden wrong.
const PLANTED: &str = "YIELDIX_TEST_WRONG_GOLDENS";

/// What `program` is to print.
#[track_caller]
pub fn golden(program: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/goldens/{program}.txt"));
    let mut text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.ends_with('\n'), "{} does not end with a newline", path.display());
    if std::env::var_os(PLANTED).is_some() {
        text.insert_str(text.len() - 1, &wrong(program));
    }
    text
}

/// What stands at the end of a wrong golden's last line.
fn wrong(program: &str) -> String {
    format!(" <{program} is wrong>")
}

/// Runs the other tests of this crate on goldens whose last lines are wrong: those of `programs` are each
/// found to be. The test that calls this is named `wrong_goldens_are_found`.
pub fn assert_wrong_goldens_are_found<'a>(programs: impl IntoIterator<Item = &'a str>) {
    let output = Command::new(std::env::current_exe().expect("it runs"))
        .args(["--skip", "wrong_goldens_are_found"])
        .env(PLANTED, "")
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("it runs again");
    let said = String::from_utf8_lossy(&output.stdout);
    let failures = said.split_once("\nfailures:\n").expect("tests fail").1;
    for program in programs {
        assert!(failures.contains(&wrong(program)), "no test fails when the golden of {program} is wrong");
    }
}
