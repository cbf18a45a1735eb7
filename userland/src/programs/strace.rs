//! Shows the calls of another program: each with its answer, its time and the line of its `yield`.
//!
//! The kernel tells of them by a tracer (`ktrace`), which the program is spawned with, so that its first trap is
//! there. What is shown is written whenever all that was there to read is read: it may end in half a line, the call
//! that is waited in.

mod filter;
mod lines;
mod summary;
mod waiting;

use crate::{
    args::FAILED_CODE,
    executable::{self, not_started_code, search_path, why_not_started},
    path::{is_within, plain},
    prelude::*,
};
use alloc::collections::BTreeSet;
use filter::Filter;
use lines::Lines;
use waiting::{Around, look_around};

pub(crate) const PROGRAM: Program = Program::new(
    "strace",
    Group::System,
    "shows the calls of a program, or of tasks (-p): of those they spawn too (-f), or only how many (-c), of some (-e)",
    main,
)
.usage("[-cf] [-e [trace=][!]CALL,%CLASS...] [-o FILE] [-s BYTES] [-p TID[,TID...]]... [PROGRAM [ARGUMENT]...]")
.details(DETAILS);

const DETAILS: &str = "
  -c, --summary-only        count the calls, and show what each took, at the end
  -e, --trace CALL,...      show only these calls; with ! before them, all but these
  -f, --follow-forks        show the calls of tasks that are spawned, too
  -o, --output FILE         write there and not to standard error
  -p, --attach TID,...      show the calls of tasks that run already, until they end or Ctrl-C comes
  -s, --string-limit BYTES  show so many bytes of data and texts (32)

A CALL is the name of one, all, none, or a class of them:
  %desc %file %network %port %process %signal %time
";

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

/// Those without a value, and those with one.
const OPTIONS: (&[&str], &[&str]) =
    (&["-f --follow-forks", "-c --summary-only"], &["-e --trace", "-o --output", "-s --string-limit", "-p --attach"]);

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, OPTIONS.0, OPTIONS.1)?;
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
        let mut output = call!(Output::open(output))?;
        let mut flags = if follows { TraceFlags::FOLLOW } else { TraceFlags::NONE };
        if only_counts {
            flags = flags | TraceFlags::COUNT;
        }
        let found = if tasks.is_empty() { Around::default() } else { call!(look_around())? };
        let may_be_waited_for = tasks.iter().any(|tid| found.ancestors.contains(tid));
        if may_be_waited_for {
            flags = flags | TraceFlags::WAITS;
        }
        let tracer = trap!(yield ktrace(Tid::NONE, flags, shown))?;
        let names_tasks = follows || !tasks.is_empty();
        let child = match program {
            Some((program, args)) => Some(call!(begin(&program, args, tracer))?),
            None => None,
        };
        call!(attach(tracer, tasks, &found.waiting, child.is_some()))?;
        let lines = Lines::new(filter, names_tasks, !only_counts);
        call!(show(tracer, lines, may_be_waited_for, &mut output))?;
        if only_counts {
            let mut counts = trap!(yield ktrace_counts(tracer))?;
            counts.retain(|count| filter.has(count.info));
            call!(output.write(summary::table(counts)));
        }
        trap!(yield close(tracer))?;
        let code = match child {
            Some(child) => trap!(yield wait(child))?.code(),
            None => 0,
        };
        trap!(yield exit(if code == 0 && output.is_lost { FAILED_CODE } else { code }))
    })
}

/// Where what is shown goes.
struct Output {
    to: Fd,
    path: Option<String>,
    /// Could something not be written? It was told, and nothing more is written.
    is_lost: bool,
}

impl Output {
    /// A file, or standard error. What cannot be is the program's end.
    fn open(path: Option<String>) -> impl Routine<Result<Output, Errno>> {
        routine!(move {
            let to = match &path {
                Some(path) => {
                    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
                    let opened = trap!(yield open(path.as_str(), flags));
                    let to = call!(or_complain(&PROGRAM, path, opened))?;
                    call!(refuse_what_is_gone(path, to))?;
                    to
                }
                None => Fd::STDERR,
            };
            Ok(Output { to, path, is_lost: false })
        })
    }

    fn write(&mut self, text: String) -> impl Routine<()> {
        routine!(move -> () {
            if self.is_lost {
                return;
            }
            if let Err(errno) = write_all!(self.to, Buf::from(text.into_bytes())) {
                self.is_lost = true;
                let path = self.path.as_deref().unwrap_or("standard error");
                // If this cannot be told either, the exit code tells.
                let _ = eprintln!("strace: {}: {errno}", excerpt(path));
            }
        })
    }
}

