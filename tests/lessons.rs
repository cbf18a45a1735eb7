//! The lessons of the course: what each prints, to the letter, and a turn a yield.
//!
//! The goldens are what the course's own programs print (where ours differ on purpose, what ours
//! should). Lessons that never end have their first lines as golden; then the machine is shut down.
//! At a quantum of one, a turn lasts from one yield to the next, so the turns of a task are its
//! yields and one more: the turn in which it ends.

#![feature(coroutines)]

mod common;

use common::{
    SEED, Seen, Witness, boot,
    golden::{assert_wrong_goldens_are_found, golden},
    program, run,
    served::Served,
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};
use yieldix::{
    Console, Ended, MemoryConsole, Running, TaskStatus,
    syscalls::{calls::*, *},
};
use yieldix_kernel::limits::FREE_CALLS_PER_TURN;
use yieldix_kernel::trap::Stop;
use yieldix_userland::PROGRAMS;

/// More rounds than any lesson needs: a test that waits in vain fails.
const ROUNDS_MAX: usize = 1_000_000;

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

/// A lesson that ends by itself, run to its end.
fn run_lesson(name: &str) -> Witness {
    let (ended, seen) = run(program(name, &[]));
    assert_eq!(ended, WELL);
    assert_turn_a_yield(&seen);
    seen
}

/// The first rounds of a lesson that does not; in a round each task that is ready has a turn. The
/// machine is shut down when it is dropped.
fn watch_lesson(name: &str, rounds: usize) -> (Running, Witness) {
    let (mut running, seen) = boot(program(name, &[]));
    for _ in 0..rounds {
        running.step();
    }
    assert_turn_a_yield(&seen);
    (running, seen)
}

/// At a quantum of one each turn has exactly one trap that is not free, and that ends it. Only the
/// last turn of a task has none, and one that has used up its free calls.
fn assert_turn_a_yield(seen: &Witness) {
    let mut yields = 0;
    for event in seen.events() {
        match event {
            Seen::Chosen { .. } => yields = 0,
            // Printing on a console, and calling a subroutine.
            Seen::Trapped { call, .. } if call.starts_with("write(1, ") || call.starts_with("subroutine_") => {}
            Seen::Trapped { .. } => yields += 1,
            Seen::TurnOver { tid, why } => {
                let is_return = yields == 0 && matches!(why, Stop::Exited | Stop::Overdrawn);
                assert!(is_return || yields == 1, "a turn of task {tid} had {yields} yields, then {why}");
            }
            _ => {}
        }
    }
}

/// `a` and `b` in turn, so often.
fn alternating(a: u64, b: u64, times: usize) -> Vec<u64> {
    [a, b].repeat(times)
}

#[test]
fn wrong_goldens_are_found_in_every_lesson() {
    let part = Group::Course(Part::OperatingSystem);
    let lessons = PROGRAMS.iter().filter(|program| program.group == part);
    assert_wrong_goldens_are_found(lessons.map(|lesson| lesson.name));
}

// What they print.

#[test]
fn pyos1_prints_as_in_the_course() {
    assert_eq!(run_lesson("pyos1").text(), golden("pyos1"));
}

#[test]
fn pyos2_prints_as_in_the_course() {
    let (_machine, seen) = watch_lesson("pyos2", 10);
    assert_eq!(seen.text(), golden("pyos2"));
}

#[test]
fn taskcrash_ends_foo_and_goes_on_with_bar() {
    let (_machine, seen) = watch_lesson("taskcrash", 13);
    assert_eq!(seen.text(), golden("taskcrash"));
}

#[test]
fn pyos3_prints_as_in_the_course() {
    assert_eq!(run_lesson("pyos3").text(), golden("pyos3"));
}

#[test]
fn pyos4_prints_as_in_the_course() {
    assert_eq!(run_lesson("pyos4").text(), golden("pyos4"));
}

#[test]
fn pyos5_prints_as_in_the_course() {
    assert_eq!(run_lesson("pyos5").text(), golden("pyos5"));
}

#[test]
fn pyos6_prints_as_in_the_course() {
    assert_eq!(run_lesson("pyos6").text(), golden("pyos6"));
}

#[test]
fn echobad_blocks_its_server_only() {
    let (_machine, seen) = watch_lesson("echobad", 9);
    assert_eq!(seen.text(), golden("echobad"));
}

#[test]
fn pyos7_waits_for_a_connection_and_for_a_message() {
    assert_eq!(run_lesson("pyos7").text(), golden("pyos7"));
}

