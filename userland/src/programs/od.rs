//! Bytes as numbers.

use crate::prelude::*;

pub(crate) const PROGRAM: Program = Program::new(
    "od",
    Group::Tools,
    "shows bytes as octal words of two, or with -c as signs and with -t x1, o1, u1, d1 or c as such numbers",
    main,
)
.usage("[-bcv] [-A o|d|x|n] [-t TYPE]... [-j BYTES] [-N BYTES] [FILE...]");

/// Bytes of a row.
const ROW_BYTES: usize = 16;

/// How the bytes of a row are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Octal,
    Unsigned,
    Signed,
    Hexadecimal,
    Signs,
    /// Two bytes as one number, the lower first.
    OctalWords,
}

impl Form {
    fn parse(text: &str) -> Result<Form, Misuse> {
        Ok(match text {
            "o1" => Form::Octal,
            "u1" => Form::Unsigned,
            "d1" => Form::Signed,
            "x1" => Form::Hexadecimal,
            "c" => Form::Signs,
            "o2" => Form::OctalWords,
            other => {
                let other = excerpt(other);
                return Err(Misuse::Wrong(format!("type {other:?}: not o1, o2, u1, d1, x1 or c")));
            }
        })
    }

    /// The columns that one byte takes.
    fn width(self) -> usize {
        match self {
            Form::Octal | Form::Unsigned | Form::Signs => 4,
            Form::Signed => 5,
            Form::Hexadecimal => 3,
            // Seven for two.
            Form::OctalWords => 3,
        }
    }
}

/// In which base the places stand before the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Places {
    Octal,
    Decimal,
    Hexadecimal,
    None,
}

struct Options {
    forms: Vec<Form>,
    places: Places,
    shows_repeated: bool,
    passed_over: u64,
    bytes_max: u64,
    names: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let options = &["-t --format", "-A --address-radix", "-j --skip-bytes", "-N --read-bytes"];
    let given = Given::parse_anywhere(args, &["-b", "-c", "-v --output-duplicates"], options)?;
    let mut forms = Vec::new();
    for (flag, form) in [("-b", Form::Octal), ("-c", Form::Signs)] {
        if given.has(flag) {
            forms.push(form);
        }
    }
    for (name, value) in given.values() {
        if name == "-t" {
            forms.push(Form::parse(value)?);
        }
    }
    if forms.is_empty() {
        forms.push(Form::OctalWords);
    }
    let places = match given.value::<String>("-A")?.as_deref() {
        None | Some("o") => Places::Octal,
        Some("d") => Places::Decimal,
        Some("x") => Places::Hexadecimal,
        Some("n") => Places::None,
        Some(other) => return Err(Misuse::Wrong(format!("-A {:?}: not o, d, x or n", excerpt(other)))),
    };
    let count = |name| Ok(given.value::<crate::count::Count>(name)?.map(|count| count.0));
    Ok(Options {
        forms,
        places,
        shows_repeated: given.has("-v"),
        passed_over: count("-j")?.unwrap_or(0),
        bytes_max: count("-N")?.unwrap_or(u64::MAX),
        names: or_standard_input(given.operands),
    })
}

/// Rows as the bytes come.
struct Dump {
    forms: Vec<Form>,
    places: Places,
    shows_repeated: bool,
    place: u64,
    row: Vec<u8>,
    last: Option<Vec<u8>>,
    is_repeating: bool,
}

