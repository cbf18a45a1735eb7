//! Tests of what is written to files by several, at odd places, or in vain, in the working directory: in memory,
//! and in a folder that is mounted.

use super::{Test, files::*, scratch::*, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    writes_of_every_size_come_back,
    an_emptied_file_is_written_where_the_place_stands,
    a_file_is_emptied_while_another_writes_it,
    several_tasks_write_and_remove_at_once,
    a_write_that_is_refused_leaves_no_bytes,
    a_read_asks_for_more_than_there_can_be,
    a_name_that_is_refused_holds_nothing,
    a_task_that_ends_in_a_removed_directory_lets_go_of_it,
    a_task_that_is_killed_lets_go_of_a_removed_file,
    a_directory_that_is_being_removed_is_opened_or_not,
];

const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;

fn writes_of_every_size_come_back() -> Task {
    // Around the pieces that files lie in, and far from them.
    const SIZES: [usize; 9] = [1, 471, 4_096, 8_191, 30_000, 65_535, 65_536, 65_537, 140_001];
    task!({
        for size in SIZES {
            let (fd, path) = call!(fresh_file())?;
            for half in *b"12" {
                call!(write_all(fd, vec![half; size]))?;
            }
            let bytes = call!(contents(fd))?;
            assert!(bytes.len() == 2 * size && bytes[..size].iter().all(|&byte| byte == b'1'), "{size} bytes");
            assert!(bytes[size..].iter().all(|&byte| byte == b'2'), "{size} bytes, the second half");
            trap!(yield close(fd))?;
            trap!(yield unlink(path))?;
        }
        Ok(())
    })
}

fn an_emptied_file_is_written_where_the_place_stands() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "abcd"))?;
        let other = trap!(yield open(path.clone(), READ | OpenFlags::TRUNCATE | WRITE))?;
        assert_eq!(trap!(yield read(other, 8))?, Buf::EMPTY);
        call!(write_all(fd, "x"))?;
        assert_eq!(call!(contents(other))?, b"\0\0\0\0x", "what was never written is zeros");
        trap!(yield close(other))?;
        trap!(yield close(fd))?;
        trap!(yield unlink(path))
    })
}

fn a_file_is_emptied_while_another_writes_it() -> Task {
    const ROUNDS: u32 = 30;
    task!({
        call!(make_empty("f"))?;
        let writer = task!({
            for _ in 0..ROUNDS {
                let fd = trap!(yield open("f", WRITE))?;
                assert_eq!(trap!(yield write(fd, "1234567890"))?, 10);
                trap!(yield close(fd))?;
                trap!(yield yield_now())?;
            }
            Ok(())
        });
        let writer = trap!(yield spawn(writer))?;
        for _ in 0..ROUNDS {
            let fd = trap!(yield open("f", READ | WRITE | OpenFlags::TRUNCATE))?;
            let seen = trap!(yield read(fd, 32))?;
            assert!(matches!(&*seen, b"" | b"1234567890"), "{seen:?}");
            trap!(yield close(fd))?;
            trap!(yield yield_now())?;
        }
        assert_eq!(trap!(yield wait(writer))?, ExitStatus::Exited(0));
        trap!(yield unlink("f"))
    })
}

/// Makes a file that nobody has open.
fn make_empty(path: &'static str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = trap!(yield open(path, WRITE | NEW))?;
        trap!(yield close(fd))
    })
}

fn several_tasks_write_and_remove_at_once() -> Task {
    const TASKS: usize = 4;
    const ROUNDS: usize = 10;
    task!({
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            tasks.push(trap!(
                yield spawn(task!({
                    for _ in 0..ROUNDS {
                        let fd = trap!(yield open(format!("{task}"), WRITE | NEW))?;
                        for piece in 0..=task {
                            call!(write_all(fd, vec![piece as u8; 3_000]))?;
                        }
                        trap!(yield close(fd))?;
                        trap!(yield unlink(format!("{task}")))?;
                    }
                    Ok(())
                }))
            )?);
        }
        for task in tasks {
            assert_eq!(trap!(yield wait(task))?, ExitStatus::Exited(0));
        }
        assert_eq!(call!(names("."))?, [""; 0]);
        Ok(())
    })
}

