//! What a task may do wrong, and what is answered to it: nothing stale, and never to another.

use crate::{SEED, Trail, WELL, common::*, connection, passes, short_lived};
use std::net::SocketAddr;
use yieldix::{
    TaskStatus,
    syscalls::{calls::*, *},
};

/// Asks for its number, then yields twice; each time the answer must be that of the last trap.
fn asks_then_yields() -> Task {
    task!({
        let reply = yield Syscall::GetTid.into();
        assert!(matches!(reply, Reply::Tid(_)), "{reply:?}");
        for _ in 0..2 {
            let reply = yield Syscall::YieldNow.into();
            assert!(matches!(reply, Reply::Unit), "{reply:?}");
        }
        Ok(())
    })
}

#[test]
fn edge_14_a_bare_yield_is_answered_with_nothing() {
    passes(asks_then_yields());
}

#[test]
fn edge_14_a_bare_yield_is_answered_with_nothing_when_nobody_watches_too() {
    // These two calls have a way of their own while the kernel is not observed.
    let machine = crate::common::machine().task(asks_then_yields()).simulate(SEED).checked(false);
    assert_eq!(machine.boot().unwrap(), WELL);
}

#[test]
fn edge_14_a_wait_for_io_is_answered_with_nothing() {
    passes(task!({
        let (ours, theirs) = call!(connection())?;
        trap!(yield spawn(task!({ Ok(trap!(yield send_all(ours, "x"))?) })).pass(ours))?;
        trap!(yield gettid())?;
        let reply = yield Syscall::ReadWait { fd: theirs }.into();
        assert!(matches!(reply, Reply::Unit), "{reply:?}");
        Ok(())
    }));
}

fn panics() -> Task {
    task!({
        trap!(yield yield_now())?;
        panic!("out of cheese")
    })
}

#[test]
fn edge_15_a_panic_ends_its_task_only() {
    let seen = passes(task!({
        let faulty = trap!(yield spawn(panics()))?;
        let other = trap!(yield spawn(short_lived(5, 7)))?;
        assert_eq!(trap!(yield wait(faulty))?, ExitStatus::Panicked("out of cheese".into()));
        assert_eq!(trap!(yield wait(other))?, ExitStatus::Exited(7));
        Ok(())
    }));
    let faults = seen.events_of(|event| match event {
        Seen::Faulted { tid, panic } => Some((*tid, panic.clone())),
        _ => None,
    });
    assert_eq!(faults, [(2, "out of cheese".to_owned())]);
}

#[test]
fn edge_15_a_panic_costs_nobody_a_turn() {
    let seen = passes(task!({
        trap!(yield spawn(short_lived(2, 0)))?;
        trap!(yield spawn(panics()))?;
        trap!(yield spawn(short_lived(2, 0)))?;
        Ok(())
    }));
    assert_eq!(seen.chosen(), [1, 2, 3, 4, 2, 3, 4, 2, 4]);
}

#[test]
fn edge_15_a_panic_runs_the_destructors_of_its_task() {
    let trail = Trail::default();
    let body = trail.clone();
    passes(task!({
        let faulty = trap!(
            yield spawn(task!({
                let _held = body.on_drop("destructor");
                trap!(yield yield_now())?;
                panic!("out of cheese")
            }))
        )?;
        trap!(yield wait(faulty))?;
        Ok(())
    }));
    assert_eq!(trail.notes(), ["destructor"]);
}

#[test]
fn edge_15_a_task_that_fails_exits_with_1() {
    passes(task!({
        let child = trap!(yield spawn(task!({ Err(Errno::EIO) })))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(1));
        Ok(())
    }));
}

/// Says hello to the echo server, and resets the connection without hearing the answer.
fn rude_client(server: SocketAddr) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(server))?;
        trap!(yield set_option(conn, SocketOption::Linger(Some(0))))?;
        trap!(yield send_all(conn, "hello"))?;
        trap!(yield close(conn))
    })
}

fn polite_client(server: SocketAddr) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(server))?;
        trap!(yield send_all(conn, "hello"))?;
        assert_eq!(&*trap!(yield recv(conn, 64))?, b"hello");
        trap!(yield close(conn))
    })
}

