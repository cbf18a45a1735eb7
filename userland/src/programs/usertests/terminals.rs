//! Tests of terminals that tasks make: what is typed, what is shown, and who gets the signals of keys.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_line_is_read_when_it_has_ended_and_is_shown_as_typed,
    a_reader_waits_for_the_end_of_the_line,
    keys_are_read_as_they_come_and_not_shown,
    what_a_terminal_is_can_be_asked_and_set,
    what_is_no_terminal_is_told_so,
    a_key_ends_those_in_the_foreground_only,
    a_child_is_in_the_foreground_before_its_first_turn,
    a_key_ends_whom_it_is_for_before_they_read_what_is_typed_behind_it,
    a_key_stops_and_a_signal_goes_on,
    who_reads_from_the_background_is_stopped_with_its_group_and_reads_when_it_is_in_front,
    who_goes_on_in_the_background_and_reads_is_stopped_again,
    who_caught_the_stop_of_a_reader_is_told_of_it,
    a_reader_that_cannot_be_stopped_or_continued_is_refused,
    who_waits_to_read_when_another_gets_the_terminal_is_stopped,
    a_foreground_in_which_nobody_lives_keeps_nobody_from_reading,
    raw_keys_send_no_signals,
    a_group_that_is_not_there_is_no_foreground,
    a_master_that_is_gone_hangs_up,
    a_terminal_that_nobody_has_ends_what_its_master_reads,
    a_full_terminal_makes_its_writers_wait,
    a_terminal_becomes_the_standard_streams,
];

fn text(data: &'static str) -> Buf {
    Buf::from(data)
}

/// Reads until so many bytes are there.
fn shown(master: Fd, count: usize) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            let data = trap!(yield read(master, (count - bytes.len()) as u32))?;
            if data.is_empty() {
                return Err(Errno::EIO);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    })
}

fn a_line_is_read_when_it_has_ended_and_is_shown_as_typed() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        trap!(yield write(master, "lst\x7f /dev\r"))?;
        assert_eq!(trap!(yield read(terminal, 99))?, text("ls /dev\n"));
        assert_eq!(call!(shown(master, 13))?, "lst\x08 \x08 /dev\r\n");
        trap!(yield write(terminal, "null\n"))?;
        assert_eq!(call!(shown(master, 6))?, "null\r\n");
        trap!(yield write(master, "\x04"))?;
        assert_eq!(trap!(yield read(terminal, 99))?, Buf::EMPTY);
        Ok(())
    })
}

/// Reads what it is told to expect.
fn reads(terminal: Fd, expected: &'static str) -> Task {
    task!({
        assert_eq!(trap!(yield read(terminal, 99))?, text(expected));
        Ok(())
    })
}

fn a_reader_waits_for_the_end_of_the_line() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = trap!(yield spawn(reads(terminal, "half a line\n")).share(terminal))?;
        trap!(yield write(master, "half"))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Read(terminal));
        trap!(yield write(master, " a line\n"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn keys_are_read_as_they_come_and_not_shown() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        trap!(yield set_terminal(terminal, TerminalMode::Keys))?;
        let child = trap!(yield spawn(reads(terminal, "\x1b[A")).share(terminal))?;
        call!(until_blocked(child))?;
        trap!(yield write(master, "\x1b[A"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield write(master, "\r\x7f\x04"))?;
        assert_eq!(trap!(yield read(terminal, 99))?, text("\n\x7f\x04"));
        assert_eq!(trap!(yield poll(vec![Interest::Read(master)], Duration::ZERO))?, []);
        Ok(())
    })
}

fn what_a_terminal_is_can_be_asked_and_set() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        // When the master goes with this task, its foreground is hung up.
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        let own = trap!(yield get_group(Tid::NONE))?;
        let info = trap!(yield self::terminal(terminal))?;
        assert_eq!((info.mode, info.columns, info.rows), (TerminalMode::Lines, 80, 24));
        assert_eq!(info.foreground, Tid::NONE);
        trap!(yield set_terminal(master, TerminalMode::Raw))?;
        trap!(yield resize_terminal(master, 132, 50))?;
        trap!(yield set_foreground(terminal, Tid::NONE))?;
        let expected = TerminalInfo { mode: TerminalMode::Raw, columns: 132, rows: 50, foreground: own };
        for side in [master, terminal] {
            assert_eq!(trap!(yield self::terminal(side))?, expected);
            assert_eq!(trap!(yield fstat(side))?.kind, FileKind::Device);
        }
        Ok(())
    })
}

