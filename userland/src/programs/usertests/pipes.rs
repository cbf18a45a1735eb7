//! Tests of pipes: what arrives, who waits, who is told of an end, and what stays whole.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    what_is_written_is_read_in_order,
    what_was_written_is_read_after_the_writers_are_gone,
    the_end_comes_with_the_last_writer,
    a_reader_that_waits_is_told_the_end,
    a_killed_writer_is_one_less,
    a_full_pipe_makes_its_writers_wait,
    a_write_without_readers_fails,
    a_writer_to_nobody_is_ended_by_a_signal,
    a_writer_that_waits_is_told_that_nobody_reads,
    who_breaks_the_pipe_of_its_own_parent_ends_with_it,
    each_end_of_a_pipe_does_its_own,
    what_only_sockets_and_files_can_do_is_refused_to_pipes,
    small_writes_of_two_are_not_mixed,
    a_large_write_is_taken_in_part,
    writers_of_a_pipe_are_served_in_the_order_in_which_they_came,
    readers_of_a_pipe_are_served_in_the_order_in_which_they_came,
    a_poll_tells_of_both_ends,
    waiting_to_write_is_waiting_for_room_for_a_whole_write,
    a_deadline_ends_a_wait_at_a_pipe_and_moves_nothing,
    a_killed_reader_takes_nothing_out,
    a_writer_that_gives_up_keeps_nobody_waiting,
    a_pipe_between_standard_streams,
    a_pipe_without_room_for_both_ends_is_not_made,
    a_pipe_that_nobody_reads_forgets_its_bytes,
];

/// What the kernel takes whole or not at all, and what a pipe holds.
const ATOMIC: usize = 4096;
const CAPACITY: usize = 64 << 10;

/// Writes all of it, however much is taken at a time.
fn write_whole(fd: Fd, data: impl Into<Buf>) -> impl Routine<Result<(), Errno>> {
    let mut data = data.into();
    routine!(move {
        while !data.is_empty() {
            let count = trap!(yield write(fd, data.clone()))?;
            data.advance(count);
        }
        Ok(())
    })
}

/// Reads to the end, at most so many bytes at a time.
fn read_to_end(fd: Fd, max: u32) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let mut all = Vec::new();
        loop {
            let data = trap!(yield read(fd, max))?;
            if data.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&data);
        }
    })
}

/// Writes this and exits; a descriptor that it got goes with it.
fn writer(fd: Fd, data: Vec<u8>) -> Task {
    task!({ call!(write_whole(fd, data)) })
}

/// Reads once, at most so much, and expects this.
fn reads(fd: Fd, max: u32, expected: &'static str) -> Task {
    task!({
        assert_eq!(trap!(yield read(fd, max))?, Buf::from(expected));
        Ok(())
    })
}

fn ends_well(child: Tid) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

/// After xv6's `pipe1`: a sequence, written in pieces of a prime size, read in pieces that grow.
fn what_is_written_is_read_in_order() -> Task {
    const PIECE: usize = 1033;
    const PIECES: usize = 100;
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = task!({
            for piece in 0..PIECES {
                let bytes: Vec<u8> = (0..PIECE).map(|at| (piece * PIECE + at) as u8).collect();
                call!(write_whole(to, bytes))?;
            }
            Ok(())
        });
        let child = trap!(yield spawn(child).pass(to))?;
        let (mut count, mut max) = (0, 1);
        loop {
            let data = trap!(yield read(from, max))?;
            if data.is_empty() {
                break;
            }
            assert!(data.len() <= max as usize);
            assert!(data.iter().enumerate().all(|(at, &byte)| byte == (count + at) as u8));
            count += data.len();
            max = (max * 2).min(5000);
        }
        assert_eq!(count, PIECE * PIECES);
        call!(ends_well(child))
    })
}

fn what_was_written_is_read_after_the_writers_are_gone() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = trap!(yield spawn(writer(to, b"bequest".to_vec())).pass(to))?;
        call!(ends_well(child))?;
        assert_eq!(trap!(yield read(from, 3))?, Buf::from("beq"));
        assert_eq!(trap!(yield read(from, 99))?, Buf::from("uest"));
        for _ in 0..2 {
            assert!(trap!(yield read(from, 99))?.is_empty());
        }
        Ok(())
    })
}

fn the_end_comes_with_the_last_writer() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let second = trap!(yield dup(to))?;
        let child = trap!(yield spawn(reads(from, 9, "")).share(from))?;
        trap!(yield close(to))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Read(from));
        trap!(yield write(second, ""))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Read(from));
        trap!(yield close(second))?;
        call!(ends_well(child))
    })
}

