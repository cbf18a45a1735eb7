//! Where a task is parked: the line at which it waits, those that called it, what it waits for, and who could end that.

use crate::{
    event::Queued,
    fd::Object,
    file::Kind,
    hardware::{Device, Hardware},
    kernel::Kernel,
    limits,
    one_line::OneLine,
    sched::Policy,
    task::State,
    wakers::{Holders, Search, Waker},
};
use std::{fmt, panic::Location};
use yieldix_syscalls::{ExitStatus, WaitsOn};

/// Where a task is parked.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    /// Its coroutines, from the one that runs to the task's own: their functions, and where each has trapped.
    frames: Vec<(&'static str, Option<&'static Location<'static>>)>,
    /// Those between that are left out.
    left_out: usize,
    /// What it waits on.
    on: Option<WaitsOn>,
    /// What that is.
    things: Listed<Thing>,
    /// Who could end the wait.
    wakers: Listed<String>,
    /// How it ended, of a zombie.
    status: Option<ExitStatus>,
}

/// The first of many.
#[derive(Debug)]
struct Listed<T> {
    first: Vec<T>,
    more: usize,
}

impl<T> Listed<T> {
    const EMPTY: Listed<T> = Listed { first: Vec::new(), more: 0 };

    fn push(&mut self, thing: impl FnOnce() -> T) {
        if self.first.len() < limits::WHERE_LINES {
            self.first.push(thing());
        } else {
            self.more += 1;
        }
    }
}

