//! A server's accept loop: a task for each connection, a bound on how many, and patience when the
//! machine has no room.
//!
//! # Discussion: waiting for a peer and for children at once
//!
//! A server must hear of a peer that waits, and of a connection that has ended: at its bound, to take
//! the next; below it, to reap it. `wait_any` is the one wait for several things, so a peer is made
//! into the end of a child, too: the *bell*, which a *doorman* rings (kills) when `read_wait` on the
//! listener says that somebody is there. The bell itself waits for the end of its server, to take the
//! doorman along: the listener closes with the server, a round later, also when that is killed.
//!
//! Detached connections would need no reaping, and could be waited for one by one only (`join`).
//! Children that are reaped when the next peer comes would lie about as zombies until then.

use crate::{
    eprintln,
    limits::{ACCEPT_PAUSE, ACCEPT_QUIET},
    socket::Socket,
};
use alloc::sync::Arc;
use core::{fmt, net::SocketAddr};
use yieldix_syscalls::{
    Children, Errno, ExitStatus, Routine, Signal, Task, Tid, Time, call,
    calls::{gettid, join, kill, now, read_wait, sleep, spawn, try_wait, wait_any},
    routine, task, trap,
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
/// descriptors, tasks or memory, the server says so; it goes on as soon as one of its connections has
/// ended, or tries again every [`ACCEPT_PAUSE`], for as long as it takes: meanwhile peers wait in the
/// listener's queue. It says so once a shortage, which is over after [`ACCEPT_QUIET`] without. Peers
/// that went before they were taken are none of its business, however many. Any other error of
/// [`accept`](yieldix_syscalls::calls::accept) ends it.
///
/// Connections are children of the task that serves. It reaps all its children, others too.
pub fn serve<H, C>(listener: Socket, options: ServeOptions, handle: H) -> impl Routine<Result<(), Errno>>
where
    H: Fn(Socket, SocketAddr) -> C + Send,
    C: Routine<Result<(), Errno>> + 'static,
{
    routine!(move {
        let ServeOptions { name, connections_max } = options;
        let server = trap!(yield gettid())?;
        // Each connection's task holds a clone and drops it however it ends, killed or not; so the
        // count is right, whichever children the task has beside.
        let places = Arc::new(());
        let open = || Arc::strong_count(&places) - 1;
        let mut last_held_up: Option<Time> = None;
        loop {
            call!(until_a_peer_waits(listener, server))?;
            if open() >= connections_max {
                call!(complain(name, Obstacle::Full(open()), &mut last_held_up))?;
                while open() >= connections_max {
                    trap!(yield wait_any())?;
                }
                last_held_up = Some(trap!(yield now())?);
            }
            let errno = match trap!(yield listener.accept()) {
                Ok((socket, peer)) => {
                    let task = connection(handle(socket, peer), Arc::clone(&places));
                    let Err(errno) = trap!(yield spawn(task).pass(socket.fd())) else { continue };
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
            call!(complain(name, Obstacle::Refused(errno), &mut last_held_up))?;
            trap!(yield sleep(ACCEPT_PAUSE))?;
        }
    })
}

/// Waits until a peer does, and reaps what children end meanwhile.
fn until_a_peer_waits(listener: Socket, server: Tid) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if let Ok(bell) = trap!(yield spawn(bell(listener, server)).share(listener.fd())) {
            loop {
                match trap!(yield wait_any())? {
                    (child, ExitStatus::Killed(Signal::Term)) if child == bell => return Ok(()),
                    (child, _) if child == bell => break,
                    _ => {}
                }
            }
        }
        // The machine has no room for a bell or a doorman: the server stands at the door itself, and
        // reaps when it comes back.
        trap!(yield read_wait(listener.fd()))?;
        while let Ok(Some(_)) = trap!(yield try_wait(Children::Any)) {}
        Ok(())
    })
}

/// Has a doorman, and is ended by him when a peer waits; when its server ends, he goes.
fn bell(listener: Socket, server: Tid) -> Task {
    task!({
        let bell = trap!(yield gettid())?;
        let doorman = trap!(yield spawn(doorman(listener, bell)).pass(listener.fd()).detach())?;
        // A server that is gone already will do, too.
        let _ = trap!(yield join(server));
        trap!(yield kill(doorman, Signal::Term))
    })
}

/// Rings when a peer waits. A listener that fails is for the server to find out.
fn doorman(listener: Socket, bell: Tid) -> Task {
    task!({
        let _ = trap!(yield read_wait(listener.fd()));
        trap!(yield kill(bell, Signal::Term))
    })
}

