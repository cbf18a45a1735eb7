//! The console: three streams that cannot be polled everywhere.

use super::*;
use std::io::pipe;
use std::os::fd::OwnedFd;
use yieldix_kernel::hardware::Lost;
use yieldix_kernel::hardware::host::OUTPUT_ROOM;
use yieldix_syscalls::Time;

#[test]
fn a_console_in_memory_gives_its_script_and_keeps_what_is_written() {
    let console = MemoryConsole::new().input("typed");
    let mut host = host_with(ConsoleOptions::Memory(console.clone()));
    assert_eq!(&*host.try_read(Device::STDIN, 3).unwrap().data, b"typ");
    assert_eq!(&*host.try_read(Device::STDIN, 3).unwrap().data, b"ed");
    assert!(host.try_read(Device::STDIN, 3).unwrap().data.is_empty());
    assert_eq!(host.try_write(Device::STDOUT, b"out"), Ok(3));
    assert_eq!(host.try_write(Device::STDERR, b"error"), Ok(5));
    assert_eq!((console.stdout(), console.stderr()), (b"out".to_vec(), b"error".to_vec()));
}

#[test]
fn a_console_stream_is_used_in_its_direction_only() {
    let mut host = host();
    assert_eq!(host.try_read(Device::STDOUT, 1).unwrap_err(), Errno::EBADF);
    assert_eq!(host.is_readable(Device::STDERR), Err(Errno::EBADF));
    assert_eq!(host.try_write(Device::STDIN, b"x"), Err(Errno::EBADF));
    assert_eq!(host.try_read(Device { generation: 1, ..Device::STDIN }, 1).unwrap_err(), Errno::EBADF);
    assert_eq!(host.try_accept(Device::STDIN).unwrap_err(), Errno::ENOTSOCK);
    assert_eq!(host.local_addr(Device::STDIN), Err(Errno::ENOTSOCK));
}

/// A host whose console is pipes, and their other ends.
fn host_on_pipes() -> (Host, std::io::PipeWriter, std::io::PipeReader, std::io::PipeReader) {
    let ((input, typist), (reader, output), (error_reader, error)) =
        (pipe().unwrap(), pipe().unwrap(), pipe().unwrap());
    let streams = ConsoleOptions::Streams { input: input.into(), output: output.into(), error: error.into() };
    (host_with(streams), typist, reader, error_reader)
}

#[test]
fn console_input_is_told_of_once_asked_for_and_ends_for_good() {
    let (mut host, mut typist, _output, _error) = host_on_pipes();
    assert_eq!(host.try_read(Device::STDIN, 100).unwrap_err(), Errno::EAGAIN);
    typist.write_all(b"a line\n").unwrap();
    let happened = interrupts(&mut host, PATIENCE);
    assert!(happened.iter().any(|i| is_ready_to_read(i, Device::STDIN)));
    assert_eq!(&*host.try_read(Device::STDIN, 2).unwrap().data, b"a ");
    assert!(host.is_readable(Device::STDIN).unwrap());
    assert_eq!(&*host.try_read(Device::STDIN, 100).unwrap().data, b"line\n");
    assert!(!host.is_readable(Device::STDIN).unwrap());
    drop(typist);
    assert!(wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data.is_empty());
    assert!(host.try_read(Device::STDIN, 1).unwrap().data.is_empty(), "a pipe's end is final");
}

#[test]
fn console_input_that_nobody_asked_for_is_not_taken() {
    let (input, mut typist) = pipe().unwrap();
    let mut witness = input.try_clone().unwrap();
    let null = || OwnedFd::from(std::fs::File::create("/dev/null").unwrap());
    let streams = ConsoleOptions::Streams { input: input.into(), output: null(), error: null() };
    let mut host = host_with(streams);
    typist.write_all(b"ab").unwrap();
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data, b"a");
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 1)).unwrap().data, b"b");
    typist.write_all(b"for the shell").unwrap();
    assert!(interrupts(&mut host, SILENCE).is_empty());
    drop((host, typist));
    let mut left = Vec::new();
    witness.read_to_end(&mut left).unwrap();
    assert_eq!(left, b"for the shell");
}

#[test]
fn a_terminals_end_is_told_once_and_it_can_be_read_again() {
    let Some((mut keyboard, terminal)) = pseudo_terminal() else {
        return eprintln!("skipped: this host gives no pseudo-terminal");
    };
    let output = terminal.try_clone().unwrap();
    let error = terminal.try_clone().unwrap();
    let mut host = host_with(ConsoleOptions::Streams { input: terminal, output, error });
    keyboard.write_all(&[4]).unwrap();
    assert!(wait(&mut host, |host| host.try_read(Device::STDIN, 9)).unwrap().data.is_empty());
    assert_eq!(host.try_read(Device::STDIN, 9).unwrap_err(), Errno::EAGAIN);
    keyboard.write_all(b"more\n").unwrap();
    assert_eq!(&*wait(&mut host, |host| host.try_read(Device::STDIN, 9)).unwrap().data, b"more\n");
}

