//! Shows the calls of another program: each with its answer, its time and the line of its `yield`.
//!
//! The kernel tells of them by a tracer (`ktrace`), which the program is spawned with, so that its first trap is
//! there. What is shown is written whenever all that was there to read is read: it may end in half a line, the call
//! that is waited in.

mod filter;
mod lines;
mod summary;

use crate::{
    executable::{self, not_started_code, search_path, why_not_started},
    prelude::*,
};
use filter::Filter;
use lines::Lines;

pub(crate) const PROGRAM: Program = Program::new(
    "strace",
    Group::System,
    "shows the calls of a program, or of a task (-p): of those it spawns too (-f), or only how many (-c), of some (-e)",
    main,
)
.usage("[-cf] [-e [trace=][!]CALL,%CLASS...] [-o FILE] [-s BYTES] {-p TID | PROGRAM [ARGUMENT]...}");

/// Records that are asked for at a time, and shown before another turn.
const RECORDS: u32 = 512;

/// Whose calls are shown.
#[derive(Debug, PartialEq)]
enum Whose {
    /// Those of a task that is there.
    Task(Tid),
    /// Those of a program that is started, with these arguments.
    Program(String, Args),
}

struct Options {
    follows: bool,
    only_counts: bool,
    filter: Filter,
    output: Option<String>,
    shown: u16,
    whose: Whose,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(
        args,
        &["-f --follow-forks", "-c --summary-only"],
        &["-e --trace", "-o --output", "-s --string-limit", "-p --attach"],
    )?;
    let filter = given.value::<Filter>("-e")?.unwrap_or_default();
    let (follows, only_counts) = (given.has("-f"), given.has("-c"));
    let (output, task) = (given.value("-o")?, given.value::<Tid>("-p")?);
    let shown = given.value("-s")?.unwrap_or(BYTES_SHOWN);
    let mut words = given.operands.into_iter();
    let whose = match (task, words.next()) {
        (Some(tid), None) => Whose::Task(tid),
        (None, Some(program)) => Whose::Program(program, words.collect()),
        (None, None) => return Err(Misuse::Wrong("no program given, and no task by -p".to_owned())),
        (Some(_), Some(_)) => return Err(Misuse::Wrong("a program and -p".to_owned())),
    };
    Ok(Options { follows, only_counts, filter, output, shown, whose })
}

fn main(args: Args) -> Task {
    task!({
        let Options { follows, only_counts, filter, output, shown, whose } = call!(or_usage(&PROGRAM, parse(args)))?;
        let to = match output {
            Some(path) => {
                let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
                let opened = trap!(yield open(path.as_str(), flags));
                call!(or_complain(&PROGRAM, &path, opened))?
            }
            None => Fd::STDERR,
        };
        let mut flags = if follows { TraceFlags::FOLLOW } else { TraceFlags::NONE };
        if only_counts {
            flags = flags | TraceFlags::COUNT;
        }
        let (tracer, child) = match whose {
            Whose::Task(tid) => (call!(attach(tid, flags, shown))?, None),
            Whose::Program(program, args) => {
                let tracer = trap!(yield ktrace(Tid::NONE, flags, shown))?;
                (tracer, Some(call!(begin(&program, args, tracer))?))
            }
        };
        let lines = Lines::new(filter, follows || child.is_none(), !only_counts);
        call!(show(tracer, lines, to))?;
        if only_counts {
            let mut counts = trap!(yield ktrace_counts(tracer))?;
            counts.retain(|count| filter.has(count.info));
            write_all!(to, Buf::from(summary::table(counts).into_bytes()))?;
        }
        trap!(yield close(tracer))?;
        match child {
            Some(child) => {
                let status = trap!(yield wait(child))?;
                trap!(yield exit(status.code()))
            }
            None => Ok(()),
        }
    })
}

/// Traces a task that is there, until it ends, or Ctrl-C comes.
fn attach(tid: Tid, flags: TraceFlags, shown: u16) -> impl Routine<Result<Fd, Errno>> {
    routine!(move {
        trap!(yield catch_signals(Signal::Int | Signal::Term))?;
        match trap!(yield ktrace(tid, flags, shown)) {
            Ok(tracer) => Ok(tracer),
            Err(errno) => {
                let why = if errno == Errno::EINVAL { "it is strace itself" } else { errno.meaning() };
                eprintln!("strace: task {tid}: {why}")?;
                trap!(yield exit(1))?;
                // Not reached: exit is not answered.
                Err(errno)
            }
        }
    })
}

/// Starts a program that is traced. What keys send is for it: who traces goes on until it has ended.
fn begin<'a>(program: &'a str, args: Args, tracer: Fd) -> impl Routine<Result<Tid, Errno>> + 'a {
    routine!(move {
        let path = call!(search_path());
        let options = SpawnOptions { tracer: Some(tracer), ..SpawnOptions::default() };
        match call!(executable::start(program, args, options, &path)) {
            Ok(child) => {
                trap!(yield mask_signals(Signal::Int | Signal::Quit))?;
                Ok(child)
            }
            Err(errno) => {
                eprintln!("strace: {}: {}", excerpt(program), why_not_started(errno))?;
                trap!(yield exit(not_started_code(errno)))?;
                // Not reached: exit is not answered.
                Err(errno)
            }
        }
    })
}

/// Writes what a tracer tells, until all whom it traces have ended, or a signal comes that is caught.
fn show(tracer: Fd, mut lines: Lines, to: Fd) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            match trap!(yield ktrace_read(tracer, RECORDS)) {
                Ok(records) if records.is_empty() => break,
                Ok(records) => records.iter().for_each(|record| lines.take(record)),
                Err(Errno::EINTR) => {
                    trap!(yield take_signal())?;
                    lines.detach();
                    break;
                }
                Err(errno) => return Err(errno),
            }
            write_all!(to, Buf::from(lines.written().into_bytes()))?;
        }
        lines.end();
        write_all!(to, Buf::from(lines.written().into_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script};

    fn words(line: &str) -> Args {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn what_follows_the_program_is_its_own() {
        let options = parse(words("-fe read -s 5 cat -c x")).unwrap();
        assert!(options.follows && !options.only_counts && options.shown == 5);
        assert_eq!(options.whose, Whose::Program("cat".to_owned(), words("-c x")));
        assert_eq!(parse(words("-p 3")).unwrap().whose, Whose::Task(Tid::new(0, 3)));
    }

    #[test]
    fn a_program_or_a_task_must_be_given_and_not_both() {
        for line in ["-c", "-p 3 cat", "-e nonesuch cat", "-s 65536 cat"] {
            assert_eq!(run(main(words(line))).end, End::Exited(2), "{line}");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let script = [
            ("ktrace(0, none, 32)", Reply::Fd(Fd::new(3, 0))),
            ("getenv(\"PATH\")", Reply::Buf("/bin".into())),
            ("spawn_program(\"nonesuch\", [])", Reply::Err(Errno::ENOENT)),
        ];
        let run = run_script(main(words("nonesuch")), script);
        assert_eq!((run.errors.as_str(), run.end), ("strace: nonesuch: not found\n", End::Exited(127)));
    }
}
