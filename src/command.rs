//! The command line: what can be said there.

use crate::exit;
use clap::{ArgGroup, Parser, Subcommand, ValueEnum, builder::FalseyValueParser};
use std::{path::PathBuf, str::FromStr};
use yieldix_syscalls::BYTES_SHOWN;
use yieldix_userland::{
    PROGRAMS,
    duration::Span,
    size::{ParseSizeError, Size},
};

/// An operating system inside one process: tasks are coroutines, yield is a trap.
///
/// Without a command, boots and opens a shell on the terminal; when standard input is not one, the
/// shell runs it as a script. FILE is a script of this host, and a command's name is that command.
#[derive(Parser)]
#[command(version, override_usage = USES, after_help = exit::TABLE)]
pub struct Command {
    #[command(subcommand)]
    pub action: Option<Action>,

    /// Have the shell run TEXT; what follows is $0, $1 and so on
    #[arg(short = 'c', value_names = ["TEXT", "ARGUMENT"], num_args = 1.., allow_hyphen_values = true)]
    pub text: Vec<String>,

    /// What to log on standard error: LEVEL, TARGET or TARGET=LEVEL, separated by commas
    #[arg(long, value_name = "FILTER", env = "YIELDIX_LOG", default_value = "warn", global = true)]
    pub log: String,

    /// How a logged event looks
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", global = true)]
    pub log_format: Format,

    /// Log to this file, and not on standard error
    #[arg(long, value_name = "FILE", global = true)]
    pub log_file: Option<PathBuf>,

    /// How large that file may become, as 64M, 4K at least; then it is renamed to FILE.1, the FILE.1 before is gone with
    /// its events, and it begins anew. Of a log that has lost events `log state`, `sched` and `timeline` make nothing
    #[arg(long, value_name = "SIZE", requires = "log_file", value_parser = log_size, global = true)]
    pub log_size: Option<Size>,

    /// How many bytes the log shows of a payload or a text, in a trap and in an answer
    #[arg(long, value_name = "N", default_value_t = BYTES_SHOWN, global = true)]
    pub trace_data: u16,

    /// Write a timeline of all tasks to this file, as Chrome trace events: Perfetto opens it
    #[arg(long, value_name = "FILE", global = true)]
    pub trace: Option<PathBuf>,

    /// How large that file may become, as 64M; what comes later is left out
    #[arg(long, value_name = "SIZE", requires = "trace", global = true)]
    pub trace_size: Option<Size>,

    /// Where the flight recorder is read out, on a deadlock, a panic of the kernel, a refused lint, and SIGUSR1: appended to
    /// this file. Without one, its last lines go to standard error
    #[arg(long, value_name = "FILE", global = true)]
    pub flight: Option<PathBuf>,

    /// Read it out when a task panics, too
    #[arg(long, global = true)]
    pub flight_faults: bool,

    /// Have it keep every turn as well; the machine is slower then
    #[arg(long, global = true)]
    pub flight_turns: bool,

    /// Do without the thread that says who holds the machine, and who does not yield for 10 ms while nobody observes
    #[arg(long, global = true)]
    pub no_watchdog: bool,

    /// End at the first lint, with the code of a panic: for tests
    #[arg(long, env = "YIELDIX_REFUSE_LINTS", value_parser = FalseyValueParser::new(), global = true)]
    pub refuse_lints: bool,

    /// Measure turns and calls from the beginning on, for /proc/sched and top; the machine is slower then
    #[arg(long, global = true)]
    pub measure: bool,

    /// Run in a simulated world: virtual time, a network in memory
    #[arg(long, global = true)]
    pub simulate: bool,

    /// What decides everything that chance decides in a simulated world
    #[arg(long, value_name = "N", default_value_t = 0, global = true)]
    pub seed: u64,

    /// Traps a turn
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub quantum: Option<u32>,

    /// The most tasks at a time [default: 1048576; under a shell 65536]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), global = true)]
    pub max_tasks: Option<u32>,

    /// The most bytes of files in memory, as 64M [default: 256 MiB]
    #[arg(long, value_name = "SIZE", global = true)]
    pub ram: Option<Size>,

    /// Show tasks a folder of the host, and nothing else of it; `:ro` to read only. Repeatable
    #[arg(long, value_name = "HOST:GUEST[:ro]", global = true)]
    pub mount: Vec<Mounted>,

    /// Let tasks run programs of the host: they may do whatever this process may
    #[arg(long, global = true)]
    pub host_exec: bool,

    /// How long after the first of several timers to wake up for all [default: 100us; simulated: 0]
    #[arg(long, value_name = "DURATION", global = true)]
    pub timer_slack: Option<Span>,
}

#[derive(Subcommand)]
pub enum Action {
    /// Boot a program and end with its exit code
    #[command(trailing_var_arg = true)]
    Run {
        /// The program (`yieldix list` names them), and what is meant for it, `--help` included
        // One list: all that follows a program is its own.
        #[arg(required = true, value_name = "PROGRAM [ARGUMENT]")]
        words: Vec<String>,
    },
    /// Boot a program and show its calls, as `strace` does within
    #[command(disable_help_flag = true, after_help = options_of(TRACER))]
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
    #[command(group(ArgGroup::new("drawn as").required(true).multiple(true).args(["chrome", "html"])))]
    Timeline {
        /// A whole log (--log yieldix=trace --log-format json --log-file FILE); - is standard input
        file: PathBuf,

        /// As Chrome trace events, to this file: Perfetto opens it; - is standard output
        #[arg(long, value_name = "FILE")]
        chrome: Option<PathBuf>,

        /// As a page for a browser, to this file, which needs no other; - is standard output
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
    },
    /// Show from a log of events what the scheduler did, after perf sched
    Sched {
        /// In which form
        report: Report,

        /// A whole log (--log yieldix=trace --log-format json --log-file FILE); - is standard input
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
pub enum LogAction {
    /// Show the state of the machine after an event: tasks, descriptors, files, ports, queues, timers, who is ready
    State {
        /// After which event, by its seq; the last one when none is given
        #[arg(long, value_name = "SEQ")]
        at: Option<u64>,

        /// A whole log (--log yieldix=trace --log-format json --log-file FILE); - is standard input
        file: PathBuf,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Report {
    /// Who ran how long and waited how long for turns, and the percentiles of both and of all calls
    Latency,
    /// A line each time that another task runs
    Map,
    /// A line a turn: how long the task waited, was ready and ran, and why it stopped
    Timehist,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

const USES: &str = "\
yieldix [OPTIONS] [COMMAND]
       yieldix [OPTIONS] FILE [ARGUMENT]...
       yieldix [OPTIONS] -c TEXT [ARGUMENT]...";

/// The program that shows the calls of another, which may be a shell.
pub const TRACER: &str = "strace";

/// What a program's own help says of its options.
fn options_of(program: &str) -> String {
    let details = PROGRAMS.iter().find(|known| known.name == program).map_or("", |program| program.details);
    format!("Options of `{program}`:{details}")
}

/// What `--mount` says.
#[derive(Clone, Debug)]
pub struct Mounted {
    pub host: String,
    pub guest: String,
    pub is_read_only: bool,
}

/// The smallest size of a log, in bytes: room for some dozen lines. A smaller one is refused.
const LOG_SIZE_MIN: u64 = 4_000;

fn log_size(text: &str) -> Result<Size, String> {
    let size: Size = text.parse().map_err(|error: ParseSizeError| error.to_string())?;
    if size.0 < LOG_SIZE_MIN { Err(format!("the smallest is {}K", LOG_SIZE_MIN / 1_000)) } else { Ok(size) }
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
