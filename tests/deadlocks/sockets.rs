//! Cycles of tasks that wait at private sockets and terminals: who has the other end, and who could accept.

use super::*;

#[test]
fn full_pipes_and_private_sockets_are_followed() {
    // Both write more than there is room for, and neither reads.
    let writer = |fd: Fd| task!({ trap!(yield send_all(fd, vec![0; 2 * PIPE_BYTES])).map_err(Errno::from) });
    let (ended, told) = run(task!({
        let listener = trap!(yield unix_listen("/socket"))?;
        let one = trap!(yield unix_connect("/socket"))?;
        let two = trap!(yield unix_accept(listener))?;
        trap!(yield close(listener))?;
        trap!(yield spawn(writer(one)).pass(one).name("client"))?;
        trap!(yield spawn(writer(two)).pass(two).name("server"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (client) waits for 3 (server) waits for 2"));
    assert_eq!(told.parts[1].1, "file 4 unix stream, other end file 5");
}

#[test]
fn a_connection_that_nobody_has_accepted_is_waited_at_for_who_could() {
    let (ended, told) = run(task!({
        let listener = trap!(yield unix_listen("/socket"))?;
        let client = task!({
            let fd = trap!(yield unix_connect("/socket"))?;
            trap!(yield recv(fd, 1)).map(drop)
        });
        let client = trap!(yield spawn(client).name("client"))?;
        trap!(yield wait(client))?;
        trap!(yield close(listener))
    }));
    assert_eq!(ended, Ended::Deadlock(2));
    assert!(told.deadlock.unwrap().ends_with(" waits for 2 (client) waits for 1"));
}

#[test]
fn two_who_both_read_from_a_private_stream_or_a_terminal_are_a_cycle() {
    let reads = |fd: Fd| task!({ trap!(yield read(fd, 1)).map(drop) });
    let told = beside_a_busy_task(
        routine!(move {
            let listener = trap!(yield unix_listen("/socket"))?;
            let one = trap!(yield unix_connect("/socket"))?;
            let two = trap!(yield unix_accept(listener))?;
            trap!(yield close(listener))?;
            let (master, side) = trap!(yield pty())?;
            for (fd, name) in [(one, "client"), (two, "server"), (master, "screen"), (side, "shell")] {
                trap!(yield spawn(reads(fd)).pass(fd).name(name))?;
            }
            Ok(())
        }),
        2..6,
    );
    assert_eq!(
        told.cycles,
        ["2 (client) waits for 3 (server) waits for 2", "4 (screen) waits for 5 (shell) waits for 4"]
    );
}
