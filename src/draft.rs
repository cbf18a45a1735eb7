//! A file that is not there before it is whole.
//!
//! It is written under another name in the folder of its place, and given its own when it is finished. So a failure
//! leaves at that place what was there, and nothing beside it. Only what cannot be replaced is written in place: a
//! device, a pipe, a file in a folder that nothing can be made in.

use std::{
    fs::{self, File, Metadata},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf, is_separator},
    process,
};

/// How many names are tried for what is not finished.
const NAMES: u32 = 1000;
/// How many links one after the other are followed; the host follows as many.
const LINKS: u32 = 40;

/// A file that is being made.
#[derive(Debug)]
pub struct Draft {
    file: File,
    /// Its name until it is finished, and its place. None when it is written in place.
    renamed: Option<(PathBuf, PathBuf)>,
}

impl Draft {
    /// Begins the file that is to be at `place`; a link there goes on leading to it, and is followed if there is no file
    /// yet.
    ///
    /// Errors: those of the host; what is there and cannot be written cannot be replaced either.
    pub fn at(place: &Path) -> io::Result<Draft> {
        let beside = || Draft::beside(&led_to(place)?);
        match File::options().write(true).open(place) {
            Ok(there) if there.metadata()?.is_file() => Draft::instead_of(there, beside()),
            Ok(there) => Ok(Draft::in_place(there)),
            Err(error) if error.kind() == ErrorKind::NotFound => beside(),
            Err(error) => Err(error),
        }
    }

    /// Begins what is written to a file that is there.
    pub fn in_place(file: File) -> Draft {
        Draft { file, renamed: None }
    }

    /// The one that replaces a file, or the file itself, emptied, where there can be nothing beside it.
    fn instead_of(there: File, beside: io::Result<Draft>) -> io::Result<Draft> {
        match beside {
            Ok(draft) => {
                draft.file.set_permissions(there.metadata()?.permissions())?;
                Ok(draft)
            }
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                there.set_len(0)?;
                Ok(Draft::in_place(there))
            }
            Err(error) => Err(error),
        }
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

/// The place that a place is once every link is followed, be there a file yet or not.
fn led_to(place: &Path) -> io::Result<PathBuf> {
    let mut place = place.to_owned();
    for _ in 0..LINKS {
        match fs::canonicalize(&place) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        let folder = match place.parent() {
            Some(folder) if folder != "" => folder,
            _ => Path::new("."),
        };
        match (fs::read_link(&place), place.file_name()) {
            (Ok(to), _) => place = folder.join(to),
            (Err(_), Some(_)) if is_folders(&place) => return Err(ErrorKind::IsADirectory.into()),
            (Err(_), Some(name)) => return Ok(fs::canonicalize(folder)?.join(name)),
            (Err(error), None) => return Err(error),
        }
    }
    Err(io::Error::other("too many links one after the other"))
}

/// Does it end as the path of a folder does?
fn is_folders(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&last| is_separator(char::from(last)))
}

/// Are these one place, be it by a link?
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    matches!((led_to(one), led_to(other)), (Ok(one), Ok(other)) if one == other)
}

/// Is what is at `place` this file, be it by another name or a link?
#[cfg(unix)]
pub fn is_same_file(file: &Metadata, _path: &Path, place: &Path) -> bool {
    fs::metadata(place).is_ok_and(|there| are_one(file, &there))
}

/// Is what is at `place` the file of that path, be it by a link?
#[cfg(not(unix))]
pub fn is_same_file(_file: &Metadata, path: &Path, place: &Path) -> bool {
    matches!((fs::canonicalize(path), fs::canonicalize(place)), (Ok(path), Ok(place)) if path == place)
}

/// Are these of one file, or of one of whatever else there is?
#[cfg(unix)]
pub fn are_one(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Are these of one file? Here the host does not say, and no is the answer.
#[cfg(not(unix))]
pub fn are_one(_one: &Metadata, _other: &Metadata) -> bool {
    false
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

    #[test]
    #[cfg(unix)]
    fn a_link_that_leads_nowhere_yet_is_followed() {
        use std::os::unix::fs::symlink;
        let folder = folder("dangling");
        fs::create_dir(folder.join("in")).unwrap();
        symlink("in/second", folder.join("first")).unwrap();
        symlink("place", folder.join("in/second")).unwrap();
        assert!(is_same_place(&folder.join("first"), &folder.join("in/./place")));
        assert!(!is_same_place(&folder.join("first"), &folder.join("place")));
        let mut draft = Draft::at(&folder.join("first")).unwrap();
        draft.write_all(b"new").unwrap();
        draft.finish().unwrap();
        assert_eq!(fs::read_to_string(folder.join("in/place")).unwrap(), "new");
        assert_eq!(
            (names(&folder), names(&folder.join("in"))),
            (["first", "in"].map(String::from).into(), ["place", "second"].map(String::from).into())
        );
        symlink("loop", folder.join("loop")).unwrap();
        Draft::at(&folder.join("loop")).unwrap_err();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_with_nothing_beside_it_is_written_in_place() {
        let folder = folder("place");
        let place = folder.join("place");
        fs::write(&place, "longer than what comes").unwrap();
        let there = || File::options().write(true).open(&place).unwrap();
        Draft::instead_of(there(), Err(ErrorKind::StorageFull.into())).unwrap_err();
        assert_eq!(fs::read_to_string(&place).unwrap(), "longer than what comes");
        let mut draft = Draft::instead_of(there(), Err(ErrorKind::PermissionDenied.into())).unwrap();
        draft.write_all(b"new").unwrap();
        draft.finish().unwrap();
        assert_eq!((fs::read_to_string(&place).unwrap(), names(&folder)), ("new".into(), vec!["place".into()]));
        fs::remove_dir_all(folder).unwrap();
    }
}
