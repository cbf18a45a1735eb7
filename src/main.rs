//! `yieldix`: the machine as a command.
#![feature(panic_can_unwind)]

use clap::{ArgGroup, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use std::{
    fs::File,
    io::{BufReader, BufWriter, ErrorKind, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};
use yieldix::{BootError, Ended, LogFile, LogFormat, LogGuard, Machine, MountError, Trace};
use yieldix_kernel::LintRefusal;
use yieldix_syscalls::BYTES_SHOWN;
use yieldix_trace::{
    Chrome, LogError, State,
    sched::{Latency, Map, Timehist},
    timeline,
};
use yieldix_userland::{PROGRAMS, duration::Span, listing::listing, size::Size};

#[cfg(unix)]
mod last_resort;
mod manual;

/// The program that runs what is typed, and scripts.
const SHELL: &str = "sh";
/// Programs that people type at.
const TYPED_AT: [&str; 3] = [SHELL, "telnetd", TRACER];
/// The program that shows the calls of another, which may be a shell.
const TRACER: &str = "strace";
/// The most tasks under a shell unless said otherwise: what is typed there, a function that starts itself twice for
/// one, is to meet a bound before the host runs out of memory.
const SHELL_TASKS: u32 = 65_536;
/// What a user finds, who is alone here and may do all.
const ENVIRONMENT: &[(&str, &str)] =
    &[("HOME", "/"), ("LOGNAME", "root"), ("PATH", "/bin"), ("PWD", "/"), ("SHELL", "/bin/sh"), ("USER", "root")];
/// What a bad command line, or a bad filter, ends with.
const USAGE: u8 = 2;
/// What a program that is not there ends with.
const NOT_FOUND: u8 = 127;
/// What a host that refuses ends with.
const HOST_REFUSED: u8 = 71;
/// What a program that ended well ends with when its output was lost (`EX_IOERR`).
const OUTPUT_LOST: u8 = 74;
/// What a bug of the kernel ends with.
const KERNEL_PANIC: u8 = 101;

/// An operating system inside one process: tasks are coroutines, yield is a trap.
///
/// Without a command, boots and opens a shell on the terminal; when standard input is not one, the
/// shell runs it as a script. FILE is a script of this host, and a command's name is that command.
#[derive(Parser)]
#[command(version, override_usage = USES, after_help = EXIT_CODES)]
struct Command {
    #[command(subcommand)]
    action: Option<Action>,

    /// Have the shell run TEXT; what follows is $0, $1 and so on
    #[arg(short = 'c', value_names = ["TEXT", "ARGUMENT"], num_args = 1.., allow_hyphen_values = true)]
    text: Vec<String>,

    /// What to log on standard error: LEVEL, TARGET or TARGET=LEVEL, separated by commas
    #[arg(long, value_name = "FILTER", env = "YIELDIX_LOG", default_value = "warn", global = true)]
    log: String,

    /// How a logged event looks
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", global = true)]
    log_format: Format,

    /// Log to this file, and not on standard error
    #[arg(long, value_name = "FILE", global = true)]
    log_file: Option<PathBuf>,

    /// How large that file may become, as 64M; then it is renamed to FILE.1, and begins anew
    #[arg(long, value_name = "SIZE", requires = "log_file", global = true)]
    log_size: Option<Size>,

    /// How many bytes the log shows of a payload or a text, in a trap and in an answer
    #[arg(long, value_name = "N", default_value_t = BYTES_SHOWN, global = true)]
    trace_data: u16,

    /// Write a timeline of all tasks to this file, as Chrome trace events: Perfetto opens it
    #[arg(long, value_name = "FILE", global = true)]
    trace: Option<PathBuf>,

    /// How large that file may become, as 64M; what comes later is left out
    #[arg(long, value_name = "SIZE", requires = "trace", global = true)]
    trace_size: Option<Size>,

    /// Where the flight recorder is read out, on a deadlock, a panic of the kernel, and SIGUSR1: appended to this file.
    /// Without one, its last lines go to standard error
    #[arg(long, value_name = "FILE", global = true)]
    flight: Option<PathBuf>,

    /// Read it out when a task panics, too
    #[arg(long, global = true)]
    flight_faults: bool,

    /// Have it keep every turn as well; the machine is slower then
    #[arg(long, global = true)]
    flight_turns: bool,

    /// Do without the thread that says who holds the machine for over a second
    #[arg(long, global = true)]
    no_watchdog: bool,

    /// End at the first lint, with the code of a panic: for tests
    #[arg(long, env = "YIELDIX_REFUSE_LINTS", value_parser = FalseyValueParser::new(), global = true)]
    refuse_lints: bool,

    /// Measure turns and calls from the beginning on, for /proc/sched and top; the machine is slower then
    #[arg(long, global = true)]
    measure: bool,

    /// Run in a simulated world: virtual time, a network in memory
    #[arg(long, global = true)]
    simulate: bool,

    /// What decides everything that chance decides in a simulated world
    #[arg(long, value_name = "N", default_value_t = 0, global = true)]
    seed: u64,

    /// Traps a turn
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    quantum: Option<u32>,

    /// The most tasks at a time [default: 1048576; under a shell 65536]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    max_tasks: Option<u32>,

    /// The most bytes of files in memory, as 64M [default: 256 MiB]
    #[arg(long, value_name = "SIZE", global = true)]
    ram: Option<Size>,

    /// Show tasks a folder of the host, and nothing else of it; `:ro` to read only. Repeatable
    #[arg(long, value_name = "HOST:GUEST[:ro]", global = true)]
    mount: Vec<Mounted>,

    /// Let tasks run programs of the host: they may do whatever this process may
    #[arg(long, global = true)]
    host_exec: bool,

    /// How long after the first of several timers to wake up for all [default: 100us; simulated: 0]
    #[arg(long, value_name = "DURATION", global = true)]
    timer_slack: Option<Span>,
}

#[derive(Subcommand)]
enum Action {
    /// Boot a program and end with its exit code
    #[command(trailing_var_arg = true)]
    Run {
        /// The program (`yieldix list` names them), and what is meant for it, `--help` included
        // One list: all that follows a program is its own.
        #[arg(required = true, value_name = "PROGRAM [ARGUMENT]")]
        words: Vec<String>,
    },
    /// Boot a program and show its calls, as `strace` does within
    #[command(disable_help_flag = true)]
    Strace {
        /// The options of `strace`, the program, and what is meant for it
        #[arg(
            required = true,
            allow_hyphen_values = true,
            trailing_var_arg = true,
            value_name = "OPTION | PROGRAM [ARGUMENT]"
        )]
        words: Vec<String>,
    },
    /// Read a log of events
    Log {
        #[command(subcommand)]
        action: LogAction,
    },
    /// Draw a timeline of a log of events
    #[command(group(ArgGroup::new("drawn as").required(true).args(["chrome", "html"])))]
    Timeline {
        /// A whole log: --log yieldix=trace --log-format json
        file: PathBuf,

        /// As Chrome trace events, to this file: Perfetto opens it
        #[arg(long, value_name = "FILE")]
        chrome: Option<PathBuf>,

        /// As a page for a browser, to this file, which needs no other
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Show from a log of events what the scheduler did, after perf sched
    Sched {
        /// In which form
        report: Report,

        /// A whole log: --log yieldix=trace --log-format json
        file: PathBuf,
    },
    /// List the programs, by group
    List,
    /// List the system calls
    Syscalls {
        /// As docs/syscalls.md has them
        #[arg(long)]
        markdown: bool,
    },
    /// A script of this host, and its arguments.
    #[command(external_subcommand)]
    Script(Vec<String>),
    /// List the events of the log
    Events {
        /// As docs/tracing.md has them
        #[arg(long)]
        markdown: bool,
        /// As a JSON Schema, which docs/events.schema.json is
        #[arg(long, conflicts_with = "markdown")]
        schema: bool,
    },
}

#[derive(Subcommand)]
enum LogAction {
    /// Show the state of the machine after an event: tasks, descriptors, files, ports, queues, timers, who is ready
    State {
        /// After which event, by its seq; the last one when none is given
        #[arg(long, value_name = "SEQ")]
        at: Option<u64>,

        /// A whole log: --log yieldix=trace --log-format json
        file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Report {
    /// Who ran how long and waited how long for turns, and the percentiles of both and of all calls
    Latency,
    /// A line each time that another task runs
    Map,
    /// A line a turn: how long the task waited, was ready and ran, and why it stopped
    Timehist,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

const USES: &str = "\
yieldix [OPTIONS] [COMMAND]
       yieldix [OPTIONS] FILE [ARGUMENT]...
       yieldix [OPTIONS] -c TEXT [ARGUMENT]...";

const EXIT_CODES: &str = "\
Exit codes:
  0-255    the program's own
  2        bad command line or log filter; a script that cannot be read
  70       deadlock: no task could ever run again
  71       the host refused what the machine needs, a folder to mount for one
  74       the program ended well, and its output was lost
  101      the program, or the kernel, panicked, or --refuse-lints met a lint
  127      no such program
  128+N    ended by signal N: 130 for Ctrl-C";

fn main() -> ExitCode {
    let command = Command::parse();
    let format = match command.log_format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    };
    let log = match start_log(&command, format) {
        Ok(log) => log,
        Err(complaint) => return complaint,
    };
    let code = act(&command);
    match log.lost() {
        0 => code,
        lost => {
            complain(HOST_REFUSED, &format!("{lost} events could not be logged"));
            code
        }
    }
}

/// Starts the log that the command line asks for.
fn start_log(command: &Command, format: LogFormat) -> Result<LogGuard, ExitCode> {
    let started = match &command.log_file {
        None => yieldix::start_log(&command.log, format, std::io::stderr()),
        Some(path) => {
            let limit = command.log_size.map(|size| size.0);
            let file = LogFile::create(path, limit);
            let file = file.map_err(|error| complain(HOST_REFUSED, &format!("{}: {error}", path.display())))?;
            yieldix::start_log_to_file(&command.log, format, file)
        }
    };
    started.map_err(|error| complain(USAGE, &error))
}

fn act(command: &Command) -> ExitCode {
    match &command.action {
        None if !command.text.is_empty() => boot(command, SHELL, &[&["-c".to_owned()], &*command.text].concat()),
        None if std::io::stdin().is_terminal() => boot(command, SHELL, &["-i".to_owned()]),
        None => boot(command, SHELL, &[]),
        Some(Action::Script(words)) => match script(&words[0]) {
            Ok(text) => boot(command, SHELL, &[&["-c".to_owned(), text], &**words].concat()),
            Err(why) => complain(USAGE, &why),
        },
        Some(Action::Run { words }) => boot(command, &words[0], &words[1..]),
        Some(Action::Strace { words }) => boot(command, TRACER, words),
        Some(Action::Log { action: LogAction::State { at, file } }) => log_state(*at, file),
        Some(Action::Timeline { file, chrome, html }) => draw(file, chrome.as_deref(), html.as_deref()),
        Some(Action::Sched { report, file }) => sched(*report, file),
        Some(Action::List) => say(&listing(PROGRAMS)),
        Some(Action::Syscalls { markdown: true }) => say(&manual::syscalls_markdown()),
        Some(Action::Syscalls { markdown: false }) => say(&manual::syscalls_table()),
        Some(Action::Events { schema: true, .. }) => say(&manual::events_schema()),
        Some(Action::Events { markdown: true, .. }) => say(&manual::events_markdown()),
        Some(Action::Events { markdown: false, .. }) => say(&manual::events_table()),
    }
}

/// `yieldix log state`.
fn log_state(at: Option<u64>, path: &Path) -> ExitCode {
    read_log(path, |log| Ok(say(&State::at(log, at)?.to_string())))
}

/// `yieldix sched`.
fn sched(report: Report, path: &Path) -> ExitCode {
    read_log(path, |log| match report {
        Report::Latency => Ok(say(&Latency::of(log)?.to_string())),
        Report::Map => say_lines(Map::new(log)),
        Report::Timehist => say_lines(Timehist::new(log)),
    })
}

fn read_log(path: &Path, act: impl FnOnce(BufReader<File>) -> Result<ExitCode, LogError>) -> ExitCode {
    let read = File::open(path).map_err(LogError::Io).and_then(|file| act(BufReader::new(file)));
    read.unwrap_or_else(|error| complain(1, &format!("{}: {error}", path.display())))
}

/// Prints lines as they come, for as long as there is a reader.
fn say_lines(lines: impl Iterator<Item = Result<String, LogError>>) -> Result<ExitCode, LogError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in lines {
        if let Err(error) = writeln!(out, "{}", line?) {
            return Ok(said(Err(error)));
        }
    }
    Ok(said(out.flush()))
}

/// `yieldix timeline`: what it is drawn as, one of both.
fn draw(log: &Path, chrome: Option<&Path>, html: Option<&Path>) -> ExitCode {
    match (chrome, html) {
        (Some(to), _) => draw_chrome(log, to),
        (_, Some(to)) => draw_page(log, to),
        (None, None) => complain(USAGE, &"timeline: what is it to be drawn as?"),
    }
}

/// `yieldix timeline --html`.
fn draw_page(log: &Path, to: &Path) -> ExitCode {
    let from = match File::open(log) {
        Ok(file) => BufReader::new(file),
        Err(error) => return complain_of(log, &error),
    };
    let name = log.file_name().unwrap_or(log.as_os_str()).to_string_lossy();
    let page = match yieldix_trace::page(from, &name) {
        Ok(page) => page,
        Err(error) => return complain_of(log, &error),
    };
    match std::fs::write(to, page) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain_of(to, &error),
    }
}

/// `yieldix timeline --chrome`.
fn draw_chrome(log: &Path, to: &Path) -> ExitCode {
    let from = match File::open(log) {
        Ok(file) => BufReader::new(file),
        Err(error) => return complain_of(log, &error),
    };
    let mut chrome = match File::create(to) {
        Ok(file) => Chrome::new(file, None),
        Err(error) => return complain_of(to, &error),
    };
    if let Err(error) = timeline::draw(from, &mut chrome) {
        return complain_of(log, &error);
    }
    match chrome.finish() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => complain_of(to, &error),
    }
}

