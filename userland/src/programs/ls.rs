//! What is in directories.

use crate::{
    columns::{Filling, columns},
    date::DateTime,
    directory::{entries, look_at, permissions},
    path::join,
    prelude::*,
};
use core::cmp::Reverse;

pub(crate) const PROGRAM: Program = Program::new(
    "ls",
    Group::Tools,
    "lists directories; -l in long, -a and -A what begins with a dot, -R all below, -t by time, -S by size, -r reversed, -h sizes for people",
    main,
)
.usage("[-laA1CRtSrdFph] [FILE...]");

/// The exit code when what was named is not there, or cannot be told of.
const NO_OPERAND_CODE: i32 = 2;
/// The exit code when a directory further down cannot be read.
const NO_DIRECTORY_CODE: i32 = 1;
/// Half a year: what was changed before, or is yet to be, is shown with its year and without its hour.
const RECENT: Duration = Duration::from_secs(31_556_952 / 2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Name,
    Time,
    Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Long,
    Columns,
    Lines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hidden {
    Skipped,
    /// All but `.` and `..`.
    AlmostShown,
    Shown,
}

/// Which files have a sign behind their names that tells what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    None,
    Directories,
    All,
}

struct Options {
    order: Order,
    is_reversed: bool,
    /// `None` for what suits the output.
    shape: Option<Shape>,
    hidden: Hidden,
    marks: Marks,
    /// Are sizes told as people say them?
    is_for_people: bool,
    is_recursive: bool,
    /// Are directories listed as themselves?
    is_plain: bool,
    operands: Vec<String>,
}

/// A file to be listed.
struct File {
    name: String,
    info: FileInfo,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &[
        "-l",
        "-a --all",
        "-A --almost-all",
        "-1",
        "-C",
        "-R --recursive",
        "-t",
        "-S",
        "-r --reverse",
        "-d --directory",
        "-F --classify",
        "-p",
        "-h --human-readable",
    ];
    let given = Given::parse(args, flags, &[])?;
    Ok(Options {
        order: match given.last_of(&["-t", "-S"]) {
            Some("-t") => Order::Time,
            Some(_) => Order::Size,
            None => Order::Name,
        },
        is_reversed: given.has("-r"),
        shape: match given.last_of(&["-l", "-C", "-1"]) {
            Some("-l") => Some(Shape::Long),
            Some("-C") => Some(Shape::Columns),
            // A long list has a line each already.
            Some(_) if given.has("-l") => Some(Shape::Long),
            Some(_) => Some(Shape::Lines),
            None => None,
        },
        hidden: match given.last_of(&["-a", "-A"]) {
            Some("-a") => Hidden::Shown,
            Some(_) => Hidden::AlmostShown,
            None => Hidden::Skipped,
        },
        marks: match given.last_of(&["-F", "-p"]) {
            Some("-F") => Marks::All,
            Some(_) => Marks::Directories,
            None => Marks::None,
        },
        is_for_people: given.has("-h"),
        is_recursive: given.has("-R"),
        is_plain: given.has("-d"),
        operands: if given.operands.is_empty() { vec![".".to_owned()] } else { given.operands },
    })
}

/// What a listing needs to know beside the files.
struct Listing {
    options: Options,
    shape: Shape,
    /// Cells of a line.
    width: usize,
    is_terminal: bool,
    now: Duration,
}