fn what_is_no_terminal_is_told_so() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let (sender, _receiver) = trap!(yield port_create(1))?;
        for fd in [from, to, sender] {
            assert_eq!(trap!(yield terminal(fd)), Err(Errno::ENOTTY));
            assert_eq!(trap!(yield set_terminal(fd, TerminalMode::Keys)), Err(Errno::ENOTTY));
            assert_eq!(trap!(yield set_foreground(fd, Tid::NONE)), Err(Errno::ENOTTY));
            assert_eq!(trap!(yield resize_terminal(fd, 1, 1)), Err(Errno::ENOTTY));
        }
        assert_eq!(trap!(yield terminal(Fd::new(500, 1))), Err(Errno::EBADF));
        Ok(())
    })
}

/// A child in a group of its own, which is then the foreground of a terminal.
fn in_foreground(terminal: Fd, task: Task) -> impl Routine<Result<Tid, Errno>> {
    routine!(move {
        let child = trap!(yield spawn(task).group(Tid::NONE))?;
        trap!(yield set_foreground(terminal, child))?;
        Ok(child)
    })
}

fn a_key_ends_those_in_the_foreground_only() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let background = trap!(yield spawn(sleeper()).group(Tid::NONE))?;
        let first = call!(in_foreground(terminal, sleeper()))?;
        let second = trap!(yield spawn(sleeper()).group(first))?;
        trap!(yield write(master, "x\x03"))?;
        assert_eq!(trap!(yield wait(first))?, ExitStatus::Killed(Signal::Int));
        assert_eq!(trap!(yield wait(second))?, ExitStatus::Killed(Signal::Int));
        assert_eq!(trap!(yield try_wait(background))?, None);
        // What was typed before is for nobody.
        trap!(yield write(master, "\n"))?;
        assert_eq!(trap!(yield read(terminal, 99))?, text("\n"));
        let third = call!(in_foreground(terminal, sleeper()))?;
        trap!(yield write(master, "\x1c"))?;
        assert_eq!(trap!(yield wait(third))?, ExitStatus::Killed(Signal::Quit));
        trap!(yield kill(background, Signal::Kill))?;
        trap!(yield wait(background))?;
        Ok(())
    })
}

fn a_child_is_in_the_foreground_before_its_first_turn() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let asks = task!({
            let own = trap!(yield gettid())?;
            assert_eq!(trap!(yield self::terminal(terminal))?.foreground, own);
            trap!(yield sleep(Duration::MAX))
        });
        let child = trap!(yield spawn(asks).group(Tid::NONE).share(terminal).foreground(terminal))?;
        call!(until_blocked(child))?;
        trap!(yield write(master, "\x03"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Int));
        // By a descriptor that the child gets, too.
        let streams = trap!(yield dup(terminal))?;
        let child = trap!(yield spawn(sleeper()).group(Tid::NONE).pass_as(streams, 0).foreground(streams))?;
        assert_eq!(trap!(yield self::terminal(terminal))?.foreground, child);
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        let (from, _to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield spawn(exits(0)).foreground(from)), Err(Errno::ENOTTY));
        assert_eq!(trap!(yield spawn(exits(0)).foreground(Fd::new(500, 1))), Err(Errno::EBADF));
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}

