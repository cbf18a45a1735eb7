//! A server's accept loop: a detached task for each connection, a bound on how many, and patience
//! when the machine has no room or a peer is gone.

use crate::{
    eprintln,
    limits::{ACCEPT_PAUSE, ACCEPT_QUIET, DISCARD_BYTES_MAX, READ_BYTES},
    socket::Socket,
};
use alloc::sync::Arc;
use core::{fmt, net::SocketAddr};
use yieldix_syscalls::{
    Errno, Routine, Shutdown, Task, Time,
    calls::{now, read_wait, shutdown, sleep, spawn},
    routine, trap,
};

/// How to serve.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Who complains on standard error.
    pub name: &'static str,
    /// Connections at a time; more wait to be accepted.
    pub connections_max: usize,
}

/// Why no connection is taken just now.
enum Obstacle {
    /// As many are open as may be, and a peer waits.
    Full(usize),
    /// The machine refused.
    Refused(Errno),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::Full(connections) => write!(f, "all {connections} places are taken"),
            Obstacle::Refused(errno) => write!(f, "{errno}"),
        }
    }
}

/// Accepts connections for ever, and runs what `handle` makes of each in a task of its own, which
/// owns the connection.
///
/// Where a peer waits and cannot be taken, because the bound is reached or the machine is out of
/// descriptors, tasks or memory, the server says so, waits [`ACCEPT_PAUSE`] and tries again, for as
/// long as it takes: meanwhile peers wait in the listener's queue. It says so once a shortage, which
/// is over after [`ACCEPT_QUIET`] without. Peers that went before they were taken are none of its
/// business, however many. Any other error of
/// [`accept`](yieldix_syscalls::calls::accept) ends it.
pub fn serve<H, C>(listener: Socket, options: ServeOptions, handle: H) -> impl Routine<Result<(), Errno>>
where
    H: Fn(Socket, SocketAddr) -> C + Send,
    C: Routine<Result<(), Errno>> + 'static,
{
    routine!(move {
        // Each connection's task holds a clone and drops it however it ends, killed or not; so the
        // count is right without a wait, which a detached task could not be given.
        let places = Arc::new(());
        let mut last_held_up: Option<Time> = None;
        let open = || Arc::strong_count(&places) - 1;
        loop {
            if open() >= options.connections_max {
                // While nobody waits there is nothing to complain of, and no reason to wake.
                trap!(yield read_wait(listener.fd()))?;
            }
            let obstacle = if open() >= options.connections_max {
                Obstacle::Full(open())
            } else {
                let errno = match trap!(yield listener.accept()) {
                    Ok((socket, peer)) => {
                        let task = Task::keeping(Arc::clone(&places), handle(socket, peer));
                        let Err(errno) = trap!(yield spawn(task).pass(socket.fd()).detach()) else { continue };
                        trap!(yield socket.close())?;
                        errno
                    }
                    // Those connections are gone, and the queue is shorter by them: nothing to wait for.
                    Err(Errno::ECONNABORTED) => continue,
                    Err(errno) => errno,
                };
                if !may_pass(errno) {
                    return Err(errno);
                }
                Obstacle::Refused(errno)
            };
            let now = trap!(yield now())?;
            if last_held_up.replace(now).is_none_or(|last| now.since(last) > ACCEPT_QUIET) {
                // A server whose standard error is gone still serves.
                let _ = eprintln!("{}: cannot take a connection: {obstacle}; trying again", options.name);
            }
            trap!(yield sleep(ACCEPT_PAUSE))?;
        }
    })
}

/// Is this shortage likely to end by itself?
fn may_pass(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM | Errno::EAGAIN)
}

/// Tells the peer that nothing more will come, and reads on until it has heard all: a connection that is
/// closed with bytes unread is reset, and what was sent last is lost. Of a peer that goes on sending, no
/// more than [`DISCARD_BYTES_MAX`] are read.
pub fn hang_up(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        trap!(yield shutdown(conn.fd(), Shutdown::Write))?;
        let mut discarded = 0;
        while discarded < DISCARD_BYTES_MAX {
            match trap!(yield conn.recv(READ_BYTES))?.len() {
                0 => break,
                count => discarded += count,
            }
        }
        Ok(())
    })
}

