//! A shell for whoever connects, on a terminal of its own.

use crate::{
    prelude::*,
    serve::unless_gone,
    telnet::{GREETING, Received, Telnet, escaped},
    write_all,
};
use core::net::{IpAddr, Ipv4Addr};

pub(crate) const PROGRAM: Program = Program::new(
    "telnetd",
    Group::Servers,
    "gives a shell to whoever connects, on this host alone unless --addr says otherwise: nobody is asked who they are",
    main,
)
.usage("[--addr IP:PORT] [--max-connections N] [--idle DURATION]");

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 2323);

/// The program on the terminal.
const SHELL: &str = "sh";

struct Options {
    address: SocketAddr,
    connections_max: usize,
    idle: Duration,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &[], &["--addr", "--max-connections", "--idle"])?.without_operands()?;
    let connections_max = given.value("--max-connections")?.unwrap_or(limits::TERMINALS_MAX);
    if connections_max == 0 {
        return Err(Misuse::Wrong("--max-connections must be at least 1".to_owned()));
    }
    let idle = given.value("--idle")?.map_or(limits::TERMINAL_IDLE, |Span(span)| span);
    Ok(Options { address: given.address("--addr")?.unwrap_or(ADDRESS), connections_max, idle })
}

fn main(args: Args) -> Task {
    task!({
        let Options { address, connections_max, idle } = call!(or_usage(&PROGRAM, parse(args)))?;
        let listener = call!(listen_at(PROGRAM.name, address))?;
        // With port 0 only the kernel knows where it is.
        println!("telnetd: listening on {}", trap!(yield listener.local_addr())?)?;
        let options = ServeOptions { name: PROGRAM.name, connections_max };
        call!(serve(listener, options, move |conn, _peer| session(conn, idle)))
    })
}

/// One connection: a terminal, a shell on it, a task that sends what it shows, and one that waits for the shell. All
/// of them go together.
fn session(conn: Socket, idle: Duration) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let (master, terminal) = trap!(yield pty())?;
        let arguments = vec!["-i".to_owned()];
        let request = ProgramRequest { name: SHELL.into(), args: arguments, options: SpawnOptions::default() };
        let (for_output, for_errors) = (trap!(yield dup(terminal))?, trap!(yield dup(terminal))?);
        // In a group of its own, which the keys of its terminal send signals to and nobody else.
        let started = spawn_program(request).pass_as(terminal, 0).pass_as(for_output, 1).pass_as(for_errors, 2);
        let shell = trap!(yield started.group(Tid::NONE))?;
        let shower = trap!(yield spawn(show(master, conn)).share(master).share(conn.fd()).bound())?;
        let watcher = trap!(yield spawn(hear_of_end(shell, conn)).share(conn.fd()).bound())?;
        let typed = timeout!(limits::TERMINAL_SESSION, { call!(type_in(conn, master, idle)) });
        call!(hang_up(shell, master))?;
        trap!(yield wait(watcher))?;
        // What the shell said last is still to be sent, unless another has the terminal and may go on for ever.
        if timeout!(limits::HANG_UP_GRACE, { trap!(yield wait(shower)) }).is_err() {
            trap!(yield kill(shower, Signal::Kill))?;
            trap!(yield wait(shower))?;
        }
        match typed {
            Ok(Err(errno)) => unless_gone(errno),
            Ok(Ok(())) | Err(Elapsed) => Ok(()),
        }
    })
}

/// Has nothing more come once the shell has ended.
fn hear_of_end(shell: Tid, conn: Socket) -> Task {
    task!({
        // One that has been waited for already has ended too.
        let _ = trap!(yield join(shell));
        trap!(yield shutdown(conn.fd(), Shutdown::Read)).or_else(unless_gone)
    })
}

/// Tells the shell, and what it has in the foreground, that the terminal hangs up, and waits until the shell has
/// ended; one that takes too long is killed.
fn hang_up(shell: Tid, master: Fd) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if trap!(yield try_wait(shell))?.is_some() {
            return Ok(());
        }
        let foreground = trap!(yield terminal(master))?.foreground;
        for group in [foreground, shell] {
            // Who is stopped must go on to hear of it. A group that is gone has heard enough.
            for signal in [Signal::Hup, Signal::Cont] {
                let _ = trap!(yield kill_group(group, signal));
            }
        }
        if timeout!(limits::HANG_UP_GRACE, { trap!(yield wait(shell)) }).is_err() {
            trap!(yield kill(shell, Signal::Kill))?;
            trap!(yield wait(shell))?;
        }
        Ok(())
    })
}

/// Types what comes at the terminal, until nothing more comes, or nothing has for too long.
fn type_in(conn: Socket, master: Fd, idle: Duration) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut telnet = Telnet::default();
        trap!(yield conn.send(GREETING.to_vec()))?;
        loop {
            let data = match timeout!(idle, { trap!(yield conn.recv(limits::READ_BYTES)) }) {
                Ok(data) => data?,
                Err(Elapsed) => return Ok(()),
            };
            if data.is_empty() {
                return Ok(());
            }
            let Received { typed, answer, size } = telnet.receive(&data);
            if let Some((columns, rows)) = size {
                trap!(yield resize_terminal(master, columns, rows))?;
            }
            if !answer.is_empty() {
                trap!(yield conn.send(answer))?;
            }
            if !typed.is_empty() && write_all!(master, typed.into()).is_err() {
                // Nobody has the terminal any more.
                return Ok(());
            }
        }
    })
}

/// Sends what the terminal shows, until nobody has it any more; then there is nothing more to type either.
fn show(master: Fd, conn: Socket) -> Task {
    task!({
        loop {
            match trap!(yield read(master, limits::PIECE_BYTES)) {
                Ok(data) if data.is_empty() => break,
                Ok(data) => {
                    if trap!(yield conn.send(escaped(&data))).is_err() {
                        break;
                    }
                }
                // The end of a terminal, as Unix has it.
                Err(Errno::EIO) => break,
                Err(errno) => return Err(errno),
            }
        }
        trap!(yield shutdown(conn.fd(), Shutdown::Both)).or_else(unless_gone)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script};

    #[test]
    fn it_listens_on_this_host_alone_unless_told_otherwise() {
        let script = [("tcp_listen(127.0.0.1:2323, 1024)", Reply::Err(Errno::EADDRINUSE))];
        let run = run_script(main(vec![]), script);
        assert_eq!(run.end, End::Returned(Err(Errno::EADDRINUSE)));
    }

    #[test]
    fn a_bound_of_none_is_refused() {
        assert_eq!(run(main(vec!["--max-connections=0".to_owned()])).end, End::Exited(2));
    }
}
