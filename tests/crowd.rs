//! A crowd: tasks that share ports and sockets and do everything to them at once, in every order that
//! a seed gives. They poll, send with descriptors, wait under deadlines, close what others wait on,
//! spawn and kill.
//!
//! No model foretells what each is told. What must hold is what the kernel checks each round, that
//! nobody is stuck, since every wait has an end, and that nothing is left when all have ended.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;

use chaos_support::{Chance, Doing, bodies, seeds, watched};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};

/// Few, so that their bounds are met.
const TASKS_MAX: u32 = 30;
const FDS_MAX: u32 = 24;

/// Acts of all tasks of one machine.
const ACTS: u32 = 800;

const NAMES: [&str; 3] = ["first", "second", "third"];

/// What must have happened, lest the seeds try nothing.
const HAPPENINGS: [&str; 7] =
    ["poll: ready", "poll: in vain", "poll: late", "wait: late", "descriptors came", "accepted", "killed"];

/// What all tasks of a machine share.
struct Crowd {
    chance: Chance,
    acts_left: u32,
    tids: Vec<Tid>,
    happened: BTreeMap<&'static str, u32>,
    wrong: Vec<String>,
}

impl Crowd {
    /// One of these; an fd that was never open if there is none.
    fn pick(&mut self, fds: &[Fd]) -> Fd {
        match fds.len() as u64 {
            0 => Fd::new(3, 1),
            count => fds[self.chance.below(count) as usize],
        }
    }

    /// Less than `most` of these, none twice.
    fn pick_some(&mut self, fds: &[Fd], most: u64) -> Vec<Fd> {
        let count = self.chance.below(most).min(fds.len() as u64);
        let mut picked: Vec<Fd> = (0..count).map(|_| self.pick(fds)).collect();
        picked.sort_unstable_by_key(|fd| fd.slot());
        picked.dedup();
        picked
    }

    fn span(&mut self, micros_max: u64) -> Duration {
        Duration::from_micros(self.chance.below(micros_max))
    }

    fn note(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }
}

type Shared = Arc<Mutex<Crowd>>;

fn lock(crowd: &Shared) -> MutexGuard<'_, Crowd> {
    crowd.lock().expect("nothing panics with the crowd in hand")
}

/// One of the crowd, which begins with these descriptors.
fn member(crowd: Shared, mut fds: Vec<Fd>) -> Task {
    task!({
        let tid = trap!(yield gettid())?;
        lock(&crowd).tids.push(tid);
        loop {
            let Some(left) = lock(&crowd).acts_left.checked_sub(1) else { return Ok(()) };
            lock(&crowd).acts_left = left;
            let act = lock(&crowd).chance.below(16);
            // These end without a deadline as well.
            let is_bounded = matches!(act, 5..=8 | 10..=12) && lock(&crowd).chance.below(2) == 0;
            let span = lock(&crowd).span(300);
            let scope = if is_bounded { None } else { Some(trap!(yield deadline_push(span))?) };
            let done = match act {
                0..5 => call!(pass_messages(&crowd, &mut fds)),
                5..9 => call!(poll_some(&crowd, &fds)),
                9 => call!(wait_for_one(&crowd, &fds)),
                10..13 => call!(change_descriptors(&crowd, &mut fds)),
                13 => call!(connect(&crowd, &mut fds)),
                _ => call!(spawn_or_kill(&crowd, &fds)),
            };
            if let Some(scope) = scope {
                trap!(yield deadline_pop(scope))?;
            }
            if let Err(errno) = done {
                lock(&crowd).wrong.push(format!("{tid}: act {act} was told {errno:?}"));
            }
        }
    })
}

fn pass_messages(crowd: &Shared, fds: &mut Vec<Fd>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = lock(crowd).pick(fds);
        let way = lock(crowd).chance.below(6);
        let got = match way {
            0 => trap!(yield port_send(fd, "waits")).map(|()| None).map_err(Errno::from),
            1 => trap!(yield port_try_send(fd, "tries")).map(|()| None).map_err(Errno::from),
            2 | 3 => {
                let along = lock(crowd).pick_some(fds, 4);
                let sent = trap!(yield port_send_fds(fd, Message::new("brings", along.clone())));
                if sent.is_ok() {
                    fds.retain(|fd| !along.contains(fd));
                }
                sent.map(|()| None).map_err(Errno::from)
            }
            4 => trap!(yield port_recv(fd)),
            _ => trap!(yield port_try_recv(fd)),
        };
        if let Ok(Some(message)) = got
            && !message.fds.is_empty()
        {
            lock(crowd).note("descriptors came");
            fds.extend(message.fds);
        }
        Ok(())
    })
}

/// Polls ends and sockets, for a while. One that cannot be polled for this spoils the poll.
fn poll_some(crowd: &Shared, fds: &[Fd]) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let mut interests = Vec::new();
        let picked = lock(crowd).pick_some(fds, 8);
        for fd in picked {
            let interest = if lock(crowd).chance.below(2) == 0 { Interest::Read(fd) } else { Interest::Write(fd) };
            if trap!(yield poll(vec![interest], Duration::ZERO)).is_ok() {
                interests.push(interest);
            }
        }
        let span = lock(crowd).span(200);
        let before = trap!(yield now())?;
        let told = trap!(yield poll(interests.clone(), span));
        let passed = trap!(yield now())?.since(before);
        let mut crowd = lock(crowd);
        match told {
            Ok(ready) if ready.is_empty() && passed >= span => crowd.note("poll: in vain"),
            Ok(ready) if !ready.is_empty() && ready.iter().all(|one| interests.contains(one)) => {
                crowd.note("poll: ready");
            }
            Err(Errno::ETIMEDOUT) => crowd.note("poll: late"),
            told => crowd.wrong.push(format!("a poll of {interests:?} for {span:?} took {passed:?}: {told:?}")),
        }
        Ok(())
    })
}