fn a_reader_that_waits_is_told_the_end() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let mut children = Vec::new();
        for _ in 0..3 {
            let child = trap!(yield spawn(reads(from, 9, "")).share(from))?;
            call!(until_blocked(child))?;
            children.push(child);
        }
        trap!(yield close(to))?;
        for child in children {
            call!(ends_well(child))?;
        }
        Ok(())
    })
}

fn a_killed_writer_is_one_less() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = trap!(yield spawn(writer(to, vec![7; CAPACITY + 1])).pass(to))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(to));
        trap!(yield kill(child, Signal::Kill))?;
        assert_eq!(call!(read_to_end(from, 5000))?, vec![7; CAPACITY]);
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn a_full_pipe_makes_its_writers_wait() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield write(to, vec![1; CAPACITY]))?, CAPACITY);
        let child = trap!(yield spawn(writer(to, vec![2; 2])).share(to))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(to));
        // Room for one is not room for two.
        assert_eq!(trap!(yield read(from, 1))?.len(), 1);
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(to));
        assert_eq!(trap!(yield read(from, 1))?.len(), 1);
        call!(ends_well(child))?;
        trap!(yield close(to))?;
        let rest = call!(read_to_end(from, 1 << 20))?;
        assert_eq!((rest.len(), &rest[CAPACITY - 2..]), (CAPACITY, &[2, 2][..]));
        Ok(())
    })
}

fn a_write_without_readers_fails() -> Task {
    task!({
        trap!(yield ignore_signals(Signal::Pipe))?;
        let (from, to) = trap!(yield pipe())?;
        trap!(yield close(from))?;
        assert_eq!(trap!(yield write(to, "x")), Err(Errno::EPIPE));
        assert_eq!(trap!(yield write_wait(to)), Ok(()));
        assert_eq!(trap!(yield write(to, vec![0; CAPACITY])), Err(Errno::EPIPE));
        Ok(())
    })
}

fn a_writer_to_nobody_is_ended_by_a_signal() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = trap!(yield spawn(writer(to, vec![0; CAPACITY + 1])).share(to))?;
        call!(until_blocked(child))?;
        trap!(yield close(from))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Pipe));
        let child = trap!(yield spawn(writer(to, vec![0])).share(to))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Pipe));
        // Caught, it is there to be taken, and the write has failed.
        let catcher = task!({
            trap!(yield catch_signals(Signal::Pipe))?;
            assert_eq!(trap!(yield write(to, "x")), Err(Errno::EPIPE));
            assert_eq!(trap!(yield take_signal())?, Signal::Pipe);
            Ok(())
        });
        let child = trap!(yield spawn(catcher).share(to))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_writer_that_waits_is_told_that_nobody_reads() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = task!({
            trap!(yield ignore_signals(Signal::Pipe))?;
            assert_eq!(call!(write_whole(to, vec![0; CAPACITY + 1])), Err(Errno::EPIPE));
            Ok(())
        });
        let child = trap!(yield spawn(child).pass(to))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(to));
        trap!(yield close(from))?;
        call!(ends_well(child))
    })
}

fn who_breaks_the_pipe_of_its_own_parent_ends_with_it() -> Task {
    /// Has the only reading end of a pipe that its parent waits to write to, and lets go of it in some way.
    fn reader(from: Fd, way: u32) -> Task {
        task!({
            // Until the parent waits.
            trap!(yield yield_now())?;
            match way {
                0 => trap!(yield close(from))?,
                1 => drop(trap!(yield dup_to(Fd::STDOUT, from.slot()))?),
                2 => return Ok(()),
                _ => panic!("with the only reading end"),
            }
            panic!("it goes on after its parent has ended");
        })
    }
    fn parent(way: u32) -> Task {
        task!({
            let (from, to) = trap!(yield pipe())?;
            trap!(yield spawn(reader(from, way)).pass(from).bound())?;
            loop {
                trap!(yield write(to, vec![0; CAPACITY]))?;
            }
        })
    }
    task!({
        for way in 0..4 {
            let child = trap!(yield spawn(parent(way)))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Pipe));
        }
        Ok(())
    })
}

