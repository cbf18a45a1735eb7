//! Ports against a model: what every sender and receiver is told must be what a plain account of one
//! queue foretells, message by message, whoever is killed or runs out of time.
//!
//! Each act changes the model first and is then trapped; its answer is known at once, or when another
//! act ends the wait. Only which waits a deadline has ended is reported to the model.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;

use chaos_support::{Chance, Doing, seeds};
use common::{SEED, Seen, program, run};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use yieldix::{
    Console, Ended, MemoryConsole, Work,
    event::{Event, Record},
    syscalls::{calls::*, *},
};

const WELL: Ended = Ended::Finished(ExitStatus::Exited(0));

/// What a sender is told (`Ok(None)`: sent), or a receiver (`Ok(None)`: the end).
type Told = Result<Option<u64>, Errno>;

/// One port, and who is at it.
struct Model {
    chance: Chance,
    capacity: usize,
    queue: VecDeque<u64>,
    sending: VecDeque<(Who, u64)>,
    receiving: VecDeque<Who>,
    senders: Vec<Who>,
    receivers: Vec<Who>,
    tids: BTreeMap<Tid, Who>,
    told: BTreeMap<Who, Told>,
    /// Messages that are still to be sent.
    left: u64,
    next: u64,
    received: u64,
    disagreements: Vec<String>,
}

type Who = usize;

/// The task that makes the port, and has both ends until all others have theirs.
const MAIN: Who = usize::MAX;

impl Model {
    fn next_message(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        self.next += 1;
        Some(self.next)
    }

    /// The answer to a send; none when it waits.
    fn send(&mut self, me: Who, message: u64, may_wait: bool) -> Option<Told> {
        if self.receivers.is_empty() {
            return Some(Err(Errno::EPIPE));
        }
        if let Some(receiver) = self.receiving.pop_front() {
            self.told.insert(receiver, Ok(Some(message)));
        } else if self.queue.len() < self.capacity {
            self.queue.push_back(message);
        } else if may_wait {
            self.sending.push_back((me, message));
            return None;
        } else {
            return Some(Err(Errno::EAGAIN));
        }
        Some(Ok(None))
    }

    /// The answer to a receive; none when it waits.
    fn receive(&mut self, me: Who, may_wait: bool) -> Option<Told> {
        let Some(message) = self.queue.pop_front() else {
            if self.senders.is_empty() {
                return Some(Ok(None));
            }
            if !may_wait {
                return Some(Err(Errno::EAGAIN));
            }
            self.receiving.push_back(me);
            return None;
        };
        if let Some((sender, message)) = self.sending.pop_front() {
            self.queue.push_back(message);
            self.told.insert(sender, Ok(None));
        }
        Some(Ok(Some(message)))
    }

    /// A task is gone, and with it its end of the port.
    fn end(&mut self, me: Who) {
        self.stop_waiting(me);
        self.tids.retain(|_, who| *who != me);
        self.stop_sending(me);
        self.stop_receiving(me);
    }

    fn stop_sending(&mut self, me: Who) {
        let before = self.senders.len();
        self.senders.retain(|who| *who != me);
        if self.senders.is_empty() && before > 0 {
            self.told.extend(self.receiving.drain(..).map(|who| (who, Ok(None))));
        }
    }

    fn stop_receiving(&mut self, me: Who) {
        let before = self.receivers.len();
        self.receivers.retain(|who| *who != me);
        if self.receivers.is_empty() && before > 0 {
            self.queue.clear();
            self.told.extend(self.sending.drain(..).map(|(who, _)| (who, Err(Errno::EPIPE))));
        }
    }

    fn stop_waiting(&mut self, me: Who) -> bool {
        let before = self.sending.len() + self.receiving.len();
        self.sending.retain(|(who, _)| *who != me);
        self.receiving.retain(|who| *who != me);
        self.sending.len() + self.receiving.len() < before
    }

