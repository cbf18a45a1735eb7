//! The console as a terminal, and the signals of its keys.
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

/// How a simulated machine ends that boots this.
fn ends(console: &MemoryConsole, task: Task) -> Ended {
    let machine = common::machine().task(task).console(Console::Memory(console.clone()));
    machine.simulate(SEED).boot().expect("the machine boots")
}

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

#[test]
fn a_console_that_is_a_terminal_has_a_size_and_a_mode() {
    let console = MemoryConsole::new().terminal(100, 30);
    let task = task!({
        let group = trap!(yield get_group(Tid::NONE))?;
        for fd in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
            let info = trap!(yield terminal(fd))?;
            assert_eq!((info.mode, info.columns, info.rows), (TerminalMode::Lines, 100, 30));
        }
        trap!(yield set_foreground(Fd::STDIN, Tid::NONE))?;
        assert_eq!(trap!(yield terminal(Fd::STDOUT))?.foreground, group);
        assert_eq!(trap!(yield resize_terminal(Fd::STDOUT, 1, 1)), Err(Errno::EPERM));
        trap!(yield set_terminal(Fd::STDIN, TerminalMode::Keys))?;
        assert_eq!(trap!(yield terminal(Fd::STDOUT))?.mode, TerminalMode::Keys);
        Ok(())
    });
    assert_eq!(ends(&console, task), WELL);
    assert_eq!(console.mode(), Some(TerminalMode::Keys));
}

#[test]
fn a_console_that_is_no_terminal_says_so() {
    let task = || {
        task!({
            assert_eq!(trap!(yield terminal(Fd::STDIN)), Err(Errno::ENOTTY));
            assert_eq!(trap!(yield set_terminal(Fd::STDIN, TerminalMode::Keys)), Err(Errno::ENOTTY));
            assert_eq!(trap!(yield set_foreground(Fd::STDIN, Tid::NONE)), Err(Errno::ENOTTY));
            Ok(())
        })
    };
    let console = MemoryConsole::new();
    assert_eq!(ends(&console, task()), WELL);
    assert_eq!(console.mode(), None);
    let machine = common::machine().task(task()).console(Console::Memory(console));
    assert_eq!(machine.boot().expect("it boots"), WELL);
}

/// Sleeps for long, alone in a group that is the foreground; its parent gives how that ended.
fn in_foreground() -> Task {
    task!({
        let sleeper = task!({ trap!(yield sleep(Duration::from_secs(60))) });
        let child = trap!(yield spawn(sleeper).group(Tid::NONE))?;
        trap!(yield set_foreground(Fd::STDIN, child))?;
        let code = match trap!(yield wait(child))? {
            ExitStatus::Killed(signal) => i32::from(signal.number()),
            _ => 0,
        };
        trap!(yield exit(code))
    })
}

#[test]
fn a_key_of_the_console_goes_to_the_foreground_and_the_machine_goes_on() {
    for signal in [Signal::Int, Signal::Quit] {
        let console = MemoryConsole::new().terminal(80, 24);
        console.signal_at(millis(5), signal);
        let code = i32::from(signal.number());
        assert_eq!(ends(&console, in_foreground()), Ended::Finished(ExitStatus::Exited(code)));
    }
}

#[test]
fn who_reads_the_console_from_the_background_takes_nothing_and_is_stopped() {
    let console = MemoryConsole::new().terminal(80, 24);
    console.type_at(millis(5), "for the front\n");
    let task = task!({
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        trap!(yield set_foreground(Fd::STDIN, Tid::NONE))?;
        let reader = task!({
            assert_eq!(trap!(yield read(Fd::STDIN, 99))?, Buf::from("for the reader\n"));
            Ok(())
        });
        let reader = trap!(yield spawn(reader).group(Tid::NONE))?;
        let stopped = Some((reader, Change::Stopped(Signal::Ttin)));
        assert_eq!(trap!(yield wait_change(reader, WaitFlags::STOPPED))?, stopped);
        assert_eq!(trap!(yield read(Fd::STDIN, 99))?, Buf::from("for the front\n"));
        trap!(yield kill(reader, Signal::Cont))?;
        assert_eq!(trap!(yield wait_change(reader, WaitFlags::STOPPED))?, stopped);
        trap!(yield set_foreground(Fd::STDIN, reader))?;
        trap!(yield kill(reader, Signal::Cont))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        Ok(())
    });
    console.type_at(millis(9), "for the reader\n");
    let parent = task!({
        let child = trap!(yield spawn(task))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    });
    assert_eq!(ends(&console, parent), WELL);
}