/// The first task, which starts what the host asks for.
const INIT: u64 = 1;

/// The end of who was started by the host, and not by a shell, and writes to a file in memory: nobody could read it.
fn refuse_what_is_gone(path: &str, file: Fd) -> impl Routine<Result<(), Errno>> + '_ {
    routine!(move {
        if trap!(yield getppid())?.serial() != INIT || trap!(yield fstat(file))?.kind != FileKind::Regular {
            return Ok(());
        }
        let directory = trap!(yield getcwd())?;
        let mounts = call!(read_text("/proc/mounts"))?;
        if is_in_memory(&plain(path, &directory), &mounts) {
            eprintln!(
                "strace: {}: is in the machine's memory and would be gone at its end: name a file below a folder of the \
                 host (yieldix --mount HOST:GUEST strace -o GUEST/FILE)",
                excerpt(path)
            )?;
            trap!(yield exit(FAILED_CODE))?;
        }
        Ok(())
    })
}

/// Is the file at this path in none of the host's folders? `mounts` has a line each: the place, what is there.
fn is_in_memory(path: &str, mounts: &str) -> bool {
    let places = mounts.lines().filter_map(|line| {
        let mut words = line.split('\t');
        Some((words.next()?, words.next()?))
    });
    let longest = places.filter(|(place, _)| is_within(path, place)).max_by_key(|(place, _)| place.len());
    longest.is_none_or(|(_, system)| system != "folder")
}

/// Traces tasks that are there, until they end. Without a program beside them, until Ctrl-C comes; and when none of
/// them is there, or all are `waiting` for this one, that is the end.
fn attach(tracer: Fd, tasks: Vec<Tid>, waiting: &BTreeSet<Tid>, has_program: bool) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if tasks.is_empty() {
            return Ok(());
        }
        if !has_program {
            trap!(yield catch_signals(Signal::Int | Signal::Term))?;
        }
        let mut is_any_traced = has_program;
        for tid in tasks {
            if waiting.contains(&tid) {
                eprintln!("strace: task {tid}: {WAITS_FOR_US}")?;
                continue;
            }
            match trap!(yield ktrace_attach(tracer, tid)) {
                // A program that was started before may be one that was named.
                Ok(()) | Err(Errno::EEXIST) => is_any_traced = true,
                Err(errno) => {
                    let why = if errno == Errno::EINVAL { "it is strace itself" } else { errno.meaning() };
                    eprintln!("strace: task {tid}: {why}")?;
                }
            }
        }
        if is_any_traced {
            return Ok(());
        }
        if trap!(yield getppid())?.serial() == INIT {
            eprintln!("strace: -p is for use in a shell (yieldix, and there strace -p TID), beside which others run")?;
        }
        trap!(yield exit(FAILED_CODE))
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

/// Why a task is not traced, or no longer.
const WAITS_FOR_US: &str = "it waits for strace to end";

/// What there is to be read, none at the end. It is not waited for (`None`) when it is to be looked, once all is read,
/// whether those who are traced wait for this one.
fn read_records(tracer: Fd, is_to_look: bool) -> impl Routine<Result<Option<Vec<TraceRecord>>, Errno>> {
    routine!(move {
        if !is_to_look {
            return trap!(yield ktrace_read(tracer, RECORDS)).map(Some);
        }
        let read = timeout!(Duration::ZERO, { trap!(yield ktrace_read(tracer, RECORDS)) });
        read.map_or(Ok(None), |records| records.map(Some))
    })
}

/// May somebody have come to wait for this one since before this was told?
fn may_change_who_waits(record: &TraceRecord) -> bool {
    matches!(record.what, Traced::WaitsChange | Traced::Exited { .. } | Traced::Lost { .. })
}

/// Those who are traced, if there are some and all of them wait for this one. The kernel is asked: what is told of
/// beginnings and ends may be lost.
fn all_waiting_for_us(tracer: Fd) -> impl Routine<Result<Option<Vec<Tid>>, Errno>> {
    routine!(move {
        let waiting = call!(look_around())?.waiting;
        // Whoever is traced only since then does not wait.
        let traced = trap!(yield ktrace_tasks(tracer))?;
        let is_waited_for = !traced.is_empty() && traced.iter().all(|tid| waiting.contains(tid));
        Ok(is_waited_for.then_some(traced))
    })
}

