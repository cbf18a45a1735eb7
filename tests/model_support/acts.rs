//! What an actor does next, drawn from the seed.

use super::{
    descriptors::Is,
    pipes::PipeAct,
    traces::TraceAct,
    world::{Life, World},
};
use std::net::SocketAddr;
use yieldix::syscalls::*;

/// What an actor does next.
#[derive(Debug)]
pub enum Act {
    Yield,
    WhoAmI,
    WhoIsMyParent,
    Spawn {
        grants: Vec<FdGrant>,
        quantum: Option<u32>,
        is_detached: bool,
        tracer: Option<Fd>,
    },
    Exit(i32),
    Return(Result<(), Errno>),
    Panic,
    Kill(Tid, Signal),
    SetGroup(Tid, Tid),
    GetGroup(Tid),
    KillGroup(Tid, Signal),
    Wait(Tid),
    WaitAny,
    TryWait(Children),
    Join(Tid),
    Sleep(u64),
    SleepUntilLater(u64),
    BoundedSleep {
        deadline: u64,
        sleep: u64,
    },
    /// A wait for an end, bounded.
    BoundedWait(u64, Box<Act>),
    PopNothing,
    Subroutine {
        depth: u32,
        fails: bool,
    },
    Tasks,
    Dup(Fd),
    Close(Fd),
    Listen,
    Connect(SocketAddr),
    Accept(Fd),
    Send {
        fd: Fd,
        count: u32,
        is_all: bool,
    },
    Recv {
        fd: Fd,
        max: u32,
    },
    ReadWait(Fd),
    Shutdown(Fd),
    PortCreate(u32),
    PortSend {
        fd: Fd,
        fds: Vec<Fd>,
        may_wait: bool,
    },
    PortRecv {
        fd: Fd,
        may_wait: bool,
    },
    /// So many acts on files, one after the other.
    Files(u32),
    Pipe(PipeAct),
    Trace(TraceAct),
}

impl World {
    /// Some task: mostly one that is there, by its id or by its number; now and then one that is
    /// not any more, or not yet.
    pub fn somebody(&mut self) -> Tid {
        let serial = if self.chance(4) == 0 {
            1 + self.chance(self.spawned + 3)
        } else {
            let there: Vec<u64> = self.listing().into_iter().map(|(serial, ..)| serial).collect();
            there[self.chance(there.len() as u64) as usize]
        };
        let by_number = self.chance(2) == 0;
        match self.actors.get(&serial) {
            Some(actor) if !by_number => actor.tid,
            _ => Tid::from_serial(serial),
        }
    }

    fn child(&mut self, me: u64) -> Tid {
        let children: Vec<Tid> = self
            .actors
            .values()
            .filter(|actor| actor.parent == me && actor.life != Life::Gone)
            .map(|actor| actor.tid)
            .collect();
        if children.is_empty() || self.chance(5) == 0 {
            return self.somebody();
        }
        children[self.chance(children.len() as u64) as usize]
    }

    /// Some descriptor: open, closed, never open. None of the console's, which are no part of the
    /// account: 0, 1 and 2 have generation 0.
    fn descriptor(&mut self, me: u64) -> Fd {
        let slots = self.actor(me).fds.0.clone();
        let chosen = self.chance(slots.len() as u64 + 2);
        match slots.get(chosen as usize) {
            Some((_, generation)) => Fd::new(3 + chosen as u32, generation - u32::from(self.chance(12) == 0)),
            None => Fd::new(self.chance(9) as u32, 1),
        }
    }

    /// Mostly one that is open.
    fn open_descriptor(&mut self, me: u64) -> Fd {
        match self.chance(8) {
            7 => self.descriptor_of(me, |is| matches!(is, Is::Tracer(_))),
            4 => self.descriptor_of(me, |is| matches!(is, Is::File(_))),
            5 => self.descriptor_of(me, |is| matches!(is, Is::PipeReader(_))),
            6 => self.descriptor_of(me, |is| matches!(is, Is::PipeWriter(_))),
            0 => self.descriptor_of(me, |is| is == Is::Listener),
            1 => self.descriptor_of(me, |is| is == Is::Stream),
            2 => self.descriptor_of(me, |is| matches!(is, Is::Sender(_))),
            _ => self.descriptor_of(me, |is| matches!(is, Is::Receiver(_))),
        }
    }