fn a_key_ends_whom_it_is_for_before_they_read_what_is_typed_behind_it() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        // In the end it has the terminal, which is hung up with it.
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        for (key, signal) in [("\x1ajobs\n", Signal::Tstp), ("\x03jobs\n", Signal::Int)] {
            let reads = || task!({ trap!(yield read(terminal, 99)).map(drop) });
            let first = trap!(yield spawn(reads()).share(terminal).group(Tid::NONE).foreground(terminal))?;
            let second = trap!(yield spawn(reads()).share(terminal).group(first))?;
            for child in [first, second] {
                call!(until_blocked(child))?;
            }
            trap!(yield write(master, key))?;
            trap!(yield set_foreground(terminal, Tid::NONE))?;
            assert_eq!(trap!(yield read(terminal, 99))?, text("jobs\n"));
            for child in [first, second] {
                trap!(yield kill(child, Signal::Kill))?;
                let ending = if signal == Signal::Int { signal } else { Signal::Kill };
                assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(ending));
            }
        }
        Ok(())
    })
}

fn a_key_stops_and_a_signal_goes_on() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = call!(in_foreground(terminal, sleeper()))?;
        trap!(yield write(master, "\x1a"))?;
        let change = trap!(yield wait_change(Children::Only(child), WaitFlags::STOPPED))?;
        assert_eq!(change, Some((child, Change::Stopped(Signal::Tstp))));
        trap!(yield kill(child, Signal::Cont))?;
        trap!(yield write(master, "\x03"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Int));
        Ok(())
    })
}

/// A terminal whose foreground is a group of one that sleeps: its two sides, and that one.
fn held_terminal() -> impl Routine<Result<(Fd, Fd, Tid), Errno>> {
    routine!(move {
        let (master, terminal) = trap!(yield pty())?;
        let holder = call!(in_foreground(terminal, sleeper()))?;
        Ok((master, terminal, holder))
    })
}