/// The width of a line when it is no terminal's.
const PLAIN_WIDTH: usize = 80;

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::failing_with(&PROGRAM, NO_OPERAND_CODE);
        let mut options = call!(tool.or_usage(parse(args)))?;
        let terminal = trap!(yield terminal(Fd::STDOUT)).ok();
        let width = terminal.map_or(PLAIN_WIDTH, |terminal| match terminal.columns {
            0 => PLAIN_WIDTH,
            columns => usize::from(columns),
        });
        let default = if terminal.is_some() { Shape::Columns } else { Shape::Lines };
        let shape = options.shape.unwrap_or(default);
        let now = trap!(yield sysinfo())?.wall_clock;
        let operands = core::mem::take(&mut options.operands);
        let listing = Listing { options, shape, width, is_terminal: terminal.is_some(), now };
        let (mut files, mut directories) = (Vec::new(), Vec::new());
        // A link to a directory is listed as one, unless what links are is to be seen.
        let follows = shape != Shape::Long && !listing.options.is_plain && listing.options.marks != Marks::All;
        let has_several = operands.len() > 1;
        for name in operands {
            let mut info = call!(look_at(&name, name.ends_with('/')));
            if follows && let Ok(FileInfo { kind: FileKind::Link, .. }) = info {
                match trap!(yield stat(name.as_str())) {
                    Ok(target) if target.kind == FileKind::Directory => info = Ok(target),
                    // A link to nothing is there itself.
                    Ok(_) | Err(Errno::ENOENT) => {}
                    Err(errno) => info = Err(errno),
                }
            }
            match info {
                Ok(info) if info.kind == FileKind::Directory && !listing.options.is_plain => {
                    directories.push(File { name, info });
                }
                Ok(info) => files.push(File { name, info }),
                Err(errno) => call!(tool.complain(&name, errno))?,
            }
        }
        listing.sort(&mut files);
        listing.sort(&mut directories);
        listing.list(&files, &directories, &mut tool.out);
        let mut is_first = files.is_empty();
        let has_titles = has_several || listing.options.is_recursive;
        // The next one last: those further down come before those beside it.
        let mut left: Vec<(String, bool)> = directories.into_iter().rev().map(|file| (file.name, true)).collect();
        while let Some((path, is_operand)) = left.pop() {
            let (code, files) = (tool.code, call!(listing.files(&mut tool, &path))?);
            let Some(files) = files else {
                if !is_operand {
                    tool.code = code.max(NO_DIRECTORY_CODE);
                }
                continue;
            };
            if !core::mem::replace(&mut is_first, false) {
                tool.out.push(b'\n');
            }
            if has_titles {
                tool.out.extend(format!("{}:\n", listing.shown(&path)).bytes());
            }
            if shape == Shape::Long {
                let kibibytes: u64 = files.iter().map(|file| blocks(&file.info)).sum();
                let total =
                    if listing.options.is_for_people { for_people(kibibytes * 1024) } else { kibibytes.to_string() };
                tool.out.extend(format!("total {total}\n").bytes());
            }
            listing.list(&files, &[], &mut tool.out);
            if listing.options.is_recursive {
                let is_below =
                    |file: &&File| file.info.kind == FileKind::Directory && !matches!(file.name.as_str(), "." | "..");
                left.extend(files.iter().filter(is_below).rev().map(|file| (join(&path, &file.name), false)));
            }
            call!(tool.flush_if_full())?;
        }
        call!(tool.finish())
    })
}

/// The room that a file takes on most disks, in KiB: whole pages, and none for a link, which lies with its name. What
/// it takes on its own disk is not known.
fn blocks(info: &FileInfo) -> u64 {
    if info.kind == FileKind::Link { 0 } else { info.size.div_ceil(4096) * 4 }
}

/// Bytes as people say them: in the largest unit of which there is one, rounded up; below ten with a tenth.
fn for_people(bytes: u64) -> String {
    let (mut unit, mut units) = (1u128, "BKMGTPE".chars());
    let bytes = u128::from(bytes);
    let mut name = units.next();
    // What is rounded up to a thousand and more of a unit is told in the next.
    while bytes.div_ceil(unit) >= 1024 {
        unit *= 1024;
        name = units.next();
    }
    let tenths = (bytes * 10).div_ceil(unit);
    match name {
        Some('B') | None => bytes.to_string(),
        Some(name) if tenths < 100 => format!("{}.{}{name}", tenths / 10, tenths % 10),
        Some(name) => format!("{}{name}", bytes.div_ceil(unit)),
    }
}

