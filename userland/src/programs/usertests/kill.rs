//! Tests of killing: whoever it is and whatever it waits on, it is gone when `kill` returns.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_task_killed_before_its_first_turn_never_runs,
    a_sleeper_is_killed,
    a_joiner_is_killed,
    a_waiting_parent_is_killed,
    an_acceptor_is_killed,
    a_receiver_is_killed,
    a_sender_is_killed,
    a_kill_has_run_destructors,
    a_kill_unwinds_every_subroutine,
    a_task_kills_itself,
    a_task_kills_itself_from_a_subroutine,
    a_zombie_keeps_its_status,
    a_kill_of_nobody_is_refused,
    init_is_protected,
    some_signals_do_nothing,
];

/// Spawns `victim` with `fds`, waits until it is blocked, kills it, reaps it.
fn dies_blocked(victim: Call<Spawned>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let victim = trap!(yield victim)?;
        call!(until_blocked(victim))?;
        trap!(yield kill(victim, Signal::Term))?;
        assert_eq!(trap!(yield wait(victim))?, ExitStatus::Killed(Signal::Term));
        Ok(())
    })
}

fn a_task_killed_before_its_first_turn_never_runs() -> Task {
    task!({
        let order = Order::default();
        let held = Held::default();
        let (seen, handle) = (order.clone(), held.handle());
        let child = trap!(
            yield spawn(task!({
                let _handle = handle;
                order.next();
                Ok(())
            }))
            .quantum(1)
        )?;
        trap!(yield kill(child, Signal::Kill))?;
        assert_eq!(held.count(), 0);
        let status = trap!(yield wait(child))?;
        // At a quantum of one, spawn ended our turn and it has run.
        assert!(seen.count() == 1 || status == ExitStatus::Killed(Signal::Kill), "{status}");
        Ok(())
    })
}

fn a_sleeper_is_killed() -> Task {
    task!({ call!(dies_blocked(spawn(sleeper()))) })
}

fn a_joiner_is_killed() -> Task {
    task!({
        let target = trap!(yield spawn(sleeper()))?;
        call!(dies_blocked(spawn(task!({ trap!(yield join(target)).map(drop) }))))?;
        trap!(yield kill(target, Signal::Kill))?;
        trap!(yield wait(target))?;
        Ok(())
    })
}

fn a_waiting_parent_is_killed() -> Task {
    task!({
        let parent = task!({
            trap!(yield spawn(sleeper()).name("bereft"))?;
            trap!(yield wait_any()).map(drop)
        });
        call!(dies_blocked(spawn(parent)))?;
        // Its child lives on, until we end it.
        let all = trap!(yield tasks())?;
        let bereft = all.iter().find(|task| &*task.name == "bereft").ok_or(Errno::ESRCH)?;
        trap!(yield kill(bereft.tid, Signal::Kill))
    })
}

fn an_acceptor_is_killed() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let fd = listener.fd();
        call!(dies_blocked(spawn(task!({ trap!(yield accept(fd)).map(drop) })).share(fd)))?;
        // The dead are out of the queue: the next to wait is the next to be served.
        let near = trap!(yield Socket::connect(address))?;
        let (far, _) = trap!(yield listener.accept())?;
        for socket in [near, far, listener] {
            trap!(yield socket.close())?;
        }
        Ok(())
    })
}

fn a_receiver_is_killed() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let fd = near.fd();
        call!(dies_blocked(spawn(task!({ trap!(yield recv(fd, 1)).map(drop) })).share(fd)))?;
        trap!(yield far.send("x"))?;
        assert_eq!(&*trap!(yield near.recv(1))?, b"x");
        Ok(())
    })
}

fn a_sender_is_killed() -> Task {
    task!({
        let (near, _far) = call!(connection())?;
        let fd = near.fd();
        // Nobody receives, so at some point there is no more room.
        let sender = task!({
            loop {
                trap!(yield send_all(fd, vec![0; 1 << 20]))?;
            }
        });
        call!(dies_blocked(spawn(sender).share(fd)))
    })
}