/// Has these end, and waits for them.
fn end(children: Vec<Tid>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for child in children {
            trap!(yield kill(child, Signal::Kill))?;
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

const READ_BEHIND: Change = Change::Stopped(Signal::Ttin);

fn who_reads_from_the_background_is_stopped_with_its_group_and_reads_when_it_is_in_front() -> Task {
    task!({
        let (master, terminal, holder) = call!(held_terminal())?;
        let beside = trap!(yield spawn(sleeper()).group(Tid::NONE))?;
        trap!(yield write(master, "for others\n"))?;
        let reader = trap!(yield spawn(reads(terminal, "for others\n")).share(terminal).group(beside))?;
        for child in [reader, beside] {
            assert_eq!(trap!(yield wait_change(child, WaitFlags::STOPPED))?, Some((child, READ_BEHIND)));
        }
        // Nothing was taken of what is there.
        trap!(yield poll(vec![Interest::Read(terminal)], Duration::ZERO)).map(|ready| assert_eq!(ready.len(), 1))?;
        trap!(yield set_foreground(terminal, beside))?;
        trap!(yield kill_group(beside, Signal::Cont))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        call!(end(vec![holder, beside]))
    })
}

fn who_goes_on_in_the_background_and_reads_is_stopped_again() -> Task {
    task!({
        let (master, terminal, holder) = call!(held_terminal())?;
        // Both are in the group before one reads.
        let beside = trap!(yield spawn(sleeper()).group(Tid::NONE))?;
        let reader = trap!(yield spawn(reads(terminal, "mine\n")).share(terminal).group(beside))?;
        for _ in 0..3 {
            for child in [reader, beside] {
                assert_eq!(trap!(yield wait_change(child, WaitFlags::STOPPED))?, Some((child, READ_BEHIND)));
            }
            trap!(yield write(master, "x\x15"))?;
            trap!(yield kill_group(beside, Signal::Cont))?;
        }
        for child in [reader, beside] {
            assert_eq!(trap!(yield wait_change(child, WaitFlags::STOPPED))?, Some((child, READ_BEHIND)));
        }
        trap!(yield set_foreground(terminal, beside))?;
        trap!(yield kill_group(beside, Signal::Cont))?;
        trap!(yield write(master, "mine\n"))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        call!(end(vec![holder, beside]))
    })
}

fn who_caught_the_stop_of_a_reader_is_told_of_it() -> Task {
    task!({
        let (_master, terminal, holder) = call!(held_terminal())?;
        let catches = task!({
            trap!(yield catch_signals(Signal::Ttin))?;
            assert_eq!(trap!(yield read(terminal, 99)), Err(Errno::EINTR));
            assert_eq!(trap!(yield take_signal())?, Signal::Ttin);
            Ok(())
        });
        let reader = trap!(yield spawn(catches).share(terminal).group(Tid::NONE))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        call!(end(vec![holder]))
    })
}

fn a_reader_that_cannot_be_stopped_or_continued_is_refused() -> Task {
    task!({
        let (_master, terminal, holder) = call!(held_terminal())?;
        for is_masked in [true, false] {
            let immune = task!({
                if is_masked {
                    trap!(yield set_mask(Signal::Ttin))?;
                } else {
                    trap!(yield ignore_signals(Signal::Ttin))?;
                }
                assert_eq!(trap!(yield read(terminal, 99)), Err(Errno::EIO));
                // To read nothing takes nothing from anybody.
                assert_eq!(trap!(yield read(terminal, 0))?, Buf::EMPTY);
                Ok(())
            });
            let reader = trap!(yield spawn(immune).share(terminal).group(Tid::NONE))?;
            assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        }
        // One whose parent has ended: nobody could have it go on.
        let (sees_end, lives) = trap!(yield pipe())?;
        let (verdict, gives) = trap!(yield pipe())?;
        let leader = task!({
            let orphan = task!({
                assert_eq!(trap!(yield read(sees_end, 1))?, Buf::EMPTY);
                let refused = trap!(yield read(terminal, 99)).map(|_| ()).unwrap_err();
                write_all!(gives, Buf::from(format!("{refused}").into_bytes()))
            });
            // Its end closes `lives`, which it has and the orphan has not.
            trap!(yield spawn(orphan).share(terminal).pass(sees_end).pass(gives)).map(drop)
        });
        let leader =
            trap!(yield spawn(leader).share(terminal).pass(sees_end).pass(lives).pass(gives).group(Tid::NONE))?;
        assert_eq!(trap!(yield wait(leader))?, ExitStatus::Exited(0));
        let said = trap!(yield read(verdict, 99))?;
        assert_eq!(String::from_utf8_lossy(&said), Errno::EIO.to_string());
        trap!(yield close(verdict))?;
        call!(end(vec![holder]))
    })
}

fn who_waits_to_read_when_another_gets_the_terminal_is_stopped() -> Task {
    task!({
        // A group whose parent is in another: somebody could have it go on.
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        let (master, terminal) = trap!(yield pty())?;
        let reader = trap!(yield spawn(reads(terminal, "mine\n")).share(terminal).group(Tid::NONE))?;
        call!(until_blocked(reader))?;
        let holder = call!(in_foreground(terminal, sleeper()))?;
        assert_eq!(trap!(yield wait_change(reader, WaitFlags::STOPPED))?, Some((reader, READ_BEHIND)));
        trap!(yield set_foreground(terminal, reader))?;
        trap!(yield kill(reader, Signal::Cont))?;
        call!(until_blocked(reader))?;
        // Likewise when a child is given it with its start.
        let child = trap!(yield spawn(sleeper()).group(Tid::NONE).foreground(terminal))?;
        assert_eq!(trap!(yield wait_change(reader, WaitFlags::STOPPED))?, Some((reader, READ_BEHIND)));
        // Of the group that gives it away the reader alone is stopped.
        trap!(yield set_foreground(terminal, Tid::NONE))?;
        let beside = trap!(yield spawn(reads(terminal, "mine\n")).share(terminal))?;
        call!(until_blocked(beside))?;
        trap!(yield set_foreground(terminal, holder))?;
        assert_eq!(trap!(yield wait_change(beside, WaitFlags::STOPPED))?, Some((beside, READ_BEHIND)));
        trap!(yield set_foreground(terminal, reader))?;
        trap!(yield kill(reader, Signal::Cont))?;
        trap!(yield write(master, "mine\n"))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        call!(end(vec![holder, child, beside]))
    })
}

fn a_foreground_in_which_nobody_lives_keeps_nobody_from_reading() -> Task {
    task!({
        let (master, terminal, holder) = call!(held_terminal())?;
        call!(end(vec![holder]))?;
        let reader = trap!(yield spawn(reads(terminal, "mine\n")).share(terminal).group(Tid::NONE))?;
        call!(until_blocked(reader))?;
        trap!(yield write(master, "mine\n"))?;
        assert_eq!(trap!(yield wait(reader))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn raw_keys_send_no_signals() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        // In the end it has the terminal, which is hung up with it.
        trap!(yield set_group(Tid::NONE, Tid::NONE))?;
        let child = call!(in_foreground(terminal, sleeper()))?;
        trap!(yield set_terminal(terminal, TerminalMode::Raw))?;
        trap!(yield write(master, "\x03\x1a"))?;
        trap!(yield set_foreground(terminal, Tid::NONE))?;
        assert_eq!(trap!(yield read(terminal, 99))?, text("\x03\x1a"));
        trap!(yield kill(child, Signal::Kill))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Kill));
        Ok(())
    })
}

fn a_group_that_is_not_there_is_no_foreground() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = trap!(yield spawn(exits(0)).group(Tid::NONE))?;
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield set_foreground(terminal, child)), Err(Errno::ESRCH));
        // A group that has ended is sent nothing, and a key without a foreground does nothing.
        let child = call!(in_foreground(terminal, exits(0)))?;
        trap!(yield wait(child))?;
        trap!(yield write(master, "\x03\x1a\x1c"))?;
        trap!(yield write(terminal, "still here"))?;
        assert_eq!(call!(shown(master, 16))?, "^C^Z^\\still here");
        Ok(())
    })
}

