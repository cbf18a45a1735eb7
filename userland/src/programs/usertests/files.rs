//! Tests of files, in the working directory: in memory, and in a folder that is mounted.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_file_is_written_and_read_back,
    a_long_file_comes_back_in_pieces,
    appends_go_to_the_end,
    a_duplicate_shares_the_place,
    each_open_has_a_place_of_its_own,
    a_place_is_sought_from_three_sides,
    a_hole_reads_as_zeros,
    what_an_extension_adds_reads_as_zeros_from_any_place,
    a_length_is_set,
    a_truncating_open_empties_the_file,
    a_file_is_known_by_its_number,
    a_directory_is_no_file,
    a_descriptor_does_what_it_was_opened_for,
    only_regular_files_have_a_place,
    a_regular_file_is_always_ready,
    a_file_is_handed_to_a_child,
    a_watch_tells_that_a_file_was_modified,
    a_watch_tells_that_a_file_was_created,
    a_watch_tells_in_whole_lines,
    a_watch_is_read_only,
    a_watch_is_polled,
    a_deadline_ends_the_wait_for_news,
    a_task_that_waits_for_news_is_killed,
    a_task_that_opens_is_killed,
];

const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;

/// A path that nobody has used.
pub(super) fn fresh_path() -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let bytes = trap!(yield getrandom(8))?;
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(name)
    })
}

/// A new file that is open to read and to write, and its path.
pub(super) fn fresh_file() -> impl Routine<Result<(Fd, String), Errno>> {
    routine!(move {
        let path = call!(fresh_path())?;
        let fd = trap!(yield open(path.clone(), READ | WRITE | NEW))?;
        Ok((fd, path))
    })
}

/// Writes all of it.
pub(super) fn write_all(fd: Fd, data: impl Into<Buf>) -> impl Routine<Result<(), Errno>> {
    let mut left = data.into();
    routine!(move {
        while !left.is_empty() {
            let count = trap!(yield write(fd, left.clone()))?;
            left.advance(count);
        }
        Ok(())
    })
}

/// Reads to the end.
pub(super) fn read_all(fd: Fd) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let mut bytes = Vec::new();
        loop {
            let data = trap!(yield read(fd, 1 << 20))?;
            if data.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&data);
        }
    })
}

/// The bytes of the file from the beginning.
pub(super) fn contents(fd: Fd) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        trap!(yield seek(fd, SeekFrom::Start(0)))?;
        call!(read_all(fd))
    })
}

/// Reads lines of news until this one has come.
pub(super) fn until_told(watched: Fd, line: &'static str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            let news = trap!(yield read(watched, 64))?;
            if news.split(|&byte| byte == b'\n').any(|told| told == line.as_bytes()) {
                return Ok(());
            }
        }
    })
}

fn a_file_is_written_and_read_back() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "hello\n"))?;
        assert!(trap!(yield read(fd, 64))?.is_empty(), "it stands behind what was written");
        assert_eq!(call!(contents(fd))?, b"hello\n");
        assert_eq!(trap!(yield open(path.clone(), WRITE | NEW)), Err(Errno::EEXIST));
        let again = trap!(yield open(path, READ))?;
        assert_eq!(call!(read_all(again))?, b"hello\n");
        assert_eq!(trap!(yield read(again, 0))?, Buf::EMPTY);
        trap!(yield close(again))
    })
}

fn a_long_file_comes_back_in_pieces() -> Task {
    const LENGTH: usize = 300_001;
    task!({
        let (fd, _) = call!(fresh_file())?;
        let bytes: Vec<u8> = (0..LENGTH).map(|index| (index / 7) as u8).collect();
        call!(write_all(fd, bytes.clone()))?;
        assert_eq!(trap!(yield fstat(fd))?.size, LENGTH as u64);
        assert!(call!(contents(fd))? == bytes);
        Ok(())
    })
}

