//! Lines changed by a script.
//!
//! The machine that obeys the script has no trap in it; what it cannot do by itself it pauses for.

mod machine;
mod parser;
mod script;

use crate::{args::or_usage_with, prelude::*, regex::Syntax};
use machine::{Machine, Pause};

pub(crate) const PROGRAM: Program = Program::new(
    "sed",
    Group::Tools,
    "changes lines as a script says; -n prints only what the script does, -E has extended expressions",
    main,
)
.usage("[-nE] [-e SCRIPT]... [-f FILE]... [SCRIPT] [FILE...]");

/// The exit code of a `sed` that was called wrongly, or has no script.
const WRONG_CODE: i32 = 1;
/// The exit code when a file that was named is not there.
const MISSING_CODE: i32 = 2;
/// The exit code when reading or writing fails.
const FAILED: i32 = 4;

enum Source {
    Text(String),
    File(String),
}

struct Options {
    is_quiet: bool,
    syntax: Syntax,
    script: Vec<Source>,
    names: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &["-n --quiet --silent", "-E -r --regexp-extended"];
    let mut given = Given::parse_anywhere(args, flags, &["-e --expression", "-f --file"])?;
    let source = |(name, value): (&str, &str)| match name {
        "-e" => Source::Text(value.to_owned()),
        _ => Source::File(value.to_owned()),
    };
    let mut script: Vec<Source> = given.values().map(source).collect();
    let mut names = core::mem::take(&mut given.operands);
    if script.is_empty() {
        if names.is_empty() {
            return Err(Misuse::Wrong("no script given".to_owned()));
        }
        script.push(Source::Text(names.remove(0)));
    }
    let syntax = if given.has("-E") { Syntax::Extended } else { Syntax::Basic };
    Ok(Options { is_quiet: given.has("-n"), syntax, script, names: or_standard_input(names) })
}

/// The lines of all files, one behind the other.
struct Lines {
    /// Those that are still to be opened, the next last.
    names: Vec<String>,
    input: Option<Input>,
    /// The next line, if it had to be looked at before its time.
    ahead: Option<Vec<u8>>,
}

impl Lines {
    /// Sees to it that the file at hand has a line to take; false when there is none any more.
    fn find(&mut self, tool: &mut Tool) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            loop {
                if let Some(input) = &mut self.input {
                    while !input.lines.has_line() {
                        if !call!(tool.fill(input))? {
                            break;
                        }
                    }
                    if input.lines.has_line() {
                        return Ok(true);
                    }
                    call!(tool.close(input))?;
                    self.input = None;
                    if tool.code == FAILED {
                        return Ok(false);
                    }
                }
                let Some(name) = self.names.pop() else { return Ok(false) };
                self.input = call!(tool.open(&name))?;
                if self.input.is_none() {
                    tool.code = MISSING_CODE;
                }
            }
        })
    }

    /// Is there a next line?
    fn look(&mut self, tool: &mut Tool) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if self.ahead.is_none() && call!(self.find(tool))? {
                self.ahead = self.input.as_mut().and_then(|input| input.lines.take_line()).map(<[u8]>::to_vec);
            }
            Ok(self.ahead.is_some())
        })
    }

    /// Gives the machine the next line; false when there is none.
    fn give(&mut self, tool: &mut Tool, machine: &mut Machine) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if let Some(line) = self.ahead.take() {
                machine.take_line(&line);
                return Ok(true);
            }
            if !call!(self.find(tool))? {
                return Ok(false);
            }
            let line = self.input.as_mut().and_then(|input| input.lines.take_line());
            if let Some(line) = line {
                machine.take_line(line);
            }
            Ok(line.is_some())
        })
    }
}

/// The whole script, or `None` when a part of it cannot be read, which was told.
fn read_script(tool: &mut Tool, sources: Vec<Source>) -> impl Routine<Result<Option<Vec<u8>>, Errno>> {
    routine!(move {
        let mut script = Vec::new();
        for (number, source) in sources.into_iter().enumerate() {
            if number > 0 {
                script.push(b'\n');
            }
            let name = match source {
                Source::Text(text) => {
                    script.extend_from_slice(text.as_bytes());
                    continue;
                }
                Source::File(name) => name,
            };
            let Some(mut input) = call!(tool.open(&name))? else { return Ok(None) };
            while call!(tool.fill(&mut input))? {
                script.extend_from_slice(&input.lines.take_piece());
                if script.len() > limits::TEXT_BYTES_MAX {
                    call!(tool.complain(&name, Errno::EFBIG))?;
                    return Ok(None);
                }
            }
            call!(tool.close(&input))?;
            if tool.code != 0 {
                return Ok(None);
            }
            if script.ends_with(b"\n") {
                script.pop();
            }
        }
        Ok(Some(script))
    })
}

fn main(args: Args) -> Task {
    task!({
        let Options { is_quiet, syntax, script, mut names } = call!(or_usage_with(&PROGRAM, WRONG_CODE, parse(args)))?;
        let mut tool = Tool::failing_with(&PROGRAM, FAILED);
        let Some(script) = call!(read_script(&mut tool, script))? else { return call!(tool.finish()) };
        let script = match parser::parse(&script, syntax) {
            Ok(script) => script,
            Err(error) => {
                call!(tool.complain("script", error))?;
                tool.code = WRONG_CODE;
                return call!(tool.finish());
            }
        };
        names.reverse();
        let mut lines = Lines { names, input: None, ahead: None };
        let mut machine = Box::new(Machine::new(script, is_quiet));
        loop {
            match machine.run(&mut tool.out) {
                Pause::Rest => trap!(yield yield_now())?,
                Pause::Look => machine.tell_last(!call!(lines.look(&mut tool))?),
                Pause::Line => {
                    if !call!(lines.give(&mut tool, &mut machine))? {
                        return call!(tool.finish());
                    }
                }
                Pause::Quit(code) => {
                    tool.code = if code == 0 { tool.code } else { code };
                    return call!(tool.finish());
                }
                Pause::Full => {
                    call!(tool.complain("script", "more text than there is room for"))?;
                    return call!(tool.finish());
                }
                Pause::NoExpression => {
                    call!(tool.complain("script", "an empty expression, and none before it"))?;
                    tool.code = WRONG_CODE;
                    return call!(tool.finish());
                }
            }
            if tool.is_full() {
                call!(tool.flush())?;
            }
        }
    })
}
