//! `allroutes.xml`: where the buses of a city are, made up.
//!
//! The course has such a file, from a transit authority. This one has its shape, and is the same
//! wherever it is made: all of it hangs on its size and its seed.

use crate::{flow::*, limits, prelude::*};

/// The size of the document that is read when no file is named: a little more than the course's.
pub const SIZE: u64 = 400_000;

/// Its seed.
pub const SEED: u64 = 7;

/// A direction, where it ends, and the letter that its runs begin with.
type Direction = (&'static str, &'static str, &'static str);

/// Routes, and the two directions in which they are driven.
const LINES: &[(&[&str], [Direction; 2])] = &[
    (
        &["3", "4", "6", "8", "9", "22", "29", "36", "44", "49", "50", "52", "53", "82", "151", "X9"],
        [("North Bound", "Howard & Clark", "N"), ("South Bound", "Harrison & \"The Loop\"", "S")],
    ),
    (
        &["12", "20", "21", "60", "63", "66", "72", "76", "77", "79", "87", "92", "93", "94", "95", "155"],
        [("East Bound", "Navy Pier", "E"), ("West Bound", "Austin <Terminal>", "W")],
    ),
];

/// A whole document of at least `size` bytes, in pieces: it ends with the bus that reaches that.
pub fn made_up(size: u64, seed: u64) -> impl Generator<Buf> {
    generator!({
        let mut random = Random(seed);
        let mut made = 0;
        let mut piece = format!("<?xml version=\"1.0\"?>\n<buses time=\"{}\">\n", random.below(1_000_000_000));
        while made + piece.len() as u64 + (END.len() as u64) < size {
            piece += &bus(&mut random);
            if piece.len() >= limits::DOCUMENT_BYTES as usize {
                made += piece.len() as u64;
                yield Buf::from(core::mem::take(&mut piece));
            }
        }
        yield Buf::from(piece + END);
    })
}

const END: &str = "</buses>\n";

fn bus(random: &mut Random) -> String {
    let (routes, directions) = random.pick(LINES);
    let (direction, last_stop, letter) = random.pick(&directions);
    let mut text = String::from("  <bus>\n");
    let mut field = |name: &str, value: &str| text += &format!("    <{name}>{}</{name}>\n", escaped(value));
    field("id", &format!("{}", 1000 + random.below(7000)));
    field("route", random.pick(routes));
    field("color", &format!("#{:06x}", random.below(1 << 24)));
    field("revenue", random.pick(&["true", "true", "true", "false"]));
    field("direction", direction);
    field("latitude", &format!("41.{:015}", random.below(1_000_000_000_000_000)));
    field("longitude", &format!("-87.{:014}", random.below(100_000_000_000_000)));
    field("pattern", &format!("{}", 1000 + random.below(9000)));
    field("patternDirection", direction);
    field("run", &format!("{letter}{:03}", random.below(1000)));
    field("finalStop", last_stop);
    field("operator", &format!("{}", 10_000 + random.below(60_000)));
    // One of 25 is somewhere else than it should be.
    if random.below(25) == 0 {
        field("offRoute", "true");
    }
    text + "  </bus>\n"
}

fn escaped(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Numbers that look random and hang on the seed alone (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// The usage line of a program that reads a document.
pub const USAGE: &str = "[FILE | -]";

/// The bytes of a document, as they come.
pub enum Document {
    /// The one of [`SIZE`] and [`SEED`].
    MadeUp(Box<dyn Generator<Buf>>),
    /// What can be read from a descriptor.
    Read(Fd),
}

/// The document that a program is asked for: a file, standard input as `-`, or the one that is made up.
/// What is wrong with that is told, and the program's end.
pub fn asked_for(program: &'static Program, args: Args) -> impl Routine<Result<Document, Errno>> {
    routine!(move {
        match call!(or_usage(program, at_most_one(args, "file")))? {
            None => Ok(Document::MadeUp(Box::new(made_up(SIZE, SEED)))),
            Some(path) if path == "-" => Ok(Document::Read(Fd::STDIN)),
            Some(path) => {
                let opened = trap!(yield open(path.as_str(), OpenFlags::READ));
                Ok(Document::Read(call!(or_complain(program, &path, opened))?))
            }
        }
    })
}

impl Source<Buf> for Document {
    fn pull(&mut self) -> impl Routine<Result<Option<Buf>, Error>> {
        routine!(move -> Result<Option<Buf>, Error> {
            match self {
                Document::MadeUp(pieces) => Ok(pieces.next()),
                Document::Read(fd) => {
                    let bytes = trap!(yield read(*fd, limits::DOCUMENT_BYTES))?;
                    Ok((!bytes.is_empty()).then_some(bytes))
                }
            }
        })
    }
}

/// Sends the document that a program was asked for into `stage`, and prints what its stages say. An error
/// is told, and the program's.
pub fn push<W>(
    program: &'static Program,
    args: Args,
    stage: impl Sink<Buf, W>,
    out: Output,
) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let document = call!(asked_for(program, args))?;
        let result = call!(drive(document, stage, &out));
        call!(told(program, result))
    })
}
