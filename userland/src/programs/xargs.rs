//! Runs a program on the words of standard input.

use crate::{
    child,
    executable::{not_started_code, why_not_started},
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "xargs",
    Group::Tools,
    "runs a program, echo unless another is named, with the words of standard input behind its arguments",
    main,
)
.usage("[-0rt] [-n WORDS] [PROGRAM [ARGUMENT...]]");

/// The exit codes of `xargs` itself: of a program that failed, and that was killed.
const CHILD_FAILED: i32 = 123;
const CHILD_KILLED: i32 = 125;

/// Bytes of words that one program is given, when no number of words is said.
const WORDS_BYTES: usize = 128 * 1024;

struct Options {
    ends_with_zeros: bool,
    runs_without_words: bool,
    is_traced: bool,
    words_max: usize,
    command: Vec<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-0 --null", "-r --no-run-if-empty", "-t --verbose"], &["-n --max-args"])?;
    let words_max = given.value("-n")?.unwrap_or(usize::MAX);
    if words_max == 0 {
        return Err(Misuse::Wrong("-n 0: no words at all".to_owned()));
    }
    let command = if given.operands.is_empty() { vec!["echo".to_owned()] } else { given.operands.clone() };
    Ok(Options {
        ends_with_zeros: given.has("-0"),
        runs_without_words: !given.has("-r"),
        is_traced: given.has("-t"),
        words_max,
        command,
    })
}

/// Words as they come, byte by byte.
#[derive(Debug, Default)]
struct Words {
    word: Vec<u8>,
    /// There is a word, though it may have no bytes.
    is_begun: bool,
    quote: Option<u8>,
    is_escaped: bool,
}

/// What is wrong with a text of words.
const UNMATCHED_QUOTE: &str = "a quote without its match";

impl Words {
    /// Takes a byte; gives the word that it ends.
    fn take(&mut self, byte: u8, ends_with_zeros: bool) -> Result<Option<Vec<u8>>, &'static str> {
        if ends_with_zeros {
            if byte == 0 {
                self.is_begun = false;
                return Ok(Some(core::mem::take(&mut self.word)));
            }
            self.push(byte);
            return Ok(None);
        }
        match (self.quote, byte) {
            _ if core::mem::take(&mut self.is_escaped) => self.push(byte),
            (Some(_), b'\n') => return Err(UNMATCHED_QUOTE),
            (Some(quote), byte) if quote == byte => self.quote = None,
            (Some(_), byte) => self.push(byte),
            (None, b'\\') => self.is_escaped = true,
            (None, b'\'' | b'"') => {
                self.quote = Some(byte);
                self.is_begun = true;
            }
            (None, b' ' | b'\t' | b'\n') => return Ok(self.end()),
            // These are part of a word, but do not begin one.
            (None, b'\r' | 0x0b | 0x0c) if !self.is_begun => {}
            (None, byte) => self.push(byte),
        }
        Ok(None)
    }

    fn push(&mut self, byte: u8) {
        self.is_begun = true;
        self.word.push(byte);
    }

    fn end(&mut self) -> Option<Vec<u8>> {
        core::mem::take(&mut self.is_begun).then(|| core::mem::take(&mut self.word))
    }
}

/// What `xargs` exits with, whatever is left.
enum Run {
    GoOn,
    Stop(i32),
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let options = call!(tool.or_usage(parse(args)))?;
        let mut words = Words::default();
        let mut given: Vec<String> = Vec::new();
        let (mut given_bytes, mut has_run) = (0, false);
        let Some(mut input) = call!(tool.open(crate::tool::STANDARD_INPUT))? else { return Ok(()) };
        while call!(tool.fill(&mut input))? {
            let piece = input.lines.take_piece();
            for &byte in &*piece {
                let word = match words.take(byte, options.ends_with_zeros) {
                    Ok(Some(word)) => word,
                    Ok(None) => continue,
                    Err(what) => {
                        call!(tool.complain("standard input", what))?;
                        return call!(tool.finish());
                    }
                };
                given_bytes += word.len() + 1;
                given.push(String::from_utf8_lossy(&word).into_owned());
                if given.len() >= options.words_max || given_bytes >= WORDS_BYTES {
                    has_run = true;
                    given_bytes = 0;
                    let words = core::mem::take(&mut given);
                    if let Run::Stop(code) = call!(run(&mut tool, &options, words))? {
                        tool.code = code;
                        return call!(tool.finish());
                    }
                }
            }
        }
        if words.quote.is_some() {
            call!(tool.complain("standard input", UNMATCHED_QUOTE))?;
            return call!(tool.finish());
        }
        given.extend(words.end().map(|word| String::from_utf8_lossy(&word).into_owned()));
        let is_left = !given.is_empty() || !has_run && options.runs_without_words;
        if is_left && let Run::Stop(code) = call!(run(&mut tool, &options, given))? {
            tool.code = code;
        }
        call!(tool.finish())
    })
}

/// Runs the program once and waits for its end.
fn run(tool: &mut Tool, options: &Options, words: Vec<String>) -> impl Routine<Result<Run, Errno>> {
    routine!(move {
        let line = [options.command.as_slice(), &words].concat();
        if options.is_traced {
            eprintln!("{}", line.join(" "))?;
        }
        let name = line.first().cloned().unwrap_or_default();
        let status = match call!(child::run(line)) {
            Ok(status) => status,
            Err(errno) => {
                call!(tool.complain(&name, why_not_started(errno)))?;
                return Ok(Run::Stop(not_started_code(errno)));
            }
        };
        Ok(match status {
            ExitStatus::Exited(0) => Run::GoOn,
            ExitStatus::Exited(255) => Run::Stop(124),
            ExitStatus::Exited(_) => {
                tool.code = CHILD_FAILED;
                Run::GoOn
            }
            _ => Run::Stop(CHILD_KILLED),
        })
    })
}
