//! What the compiler says of programs that it may refuse.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
    process::Command,
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

const MANIFEST: &str = r#"
[package]
name = "NAME"
version = "0.0.0"
edition = "2024"

# Not a member of the workspace in whose target folder it lies.
[workspace]

[dependencies]
yieldix-syscalls = { path = "ROOT/syscalls" }
yieldix-userland = { path = "ROOT/userland" }
"#;

/// What the compiler said, program by program.
#[derive(Debug, Default)]
pub struct Verdicts {
    pub accepted: BTreeSet<String>,
    pub refused: BTreeMap<String, Vec<Refusal>>,
    /// What cargo said beside.
    pub said: String,
}

/// An error of a program.
#[derive(Debug)]
pub struct Refusal {
    /// Empty for an error that has none.
    pub code: String,
    /// The message as it is printed.
    pub text: String,
}

impl Verdicts {
    /// The errors of a program that has one at least.
    #[track_caller]
    pub fn errors(&self, program: &str) -> &[Refusal] {
        self.refused.get(program).unwrap_or_else(|| panic!("{program} is not refused\n{}", self.said))
    }
}

/// Checks every program in these folders, by one run of cargo: they are the examples of a package that is
/// made for it.
pub fn compile(name: &str, folders: &[&str]) -> io::Result<Verdicts> {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let examples = package.join("examples");
    if examples.exists() {
        fs::remove_dir_all(&examples)?;
    }
    fs::create_dir_all(&examples)?;
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("src/lib.rs"), "")?;
    fs::write(package.join("Cargo.toml"), MANIFEST.replace("NAME", name).replace("ROOT", ROOT))?;
    // The same versions as here, so that nothing has to be fetched.
    fs::copy(Path::new(ROOT).join("Cargo.lock"), package.join("Cargo.lock"))?;
    for folder in folders {
        for program in fs::read_dir(Path::new(ROOT).join(folder))? {
            let program = program?;
            fs::copy(program.path(), examples.join(program.file_name()))?;
        }
    }
    // What they depend on is compiled once for all such packages, and for what `scripts/userland-rules` judges.
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--examples", "--keep-going", "--message-format=json"])
        .arg("--target-dir")
        .arg(Path::new(env!("CARGO_TARGET_TMPDIR")).join("judged/userland-rules"))
        .current_dir(&package)
        .env_remove("RUSTFLAGS")
        .output()?;
    let mut verdicts = Verdicts { said: String::from_utf8_lossy(&output.stderr).into_owned(), ..Verdicts::default() };
    for line in output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let said: Value = serde_json::from_slice(line)?;
        let text = |pointer| said.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        if text("/target/kind/0") != "example" {
            continue;
        }
        let program = text("/target/name");
        if text("/reason") == "compiler-artifact" {
            verdicts.accepted.insert(program);
        } else if text("/message/level") == "error" {
            let refusal = Refusal { code: text("/message/code/code"), text: text("/message/rendered") };
            verdicts.refused.entry(program).or_default().push(refusal);
        }
    }
    Ok(verdicts)
}