    /// Mostly one that is this, if there is one.
    pub fn descriptor_of(&mut self, me: u64, is_it: fn(Is) -> bool) -> Fd {
        let slots = self.actor(me).fds.0.clone();
        let fds = (3..).zip(slots).map(|(slot, (_, generation))| Fd::new(slot, generation));
        let of_that_kind: Vec<Fd> = fds.filter(|fd| is_it(self.what_is(me, *fd))).collect();
        if of_that_kind.is_empty() || self.chance(12) == 0 {
            return self.descriptor(me);
        }
        of_that_kind[self.chance(of_that_kind.len() as u64) as usize]
    }

    fn signal(&mut self) -> Signal {
        // As many go on as are stopped.
        let chosen = self.chance(Signal::ALL.len() as u64 + 2) as usize;
        Signal::ALL.get(chosen).copied().unwrap_or(Signal::Cont)
    }

    /// One that leaves most alive.
    fn signal_for_many(&mut self) -> Signal {
        match self.chance(6) {
            0 => self.signal(),
            1 => Signal::Stop,
            _ => Signal::Cont,
        }
    }

    /// What `me` does next.
    pub fn choose(&mut self, me: u64) -> Act {
        if self.acts_left == 0 {
            return Act::Exit(7);
        }
        self.acts_left -= 1;
        let act = self.chance(170);
        // A small population grows, so that a machine lives until its acts are used up.
        let act = if self.live() < 8 && (26..37).contains(&act) { 10 } else { act };
        match act {
            0..6 => Act::Yield,
            6..8 => Act::WhoAmI,
            8..10 => Act::WhoIsMyParent,
            10..26 => {
                let grants =
                    (0..self.chance(6).saturating_sub(3)).map(|_| self.open_descriptor(me)).collect::<Vec<Fd>>();
                let grants = grants.into_iter().map(|fd| match self.chance(3) {
                    0 => FdGrant::Pass(fd),
                    1 => FdGrant::Share(fd),
                    _ => FdGrant::PassAs(fd, 3 + self.chance(6) as u32),
                });
                let grants = grants.collect();
                let quantum = (self.chance(4) == 0).then(|| self.chance(8) as u32);
                let tracer = self.choose_tracer(me);
                Act::Spawn { grants, quantum, is_detached: self.chance(4) == 0, tracer }
            }
            26..29 => Act::Exit(self.chance(300) as i32 - 20),
            29..31 => Act::Return(if self.chance(2) == 0 { Ok(()) } else { Err(Errno::EXDEV) }),
            31..33 => Act::Panic,
            33..37 => Act::Kill(self.somebody(), self.signal()),
            37..48 => {
                let wait = match self.chance(3) {
                    0 => Act::Wait(self.child(me)),
                    1 => Act::WaitAny,
                    _ => Act::Join(self.somebody()),
                };
                if self.chance(5) == 0 { wait } else { Act::BoundedWait(self.chance(2_000_000), Box::new(wait)) }
            }
            48..53 => Act::TryWait(if self.chance(2) == 0 { Children::Any } else { Children::Only(self.child(me)) }),
            53..56 => Act::Sleep(self.chance(3_000_000) * self.chance(2)),
            56..60 => Act::SleepUntilLater(200_000 + 100_000 * self.chance(20)),
            60..62 => {
                Act::BoundedSleep { deadline: 1_000_000 * self.chance(4), sleep: 1_000_000 * self.chance(4) + 500_000 }
            }
            62..63 => Act::PopNothing,
            63..65 => Act::Subroutine { depth: self.chance(5) as u32, fails: self.chance(3) == 0 },
            65..66 => Act::Tasks,
            66..69 => Act::Dup(self.open_descriptor(me)),
            69..72 => Act::Close(self.open_descriptor(me)),
            72..76 => Act::Listen,
            76..82 => self.connect(),
            82..87 if self.lacks(me, Is::Listener) => Act::Listen,
            82..87 => Act::Accept(self.descriptor_of(me, |is| is == Is::Listener)),
            87..97 if self.lacks(me, Is::Stream) => self.connect(),
            87..92 => {
                let count = if self.chance(5) == 0 { 100_000 } else { self.chance(40) as u32 };
                Act::Send { fd: self.descriptor_of(me, |is| is == Is::Stream), count, is_all: self.chance(2) == 0 }
            }
            92..97 => {
                let max = if self.chance(4) == 0 { 1 << 20 } else { self.chance(40) as u32 };
                Act::Recv { fd: self.descriptor_of(me, |is| is == Is::Stream), max }
            }
            97..98 => Act::ReadWait(self.open_descriptor(me)),
            100..103 => Act::PortCreate(self.chance(4) as u32),
            103..118 if !self.has_port(me) && self.chance(4) > 0 => Act::PortCreate(1),
            103..111 => {
                let fds = (0..self.chance(5).saturating_sub(2)).map(|_| self.open_descriptor(me)).collect();
                let fd = self.descriptor_of(me, |is| matches!(is, Is::Sender(_)));
                Act::PortSend { fd, fds, may_wait: self.chance(4) > 0 }
            }
            111..118 => {
                let fd = self.descriptor_of(me, |is| matches!(is, Is::Receiver(_)));
                Act::PortRecv { fd, may_wait: self.chance(4) > 0 }
            }
            118..132 => Act::Files(1 + self.chance(12) as u32),
            140..145 => {
                let target = if self.chance(2) == 0 { Tid::NONE } else { self.child(me) };
                let group = if self.chance(2) == 0 { Tid::NONE } else { self.somebody() };
                Act::SetGroup(target, group)
            }
            145..148 => Act::GetGroup(self.somebody()),
            148..150 => Act::KillGroup(self.somebody(), self.signal_for_many()),
            132..140 => Act::Pipe(self.choose_pipe_act(me)),
            150..170 => Act::Trace(self.choose_trace_act(me)),
            _ => Act::Shutdown(self.descriptor_of(me, |is| is == Is::Stream)),
        }
    }