fn complain_of(path: &Path, error: &dyn std::fmt::Display) -> ExitCode {
    complain(1, &format!("{}: {error}", path.display()))
}

/// The text of a script of this host, or why it cannot be run. Who names a program where a command stands is told
/// how programs are run.
fn script(path: &str) -> Result<String, String> {
    let shown = path.escape_debug();
    match std::fs::read(path) {
        Ok(text) if text.split(|&byte| byte == b'\n').next().is_some_and(|line| line.contains(&0)) => {
            Err(format!("{shown}: not a script"))
        }
        Ok(text) => match String::from_utf8(text) {
            Ok(text) => Ok(text.strip_prefix('\u{feff}').map(ToOwned::to_owned).unwrap_or(text)),
            Err(_) => Err(format!("{shown}: not a text in UTF-8")),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(match PROGRAMS.iter().any(|program| program.name == path) {
                true => format!("{shown}: no such command or file; a program is run by `yieldix run {shown}`"),
                false => format!("{shown}: no such command or file (try --help)"),
            })
        }
        Err(error) => Err(format!("{shown}: {error}")),
    }
}

/// What `--mount` says.
#[derive(Clone, Debug)]
struct Mounted {
    host: String,
    guest: String,
    is_read_only: bool,
}

impl FromStr for Mounted {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Mounted, &'static str> {
        let (folders, is_read_only) = match text.strip_suffix(":ro") {
            Some(folders) => (folders, true),
            None => (text, false),
        };
        match folders.rsplit_once(':') {
            Some((host, guest)) if !host.is_empty() && guest.starts_with('/') => {
                Ok(Mounted { host: host.to_owned(), guest: guest.to_owned(), is_read_only })
            }
            _ => Err("it is HOST:GUEST or HOST:GUEST:ro, and GUEST begins with a slash"),
        }
    }
}

