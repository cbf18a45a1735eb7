//! Unix sockets in a folder of the host: they are the host's, and no path leaves the folder.
#![feature(coroutines)]
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs,
    io::{Read, Write},
    os::unix::{
        fs::symlink,
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
};
use yieldix::{
    Console, Ended, MemoryConsole,
    syscalls::{calls::*, *},
};

/// A folder of the host with one inside that is mounted, emptied before each test.
fn scratch(test: &str) -> (PathBuf, PathBuf) {
    // A socket's name is short; the target folder's may be long.
    let outside = std::env::temp_dir().join(format!("yieldix-unix-{}-{test}", std::process::id()));
    let _ = fs::remove_dir_all(&outside);
    let inside = outside.join("in");
    fs::create_dir_all(&inside).unwrap();
    (outside, inside)
}

fn succeeds(inside: &PathBuf, task: Task) {
    let console = MemoryConsole::new();
    let machine = common::machine().console(Console::Memory(console.clone())).mount(inside, "/in", false).task(task);
    let ended = machine.boot().unwrap();
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", String::from_utf8_lossy(&console.stderr()));
}

#[test]
fn tasks_and_others_of_the_host_meet_at_a_socket_in_a_folder() {
    let (outside, inside) = scratch("meet");
    let listener = UnixListener::bind(inside.join("theirs")).unwrap();
    let theirs = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut bytes = [0; 5];
        connection.read_exact(&mut bytes).unwrap();
        connection.write_all(&bytes).unwrap();
    });
    let ours = inside.join("ours");
    succeeds(
        &inside,
        task!({
            let before = trap!(yield sysinfo())?.files;
            let near = trap!(yield unix_connect("/in/theirs"))?;
            trap!(yield send_all(near, "hello"))?;
            assert_eq!(&*trap!(yield recv(near, 100))?, b"hello");
            assert!(trap!(yield recv(near, 100))?.is_empty());
            assert_eq!(trap!(yield peer_addr(near)), Err(Errno::EAFNOSUPPORT));
            trap!(yield close(near))?;

            let listener = trap!(yield unix_listen("/in/ours"))?;
            assert_eq!(trap!(yield unix_listen("/in/ours")), Err(Errno::EADDRINUSE));
            assert_eq!(trap!(yield stat("/in/ours"))?.kind, FileKind::Socket);
            let client = std::thread::spawn(move || {
                let mut connection = UnixStream::connect(ours).unwrap();
                let mut text = String::new();
                connection.read_to_string(&mut text).unwrap();
                text
            });
            let far = trap!(yield unix_accept(listener))?;
            trap!(yield send_all(far, "welcome"))?;
            trap!(yield close(far))?;
            assert_eq!(client.join().unwrap(), "welcome");
            let near = trap!(yield unix_connect("/in/ours"))?;
            let far = trap!(yield unix_accept(listener))?;
            trap!(yield write(near, "x"))?;
            assert_eq!(&*trap!(yield recv(far, 100))?, b"x");
            for fd in [near, far, listener] {
                trap!(yield close(fd))?;
            }
            assert_eq!(trap!(yield unix_connect("/in/ours")), Err(Errno::ECONNREFUSED));
            trap!(yield unlink("/in/ours"))?;
            assert_eq!(trap!(yield unix_connect("/in/ours")), Err(Errno::ENOENT));
            assert_eq!(trap!(yield sysinfo())?.files, before);
            Ok(())
        }),
    );
    theirs.join().unwrap();
    fs::remove_dir_all(outside).unwrap();
}

#[test]
fn no_path_to_a_socket_leads_out_of_its_folder() {
    let (outside, inside) = scratch("escape");
    let listener = UnixListener::bind(outside.join("secret")).unwrap();
    listener.set_nonblocking(true).unwrap();
    symlink("../secret", inside.join("link")).unwrap();
    symlink(outside.join("secret"), inside.join("absolute")).unwrap();
    symlink("..", inside.join("up")).unwrap();
    symlink("../made", inside.join("dangling")).unwrap();
    fs::write(inside.join("file"), "no socket").unwrap();
    succeeds(
        &inside,
        task!({
            for (path, errno) in [
                ("/in/link", Errno::ELOOP),
                ("/in/absolute", Errno::ELOOP),
                ("/in/up/secret", Errno::EACCES),
                ("/in/../secret", Errno::ENOENT),
                ("/in/file", Errno::ECONNREFUSED),
                ("/in", Errno::ECONNREFUSED),
                ("/in/nothing/there", Errno::ENOENT),
            ] {
                assert_eq!(trap!(yield unix_connect(path)), Err(errno), "{path}");
            }
            for (path, errno) in [
                ("/in/dangling", Errno::EADDRINUSE),
                ("/in/up/made", Errno::EACCES),
                ("/in/file/below", Errno::ENOTDIR),
            ] {
                assert_eq!(trap!(yield unix_listen(path)), Err(errno), "{path}");
            }
            let long = format!("/in/{}", "x".repeat(120));
            assert_eq!(trap!(yield unix_listen(long)), Err(Errno::ENAMETOOLONG));
            assert_eq!(trap!(yield unix_bind("/in/post")), Err(Errno::EOPNOTSUPP));
            Ok(())
        }),
    );
    assert!(listener.accept().is_err(), "nobody came");
    assert!(!outside.join("made").exists());
    fs::remove_dir_all(outside).unwrap();
}