#[test]
fn without_a_foreground_everybody_reads_the_console() {
    let console = MemoryConsole::new().terminal(80, 24);
    console.type_at(millis(5), "for anybody\n");
    let task = task!({
        let reader = task!({
            assert_eq!(trap!(yield read(Fd::STDIN, 99))?, Buf::from("for anybody\n"));
            Ok(())
        });
        let reader = trap!(yield spawn(reader).group(Tid::NONE))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        Ok(())
    });
    assert_eq!(ends(&console, task), WELL);
}

#[test]
fn a_key_to_stop_stops_the_foreground_and_not_the_machine() {
    let console = MemoryConsole::new().terminal(80, 24);
    console.signal_at(millis(5), Signal::Tstp);
    let task = task!({
        let child = trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_secs(60))) })).group(Tid::NONE))?;
        trap!(yield set_foreground(Fd::STDIN, child))?;
        let change = trap!(yield wait_change(Children::Any, WaitFlags::STOPPED))?;
        assert_eq!(change, Some((child, Change::Stopped(Signal::Tstp))));
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    });
    assert_eq!((ends(&console, task), console.suspended()), (WELL, 0));
}

#[test]
fn without_a_foreground_a_key_ends_the_machine_and_that_to_stop_stops_the_process() {
    let sleeper = || task!({ trap!(yield sleep(Duration::from_millis(20))) });
    let console = MemoryConsole::new().terminal(80, 24);
    console.signal_at(millis(5), Signal::Tstp);
    assert_eq!((ends(&console, sleeper()), console.suspended()), (WELL, 1));
    console.signal_at(millis(5), Signal::Int);
    assert_eq!(ends(&console, sleeper()), Ended::Signalled(Signal::Int));
}

#[test]
fn a_signal_that_is_no_key_ends_the_machine_whatever_is_in_the_foreground() {
    let console = MemoryConsole::new().terminal(80, 24);
    console.signal_at(millis(5), Signal::Hup);
    assert_eq!(ends(&console, in_foreground()), Ended::Signalled(Signal::Hup));
}

/// The command, on a terminal of the host.
#[cfg(target_os = "linux")]
mod command {
    use rustix::{
        fs::{Mode, OFlags, open},
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize},
    };
    use std::{
        fs::File,
        io::{Read, Write},
        os::fd::OwnedFd,
        process::Child,
    };

    struct Session {
        keyboard: File,
        terminal: OwnedFd,
        /// How the terminal was before the command ran.
        before: Termios,
        child: Child,
    }

    /// Runs the command on a new terminal of 90 columns and 20 lines.
    fn session(args: &[&str]) -> Session {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
        tcsetwinsize(&terminal, Winsize { ws_row: 20, ws_col: 90, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let stream = || terminal.try_clone().unwrap();
        let child =
            crate::common::yieldix().args(args).stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        Session { keyboard: keyboard.into(), terminal, before, child }
    }

    impl Session {
        /// Reads what is shown until it has this in it.
        fn until(&mut self, text: &str) -> String {
            let (mut shown, mut bytes) = (String::new(), [0; 256]);
            while !shown.contains(text) {
                let count = self.keyboard.read(&mut bytes).unwrap();
                shown += &String::from_utf8_lossy(&bytes[..count]);
            }
            shown
        }

        fn press(&mut self, keys: &str) {
            self.keyboard.write_all(keys.as_bytes()).unwrap();
        }

        fn modes(&self) -> Termios {
            tcgetattr(&self.terminal).unwrap()
        }
    }

    /// All that `stty -g` shows.
    fn shown(modes: &Termios) -> String {
        format!("{modes:?}")
    }

    #[test]
    fn the_terminal_is_as_it_was_when_the_program_is_over() {
        for (args, is_signalling) in [(&["run", "keys"][..], true), (&["run", "keys", "-r"], false)] {
            let mut session = session(args);
            session.until("90 columns, 20 lines; q ends\r\n");
            let modes = session.modes().local_modes;
            assert!(!modes.contains(LocalModes::ICANON) && !modes.contains(LocalModes::ECHO));
            assert_eq!(modes.contains(LocalModes::ISIG), is_signalling);
            session.press("\x1b[A");
            assert_eq!(session.until("\n"), "\\x1b[A\r\n");
            session.press("q");
            assert!(session.child.wait().unwrap().success());
            assert_eq!(shown(&session.modes()), shown(&session.before));
        }
    }

    #[test]
    fn the_terminal_is_as_it_was_when_a_signal_has_ended_the_machine() {
        use rustix::process::{Pid, Signal, kill_process};
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129), (Signal::QUIT, 131)] {
            let mut session = session(&["run", "keys"]);
            session.until("q ends\r\n");
            kill_process(Pid::from_child(&session.child), signal).unwrap();
            assert_eq!(session.child.wait().unwrap().code(), Some(code));
            assert_eq!(shown(&session.modes()), shown(&session.before));
        }
    }
}