/// Boots, with a timeline if one is asked for.
fn boot(command: &Command, program: &str, args: &[String]) -> ExitCode {
    let Some(path) = &command.trace else { return boot_traced(command, program, args, None) };
    let refused = |error| complain(HOST_REFUSED, &format!("{}: {error}", path.display()));
    let limit = command.trace_size.map(|size| size.0);
    let trace = match File::create(path) {
        Ok(file) => Trace::new(file, limit),
        Err(error) => return refused(error),
    };
    let code = boot_traced(command, program, args, Some(&trace));
    match trace.finish() {
        Ok(0) => {}
        Ok(left_out) => drop(complain(0, &format!("{}: full; {left_out} records were left out", path.display()))),
        Err(error) => drop(refused(error)),
    }
    code
}

fn boot_traced(command: &Command, program: &str, args: &[String], trace: Option<&Trace>) -> ExitCode {
    let mut machine = Machine::new().programs(PROGRAMS).program(program, args);
    // Others have no use for an environment, which every task of theirs would have to hand on.
    let is_typed_at = TYPED_AT.contains(&program);
    if is_typed_at {
        for (name, value) in ENVIRONMENT {
            machine = machine.variable(*name, *value);
        }
        if program == SHELL
            && std::io::stdin().is_terminal()
            && let Ok(terminal) = std::env::var("TERM")
        {
            machine = machine.variable("TERM", terminal);
        }
    }
    if command.simulate {
        machine = machine.simulate(command.seed);
    } else {
        machine = machine.signals();
        #[cfg(unix)]
        last_resort::end_at_once_on_a_second_signal(
            machine.terminal_keeper(),
            machine.program_keeper(),
            machine.signals_delivered(),
        );
    }
    for Mounted { host, guest, is_read_only } in &command.mount {
        machine = machine.mount(host, guest, *is_read_only);
    }
    machine = machine.host_exec(command.host_exec);
    machine = with_flight(machine, command).payload_shown(command.trace_data);
    if let Some(trace) = trace {
        machine = machine.trace_to(trace);
    }
    if command.no_watchdog {
        machine = machine.watchdog(None);
    }
    if command.refuse_lints {
        machine = machine.refuse_lints();
    }
    if let Some(quantum) = command.quantum {
        machine = machine.quantum(quantum);
    }
    if let Some(size) = command.ram {
        machine = machine.ram_bytes(size.0);
    }
    let of_shell = is_typed_at.then_some(SHELL_TASKS);
    if let Some(tasks) = command.max_tasks.or(of_shell) {
        machine = machine.max_tasks(tasks);
    }
    if let Some(Span(slack)) = command.timer_slack {
        machine = machine.timer_slack(slack);
    }
    let panic = keep_panics_quiet(&machine);
    // The kernel catches the panics of tasks; one that comes out here is its own.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| boot_and_count_lost(machine)));
    match ended {
        Ok(Ok((ended, lost))) => match (ended.code() & 0xff) as u8 {
            0 if lost > 0 => ExitCode::from(OUTPUT_LOST),
            code => ExitCode::from(code),
        },
        Ok(Err(error @ BootError::UnknownProgram(_))) => {
            complain(NOT_FOUND, &format!("{error} (yieldix list names them)"))
        }
        Ok(Err(error @ BootError::Mount(_, MountError::NoPath(_) | MountError::Taken))) => complain(USAGE, &error),
        Ok(Err(error)) => complain(HOST_REFUSED, &error),
        Err(payload) => {
            let text = payload.downcast_ref::<String>().filter(|text| text.starts_with(LintRefusal::MESSAGE));
            if let Some(refused) = text {
                return complain(KERNEL_PANIC, refused);
            }
            let panic = panic.lock().unwrap_or_else(PoisonError::into_inner);
            complain(KERNEL_PANIC, &format!("kernel panic: {panic}"))
        }
    }
}

