//! Tests of descriptors: who has them, what they mean, and that a stale one means nothing.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_closed_fd_is_stale_for_ever,
    an_fd_never_opened_is_refused,
    a_dup_outlives_its_original,
    an_fd_goes_to_the_slot_that_is_asked_for,
    what_was_in_a_slot_is_closed,
    an_fd_to_its_own_slot_stays,
    a_standard_stream_is_replaced_and_brought_back,
    a_slot_past_the_bound_is_refused,
    what_an_fd_is_can_be_asked,
    a_passed_fd_moves,
    a_shared_fd_is_in_both,
    an_fd_can_become_standard_output,
    nothing_else_is_inherited,
    a_failed_spawn_moves_nothing,
    an_exit_closes_everything,
    the_standard_three_are_there,
    a_child_closes_its_own_standard_output_only,
    the_table_of_fds_has_a_bound,
    what_was_written_to_a_console_is_known_to_be_out,
];

fn a_closed_fd_is_stale_for_ever() -> Task {
    task!({
        let (first, _) = call!(listener())?;
        trap!(yield first.close())?;
        assert_eq!(trap!(yield first.close()), Err(Errno::EBADF));
        let (second, _) = call!(listener())?;
        assert_eq!(second.fd().slot(), first.fd().slot());
        assert_eq!(trap!(yield first.local_addr()), Err(Errno::EBADF));
        assert_eq!(trap!(yield first.close()), Err(Errno::EBADF));
        trap!(yield second.close())
    })
}

fn an_fd_never_opened_is_refused() -> Task {
    task!({
        for fd in [Fd::new(3, 0), Fd::new(500, 0), Fd::new(u32::MAX, u32::MAX), Fd::new(1, 1)] {
            assert_eq!(trap!(yield read(fd, 1)), Err(Errno::EBADF));
            assert_eq!(trap!(yield write(fd, "x")), Err(Errno::EBADF));
            assert_eq!(trap!(yield recv(fd, 1)), Err(Errno::EBADF));
            assert_eq!(trap!(yield accept(fd)), Err(Errno::EBADF));
            assert_eq!(trap!(yield dup(fd)), Err(Errno::EBADF));
            assert_eq!(trap!(yield read_wait(fd)), Err(Errno::EBADF));
            assert_eq!(trap!(yield close(fd)), Err(Errno::EBADF));
        }
        Ok(())
    })
}

fn a_dup_outlives_its_original() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let second = Socket::from(trap!(yield dup(near.fd()))?);
        trap!(yield near.close())?;
        trap!(yield second.send("x"))?;
        assert_eq!(&*trap!(yield far.recv(1))?, b"x");
        trap!(yield second.close())?;
        // The last of them took the connection with it.
        assert!(trap!(yield far.recv(1))?.is_empty());
        Ok(())
    })
}

fn an_fd_goes_to_the_slot_that_is_asked_for() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let far = trap!(yield dup_to(to, 40))?;
        assert_eq!(far.slot(), 40);
        trap!(yield close(to))?;
        trap!(yield write(far, "far"))?;
        assert_eq!(trap!(yield read(from, 9))?, Buf::from("far"));
        // Those below are still free.
        assert_eq!(trap!(yield dup(from))?.slot(), to.slot());
        assert_eq!(trap!(yield dup_to(Fd::new(500, 1), 40)), Err(Errno::EBADF));
        trap!(yield write(far, "still"))?;
        Ok(())
    })
}

fn what_was_in_a_slot_is_closed() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let (other_from, other_to) = trap!(yield pipe())?;
        let replaced = trap!(yield dup_to(other_to, to.slot()))?;
        // The pipe has lost its only writer, and the number that named it is dead.
        assert!(trap!(yield read(from, 1))?.is_empty());
        assert_eq!(trap!(yield write(to, "x")), Err(Errno::EBADF));
        trap!(yield write(replaced, "y"))?;
        assert_eq!(trap!(yield read(other_from, 9))?, Buf::from("y"));
        Ok(())
    })
}

fn an_fd_to_its_own_slot_stays() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield dup_to(to, to.slot())), Ok(to));
        let second = trap!(yield dup(to))?;
        let again = trap!(yield dup_to(to, second.slot()))?;
        trap!(yield write(again, "x"))?;
        assert_eq!(trap!(yield read(from, 9))?, Buf::from("x"));
        Ok(())
    })
}

fn a_standard_stream_is_replaced_and_brought_back() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let kept = trap!(yield dup(Fd::STDOUT))?;
        assert_eq!(trap!(yield dup_to(to, 1)), Ok(Fd::STDOUT));
        trap!(yield close(to))?;
        println!("into the pipe")?;
        assert_eq!(trap!(yield dup_to(kept, 1)), Ok(Fd::STDOUT));
        // It was the last that wrote there.
        assert_eq!(trap!(yield read(from, 99))?, Buf::from("into the pipe\n"));
        assert!(trap!(yield read(from, 99))?.is_empty());
        trap!(yield sync(Fd::STDOUT))
    })
}

fn a_slot_past_the_bound_is_refused() -> Task {
    task!({
        let (_from, to) = trap!(yield pipe())?;
        assert_eq!(trap!(yield dup_to(to, u32::MAX)), Err(Errno::EMFILE));
        assert_eq!(trap!(yield dup_to(to, 1 << 20)), Err(Errno::EMFILE));
        Ok(())
    })
}

