//! The file of a log: it grows to a size, and then the next one begins.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
};

/// A file that a log is written to. Before it would grow over its limit it is renamed to `NAME.1`, which replaces the
/// one before, whose events are gone; and a new one begins. So a log takes twice the limit at most, and what is there
/// is its end, without a gap. No line is split between two files; one that is longer than the limit has a file of its
/// own.
///
/// While the host refuses a new file, the old one grows on; after as many bytes again that is tried again.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    limit: u64,
    /// How many bytes it may have before the next one is tried.
    room: u64,
    /// Does it end within a line?
    is_in_line: bool,
}

impl LogFile {
    /// Makes the file, or empties it; and removes a `NAME.1` that an earlier log has left, when there is a limit.
    /// `limit` is in bytes; none is none. A device or a pipe has none.
    ///
    /// Errors: those of the host.
    pub fn create(path: impl Into<PathBuf>, limit: Option<u64>) -> io::Result<LogFile> {
        let mut path = path.into();
        let file = File::options().write(true).create(true).truncate(false).open(&path)?;
        let is_file = file.metadata()?.is_file();
        let limit = limit.filter(|_| is_file).unwrap_or(u64::MAX);
        if limit < u64::MAX {
            // Through a link the file itself is renamed, and the link goes on leading to the log.
            path = fs::canonicalize(path)?;
            unless_missing(fs::remove_file(older(&path)))?;
        }
        if is_file {
            file.set_len(0)?;
        }
        Ok(LogFile { path, file, bytes: 0, limit, room: limit, is_in_line: false })
    }

    /// In bytes.
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// Goes on in the next file, or in this one if the host refuses another.
    fn rotate(&mut self) {
        match self.begin_next(|path| File::create_new(path)) {
            Ok(file) => (self.file, self.bytes, self.room) = (file, 0, self.limit),
            Err(_) => self.room = self.bytes.saturating_add(self.limit),
        }
    }

    fn begin_next(&self, create: impl FnOnce(&Path) -> io::Result<File>) -> io::Result<File> {
        let older = older(&self.path);
        let is_renamed = match fs::rename(&self.path, &older) {
            // Somebody else has moved it away.
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            outcome => outcome.map(|()| true)?,
        };
        create(&self.path).inspect_err(|error| {
            if is_renamed && error.kind() != ErrorKind::AlreadyExists {
                // If that fails too, what is written on is `NAME.1` already.
                let _ = fs::rename(&older, &self.path);
            }
        })
    }
}

