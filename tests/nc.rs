//! `nc`: standard input to a connection, and what comes back to standard output, until both have ended.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::run;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};
use yieldix_userland::{PROGRAMS, prelude::Socket};

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

fn nc(words: &[&str]) -> ProgramRequest {
    let args = words.iter().map(|word| (*word).to_owned()).collect();
    ProgramRequest { name: "nc".into(), args, options: SpawnOptions::default() }
}

/// Runs it to its end, and gives what was printed and what was told.
fn told(test: Task) -> (String, String) {
    let (ended, witness) = run(common::machine().programs(PROGRAMS).task(test));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", witness.errors());
    (witness.text(), witness.errors())
}

/// All that comes.
fn everything(conn: Socket) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let mut all = Vec::new();
        loop {
            let data = trap!(yield conn.recv(4096))?;
            if data.is_empty() {
                return Ok(all);
            }
            all.extend_from_slice(&data);
        }
    })
}

#[test]
fn input_is_sent_to_its_end_and_the_answer_is_printed() {
    let told = told(task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let (reader, writer) = trap!(yield pipe())?;
        let nc = trap!(yield spawn_program(nc(&["127.0.0.1", "7000"])).pass_as(reader, 0))?;
        let (conn, _peer) = trap!(yield listener.accept())?;
        trap!(yield write(writer, "question"))?;
        trap!(yield close(writer))?;
        assert_eq!(call!(everything(conn))?, b"question");
        trap!(yield conn.send("answer\n"))?;
        trap!(yield conn.close())?;
        assert_eq!(trap!(yield wait(nc))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield sysinfo())?.tasks, 1, "its sender has gone with it");
        Ok(())
    }));
    assert_eq!(told, ("answer\n".to_owned(), String::new()));
}

#[test]
fn a_peer_that_closes_ends_it_though_more_input_may_come() {
    let told = told(task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let (reader, writer) = trap!(yield pipe())?;
        let nc = trap!(yield spawn_program(nc(&["127.0.0.1", "7000"])).pass_as(reader, 0))?;
        let (conn, _peer) = trap!(yield listener.accept())?;
        trap!(yield conn.close())?;
        assert_eq!(trap!(yield wait(nc))?, ExitStatus::Exited(0));
        trap!(yield close(writer))
    }));
    assert_eq!(told, (String::new(), String::new()));
}

#[test]
fn with_l_it_takes_one_connection() {
    let told = told(task!({
        let (reader, writer) = trap!(yield pipe())?;
        let nc = trap!(yield spawn_program(nc(&["-l", "127.0.0.1", "7000"])).pass_as(reader, 0))?;
        trap!(yield write(writer, "hello"))?;
        trap!(yield close(writer))?;
        trap!(yield sleep(core::time::Duration::from_millis(1)))?;
        let conn = trap!(yield Socket::connect(ADDRESS))?;
        assert_eq!(call!(everything(conn))?, b"hello");
        trap!(yield conn.send("printed\n"))?;
        trap!(yield conn.close())?;
        trap!(yield wait(nc)).map(drop)
    }));
    assert_eq!(told, ("printed\n".to_owned(), "nc: listening on 127.0.0.1:7000\n".to_owned()));
}

#[test]
fn silence_ends_it_after_so_long_and_a_refusal_is_told() {
    let told = told(task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let (reader, writer) = trap!(yield pipe())?;
        let patient = trap!(yield spawn_program(nc(&["-w", "2s", "127.0.0.1", "7000"])).pass_as(reader, 0))?;
        assert_eq!(trap!(yield wait(patient))?, ExitStatus::Exited(0));
        assert!(trap!(yield now())?.as_nanos() > 2_000_000_000);
        trap!(yield close(writer))?;
        trap!(yield listener.close())?;
        let refused = trap!(yield spawn_program(nc(&["127.0.0.1", "7000"])))?;
        assert_eq!(trap!(yield wait(refused))?, ExitStatus::Exited(1));
        Ok(())
    }));
    assert_eq!(told.0, "");
    assert!(told.1.starts_with("nc: 127.0.0.1:7000: ECONNREFUSED"), "{}", told.1);
}

#[test]
fn a_host_that_nobody_knows_is_told_by_its_name() {
    let told = told(task!({
        let client = trap!(yield spawn_program(nc(&["nowhere", "7000"])))?;
        assert_eq!(trap!(yield wait(client))?, ExitStatus::Exited(1));
        Ok(())
    }));
    assert_eq!(told, (String::new(), "nc: nowhere: no such host\n".to_owned()));
}