/// The last lines of the flight recorder that standard error is given.
const FLIGHT_LINES: usize = 32;

fn with_flight(mut machine: Machine, command: &Command) -> Machine {
    if command.flight_turns {
        machine = machine.record_turns();
    }
    if command.measure {
        machine = machine.measured();
    }
    if command.flight_faults {
        machine = machine.read_out_faults();
    }
    let file = command.flight.clone();
    machine.on_flight(move |why, entries| {
        let Some(path) = &file else {
            let skipped = entries.lines().count().saturating_sub(FLIGHT_LINES);
            let last: String = entries.split_inclusive('\n').skip(skipped).collect();
            let _ =
                write!(std::io::stderr(), "flight recorder ({why}), the last {FLIGHT_LINES} events at most:\n{last}");
            return;
        };
        let text = format!("flight recorder ({why}):\n{entries}");
        let appended = File::options().append(true).create(true).open(path);
        if let Err(error) = appended.and_then(|mut file| file.write_all(text.as_bytes())) {
            let _ = writeln!(std::io::stderr(), "yieldix: {}: {error}", path.display());
        }
    })
}

/// How the machine ended, and how many bytes of its output were lost.
fn boot_and_count_lost(machine: Machine) -> Result<(Ended, u64), BootError> {
    let mut running = machine.start()?;
    let ended = running.run();
    Ok((ended, running.stats().output_lost))
}

/// A task's panic is told by the log, with its task; the default hook would tell it again. Gives
/// the text of the last panic, for one that is the kernel's.
/// One that nothing can catch ends the process, and must not leave its terminal as the tasks had it,
/// nor the programs of the host that they have started.
fn keep_panics_quiet(machine: &Machine) -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&last);
    #[cfg(unix)]
    let (terminal, programs) = (machine.terminal_keeper(), machine.program_keeper());
    std::panic::set_hook(Box::new(move |panic| {
        #[cfg(unix)]
        if !panic.can_unwind() {
            terminal.restore();
            programs.kill_all();
        }
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
    last
}

/// Prints to standard output; a reader that has gone away is no failure of ours.
fn say(text: &str) -> ExitCode {
    said(std::io::stdout().write_all(text.as_bytes()))
}

fn said(outcome: std::io::Result<()>) -> ExitCode {
    match outcome {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => complain(1, &error),
        _ => ExitCode::SUCCESS,
    }
}

/// Says on standard error what went wrong. The code says it too, to who cannot be told.
fn complain(code: u8, error: &dyn std::fmt::Display) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "yieldix: {error}");
    ExitCode::from(code)
}