/// Its controlling side, and the terminal.
pub(crate) fn pseudo_terminal() -> Option<(std::fs::File, OwnedFd)> {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).ok()?;
    grantpt(&keyboard).ok()?;
    unlockpt(&keyboard).ok()?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = rustix::fs::open(ptsname(&keyboard, Vec::new()).ok()?, flags, Mode::empty()).ok()?;
    Some((keyboard.into(), terminal))
}

#[test]
fn console_output_comes_out_in_order_across_both_streams() {
    let (output_reader, output) = pipe().unwrap();
    let error = output.try_clone().unwrap();
    let (input, _typist) = pipe().unwrap();
    let streams = ConsoleOptions::Streams { input: input.into(), output: output.into(), error: error.into() };
    let mut host = host_with(streams);
    let mut expected = String::new();
    for i in 0..200 {
        let line = format!("line {i}\n");
        let device = if i % 3 == 0 { Device::STDERR } else { Device::STDOUT };
        assert_eq!(host.try_write(device, line.as_bytes()), Ok(line.len()));
        expected += &line;
    }
    host.flush(Time::NEVER);
    drop(host);
    let mut written = String::new();
    { output_reader }.read_to_string(&mut written).unwrap();
    assert_eq!(written, expected);
}

/// Writes until nothing more fits, neither into the console nor into the pipe behind it.
fn fill_console(host: &mut Host) -> usize {
    let data = vec![b'x'; OUTPUT_ROOM + 1];
    let mut written = host.try_write(Device::STDOUT, &data).unwrap();
    assert_eq!(written, OUTPUT_ROOM, "a write takes what fits");
    let mut refused_count = 0;
    while refused_count < 3 {
        match host.try_write(Device::STDOUT, &data) {
            Ok(count) => (written, refused_count) = (written + count, 0),
            Err(errno) => {
                assert_eq!(errno, Errno::EAGAIN);
                refused_count += usize::from(interrupts(host, SILENCE).is_empty());
            }
        }
    }
    written
}

#[test]
fn each_console_stream_gets_its_own() {
    let (mut host, _typist, mut reader, mut error_reader) = host_on_pipes();
    for _ in 0..100 {
        host.try_write(Device::STDOUT, b"o").unwrap();
        host.try_write(Device::STDERR, b"e").unwrap();
    }
    drop(host);
    let (mut output, mut error) = (String::new(), String::new());
    reader.read_to_string(&mut output).unwrap();
    error_reader.read_to_string(&mut error).unwrap();
    assert_eq!((output, error), ("o".repeat(100), "e".repeat(100)));
}

#[test]
fn a_full_console_says_eagain_and_then_that_it_is_writable() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let mut written = fill_console(&mut host);
    let thread = std::thread::spawn(move || {
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        read.len()
    });
    let happened = interrupts(&mut host, PATIENCE);
    assert!(happened.iter().any(|i| is_ready_to_write(i, Device::STDOUT)));
    assert!(host.is_writable(Device::STDOUT).unwrap());
    written += host.try_write(Device::STDOUT, b"the end").unwrap();
    host.flush(Time::NEVER);
    drop(host);
    assert_eq!(thread.join().unwrap(), written);
}

#[test]
fn who_asks_a_full_console_for_room_is_told_of_it() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let mut full_count = 0;
    while full_count < 3 {
        if host.is_writable(Device::STDOUT).unwrap() {
            // What fills it to the last byte is taken whole, and owes nothing itself.
            assert_eq!(host.try_write(Device::STDOUT, &[b'x'; 4096]), Ok(4096));
            full_count = 0;
        } else {
            full_count += usize::from(interrupts(&mut host, SILENCE).is_empty());
        }
    }
    let thread = std::thread::spawn(move || reader.read_to_end(&mut Vec::new()).unwrap());
    assert!(!interrupts(&mut host, PATIENCE).is_empty(), "an interrupt was owed");
    assert!(host.is_writable(Device::STDOUT).unwrap());
    drop(host);
    thread.join().unwrap();
}