impl Dump {
    fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while !bytes.is_empty() {
            let (some, rest) = bytes.split_at(bytes.len().min(ROW_BYTES - self.row.len()));
            self.row.extend_from_slice(some);
            bytes = rest;
            if self.row.len() == ROW_BYTES {
                self.put_row(out);
            }
        }
    }

    fn put_row(&mut self, out: &mut Vec<u8>) {
        let row = core::mem::take(&mut self.row);
        let length = row.len();
        if !self.shows_repeated && length == ROW_BYTES && self.last.as_ref() == Some(&row) {
            if !core::mem::replace(&mut self.is_repeating, true) {
                out.extend_from_slice(b"*\n");
            }
        } else {
            self.is_repeating = false;
            self.put_place(out);
            // So that the forms stand under each other, each byte has the room of the widest.
            let width = self.forms.iter().map(|form| form.width()).max().unwrap_or(0);
            for (index, &form) in self.forms.iter().enumerate() {
                if index > 0 {
                    let blanks = if self.places == Places::None { 0 } else { self.place_width() };
                    out.extend(core::iter::repeat_n(b' ', blanks));
                }
                put_bytes(&row, form, width, out);
                out.push(b'\n');
            }
            self.last = Some(row);
        }
        self.place += length as u64;
    }

    fn place_width(&self) -> usize {
        if self.places == Places::Hexadecimal { 6 } else { 7 }
    }

    fn put_place(&self, out: &mut Vec<u8>) {
        let place = self.place;
        let text = match self.places {
            Places::Octal => format!("{place:07o}"),
            Places::Decimal => format!("{place:07}"),
            Places::Hexadecimal => format!("{place:06x}"),
            Places::None => return,
        };
        out.extend_from_slice(text.as_bytes());
    }

    fn finish(mut self, out: &mut Vec<u8>) {
        if !self.row.is_empty() {
            self.put_row(out);
        }
        self.put_place(out);
        if self.places != Places::None {
            out.push(b'\n');
        }
    }
}

fn put_bytes(row: &[u8], form: Form, width: usize, out: &mut Vec<u8>) {
    if form == Form::OctalWords {
        let width = (2 * width).max(7);
        for pair in row.chunks(2) {
            let word = u16::from_le_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]);
            out.extend_from_slice(format!("{:>width$}", format!("{word:06o}")).as_bytes());
        }
        return;
    }
    for &byte in row {
        let text = match form {
            Form::Octal | Form::OctalWords => format!("{byte:03o}"),
            Form::Unsigned => format!("{byte:3}"),
            Form::Signed => format!("{:4}", byte as i8),
            Form::Hexadecimal => format!("{byte:02x}"),
            Form::Signs => sign(byte),
        };
        out.extend_from_slice(format!("{text:>width$}").as_bytes());
    }
}

/// A byte as a sign, an escape, or else a number.
fn sign(byte: u8) -> String {
    match byte {
        0 => "\\0".to_owned(),
        7 => "\\a".to_owned(),
        8 => "\\b".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        0x0b => "\\v".to_owned(),
        0x0c => "\\f".to_owned(),
        b'\r' => "\\r".to_owned(),
        0x20..=0x7e => char::from(byte).to_string(),
        byte => format!("{byte:03o}"),
    }
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let options = call!(tool.or_usage(parse(args)))?;
        let mut passed_over = options.passed_over;
        let mut left = options.bytes_max;
        let mut dump = Dump {
            forms: options.forms,
            places: options.places,
            shows_repeated: options.shows_repeated,
            place: options.passed_over,
            row: Vec::new(),
            last: None,
            is_repeating: false,
        };
        let mut is_any = false;
        for name in options.names {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            is_any = true;
            while (left > 0 || passed_over > 0) && call!(tool.fill(&mut input))? {
                passed_over -= input.lines.take_bytes(passed_over).len() as u64;
                if passed_over == 0 {
                    let bytes = input.lines.take_bytes(left);
                    left -= bytes.len() as u64;
                    // A row is many times as long as its bytes.
                    for some in bytes.chunks(limits::PIECE_BYTES as usize / ROW_BYTES) {
                        dump.take(some, &mut tool.out);
                        call!(tool.flush_if_full())?;
                    }
                }
            }
            call!(tool.close(&input))?;
        }
        if is_any && passed_over > 0 {
            call!(tool.complain("input", "shorter than what is to be passed over"))?;
            return call!(tool.finish());
        }
        if is_any {
            dump.finish(&mut tool.out);
        }
        call!(tool.finish())
    })
}
