//! Two files compared byte by byte.

use crate::{prelude::*, tool::STANDARD_INPUT};

pub(crate) const PROGRAM: Program = Program::new(
    "cmp",
    Group::Tools,
    "tells where two files differ first; -l lists all bytes that differ, -s says it by the exit code alone",
    main,
)
.usage("[-ls] [-n BYTES] FILE1 [FILE2]");

/// The exit code of files that differ.
const DIFFERENT: i32 = 1;
/// The exit code of a `cmp` that could not compare.
const FAILED: i32 = 2;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Show {
    First,
    All,
    Nothing,
}

struct Options {
    show: Show,
    bytes_max: u64,
    names: [String; 2],
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &["-l --verbose", "-s --quiet --silent"];
    let mut given = Given::parse_anywhere(args, flags, &["-n --bytes"])?;
    if given.operands.len() == 1 {
        given.operands.push(STANDARD_INPUT.to_owned());
    }
    let show = match (given.has("-l"), given.has("-s")) {
        (true, true) => return Err(Misuse::Wrong("-l and -s contradict each other".to_owned())),
        (true, false) => Show::All,
        (false, true) => Show::Nothing,
        (false, false) => Show::First,
    };
    let bytes_max = given.value("-n")?.unwrap_or(u64::MAX);
    match <[String; 2]>::try_from(given.operands) {
        Ok(names) => Ok(Options { show, bytes_max, names }),
        Err(_) => Err(Misuse::Wrong("two files are compared".to_owned())),
    }
}

/// A file, and what has been read of it and not compared.
struct Side {
    input: Input,
    piece: Buf,
}

impl Side {
    /// Sees to it that there is something to compare; false at the end.
    fn fill(&mut self, tool: &mut Tool) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            while self.piece.is_empty() {
                if !call!(tool.fill(&mut self.input))? {
                    return Ok(false);
                }
                self.piece = self.input.lines.take_piece();
            }
            Ok(true)
        })
    }
}

/// How far the comparison has come.
struct Progress {
    bytes: u64,
    newlines: u64,
    /// Columns of the greatest place that is listed.
    width: usize,
    ends_line: bool,
    differs: bool,
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::failing_with(&PROGRAM, FAILED);
        let Options { show, bytes_max, names } = call!(tool.or_usage(parse(args)))?;
        let mut sides = Vec::with_capacity(2);
        for name in &names {
            let Some(input) = call!(tool.open(name))? else { return call!(tool.finish()) };
            sides.push(Side { input, piece: Buf::EMPTY });
        }
        if names[0] == names[1] {
            return call!(tool.finish());
        }
        let mut places_max = bytes_max.min(i64::MAX as u64);
        for side in &sides {
            if let Ok(FileInfo { kind: FileKind::Regular, size, .. }) = trap!(yield fstat(side.input.lines.fd())) {
                places_max = places_max.min(size);
            }
        }
        let width = places_max.to_string().len();
        let mut progress = Progress { bytes: 0, newlines: 0, width, ends_line: true, differs: false };
        while progress.bytes < bytes_max {
            let has = [call!(sides[0].fill(&mut tool))?, call!(sides[1].fill(&mut tool))?];
            if tool.code != 0 {
                return call!(tool.finish());
            }
            if has == [true, true] {
                let length = sides[0].piece.len().min(sides[1].piece.len());
                let length = (length as u64).min(bytes_max - progress.bytes) as usize;
                let (one, other) = (&sides[0].piece[..length], &sides[1].piece[..length]);
                if progress.compare(one, other, show, &names, &mut tool.out) {
                    break;
                }
                sides.iter_mut().for_each(|side| side.piece.advance(length));
                call!(tool.flush_if_full())?;
                continue;
            }
            if has != [false, false] {
                progress.differs = true;
                if show != Show::Nothing {
                    let shorter = &names[usize::from(has[0])];
                    call!(tool.tell(shorter, progress.end(show)))?;
                }
            }
            break;
        }
        tool.code = if progress.differs { DIFFERENT } else { 0 };
        call!(tool.finish())
    })
}

impl Progress {
    /// Compares two pieces of one length. Is that enough?
    fn compare(&mut self, one: &[u8], other: &[u8], show: Show, names: &[String; 2], out: &mut Vec<u8>) -> bool {
        let newlines = |bytes: &[u8]| memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (mut at, width) = (0, self.width);
        while one[at..] != other[at..] {
            let same = one[at..].iter().zip(&other[at..]).take_while(|(one, other)| one == other).count();
            let place = at + same;
            self.differs = true;
            let number = self.bytes + place as u64 + 1;
            match show {
                Show::Nothing => return true,
                Show::First => {
                    let line = self.newlines + newlines(&one[..place]) + 1;
                    let [first, second] = names;
                    out.extend(format!("{first} {second} differ: char {number}, line {line}\n").bytes());
                    return true;
                }
                Show::All => {
                    out.extend(format!("{number:>width$} {:3o} {:3o}\n", one[place], other[place]).bytes());
                }
            }
            at = place + 1;
        }
        self.bytes += one.len() as u64;
        self.newlines += newlines(one);
        self.ends_line = one.last().map_or(self.ends_line, |&byte| byte == b'\n');
        false
    }

    /// Where one file ends, and the other does not.
    fn end(&self, show: Show) -> String {
        match self.bytes {
            0 => "is empty, and the other is not".to_owned(),
            bytes if show == Show::All => format!("ends after byte {bytes}, and the other does not"),
            bytes if self.ends_line => {
                format!("ends after byte {bytes}, line {}, and the other does not", self.newlines)
            }
            bytes => format!("ends after byte {bytes}, in line {}, and the other does not", self.newlines + 1),
        }
    }
}
