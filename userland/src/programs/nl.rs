//! Numbered lines.

use crate::prelude::*;
use core::ops::ControlFlow;

pub(crate) const PROGRAM: Program =
    Program::new("nl", Group::Tools, "numbers the lines that are not empty; -ba all, -bn none", main)
        .usage("[-b a|t|n] [-s TEXT] [-v FIRST] [-w WIDTH] [FILE...]");

/// Which lines have a number.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Numbered {
    All,
    NonEmpty,
    None,
}

struct Options {
    body: Numbered,
    separator: String,
    first: i64,
    width: usize,
    names: Vec<String>,
}

/// The widest number.
const WIDTH_MAX: usize = 1000;

fn parse(args: Args) -> Result<Options, Misuse> {
    let options = &["-b --body-numbering", "-s --number-separator", "-v --starting-line-number", "-w --number-width"];
    let given = Given::parse_anywhere(args, &[], options)?;
    let body = match given.value::<String>("-b")?.as_deref() {
        Some("a") => Numbered::All,
        None | Some("t") => Numbered::NonEmpty,
        Some("n") => Numbered::None,
        Some(other) => return Err(Misuse::Wrong(format!("-b {:?}: not a, t or n", excerpt(other)))),
    };
    let width = given.value("-w")?.unwrap_or(6);
    if !(1..=WIDTH_MAX).contains(&width) {
        return Err(Misuse::Wrong(format!("-w {width}: not 1 to {WIDTH_MAX}")));
    }
    let separator = given.value::<String>("-s")?.unwrap_or_else(|| "\t".to_owned());
    Ok(Options { body, separator, first: given.value("-v")?.unwrap_or(1), width, names: given.operands })
}

/// A line of these begins the header, the body or the footer of a page.
fn is_page_mark(text: &[u8]) -> bool {
    [&b"\\:"[..], b"\\:\\:", b"\\:\\:\\:"].contains(&text)
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { body, separator, first, width, names } = call!(tool.or_usage(parse(args)))?;
        let mut number = first;
        let mut is_in_body = true;
        call!(tool.each_line(names, |line, out| {
            let text = without_newline(line);
            if is_page_mark(text) {
                // Headers and footers have no numbers, and each page begins anew.
                is_in_body = text == b"\\:\\:";
                if text == b"\\:\\:\\:" || is_in_body {
                    number = first;
                }
                out.push(b'\n');
                return ControlFlow::Continue(());
            }
            let is_numbered = is_in_body
                && match body {
                    Numbered::All => true,
                    Numbered::NonEmpty => !text.is_empty(),
                    Numbered::None => false,
                };
            if is_numbered {
                out.extend_from_slice(format!("{number:width$}{separator}").as_bytes());
                number += 1;
            } else {
                out.extend(core::iter::repeat_n(b' ', width + separator.len()));
            }
            out.extend_from_slice(text);
            out.push(b'\n');
            ControlFlow::Continue(())
        }))?;
        call!(tool.finish())
    })
}