fn appends_go_to_the_end() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let first = trap!(yield open(path.clone(), OpenFlags::APPEND))?;
        let second = trap!(yield open(path, OpenFlags::APPEND | READ))?;
        for (end, text) in [(first, "one "), (second, "two "), (first, "three ")] {
            call!(write_all(end, text))?;
        }
        trap!(yield seek(second, SeekFrom::Start(0)))?;
        call!(write_all(second, "four"))?;
        assert_eq!(trap!(yield seek(second, SeekFrom::Current(0)))?, 18, "an append stands at the end");
        assert_eq!(call!(contents(fd))?, b"one two three four");
        Ok(())
    })
}

fn a_duplicate_shares_the_place() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        call!(write_all(fd, "abcdef"))?;
        trap!(yield seek(fd, SeekFrom::Start(0)))?;
        let copy = trap!(yield dup(fd))?;
        assert_eq!(&*trap!(yield read(fd, 2))?, b"ab");
        assert_eq!(&*trap!(yield read(copy, 2))?, b"cd");
        trap!(yield seek(copy, SeekFrom::Start(5)))?;
        trap!(yield close(copy))?;
        assert_eq!(&*trap!(yield read(fd, 2))?, b"f");
        Ok(())
    })
}

fn each_open_has_a_place_of_its_own() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "abcdef"))?;
        let other = trap!(yield open(path, READ))?;
        assert_eq!(&*trap!(yield read(other, 3))?, b"abc");
        assert!(trap!(yield read(fd, 3))?.is_empty());
        Ok(())
    })
}

fn a_place_is_sought_from_three_sides() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        call!(write_all(fd, "abcdef"))?;
        for (to, place) in [
            (SeekFrom::Start(2), 2),
            (SeekFrom::Current(3), 5),
            (SeekFrom::Current(-1), 4),
            (SeekFrom::End(-6), 0),
            (SeekFrom::End(10), 16),
        ] {
            assert_eq!(trap!(yield seek(fd, to)), Ok(place), "{to:?}");
        }
        assert!(trap!(yield read(fd, 9))?.is_empty());
        for nowhere in [SeekFrom::Current(-17), SeekFrom::End(-7), SeekFrom::Start(1 << 63), SeekFrom::End(i64::MAX)] {
            assert_eq!(trap!(yield seek(fd, nowhere)), Err(Errno::EINVAL), "{nowhere:?}");
        }
        assert_eq!(trap!(yield seek(fd, SeekFrom::Current(0))), Ok(16), "a seek that fails moves nothing");
        Ok(())
    })
}

fn what_an_extension_adds_reads_as_zeros_from_any_place() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        call!(write_all(fd, "four"))?;
        trap!(yield truncate(fd, 9))?;
        for (place, expected) in [(3, &b"r\0\0\0\0\0"[..]), (4, &[0; 5]), (6, &[0; 3]), (9, b"")] {
            trap!(yield seek(fd, SeekFrom::Start(place)))?;
            assert_eq!(&*trap!(yield read(fd, 99))?, expected, "from {place} on");
        }
        trap!(yield close(fd))
    })
}

fn a_hole_reads_as_zeros() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        trap!(yield seek(fd, SeekFrom::Start(3)))?;
        call!(write_all(fd, "x"))?;
        assert_eq!(call!(contents(fd))?, b"\0\0\0x");
        Ok(())
    })
}

fn a_length_is_set() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "abcdef"))?;
        trap!(yield truncate(fd, 3))?;
        assert_eq!(trap!(yield seek(fd, SeekFrom::Current(0)))?, 6, "the place stays");
        assert!(trap!(yield read(fd, 9))?.is_empty());
        trap!(yield truncate(fd, 5))?;
        assert_eq!(call!(contents(fd))?, b"abc\0\0");
        assert_eq!(trap!(yield truncate(fd, 1 << 63)), Err(Errno::EINVAL));
        let reader = trap!(yield open(path, READ))?;
        assert_eq!(trap!(yield truncate(reader, 0)), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_truncating_open_empties_the_file() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "abcdef"))?;
        let other = trap!(yield open(path.clone(), WRITE))?;
        call!(write_all(other, "AB"))?;
        assert_eq!(call!(contents(fd))?, b"ABcdef");
        let emptied = trap!(yield open(path, WRITE | OpenFlags::TRUNCATE))?;
        assert_eq!(trap!(yield fstat(emptied))?.size, 0);
        Ok(())
    })
}