/// Says that the server is held up, unless it was a moment ago.
fn complain(name: &'static str, obstacle: Obstacle, last: &mut Option<Time>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let now = trap!(yield now())?;
        if last.replace(now).is_none_or(|last| now.since(last) > ACCEPT_QUIET) {
            // A server whose standard error is gone still serves.
            let _ = eprintln!("{name}: cannot take a connection: {obstacle}; trying again");
        }
        Ok(())
    })
}

/// The task of one connection, which keeps its place taken.
fn connection(handler: impl Routine<Result<(), Errno>> + 'static, place: Arc<()>) -> Task {
    task!({
        let _place = place;
        call!(handler)
    })
}

/// Is this shortage likely to end by itself?
fn may_pass(errno: Errno) -> bool {
    matches!(errno, Errno::EMFILE | Errno::ENFILE | Errno::ENOBUFS | Errno::ENOMEM | Errno::EAGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script, step};
    use alloc::{
        boxed::Box,
        string::{String, ToString},
        vec::Vec,
    };
    use core::net::Ipv4Addr;
    use yieldix_syscalls::{Fd, Reply, Syscall};

    const LISTENER: Fd = Fd::new(3, 0);
    const SERVER: Tid = Tid::new(1, 1);
    const BELL: Tid = Tid::new(2, 2);
    const CONNECTION: Tid = Tid::new(3, 3);

    type Answered = (&'static str, Reply);

    fn server(connections_max: usize) -> Task {
        task!({
            let options = ServeOptions { name: "server", connections_max };
            call!(serve(Socket::from(LISTENER), options, handle))
        })
    }

    fn handle(socket: Socket, _peer: SocketAddr) -> impl Routine<Result<(), Errno>> {
        routine!(move { trap!(yield socket.close()) })
    }

    fn begun() -> Answered {
        ("gettid()", Reply::Tid(SERVER))
    }

    fn bell_hung() -> Answered {
        ("spawn_with(bell, [Share(Fd(3.0))])", Reply::Tid(BELL))
    }

    fn rung() -> Answered {
        ("wait_any()", Reply::exit(BELL, ExitStatus::Killed(Signal::Term)))
    }

    fn connection_ended() -> Answered {
        ("wait_any()", Reply::exit(CONNECTION, ExitStatus::Exited(0)))
    }

    fn accepted() -> Answered {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        ("accept(3)", Reply::Conn(Box::new((Fd::new(4, 0), peer))))
    }

    fn refused(errno: Errno) -> Answered {
        ("accept(3)", Reply::Err(errno))
    }

    fn spawned() -> Answered {
        ("spawn_with(handle, [Pass(Fd(4.0))])", Reply::Tid(CONNECTION))
    }

    fn at(seconds: u64) -> Answered {
        ("now()", Reply::Time(Time::from_nanos(seconds * 1_000_000_000)))
    }

    fn paused() -> Answered {
        ("sleep(100ms)", Reply::Unit)
    }

    /// A peer waits.
    fn a_peer() -> Vec<Answered> {
        [bell_hung(), rung()].into()
    }

    /// A peer comes and is served.
    fn a_connection() -> Vec<Answered> {
        [bell_hung(), rung(), accepted(), spawned()].into()
    }

    /// A peer comes, and the server has no descriptor for it.
    fn a_shortage(seconds: u64) -> Vec<Answered> {
        [bell_hung(), rung(), refused(Errno::EMFILE), at(seconds), paused()].into()
    }

    /// What a server does that is not full, and the last thing that it asks.
    fn serves(script: impl IntoIterator<Item = Vec<Answered>>) -> (String, End) {
        let script = [begun()].into_iter().chain(script.into_iter().flatten());
        let run = run_script(server(10), script);
        (run.errors, run.end)
    }

    fn waits_for_a_peer() -> End {
        End::Asks(bell_hung().0.into())
    }

    #[test]
    fn a_connection_is_passed_to_a_task_of_its_own() {
        assert_eq!(serves([a_connection(), a_connection()]), (String::new(), waits_for_a_peer()));
    }

    #[test]
    fn connections_that_end_are_reaped_while_no_peer_waits() {
        let quiet = [bell_hung(), connection_ended(), connection_ended()].into();
        assert_eq!(serves([a_connection(), quiet]), (String::new(), End::Asks("wait_any()".into())));
    }

    #[test]
    fn without_room_for_a_bell_the_server_stands_at_the_door_itself() {
        let itself = || [("read_wait(3)", Reply::Unit), ("try_wait(Any)", Reply::Nobody), accepted(), spawned()];
        let no_bell = [(bell_hung().0, Reply::Err(Errno::EAGAIN))].into_iter().chain(itself()).collect();
        let failed = Reply::exit(BELL, ExitStatus::Exited(1));
        let no_doorman = [bell_hung(), ("wait_any()", failed)].into_iter().chain(itself()).collect();
        assert_eq!(serves([no_bell, no_doorman]), (String::new(), waits_for_a_peer()));
    }

    #[test]
    fn a_server_without_descriptors_says_so_once_pauses_and_tries_again() {
        let complaint = "server: cannot take a connection: EMFILE: too many open files in this task or process; \
                         trying again\n";
        assert_eq!(serves([a_shortage(1), a_shortage(1), a_connection()]), (complaint.into(), waits_for_a_peer()));
    }

    #[test]
    fn each_shortage_is_told_anew() {
        let told = |first, second| {
            let (errors, _) = serves([a_shortage(first), a_connection(), a_shortage(second)]);
            errors.lines().count()
        };
        assert_eq!(told(1, 11), 1);
        assert_eq!(told(1, 12), 2);
    }

    #[test]
    fn a_connection_without_a_task_is_closed() {
        let no_task = ("spawn_with(handle, [Pass(Fd(4.0))])", Reply::Err(Errno::EAGAIN));
        let unserved = [accepted(), no_task, ("close(4)", Reply::Unit), at(1), paused()].into();
        let (errors, end) = serves([a_peer(), unserved]);
        assert_eq!((errors.lines().count(), end), (1, waits_for_a_peer()));
    }

    #[test]
    fn peers_that_went_while_they_waited_are_passed_over() {
        let went = || [refused(Errno::ECONNABORTED)].into();
        let script = [a_peer(), went(), a_peer(), went(), a_connection()];
        assert_eq!(serves(script), (String::new(), waits_for_a_peer()));
    }

    #[test]
    fn a_listener_that_is_gone_ends_the_server() {
        let gone = || Reply::Err(Errno::EBADF);
        let before = [(bell_hung().0, gone()), ("read_wait(3)", gone())].into();
        let ended = (String::new(), End::Returned(Err(Errno::EBADF)));
        assert_eq!(serves([before]), ended);
        assert_eq!(serves([a_peer(), [refused(Errno::EBADF)].into()]), ended);
    }

    /// Answers what a server asks, which must be this, and gives what it asks then.
    fn answer(server: &mut Task, asked: &Syscall, (expected, reply): Answered) -> Syscall {
        assert_eq!(asked.to_string(), expected);
        step(server, reply)
    }

    #[test]
    fn a_full_server_is_quiet_until_a_peer_waits_and_then_waits_for_a_connection_to_end() {
        let mut server = server(1);
        let mut asked = step(&mut server, Reply::Unit);
        for answered in [begun(), bell_hung(), rung(), accepted()] {
            asked = answer(&mut server, &asked, answered);
        }
        let Syscall::SpawnWith { request } = asked else { panic!("no spawn") };
        asked = step(&mut server, spawned().1);
        // Full, and nobody waits: not a word.
        for answered in [bell_hung(), rung(), at(1)] {
            asked = answer(&mut server, &asked, answered);
        }
        let Syscall::Write { fd: Fd::STDERR, data } = asked else { panic!("not said") };
        assert_eq!(&*data, b"server: cannot take a connection: all 1 places are taken; trying again\n");
        asked = step(&mut server, Reply::Count(data.len() as u64));
        // Another child's end frees no place.
        asked = answer(&mut server, &asked, connection_ended());
        // The connection's task goes, and its place with it, whether it ended or was killed.
        drop(request);
        for answered in [connection_ended(), at(20), accepted(), spawned(), bell_hung(), rung()] {
            asked = answer(&mut server, &asked, answered);
        }
        assert_eq!(asked.to_string(), accepted().0);
    }

    #[test]
    fn the_doorman_rings_when_a_peer_waits_or_the_listener_fails() {
        for reply in [Reply::Unit, Reply::Err(Errno::EBADF)] {
            let script = [("read_wait(3)", reply), ("kill(2, SIGTERM)", Reply::Unit)];
            assert_eq!(run_script(doorman(Socket::from(LISTENER), BELL), script).end, End::Returned(Ok(())));
        }
    }

    #[test]
    fn the_bell_takes_the_doorman_along_when_its_server_ends() {
        for reply in [Reply::exit(SERVER, ExitStatus::Killed(Signal::Kill)), Reply::Err(Errno::ESRCH)] {
            let script = [
                ("gettid()", Reply::Tid(BELL)),
                ("spawn_with(doorman, [Pass(Fd(3.0))])", Reply::Tid(CONNECTION)),
                ("join(1)", reply),
                ("kill(3, SIGTERM)", Reply::Unit),
            ];
            assert_eq!(run_script(bell(Socket::from(LISTENER), SERVER), script).end, End::Returned(Ok(())));
        }
    }
}