    fn time_is_up(&mut self, tid: Tid) {
        if let Some(&who) = self.tids.get(&tid)
            && self.stop_waiting(who)
        {
            self.told.insert(who, Err(Errno::ETIMEDOUT));
        }
    }

    fn compare(&mut self, me: Who, what: &str, foretold: Option<Told>, got: Told) {
        let foretold = foretold.or_else(|| self.told.remove(&me));
        if foretold != Some(got) {
            self.disagreements.push(format!("{me}: {what} was told {got:?}, foretold {foretold:?}"));
        }
        self.received += u64::from(matches!((what, got), ("receive", Ok(Some(_)))));
    }
}

type Shared = Arc<Mutex<Model>>;

fn lock(model: &Shared) -> MutexGuard<'_, Model> {
    model.lock().expect("nothing panics with the model in hand")
}

/// Now and then gives others a turn, or opens a deadline of a random span.
fn dawdle(model: &Shared, has_deadlines: bool) -> impl Routine<Result<Option<ScopeId>, Errno>> {
    routine!(move {
        let chance = lock(model).chance.below(10);
        match chance {
            0..3 => trap!(yield yield_now())?,
            3 => trap!(yield sleep(Duration::from_micros(20)))?,
            4..6 if has_deadlines => {
                let span = lock(model).chance.below(40_000);
                return Ok(Some(trap!(yield deadline_push(Duration::from_nanos(span)))?));
            }
            _ => {}
        }
        Ok(None)
    })
}

fn sender(model: Shared, me: Who, port: Fd, has_deadlines: bool) -> Task {
    task!({
        let tid = trap!(yield gettid())?;
        lock(&model).tids.insert(tid, me);
        loop {
            let Some(message) = lock(&model).next_message() else { break };
            let scope = call!(dawdle(&model, has_deadlines))?;
            let may_wait = lock(&model).chance.below(4) > 0;
            let bytes = Buf::copy_from(&message.to_le_bytes());
            let foretold = lock(&model).send(me, message, may_wait);
            let got = match may_wait {
                true => trap!(yield port_send(port, bytes)),
                false => trap!(yield port_try_send(port, bytes)),
            };
            if let Err(unsent) = &got {
                assert_eq!(*unsent.data, message.to_le_bytes(), "what was not sent comes back");
            }
            let told = got.map(|()| None).map_err(Errno::from);
            lock(&model).compare(me, "send", foretold, told);
            if let Some(scope) = scope {
                trap!(yield deadline_pop(scope))?;
            }
            if told == Err(Errno::EPIPE) {
                break;
            }
        }
        lock(&model).end(me);
        Ok(())
    })
}

fn receiver(model: Shared, me: Who, port: Fd, has_deadlines: bool) -> Task {
    task!({
        let tid = trap!(yield gettid())?;
        lock(&model).tids.insert(tid, me);
        loop {
            let scope = call!(dawdle(&model, has_deadlines))?;
            let may_wait = lock(&model).chance.below(4) > 0;
            let foretold = lock(&model).receive(me, may_wait);
            let got = match may_wait {
                true => trap!(yield port_recv(port)),
                false => trap!(yield port_try_recv(port)),
            };
            let number = |message: Message| <[u8; 8]>::try_from(&*message).map(u64::from_le_bytes);
            let told = match got {
                Ok(Some(message)) => Ok(Some(number(message).expect("a message comes whole"))),
                Ok(None) => Ok(None),
                Err(errno) => Err(errno),
            };
            lock(&model).compare(me, "receive", foretold, told);
            if let Some(scope) = scope {
                trap!(yield deadline_pop(scope))?;
            }
            if told == Ok(None) {
                break;
            }
        }
        lock(&model).end(me);
        Ok(())
    })
}

/// What a run is like.
#[derive(Clone, Copy, Debug)]
struct Setting {
    seed: u64,
    messages: u64,
    quantum: u32,
    /// Watched and checked, with deadlines and kills; else none of it.
    is_watched: bool,
}

