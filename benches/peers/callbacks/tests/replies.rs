//! The three servers give the same replies, however the bytes arrive.

#![feature(coroutines, coroutine_trait)]

use peer_callbacks::{callbacks, listen, session::Session, threads};
use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream},
    sync::{Arc, Mutex},
    thread,
};
use yieldix::{Console, Machine, MemoryConsole, userland::PROGRAMS, userland::prelude::*};

/// What is sent, and what has to come back.
type Case = (Vec<u8>, String);

fn ok(asked: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{asked}\n{body}", asked.len() + 1 + body.len())
}

fn refused(status: &str, why: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{why}\n", why.len() + 1)
}

fn bad(why: &str) -> String {
    refused("400 Bad Request", why)
}

/// A request whose head takes so many bytes.
fn with_head_of(bytes: usize) -> String {
    let rest = "GET /x HTTP/1.1\r\nA: \r\n\r\n".len();
    format!("GET /x HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(bytes - rest))
}

/// Cases of few bytes.
fn small() -> Vec<Case> {
    let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
    let put = "PUT /b HTTP/1.1\nContent-Length: 6\n\none\n\r\n";
    let cases = [
        (String::new(), String::new()),
        (get.into(), ok("GET /a", "")),
        (put.into(), ok("PUT /b", "one\n\r\n")),
        (format!("{get}{put}{get}"), ok("GET /a", "") + &ok("PUT /b", "one\n\r\n") + &ok("GET /a", "")),
        (
            format!("{get}{put}nonsense\r\n{get}"),
            ok("GET /a", "") + &ok("PUT /b", "one\n\r\n") + &bad("bad request line"),
        ),
        (get[..get.len() - 1].into(), bad("request cut short")),
        (put[..put.len() - 1].into(), bad("request cut short")),
        ("GET".into(), bad("request cut short")),
        ("\r\n".into(), bad("bad request line")),
        ("GET / HTTP/1.0\r\n\r\n".into(), bad("bad request line")),
        ("GET / HTTP/1.1\r\nHost\r\n\r\n".into(), bad("bad header")),
        ("GET / HTTP/1.1\r\nContent-Length: six\r\n\r\n".into(), bad("bad content length")),
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx".into(), bad("bad content length")),
        (
            "GET / HTTP/1.1\r\nContent-Length: 65537\r\n\r\nxxx".into(),
            refused("413 Content Too Large", "body of more than 65536 bytes"),
        ),
        (
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".into(),
            refused("501 Not Implemented", "unknown transfer encoding"),
        ),
    ];
    let mut cases: Vec<Case> = cases.into_iter().map(|(sent, reply)| (sent.into_bytes(), reply)).collect();
    cases.push((b"GET /\xff HTTP/1.1\r\n\r\n".to_vec(), bad("bad request line")));
    cases.push((b"GET / HTTP/1.1\r\nA: \xff\r\n\r\n".to_vec(), bad("bad header")));
    cases
}

/// Cases at the limits.
fn large() -> Vec<Case> {
    let too_large = || refused("431 Request Header Fields Too Large", "head of more than 8192 bytes");
    let body = "b".repeat(limits::BODY_BYTES_MAX);
    let most = limits::HEAD_BYTES_MAX;
    let cases = [
        (with_head_of(most), ok("GET /x", "")),
        (with_head_of(most + 1), too_large()),
        (with_head_of(most).repeat(3), ok("GET /x", "").repeat(3)),
        ("x".repeat(most), too_large()),
        ("x".repeat(most - 1), bad("request cut short")),
        (format!("GET /x HTTP/1.1\r\n{}", "A: b\n".repeat(most)), too_large()),
        (format!("PUT /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len()), ok("PUT /x", &body)),
        (
            format!("PUT /x HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}bb", body.len() + 1),
            refused("413 Content Too Large", "body of more than 65536 bytes"),
        ),
    ];
    cases.into_iter().map(|(sent, reply)| (sent.into_bytes(), reply)).collect()
}

/// Every way to send a case: whole, in two pieces cut at any byte, byte by byte.
fn ways(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let cut = |at| vec![bytes[..at].to_vec(), bytes[at..].to_vec()];
    let mut ways: Vec<_> = (1..bytes.len()).map(cut).collect();
    ways.push(vec![bytes.to_vec()]);
    ways.push(bytes.iter().map(|&byte| vec![byte]).collect());
    // An empty piece would be the end.
    ways.iter_mut().for_each(|pieces| pieces.retain(|piece| !piece.is_empty()));
    ways
}

/// Pieces of the sizes in which a socket may give them.
fn chunks(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let sizes = [1000, limits::READ_BYTES as usize - 1, limits::READ_BYTES as usize];
    sizes.iter().map(|&size| bytes.chunks(size).map(<[u8]>::to_vec).collect()).collect()
}

fn by_callbacks(pieces: &[Vec<u8>]) -> Vec<u8> {
    let (mut session, mut replies) = (Session::new(), Vec::new());
    for piece in pieces.iter().flat_map(|piece| piece.chunks(limits::READ_BYTES as usize)) {
        session.on_bytes(piece, &mut replies);
    }
    session.on_end(&mut replies);
    assert!(session.is_over());
    replies
}

/// A stream that gives one piece a read.
struct Scripted<'a> {
    pieces: VecDeque<&'a [u8]>,
    replies: &'a mut Vec<u8>,
    has_ended: bool,
}

impl Read for Scripted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(piece) = self.pieces.pop_front() else { return Ok(0) };
        let count = piece.len().min(buffer.len());
        buffer[..count].copy_from_slice(&piece[..count]);
        if count < piece.len() {
            self.pieces.push_front(&piece[count..]);
        }
        Ok(count)
    }
}

