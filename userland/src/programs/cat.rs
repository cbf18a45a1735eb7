//! Writes files one after the other.

use crate::prelude::*;
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program =
    Program::new("cat", Group::Tools, "writes files one after the other; with -n and -b lines are numbered", main)
        .usage("[-bnsETvAet] [FILE...]");

/// How lines are shown.
#[derive(Clone, Copy, Debug, Default)]
struct Style {
    numbers: Numbers,
    is_squeezed: bool,
    shows_ends: bool,
    shows_tabs: bool,
    shows_nonprinting: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Numbers {
    #[default]
    None,
    All,
    /// Of lines that are not empty.
    NonBlank,
}

/// What came before.
#[derive(Debug, Default)]
struct Shown {
    lines: u64,
    was_blank: bool,
    /// The last line of the file before lacked its newline.
    is_amid_line: bool,
}

fn parse(args: Args) -> Result<(Option<Style>, Vec<String>), Misuse> {
    let flags = &[
        "-n --number",
        "-b --number-nonblank",
        "-s --squeeze-blank",
        "-E --show-ends",
        "-T --show-tabs",
        "-v --show-nonprinting",
        "-A --show-all",
        "-e",
        "-t",
        "-u",
    ];
    let given = Given::parse_anywhere(args, flags, &[])?;
    let any = |names: &[&str]| given.last_of(names).is_some();
    let numbers = match (any(&["-b"]), any(&["-n"])) {
        (true, _) => Numbers::NonBlank,
        (false, true) => Numbers::All,
        (false, false) => Numbers::None,
    };
    let style = Style {
        numbers,
        is_squeezed: any(&["-s"]),
        shows_ends: any(&["-E", "-A", "-e"]),
        shows_tabs: any(&["-T", "-A", "-t"]),
        shows_nonprinting: any(&["-v", "-A", "-e", "-t"]),
    };
    let is_plain = given.last_of(&["-n", "-b", "-s", "-E", "-T", "-v", "-A", "-e", "-t"]).is_none();
    Ok(((!is_plain).then_some(style), given.operands))
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (style, names) = call!(tool.or_usage(parse(args)))?;
        call!(tool.mind_output());
        match style {
            Some(style) => {
                let mut shown = Shown::default();
                call!(tool.each_line(names, |line, out| {
                    show(line, style, &mut shown, out);
                    ControlFlow::Continue(())
                }))?;
            }
            None => call!(copy(&mut tool, names))?,
        }
        call!(tool.finish())
    })
}

/// Writes files as they are, without a copy.
fn copy(tool: &mut Tool, names: Vec<String>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for name in or_standard_input(names) {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            while call!(tool.fill(&mut input))? {
                let piece = input.lines.take_piece();
                call!(tool.write(piece))?;
            }
            call!(tool.close(&input))?;
        }
        Ok(())
    })
}

fn show(line: &[u8], style: Style, shown: &mut Shown, out: &mut Vec<u8>) {
    if !shown.is_amid_line {
        let is_blank = line == b"\n";
        if is_blank && shown.was_blank && style.is_squeezed {
            return;
        }
        shown.was_blank = is_blank;
        if style.numbers == Numbers::All || style.numbers == Numbers::NonBlank && !is_blank {
            shown.lines += 1;
            out.extend_from_slice(format!("{:6}\t", shown.lines).as_bytes());
        }
    }
    let (mut text, end): (&[u8], &[u8]) = match line.strip_suffix(b"\n") {
        Some(text) => (text, if style.shows_ends { b"$\n" } else { b"\n" }),
        None => (line, b""),
    };
    shown.is_amid_line = end.is_empty();
    let mut carriage_return: &[u8] = b"";
    // So that the end of a line that is not Unix's is seen, whatever else is shown.
    if style.shows_ends
        && !end.is_empty()
        && let Some(before) = text.strip_suffix(b"\r")
    {
        (text, carriage_return) = (before, b"^M");
    }
    if style.shows_nonprinting || style.shows_tabs {
        text.iter().for_each(|&byte| show_byte(byte, style, out));
    } else {
        out.extend_from_slice(text);
    }
    out.extend_from_slice(carriage_return);
    out.extend_from_slice(end);
}

fn show_byte(byte: u8, style: Style, out: &mut Vec<u8>) {
    match byte {
        b'\t' if style.shows_tabs => out.extend_from_slice(b"^I"),
        b'\t' => out.push(byte),
        _ if !style.shows_nonprinting => out.push(byte),
        _ => {
            if byte >= 0x80 {
                out.extend_from_slice(b"M-");
            }
            match byte & 0x7f {
                0x7f => out.extend_from_slice(b"^?"),
                low @ 0..0x20 => out.extend_from_slice(&[b'^', low + 0x40]),
                low => out.push(low),
            }
        }
    }
}