#[test]
fn echogood_starts_as_in_the_course() {
    let (_machine, seen) = watch_lesson("echogood", 9);
    assert_eq!(seen.text(), golden("echogood"));
}

#[test]
fn trampoline_prints_as_in_the_course() {
    assert_eq!(run_lesson("trampoline").text(), golden("trampoline"));
}

#[test]
fn pyos8_returns_values_and_errors_from_any_depth() {
    assert_eq!(run_lesson("pyos8").text(), golden("pyos8"));
}

// A turn a yield: who had the turns, from the first to the last.

#[test]
fn pyos1_is_one_turn_since_it_is_run_by_hand() {
    assert_eq!(run_lesson("pyos1").chosen(), [1]);
}

#[test]
fn pyos2_alternates() {
    let (_machine, seen) = watch_lesson("pyos2", 100);
    assert_eq!(seen.chosen(), alternating(1, 2, 100));
}

#[test]
fn taskcrash_gives_foo_eleven_turns_and_bar_all_that_come() {
    let (_machine, seen) = watch_lesson("taskcrash", 30);
    assert_eq!(seen.chosen(), [alternating(1, 2, 11), vec![2; 19]].concat());
}

#[test]
fn pyos3_counts_the_turn_in_which_a_task_ends() {
    // foo prints ten times, bar five times.
    let seen = run_lesson("pyos3");
    assert_eq!((seen.turns_of(1), seen.turns_of(2)), (11, 6));
    assert_eq!(seen.chosen(), [alternating(1, 2, 6), vec![1; 5]].concat());
}

#[test]
fn pyos4_takes_a_turn_for_the_system_call() {
    // One for the call, five and ten for the prints, one for the end.
    let seen = run_lesson("pyos4");
    assert_eq!((seen.turns_of(1), seen.turns_of(2)), (7, 12));
    assert_eq!(seen.chosen(), [alternating(1, 2, 7), vec![2; 5]].concat());
}

#[test]
fn pyos5_runs_the_child_before_its_parent_goes_on() {
    // main: spawn, five yields, kill, end. foo: its number, five prints; the kill takes no turn.
    let seen = run_lesson("pyos5");
    assert_eq!((seen.turns_of(1), seen.turns_of(2)), (8, 6));
    assert_eq!(seen.chosen(), [vec![1], alternating(2, 1, 6), vec![1]].concat());
}

#[test]
fn pyos6_gives_no_turn_to_a_task_that_waits() {
    // main: spawn, join, end. foo: five prints, end.
    let seen = run_lesson("pyos6");
    assert_eq!((seen.turns_of(1), seen.turns_of(2)), (3, 6));
    assert_eq!(seen.chosen(), [1, 2, 1, 2, 2, 2, 2, 2, 1]);
}

#[test]
fn echobad_gives_its_server_no_turn_while_it_waits() {
    // The server listens, then accepts, and waits from then on.
    let (_machine, seen) = watch_lesson("echobad", 20);
    assert_eq!(seen.chosen(), [alternating(1, 2, 2), vec![1; 18]].concat());
}

#[test]
fn echogood_gives_its_server_no_turn_while_it_waits() {
    let (_machine, seen) = watch_lesson("echogood", 20);
    assert_eq!(seen.chosen(), [alternating(1, 2, 2), vec![1; 18]].concat());
}

#[test]
fn pyos7_takes_a_turn_for_each_wait_and_each_call() {
    // Server: listen, local_addr, spawn, read_wait, accept, read_wait, recv, join, close twice, end.
    // Client: connect, write_wait, send_all, close, end.
    let seen = run_lesson("pyos7");
    assert_eq!((seen.turns_of(1), seen.turns_of(2)), (11, 5));
}

#[test]
fn trampoline_by_hand_is_one_turn() {
    assert_eq!(run_lesson("trampoline").chosen(), [1]);
}

#[test]
fn pyos8_calls_its_subroutines_within_the_turn() {
    // A turn each for the yields of add, of double's add and of refuse, and for the end. The sum
    // makes 5,001 calls and as many returns with no other trap, more than a turn may have.
    let seen = run_lesson("pyos8");
    assert_eq!(seen.turns_of(1), 3 + 1 + 2 * 5001 / FREE_CALLS_PER_TURN as usize);
}

// The echo servers, and a client in the same simulated world. It is a task like any other and
// takes the number that the server's handler would have had.

/// Where the lessons listen unless they are told otherwise.
const COURSE_PORT: u16 = 45000;