/// Writes what a tracer tells, until all whom it traces have ended, or a signal comes that is caught. Where they may
/// wait for this one, also until all do and all is read: nothing would be told any more, and nobody would go on.
///
/// That is looked for when something is told by which it may have come about, and not from time to time: who waits for
/// the clock again and again keeps a machine alive in which nobody can go on, and the kernel from saying so.
fn show(tracer: Fd, mut lines: Lines, may_be_waited_for: bool, output: &mut Output) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut is_to_look = may_be_waited_for;
        while !output.is_lost {
            match call!(read_records(tracer, is_to_look)) {
                Ok(Some(records)) if records.is_empty() => break,
                Ok(Some(records)) => {
                    records.iter().for_each(|record| lines.take(record));
                    is_to_look |= may_be_waited_for && records.iter().any(may_change_who_waits);
                }
                Ok(None) => {
                    is_to_look = false;
                    if let Some(traced) = call!(all_waiting_for_us(tracer))? {
                        lines.detach(&traced, Some(WAITS_FOR_US));
                        break;
                    }
                }
                Err(Errno::EINTR) => {
                    trap!(yield take_signal())?;
                    lines.detach(&trap!(yield ktrace_tasks(tracer))?, None);
                    break;
                }
                Err(errno) => return Err(errno),
            }
            call!(output.write(lines.written()));
        }
        lines.end();
        call!(output.write(lines.written()));
        Ok(())
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
            ("gettid()", Reply::Tid(Tid::new(0, 9))),
            ("tasks()", Reply::Tasks(Box::default())),
            ("ktrace(0, none, 32)", Reply::Fd(Fd::new(3, 0))),
            ("catch_signals(INT|TERM)", Reply::Signals(Signals::NONE)),
            ("ktrace_attach(3, 8)", Reply::Err(Errno::ESRCH)),
            ("ktrace_attach(3, 9)", Reply::Err(Errno::EINVAL)),
            ("getppid()", Reply::Tid(Tid::new(0, 5))),
        ];
        let run = run_script(main(words("-p 8,9")), script);
        let told = "strace: task 8: no such task\nstrace: task 9: it is strace itself\n";
        assert_eq!((run.errors.as_str(), run.end), (told, End::Exited(1)));
    }

    #[test]
    fn a_file_is_in_memory_unless_a_folder_of_the_host_is_nearest() {
        let mounts = "/\tram\trw\n/bin\tbin\tro\n/data\tfolder\trw\n/data/x\tram\trw\n";
        for (path, is_gone) in [("/x", true), ("/data/x/y", true), ("/data/y", false), ("/database", true)] {
            assert_eq!(is_in_memory(path, mounts), is_gone, "{path}");
        }
        assert!(!is_in_memory("/x", "/\tfolder\trw\n"));
    }

    #[test]
    fn the_help_names_every_option_and_class() {
        for class in filter::class_names() {
            assert!(DETAILS.contains(&format!("%{class}")), "{class}");
        }
        for option in OPTIONS.0.iter().chain(OPTIONS.1) {
            let (short, long) = option.split_once(' ').unwrap();
            assert!(DETAILS.contains(&format!("  {short}, {long}")), "{option}");
        }
    }

    #[test]
    fn what_cannot_be_written_is_told_once_and_the_code_of_the_program_stays() {
        let of = |code, ended| {
            let told = TraceRecord { tid: Tid::new(0, 7), at: Time::BOOT, what: Traced::Continued };
            let script = vec![
                ("open(\"/dev/full\", WRITE|CREATE|TRUNCATE)", Reply::Fd(Fd::new(3, 0))),
                ("getppid()", Reply::Tid(Tid::new(0, 5))),
                ("ktrace(0, none, 32)", Reply::Fd(Fd::new(4, 0))),
                ("getenv(\"PATH\")", Reply::Buf("/bin".into())),
                ("spawn_program(\"hello\", [])", Reply::Tid(Tid::new(0, 7))),
                ("mask_signals(INT|QUIT)", Reply::Signals(Signals::NONE)),
                ("ktrace_read(4, 512)", Reply::Traced(Box::new(vec![told]))),
                ("write(3, \"0.000000 --- goes on ---\\n\" (25 bytes))", Reply::Err(Errno::ENOSPC)),
                ("close(4)", Reply::Unit),
                ("wait(7)", Reply::Exited { tid: Tid::new(0, 7), code }),
            ];
            let run = run_script(main(words("-o /dev/full hello")), script);
            assert_eq!((run.errors.matches("strace: /dev/full: ENOSPC: ").count(), run.end), (1, End::Exited(ended)));
        };
        of(0, 1);
        of(3, 3);
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
