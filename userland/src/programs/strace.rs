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
    "shows the calls of a program, or of tasks (-p): of those they spawn too (-f), or only how many (-c), of some (-e)",
    main,
)
.usage("[-cf] [-e [trace=][!]CALL,%CLASS...] [-o FILE] [-s BYTES] [-p TID[,TID...]]... [PROGRAM [ARGUMENT]...]");

/// Records that are asked for at a time, and shown before another turn.
const RECORDS: u32 = 512;

struct Options {
    follows: bool,
    only_counts: bool,
    filter: Filter,
    output: Option<String>,
    shown: u16,
    /// Tasks that are there, each once.
    tasks: Vec<Tid>,
    /// A program that is started, with these arguments.
    program: Option<(String, Args)>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(
        args,
        &["-f --follow-forks", "-c --summary-only"],
        &["-e --trace", "-o --output", "-s --string-limit", "-p --attach"],
    )?;
    let filter = given.value::<Filter>("-e")?.unwrap_or_default();
    let (follows, only_counts) = (given.has("-f"), given.has("-c"));
    let output = given.value("-o")?;
    let shown = given.value("-s")?.unwrap_or(BYTES_SHOWN);
    let mut tasks = Vec::new();
    let lists = given.values().filter(|(name, _)| *name == "-p");
    for word in lists.flat_map(|(_, list)| list.split([',', ' '])) {
        let tid = word.parse().map_err(|_| Misuse::Wrong(format!("no task: {}", excerpt(word))))?;
        if !tasks.contains(&tid) {
            tasks.push(tid);
        }
    }
    let mut words = given.operands.into_iter();
    let program = words.next().map(|program| (program, words.collect()));
    if tasks.is_empty() && program.is_none() {
        return Err(Misuse::Wrong("no program given, and no task by -p".to_owned()));
    }
    Ok(Options { follows, only_counts, filter, output, shown, tasks, program })
}

fn main(args: Args) -> Task {
    task!({
        let Options { follows, only_counts, filter, output, shown, tasks, program } =
            call!(or_usage(&PROGRAM, parse(args)))?;
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
        let tracer = trap!(yield ktrace(Tid::NONE, flags, shown))?;
        let names_tasks = follows || !tasks.is_empty();
        let child = match program {
            Some((program, args)) => Some(call!(begin(&program, args, tracer))?),
            None => None,
        };
        call!(attach(tracer, tasks, child.is_some()))?;
        let lines = Lines::new(filter, names_tasks, !only_counts);
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

/// Traces tasks that are there, until they end. Without a program beside them, until Ctrl-C comes; and when none of
/// them is there, that is the end.
fn attach(tracer: Fd, tasks: Vec<Tid>, has_program: bool) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if !has_program {
            trap!(yield catch_signals(Signal::Int | Signal::Term))?;
        }
        let mut is_any_traced = has_program;
        for tid in tasks {
            match trap!(yield ktrace_attach(tracer, tid)) {
                // A program that was started before may be one that was named.
                Ok(()) | Err(Errno::EEXIST) => is_any_traced = true,
                Err(errno) => {
                    let why = if errno == Errno::EINVAL { "it is strace itself" } else { errno.meaning() };
                    eprintln!("strace: task {tid}: {why}")?;
                }
            }
        }
        if is_any_traced { Ok(()) } else { trap!(yield exit(1)) }
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
        assert_eq!((options.program, options.tasks), (Some(("cat".to_owned(), words("-c x"))), Vec::new()));
    }

    #[test]
    fn tasks_may_be_many_each_once_and_beside_a_program() {
        let of = |line| {
            let options = parse(words(line)).unwrap();
            let serials: Vec<u64> = options.tasks.iter().map(|tid| tid.serial()).collect();
            (serials, options.program.is_some())
        };
        assert_eq!(of("-p 3"), (vec![3], false));
        assert_eq!(of("-p 3 -p 5,4 -p 3"), (vec![3, 5, 4], false));
        assert_eq!(of("-p 3 cat"), (vec![3], true));
    }

    #[test]
    fn a_program_or_a_task_must_be_given() {
        for line in ["-c", "-p 3,", "-p x", "-e nonesuch cat", "-s 65536 cat"] {
            assert_eq!(run(main(words(line))).end, End::Exited(2), "{line}");
        }
    }

    #[test]
    fn of_tasks_that_are_not_there_each_is_told() {
        let script = [
            ("ktrace(0, none, 32)", Reply::Fd(Fd::new(3, 0))),
            ("catch_signals(INT|TERM)", Reply::Signals(Signals::NONE)),
            ("ktrace_attach(3, 8)", Reply::Err(Errno::ESRCH)),
            ("ktrace_attach(3, 9)", Reply::Err(Errno::EINVAL)),
        ];
        let run = run_script(main(words("-p 8,9")), script);
        let told = "strace: task 8: no such task\nstrace: task 9: it is strace itself\n";
        assert_eq!((run.errors.as_str(), run.end), (told, End::Exited(1)));
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
