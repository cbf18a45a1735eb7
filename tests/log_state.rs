//! The log is complete: from it alone the kernel's state can be rebuilt, at any event.
//!
//! A machine runs turn by turn. After turns that chance draws its own account of its state is compared with what its log says,
//! read by code that knows nothing of the kernel.
#![feature(coroutines, coroutine_trait)]

use std::{
    io::{self, Write},
    mem::take,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::Duration,
};
use yieldix::{
    Console, LogFormat, LogGuard, Machine, MemoryConsole, Work, start_log,
    syscalls::{calls::*, *},
};
use yieldix_trace::{LogError, Reader, State};
use yieldix_userland::{PROGRAMS, prelude::*};

/// What was logged and not read yet.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log of this process, which one machine at a time has.
struct Log {
    lines: Lines,
    _guard: LogGuard,
}

static LOG: LazyLock<Mutex<Log>> = LazyLock::new(|| {
    let lines = Lines::default();
    let guard = start_log("yieldix=trace", LogFormat::Json, lines.clone()).unwrap();
    Mutex::new(Log { lines, _guard: guard })
});

fn log() -> MutexGuard<'static, Log> {
    LOG.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A step of a generator that is good enough to draw turns.
fn draw(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    *seed >> 33
}

/// How often a machine is compared with its log, at most.
const POINTS: u64 = 1000;

/// Runs a machine to its end and compares its state with its log's after one of `every` turns, as chance has it.
/// Gives how often.
fn follow(machine: Machine, every: u64) -> u64 {
    let log = log();
    take(&mut *log.lines.0.lock().unwrap());
    let mut running = machine.start().unwrap();
    let (mut state, mut compared, mut seed) = (State::default(), 0, 1);
    loop {
        let work = running.step_turn();
        if compared < POINTS && draw(&mut seed).is_multiple_of(every) {
            read_on(&mut state, &take(&mut *log.lines.0.lock().unwrap()));
            let (seq, snapshot) = running.snapshot();
            assert_eq!(state.seq, seq);
            assert_same(&snapshot, &state);
            compared += 1;
        }
        match work {
            Work::Ready => {}
            Work::Waiting => drop(running.wait()),
            Work::Over => break,
        }
    }
    drop(running);
    read_on(&mut state, &take(&mut *log.lines.0.lock().unwrap()));
    assert!(state.tasks.is_empty(), "nobody is left at the end: {state}");
    compared
}

fn read_on(state: &mut State, lines: &[u8]) {
    for event in Reader::after(lines, state.seq) {
        event.and_then(|event| state.apply(&event)).unwrap();
    }
}

#[track_caller]
fn assert_same(kernels: &str, logs: &State) {
    let logs_text = logs.to_string();
    if kernels == logs_text {
        return;
    }
    let differ: Vec<String> = diff(kernels, &logs_text);
    panic!("after event {} the kernel (-) and the log (+) differ:\n{}", logs.seq, differ.join("\n"));
}

fn diff(kernels: &str, logs: &str) -> Vec<String> {
    let has = |text: &str, line: &str| text.lines().any(|other| other == line);
    let gone = kernels.lines().filter(|line| !has(logs, line)).map(|line| format!("- {line}"));
    let new = logs.lines().filter(|line| !has(kernels, line)).map(|line| format!("+ {line}"));
    gone.chain(new).take(40).collect()
}

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn echo(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            let data = trap!(yield conn.recv(64))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield conn.send(data))?;
        }
    })
}

/// Says something every half second, for five seconds.
fn client(address: SocketAddr, number: u64) -> Task {
    task!({
        let conn = trap!(yield Socket::connect(address))?;
        let begun = trap!(yield now())?;
        trap!(yield sleep(Duration::from_micros(number * 500)))?;
        while trap!(yield now())?.since(begun) < Duration::from_secs(5) {
            trap!(yield conn.send("hello"))?;
            let mut left = 5;
            while left > 0 {
                left -= trap!(yield conn.recv(left))?.len() as u32;
            }
            trap!(yield sleep(Duration::from_millis(500)))?;
        }
        Ok(())
    })
}

fn echoes(clients: u64) -> Task {
    task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let address = trap!(yield listener.local_addr())?;
        let server = task!({
            let options = ServeOptions { name: "echo", connections_max: 2000 };
            call!(serve(listener, options, |conn, _peer| echo(conn)))
        });
        let server = trap!(yield spawn(server).pass(listener.fd()))?;
        for number in 0..clients {
            trap!(yield spawn(client(address, number)))?;
        }
        for _ in 0..clients {
            let (_, status) = trap!(yield wait_any())?;
            assert_eq!(status, ExitStatus::Exited(0));
        }
        trap!(yield kill(server, Signal::Term))?;
        trap!(yield wait(server)).map(drop)
    })
}

#[test]
fn a_thousand_echo_clients_in_a_simulated_world() {
    let compared = follow(Machine::new().simulate(1).task(echoes(1000)), 30);
    assert_eq!(compared, POINTS);
}

#[test]
fn a_thousand_echo_clients_on_the_host() {
    let compared = follow(Machine::new().task(echoes(1000)), 4);
    assert_eq!(compared, POINTS);
}

const SCRIPT: &str = "
for i in $(seq 40); do
    seq $i | sort -rn | head -n 3 | tr 1 2 >/f$i
    (sleep 0.01; echo $i) & cat /f$i | while read x; do echo $x; done | wc -l
    ps | grep sh | cut -d ' ' -f 1 | sort | uniq -c >>/log; kill $! 2>/dev/null; wait
    yes | head -n 2000 | wc -c; timeout=1; sleep 5 & kill -STOP $!; kill -CONT $!; kill $!; wait
done
";

fn pipelines(machine: Machine) -> Machine {
    let console = MemoryConsole::new();
    machine.programs(PROGRAMS).program("sh", ["-c", SCRIPT]).console(Console::Memory(console))
}

#[test]
fn a_shell_that_churns_pipelines_in_a_simulated_world() {
    let compared = follow(pipelines(Machine::new().simulate(2)), 2);
    assert_eq!(compared, POINTS);
}

#[test]
fn a_shell_that_churns_pipelines_on_the_host() {
    let compared = follow(pipelines(Machine::new()), 2);
    assert_eq!(compared, POINTS);
}

#[test]
fn ports_storms_signals_and_usertests() {
    for program in ["philosophers", "storm", "usertests"] {
        let console = MemoryConsole::new();
        let machine = Machine::new().simulate(3).programs(PROGRAMS).program(program, [""; 0]);
        let compared = follow(machine.console(Console::Memory(console)), 100);
        assert!(compared > 0, "{program}");
    }
}

#[test]
fn a_log_with_a_hole_is_refused() {
    let log = log();
    take(&mut *log.lines.0.lock().unwrap());
    Machine::new().simulate(1).task(task!({ trap!(yield sleep(Duration::from_secs(1))) })).boot().unwrap();
    let lines = String::from_utf8(take(&mut *log.lines.0.lock().unwrap())).unwrap();
    assert!(State::at(lines.as_bytes(), None).is_ok());
    let with_hole: String =
        lines.lines().enumerate().filter(|(index, _)| *index != 3).map(|(_, line)| format!("{line}\n")).collect();
    assert!(matches!(State::at(with_hole.as_bytes(), None), Err(LogError::Missing { from: 4, to: 4 })));
    assert!(matches!(State::at(lines.as_bytes(), Some(1_000_000)), Err(LogError::Short { .. })));
}
