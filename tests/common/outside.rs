//! Crates of somebody else's, outside this repository, which are built with the machine.
//!
//! All lie in one folder, whose name is the same each time: a package is known by its path, and a machine that lay
//! elsewhere would be built anew for each of them, and in each run.

use std::{
    env,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

const REPOSITORY: &str = env!("CARGO_MANIFEST_DIR");

/// The folder, in which this repository is `yieldix`. Nobody else's while this is; removed at the end.
pub struct Outside {
    folder: PathBuf,
    _lock: File,
}

impl Outside {
    /// Waits for whoever builds such crates from the same checkout.
    pub fn new() -> io::Result<Outside> {
        let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside.lock"))?;
        lock.lock()?;
        let mut hasher = DefaultHasher::new();
        REPOSITORY.hash(&mut hasher);
        let folder = env::temp_dir().join(format!("yieldix-outside-{:016x}", hasher.finish()));
        // Of one who was killed.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir(&folder)?;
        symlink(REPOSITORY, folder.join("yieldix"))?;
        Ok(Outside { folder, _lock: lock })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command of cargo for the crate of that name. The versions that were fetched to build this test are there
    /// without a network.
    pub fn cargo(&self, name: &str, words: &[&str]) -> io::Result<Command> {
        let package = self.folder.join(name);
        fs::copy(Path::new(REPOSITORY).join("Cargo.lock"), package.join("Cargo.lock"))?;
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(words).arg("--offline").current_dir(package).env_remove("RUSTFLAGS");
        // What others wrote was built there to build this test.
        cargo.arg("--target-dir").arg(target());
        Ok(cargo)
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Where a binary of such a crate is, once it is built.
pub fn binary(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// The folder in which this test was built.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target folder")
}
