//! The machine as a library: started, stepped, asked from other threads, ended.

#![feature(coroutines)]

mod common;

use std::{net::TcpStream, sync::mpsc, time::Duration};
use yieldix::{
    BootError, Console, Ended, HandleError, Machine, MemoryConsole, TaskStatus, Work,
    syscalls::{calls::*, *},
};

/// Sleeps for an hour of whatever time there is.
fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::from_secs(3600))) })
}

/// Waits for a connection that says by itself when to go on.
fn doorman(listening: mpsc::Sender<std::net::SocketAddr>) -> Task {
    task!({
        let listener = trap!(yield tcp_listen(([127, 0, 0, 1], 0).into(), 8))?;
        let address = trap!(yield local_addr(listener))?;
        listening.send(address).map_err(|_| Errno::EPIPE)?;
        trap!(yield accept(listener))?;
        Ok(())
    })
}

fn code(code: i32) -> Task {
    task!({ trap!(yield exit(code)) })
}

fn simulated() -> Machine {
    common::machine().simulate(7).console(Console::Memory(MemoryConsole::new()))
}

fn on_the_host() -> Machine {
    common::machine().console(Console::Memory(MemoryConsole::new()))
}

#[test]
fn a_machine_ends_with_the_status_of_its_first_task() {
    assert_eq!(simulated().task(code(3)).boot().unwrap(), Ended::Finished(ExitStatus::Exited(3)));
}

#[test]
fn nothing_to_boot_and_unknown_programs_are_named() {
    assert!(matches!(common::machine().boot(), Err(BootError::NothingToBoot)));
    let unknown = common::machine().program("nosuch", [""; 0]).boot();
    assert!(matches!(unknown, Err(BootError::UnknownProgram(name)) if name == "nosuch"));
}

#[test]
fn two_programs_of_one_name_are_refused() {
    let twin = Program::new("twin", Group::Other, "one of two", |_| code(0));
    let booted = common::machine().programs(&[twin, twin]).program("twin", [""; 0]).boot();
    assert!(matches!(booted, Err(BootError::DuplicateProgram("twin"))));
}

#[test]
fn a_step_is_a_round_and_a_blocked_machine_says_so() {
    let mut running = simulated().task(sleeper()).start().unwrap();
    assert_eq!(running.run_until_blocked(), Work::Waiting);
    let tasks = running.tasks();
    assert!(matches!(tasks[0].state, TaskState::Blocked(WaitsOn::Sleep(_))), "{tasks:?}");
    assert_eq!(running.stats().timers, 1);
    assert_eq!(running.step(), Work::Waiting);
}

#[test]
fn tasks_can_be_added_killed_and_asked_about() {
    let mut running = simulated().task(sleeper()).start().unwrap();
    let tid = running.spawn(sleeper()).unwrap();
    running.run_until_blocked();
    assert_eq!(running.status(tid), TaskStatus::Running);
    running.kill(tid, Signal::Usr1).unwrap();
    running.check();
    assert_eq!(running.status(tid), TaskStatus::Ended(ExitStatus::Killed(Signal::Usr1)));
    assert_eq!(running.status(tid), TaskStatus::Unknown);
    assert_eq!(running.kill(tid, Signal::Usr1), Err(Errno::ESRCH));
}

#[test]
fn a_shutdown_ends_all_and_says_the_same_again() {
    let mut running = simulated().task(sleeper()).start().unwrap();
    running.spawn(sleeper()).unwrap();
    running.run_until_blocked();
    assert_eq!(running.shutdown(), Ended::ShutDown);
    assert_eq!(running.shutdown(), Ended::ShutDown);
    assert_eq!(running.stats().tasks, 0);
    assert_eq!(running.spawn(sleeper()), Err(Errno::ESRCH));
}

#[test]
fn a_handle_keeps_the_machine_and_ends_it_from_another_thread() {
    let mut running = on_the_host().task(code(0)).start().unwrap();
    let handle = running.handle();
    let asker = std::thread::spawn(move || {
        let tid = handle.spawn(code(9)).unwrap();
        let status = loop {
            match handle.status(tid).unwrap() {
                TaskStatus::Running => std::thread::yield_now(),
                status => break status,
            }
        };
        let blocked = handle.spawn(sleeper()).unwrap();
        handle.kill(blocked, Signal::Term).unwrap();
        let killed = handle.status(blocked).unwrap();
        handle.shutdown().unwrap();
        (status, killed, handle)
    });
    assert_eq!(running.run(), Ended::ShutDown);
    let (status, killed, handle) = asker.join().unwrap();
    assert_eq!(status, TaskStatus::Ended(ExitStatus::Exited(9)));
    assert_eq!(killed, TaskStatus::Ended(ExitStatus::Killed(Signal::Term)));
    assert_eq!(handle.spawn(code(0)), Err(HandleError::Ended));
}

#[test]
fn a_handle_on_the_machines_own_thread_is_refused_by_name() {
    let mut running = simulated().task(sleeper()).start().unwrap();
    let handle = running.handle();
    assert_eq!(handle.spawn(code(0)), Err(HandleError::OwnThread));
    handle.shutdown().unwrap();
    assert_eq!(running.run_until_blocked(), Work::Over);
    assert_eq!(handle.spawn(code(0)), Err(HandleError::Ended));
}