/// Sends `message`, takes as many bytes back, and compares them.
fn client(message: Vec<u8>) -> Task {
    task!({
        let conn = trap!(yield tcp_connect(SocketAddr::from(([127, 0, 0, 1], COURSE_PORT))))?;
        trap!(yield send_all(conn, message.clone()))?;
        let mut echo = Vec::new();
        while echo.len() < message.len() {
            let data = trap!(yield recv(conn, 8192))?;
            assert!(!data.is_empty(), "the server has closed after {} bytes", echo.len());
            echo.extend_from_slice(&data);
        }
        assert!(echo == message, "what came back is not what was sent");
        trap!(yield close(conn))
    })
}

/// Boots a server, lets a client say `message`, and waits until its handler has ended.
fn converse(lesson: &str, message: impl Into<Vec<u8>>) -> (Running, Witness) {
    let (mut running, seen) = boot(program(lesson, &[]).quantum(1));
    for _ in 0..4 {
        running.step();
    }
    let client = running.spawn(client(message.into())).expect("there is room for a client");
    wait_until(&mut running, |_| seen.exits().len() == 2);
    assert_eq!(running.status(client), TaskStatus::Ended(ExitStatus::Exited(0)), "the client of {lesson}");
    assert_turn_a_yield(&seen);
    (running, seen)
}

fn wait_until(running: &mut Running, mut is_so: impl FnMut(&mut Running) -> bool) {
    for _ in 0..ROUNDS_MAX {
        if is_so(running) {
            return;
        }
        running.step();
    }
    panic!("it has not come to that in {ROUNDS_MAX} rounds");
}

/// What was printed, but for what says that somebody is alive.
fn conversation(seen: &Witness) -> String {
    seen.text().split_inclusive('\n').filter(|line| *line != "I'm alive!\n").collect()
}

/// A golden conversation, with the client's address and the handler's number put in.
fn with(golden: &str, client: impl ToString, handler: u64) -> String {
    golden.replace("CLIENT", &client.to_string()).replace("HANDLER", &handler.to_string())
}

/// The first port that the simulated world gives to a client.
const CLIENT: &str = "127.0.0.1:49152";

#[test]
fn echobad_echoes_amid_the_flood() {
    let (_machine, seen) = converse("echobad", "hello");
    assert_eq!(conversation(&seen), with(&golden("echogood2"), CLIENT, 4));
}

#[test]
fn echogood_echoes_amid_the_flood() {
    let (_machine, seen) = converse("echogood", "hello");
    assert_eq!(conversation(&seen), with(&golden("echogood2"), CLIENT, 4));
}

#[test]
fn echogood2_echoes() {
    let (_machine, seen) = converse("echogood2", "hello");
    assert_eq!(seen.text(), with(&golden("echogood2"), CLIENT, 3));
}

#[test]
fn echoserver_echoes() {
    let (_machine, seen) = converse("echoserver", "hello");
    assert_eq!(seen.text(), with(&golden("echoserver"), CLIENT, 3));
}

#[test]
fn sockwrap_echoes() {
    let (_machine, seen) = converse("sockwrap", "hello");
    assert_eq!(seen.text(), with(&golden("sockwrap"), CLIENT, 3));
}

#[test]
fn echoserver2_echoes() {
    let (_machine, seen) = converse("echoserver2", "hello");
    assert_eq!(seen.text(), with(&golden("echoserver2"), CLIENT, 3));
}

/// 100,000 bytes, no two neighbours alike.
fn much() -> Vec<u8> {
    (0..100_000u32).map(|index| (index % 251) as u8).collect()
}

#[test]
fn echobad_echoes_100_000_bytes() {
    converse("echobad", much());
}

#[test]
fn echogood_echoes_100_000_bytes() {
    converse("echogood", much());
}

#[test]
fn echogood2_echoes_100_000_bytes() {
    converse("echogood2", much());
}

#[test]
fn echoserver_echoes_100_000_bytes() {
    converse("echoserver", much());
}

#[test]
fn sockwrap_echoes_100_000_bytes() {
    converse("sockwrap", much());
}

#[test]
fn echoserver2_echoes_100_000_bytes() {
    converse("echoserver2", much());
}

#[test]
fn echogood2_waits_and_then_calls_a_turn_each() {
    // Server: listen, read_wait, accept, spawn, and waits again. Handler: read_wait, recv,
    // write_wait, send_all, read_wait, recv, close, end.
    let (_machine, seen) = converse("echogood2", "hello");
    assert_eq!((seen.turns_of(1), seen.turns_of(3)), (5, 8));
}

#[test]
fn echoserver_calls_its_subroutines_within_the_turn() {
    // Server: listen, read_wait, accept, spawn, and waits again. Handler: two turns to receive, two
    // to send, two to receive nothing, close, end.
    let (_machine, seen) = converse("echoserver", "hello");
    assert_eq!((seen.turns_of(1), seen.turns_of(3)), (5, 8));
}