fn older(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

fn unless_missing(outcome: io::Result<()>) -> io::Result<()> {
    outcome.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

impl Write for LogFile {
    /// What is given is whole lines, or the rest of those that were written in part.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.bytes > 0 && !self.is_in_line && self.bytes.saturating_add(lines.len() as u64) > self.room {
            self.rotate();
        }
        let written = self.file.write(lines)?;
        self.bytes += written as u64;
        if let Some(last) = lines[..written].last() {
            self.is_in_line = *last != b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::writer::Writer;

    /// Where a test has its log, alone.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let folder = std::env::temp_dir().join(format!("yieldix-log-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder).unwrap();
            Place(folder)
        }

        fn file(&self) -> PathBuf {
            self.0.join("log")
        }

        fn older(&self) -> PathBuf {
            self.0.join("log.1")
        }

        fn writer(&self, limit: u64) -> Writer {
            Writer::many_at_once(LogFile::create(self.file(), Some(limit)).unwrap())
        }

        /// Both files, the older first.
        fn text(&self) -> String {
            [self.older(), self.file()].map(|path| fs::read_to_string(path).unwrap_or_default()).concat()
        }

        fn bytes(&self) -> [u64; 2] {
            [self.older(), self.file()].map(|path| fs::metadata(path).map_or(0, |info| info.len()))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn line(number: u32) -> String {
        format!("line {number} {}", "x".repeat(number as usize % 70))
    }

    fn add(writer: &mut Writer, numbers: std::ops::Range<u32>) {
        for number in numbers {
            writer.add(|to| to.extend_from_slice(line(number).as_bytes()));
        }
        writer.flush();
    }

    #[test]
    fn both_files_are_the_end_of_the_log_without_a_gap_and_within_the_limit_each() {
        // Both smaller and larger than what is written at a time.
        for limit in [100, 4 << 10, 100 << 10, 1 << 20] {
            let place = Place::new(&format!("tail-{limit}"));
            let mut writer = place.writer(limit);
            // Some five times the limit.
            let end = 50.max(limit as u32 / 8);
            add(&mut writer, 0..end);
            let (text, bytes) = (place.text(), place.bytes());
            assert!(bytes.iter().all(|&bytes| 0 < bytes && bytes <= limit), "{bytes:?} of {limit}");
            let count = text.lines().count() as u32;
            let last: String = (end - count..end).map(|number| line(number) + "\n").collect();
            assert!(text == last, "the last {count} lines of a limit of {limit}");
        }
    }

    #[test]
    fn a_line_longer_than_the_limit_has_a_file_of_its_own() {
        let place = Place::new("long");
        let mut writer = place.writer(20);
        for line in ["short", &"long".repeat(10), "short too"] {
            writer.add(|to| to.extend_from_slice(line.as_bytes()));
        }
        writer.flush();
        assert_eq!(place.text(), format!("{}\nshort too\n", "long".repeat(10)));
    }

    #[test]
    fn what_an_earlier_log_has_left_is_gone() {
        let place = Place::new("stale");
        fs::write(place.older(), "of an earlier log\n").unwrap();
        fs::write(place.file(), "likewise\n").unwrap();
        add(&mut place.writer(1000), 0..1);
        assert_eq!(place.text(), line(0) + "\n");
        fs::write(place.older(), "of nobody's log").unwrap();
        drop(LogFile::create(place.file(), None).unwrap());
        assert!(place.older().exists(), "without a limit it is not ours");
    }

    #[test]
    fn a_log_goes_on_while_the_host_refuses_the_next_file() {
        let place = Place::new("refused");
        let mut writer = place.writer(1000);
        // Nothing can be renamed to a folder.
        fs::create_dir(place.older()).unwrap();
        add(&mut writer, 0..100);
        let text: String = (0..100).map(|number| line(number) + "\n").collect();
        assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
        fs::remove_dir(place.older()).unwrap();
        add(&mut writer, 100..150);
        let text: String = (0..150).map(|number| line(number) + "\n").collect();
        assert!(place.older().exists() && text.ends_with(&place.text()), "and has another when it can");
        assert_eq!(writer.lost(), 0);
    }

    #[test]
    fn when_the_next_file_cannot_be_made_the_old_one_is_at_its_place_again() {
        let place = Place::new("unmade");
        let mut file = LogFile::create(place.file(), Some(10)).unwrap();
        file.write_all(b"a line\n").unwrap();
        let refused = file.begin_next(|_| Err(ErrorKind::QuotaExceeded.into()));
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::QuotaExceeded);
        assert_eq!((place.text(), place.older().exists()), ("a line\n".to_owned(), false));
    }

    #[test]
    fn a_log_that_somebody_has_moved_away_takes_the_place_of_no_older_one() {
        let place = Place::new("moved");
        let mut file = LogFile::create(place.file(), Some(10)).unwrap();
        file.write_all(b"a line\n").unwrap();
        fs::rename(place.file(), place.0.join("elsewhere")).unwrap();
        fs::write(place.older(), "older\n").unwrap();
        file.begin_next(|_| Err(ErrorKind::QuotaExceeded.into())).unwrap_err();
        assert_eq!((place.file().exists(), place.text()), (false, "older\n".to_owned()));
    }

    #[test]
    fn a_file_that_somebody_has_made_meanwhile_is_not_replaced() {
        let place = Place::new("made");
        let mut file = LogFile::create(place.file(), Some(10)).unwrap();
        file.write_all(b"a line\n").unwrap();
        let make = |path: &Path| fs::write(path, "of others\n").and_then(|()| File::create_new(path));
        file.begin_next(make).unwrap_err();
        assert_eq!(place.text(), "a line\nof others\n");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_goes_on_leading_to_the_log() {
        let place = Place::new("link");
        let link = place.0.join("link");
        std::os::unix::fs::symlink(place.file(), &link).unwrap();
        let mut file = LogFile::create(&link, Some(10)).unwrap();
        for line in ["one line\n", "the next\n"] {
            file.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(place.text(), "one line\nthe next\n");
        assert_eq!(fs::read_to_string(link).unwrap(), "the next\n");
    }

    #[test]
    fn what_cannot_begin_leaves_the_log_before_it() {
        let place = Place::new("kept");
        fs::write(place.file(), "of an earlier log\n").unwrap();
        fs::create_dir(place.older()).unwrap();
        LogFile::create(place.file(), Some(10)).unwrap_err();
        assert_eq!(fs::read_to_string(place.file()).unwrap(), "of an earlier log\n");
    }

    #[test]
    fn a_line_that_is_written_in_parts_is_in_one_file() {
        let place = Place::new("parts");
        let mut file = LogFile::create(place.file(), Some(10)).unwrap();
        for part in ["half ", "a line\n", "next\n"] {
            file.write_all(part.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(place.older()).unwrap(), "half a line\n");
        assert_eq!(fs::read_to_string(place.file()).unwrap(), "next\n");
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_not_renamed() {
        let mut file = LogFile::create("/dev/null", Some(1)).unwrap();
        file.write_all(b"a line\nand one\n").unwrap();
        assert_eq!(file.limit(), u64::MAX);
    }
}
