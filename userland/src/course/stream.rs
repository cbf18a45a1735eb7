//! Requests read from a stream, by a coroutine: what callbacks keep in a state is here the line of code
//! that has been reached. Its twin in callbacks is `benches/peers/callbacks/`.
//!
//! Alone it sends itself a request in odd pieces and prints the reply; with `--addr` it is a server.

use crate::{
    http::{Error, Request},
    input::Input,
    prelude::*,
    serve::{hang_up, unless_gone},
};
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program =
    Program::new("stream", Group::Course(Part::Around), "reads requests from a stream, as plain code", main)
        .usage("[--addr IP:PORT]");

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn main(args: Args) -> Task {
    task!({
        let given = Given::parse(args, &[], &["--addr"]).and_then(Given::without_operands);
        let address = call!(or_usage(&PROGRAM, given.and_then(|given| given.address("--addr"))))?;
        let listener = call!(listen_at(PROGRAM.name, address.unwrap_or(ANY_PORT)))?;
        let own = trap!(yield listener.local_addr())?;
        let options = ServeOptions { name: PROGRAM.name, connections_max: limits::CONNECTIONS_MAX };
        let server =
            serve(listener, options, |conn, _peer| routine!(move { call!(converse(conn)).or_else(unless_gone) }));
        if address.is_some() {
            println!("stream: listening on {own}")?;
            return call!(server);
        }
        let server = trap!(yield spawn(task!({ call!(server) })).pass(listener.fd()))?;
        let asked = call!(ask(own));
        trap!(yield kill(server, Signal::Kill))?;
        asked
    })
}

/// Answers requests until the stream ends or one is refused.
fn converse(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield set_option(conn.fd(), SocketOption::NoDelay(true)))?;
        let mut input = Input::new(conn);
        while !call!(input.is_over())? {
            match call!(answer(&mut input)) {
                Ok(reply) => trap!(yield conn.send(reply))?,
                Err(Error::Refused(refusal)) => {
                    trap!(yield conn.send(refusal.reply()))?;
                    return call!(hang_up(conn));
                }
                Err(Error::Failed(errno)) => return Err(errno),
            }
        }
        Ok(())
    })
}

/// Reads one request, and makes its reply.
fn answer(input: &mut Input) -> impl Routine<Result<Vec<u8>, Error>> {
    routine!(move -> Result<Vec<u8>, Error> {
        let mut room = limits::HEAD_BYTES_MAX;
        let mut request = Request::from_line(call!(input.line(&mut room))?)?;
        loop {
            let line = call!(input.line(&mut room))?;
            if line.is_empty() {
                break;
            }
            request.header(line)?;
        }
        let body = call!(input.exactly(request.body_bytes()))?;
        Ok(request.reply(body))
    })
}

/// Sends a request in pieces, and prints them and the reply.
fn ask(server: SocketAddr) -> impl Routine<Result<(), Errno>> {
    const PIECES: [&str; 5] = ["PO", "ST /greeting HTTP/1.1\r", "\nContent-Length: 1", "3\r\n\r\nhello, ", "world\n"];
    routine!(move {
        let conn = trap!(yield Socket::connect(server))?;
        for piece in PIECES {
            println!("sent {piece:?}")?;
            trap!(yield conn.send(piece))?;
        }
        trap!(yield shutdown(conn.fd(), Shutdown::Write))?;
        loop {
            let data = trap!(yield conn.recv(limits::READ_BYTES))?;
            if data.is_empty() {
                return Ok(());
            }
            print!("{}", String::from_utf8_lossy(&data))?;
        }
    })
}