fn a_file_is_known_by_its_number() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        call!(write_all(fd, "abc"))?;
        let (by_path, by_fd) = (trap!(yield stat(path))?, trap!(yield fstat(fd))?);
        assert_eq!((by_path.kind, by_path.size, by_path.id), (FileKind::Regular, 3, by_fd.id));
        let (other, other_path) = call!(fresh_file())?;
        assert_ne!(trap!(yield fstat(other))?.id, by_fd.id);
        assert_eq!(trap!(yield stat(format!("{other_path}/x"))), Err(Errno::ENOTDIR));
        Ok(())
    })
}

fn a_directory_is_no_file() -> Task {
    task!({
        let here = trap!(yield getcwd())?;
        assert_eq!(trap!(yield stat(format!("{here}/./../../../..{here}//x/..")))?.kind, FileKind::Directory);
        for path in [".", here.as_str()] {
            assert_eq!(trap!(yield stat(path))?.kind, FileKind::Directory);
            for flags in [WRITE, READ | WRITE, WRITE | OpenFlags::CREATE, WRITE | OpenFlags::TRUNCATE] {
                assert_eq!(trap!(yield open(path, flags)), Err(Errno::EISDIR), "{flags:?}");
            }
            assert_eq!(trap!(yield open(path, WRITE | NEW)), Err(Errno::EEXIST));
            assert_eq!(trap!(yield watch(path)), Err(Errno::EISDIR));
        }
        let directory = trap!(yield open(".", READ))?;
        assert_eq!(trap!(yield fstat(directory))?.kind, FileKind::Directory);
        assert_eq!(trap!(yield read(directory, 9)), Err(Errno::EISDIR));
        assert_eq!(trap!(yield write(directory, "x")), Err(Errno::EISDIR));
        let nowhere = call!(fresh_path())?;
        assert_eq!(trap!(yield open(nowhere.clone(), READ)), Err(Errno::ENOENT));
        assert_eq!(trap!(yield stat(nowhere.clone())), Err(Errno::ENOENT));
        assert_eq!(trap!(yield open(format!("{nowhere}/x"), WRITE | NEW)), Err(Errno::ENOENT));
        assert_eq!(trap!(yield watch(format!("{nowhere}/x"))), Err(Errno::ENOENT));
        Ok(())
    })
}

fn a_descriptor_does_what_it_was_opened_for() -> Task {
    task!({
        let path = call!(fresh_path())?;
        let writer = trap!(yield open(path.clone(), WRITE | NEW))?;
        let reader = trap!(yield open(path, READ))?;
        assert_eq!(trap!(yield read(writer, 1)), Err(Errno::EBADF));
        assert_eq!(trap!(yield write(reader, "x")), Err(Errno::EBADF));
        for fd in [writer, reader] {
            assert_eq!(trap!(yield recv(fd, 1)), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield send_all(fd, "x")).map_err(Errno::from), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield accept(fd)), Err(Errno::ENOTSOCK));
            assert_eq!(trap!(yield local_addr(fd)), Err(Errno::ENOTSOCK));
        }
        Ok(())
    })
}

fn only_regular_files_have_a_place() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let (sender, receiver) = trap!(yield port_create(1))?;
        let watched = trap!(yield watch(call!(fresh_path())?))?;
        for fd in [Fd::STDOUT, listener.fd(), sender, receiver, watched] {
            assert_eq!(trap!(yield seek(fd, SeekFrom::Start(0))), Err(Errno::ESPIPE));
            assert_eq!(trap!(yield truncate(fd, 0)), Err(Errno::EINVAL));
        }
        assert_eq!(trap!(yield seek(Fd::new(500, 0), SeekFrom::Start(0))), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_regular_file_is_always_ready() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        let both = vec![Interest::Read(fd), Interest::Write(fd)];
        assert_eq!(trap!(yield poll(both.clone(), Duration::ZERO))?, both);
        trap!(yield read_wait(fd))?;
        trap!(yield write_wait(fd))
    })
}

