//! A web server's log, made up as it goes: something for the other programs to follow.
//!
//! To a file, if one is named, else to standard output; a line at a time, less than a second apart. What
//! they say is up to chance. The clock in them began at nine on the day of the course, when the machine
//! booted.

use crate::{date::DateTime, prelude::*, write_all};

pub(crate) const PROGRAM: Program =
    Program::new("logsim", Group::Course(Part::Generators), "writes the log of a web server that is none", main)
        .usage("[--lines N] [FILE]");

const REQUESTS: [&str; 4] =
    ["GET /ply/ HTTP/1.1", "GET /ply/ply.html HTTP/1.1", "GET /python/ HTTP/1.0", "HEAD / HTTP/1.1"];
const ANSWERS: [(u16, u16); 3] = [(200, 7587), (304, 0), (404, 133)];

/// Nine o'clock on the day of the course, by its clock.
const START_SECONDS: u64 = 1_237_971_600;
/// What chance has to decide of a line: the pause before it, four parts of an address, request, answer.
const CHANCE_BYTES: u32 = 7;

struct Options {
    lines: Option<u64>,
    path: Option<String>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let mut given = Given::parse(args, &[], &["--lines"])?;
    let path = given.operands.pop();
    Ok(Options { lines: given.value("--lines")?, path: given.without_operands().map(|_| path)? })
}

/// A line of the log; chance decides who asks for what and gets which answer.
fn line(chance: &[u8], since_boot: Duration) -> String {
    let one_of = |byte: usize, count: usize| usize::from(chance[byte]) % count;
    let (request, (status, bytes)) = (REQUESTS[one_of(4, REQUESTS.len())], ANSWERS[one_of(5, ANSWERS.len())]);
    let [a, b, c, d] = [0, 1, 2, 3].map(|byte| chance[byte]);
    let date = DateTime::from_seconds(START_SECONDS + since_boot.as_secs());
    format!("{a}.{b}.{c}.{d} - - [{date} -0600] \"{request}\" {status} {bytes}\n")
}

fn main(args: Args) -> Task {
    task!({
        let Options { lines, path } = call!(or_usage(&PROGRAM, parse(args)))?;
        let log = match path {
            Some(path) => {
                let opened = trap!(yield open(path.as_str(), OpenFlags::APPEND | OpenFlags::CREATE));
                call!(or_complain(&PROGRAM, &path, opened))?
            }
            None => Fd::STDOUT,
        };
        let mut written = 0;
        while lines.is_none_or(|lines| written < lines) {
            let chance = trap!(yield getrandom(CHANCE_BYTES))?;
            let pause = Duration::from_millis(u64::from(chance[0]) * 1000 / 256);
            trap!(yield sleep(pause))?;
            write_all!(log, line(&chance[1..], trap!(yield now())? - Time::BOOT).into())?;
            written += 1;
        }
        Ok(())
    })
}