fn wait_for_one(crowd: &Shared, fds: &[Fd]) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = lock(crowd).pick(fds);
        let reads = lock(crowd).chance.below(2) == 0;
        let told = if reads { trap!(yield read_wait(fd)) } else { trap!(yield write_wait(fd)) };
        match told {
            Ok(()) | Err(Errno::EBADF | Errno::EOPNOTSUPP) => {}
            Err(Errno::ETIMEDOUT) => lock(crowd).note("wait: late"),
            Err(errno) => return Err(errno),
        }
        Ok(())
    })
}

fn change_descriptors(crowd: &Shared, fds: &mut Vec<Fd>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = lock(crowd).pick(fds);
        let way = lock(crowd).chance.below(6);
        let name = NAMES[lock(crowd).chance.below(3) as usize];
        let capacity = 1 + lock(crowd).chance.below(3) as u32;
        match way {
            0 => fds.extend(trap!(yield dup(fd)).ok()),
            1 | 2 => {
                if trap!(yield close(fd)).is_ok() {
                    fds.retain(|open| *open != fd);
                }
            }
            3 => {
                let ends = trap!(yield port_create(capacity)).ok();
                fds.extend(ends.into_iter().flat_map(|(to, from)| [to, from]));
            }
            // Refused for what is no receiving end, or for a name that is taken.
            4 => drop(trap!(yield port_publish(fd, name))),
            _ => fds.extend(trap!(yield port_open(name)).ok()),
        }
        Ok(())
    })
}

/// Two more streams if there is room, and bytes through one that was there.
fn connect(crowd: &Shared, fds: &mut Vec<Fd>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = lock(crowd).pick(fds);
        // No stream may take these; then they fail.
        let _ = trap!(yield send(fd, "hello"));
        let _ = trap!(yield recv(fd, 3));
        let Ok(listener) = trap!(yield tcp_listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 8)) else {
            return Ok(());
        };
        let address = trap!(yield local_addr(listener))?;
        if let Ok(stream) = trap!(yield tcp_connect(address)) {
            fds.push(stream);
            if let Ok((stream, _)) = trap!(yield accept(listener)) {
                lock(crowd).note("accepted");
                fds.push(stream);
            }
        }
        trap!(yield close(listener))
    })
}

fn spawn_or_kill(crowd: &Shared, fds: &[Fd]) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if lock(crowd).chance.below(3) > 0 {
            let shared = lock(crowd).pick_some(fds, 8);
            return match trap!(yield birth(crowd, &shared)) {
                Ok(_) | Err(Errno::EAGAIN) => Ok(()),
                Err(errno) => Err(errno),
            };
        }
        let victim = {
            let mut crowd = lock(crowd);
            let live = crowd.tids.len() as u64;
            let index = crowd.chance.below(live) as usize;
            crowd.note("killed");
            crowd.tids.swap_remove(index)
        };
        trap!(yield kill(victim, Signal::Kill))
    })
}

/// A new member, which shares these descriptors.
fn birth(crowd: &Shared, fds: &[Fd]) -> Call<Spawned> {
    let task = member(Arc::clone(crowd), fds.to_vec());
    fds.iter().fold(spawn(task).detach(), |birth, &fd| birth.share(fd))
}

/// Runs one machine to its end.
fn run(seed: u64, quantum: u32, happened: &mut BTreeMap<&'static str, u32>) {
    let _doing = Doing(format!("YIELDIX_SEED={seed} with a quantum of {quantum}"));
    let crowd = Crowd {
        chance: Chance(seed),
        acts_left: ACTS,
        tids: Vec::new(),
        happened: std::mem::take(happened),
        wrong: Vec::new(),
    };
    let crowd: Shared = Arc::new(Mutex::new(crowd));
    let of_first = Arc::clone(&crowd);
    let first = task!({
        let mut fds = Vec::new();
        for capacity in 1..4 {
            let (to, from) = trap!(yield port_create(capacity))?;
            fds.extend([to, from]);
        }
        for _ in 0..8 {
            trap!(yield birth(&of_first, &fds))?;
        }
        Ok(())
    });
    // They end with whatever they have just then.
    let machine = common::machine_but_for(&["messages not received"])
        .simulate(seed)
        .quantum(quantum)
        .max_tasks(TASKS_MAX)
        .max_fds(FDS_MAX);
    let mut running = machine.task(watched(first)).start().expect("the machine boots");
    // A task that is stuck makes this a deadlock.
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Exited(0)));
    let mut crowd = lock(&crowd);
    assert!(crowd.wrong.is_empty(), "{:#?}", crowd.wrong);
    *happened = std::mem::take(&mut crowd.happened);
    drop(crowd);
    let stats = running.stats();
    let left = (stats.tasks, stats.zombies, stats.ports, stats.timers, stats.file_waiters, stats.sockets);
    assert_eq!((stats.files, left), (3, (0, 0, 0, 0, 0, 0)));
    assert_eq!(bodies(), 0, "coroutines that were not dropped");
}

#[test]
fn nobody_in_a_crowd_is_stuck_and_nothing_is_left_of_it() {
    let mut happened = BTreeMap::new();
    let seeds = seeds(0..24);
    let machines = seeds.end - seeds.start;
    for seed in seeds {
        run(seed, [64, 1, 3][seed as usize % 3], &mut happened);
    }
    println!("{machines} machines: {happened:?}");
    for what in HAPPENINGS {
        assert!(happened.contains_key(what), "in {machines} machines nothing like {what:?}: {happened:?}");
    }
}
