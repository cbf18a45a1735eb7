//! Signals that the host sends the machine: who is given them, and when they end it.
#![feature(coroutines)]

mod common;

use common::SEED;
use std::time::Duration;
use yieldix::{
    Console, Ended, MemoryConsole,
    syscalls::{calls::*, *},
};

fn millis(millis: u64) -> Time {
    Time::BOOT + Duration::from_millis(millis)
}

/// How a simulated machine ends that boots this and is sent these, 5 ms apart.
fn ends(task: Task, signals: &[Signal]) -> Ended {
    let console = MemoryConsole::new();
    for (&signal, at) in signals.iter().zip(1..) {
        console.signal_at(millis(5 * at), signal);
    }
    let machine = common::machine().task(task).console(Console::Memory(console));
    machine.simulate(SEED).boot().expect("the machine boots")
}

const ASKING: [Signal; 4] = [Signal::Hup, Signal::Int, Signal::Quit, Signal::Term];

/// Sleeps for a second, whatever comes of these signals, and gives how many have come.
fn catches(signals: Signals) -> Task {
    task!({
        trap!(yield catch_signals(signals))?;
        let mut taken = 0;
        while trap!(yield sleep(Duration::from_secs(1))) == Err(Errno::EINTR) {
            while trap!(yield try_take_signal())?.is_some() {
                taken += 1;
            }
        }
        trap!(yield exit(taken))
    })
}

#[test]
fn who_catches_what_would_end_the_machine_is_given_it() {
    for signal in ASKING {
        assert_eq!(ends(catches(signal.into()), &[signal]), Ended::Finished(ExitStatus::Exited(1)));
    }
}

#[test]
fn the_second_ends_the_machine_whoever_catches_it() {
    let all = ASKING.into_iter().fold(Signals::NONE, |all, signal| all | signal);
    for signal in ASKING {
        assert_eq!(ends(catches(all), &[Signal::Term, signal]), Ended::Signalled(signal));
    }
}

#[test]
fn what_nobody_is_prepared_for_ends_the_machine() {
    for signal in ASKING {
        assert_eq!(ends(catches(Signal::Usr1.into()), &[signal]), Ended::Signalled(signal));
    }
    // Only the group of the first task is asked.
    let elsewhere = task!({
        trap!(yield spawn(catches(Signal::Term.into())).group(Tid::NONE))?;
        trap!(yield sleep(Duration::from_secs(1)))
    });
    assert_eq!(ends(elsewhere, &[Signal::Term]), Ended::Signalled(Signal::Term));
}

#[test]
fn who_ignores_or_masks_it_is_not_ended_by_the_first() {
    let ignores = task!({
        trap!(yield ignore_signals(Signal::Hup))?;
        trap!(yield sleep(Duration::from_secs(1)))
    });
    assert_eq!(ends(ignores, &[Signal::Hup]), Ended::Finished(ExitStatus::Exited(0)));
    let masks = task!({
        trap!(yield set_mask(Signal::Term))?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        trap!(yield set_mask(Signals::NONE)).map(drop)
    });
    assert_eq!(ends(masks, &[Signal::Term]), Ended::Finished(ExitStatus::Killed(Signal::Term)));
}

#[test]
fn all_of_the_group_get_it_and_who_catches_it_sees_the_others_end() {
    let task = task!({
        trap!(yield catch_signals(Signal::Term))?;
        let child = trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_secs(60))) })))?;
        assert_eq!(trap!(yield take_signal())?, Signal::Term);
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Term));
        Ok(())
    });
    assert_eq!(ends(task, &[Signal::Term]), Ended::Finished(ExitStatus::Exited(0)));
}

/// The command, as a process of the host.
#[cfg(unix)]
mod command {
    use rustix::{
        fs::{CWD, Mode, mkfifoat},
        process::{Pid, Signal, kill_process},
    };
    use std::{
        fs::{self, File},
        io::{BufRead, BufReader, Lines},
        path::Path,
        process::{Child, ChildStdout, Stdio},
    };

    struct Running {
        child: Child,
        lines: Lines<BufReader<ChildStdout>>,
    }

    /// Runs a script, and waits until it has said that it is there.
    fn script(options: &[&str], text: &str) -> Running {
        let mut child = crate::common::yieldix()
            .args(options)
            .args(["run", "sh", "-c", text])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Running { child, lines };
        assert_eq!(running.line(), "up");
        running
    }

    impl Running {
        fn line(&mut self) -> String {
            self.lines.next().expect("a line more").unwrap()
        }

        fn send(&self, signal: Signal) {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
        }

        fn code(&mut self) -> Option<i32> {
            self.child.wait().unwrap().code()
        }
    }

    #[test]
    fn a_trap_of_the_script_that_was_booted_runs() {
        for (signal, name) in [(Signal::TERM, "TERM"), (Signal::HUP, "HUP"), (Signal::INT, "INT")] {
            let mut running = script(&[], &format!("trap 'echo bye; exit 3' {name}; echo up; sleep 100"));
            running.send(signal);
            assert_eq!(running.line(), "bye");
            assert_eq!(running.code(), Some(3));
        }
    }

    #[test]
    fn a_second_signal_ends_a_script_that_goes_on() {
        let mut running = script(&[], "trap 'echo no' TERM; echo up; while :; do sleep 100; done");
        running.send(Signal::TERM);
        assert_eq!(running.line(), "no");
        running.send(Signal::TERM);
        assert_eq!(running.code(), Some(143));
    }

    #[test]
    fn signals_that_end_the_machine_leave_no_program_of_the_host() {
        let pipe = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lives-{}", std::process::id()));
        mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
        for signals in [&[Signal::INT][..], &[Signal::INT, Signal::INT], &[Signal::TERM, Signal::HUP]] {
            // What it starts writes into the pipe unless it is killed, and has it open as long as it lives.
            let program = format!("echo up; exec 3>\"{}\"; (sleep 20; echo left behind >&3) & wait", pipe.display());
            let mut running = script(&["--host-exec"], &format!("host sh -c '{program}'"));
            let lives = File::open(&pipe).unwrap();
            for &signal in signals {
                running.send(signal);
            }
            assert!(running.code().is_some_and(|code| code > 128));
            assert_eq!(std::io::read_to_string(lives).unwrap(), "");
        }
        fs::remove_file(&pipe).unwrap();
    }
}
