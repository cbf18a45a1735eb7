//! Two shells: ours in a process of its own, and dash, each in an empty folder and an empty environment.

pub mod grammar;

use crate::common::{REFUSE_LINTS, fed, yieldix};
use std::{
    os::unix::process::ExitStatusExt,
    process::{Command, Output},
    sync::atomic::{AtomicUsize, Ordering},
};

/// Runs a command with this input, in an environment of nothing else than ours has to know.
fn run(command: &mut Command, input: &str) -> Output {
    let (name, value) = REFUSE_LINTS;
    fed(command.env_clear().env(name, value), input.as_bytes())
}

/// A shell of ours, in an empty folder in memory.
pub fn ours(words: &[&str], input: &str) -> Output {
    let enter = ["run", "sh", "-c", "mkdir /empty && cd /empty && exec sh \"$@\"", "sh"];
    run(yieldix().args(enter).args(words), input)
}

/// dash, in an empty folder; nothing where there is none to compare with.
pub fn dash(words: &[&str], input: &str) -> Option<Output> {
    static FOLDERS: AtomicUsize = AtomicUsize::new(0);
    let path = ["/usr/bin/dash", "/bin/dash"].into_iter().find(|path| std::path::Path::new(path).exists())?;
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("yieldix-dash-{}-{number}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    // Its `sh` is a dash, whatever that of the host is.
    let sh = folder.with_extension("path");
    std::fs::create_dir(&sh).expect("a folder");
    std::os::unix::fs::symlink(path, sh.join("sh")).expect("a link");
    let programs = format!("PATH={}:/usr/bin:/bin", sh.display());
    // Who runs tests in the background may have them ignore keys.
    let mut command = Command::new("env");
    let output = run(
        command.args(["-i", "--default-signal", "LC_ALL=C", &programs, path]).args(words).current_dir(&folder),
        input,
    );
    for folder in [folder, sh] {
        std::fs::remove_dir_all(&folder).expect("a folder of ours");
    }
    Some(output)
}

/// Many scripts, each by a shell and in a folder of its own, all of them started by one, whose input `run` is given:
/// what each has printed, its status, and whether it has complained.
pub fn many(scripts: &[&str], run: impl FnOnce(&str) -> Option<Output>) -> Option<Vec<String>> {
    // No script says this.
    const MARK: &str = "\x1e";
    let mut driver = String::new();
    for (number, script) in scripts.iter().enumerate() {
        let quoted = script.replace('\'', "'\\''");
        driver += &format!(
            "mkdir {number}; cd {number}; sh -c '{quoted}' </dev/null 2>../err; echo \"[status $?]\"
            cd ..; [ ! -s err ] || echo '[complained]'; printf '{MARK}'\n"
        );
    }
    let output = run(&driver)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut results: Vec<_> = printed.split(MARK).map(str::to_owned).collect();
    assert_eq!(results.pop().as_deref(), Some(""), "{}", shown(&output));
    assert_eq!(results.len(), scripts.len(), "{}", shown(&output));
    Some(results)
}

/// As a shell has it that ran one: of a process that a signal has ended, too.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| 128 + output.status.signal().expect("a signal ended it"))
}

/// For people.
pub fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{:?} {:?} {:?}", code(output), text(&output.stdout), text(&output.stderr))
}