fn what_an_fd_is_can_be_asked() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let (socket, _) = call!(listener())?;
        let (sender, _receiver) = trap!(yield port_create(1))?;
        trap!(yield write(to, "four"))?;
        let kinds = [(from, FileKind::Pipe), (socket.fd(), FileKind::Socket), (sender, FileKind::Other)];
        for (fd, kind) in kinds.into_iter().chain([(Fd::STDOUT, FileKind::Device)]) {
            assert_eq!(trap!(yield fstat(fd))?.kind, kind);
            assert_eq!(trap!(yield seek(fd, SeekFrom::Start(0))), Err(Errno::ESPIPE));
        }
        let (ends, other) = ([trap!(yield fstat(from))?, trap!(yield fstat(to))?], trap!(yield pipe())?);
        assert_eq!((ends[0].id, ends[0].size), (ends[1].id, 4));
        assert_ne!(trap!(yield fstat(other.0))?.id, ends[0].id);
        assert_eq!(trap!(yield fstat(Fd::new(500, 1))), Err(Errno::EBADF));
        Ok(())
    })
}

/// Exits with 0 if it can use this descriptor, and 9 if that is `EBADF`.
fn uses(fd: Fd) -> Task {
    task!({
        let code = match trap!(yield local_addr(fd)) {
            Ok(_) => 0,
            Err(Errno::EBADF) => 9,
            Err(errno) => return Err(errno),
        };
        trap!(yield exit(code))
    })
}

fn a_passed_fd_moves() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let child = trap!(yield spawn(uses(listener.fd())).pass(listener.fd()))?;
        assert_eq!(trap!(yield listener.close()), Err(Errno::EBADF));
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_shared_fd_is_in_both() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let child = trap!(yield spawn(uses(listener.fd())).share(listener.fd()))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield listener.local_addr())?;
        trap!(yield listener.close())
    })
}

fn an_fd_can_become_standard_output() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let child = trap!(yield spawn(task!({ println!("hello") })).pass_as(near.fd(), Fd::STDOUT.slot()))?;
        trap!(yield wait(child))?;
        assert_eq!(call!(receive_exactly(far, 6))?, b"hello\n");
        assert!(trap!(yield far.recv(1))?.is_empty());
        Ok(())
    })
}

fn nothing_else_is_inherited() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let child = trap!(yield spawn(uses(listener.fd())))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(9));
        Ok(())
    })
}

fn a_failed_spawn_moves_nothing() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let stale = Fd::new(500, 0);
        let failed = trap!(yield spawn(exits(0)).pass(listener.fd()).pass(stale));
        assert_eq!(failed, Err(Errno::EBADF));
        trap!(yield listener.close())?;
        assert_eq!(trap!(yield wait_any()), Err(Errno::ECHILD));
        Ok(())
    })
}

fn an_exit_closes_everything() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let child = trap!(yield spawn(exits(0)).pass(near.fd()))?;
        trap!(yield wait(child))?;
        assert!(trap!(yield far.recv(1))?.is_empty());
        Ok(())
    })
}

fn the_standard_three_are_there() -> Task {
    task!({
        for fd in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
            let second = trap!(yield dup(fd))?;
            assert!(second.slot() >= 3, "{second:?}");
            trap!(yield close(second))?;
        }
        assert_eq!(trap!(yield write(Fd::STDOUT, ""))?, 0);
        assert!(trap!(yield read(Fd::STDIN, 0))?.is_empty());
        Ok(())
    })
}

fn a_child_closes_its_own_standard_output_only() -> Task {
    task!({
        let child = trap!(
            yield spawn(task!({
                trap!(yield close(Fd::STDOUT))?;
                assert_eq!(println!("not to be seen"), Err(Errno::EBADF));
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield write(Fd::STDOUT, ""))?, 0);
        Ok(())
    })
}

fn the_table_of_fds_has_a_bound() -> Task {
    const BOUND_MAX: usize = 1 << 20;
    task!({
        let (listener, _) = call!(listener())?;
        let mut count = 0;
        let last = loop {
            match trap!(yield dup(listener.fd())) {
                Ok(fd) if count < BOUND_MAX => count += usize::from(fd.slot() > 0),
                Ok(_) => panic!("{count} descriptors and no end"),
                Err(errno) => break errno,
            }
        };
        assert_eq!(last, Errno::EMFILE);
        // One closed is one to be had.
        trap!(yield listener.close())?;
        trap!(yield dup(Fd::STDIN))?;
        Ok(())
    })
}

fn what_was_written_to_a_console_is_known_to_be_out() -> Task {
    task!({
        assert_eq!(trap!(yield sync(Fd::STDOUT)), Ok(()));
        assert_eq!(trap!(yield sync(Fd::STDIN)), Err(Errno::EBADF));
        let (near, _far) = call!(connection())?;
        let (sender, receiver) = trap!(yield port_create(1))?;
        for keeps_nothing in [near.fd(), sender, receiver] {
            assert_eq!(trap!(yield sync(keeps_nothing)), Err(Errno::EINVAL));
        }
        trap!(yield near.close())?;
        assert_eq!(trap!(yield sync(near.fd())), Err(Errno::EBADF));
        Ok(())
    })
}