#[test]
fn a_stream_that_failed_keeps_its_errno_and_spares_the_other() {
    let (mut host, _typist, reader, mut error_reader) = host_on_pipes();
    drop(reader);
    assert_eq!(host.try_write(Device::STDOUT, b"lost"), Ok(4));
    assert_eq!(host.flush(Time::NEVER), [Lost { device: Device::STDOUT, bytes: 4, errno: Errno::EPIPE }]);
    assert_eq!((host.flush(Time::NEVER), host.stats().output_lost), (Vec::new(), 0), "told once, and missed by nobody");
    assert_eq!(host.try_write(Device::STDOUT, b"x"), Err(Errno::EPIPE));
    assert_eq!(host.is_writable(Device::STDOUT), Ok(true));
    assert_eq!(host.try_write(Device::STDERR, b"alive"), Ok(5));
    host.flush(Time::NEVER);
    drop(host);
    let mut written = Vec::new();
    error_reader.read_to_end(&mut written).unwrap();
    assert_eq!(written, b"alive");
}

#[test]
fn a_flush_gives_up_at_its_moment_and_loses_what_is_not_out() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let written = fill_console(&mut host);
    let until = host.now() + SILENCE;
    let lost = host.flush(until);
    assert!(host.now() >= until);
    let [Lost { device: Device::STDOUT, bytes, errno: Errno::ETIMEDOUT }] = lost[..] else { panic!("{lost:?}") };
    assert_eq!(host.stats().output_lost, bytes);
    assert_eq!(host.try_write(Device::STDERR, b"x"), Err(Errno::ETIMEDOUT), "it takes nothing more");
    assert_eq!(host.flush(until), []);
    drop(host);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), written - bytes as usize);
}

#[test]
fn what_happens_during_a_flush_is_told_after_it() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    let (device, mut peer) = connected_to_std(&mut host);
    assert_eq!(host.try_read(device, 1).unwrap_err(), Errno::EAGAIN);
    interrupts(&mut host, Duration::ZERO);
    host.try_write(Device::STDOUT, &[b'x'; OUTPUT_ROOM]).unwrap();
    let thread = std::thread::spawn(move || {
        peer.write_all(b"x").unwrap();
        reader.read_to_end(&mut Vec::new()).unwrap()
    });
    assert_eq!(host.flush(Time::NEVER), []);
    assert!(interrupts(&mut host, PATIENCE).iter().any(|i| is_ready_to_read(i, device)));
    drop(host);
    assert_eq!(thread.join().unwrap(), OUTPUT_ROOM);
}

#[test]
fn a_writer_who_waits_learns_that_the_reader_has_gone() {
    let (mut host, _typist, reader, _error) = host_on_pipes();
    fill_console(&mut host);
    drop(reader);
    assert_eq!(wait(&mut host, |host| host.try_write(Device::STDOUT, b"x")), Err(Errno::EPIPE));
}

#[test]
fn who_asks_whether_all_is_out_is_told_when_it_is_or_cannot_be() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    assert_eq!(host.try_sync(Device::STDOUT), Ok(()), "nothing was written");
    let written = fill_console(&mut host);
    assert_eq!(host.try_sync(Device::STDOUT), Err(Errno::EAGAIN));
    assert_eq!(host.try_sync(Device::STDERR), Ok(()), "each stream has its own");
    assert_eq!(host.try_sync(Device::STDIN), Err(Errno::EBADF));
    let mut first = vec![0; written];
    let thread = std::thread::spawn(move || {
        reader.read_exact(&mut first).unwrap();
        reader
    });
    assert_eq!(wait(&mut host, |host| host.try_sync(Device::STDOUT)), Ok(()));
    let reader = thread.join().unwrap();
    fill_console(&mut host);
    assert_eq!(host.try_sync(Device::STDOUT), Err(Errno::EAGAIN));
    drop(reader);
    assert_eq!(wait(&mut host, |host| host.try_sync(Device::STDOUT)), Err(Errno::EPIPE));
}

#[test]
fn dropping_the_host_hangs_neither_on_a_full_output_nor_on_a_silent_input() {
    let (mut host, _typist, _reader, _error) = host_on_pipes();
    assert_eq!(host.try_read(Device::STDIN, 1).unwrap_err(), Errno::EAGAIN);
    assert_eq!(host.try_write(Device::STDOUT, &vec![b'x'; OUTPUT_ROOM]), Ok(OUTPUT_ROOM));
    let begin = std::time::Instant::now();
    drop(host);
    assert!(begin.elapsed() < yieldix_kernel::hardware::host::STOP_PATIENCE, "a thread had to be left behind");
}

#[test]
fn output_that_was_not_flushed_still_goes_where_it_is_taken_at_once() {
    let (mut host, _typist, mut reader, _error) = host_on_pipes();
    host.try_write(Device::STDOUT, b"last words").unwrap();
    drop(host);
    let mut written = Vec::new();
    reader.read_to_end(&mut written).unwrap();
    assert_eq!(written, b"last words");
}
