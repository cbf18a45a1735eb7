//! The console in memory.

use super::*;

#[test]
fn typed_bytes_are_read_and_then_the_end() {
    let console = MemoryConsole::new().input("hello");
    let mut world = world_with_console(&console);
    assert_eq!(&*world.try_read(Device::STDIN, 2).expect("typed").data, b"he");
    assert_eq!(read(&mut world, Device::STDIN), Ok(b"llo".to_vec()));
    assert_eq!(read(&mut world, Device::STDIN), Ok(Vec::new()));
    assert_eq!(world.is_readable(Device::STDIN), Ok(true));
}

#[test]
fn bytes_typed_later_interrupt_at_their_moment() {
    let console = MemoryConsole::new().input("now");
    let (later, moment) = (console.clone(), Time::from_nanos(5_000));
    later.type_at(moment, "later");
    let mut world = world_with_console(&console);
    let received = world.try_read(Device::STDIN, 100).expect("typed");
    assert_eq!((&*received.data, received.drained), (&b"now"[..], true));
    assert_eq!(read(&mut world, Device::STDIN), Err(Errno::EAGAIN));
    let mut happened = Vec::new();
    assert!(world.interrupts(Time::NEVER, &mut happened));
    assert!(is_ready(&happened, Device::STDIN));
    assert_eq!(world.now(), moment);
    assert_eq!(read(&mut world, Device::STDIN), Ok(b"later".to_vec()));
}

#[test]
fn a_console_kept_open_waits_for_ever_or_until_somebody_types() {
    let console = MemoryConsole::new().kept_open();
    let mut world = world_with_console(&console);
    for word in ["one", "two"] {
        assert_eq!(read(&mut world, Device::STDIN), Err(Errno::EAGAIN));
        assert!(!world.interrupts(Time::NEVER, &mut Vec::new()));
        console.type_at(Time::BOOT, word);
        assert!(is_ready(&settle(&mut world), Device::STDIN));
        assert_eq!(read(&mut world, Device::STDIN), Ok(word.into()));
    }
}

#[test]
fn output_is_captured_stream_by_stream() {
    let console = MemoryConsole::new();
    let mut world = world_with_console(&console);
    assert_eq!(world.try_write(Device::STDOUT, b"out"), Ok(3));
    assert_eq!(world.try_write(Device::STDERR, b"err"), Ok(3));
    assert_eq!(world.try_write(Device::STDOUT, b""), Ok(0));
    assert_eq!((console.stdout(), console.stderr()), (b"out".to_vec(), b"err".to_vec()));
    assert_eq!(world.try_write(Device::STDIN, b"x"), Err(Errno::EBADF));
    assert_eq!(read(&mut world, Device::STDOUT), Err(Errno::EBADF));
}

#[test]
fn a_full_console_waits_until_it_is_drained() {
    let console = MemoryConsole::new().output_room(4);
    let mut world = world_with_console(&console);
    assert_eq!(world.try_write(Device::STDOUT, b"hello"), Ok(4));
    assert_eq!(world.try_write(Device::STDOUT, b"o"), Err(Errno::EAGAIN));
    assert_eq!(world.is_writable(Device::STDERR), Ok(true), "each stream has its own room");
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()), "nobody drains it");
    console.drain();
    assert!(is_ready(&settle(&mut world), Device::STDOUT));
    assert_eq!(world.try_write(Device::STDOUT, b"o"), Ok(1));
    assert_eq!(console.stdout(), b"hello");
    world.try_write(Device::STDOUT, b"123").expect("room");
    assert_eq!(world.is_writable(Device::STDOUT), Ok(false));
    world.flush(Time::NEVER);
    assert_eq!(world.is_writable(Device::STDOUT), Ok(true));
}

#[test]
fn a_console_drains_itself_in_virtual_time() {
    let console = MemoryConsole::new().output_room(4).drained_after(Duration::from_millis(3));
    let mut world = world_with_console(&console);
    let mut text = &b"a longer line"[..];
    while !text.is_empty() {
        match world.try_write(Device::STDOUT, text) {
            Ok(count) => text = &text[count..],
            Err(error) => {
                assert_eq!(error, Errno::EAGAIN);
                let mut happened = Vec::new();
                assert!(world.interrupts(Time::NEVER, &mut happened));
                assert!(is_ready(&happened, Device::STDOUT));
            }
        }
    }
    assert_eq!(console.stdout(), b"a longer line");
    assert_eq!(world.now(), Time::BOOT + Duration::from_millis(9));
}

#[test]
fn who_asks_whether_all_is_out_is_told_when_it_is_drained() {
    let console = MemoryConsole::new().output_room(8);
    let mut world = world_with_console(&console);
    assert_eq!(world.try_write(Device::STDOUT, b"hello"), Ok(5));
    assert_eq!(world.try_sync(Device::STDOUT), Err(Errno::EAGAIN));
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()), "there is room, and it is not drained");
    console.drain();
    assert!(is_ready(&settle(&mut world), Device::STDOUT));
    assert_eq!(world.try_sync(Device::STDOUT), Ok(()));
    assert!(!world.interrupts(Time::NEVER, &mut Vec::new()), "told once");
}

#[test]
fn the_own_streams_of_the_process_take_no_virtual_time() {
    const CHILD: &str = "YIELDIX_TEST_OWN_CONSOLE";
    if std::env::var_os(CHILD).is_some() {
        let mut world = Simulated::new(SimulatedOptions { console: SimulatedConsole::Process, ..Default::default() });
        assert_eq!(world.is_readable(Device::STDIN), Ok(true));
        let typed = read(&mut world, Device::STDIN).expect("typed");
        assert_eq!(read(&mut world, Device::STDIN), Ok(Vec::new()));
        assert_eq!(world.try_write(Device::STDOUT, &typed), Ok(typed.len()));
        assert_eq!(world.try_write(Device::STDERR, b"no newline"), Ok(10));
        world.flush(Time::NEVER);
        assert_eq!(world.now(), Time::BOOT);
        return;
    }
    // The streams are the process's, so a process of its own runs this test again.
    let own = std::env::current_exe().expect("this test is a file");
    let name = concat!(module_path!(), "::the_own_streams_of_the_process_take_no_virtual_time");
    let (_crate, name) = name.split_once("::").expect("a module of this crate");
    let mut child = std::process::Command::new(own)
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it can be run again");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, b"typed words").expect("the child reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the child ends");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}{stderr}");
    assert!(stdout.contains("typed words") && stderr.contains("no newline"), "{stdout}{stderr}");
}
