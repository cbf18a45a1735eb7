//! A shell over the network: a terminal of its own, a line editor on it, and nothing left when either side has gone.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::run;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};
use yieldix_userland::{PROGRAMS, prelude::Socket};

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2323);
/// What tells that the shell waits for a command.
const PROMPT: &str = "$ ";

/// What comes, until this has come; fails at the end of the stream.
fn until<'a>(conn: Socket, wanted: &'a str) -> impl Routine<Result<String, Errno>> + 'a {
    routine!(move {
        let mut text = String::new();
        while !text.contains(wanted) {
            let data = timeout!(Duration::from_secs(5), { trap!(yield conn.recv(4096)) })??;
            assert!(!data.is_empty(), "it hung up after {text:?}");
            text += &String::from_utf8_lossy(&data);
        }
        Ok(text)
    })
}

/// What comes until the end of the stream.
fn until_the_end(conn: Socket) -> impl Routine<Result<String, Errno>> {
    routine!(move {
        let mut text = String::new();
        loop {
            let data = timeout!(Duration::from_secs(5), { trap!(yield conn.recv(4096)) })??;
            if data.is_empty() {
                return Ok(text);
            }
            text += &String::from_utf8_lossy(&data);
        }
    })
}

/// Runs the server with these arguments, and a client against it; afterwards nothing is held that was not before.
fn serve(arguments: &'static [&'static str], client: fn() -> Task) {
    let test = task!({
        let arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        let request = ProgramRequest { name: "telnetd".into(), args: arguments, options: SpawnOptions::default() };
        let server = trap!(yield spawn_program(request))?;
        trap!(yield sleep(Duration::from_millis(1)))?;
        let before = trap!(yield sysinfo())?;
        let client = trap!(yield spawn(client()))?;
        assert_eq!(trap!(yield wait(client))?, ExitStatus::Exited(0));
        // Longer than any grace.
        trap!(yield sleep(Duration::from_secs(5)))?;
        let after = trap!(yield sysinfo())?;
        let held = |info: &SysInfo| (info.tasks, info.zombies, info.files, info.timers);
        assert_eq!(held(&after), held(&before), "{:#?}", trap!(yield tasks())?);
        trap!(yield kill(server, Signal::Kill))
    });
    let (ended, witness) = run(common::machine().programs(PROGRAMS).task(test));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", witness.errors());
}

#[test]
fn a_shell_answers_and_ends_the_connection_when_it_ends() {
    serve(&[], || {
        task!({
            let conn = trap!(yield Socket::connect(ADDRESS))?;
            call!(until(conn, PROMPT))?;
            // With a window of 100 by 30, and the end of a line as telnet has it.
            trap!(yield conn.send(b"\xff\xfa\x1f\x00\x64\x00\x1e\xff\xf0stty -a\r\0".to_vec()))?;
            let told = call!(until(conn, "\n\x1b[?2004h$ "))?;
            assert!(told.contains("rows 30; columns 100; mode lines"), "{told:?}");
            trap!(yield conn.send("echo one two\x17three\r\n"))?;
            call!(until(conn, "\x1b[?2004lone three\r\n"))?;
            trap!(yield conn.send("exit\r\n"))?;
            call!(until_the_end(conn))?;
            trap!(yield conn.close())
        })
    });
}

#[test]
fn an_interrupt_ends_what_the_shell_runs_and_not_the_shell() {
    serve(&[], || {
        task!({
            let conn = trap!(yield Socket::connect(ADDRESS))?;
            call!(until(conn, PROMPT))?;
            trap!(yield conn.send("sleep 1000\r\n"))?;
            call!(until(conn, "\x1b[?2004l"))?;
            // IAC IP: interrupt the process.
            trap!(yield conn.send(b"\xff\xf4".to_vec()))?;
            call!(until(conn, "[130] $ "))?;
            trap!(yield conn.close())
        })
    });
}

#[test]
fn a_peer_that_goes_takes_its_shell_and_what_that_runs_along() {
    serve(&[], || {
        task!({
            let conn = trap!(yield Socket::connect(ADDRESS))?;
            call!(until(conn, PROMPT))?;
            trap!(yield conn.send("sleep 1000 | cat\r\n"))?;
            call!(until(conn, "\x1b[?2004l"))?;
            trap!(yield conn.close())
        })
    });
}

#[test]
fn a_terminal_at_which_nothing_is_typed_for_too_long_hangs_up() {
    serve(&["--idle", "3s"], || {
        task!({
            let conn = trap!(yield Socket::connect(ADDRESS))?;
            call!(until(conn, PROMPT))?;
            let begun = trap!(yield now())?;
            call!(until_the_end(conn))?;
            let waited = trap!(yield now())?.since(begun);
            // The server has waited for a little longer than the client.
            assert!((Duration::from_millis(2_900)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
            trap!(yield conn.close())
        })
    });
}

#[test]
fn each_connection_has_a_terminal_of_its_own() {
    serve(&[], || {
        task!({
            let first = trap!(yield Socket::connect(ADDRESS))?;
            let second = trap!(yield Socket::connect(ADDRESS))?;
            for (conn, name) in [(first, "one"), (second, "two")] {
                call!(until(conn, PROMPT))?;
                trap!(yield conn.send(format!("name={name}\r\n")))?;
                call!(until(conn, "\x1b[?2004h"))?;
            }
            for (conn, said) in [(first, "\x1b[?2004lis:one\r\n"), (second, "\x1b[?2004lis:two\r\n")] {
                trap!(yield conn.send("echo is:$name\r\n"))?;
                call!(until(conn, said))?;
                trap!(yield conn.close())?;
            }
            Ok(())
        })
    });
}
