//! Tests of `/dev`: devices that keep nothing, and names for what a task has.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    what_is_written_to_null_is_gone_and_a_read_finds_the_end,
    zero_and_random_give_as_many_bytes_as_are_asked_for,
    a_device_does_what_it_was_opened_for,
    the_streams_of_a_task_have_names,
    the_tty_is_the_terminal_that_the_streams_are,
    the_console_is_opened_to_read_or_to_write,
];

const BOTH: fn() -> OpenFlags = || OpenFlags::READ | OpenFlags::WRITE;

fn what_is_written_to_null_is_gone_and_a_read_finds_the_end() -> Task {
    task!({
        let null = trap!(yield open("/dev/null", BOTH()))?;
        assert_eq!(trap!(yield write(null, vec![1; 1 << 20]))?, 1 << 20);
        assert!(trap!(yield read(null, 99))?.is_empty());
        let both = vec![Interest::Read(null), Interest::Write(null)];
        assert_eq!(trap!(yield poll(both.clone(), Duration::ZERO))?, both);
        assert_eq!(trap!(yield fstat(null))?.kind, FileKind::Device);
        Ok(())
    })
}

fn zero_and_random_give_as_many_bytes_as_are_asked_for() -> Task {
    task!({
        let zero = trap!(yield open("/dev/zero", OpenFlags::READ))?;
        for count in [1, 86, 4097, 65536] {
            assert_eq!(trap!(yield read(zero, count))?, Buf::from(vec![0; count as usize]));
        }
        let random = trap!(yield open("/dev/random", OpenFlags::READ))?;
        let pieces = [trap!(yield read(random, 32))?, trap!(yield read(random, 32))?];
        assert_eq!((pieces[0].len(), pieces[1].len()), (32, 32));
        assert_ne!(pieces[0], pieces[1]);
        Ok(())
    })
}

fn a_device_does_what_it_was_opened_for() -> Task {
    task!({
        for name in ["/dev/null", "/dev/zero", "/dev/random"] {
            let reads = trap!(yield open(name, OpenFlags::READ))?;
            assert_eq!(trap!(yield write(reads, "x")), Err(Errno::EBADF));
            let writes = trap!(yield open(name, OpenFlags::WRITE))?;
            assert_eq!(trap!(yield read(writes, 1)), Err(Errno::EBADF));
            assert_eq!(trap!(yield write(writes, "x")), Ok(1));
        }
        Ok(())
    })
}

fn the_streams_of_a_task_have_names() -> Task {
    task!({
        let (from, to) = trap!(yield pipe())?;
        let child = task!({
            let out = trap!(yield open("/dev/stdout", OpenFlags::WRITE))?;
            trap!(yield write(out, "by its name"))?;
            trap!(yield close(Fd::STDERR))?;
            assert_eq!(trap!(yield open("/dev/stderr", OpenFlags::WRITE)), Err(Errno::EBADF));
            Ok(())
        });
        let child = trap!(yield spawn(child).pass_as(to, 1))?;
        assert_eq!(trap!(yield read(from, 99))?, Buf::from("by its name"));
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert!(trap!(yield read(from, 99))?.is_empty());
        Ok(())
    })
}

fn the_tty_is_the_terminal_that_the_streams_are() -> Task {
    task!({
        let (master, terminal) = trap!(yield pty())?;
        let (from, _to) = trap!(yield pipe())?;
        let child = task!({
            let tty = trap!(yield open("/dev/tty", BOTH()))?;
            trap!(yield write(tty, "sure? "))?;
            assert_eq!(trap!(yield read(tty, 99))?, Buf::from("yes\n"));
            Ok(())
        });
        let child = trap!(yield spawn(child).pass_as(from, 0).pass_as(terminal, 2))?;
        trap!(yield write(master, "yes\n"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield read(master, 99))?, Buf::from("yes\r\nsure? "));
        Ok(())
    })
}

fn the_console_is_opened_to_read_or_to_write() -> Task {
    task!({
        for name in ["/dev/console", "/dev/tty"] {
            assert_eq!(trap!(yield open(name, BOTH())), Err(Errno::EINVAL));
            let out = trap!(yield open(name, OpenFlags::WRITE))?;
            trap!(yield write(out, ""))?;
            let input = trap!(yield open(name, OpenFlags::READ))?;
            assert_eq!(trap!(yield fstat(input))?.kind, FileKind::Device);
        }
        Ok(())
    })
}