#[test]
fn who_asks_a_machine_that_was_stepped_to_its_end_is_told() {
    let mut running = on_the_host().task(sleeper()).start().unwrap();
    let handle = running.handle();
    let asker = std::thread::spawn(move || {
        handle.shutdown().unwrap();
        handle.status(Tid::from_serial(1))
    });
    while running.step() != Work::Over {
        std::thread::yield_now();
    }
    assert_eq!(asker.join().unwrap(), Err(HandleError::Ended));
}

#[test]
fn an_entry_that_panics_is_a_boot_error() {
    let lesson = Lesson { quantum: 1, exits_announced: false };
    let broken = Program::lesson("broken", "has no first task", lesson, |_| panic!("no task"));
    let booted = simulated().programs(&[broken]).program("broken", [""; 0]).boot();
    assert!(matches!(booted, Err(BootError::EntryPanicked("broken"))));
}

#[test]
fn a_machine_ends_when_its_last_handle_goes() {
    for machine in [simulated(), on_the_host()] {
        let mut running = machine.task(code(4)).start().unwrap();
        let handle = running.handle();
        let dropper = std::thread::spawn(move || drop(handle));
        assert_eq!(running.run().code(), 4);
        dropper.join().unwrap();
    }
}

#[test]
fn a_task_that_waits_for_the_network_wakes_an_idle_machine() {
    let (listening, address) = mpsc::channel();
    let client = std::thread::spawn(move || TcpStream::connect(address.recv().unwrap()).is_ok());
    assert_eq!(on_the_host().task(doorman(listening)).boot().unwrap().code(), 0);
    assert!(client.join().unwrap());
}

#[test]
fn a_machine_inside_a_machine_is_its_own() {
    let outer = task!({
        let tid = trap!(yield gettid())?;
        let inner = simulated().task(code(5)).boot().map_err(|_| Errno::EIO)?;
        let same = trap!(yield gettid())?;
        trap!(yield exit(if tid == same { inner.code() } else { 1 }))
    });
    assert_eq!(simulated().task(outer).boot().unwrap().code(), 5);
}

#[test]
fn a_total_deadlock_ends_the_machine() {
    let waits_for_itself_in_a_circle = simulated().programs(yieldix_userland::PROGRAMS).program("deadlock", [""; 0]);
    let ended = waits_for_itself_in_a_circle.boot().unwrap();
    assert_eq!((ended.clone(), ended.code()), (Ended::Deadlock(3), 70));
}

#[test]
fn a_task_past_the_most_is_refused_and_the_others_go_on() {
    let parent = task!({
        let first = trap!(yield spawn(code(0)))?;
        let second = trap!(yield spawn(code(0)));
        trap!(yield wait(first))?;
        trap!(yield spawn(code(0)))?;
        trap!(yield exit(if second == Err(Errno::EAGAIN) { 0 } else { 1 }))
    });
    assert_eq!(simulated().max_tasks(2).task(parent).boot().unwrap().code(), 0);
}

#[test]
fn a_program_past_the_most_is_refused_and_started_when_there_is_room() {
    let parent = task!({
        let first = trap!(yield spawn(code(0)))?;
        let request =
            || ProgramRequest { name: "true".into(), args: vec!["x".repeat(1000); 100], options: Default::default() };
        for _ in 0..100 {
            assert_eq!(trap!(yield spawn_program(request())), Err(Errno::EAGAIN));
        }
        trap!(yield wait(first))?;
        let program = trap!(yield spawn_program(ProgramRequest { args: Args::new(), ..request() }))?;
        assert_eq!(trap!(yield wait(program))?, ExitStatus::Exited(0));
        Ok(())
    });
    let machine = simulated().programs(yieldix_userland::PROGRAMS).max_tasks(2).task(parent);
    assert_eq!(machine.boot().unwrap().code(), 0);
}

#[test]
fn dropping_a_running_machine_drops_its_tasks() {
    let (alive, gone) = mpsc::channel::<()>();
    let holder = task!({
        trap!(yield sleep(Duration::MAX))?;
        drop(alive);
        Ok(())
    });
    let mut running = simulated().task(holder).start().unwrap();
    running.run_until_blocked();
    assert_eq!(gone.try_recv(), Err(mpsc::TryRecvError::Empty));
    drop(running);
    assert_eq!(gone.try_recv(), Err(mpsc::TryRecvError::Disconnected));
}

/// When the sleepers of 10.0, 10.5 and 12.0 ms woke up, in microseconds.
fn wake_ups(machine: Machine) -> Vec<u128> {
    let (woke, wake_ups) = mpsc::channel();
    let sleeper = move |span_us: u64| {
        let woke = woke.clone();
        task!({
            let start = trap!(yield now())?;
            trap!(yield sleep(Duration::from_micros(span_us)))?;
            woke.send((trap!(yield now())? - start).as_micros()).map_err(|_| Errno::EPIPE)
        })
    };
    let main = task!({
        for span_us in [10_500, 10_000, 12_000] {
            trap!(yield spawn(sleeper(span_us)))?;
        }
        Ok(())
    });
    assert_eq!(machine.task(main).boot().unwrap().code(), 0);
    wake_ups.iter().collect()
}

#[test]
fn timers_within_the_slack_share_a_wake_up() {
    assert_eq!(wake_ups(simulated()), [10_000, 10_500, 12_000]);
    let slack = Duration::from_millis(1);
    assert_eq!(wake_ups(simulated().timer_slack(slack)), [10_500, 10_500, 12_000]);
}
