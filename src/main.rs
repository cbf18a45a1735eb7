//! `yieldix`: the machine as a command.
#![feature(panic_can_unwind)]

mod command;
mod draft;
mod exit;
mod flight;
mod last_resort;
mod manual;
mod reports;
#[cfg(unix)]
mod second_signal;

use clap::Parser;
use command::{Action, Command, Format, LogAction, Mounted, TRACER};
use exit::{Code, HOST_REFUSED, KERNEL_PANIC, NOT_FOUND, OUTPUT_LOST, SUCCESS, USAGE, complain, print};
use last_resort::LastResort;
use std::{
    fs::File,
    io::{ErrorKind, IsTerminal},
    path::Path,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};
use yieldix::{BootError, Ended, LogFile, LogFormat, LogGuard, Machine, MountError, Trace};
use yieldix_kernel::LintRefusal;
use yieldix_userland::{PROGRAMS, duration::Span, listing::listing};

/// The program that runs what is typed, and scripts.
const SHELL: &str = "sh";
/// Programs that people type at.
const TYPED_AT: [&str; 3] = [SHELL, "telnetd", TRACER];
/// The most tasks under a shell unless said otherwise: what is typed there, a function that starts itself twice for
/// one, is to meet a bound before the host runs out of memory.
const SHELL_TASKS: u32 = 65_536;
/// What a user finds, who is alone here and may do all.
const ENVIRONMENT: &[(&str, &str)] =
    &[("HOME", "/"), ("LOGNAME", "root"), ("PATH", "/bin"), ("PWD", "/"), ("SHELL", "/bin/sh"), ("USER", "root")];

