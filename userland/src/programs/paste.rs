//! Lines of several files side by side.

use crate::{bytes::control, prelude::*, tool::STANDARD_INPUT};

pub(crate) const PROGRAM: Program = Program::new(
    "paste",
    Group::Tools,
    "writes lines of files side by side, with a tab or DELIMITERS between; -s the lines of each file in one",
    main,
)
.usage("[-s] [-d DELIMITERS] [FILE...]");

struct Options {
    is_serial: bool,
    /// What stands between lines, in turn; `None` is nothing.
    delimiters: Vec<Option<u8>>,
    names: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse_anywhere(args, &["-s --serial"], &["-d --delimiters"])?;
    let delimiters = match given.value::<String>("-d")? {
        Some(text) => parse_delimiters(text.as_bytes())?,
        None => vec![Some(b'\t')],
    };
    Ok(Options { is_serial: given.has("-s"), delimiters, names: or_standard_input(given.operands) })
}

fn parse_delimiters(text: &[u8]) -> Result<Vec<Option<u8>>, Misuse> {
    let mut delimiters = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            delimiters.push(Some(byte));
            continue;
        }
        let Some(&next) = text.get(at) else {
            return Err(Misuse::Wrong("the delimiters end with a backslash".to_owned()));
        };
        at += 1;
        delimiters.push(match next {
            b'0' => None,
            next => Some(control(next).unwrap_or(next)),
        });
    }
    Ok(if delimiters.is_empty() { vec![None] } else { delimiters })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let Options { is_serial, delimiters, names } = call!(tool.or_usage(parse(args)))?;
        if is_serial {
            call!(join_each(&mut tool, &delimiters, names))?;
        } else {
            call!(join_all(&mut tool, &delimiters, names))?;
        }
        call!(tool.finish())
    })
}

/// Writes each file's lines as one.
fn join_each(tool: &mut Tool, delimiters: &[Option<u8>], names: Vec<String>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for name in names {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            let mut between = delimiters.iter().cycle();
            let mut is_first = true;
            while call!(tool.fill(&mut input))? {
                while let Some(line) = input.lines.take_line() {
                    if !core::mem::take(&mut is_first) {
                        tool.out.extend(between.next().copied().flatten());
                    }
                    tool.out.extend_from_slice(without_newline(line));
                }
            }
            tool.out.push(b'\n');
            call!(tool.close(&input))?;
        }
        Ok(())
    })
}

/// Writes a line of each file, again and again.
fn join_all(tool: &mut Tool, delimiters: &[Option<u8>], names: Vec<String>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut inputs: Vec<Option<Input>> = Vec::new();
        // Which input each column is of: standard input may be several.
        let mut columns = Vec::new();
        let standard_input = names.iter().position(|name| name == STANDARD_INPUT);
        for (index, name) in names.iter().enumerate() {
            let column = if name == STANDARD_INPUT { standard_input.unwrap_or(index) } else { index };
            columns.push(column);
            inputs.push(None);
            if column == index {
                inputs[index] = call!(tool.open(name))?;
                if inputs[index].is_none() {
                    // Side by side with one that is missing is nothing.
                    return Ok(());
                }
            }
        }
        loop {
            let (mut row, mut is_any) = (Vec::new(), false);
            for (index, &column) in columns.iter().enumerate() {
                if index > 0 {
                    row.extend(delimiters[(index - 1) % delimiters.len()]);
                }
                let Some(input) = &mut inputs[column] else { continue };
                match call!(tool.next_line(input))? {
                    Some(line) => {
                        is_any = true;
                        row.extend_from_slice(without_newline(line));
                    }
                    None => {
                        call!(tool.close(input))?;
                        inputs[column] = None;
                    }
                }
            }
            if !is_any {
                return Ok(());
            }
            tool.out.append(&mut row);
            tool.out.push(b'\n');
            call!(tool.flush_if_full())?;
        }
    })
}
