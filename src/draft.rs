//! A file that is not there before it is whole.
//!
//! It is written under another name in the folder of its place, and given its own when it is finished. So a failure
//! leaves at that place what was there, and nothing beside it.

use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    process,
};

/// How many names are tried for what is not finished.
const NAMES: u32 = 1000;

/// A file that is being made.
#[derive(Debug)]
pub struct Draft {
    file: File,
    /// Its name until it is finished, and its place. None when its place is no file that could be replaced: a device, a
    /// pipe.
    renamed: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    /// Begins the file that is to be at `place`; a link there goes on leading to it.
    ///
    /// Errors: those of the host; what is there and cannot be written cannot be replaced either.
    pub fn at(place: &Path) -> io::Result<Draft> {
        let there = match File::options().write(true).open(place) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Draft::beside(place),
            Err(error) => return Err(error),
        };
        let info = there.metadata()?;
        if !info.is_file() {
            return Ok(Draft { file: there, renamed: None });
        }
        let draft = Draft::beside(&fs::canonicalize(place)?)?;
        draft.file.set_permissions(info.permissions())?;
        Ok(draft)
    }

    fn beside(place: &Path) -> io::Result<Draft> {
        let mut refused = io::Error::from(ErrorKind::AlreadyExists);
        for number in 0..NAMES {
            let name = place.with_file_name(format!(".yieldix-{}-{number}", process::id()));
            match File::create_new(&name) {
                Ok(file) => return Ok(Draft { file, renamed: Some((name, place.to_owned())) }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => refused = error,
                Err(error) => return Err(error),
            }
        }
        Err(refused)
    }

    /// Puts it at its place. Dropped without, it is gone.
    ///
    /// Errors: those of the host.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        if let Some((name, place)) = &self.renamed {
            fs::rename(name, place)?;
            self.renamed = None;
        }
        Ok(())
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some((name, _)) = &self.renamed {
            // Who could be told has been told of something worse.
            let _ = fs::remove_file(name);
        }
    }
}

/// Is what is at `place` this file, be it by another name or a link?
#[cfg(unix)]
pub fn is_same_file(file: &Metadata, _path: &Path, place: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(place).is_ok_and(|there| (there.dev(), there.ino()) == (file.dev(), file.ino()))
}

/// Is what is at `place` the file of that path, be it by a link?
#[cfg(not(unix))]
pub fn is_same_file(_file: &Metadata, path: &Path, place: &Path) -> bool {
    matches!((fs::canonicalize(path), fs::canonicalize(place)), (Ok(path), Ok(place)) if path == place)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, which is empty.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("yieldix-draft-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        folder
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_not_finished_leaves_what_was_there_and_nothing_beside_it() {
        let folder = folder("left");
        let place = folder.join("place");
        for before in [None, Some("before")] {
            if let Some(text) = before {
                fs::write(&place, text).unwrap();
            }
            let mut draft = Draft::at(&place).unwrap();
            draft.write_all(b"half").unwrap();
            drop(draft);
            assert_eq!(fs::read_to_string(&place).ok().as_deref(), before);
            assert_eq!(names(&folder).len(), usize::from(before.is_some()));
        }
        let mut draft = Draft::at(&place).unwrap();
        draft.write_all(b"whole").unwrap();
        draft.finish().unwrap();
        assert_eq!((fs::read_to_string(&place).unwrap(), names(&folder)), ("whole".into(), vec!["place".into()]));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    #[cfg(unix)]
    fn a_link_stays_a_link_and_a_device_a_device() {
        let folder = folder("link");
        let (place, link) = (folder.join("place"), folder.join("link"));
        fs::write(&place, "before").unwrap();
        std::os::unix::fs::symlink("place", &link).unwrap();
        let mut draft = Draft::at(&link).unwrap();
        draft.write_all(b"after").unwrap();
        draft.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&place).unwrap(), "after");
        Draft::at(Path::new("/dev/null")).unwrap().finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        fs::remove_dir_all(folder).unwrap();
    }
}