impl Listing {
    /// The files in a directory, sorted; `None` when it cannot be read, which has been told.
    fn files<'a>(&'a self, tool: &'a mut Tool, path: &'a str) -> impl Routine<Result<Option<Vec<File>>, Errno>> {
        routine!(move {
            let entries = match call!(entries(path)) {
                Ok(entries) => entries,
                Err(errno) => {
                    call!(tool.complain(path, errno))?;
                    return Ok(None);
                }
            };
            let mut names: Vec<String> = Vec::new();
            if self.options.hidden == Hidden::Shown {
                names.extend([".".to_owned(), "..".to_owned()]);
            }
            let is_skipped = |name: &str| self.options.hidden == Hidden::Skipped && name.starts_with('.');
            let mut kinds = Vec::new();
            for DirEntry { name, kind } in entries {
                if !is_skipped(&name) {
                    kinds.push((name.into_string(), kind));
                }
            }
            let is_more_known = self.shape == Shape::Long || self.options.order != Order::Name || self.options.marks == Marks::All;
            let mut files = Vec::new();
            names.into_iter().map(|name| (name, FileKind::Directory)).chain(kinds).for_each(|(name, kind)| {
                let modified = Duration::ZERO;
                let info = FileInfo { kind, size: 0, id: FileId::new(0, 0), modified, mode: 0, links: 0 };
                files.push(File { name, info });
            });
            if is_more_known {
                let mut known = Vec::new();
                for mut file in files {
                    let inside = join(path, &file.name);
                    // To the kernel, which reads the text, the `.` in what a link leads to would be the link.
                    match call!(look_at(&inside, matches!(file.name.as_str(), "." | ".."))) {
                        Ok(info) => {
                            file.info = info;
                            known.push(file);
                        }
                        // It went meanwhile.
                        Err(Errno::ENOENT) => {}
                        Err(errno) => {
                            let code = tool.code;
                            call!(tool.complain(&inside, errno))?;
                            tool.code = code.max(NO_DIRECTORY_CODE);
                        }
                    }
                }
                files = known;
            }
            self.sort(&mut files);
            Ok(Some(files))
        })
    }

    fn sort(&self, files: &mut [File]) {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        match self.options.order {
            Order::Name => {}
            Order::Time => files.sort_by_key(|file| Reverse(file.info.modified)),
            Order::Size => files.sort_by_key(|file| Reverse(file.info.size)),
        }
        if self.options.is_reversed {
            files.reverse();
        }
    }

    /// A name as it is shown: on a terminal it cannot be a command to it.
    fn shown(&self, name: &str) -> String {
        if self.is_terminal { name.replace(|c: char| c.is_control(), "?") } else { name.to_owned() }
    }

    fn title(&self, file: &File) -> String {
        let mark = match (self.options.marks, file.info.kind) {
            (Marks::None, _) => "",
            (_, FileKind::Directory) => "/",
            (Marks::Directories, _) => "",
            (Marks::All, FileKind::Link) => "@",
            (Marks::All, FileKind::Pipe) => "|",
            (Marks::All, FileKind::Socket) => "=",
            (Marks::All, FileKind::Regular) if file.info.mode & 0o111 != 0 => "*",
            (Marks::All, _) => "",
        };
        self.shown(&file.name) + mark
    }

    /// Writes a line or a cell of each file, in columns that have room for `others` as well, as elsewhere.
    fn list(&self, files: &[File], others: &[File], out: &mut Vec<u8>) {
        let titles: Vec<String> = files.iter().map(|file| self.title(file)).collect();
        match self.shape {
            Shape::Columns => out.extend(columns(&titles, self.width, Filling::Tabs).bytes()),
            Shape::Lines => titles.iter().for_each(|title| out.extend(format!("{title}\n").bytes())),
            Shape::Long => {
                let widest = |figure: &dyn Fn(&FileInfo) -> String| {
                    files.iter().chain(others).map(|file| figure(&file.info).len()).max().unwrap_or(0)
                };
                let shown = |info: &FileInfo| self.size(info);
                let (links, size) = (widest(&|info| info.links.to_string()), widest(&shown));
                for (file, title) in files.iter().zip(titles) {
                    let info = &file.info;
                    // There is one user, who may do all.
                    let line = format!(
                        "{} {:>links$} root root {:>size$} {} {title}\n",
                        permissions(info.kind, info.mode),
                        info.links,
                        self.size(info),
                        self.date(info.modified)
                    );
                    out.extend(line.bytes());
                }
            }
        }
    }

    fn size(&self, info: &FileInfo) -> String {
        if self.options.is_for_people { for_people(info.size) } else { info.size.to_string() }
    }

    fn date(&self, modified: Duration) -> String {
        let is_recent = modified <= self.now && self.now - modified < RECENT;
        let format = if is_recent { "%b %e %H:%M" } else { "%b %e  %Y" };
        DateTime::from_seconds(modified.as_secs()).format(format, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 24 * 60 * 60;

    fn file(name: &str, kind: FileKind, size: u64, day: u64) -> File {
        let modified = Duration::from_secs(day * DAY);
        let mode = if kind == FileKind::Directory { 0o755 } else { 0o644 };
        File { name: name.to_owned(), info: FileInfo { kind, size, id: FileId::new(1, day), modified, mode, links: 1 } }
    }

    fn listed(words: &str, shape: Shape) -> String {
        let options = parse(words.split_whitespace().map(ToOwned::to_owned).collect()).unwrap();
        let shape = options.shape.unwrap_or(shape);
        let now = Duration::from_secs(14_328 * DAY + 100);
        let listing = Listing { options, shape, width: 20, is_terminal: shape == Shape::Columns, now };
        let mut files = [
            file("b", FileKind::Regular, 5, 14_328),
            file("a", FileKind::Regular, 12_345, 14_000),
            file("c\n", FileKind::Directory, 0, 14_300),
        ];
        listing.sort(&mut files);
        let mut out = Vec::new();
        listing.list(&files, &[], &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn files_are_sorted_by_name_time_or_size_and_reversed() {
        assert_eq!(listed("", Shape::Lines), "a\nb\nc\n\n");
        assert_eq!(listed("-r", Shape::Lines), "c\n\nb\na\n");
        assert_eq!(listed("-t", Shape::Lines), "b\nc\n\na\n");
        assert_eq!(listed("-Sr", Shape::Lines), "c\n\nb\na\n");
        assert_eq!(listed("-tS", Shape::Lines), "a\nb\nc\n\n", "the last counts");
    }

    #[test]
    fn sizes_for_people_are_rounded_up_in_the_largest_unit() {
        for (bytes, told) in [
            (0, "0"),
            (1023, "1023"),
            (1024, "1.0K"),
            (1025, "1.1K"),
            (10_137, "9.9K"),
            (10_138, "10K"),
            (1_047_552, "1023K"),
            (1_047_553, "1.0M"),
            (u64::MAX, "16E"),
        ] {
            assert_eq!(for_people(bytes), told, "{bytes}");
        }
    }

    #[test]
    fn a_terminal_gets_columns_and_no_control_characters() {
        assert_eq!(listed("", Shape::Columns), "a  b  c?\n");
        assert_eq!(listed("-1F", Shape::Columns), "a\nb\nc\n/\n");
    }

    #[test]
    fn a_long_list_stands_in_columns_and_has_the_year_of_what_is_old() {
        let long = "\
-rw-r--r-- 1 root root 12345 May  1  2008 a
-rw-r--r-- 1 root root     5 Mar 25 00:00 b
drwxr-xr-x 1 root root     0 Feb 25 00:00 c
/
";
        assert_eq!(listed("-l1F", Shape::Lines), long);
    }
}
