//! A server at its bound: idle while nobody waits, awake when a connection ends, gone when killed.
#![feature(coroutines, coroutine_trait)]

mod common;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use yieldix::{
    Console, Ended, MemoryConsole,
    syscalls::{calls::*, *},
};
use yieldix_userland::prelude::{ServeOptions, Socket, serve};

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

fn server(listener: Socket) -> Task {
    task!({
        let options = ServeOptions { name: "server", connections_max: 1 };
        call!(serve(listener, options, |conn, _peer| handle(conn)))
    })
}

/// Greets, and stays until the peer has closed.
fn handle(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield conn.send("hello"))?;
        trap!(yield conn.recv(1)).map(drop)
    })
}

fn handlers(tasks: &[TaskInfo]) -> Vec<Tid> {
    tasks.iter().filter(|task| &*task.name == "handle").map(|task| task.tid).collect()
}

/// Lets a simulated minute pass, in which nobody but the caller makes a trap.
fn nobody_stirs_for_a_minute() -> impl Routine<Result<(), Errno>> {
    routine!({
        let me = trap!(yield gettid())?;
        let traps = |tasks: Vec<TaskInfo>| -> Vec<(Tid, u64)> {
            tasks.into_iter().filter(|task| task.tid != me).map(|task| (task.tid, task.traps)).collect()
        };
        let before = traps(trap!(yield tasks())?);
        trap!(yield sleep(Duration::from_secs(60)))?;
        assert_eq!(traps(trap!(yield tasks())?), before);
        Ok(())
    })
}

fn settle() -> Call<()> {
    sleep(Duration::from_millis(1))
}

/// Boots it, and gives what was written to standard error.
fn complaints(task: Task) -> String {
    let console = MemoryConsole::new();
    let machine = common::machine().simulate(0).console(Console::Memory(console.clone())).task(task);
    assert_eq!(machine.boot().unwrap(), Ended::Finished(ExitStatus::Exited(0)));
    String::from_utf8(console.stderr()).unwrap()
}

#[test]
fn a_full_server_is_idle_and_silent_while_nobody_waits() {
    let complaints = complaints(task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let server = trap!(yield spawn(server(listener)).pass(listener.fd()))?;
        let client = trap!(yield Socket::connect(ADDRESS))?;
        assert_eq!(trap!(yield client.recv(5))?, Buf::from("hello"));
        trap!(yield settle())?;
        call!(nobody_stirs_for_a_minute())?;
        trap!(yield kill(server, Signal::Kill))
    }));
    assert_eq!(complaints, "");
}

#[test]
fn a_full_server_takes_the_peer_that_waits_when_a_connection_ends_or_is_killed() {
    let complaints = complaints(task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let server = trap!(yield spawn(server(listener)).pass(listener.fd()))?;
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(trap!(yield Socket::connect(ADDRESS))?);
        }
        assert_eq!(trap!(yield clients[0].recv(5))?, Buf::from("hello"));
        trap!(yield settle())?;

        let [handler] = handlers(&trap!(yield tasks())?)[..] else { panic!("one connection") };
        trap!(yield kill(handler, Signal::Kill))?;
        assert_eq!(trap!(yield clients[1].recv(5))?, Buf::from("hello"));

        trap!(yield clients[1].close())?;
        assert_eq!(trap!(yield clients[2].recv(5))?, Buf::from("hello"));

        trap!(yield clients[2].close())?;
        trap!(yield settle())?;
        assert_eq!(handlers(&trap!(yield tasks())?), []);
        trap!(yield kill(server, Signal::Kill))
    }));
    assert_eq!(complaints, "server: cannot take a connection: all 1 places are taken; trying again\n");
}

#[test]
fn a_killed_server_leaves_nothing_behind() {
    let complaints = complaints(task!({
        for _ in 0..2 {
            let before = trap!(yield sysinfo())?;
            let listener = trap!(yield Socket::listen(ADDRESS))?;
            let server = trap!(yield spawn(server(listener)).pass(listener.fd()))?;
            trap!(yield settle())?;
            trap!(yield kill(server, Signal::Kill))?;
            trap!(yield wait(server))?;
            trap!(yield settle())?;
            let after = trap!(yield sysinfo())?;
            let counts = |info: SysInfo| (info.tasks, info.zombies, info.files, info.timers, info.registrations);
            assert_eq!(counts(after), counts(before));
        }
        Ok(())
    }));
    assert_eq!(complaints, "");
}
