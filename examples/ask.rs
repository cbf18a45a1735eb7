//! Asks a server of the network one line, and prints what it answers: a task, and the machine's
//! library to run it.
//!
//! `cargo run --example ask -- 127.0.0.1:7000 hello`
#![feature(coroutines)]

use std::{net::SocketAddr, process::ExitCode};
use yieldix::{
    Machine,
    syscalls::{calls::*, *},
};

/// Sends a line, says that it was the last, and prints all that comes back.
fn ask(server: SocketAddr, question: String) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(server))?;
        trap!(yield send_all(conn, format!("{question}\r\n")))?;
        trap!(yield shutdown(conn, Shutdown::Write))?;
        loop {
            let answer = trap!(yield recv(conn, 8192))?;
            if answer.is_empty() {
                break trap!(yield close(conn));
            }
            trap!(yield write(Fd::STDOUT, answer))?;
        }
    })
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(Ok(server)), Some(question)) = (words.next().map(|word| word.parse()), words.next()) else {
        eprintln!("usage: ask ADDRESS:PORT QUESTION");
        return ExitCode::from(2);
    };
    match Machine::new().task(ask(server, question)).boot() {
        Ok(ended) => ExitCode::from(ended.code() as u8),
        Err(error) => {
            eprintln!("ask: {error}");
            ExitCode::FAILURE
        }
    }
}
