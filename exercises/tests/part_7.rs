//! What is expected of parts 7 and 8.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::printed;
use std::net::Ipv4Addr;
use yieldix::userland::{prelude::*, print, println};
use yieldix_exercises::part_7::{greeter, hanoi, retry};

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

/// Says its name, and prints what the server answers until it closes the connection.
fn visit(name: &'static str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let Ok(conn) = trap!(yield tcp_connect(ADDRESS)) else { return println!("nobody listens") };
        trap!(yield send_all(conn, name))?;
        loop {
            let data = trap!(yield recv(conn, 4096))?;
            if data.is_empty() {
                println!()?;
                return trap!(yield close(conn));
            }
            print!("{}", String::from_utf8_lossy(&data))?;
        }
    })
}

/// A greeter, and while it runs, this.
fn beside_a_greeter(visit: impl Routine<Result<(), Errno>> + 'static) -> Task {
    task!({
        let server = trap!(yield spawn(greeter(ADDRESS)))?;
        // By then it listens.
        trap!(yield sleep(Duration::from_secs(1)))?;
        call!(visit)?;
        let is_up = trap!(yield kill(server, Signal::Kill)).is_ok();
        let status = trap!(yield wait(server))?;
        println!("the server was {}", if is_up && status != ExitStatus::Exited(0) { "up" } else { "down" })
    })
}

#[test]
fn clients_are_greeted_by_name() {
    let visits = routine!({
        call!(visit("moon"))?;
        call!(visit("mars"))
    });
    let said = printed(beside_a_greeter(visits), "");
    assert_eq!(said, "hello, moon\nhello, mars\nthe server was up\n", "each client is expected to be greeted");
}

#[test]
fn a_client_that_says_nothing_holds_nobody_up() {
    let visits = routine!({
        let _mute = trap!(yield tcp_connect(ADDRESS));
        timeout!(Duration::from_secs(10), { call!(visit("moon")) })?
    });
    let said = printed(beside_a_greeter(visits), "");
    assert_eq!(
        said, "hello, moon\nthe server was up\n",
        "the second client is expected to be greeted beside the first"
    );
}

/// Exits with 1 until it is the one that ends well.
fn attempt(number: u32, well: u32) -> Task {
    task!({
        println!("try {number}")?;
        trap!(yield exit(i32::from(number != well)))
    })
}

#[test]
fn retry_tries_until_one_ends_well() {
    let said = printed(
        task!({
            let found = call!(retry(5, |number| attempt(number, 3)))?;
            println!("{found:?}")
        }),
        "",
    );
    assert_eq!(said, "try 1\ntry 2\ntry 3\nSome(3)\n", "three tries are expected, and the number of the last");
}

#[test]
fn retry_gives_up() {
    let said = printed(
        task!({
            let found = call!(retry(2, |number| attempt(number, 3)))?;
            println!("{found:?}")
        }),
        "",
    );
    assert_eq!(said, "try 1\ntry 2\nNone\n", "two tries are expected, and no number");
}

#[test]
fn hanoi_counts_the_moves() {
    let said = printed(
        task!({
            println!("{}", trap!(yield hanoi(3))?)?;
            println!("{}", trap!(yield hanoi(10))?)
        }),
        "",
    );
    assert_eq!(said, "7\n1023\n", "a tower of 3 takes 7 moves, one of 10 takes 1,023");
}