    fn connect(&mut self) -> Act {
        let known: Vec<SocketAddr> = self.objects.iter().filter_map(|object| object.listens).collect();
        match known.len() as u64 {
            0 => Act::Listen,
            // The latest are the likeliest to be open.
            count => Act::Connect(known[known.len() - 1 - self.chance(count.min(6)) as usize]),
        }
    }

    /// Mostly: has `me` nothing of this kind, so that it should rather get one?
    fn lacks(&mut self, me: u64, is: Is) -> bool {
        let objects: Vec<usize> = self.actors[&me].fds.0.iter().filter_map(|(object, _)| *object).collect();
        let has_one = objects.iter().any(|&object| self.objects[object].is == is);
        !has_one && self.chance(4) > 0
    }

    fn has_port(&self, me: u64) -> bool {
        let mut objects = self.actors[&me].fds.0.iter().filter_map(|(object, _)| *object);
        objects.any(|object| matches!(self.objects[object].is, Is::Sender(_) | Is::Receiver(_)))
    }

    /// The number of the next message.
    pub fn next_message(&mut self) -> u64 {
        self.messages += 1;
        self.messages
    }

    /// Now and then, a task that is killed from outside: who, how, and the answer.
    pub fn victim(&mut self) -> Option<(Tid, Signal, Result<(), Errno>)> {
        if self.chance(150) != 0 || self.live() == 0 {
            return None;
        }
        let (tid, signal) = (self.somebody(), self.signal());
        Some((tid, signal, self.kill(tid, signal)))
    }

    /// How long a wait on a socket may take, in nanoseconds; now and then for ever.
    pub fn patience(&mut self) -> u64 {
        if self.chance(12) == 0 { u64::MAX } else { self.chance(1_500_000) }
    }
}
