//! The program `stream`: how it serves. What it prints alone is in `course.rs`.
//!
//! That its replies do not hang on how a stream is cut, and are those of its twins in callbacks and
//! threads, is tested beside those (`benches/peers/callbacks/tests`).

mod common;

use common::served::Served;
use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
};

#[test]
fn stream_goes_on_serving_after_a_refusal_and_a_peer_that_vanishes() {
    let server = Served::run("stream");
    let connect = || TcpStream::connect(server.address).expect("it listens");
    let ask = |sent: &str| {
        let mut conn = connect();
        conn.write_all(sent.as_bytes()).expect("it reads");
        conn.shutdown(Shutdown::Write).expect("it is connected");
        let mut reply = String::new();
        conn.read_to_string(&mut reply).expect("it replies");
        reply
    };
    let refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 17\r\nConnection: close\r\n\r\nbad request line\n";
    assert_eq!(ask("nonsense\nGET / HTTP/1.1\n\n"), refusal);
    // Closed with the reply unread, it is reset.
    connect().write_all(b"GET / HTTP/1.1\n\nGET").expect("it reads");
    assert_eq!(ask("GET / HTTP/1.1\n\n"), "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nGET /\n");
}