impl Write for Scripted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(!self.has_ended, "it has hung up and goes on");
        self.replies.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl threads::Duplex for Scripted<'_> {
    fn end(&mut self) -> io::Result<()> {
        self.has_ended = true;
        Ok(())
    }
}

fn by_a_thread(pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut replies = Vec::new();
    let pieces = pieces.iter().map(Vec::as_slice).collect();
    threads::converse(Scripted { pieces, replies: &mut replies, has_ended: false }).expect("memory does not fail");
    replies
}

/// By the program `stream` in a simulated world, a connection a way.
fn by_a_task(ways: Vec<Vec<Vec<u8>>>) -> Vec<Vec<u8>> {
    const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 80);
    let replies = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&replies);
    let clients = task!({
        let server = ProgramRequest {
            name: "stream".into(),
            args: vec!["--addr".to_owned(), ADDRESS.to_string()],
            options: SpawnOptions::default(),
        };
        let server = trap!(yield spawn_program(server))?;
        trap!(yield sleep(PAUSE))?;
        for pieces in ways {
            let reply = call!(converse(ADDRESS, pieces))?;
            told.lock().expect("nobody panics with it").push(reply);
        }
        trap!(yield kill(server, Signal::Kill))
    });
    let machine = Machine::new().programs(PROGRAMS).task(clients).simulate(7).checked(false).refuse_lints();
    let ended = machine.console(Console::Memory(MemoryConsole::new())).boot().expect("it boots");
    assert_eq!(ended.code(), 0);
    Arc::into_inner(replies).expect("the machine is gone").into_inner().expect("nobody panicked")
}

/// Of virtual time: until the server has taken a piece.
const PAUSE: Duration = Duration::from_secs(1);

fn converse(address: SocketAddr, pieces: Vec<Vec<u8>>) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let conn = trap!(yield Socket::connect(address))?;
        for piece in pieces {
            trap!(yield conn.send(piece))?;
            trap!(yield sleep(PAUSE))?;
        }
        trap!(yield shutdown(conn.fd(), yieldix::syscalls::Shutdown::Write))?;
        let mut reply = Vec::new();
        loop {
            let data = trap!(yield conn.recv(limits::READ_BYTES))?;
            if data.is_empty() {
                trap!(yield conn.close())?;
                return Ok(reply);
            }
            reply.extend_from_slice(&data);
        }
    })
}

fn same_replies(case: Case, ways: Vec<Vec<Vec<u8>>>) {
    let (sent, expected) = case;
    for (pieces, by_a_task) in ways.iter().zip(by_a_task(ways.clone())) {
        let sizes: Vec<usize> = pieces.iter().map(Vec::len).collect();
        for (server, reply) in
            [("task", by_a_task), ("callbacks", by_callbacks(pieces)), ("thread", by_a_thread(pieces))]
        {
            let reply = String::from_utf8(reply).expect("replies to text are text");
            assert!(reply == expected, "{server}: {} in {sizes:?}\n{reply}\nand not\n{expected}", sent.escape_ascii());
        }
    }
}

#[test]
fn replies_are_the_same_wherever_the_stream_is_cut() {
    for case in small() {
        let ways = ways(&case.0);
        same_replies(case, ways);
    }
}

#[test]
fn replies_are_the_same_at_the_limits() {
    for case in large() {
        let ways = chunks(&case.0);
        same_replies(case, ways);
    }
}

/// What a server on a real socket replies to `sent`.
fn over_tcp(address: SocketAddr, sent: Vec<u8>) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let mut sender = stream.try_clone().expect("a descriptor");
    // Beside the reader: neither may wait for the other.
    let sending = thread::spawn(move || {
        sender.write_all(&sent).expect("it reads");
        sender.shutdown(Shutdown::Write).expect("it is connected");
    });
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it replies");
    sending.join().expect("it was sent");
    reply
}

#[test]
fn replies_over_tcp_are_the_same() {
    let crowd = "GET /a HTTP/1.1\r\n\r\n".repeat(100_000);
    let cases = [small(), large(), vec![(crowd.into_bytes(), ok("GET /a", "").repeat(100_000))]].concat();
    for server in [callbacks::serve, threads::serve] {
        let listener = listen(0).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        // It serves until the process ends.
        thread::spawn(move || server(listener));
        for (sent, expected) in &cases {
            let start = String::from_utf8_lossy(&sent[..sent.len().min(100)]).into_owned();
            assert!(over_tcp(address, sent.clone()) == *expected, "{start}");
        }
    }
}