/// Runs senders and receivers to their end; gives how many messages were received.
fn run_port(setting: Setting) -> u64 {
    let Setting { seed, messages, quantum, is_watched } = setting;
    let _doing = Doing(format!("YIELDIX_SEED={seed} under {setting:?}"));
    let model = Model {
        chance: Chance(seed),
        capacity: 1,
        queue: VecDeque::new(),
        sending: VecDeque::new(),
        receiving: VecDeque::new(),
        senders: vec![MAIN],
        receivers: vec![MAIN],
        tids: BTreeMap::new(),
        told: BTreeMap::new(),
        left: messages,
        next: 0,
        received: 0,
        disagreements: Vec::new(),
    };
    let model: Shared = Arc::new(Mutex::new(model));
    let (senders, receivers) = {
        let mut model = lock(&model);
        model.capacity = 1 + model.chance.below(4) as usize;
        (1 + model.chance.below(5) as usize, 1 + model.chance.below(5) as usize)
    };
    let (of_main, capacity) = (Arc::clone(&model), lock(&model).capacity as u32);
    let main = task!({
        let (to, from) = trap!(yield port_create(capacity))?;
        for me in 0..senders + receivers {
            let model = Arc::clone(&of_main);
            if me < senders {
                lock(&of_main).senders.push(me);
                trap!(yield spawn(sender(model, me, to, is_watched)).share(to))?;
            } else {
                lock(&of_main).receivers.push(me);
                trap!(yield spawn(receiver(model, me, from, is_watched)).share(from))?;
            }
        }
        lock(&of_main).stop_sending(MAIN);
        trap!(yield close(to))?;
        lock(&of_main).stop_receiving(MAIN);
        trap!(yield close(from))?;
        for _ in 0..senders + receivers {
            trap!(yield wait_any())?;
        }
        Ok(())
    });
    let mut machine = common::machine().simulate(seed).quantum(quantum).checked(is_watched).task(main);
    if is_watched {
        let seen = Arc::clone(&model);
        machine = machine.observe(move |record: &Record<'_>| match record.event {
            Event::TimerFired { tid, .. }
            | Event::Answered { tid, reply: Reply::Err(Errno::ETIMEDOUT), .. }
            | Event::Answered { tid, reply: Reply::Unsent { errno: Errno::ETIMEDOUT, .. }, .. } => {
                lock(&seen).time_is_up(tid);
            }
            _ => {}
        });
    }
    let mut running = machine.start().expect("the machine boots");
    loop {
        let work = match running.step() {
            Work::Waiting => running.wait(),
            work => work,
        };
        if work == Work::Over {
            break;
        }
        // Now and then somebody is killed, in whatever it is doing.
        let mut model = lock(&model);
        if is_watched && model.chance.below(400) == 0 && !model.tids.is_empty() {
            let live = model.tids.len() as u64;
            let index = model.chance.below(live) as usize;
            let victim = model.tids.iter().nth(index).map(|(&tid, &who)| (tid, who));
            if let Some((tid, who)) = victim {
                model.end(who);
                model.told.remove(&who);
                drop(model);
                assert_eq!(running.kill(tid, Signal::Kill), Ok(()));
            }
        }
    }
    assert_eq!(running.shutdown(), WELL);
    let stats = running.stats();
    assert_eq!((stats.tasks, stats.files, stats.ports, stats.timers), (0, 3, 0, 0));
    let model = lock(&model);
    assert!(model.disagreements.is_empty(), "{:#?}", &model.disagreements[..model.disagreements.len().min(5)]);
    model.received
}

#[test]
fn ten_thousand_messages_go_where_the_model_says() {
    for (seed, quantum) in [(1, 64), (2, 1)] {
        let received = run_port(Setting { seed, messages: 10_000, quantum, is_watched: false });
        // A try that fails is not made again.
        assert!(received > 5_000, "{received} received");
    }
}