fn a_kill_has_run_destructors() -> Task {
    task!({
        let held = Held::default();
        let handle = held.handle();
        let victim = trap!(
            yield spawn(task!({
                let _handle = handle;
                trap!(yield sleep(Duration::MAX))
            }))
        )?;
        call!(until_blocked(victim))?;
        assert_eq!(held.count(), 1);
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(held.count(), 0);
        trap!(yield wait(victim))?;
        Ok(())
    })
}

fn a_kill_unwinds_every_subroutine() -> Task {
    const DEPTH: usize = 10;
    fn descend(levels: usize, held: alloc::sync::Arc<Held>) -> core::pin::Pin<Box<dyn Routine<Result<(), Errno>>>> {
        Box::pin(routine!(move {
            let _handle = held.handle();
            if levels > 1 {
                trap!(yield subroutine(descend(levels - 1, held)))
            } else {
                drop(held);
                trap!(yield sleep(Duration::MAX))
            }
        }))
    }
    task!({
        let held = alloc::sync::Arc::new(Held::default());
        let order = Order::default();
        let (inside, survived) = (alloc::sync::Arc::clone(&held), order.clone());
        let victim = trap!(
            yield spawn(task!({
                let result = trap!(yield subroutine(descend(DEPTH, inside)));
                survived.next();
                result
            }))
        )?;
        call!(until_blocked(victim))?;
        assert_eq!(held.count(), DEPTH);
        trap!(yield kill(victim, Signal::Kill))?;
        assert_eq!(held.count(), 0);
        assert_eq!(trap!(yield wait(victim))?, ExitStatus::Killed(Signal::Kill));
        assert_eq!(order.count(), 0);
        Ok(())
    })
}

fn a_task_kills_itself() -> Task {
    task!({
        let order = Order::default();
        let survived = order.clone();
        let suicide = trap!(
            yield spawn(task!({
                let own = trap!(yield gettid())?;
                trap!(yield kill(own, Signal::Int))?;
                survived.next();
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(suicide))?, ExitStatus::Killed(Signal::Int));
        assert_eq!(order.count(), 0);
        Ok(())
    })
}

fn a_task_kills_itself_from_a_subroutine() -> Task {
    fn inside() -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let own = trap!(yield gettid())?;
            trap!(yield kill(own, Signal::Kill))
        })
    }
    task!({
        let order = Order::default();
        let survived = order.clone();
        let suicide = trap!(
            yield spawn(task!({
                let _ = trap!(yield subroutine(inside()));
                survived.next();
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(suicide))?, ExitStatus::Killed(Signal::Kill));
        assert_eq!(order.count(), 0);
        Ok(())
    })
}

fn a_zombie_keeps_its_status() -> Task {
    task!({
        let child = trap!(yield spawn(exits(5)))?;
        trap!(yield join(child))?;
        for _ in 0..2 {
            assert_eq!(trap!(yield kill(child, Signal::Kill)), Ok(()));
        }
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(5));
        Ok(())
    })
}

fn a_kill_of_nobody_is_refused() -> Task {
    task!({
        let child = trap!(yield spawn(exits(0)))?;
        trap!(yield wait(child))?;
        for nobody in [child, Tid::NONE, Tid::from_serial(Tid::SERIAL_MAX)] {
            assert_eq!(trap!(yield kill(nobody, Signal::Kill)), Err(Errno::ESRCH));
        }
        Ok(())
    })
}

fn init_is_protected() -> Task {
    task!({
        let all = trap!(yield tasks())?;
        let init = all.first().ok_or(Errno::ESRCH)?;
        // Without an init the first task is one of us, and would die of this.
        assert_eq!(&*init.name, "init");
        assert_eq!(trap!(yield kill(init.tid, Signal::Kill)), Err(Errno::EPERM));
        Ok(())
    })
}

fn some_signals_do_nothing() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        for signal in [Signal::Chld, Signal::Cont] {
            trap!(yield kill(child, signal))?;
            assert_eq!(trap!(yield try_wait(child))?, None);
        }
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}