#[test]
fn sockwrap_calls_its_methods_within_the_turn() {
    // As echogood2: what `call!` runs is part of its caller.
    let (_machine, seen) = converse("sockwrap", "hello");
    assert_eq!((seen.turns_of(1), seen.turns_of(3)), (5, 8));
}

#[test]
fn echoserver2_needs_no_waits_of_its_own() {
    // Server: listen, accept, spawn, and waits again. Handler: recv, send, recv, close, end.
    let (_machine, seen) = converse("echoserver2", "hello");
    assert_eq!((seen.turns_of(1), seen.turns_of(3)), (4, 5));
}

#[test]
fn a_server_without_a_client_takes_no_turns() {
    let (mut machine, seen) = watch_lesson("echoserver", 4);
    let turns = seen.turns_of(1);
    for _ in 0..1000 {
        machine.step();
    }
    assert_eq!(seen.turns_of(1), turns);
}

/// Echoes `connections` connections, and says nothing of it.
fn quiet_echo(address: SocketAddr, connections: usize) -> Task {
    fn handle(conn: Fd) -> Task {
        task!({
            loop {
                let data = trap!(yield recv(conn, 8192))?;
                if data.is_empty() {
                    return Ok(());
                }
                trap!(yield send_all(conn, data))?;
            }
        })
    }
    task!({
        let listener = trap!(yield tcp_listen(address, 1024))?;
        for _ in 0..connections {
            let (conn, _) = trap!(yield accept(listener))?;
            trap!(yield spawn(handle(conn)).pass(conn).detach())?;
        }
        Ok(())
    })
}

#[test]
fn blaster_prints_an_x_for_every_10_000_echoes() {
    let words = ["--addr", "127.0.0.1:45000", "--connections", "3", "--messages", "20000"];
    let request = ProgramRequest {
        name: "blaster".into(),
        args: words.map(String::from).into(),
        options: SpawnOptions::default(),
    };
    let load = task!({
        trap!(yield spawn(quiet_echo(SocketAddr::from(([127, 0, 0, 1], COURSE_PORT)), 3)))?;
        let blaster = trap!(yield spawn_program(request))?;
        let status = trap!(yield wait(blaster))?;
        trap!(yield exit(status.code()))
    });
    // Unwatched: it is half a million traps.
    let console = MemoryConsole::new();
    let machine = common::machine().programs(PROGRAMS).task(load).console(Console::Memory(console.clone()));
    assert_eq!(machine.simulate(SEED).checked(false).boot().unwrap(), WELL);
    assert_eq!(String::from_utf8(console.stdout()).unwrap(), golden("blaster"));
}

// The same servers on the host, with a client that is no task: the numbers are the course's, one
// lower where it had given one to its iotask.

/// Says hello and gives what was printed meanwhile, to the golden's length, and the golden.
fn hello(lesson: &str, handler: u64) -> (String, String) {
    let mut lesson = Served::run(lesson);
    let mut conn = TcpStream::connect(lesson.address).expect("the lesson accepts");
    conn.write_all(b"hello").unwrap();
    let mut echo = [0; 5];
    conn.read_exact(&mut echo).unwrap();
    assert_eq!(&echo, b"hello");
    let golden = with(&golden("echogood2"), conn.local_addr().unwrap(), handler);
    drop(conn);
    (golden.lines().map(|_| lesson.line()).collect(), golden)
}

#[test]
fn on_the_host_the_first_client_of_echobad_is_task_3() {
    let (printed, golden) = hello("echobad", 3);
    assert_eq!(printed, golden);
}

#[test]
fn on_the_host_the_first_client_of_echogood_is_task_3() {
    let (printed, golden) = hello("echogood", 3);
    assert_eq!(printed, golden);
}

#[test]
fn on_the_host_the_first_client_of_echogood2_is_task_2() {
    let (printed, golden) = hello("echogood2", 2);
    assert_eq!(printed, golden);
}

#[test]
fn on_the_host_the_first_client_of_echoserver_is_task_2() {
    let (printed, golden) = hello("echoserver", 2);
    assert_eq!(printed, golden);
}

#[test]
fn on_the_host_the_first_client_of_sockwrap_is_task_2() {
    let (printed, golden) = hello("sockwrap", 2);
    assert_eq!(printed, golden);
}

#[test]
fn on_the_host_the_first_client_of_echoserver2_is_task_2() {
    let (printed, golden) = hello("echoserver2", 2);
    assert_eq!(printed, golden);
}