fn a_file_is_handed_to_a_child() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        let child = task!({ call!(write_all(fd, "the child's")) });
        let child = trap!(yield spawn(child).share(fd))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield seek(fd, SeekFrom::Current(0)))?, 11, "the place is shared");
        assert_eq!(call!(contents(fd))?, b"the child's");
        Ok(())
    })
}

fn a_watch_tells_that_a_file_was_modified() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let watched = trap!(yield watch(path))?;
        for _ in 0..3 {
            call!(write_all(fd, "x"))?;
            call!(until_told(watched, "modified"))?;
        }
        trap!(yield truncate(fd, 0))?;
        call!(until_told(watched, "modified"))
    })
}

fn a_watch_tells_that_a_file_was_created() -> Task {
    task!({
        let path = call!(fresh_path())?;
        let watched = trap!(yield watch(path.clone()))?;
        let fd = trap!(yield open(path, WRITE | NEW))?;
        call!(until_told(watched, "created"))?;
        call!(write_all(fd, "x"))?;
        call!(until_told(watched, "modified"))
    })
}

fn a_watch_tells_in_whole_lines() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let watched = trap!(yield watch(path))?;
        call!(write_all(fd, "x"))?;
        trap!(yield read_wait(watched))?;
        assert_eq!(trap!(yield read(watched, 8)), Err(Errno::EINVAL));
        assert_eq!(&*trap!(yield read(watched, 16))?, b"modified\n");
        Ok(())
    })
}

fn a_watch_is_read_only() -> Task {
    task!({
        let watched = trap!(yield watch(call!(fresh_path())?))?;
        assert_eq!(trap!(yield write(watched, "x")), Err(Errno::EBADF));
        assert_eq!(trap!(yield write_wait(watched)), Err(Errno::EBADF));
        assert_eq!(trap!(yield recv(watched, 64)), Err(Errno::ENOTSOCK));
        Ok(())
    })
}

fn a_watch_is_polled() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let watched = trap!(yield watch(path))?;
        let interest = vec![Interest::Read(watched)];
        assert_eq!(trap!(yield poll(interest.clone(), Duration::from_millis(1)))?, []);
        let writer = task!({ call!(write_all(fd, "x")) });
        let child = trap!(yield spawn(writer).share(fd))?;
        assert_eq!(trap!(yield poll(interest.clone(), Duration::MAX))?, interest);
        trap!(yield wait(child))?;
        call!(until_told(watched, "modified"))
    })
}

fn a_deadline_ends_the_wait_for_news() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let watched = trap!(yield watch(path))?;
        let late = timeout!(Duration::from_millis(1), { trap!(yield read(watched, 64)) });
        assert_eq!(late, Err(Elapsed));
        call!(write_all(fd, "x"))?;
        call!(until_told(watched, "modified"))
    })
}

fn a_task_that_waits_for_news_is_killed() -> Task {
    task!({
        let (fd, path) = call!(fresh_file())?;
        let watched = trap!(yield watch(path))?;
        let reader = task!({ trap!(yield read(watched, 64)).map(drop) });
        let victim = trap!(yield spawn(reader).share(watched))?;
        assert_eq!(call!(until_blocked(victim))?, WaitsOn::Read(watched));
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(trap!(yield wait(victim))?, ExitStatus::Killed(Signal::Kill));
        call!(write_all(fd, "x"))?;
        call!(until_told(watched, "modified"))
    })
}

fn a_task_that_opens_is_killed() -> Task {
    task!({
        let (_, path) = call!(fresh_file())?;
        let opener = || {
            let path = path.clone();
            task!({
                trap!(yield stat(path.clone()))?;
                trap!(yield watch(path.clone()))?;
                trap!(yield open(path, READ))?;
                trap!(yield sleep(Duration::MAX))
            })
        };
        for turns in 0..20 {
            let victim = trap!(yield spawn(opener()))?;
            for _ in 0..turns {
                trap!(yield yield_now())?;
            }
            trap!(yield kill(victim, Signal::Kill))?;
            assert_eq!(trap!(yield wait(victim))?, ExitStatus::Killed(Signal::Kill));
        }
        Ok(())
    })
}