fn a_write_that_is_refused_leaves_no_bytes() -> Task {
    task!({
        let before = trap!(yield sysinfo())?;
        for _ in 0..100 {
            let fd = trap!(yield open("junk", READ | OpenFlags::CREATE | WRITE))?;
            let to_read = trap!(yield open("junk", READ))?;
            assert_eq!(trap!(yield write(to_read, "x")), Err(Errno::EBADF));
            trap!(yield seek(fd, SeekFrom::Start(u64::MAX >> 1)))?;
            assert_eq!(trap!(yield write(fd, "x")), Err(Errno::EFBIG));
            assert_eq!(trap!(yield fstat(fd))?.size, 0);
            trap!(yield close(to_read))?;
            trap!(yield close(fd))?;
            trap!(yield unlink("junk"))?;
        }
        let after = trap!(yield sysinfo())?;
        assert_eq!((after.ram_bytes, after.ram_inodes), (before.ram_bytes, before.ram_inodes));
        call!(make_empty("junk"))?;
        trap!(yield unlink("junk"))
    })
}

fn a_read_asks_for_more_than_there_can_be() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "short"))?;
        trap!(yield seek(fd, SeekFrom::Start(0)))?;
        assert_eq!(trap!(yield read(fd, u32::MAX))?, Buf::from("short"));
        assert_eq!(trap!(yield read(fd, u32::MAX))?, Buf::EMPTY);
        trap!(yield close(fd))?;
        trap!(yield unlink(path))
    })
}

fn a_name_that_is_refused_holds_nothing() -> Task {
    const DEPTH: u32 = 50;
    task!({
        let here = trap!(yield getcwd())?;
        for _ in 0..DEPTH {
            trap!(yield mkdir("d"))?;
            trap!(yield chdir("d"))?;
            assert_eq!(trap!(yield mkdir("")), Err(Errno::ENOENT));
            assert_eq!(trap!(yield open("", WRITE | OpenFlags::CREATE)), Err(Errno::ENOENT));
            assert_eq!(trap!(yield unlink("xx")), Err(Errno::ENOENT));
            assert_eq!(trap!(yield rename("", "xx")), Err(Errno::ENOENT));
        }
        // Each can be removed: nothing has it open.
        for _ in 0..DEPTH {
            trap!(yield chdir(".."))?;
            trap!(yield rmdir("d"))?;
        }
        assert_eq!(trap!(yield getcwd())?, here);
        Ok(())
    })
}

fn a_task_that_ends_in_a_removed_directory_lets_go_of_it() -> Task {
    task!({
        let child = task!({
            trap!(yield mkdir("gone"))?;
            trap!(yield chdir("gone"))?;
            let _left_open = trap!(yield open(".", READ))?;
            trap!(yield rmdir("../gone"))?;
            Ok(())
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        trap!(yield mkdir("gone"))?;
        trap!(yield rmdir("gone"))
    })
}

fn a_task_that_is_killed_lets_go_of_a_removed_file() -> Task {
    task!({
        let before = trap!(yield sysinfo())?;
        let child = task!({
            let fd = trap!(yield open("gone", READ | WRITE | NEW))?;
            call!(write_all(fd, vec![7; 100_000]))?;
            trap!(yield unlink("gone"))?;
            trap!(yield sleep(Duration::MAX))
        });
        let child = trap!(yield spawn(child))?;
        loop {
            // An open, a write and a question to the disk are waits as well.
            if let WaitsOn::Sleep(_) = call!(until_blocked(child))? {
                break;
            }
            trap!(yield sleep(Duration::from_micros(10)))?;
        }
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        let after = trap!(yield sysinfo())?;
        assert_eq!((after.ram_bytes, after.ram_inodes), (before.ram_bytes, before.ram_inodes));
        Ok(())
    })
}

fn a_directory_that_is_being_removed_is_opened_or_not() -> Task {
    task!({
        for _ in 0..10 {
            trap!(yield mkdir("d"))?;
            let child = task!({
                match trap!(yield open("d", READ)) {
                    Ok(fd) => assert_eq!(trap!(yield readdir(fd))?, []),
                    Err(errno) => assert_eq!(errno, Errno::ENOENT),
                }
                assert!(matches!(trap!(yield open("d", WRITE)), Err(Errno::EISDIR | Errno::ENOENT)));
                Ok(())
            });
            let child = trap!(yield spawn(child))?;
            trap!(yield yield_now())?;
            trap!(yield rmdir("d"))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        }
        Ok(())
    })
}