fn a_master_that_is_gone_hangs_up() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        trap!(yield write(master, "last words\n"))?;
        let child = call!(in_foreground(terminal, sleeper()))?;
        trap!(yield close(master))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Hup));
        assert_eq!(trap!(yield read(terminal, 99))?, text("last words\n"));
        for _ in 0..2 {
            assert_eq!(trap!(yield read(terminal, 99))?, Buf::EMPTY);
        }
        assert_eq!(trap!(yield write(terminal, "x")), Err(Errno::EIO));
        Ok(())
    })
}

fn a_terminal_that_nobody_has_ends_what_its_master_reads() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = task!({
            assert_eq!(call!(shown(master, 6))?, "last\r\n");
            assert!(trap!(yield read(master, 99))?.is_empty());
            assert_eq!(trap!(yield write(master, "x")), Err(Errno::EIO));
            Ok(())
        });
        let child = trap!(yield spawn(child).pass(master))?;
        trap!(yield write(terminal, "last\n"))?;
        call!(until_blocked(child))?;
        trap!(yield close(terminal))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_full_terminal_makes_its_writers_wait() -> Task {
    const CAPACITY: usize = 64 << 10;
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = task!({
            let mut left = Buf::from(vec![b'x'; CAPACITY + 100]);
            while !left.is_empty() {
                let count = trap!(yield write(terminal, left.clone()))?;
                left.advance(count);
            }
            Ok(())
        });
        let child = trap!(yield spawn(child).share(terminal))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(terminal));
        // A key gets through all the same.
        trap!(yield set_terminal(master, TerminalMode::Keys))?;
        trap!(yield write(master, "q"))?;
        assert_eq!(trap!(yield read(terminal, 99))?, text("q"));
        assert_eq!(call!(shown(master, CAPACITY + 100))?.len(), CAPACITY + 100);
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_terminal_becomes_the_standard_streams() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let child = task!({
            print!("name? ")?;
            let name = trap!(yield read(Fd::STDIN, 99))?;
            println!("hello {}", String::from_utf8_lossy(&name).trim_end())
        });
        let second = trap!(yield dup(terminal))?;
        let child = trap!(yield spawn(child).pass_as(terminal, 0).pass_as(second, 1))?;
        assert_eq!(call!(shown(master, 6))?, "name? ");
        trap!(yield write(master, "Ada\r"))?;
        assert_eq!(call!(shown(master, 5 + 11))?, "Ada\r\nhello Ada\r\n");
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert!(trap!(yield read(master, 99))?.is_empty());
        Ok(())
    })
}
