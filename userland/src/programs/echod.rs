//! The echo server that is meant to be used: many connections, a bound on them, no noise.

use crate::{prelude::*, serve::unless_gone};
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program = Program::new("echod", Group::Servers, "sends back whatever it is sent", main)
    .usage("[--addr IP:PORT] [--max-connections N] [--status IP:PORT]");

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

struct Options {
    address: SocketAddr,
    connections_max: usize,
    status: Option<SocketAddr>,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &[], &["--addr", "--max-connections", "--status"])?.without_operands()?;
    let connections_max = given.value("--max-connections")?.unwrap_or(limits::CONNECTIONS_MAX);
    if connections_max == 0 {
        return Err(Misuse::Wrong("--max-connections must be at least 1".to_owned()));
    }
    let address = given.address("--addr")?.unwrap_or(ADDRESS);
    Ok(Options { address, connections_max, status: given.address("--status")? })
}

fn main(args: Args) -> Task {
    task!({
        let Options { address, connections_max, status } = call!(or_usage(&PROGRAM, parse(args)))?;
        let listener = call!(listen_at(PROGRAM.name, address))?;
        // With port 0 only the kernel knows where it is.
        println!("echod: listening on {}", trap!(yield listener.local_addr())?)?;
        if let Some(address) = status {
            let listener = call!(listen_at(PROGRAM.name, address))?;
            println!("echod: status on {}", trap!(yield listener.local_addr())?)?;
            trap!(yield spawn(tell_status(listener)).pass(listener.fd()).detach())?;
        }
        call!(serve(listener, ServeOptions { name: PROGRAM.name, connections_max }, |conn, _peer| echo(conn)))
    })
}

/// Tells whoever connects what the machine holds, in one line. One at a time, so that what it says
/// counts itself the same way every time.
fn tell_status(listener: Socket) -> Task {
    task!({
        loop {
            let (conn, _peer) = trap!(yield listener.accept())?;
            let SysInfo { tasks, zombies, files, timers, registrations, .. } = trap!(yield sysinfo())?;
            let line = format!(
                "tasks={tasks} zombies={zombies} files={files} timers={timers} registrations={registrations}\n"
            );
            // One who asked and left is no reason to end.
            let _ = trap!(yield conn.send(line));
            trap!(yield conn.close())?;
        }
    })
}

/// Echoes one connection until its peer closes it, or is gone.
fn echo(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            let data = match trap!(yield conn.recv(limits::ECHO_BYTES)) {
                Ok(data) if data.is_empty() => return Ok(()),
                Ok(data) => data,
                Err(errno) => return unless_gone(errno),
            };
            if let Err(error) = trap!(yield conn.send(data)) {
                return unless_gone(error.errno);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script};

    #[test]
    fn it_says_where_it_listens() {
        let bound = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4711);
        let args = vec!["--addr".to_owned(), "127.0.0.1:0".to_owned()];
        let script = [
            ("tcp_listen(127.0.0.1:0, 1024)", Reply::Fd(Fd::new(3, 0))),
            ("local_addr(3)", Reply::Addr(Box::new(bound))),
        ];
        let run = run_script(main(args), script);
        assert_eq!(run.output, "echod: listening on 127.0.0.1:4711\n");
        assert_eq!(run.end, End::Asks("accept(3)".to_owned()));
    }

    #[test]
    fn an_address_in_use_ends_it() {
        let script = [("tcp_listen(127.0.0.1:7000, 1024)", Reply::Err(Errno::EADDRINUSE))];
        let run = run_script(main(vec![]), script);
        assert_eq!(run.errors, "echod: 127.0.0.1:7000: EADDRINUSE: address in use\n");
        assert_eq!(run.end, End::Returned(Err(Errno::EADDRINUSE)));
    }

    #[test]
    fn a_bound_of_none_is_refused() {
        assert_eq!(run(main(vec!["--max-connections=0".to_owned()])).end, End::Exited(2));
    }

    fn echo_task() -> Task {
        task!({ call!(echo(Socket::from(Fd::new(3, 0)))) })
    }

    #[test]
    fn what_comes_is_sent_back_until_the_end() {
        let script = [
            ("recv(3, 65536)", Reply::Buf(Buf::from("hello"))),
            ("send_all(3, \"hello\" (5 bytes))", Reply::Unit),
            ("recv(3, 65536)", Reply::Buf(Buf::EMPTY)),
        ];
        assert_eq!(run_script(echo_task(), script).end, End::Returned(Ok(())));
    }

    #[test]
    fn a_peer_that_resets_is_no_failure() {
        let script = [("recv(3, 65536)", Reply::Err(Errno::ECONNRESET))];
        assert_eq!(run_script(echo_task(), script).end, End::Returned(Ok(())));
        let script = [
            ("recv(3, 65536)", Reply::Buf(Buf::from("hello"))),
            ("send_all(3, \"hello\" (5 bytes))", Reply::Short { sent: 2, errno: Errno::EPIPE }),
        ];
        assert_eq!(run_script(echo_task(), script).end, End::Returned(Ok(())));
        let script = [("recv(3, 65536)", Reply::Err(Errno::EBADF))];
        assert_eq!(run_script(echo_task(), script).end, End::Returned(Err(Errno::EBADF)));
    }
}