#[test]
fn edge_15_a_client_that_resets_ends_its_handler_and_not_the_server() {
    let (mut running, seen) = boot(program("echoserver", &[]));
    running.run_until_blocked();
    let server = SocketAddr::from(([127, 0, 0, 1], 45000));
    let rude = running.spawn(rude_client(server)).unwrap();
    let mut steps = 0..10_000;
    while seen.exits().len() < 2 {
        steps.next().expect("the client and its handler end");
        running.step();
    }
    assert_eq!(running.status(rude), TaskStatus::Ended(ExitStatus::Exited(0)));
    let handler = seen.exits()[1].clone();
    assert_eq!(handler, (3, ExitStatus::Exited(1)));
    let polite = running.spawn(polite_client(server)).unwrap();
    while running.status(polite) == TaskStatus::Running {
        steps.next().expect("the client is served");
        running.step();
    }
    assert_eq!(seen.exits()[2], (4, ExitStatus::Exited(0)));
}

fn refuse() -> impl Routine<Result<u64, Errno>> {
    routine!(move {
        trap!(yield yield_now())?;
        Err(Errno::EACCES)
    })
}

#[test]
fn edge_16_an_error_of_a_subroutine_is_its_callers_to_handle() {
    passes(task!({
        assert_eq!(trap!(yield subroutine(refuse())), Err(Errno::EACCES));
        Ok(())
    }));
}

#[test]
fn edge_16_an_error_of_a_subroutine_within_its_caller_is_the_callers_to_handle() {
    passes(task!({
        assert_eq!(call!(refuse()), Err(Errno::EACCES));
        Ok(())
    }));
}

#[test]
fn edge_16_a_panic_in_a_subroutine_ends_its_task_only() {
    let trail = Trail::default();
    let body = trail.clone();
    fn explode() -> impl Routine<Result<(), Errno>> {
        routine!(move {
            trap!(yield yield_now())?;
            panic!("deep down")
        })
    }
    passes(task!({
        let faulty = trap!(
            yield spawn(task!({
                let _held = body.on_drop("caller");
                let result = trap!(yield subroutine(explode()));
                body.note("caller goes on");
                result
            }))
        )?;
        assert_eq!(trap!(yield wait(faulty))?, ExitStatus::Panicked("deep down".into()));
        Ok(())
    }));
    assert_eq!(trail.notes(), ["caller"]);
}

#[test]
fn edge_17_a_bad_descriptor_is_ebadf_and_the_task_goes_on() {
    passes(task!({
        let nothing = Fd::new(42, 1);
        assert_eq!(trap!(yield read_wait(nothing)), Err(Errno::EBADF));
        assert_eq!(trap!(yield write_wait(nothing)), Err(Errno::EBADF));
        assert_eq!(trap!(yield read(nothing, 1)), Err(Errno::EBADF));
        assert_eq!(trap!(yield accept(nothing)), Err(Errno::EBADF));
        assert_eq!(trap!(yield close(nothing)), Err(Errno::EBADF));
        assert_eq!(trap!(yield spawn(short_lived(0, 0)).pass(nothing)), Err(Errno::EBADF));
        Ok(())
    }));
}

#[test]
fn edge_17_a_bad_argument_is_einval_and_the_task_goes_on() {
    passes(task!({
        assert_eq!(trap!(yield getrandom(u32::MAX)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield spawn(short_lived(0, 0)).quantum(0)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield deadline_pop(ScopeId(9))), Err(Errno::EINVAL));
        Ok(())
    }));
}

#[test]
fn edge_19_a_call_that_is_not_built_is_enosys_and_the_task_goes_on() {
    let seen = passes(task!({
        assert_eq!(trap!(yield set_name("x")), Err(Errno::ENOSYS));
        assert_eq!(trap!(yield driver_call(Fd::STDOUT, 0, "")), Err(Errno::ENOSYS));
        assert_eq!(trap!(yield pledge(0)), Err(Errno::ENOSYS));
        Ok(())
    }));
    assert_eq!(seen.turns_of(1), 1);
}
