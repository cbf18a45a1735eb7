//! Standard input to a connection, and what comes back to standard output.

use crate::{prelude::*, serve::unless_gone, write_all};
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program = Program::new(
    "nc",
    Group::Tools,
    "connects standard input and output to HOST PORT, or to whoever comes with -l; -u by datagrams, -w ends after silence",
    main,
)
.usage("[-lu] [-w DURATION] [HOST] PORT");

#[derive(Debug, PartialEq)]
struct Options {
    is_listening: bool,
    is_udp: bool,
    /// How long may nothing come?
    patience: Duration,
    host: Option<String>,
    port: u16,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-l", "-u", "-v", "-n"], &["-w"])?;
    let (is_listening, is_udp) = (given.has("-l"), given.has("-u"));
    let patience = given.value("-w")?.map_or(Duration::MAX, |Span(span)| span);
    let (host, port) = match given.operands.as_slice() {
        [port] if is_listening => (None, port),
        [host, port] => (Some(host.clone()), port),
        [] | [_] => return Err(Misuse::Wrong("no host and port given".to_owned())),
        [.., word] => return Err(Misuse::Wrong(format!("unexpected {:?}", excerpt(word)))),
    };
    let port = crate::args::parse("port", port)?;
    Ok(Options { is_listening, is_udp, patience, host, port })
}

fn main(args: Args) -> Task {
    task!({
        let options = call!(or_usage(&PROGRAM, parse(args)))?;
        let Options { is_listening, is_udp, patience, port, .. } = options;
        let ip = match &options.host {
            None => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(host) => match host.parse() {
                Ok(ip) => ip,
                Err(_) => match call!(first_address(host)) {
                    Ok(ip) => ip,
                    Err(errno) => {
                        let why = if errno == Errno::ENOENT { "no such host" } else { errno.meaning() };
                        eprintln!("nc: {}: {why}", excerpt(host))?;
                        return trap!(yield exit(crate::args::FAILED_CODE));
                    }
                },
            },
        };
        let address = SocketAddr::new(ip, port);
        let opened = if is_udp {
            call!(datagrams(address, is_listening, patience))
        } else {
            call!(stream(address, is_listening, patience))
        };
        if let Err(errno) = opened.or_else(unless_gone) {
            eprintln!("nc: {address}: {errno}")?;
            return trap!(yield exit(crate::args::FAILED_CODE));
        }
        Ok(())
    })
}

fn first_address(host: &str) -> impl Routine<Result<IpAddr, Errno>> {
    routine!(move { trap!(yield resolve(host))?.first().copied().ok_or(Errno::ENOENT) })
}

/// A connection, until the peer has closed it or nothing has come for too long.
fn stream(address: SocketAddr, is_listening: bool, patience: Duration) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let conn = if is_listening {
            let listener = trap!(yield Socket::listen(address))?;
            // With port 0 only the kernel knows where it is.
            eprintln!("nc: listening on {}", trap!(yield listener.local_addr())?)?;
            let (conn, _peer) = trap!(yield listener.accept())?;
            trap!(yield listener.close())?;
            conn
        } else {
            trap!(yield Socket::connect(address))?
        };
        let sender = trap!(yield spawn(send_input(conn)).share(conn.fd()).bound())?;
        let received = loop {
            match timeout!(patience, { trap!(yield conn.recv(limits::PIECE_BYTES)) }) {
                Ok(Ok(data)) if data.is_empty() => break Ok(()),
                Ok(Ok(data)) => {
                    if let Err(errno) = write_all!(Fd::STDOUT, data) {
                        break Err(errno);
                    }
                }
                Ok(Err(errno)) => break Err(errno),
                Err(Elapsed) => break Ok(()),
            }
        };
        // It may wait for input that nobody wants any more.
        trap!(yield kill(sender, Signal::Kill))?;
        trap!(yield wait(sender))?;
        received
    })
}

/// Standard input to its end, of which the peer is told.
fn send_input(conn: Socket) -> Task {
    task!({
        loop {
            let data = trap!(yield read(Fd::STDIN, limits::PIECE_BYTES))?;
            if data.is_empty() {
                break;
            }
            if let Err(error) = trap!(yield conn.send(data)) {
                return unless_gone(error.errno);
            }
        }
        trap!(yield shutdown(conn.fd(), Shutdown::Write)).or_else(unless_gone)
    })
}

/// Datagrams: one for each piece of standard input, to the address, or with `-l` to who sent the first.
fn datagrams(address: SocketAddr, is_listening: bool, patience: Duration) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let any: IpAddr = if address.is_ipv6() { "::".parse() } else { "0.0.0.0".parse() }.map_err(|_| Errno::EINVAL)?;
        let own = if is_listening { address } else { SocketAddr::new(any, 0) };
        let socket = trap!(yield udp_bind(own))?;
        let mut peer = address;
        if is_listening {
            eprintln!("nc: listening on {}", trap!(yield local_addr(socket))?)?;
            peer = match call!(print_datagram(socket, patience))? {
                Some(Sender::Udp(peer)) => peer,
                Some(_) => return Err(Errno::EAFNOSUPPORT),
                None => return Ok(()),
            };
        }
        let sender = trap!(yield spawn(send_datagrams(socket, peer)).share(socket).bound())?;
        let received = loop {
            match call!(print_datagram(socket, patience)) {
                Ok(Some(_)) => {}
                Ok(None) => break Ok(()),
                Err(errno) => break Err(errno),
            }
        };
        trap!(yield kill(sender, Signal::Kill))?;
        trap!(yield wait(sender))?;
        received
    })
}

/// Prints the next datagram and gives whose it was; `None` when none has come for too long.
fn print_datagram(socket: Fd, patience: Duration) -> impl Routine<Result<Option<Sender>, Errno>> {
    routine!(move {
        match timeout!(patience, { trap!(yield recv_from(socket, limits::DATAGRAM_BYTES)) }) {
            Ok(datagram) => {
                let Datagram { data, from, .. } = datagram?;
                write_all!(Fd::STDOUT, data)?;
                Ok(Some(from))
            }
            Err(Elapsed) => Ok(None),
        }
    })
}

fn send_datagrams(socket: Fd, peer: SocketAddr) -> Task {
    task!({
        loop {
            let data = trap!(yield read(Fd::STDIN, limits::DATAGRAM_READ_BYTES))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield send_to(socket, (peer, data)))?;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, words};

    #[test]
    fn a_listener_needs_a_port_and_others_a_host_too() {
        let options = parse(words("-l 7000")).unwrap();
        assert_eq!((options.host, options.port, options.is_listening), (None, 7000, true));
        let options = parse(words("-u -w 2 localhost 7")).unwrap();
        assert_eq!(
            (options.host.as_deref(), options.patience, options.is_udp),
            (Some("localhost"), Duration::from_secs(2), true)
        );
        for line in ["", "7000", "localhost x", "a 1 2", "-l 70000"] {
            assert_eq!(run(main(words(line))).end, End::Exited(2), "{line}");
        }
    }
}