/// What a task waits for.
#[derive(Debug)]
pub(crate) struct Thing {
    /// `file 7`
    object: String,
    /// `listener`
    kind: String,
    /// Its address, its name, or its other end; or nothing.
    name: String,
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Thing { object, kind, name } = self;
        match (kind.is_empty(), name.is_empty()) {
            (true, true) => write!(f, "{object}"),
            (true, false) => write!(f, "{object} {name}"),
            (false, true) => write!(f, "{object} {kind}"),
            (false, false) => write!(f, "{object} {kind}, {name}"),
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Where the task in `slot` is parked. Looks through all tasks, their descriptors, and all messages, and charges
    /// for that.
    pub(crate) fn whereabouts(&mut self, slot: u32) -> Whereabouts {
        let (frames, left_out) = self.frames(slot);
        let mut things = Listed::EMPTY;
        for queue in self.queues_to_tell(slot) {
            things.push(|| self.thing(queue));
        }
        let mut search = Search::UNBOUNDED;
        let holders = self.holders(&mut search);
        self.charge_for_the_table();
        self.operations += (search.looked_at() as u64).div_ceil(limits::SLOTS_PER_OPERATION.into()) as u32;
        let wakers = self.tell_wakers(slot, &holders);
        Whereabouts { frames, left_out, on: self.waits_on(slot), things, wakers, status: self.status_of(slot) }
    }

    /// What the task in `slot` waits at, in a few words; nothing when that is no object.
    pub(crate) fn what_it_waits_at(&mut self, slot: u32) -> String {
        let queues = self.queues_to_tell(slot);
        let told = queues.iter().take(limits::CYCLE_TOLD).map(|&queue| self.thing(queue).to_string());
        let told: Vec<String> = told.collect();
        match queues.len() - told.len() {
            0 => told.join("; "),
            more => format!("{}; {more} more", told.join("; ")),
        }
    }

    fn frames(&self, slot: u32) -> (Vec<(&'static str, Option<&'static Location<'static>>)>, usize) {
        let place = self.table.slot(slot);
        let callers = self.table.rare(slot).map_or(&[][..], |rare| &rare.callers);
        let running = place.body.as_ref().map(|body| (body.function(), place.at));
        let mut frames: Vec<_> = running.into_iter().collect();
        let (outer, inner) = callers.split_at(callers.len().saturating_sub(limits::WHERE_LINES));
        frames.extend(inner.iter().rev().map(|caller| (caller.body.function(), caller.at)));
        // The outermost is the task's own.
        frames.extend(outer.first().map(|caller| (caller.body.function(), caller.at)));
        (frames, outer.len().saturating_sub(1))
    }

    /// The queues that stand for what the task in `slot` waits on, and the tasks whose ends it waits for.
    fn queues_to_tell(&self, slot: u32) -> Vec<Queued> {
        match self.table.slot(slot).state {
            State::AwaitingChild { child } => vec![Queued::End(self.table.tid(child))],
            _ => self.queues_of(slot),
        }
    }

    fn thing(&mut self, queue: Queued) -> Thing {
        match queue {
            Queued::Read(file) | Queued::Write(file) => {
                let kind = self.file(file).kind;
                Thing { object: format!("file {file}"), kind: kind.to_string(), name: self.name_of_file(file, kind) }
            }
            Queued::Receive(port) | Queued::Send(port) => {
                let name = self.port(port).name.as_deref().map_or(String::new(), |name| OneLine(name).to_string());
                Thing { object: format!("port {port}"), kind: String::new(), name }
            }
            Queued::End(tid) => {
                let name = OneLine(self.name_of(self.slot_of(tid))).to_string();
                Thing { object: format!("task {tid}"), kind: String::new(), name }
            }
        }
    }

    /// What a file is known by: an address, a name, or its other end.
    fn name_of_file(&mut self, file: u32, kind: Kind) -> String {
        let device = self.file(file).device;
        let address = |address: Result<std::net::SocketAddr, _>| address.ok().map(|address| address.to_string());
        let name = match kind {
            Kind::Listener | Kind::Datagram => address(self.hardware.local_addr(device)),
            Kind::Stream => address(self.hardware.peer_addr(device)).map(|peer| format!("to {peer}")),
            Kind::Console if device == Device::STDIN => Some(String::from("input")),
            Kind::Console if device == Device::STDOUT => Some(String::from("output")),
            Kind::Console => Some(String::from("error output")),
            _ if device.is_own() => self.own.name_of(device).map(|name| OneLine(name).to_string()),
            _ => None,
        };
        name.or_else(|| self.other_end(file)).unwrap_or_default()
    }

    /// The other ends of a file that is one of two.
    fn other_end(&self, file: u32) -> Option<String> {
        use crate::{file::Direction, own::counterpart::Counterpart};
        let device = self.file(file).device;
        let ends = match self.file(file).kind {
            Kind::PipeReader | Kind::Terminal | Kind::Master | Kind::UnixStream => {
                self.own.counterpart(device, Direction::Read)
            }
            Kind::PipeWriter => self.own.counterpart(device, Direction::Write),
            _ => return None,
        };
        let Counterpart::Devices(devices) = ends else { return None };
        let other = devices.into_iter().filter_map(|device| self.file_of_device(device)).find(|&other| other != file);
        Some(other.map_or(String::from("other end closed"), |other| format!("other end file {other}")))
    }

    /// Who could end the wait of the task in `slot`, a line each: whom, and by what.
    fn tell_wakers(&self, slot: u32, holders: &Holders) -> Listed<String> {
        let mut told = Listed::EMPTY;
        let task = |slot: u32| format!("task\t{}\t{}", self.table.tid(slot), OneLine(self.name_of(slot)));
        for waker in self.wakers_of(slot) {
            match waker {
                Waker::Holder(thing) => {
                    let itself = self.waits_at(slot, thing).then_some(slot);
                    let others = holders.of(thing).iter().filter(|&&holder| Some(holder) != itself);
                    others.for_each(|&holder| told.push(|| format!("{}\tholds {thing}", task(holder))));
                    for &port in holders.carriers_of(thing) {
                        let receivers = holders.of(Object::Receiver(port)).iter();
                        let by = format!("{thing} is on its way in port {port}");
                        receivers.for_each(|&receiver| told.push(|| format!("{}\t{by}", task(receiver))));
                    }
                }
                Waker::Task(other) => told.push(|| format!("{}\tits end", task(other))),
                Waker::Child => {
                    let children = self.awaited_children(slot, holders);
                    children.for_each(|child| told.push(|| format!("{}\tits end", task(child))));
                }
                Waker::Clock(at) => told.push(|| format!("clock\t{at}")),
                Waker::Hardware => told.push(|| String::from("hardware")),
                Waker::Anyone(way) => told.push(|| format!("anyone\t\t\t{way}")),
            }
        }
        told
    }

    /// Does the task in `slot` wait at this very file?
    fn waits_at(&self, slot: u32, thing: Object) -> bool {
        let is_it = |queue: &Queued| matches!((queue, thing), (Queued::Read(file) | Queued::Write(file), Object::File(other)) if *file == other);
        self.queues_of(slot).iter().any(is_it)
    }
}

impl fmt::Display for Whereabouts {
    /// A line for each thing, its kind first, and a TAB between the columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (function, at)) in self.frames.iter().enumerate() {
            if index + 1 == self.frames.len() {
                more(f, "caller", self.left_out)?;
            }
            let kind = if index == 0 { "at" } else { "caller" };
            match at {
                Some(at) => writeln!(f, "{kind}\t{at}\t{function}")?,
                None => writeln!(f, "{kind}\t-\t{function}")?,
            }
        }
        if let Some(status) = &self.status {
            writeln!(f, "ended\t{status}")?;
        }
        if let Some(on) = self.on {
            writeln!(f, "waits\t{on}")?;
        }
        for Thing { object, kind, name } in &self.things.first {
            writeln!(f, "on\t{object}\t{kind}\t{name}")?;
        }
        more(f, "on", self.things.more)?;
        for waker in &self.wakers.first {
            writeln!(f, "waker\t{waker}")?;
        }
        more(f, "waker", self.wakers.more)
    }
}

/// So many of a kind are left out.
fn more(f: &mut fmt::Formatter<'_>, kind: &str, count: usize) -> fmt::Result {
    if count > 0 { writeln!(f, "{kind}\t{count} more") } else { Ok(()) }
}