fn main() -> ExitCode {
    let command = Command::parse();
    ExitCode::from(match &command.action {
        None if !command.text.is_empty() => boot(&command, SHELL, &[&["-c".to_owned()], &*command.text].concat()),
        None if std::io::stdin().is_terminal() => boot(&command, SHELL, &["-i".to_owned()]),
        None => boot(&command, SHELL, &[]),
        Some(Action::Script(words)) => match script(&words[0]) {
            Ok(text) => boot(&command, SHELL, &[&["-c".to_owned(), text], &**words].concat()),
            Err(why) => complain(USAGE, &why),
        },
        Some(Action::Run { words }) => boot(&command, &words[0], &words[1..]),
        Some(Action::Strace { words }) => boot(&command, TRACER, words),
        Some(Action::Log { action: LogAction::State { at, file } }) => reports::log_state(*at, file),
        Some(Action::Timeline { file, chrome, html }) => {
            reports::draw_timeline(file, chrome.as_deref(), html.as_deref())
        }
        Some(Action::Sched { report, file }) => reports::sched(*report, file),
        Some(Action::List) => print(&listing(PROGRAMS)),
        Some(Action::Syscalls { markdown: true }) => print(&manual::syscalls_markdown()),
        Some(Action::Syscalls { markdown: false }) => print(&manual::syscalls_table()),
        Some(Action::Events { schema: true, .. }) => print(&manual::events_schema()),
        Some(Action::Events { markdown: true, .. }) => print(&manual::events_markdown()),
        Some(Action::Events { markdown: false, .. }) => print(&manual::events_table()),
    })
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

/// Boots, with the log and the timeline that are asked for. The code of a program that ended well tells when one of
/// them was lost.
fn boot(command: &Command, program: &str, args: &[String]) -> Code {
    let log = match start_log(command) {
        Ok(log) => log,
        Err(code) => return code,
    };
    let mut code = boot_traced(command, program, args, &log);
    let lost = log.lost();
    if lost > 0 {
        code = lost_output(code, &format!("{lost} events could not be logged"));
    }
    code
}

/// The code of a machine that has ended with `code`, and of what it was to write something is lost.
fn lost_output(code: Code, complaint: &str) -> Code {
    let lost = complain(OUTPUT_LOST, &complaint);
    if code == SUCCESS { lost } else { code }
}

/// Starts the log that the command line asks for.
fn start_log(command: &Command) -> Result<LogGuard, Code> {
    let format = match command.log_format {
        Format::Text => LogFormat::Text,
        Format::Json => LogFormat::Json,
    };
    let refused = |error| complain(USAGE, &error);
    let started = match &command.log_file {
        None => yieldix::start_log(&command.log, format, std::io::stderr()),
        Some(path) => {
            // Before a file is made for a log that cannot begin.
            yieldix::check_log_filter(&command.log).map_err(refused)?;
            let limit = command.log_size.map(|size| size.0);
            let file = LogFile::create(path, limit).map_err(|error| host_refused(path, &error))?;
            yieldix::start_log_to_file(&command.log, format, file)
        }
    };
    started.map_err(refused)
}

fn host_refused(path: &Path, error: &std::io::Error) -> Code {
    complain(HOST_REFUSED, &format!("{}: {error}", path.display()))
}

/// Boots, with the timeline that is asked for.
fn boot_traced(command: &Command, program: &str, args: &[String], log: &LogGuard) -> Code {
    let machine = match flight::Reader::new(command) {
        Ok(mut reader) => machine(command, program, args).on_flight(move |flight| reader.read(flight)),
        Err((path, error)) => return host_refused(path, &error),
    };
    let Some(path) = &command.trace else { return run(command, machine, log) };
    let limit = command.trace_size.map(|size| size.0);
    let trace = match File::create(path) {
        Ok(file) => Trace::new(file, limit),
        Err(error) => return host_refused(path, &error),
    };
    let code = run(command, machine.trace_to(&trace), log);
    match trace.finish() {
        Ok(0) => code,
        // As it was asked to be.
        Ok(left_out) => complain(code, &format!("{}: full; {left_out} records were left out", path.display())),
        Err(error) => lost_output(code, &format!("{}: {error}", path.display())),
    }
}

/// The machine that the command line asks for.
fn machine(command: &Command, program: &str, args: &[String]) -> Machine {
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
    }
    for Mounted { host, guest, is_read_only } in &command.mount {
        machine = machine.mount(host, guest, *is_read_only);
    }
    machine = machine.host_exec(command.host_exec);
    machine = machine.payload_shown(command.trace_data);
    if command.flight_turns {
        machine = machine.record_turns();
    }
    if command.flight_faults {
        machine = machine.read_out_faults();
    }
    if command.measure {
        machine = machine.measured();
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
    machine
}

/// Runs a machine to its end.
fn run(command: &Command, machine: Machine, log: &LogGuard) -> Code {
    let last_resort = LastResort::new(&machine, log.flusher());
    #[cfg(unix)]
    if !command.simulate {
        second_signal::end_at_once(last_resort.clone(), machine.signals_delivered());
    }
    let panic = keep_panics_quiet(last_resort);
    // The kernel catches the panics of tasks; one that comes out here is its own.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| boot_and_count_lost(machine)));
    match ended {
        Ok(Ok((ended, lost))) => match (ended.code() & 0xff) as u8 {
            SUCCESS if lost > 0 => OUTPUT_LOST,
            code => code,
        },
        Ok(Err(error @ BootError::UnknownProgram(_))) => {
            complain(NOT_FOUND, &format!("{error} (yieldix list names them)"))
        }
        Ok(Err(error @ BootError::Mount(_, MountError::NoPath(_) | MountError::Taken))) => complain(USAGE, &error),
        Ok(Err(error)) => complain(HOST_REFUSED, &error),
        Err(payload) => {
            if let Some(refused) = LintRefusal::message(&*payload) {
                return complain(KERNEL_PANIC, &refused);
            }
            let panic = panic.lock().unwrap_or_else(PoisonError::into_inner);
            complain(KERNEL_PANIC, &format!("kernel panic: {panic}"))
        }
    }
}

/// How the machine ended, and how many bytes of its output were lost.
fn boot_and_count_lost(machine: Machine) -> Result<(Ended, u64), BootError> {
    let mut running = machine.start()?;
    let ended = running.run();
    Ok((ended, running.stats().output_lost))
}

/// A task's panic is told by the log, with its task; the default hook would tell it again. Gives the text of the last
/// panic, for one that is the kernel's. One that nothing can catch ends the process, and is told here.
fn keep_panics_quiet(last_resort: LastResort) -> Arc<Mutex<String>> {
    let last = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&last);
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.to_string();
        if !panic.can_unwind() {
            last_resort.tidy_up();
            complain(KERNEL_PANIC, &format!("nothing can catch this panic: {text}"));
        }
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }));
    last
}