fn each_end_of_a_pipe_does_its_own() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield write(from, "x")), Err(Errno::EBADF));
        assert_eq!(trap!(yield read(to, 1)), Err(Errno::EBADF));
        assert_eq!(trap!(yield read_wait(to)), Err(Errno::EBADF));
        assert_eq!(trap!(yield write_wait(from)), Err(Errno::EBADF));
        assert_eq!(trap!(yield poll(vec![Interest::Read(to)], Duration::ZERO)), Err(Errno::EBADF));
        Ok(())
    })
}

fn what_only_sockets_and_files_can_do_is_refused_to_pipes() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        for fd in [from, to] {
            assert_eq!(trap!(yield recv(fd, 1)), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield send(fd, "x")), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield accept(fd)).map(|_| ()), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield seek(fd, SeekFrom::Start(0))), Err(Errno::ESPIPE));
            assert_eq!(trap!(yield truncate(fd, 0)), Err(Errno::EINVAL));
            assert_eq!(trap!(yield sync(fd)), Err(Errno::EINVAL));
            assert_eq!(trap!(yield port_recv(fd)).map(|_| ()), Err(Errno::EOPNOTSUPP));
        }
        Ok(())
    })
}

fn small_writes_of_two_are_not_mixed() -> Task {
    const WRITES: usize = 50;
    task!({
        let (from, to) = trap!(yield pipe())?;
        for letter in *b"ab" {
            let child = task!({
                for _ in 0..WRITES {
                    assert_eq!(trap!(yield write(to, vec![letter; ATOMIC]))?, ATOMIC);
                }
                Ok(())
            });
            trap!(yield spawn(child).share(to).detach())?;
        }
        trap!(yield close(to))?;
        let all = call!(read_to_end(from, 1001))?;
        assert_eq!(all.len(), 2 * WRITES * ATOMIC);
        let is_whole = |record: &[u8]| record.iter().all(|&byte| byte == record[0]);
        assert!(all.chunks(ATOMIC).all(is_whole));
        assert_eq!(all.iter().filter(|&&byte| byte == b'a').count(), WRITES * ATOMIC);
        Ok(())
    })
}

fn a_large_write_is_taken_in_part() -> Task {
    task!({
        let (_from, to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield write(to, vec![0; CAPACITY - 10]))?, CAPACITY - 10);
        assert_eq!(trap!(yield write(to, vec![0; ATOMIC + 1]))?, 10);
        assert_eq!(trap!(yield poll(vec![Interest::Write(to)], Duration::ZERO))?, []);
        Ok(())
    })
}

fn writers_of_a_pipe_are_served_in_the_order_in_which_they_came() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        trap!(yield write(to, vec![0; CAPACITY]))?;
        // The first needs most room; those behind it, which would have theirs sooner, wait for it.
        for (letter, count) in [(b'a', ATOMIC), (b'b', 1), (b'c', 10)] {
            let child = trap!(yield spawn(writer(to, vec![letter; count])).share(to))?;
            call!(until_blocked(child))?;
        }
        trap!(yield close(to))?;
        let all = call!(read_to_end(from, 100))?;
        let mut letters = all[CAPACITY..].to_vec();
        letters.dedup();
        assert_eq!(letters, b"abc");
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    })
}

fn readers_of_a_pipe_are_served_in_the_order_in_which_they_came() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let mut children = Vec::new();
        for expected in ["a", "b", "c"] {
            let child = trap!(yield spawn(reads(from, 1, expected)).share(from))?;
            call!(until_blocked(child))?;
            children.push(child);
        }
        trap!(yield write(to, "abcd"))?;
        for child in children {
            call!(ends_well(child))?;
        }
        assert_eq!(trap!(yield read(from, 9))?, Buf::from("d"));
        Ok(())
    })
}

fn a_poll_tells_of_both_ends() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let both = || vec![Interest::Read(from), Interest::Write(to)];
        assert_eq!(trap!(yield poll(both(), Duration::ZERO))?, [Interest::Write(to)]);
        trap!(yield write(to, vec![0; CAPACITY]))?;
        assert_eq!(trap!(yield poll(both(), Duration::ZERO))?, [Interest::Read(from)]);
        let poller = task!({
            assert_eq!(trap!(yield poll(vec![Interest::Write(to)], Duration::MAX))?, [Interest::Write(to)]);
            Ok(())
        });
        let poller = trap!(yield spawn(poller).share(to))?;
        call!(until_blocked(poller))?;
        trap!(yield read(from, CAPACITY as u32))?;
        call!(ends_well(poller))?;
        let poller = task!({
            assert_eq!(trap!(yield poll(vec![Interest::Read(from)], Duration::MAX))?, [Interest::Read(from)]);
            assert!(trap!(yield read(from, 1))?.is_empty());
            Ok(())
        });
        let poller = trap!(yield spawn(poller).share(from))?;
        call!(until_blocked(poller))?;
        trap!(yield close(to))?;
        call!(ends_well(poller))
    })
}