#[test]
fn ports_do_what_the_model_says_whoever_is_killed_or_late() {
    let mut received = 0;
    for seed in seeds(0..60) {
        let quantum = [64, 1, 3][seed as usize % 3];
        received += run_port(Setting { seed, messages: 400, quantum, is_watched: true });
    }
    assert!(received > 1_000, "{received} received");
}

/// An unobserved kernel is compiled apart.
#[test]
fn an_unobserved_machine_passes_the_tests_of_the_kernel() {
    let console = MemoryConsole::new();
    let machine = program("usertests", &["-q"]).simulate(SEED).checked(false);
    let ended = machine.console(Console::Memory(console.clone())).boot().expect("the machine boots");
    assert_eq!(ended, WELL, "{}", String::from_utf8_lossy(&console.stdout()));
}

#[test]
fn tasks_that_wait_at_ports_for_each_other_are_a_deadlock_that_is_told() {
    fn waiter(from: Fd) -> Task {
        task!({ trap!(yield port_recv(from)).map(drop) })
    }
    let main = task!({
        let (to_first, first) = trap!(yield port_create(1))?;
        let (to_second, second) = trap!(yield port_create(1))?;
        trap!(yield spawn(waiter(first)).pass(first).pass(to_second))?;
        trap!(yield spawn(waiter(second)).pass(second).pass(to_first))?;
        let (full, _kept) = trap!(yield port_create(1))?;
        trap!(yield port_send(full, "fills it"))?;
        trap!(yield port_send(full, "waits")).map_err(Errno::from)
    });
    let (ended, seen) = run(common::machine().task(main));
    assert_eq!(ended, Ended::Deadlock(3));
    let told = seen.events_of(|event| match event {
        Seen::Deadlocked { tid, on } => Some((*tid, on.to_string())),
        _ => None,
    });
    let cycles = seen.events_of(|event| match event {
        Seen::Deadlock { tasks: 3, cycle } => Some(cycle.clone()),
        _ => None,
    });
    // Their parent keeps the end from which it would have to receive.
    let [cycles] = &cycles[..] else { panic!("{cycles:?}") };
    assert!(cycles.starts_with("2 (waiter) waits for 3 (waiter) waits for 2; 1 ("), "{cycles}");
    assert!(cycles.ends_with(" waits for 1"), "{cycles}");
    assert_eq!(told, [(1, "send 3".to_owned()), (2, "receive 4".to_owned()), (3, "receive 6".to_owned())]);
}

#[test]
fn a_poll_of_ports_alone_is_no_hope_and_one_of_a_device_is() {
    let on_ports = task!({
        let (_to, from) = trap!(yield port_create(1))?;
        trap!(yield poll(vec![Interest::Read(from)], Duration::MAX)).map(drop)
    });
    assert_eq!(run(common::machine().task(on_ports)).0, Ended::Deadlock(1));
    let for_a_while = task!({
        let (_to, from) = trap!(yield port_create(1))?;
        trap!(yield poll(vec![Interest::Read(from)], Duration::from_secs(3600))).map(drop)
    });
    assert_eq!(run(common::machine().task(for_a_while)).0, WELL);
}

#[test]
fn the_philosophers_eat_and_think() {
    let (ended, seen) = run(program("philosophers", &[]));
    assert_eq!(ended, WELL);
    assert_eq!(seen.text(), include_str!("goldens/philosophers.txt"));
}

#[test]
fn a_port_is_told_from_its_making_to_its_end() {
    let main = task!({
        let (to, from) = trap!(yield port_create(2))?;
        trap!(yield port_publish(from, "a service"))?;
        trap!(yield port_send(to, "never received"))?;
        trap!(yield close(from))?;
        trap!(yield close(to))
    });
    let (_, seen) = run(common::machine().task(main));
    let told = seen.events_of(|event| match event {
        Seen::Other(message) if message.starts_with("port") => Some(*message),
        _ => None,
    });
    assert_eq!(told, ["port created", "port published", "port end closed", "port end closed", "port closed"]);
}