/// A peer that vanishes is a server's daily life, and no failure of its task.
pub fn unless_gone(errno: Errno) -> Result<(), Errno> {
    match errno {
        Errno::ECONNRESET | Errno::EPIPE | Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::ENETUNREACH => Ok(()),
        errno => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script, step};
    use alloc::{boxed::Box, string::ToString, vec};
    use core::net::Ipv4Addr;
    use yieldix_syscalls::{Buf, Fd, Reply, Syscall, Tid, call, task};

    const LISTENER: Fd = Fd::new(3, 0);

    fn server(connections_max: usize) -> Task {
        task!({
            let options = ServeOptions { name: "server", connections_max };
            call!(serve(Socket::from(LISTENER), options, handle))
        })
    }

    fn handle(socket: Socket, _peer: SocketAddr) -> impl Routine<Result<(), Errno>> {
        routine!(move { trap!(yield socket.close()) })
    }

    fn accepted() -> (&'static str, Reply) {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        ("accept(3)", Reply::Conn(Box::new((Fd::new(4, 0), peer))))
    }

    fn refused(errno: Errno) -> (&'static str, Reply) {
        ("accept(3)", Reply::Err(errno))
    }

    fn spawned() -> (&'static str, Reply) {
        ("spawn_with(handle, [pass 4])", Reply::Tid(Tid::new(2, 2)))
    }

    fn at(seconds: u64) -> (&'static str, Reply) {
        ("now()", Reply::Time(Time::from_nanos(seconds * 1_000_000_000)))
    }

    fn paused() -> (&'static str, Reply) {
        ("sleep(100ms)", Reply::Unit)
    }

    fn asks(what: &str) -> End {
        End::Asks(what.into())
    }

    #[test]
    fn a_connection_is_passed_to_a_task_of_its_own() {
        let run = run_script(server(10), [accepted(), spawned(), accepted(), spawned()]);
        assert_eq!((run.errors.as_str(), run.end), ("", asks("accept(3)")));
    }

    #[test]
    fn a_server_without_descriptors_says_so_once_pauses_and_tries_again() {
        let out_of_files = || refused(Errno::EMFILE);
        let script = [out_of_files(), at(1), paused(), out_of_files(), at(1), paused(), accepted(), spawned()];
        let run = run_script(server(10), script);
        let complaint = "server: cannot take a connection: EMFILE: too many open files in this task or process; \
                         trying again\n";
        assert_eq!((run.errors.as_str(), run.end), (complaint, asks("accept(3)")));
    }

    fn hanging_up() -> Task {
        task!({ call!(hang_up(Socket::from(Fd::new(3, 0)))) })
    }

    #[test]
    fn hanging_up_reads_until_the_peer_has_gone() {
        let came = |bytes| ("recv(3, 4096)", Reply::Buf(Buf::from(bytes)));
        let script = [("shutdown(3, write)", Reply::Unit), came("more"), came("")];
        assert_eq!(run_script(hanging_up(), script).end, End::Returned(Ok(())));
    }

    #[test]
    fn hanging_up_on_a_peer_that_goes_on_sending_ends() {
        let most = vec![0; READ_BYTES as usize];
        let reads = DISCARD_BYTES_MAX / most.len();
        let script = core::iter::once(("shutdown(3, write)", Reply::Unit))
            .chain((0..reads).map(|_| ("recv(3, 4096)", Reply::Buf(Buf::copy_from(&most)))));
        assert_eq!(run_script(hanging_up(), script).end, End::Returned(Ok(())));
    }

    #[test]
    fn each_shortage_is_told_anew() {
        let shortage = |seconds| [refused(Errno::ENFILE), at(seconds), paused()];
        let told = |[a, b, c]: [_; 3], [d, e, f]: [_; 3]| {
            run_script(server(10), [a, b, c, accepted(), spawned(), d, e, f]).errors.lines().count()
        };
        assert_eq!(told(shortage(1), shortage(11)), 1);
        assert_eq!(told(shortage(1), shortage(12)), 2);
    }

    #[test]
    fn a_connection_without_a_task_is_closed() {
        let no_task = ("spawn_with(handle, [pass 4])", Reply::Err(Errno::EAGAIN));
        let run = run_script(server(10), [accepted(), no_task, ("close(4)", Reply::Unit), at(1), paused()]);
        assert_eq!((run.errors.lines().count(), run.end), (1, asks("accept(3)")));
    }

    #[test]
    fn peers_that_went_while_they_waited_are_passed_over() {
        let went = || refused(Errno::ECONNABORTED);
        let run = run_script(server(10), [went(), went(), accepted(), spawned()]);
        assert_eq!((run.errors.as_str(), run.end), ("", asks("accept(3)")));
    }

    #[test]
    fn a_listener_that_is_gone_ends_the_server() {
        let run = run_script(server(10), [refused(Errno::EBADF)]);
        assert_eq!((run.errors.as_str(), run.end), ("", End::Returned(Err(Errno::EBADF))));
    }

    #[test]
    fn a_full_server_waits_for_a_peer_and_then_until_a_connection_has_ended() {
        let mut server = server(1);
        assert_eq!(step(&mut server, Reply::Unit).to_string(), accepted().0);
        let Syscall::SpawnWith { request } = step(&mut server, accepted().1) else { panic!("no spawn") };
        assert_eq!(step(&mut server, spawned().1).to_string(), "read_wait(3)");
        assert_eq!(step(&mut server, Reply::Unit).to_string(), at(1).0);
        let Syscall::Write { fd: Fd::STDERR, data } = step(&mut server, at(1).1) else { panic!("not said") };
        assert_eq!(&*data, b"server: cannot take a connection: all 1 places are taken; trying again\n");
        assert_eq!(step(&mut server, Reply::Count(data.len() as u64)).to_string(), paused().0);
        assert_eq!(step(&mut server, Reply::Unit).to_string(), "read_wait(3)");
        // The connection's task goes, and its place with it, whether it ended or was killed.
        drop(request);
        assert_eq!(step(&mut server, Reply::Unit).to_string(), accepted().0);
    }
}