fn waiting_to_write_is_waiting_for_room_for_a_whole_write() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        trap!(yield write(to, vec![0; CAPACITY - ATOMIC + 1]))?;
        let child = trap!(yield spawn(task!({ trap!(yield write_wait(to)) })).share(to))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Write(to));
        trap!(yield read(from, 1))?;
        call!(ends_well(child))?;
        assert_eq!(trap!(yield write(to, vec![0; ATOMIC]))?, ATOMIC);
        Ok(())
    })
}

fn a_deadline_ends_a_wait_at_a_pipe_and_moves_nothing() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let result = timeout!(Duration::from_millis(1), { trap!(yield read(from, 1)) });
        assert!(result.is_err());
        trap!(yield write(to, vec![0; CAPACITY]))?;
        let result = timeout!(Duration::from_millis(1), { trap!(yield write(to, "late")) });
        assert!(result.is_err());
        trap!(yield close(to))?;
        assert_eq!(call!(read_to_end(from, 1 << 20))?.len(), CAPACITY);
        Ok(())
    })
}

fn a_killed_reader_takes_nothing_out() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let killed = trap!(yield spawn(reads(from, 9, "never")).share(from))?;
        call!(until_blocked(killed))?;
        let child = trap!(yield spawn(reads(from, 9, "kept")).share(from))?;
        call!(until_blocked(child))?;
        trap!(yield kill(killed, Signal::Kill))?;
        trap!(yield write(to, "kept"))?;
        call!(ends_well(child))?;
        trap!(yield wait(killed))?;
        Ok(())
    })
}

fn a_writer_that_gives_up_keeps_nobody_waiting() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        // Room for 100 bytes.
        assert_eq!(trap!(yield write(to, vec![b'.'; CAPACITY - 100]))?, CAPACITY - 100);
        let long = trap!(yield spawn(writer(to, vec![b'l'; 4096])).share(to))?;
        call!(until_blocked(long))?;
        let short = trap!(yield spawn(writer(to, vec![b's'; 60])).share(to))?;
        call!(until_blocked(short))?;
        trap!(yield kill(long, Signal::Kill))?;
        trap!(yield wait(long))?;
        call!(ends_well(short))?;
        // Nor who comes later.
        let late = timeout!(Duration::from_millis(1), { trap!(yield write(to, vec![b'l'; 4096])) });
        assert_eq!(late, Err(Elapsed));
        assert_eq!(trap!(yield write(to, vec![b's'; 40]))?, 40);
        trap!(yield close(to))?;
        trap!(yield close(from))
    })
}

fn a_pipe_between_standard_streams() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let says = task!({
            println!("one")?;
            println!("two")
        });
        let hears = task!({
            assert_eq!(call!(read_to_end(Fd::STDIN, 5))?, b"one\ntwo\n");
            Ok(())
        });
        let says = trap!(yield spawn(says).pass_as(to, Fd::STDOUT.slot()))?;
        let hears = trap!(yield spawn(hears).pass_as(from, Fd::STDIN.slot()))?;
        call!(ends_well(says))?;
        call!(ends_well(hears))
    })
}

fn a_pipe_without_room_for_both_ends_is_not_made() -> Task {
    task!({
        let mut fds = Vec::new();
        let errno = loop {
            match trap!(yield dup(Fd::STDOUT)) {
                Ok(fd) => fds.push(fd),
                Err(errno) => break errno,
            }
        };
        assert_eq!((errno, trap!(yield pipe())), (Errno::EMFILE, Err(Errno::EMFILE)));
        trap!(yield close(fds[0]))?;
        assert_eq!(trap!(yield pipe()), Err(Errno::EMFILE));
        trap!(yield close(fds[1]))?;
        trap!(yield pipe())?;
        Ok(())
    })
}

fn a_pipe_that_nobody_reads_forgets_its_bytes() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        trap!(yield write(to, "unread"))?;
        trap!(yield close(from))?;
        // A new one in its place begins empty.
        let (from, second) = trap!(yield pipe())?;
        trap!(yield close(second))?;
        assert!(trap!(yield read(from, 9))?.is_empty());
        trap!(yield close(to))
    })
}
