//! Tasks that wait for each other: told when it happens, and why nothing can go on.
//!
//! A wait that any of several could end is over when one of them ends it, so a cycle of waits alone says nothing. Told
//! is a *knot*: a set of tasks none of which anybody outside of it could wake ([`graph`]). A knot that others go on
//! beside is found when its last wait begins, if each of them waits for the end of one task, and else at a look at the
//! hardware, whether anybody is ready or not. It is told once, as long as it is there.
//!
//! Looks are *paid for*: each look at the hardware pays for so many things, and what a search has looked at is
//! subtracted. So they take a small share of the time, whatever they find, and the same one in each run of a
//! simulation. While somebody is ready a search gives up past a bound, so that none takes long beside those who work.
//!
//! A task that only waits for its children is no part of a knot that there would be without it: it waits for it.

mod graph;
#[cfg(test)]
mod tests;

use crate::{
    emit,
    event::level,
    fd::Object,
    hardware::Hardware,
    kernel::Kernel,
    limits,
    one_line::Word,
    pulse::text,
    sched::Policy,
    task::State,
    wakers::{Holders, Search, Waker},
};
use graph::{Component, Graph, Set, members};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write},
};
use yieldix_syscalls::Tid;

/// What is kept between two looks for knots.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    /// What the looks at the hardware have paid for, less what was looked at.
    paid: i64,
    /// Could there be a knot of tasks that wait for ends of tasks alone, which was not told as its last wait began?
    may_be_of_ends: bool,
    /// Those who are in a knot that was told.
    told: BTreeSet<Tid>,
}

/// What a task that is stuck has to do with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It is in a cycle that is told.
    InCycle,
    /// It is in the knot of one.
    InKnot,
    /// It waits for those in a knot.
    Waiting,
    /// Nobody has what could wake it, or nobody who is not stuck for that reason.
    Unwakeable,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::InCycle => "in a cycle",
            Part::InKnot => "bound to a cycle",
            Part::Waiting => "waits for a cycle",
            Part::Unwakeable => "nobody could wake it",
        })
    }
}

/// A node of the graph of waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    /// A task, by its slot.
    Task(u32),
    /// What tasks hold, and others wait at.
    Thing(Object),
}

/// Who waits for whom.
#[derive(Debug, Default)]
struct Waits {
    graph: Graph,
    nodes: Vec<Node>,
    numbers: BTreeMap<Node, u32>,
    /// Does any wait for the end of a task that waits for the end of one?
    is_of_ends: bool,
}

/// Tasks that nobody else could wake.
#[derive(Debug)]
struct Knot {
    /// By their slots, in the order of the nodes.
    tasks: Vec<u32>,
    /// Those of them in a cycle of waits, each before the one that it waits for.
    cycle: Vec<u32>,
}

/// Who is held to be able to wake others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outside {
    /// The clock, the hardware, and whoever is awake.
    Awake,
    /// Nobody: nothing will ever come.
    Nothing,
}

impl Waits {
    /// The number of a node, and whether it is new.
    fn number(&mut self, node: Node) -> (u32, bool) {
        if let Some(&number) = self.numbers.get(&node) {
            return (number, false);
        }
        let number = self.graph.add(matches!(node, Node::Task(_)));
        self.numbers.insert(node, number);
        self.nodes.push(node);
        (number, true)
    }

    fn task(&self, node: u32) -> Option<u32> {
        match self.nodes.get(node as usize) {
            Some(&Node::Task(slot)) => Some(slot),
            _ => None,
        }
    }

    /// Of the component of a knot, the tasks and a cycle; those that only wait for children are left out if there is
    /// a cycle of several without them.
    fn knot(&self, component: &Component, waits_for_children: impl Fn(u32) -> bool) -> Knot {
        // What is not in it is not looked at: there may be as many knots as tasks.
        let graph = self.graph.part(&component.nodes);
        let task = |node: u32| self.task(component.nodes[node as usize]);
        let whole: Set = vec![true; graph.len()];
        let core: Set =
            (0..graph.len() as u32).map(|node| task(node).is_none_or(|slot| !waits_for_children(slot))).collect();
        let tasks_of = |set: &[bool]| members(set).filter_map(task).collect::<Vec<u32>>();
        let several = |set: &[bool]| {
            let mut cyclic = graph.components(set);
            cyclic.retain(|component| component.is_cyclic);
            cyclic.sort_by_key(|component| component.nodes.first().copied());
            let mut cycles = cyclic.iter().filter_map(|component| {
                let start = *component.nodes.iter().find(|&&node| task(node).is_some())?;
                graph.cycle_through(start, set)
            });
            let first = cycles.next()?;
            if first.len() > 1 { Some(first) } else { cycles.find(|cycle| cycle.len() > 1).or(Some(first)) }
        };
        let of_core = several(&core);
        let (set, cycle) = match of_core {
            Some(cycle) if cycle.len() > 1 => (&core, cycle),
            _ => match several(&whole) {
                Some(cycle) => (&whole, cycle),
                None => (&whole, Vec::new()),
            },
        };
        Knot { tasks: tasks_of(set), cycle: cycle.into_iter().filter_map(task).collect() }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// A task has begun to wait for the ends of others: logs the cycle that this closed, if it did.
    #[inline]
    pub(crate) fn report_cycle(&mut self, slot: u32) {
        let awaits_several =
            |slot: u32| matches!(self.table.slot(slot).state, State::AwaitingAny | State::AwaitingChange);
        match self.awaited(slot) {
            // Mostly who is waited for waits for nobody's end.
            Some(other) if self.awaited(other).is_some() => self.report_cycle_through(slot),
            Some(other) => self.looks.may_be_of_ends |= awaits_several(other),
            None => self.looks.may_be_of_ends |= awaits_several(slot),
        }
    }

    #[cold]
    fn report_cycle_through(&mut self, slot: u32) {
        match cycle_through(slot, |slot| self.awaited(slot)) {
            Some(cycle) if !cycle.iter().any(|&slot| self.may_be_cut_short(slot)) => {
                if !self.wants(level::Cycle) {
                    return;
                }
                // No look has forgotten those that are over. There are few of them: that costs each but a share.
                if self.looks.told.len() > 2 * self.table.live() as usize {
                    self.looks.told.retain(|&tid| self.table.find_live(tid).is_some());
                }
                self.tell_knot(&Knot { tasks: cycle.clone(), cycle });
            }
            // What may cut it short may pass, and the cycle stay.
            _ => self.looks.may_be_of_ends = true,
        }
    }

    /// The task that this one waits for, when it waits for the end of a single one.
    #[inline]
    fn awaited(&self, slot: u32) -> Option<u32> {
        match self.table.slot(slot).state {
            State::AwaitingChild { child } => Some(child),
            State::Joining { target, .. } => Some(target),
            _ => None,
        }
    }

    /// The kernel is about to look at the hardware: logs the knots that there are since it looked for some last.
    #[inline]
    pub(crate) fn look_for_knots(&mut self, is_anybody_ready: bool) {
        // All that is waited for beside hardware, clock and ends of tasks is a port or the kernel's own.
        if self.wants(level::Cycle) && (self.ports.len() + self.own.len() > 0 || self.looks.may_be_of_ends) {
            self.look_if_paid_for(is_anybody_ready);
        }
    }

    #[cold]
    fn look_if_paid_for(&mut self, is_anybody_ready: bool) {
        let (paid, search) = match is_anybody_ready {
            true => (limits::LOOKED_AT_PER_POLL, Search::of_at_most(limits::LOOKED_AT_WHILE_BUSY)),
            false => (limits::LOOKED_AT_PER_WAIT, Search::UNBOUNDED),
        };
        self.looks.paid = (self.looks.paid + paid).min(paid);
        if self.looks.paid > 0 {
            self.look_for_new_knots(search);
        }
    }

    fn look_for_new_knots(&mut self, mut search: Search) {
        let holders = self.holders(&mut search);
        let waits = self.waits(&holders, Outside::Awake, &mut search);
        self.looks.paid -= search.looked_at() as i64;
        if search.has_given_up() {
            return;
        }
        self.looks.may_be_of_ends = waits.is_of_ends;
        let knots = self.knots(&waits, &waits.graph.stuck());
        let now: BTreeSet<Tid> = knots.iter().flat_map(|knot| &knot.tasks).map(|&slot| self.table.tid(slot)).collect();
        self.looks.told.retain(|tid| now.contains(tid));
        for knot in knots {
            if !knot.tasks.iter().all(|&slot| self.looks.told.contains(&self.table.tid(slot))) {
                self.tell_knot(&knot);
            }
        }
    }

    /// Logs a knot that others go on beside.
    #[cold]
    fn tell_knot(&mut self, knot: &Knot) {
        self.looks.told.extend(knot.tasks.iter().map(|&slot| self.table.tid(slot)));
        let chain = self.chain(&knot.cycle);
        emit!(self, Cycle { tids: &chain, tasks: knot.tasks.len() as u32 });
        for &slot in knot.cycle.iter().take(limits::CYCLE_TOLD) {
            let Some(on) = self.waits_on(slot) else { continue };
            let (what, line) = (self.what_it_waits_at(slot), self.line_of(slot));
            emit!(self, InCycle { tid: self.table.tid(slot), name: self.name_of(slot), on, what: &what, line: &line });
        }
    }

    /// No task can ever run again: says so, task by task, and names the cycles if there are any.
    pub(crate) fn report_deadlock(&mut self) {
        if !self.wants(level::Deadlock) {
            return;
        }
        let mut search = Search::UNBOUNDED;
        let holders = self.holders(&mut search);
        let waits = self.waits(&holders, Outside::Nothing, &mut search);
        let knots = self.knots(&waits, &vec![true; waits.graph.len()]);
        let parts = self.parts(&waits, &knots);
        let tids = self.table.tids();
        let blocked: Vec<u32> =
            tids.into_iter().map(|tid| self.slot_of(tid)).filter(|&slot| self.waits_on(slot).is_some()).collect();
        let cycles: Vec<String> = knots.iter().take(limits::CYCLE_TOLD).map(|knot| self.chain(&knot.cycle)).collect();
        let cycle = if cycles.is_empty() { String::from("none") } else { cycles.join("; ") };
        emit!(self, Deadlock { tasks: blocked.len() as u32, cycle: &cycle });
        for slot in blocked {
            let Some(on) = self.waits_on(slot) else { continue };
            let (what, line) = (self.what_it_waits_at(slot), self.line_of(slot));
            let part = parts.get(&slot).copied().unwrap_or(Part::Unwakeable).to_string();
            let tid = self.table.tid(slot);
            emit!(self, Deadlocked { tid, name: self.name_of(slot), on, what: &what, line: &line, part: &part });
        }
    }

    /// Who waits for whom, of all tasks that do: tasks, their wakers, and who has what they wait at are looked at.
    fn waits(&self, holders: &Holders, outside: Outside, search: &mut Search) -> Waits {
        let mut waits = Waits::default();
        if !search.may_look_at(self.table.live() as usize) {
            return waits;
        }
        let mut things = Vec::new();
        let live = |slot: &u32| self.table.slot(*slot).state.is_live();
        let slots: Vec<u32> = self.table.tids().into_iter().map(|tid| self.slot_of(tid)).filter(live).collect();
        // Numbered by their age, before what they wait for is.
        for &slot in &slots {
            waits.number(Node::Task(slot));
        }
        for slot in slots {
            let place = self.table.slot(slot);
            let (from, _) = waits.number(Node::Task(slot));
            if !place.state.is_blocked() && !place.is_stopped() && outside == Outside::Awake {
                waits.graph.set_live(from);
            }
            let wakers = self.wakers_of(slot);
            if !search.may_look_at(wakers.len()) {
                return waits;
            }
            for waker in wakers {
                match waker {
                    Waker::Holder(thing) => {
                        let (to, is_new) = waits.number(Node::Thing(thing));
                        waits.graph.link(from, to);
                        things.extend(is_new.then_some(thing));
                    }
                    Waker::Task(other) => {
                        waits.is_of_ends |= self.table.slot(other).state.awaits_an_end();
                        let (to, _) = waits.number(Node::Task(other));
                        waits.graph.link(from, to);
                    }
                    Waker::Child => {
                        for child in self.awaited_children(slot, holders) {
                            waits.is_of_ends |= self.table.slot(child).state.awaits_an_end();
                            let (to, _) = waits.number(Node::Task(child));
                            waits.graph.link(from, to);
                        }
                    }
                    // Somebody is awake whenever others could be: else nothing would ever come.
                    Waker::Clock(_) | Waker::Hardware | Waker::Anyone(_) if outside == Outside::Awake => {
                        waits.graph.set_live(from);
                    }
                    Waker::Clock(_) | Waker::Hardware | Waker::Anyone(_) => {}
                }
            }
        }
        while let Some(thing) = things.pop() {
            let (held_by, carried_by) = (holders.of(thing), holders.carriers_of(thing));
            if !search.may_look_at(1 + held_by.len() + carried_by.len()) {
                return waits;
            }
            let (from, _) = waits.number(Node::Thing(thing));
            for &holder in held_by {
                let (to, _) = waits.number(Node::Task(holder));
                waits.graph.link(from, to);
            }
            for &port in carried_by {
                let end = Object::Receiver(port);
                let (to, is_new) = waits.number(Node::Thing(end));
                waits.graph.link(from, to);
                things.extend(is_new.then_some(end));
            }
        }
        waits
    }

    /// The knots of those that are stuck, by their oldest tasks; last those of a task that waits for itself.
    fn knots(&self, waits: &Waits, stuck: &[bool]) -> Vec<Knot> {
        let waits_for_children = |slot: u32| {
            let state = &self.table.slot(slot).state;
            state.awaits_an_end() && !matches!(state, State::Joining { .. })
        };
        let mut components = waits.graph.components(stuck);
        components.retain(|component| component.is_cyclic && component.is_last);
        components.sort_by_key(|component| component.nodes.first().copied());
        let knots = components.iter().map(|component| waits.knot(component, waits_for_children));
        let mut knots: Vec<Knot> = knots.collect();
        knots.sort_by_key(|knot| knot.cycle.len() < 2);
        knots
    }

    /// What each task has to do with these knots, when all are stuck.
    fn parts(&self, waits: &Waits, knots: &[Knot]) -> BTreeMap<u32, Part> {
        let mut parts = BTreeMap::new();
        let mut knotted = vec![false; waits.graph.len()];
        for knot in knots {
            parts.extend(knot.tasks.iter().map(|&slot| (slot, Part::InKnot)));
            parts.extend(knot.cycle.iter().map(|&slot| (slot, Part::InCycle)));
            for slot in &knot.tasks {
                if let Some(&node) = waits.numbers.get(&Node::Task(*slot)) {
                    knotted[node as usize] = true;
                }
            }
        }
        for node in members(&waits.graph.leading_to(&knotted)) {
            if let Some(slot) = waits.task(node) {
                parts.entry(slot).or_insert(Part::Waiting);
            }
        }
        parts
    }

    fn line_of(&self, slot: u32) -> String {
        text(self.table.slot(slot).at)
    }

    /// `1 (main) waits for 2 (worker) waits for 1`
    fn chain(&self, cycle: &[u32]) -> String {
        let mut text = String::new();
        for &slot in cycle.iter().take(limits::CYCLE_TOLD) {
            // Writing to a string cannot fail.
            let _ = write!(text, "{} ({}) waits for ", self.table.tid(slot), Word(self.name_of(slot)));
        }
        let _ = match cycle {
            [] => Ok(()),
            [first, ..] if cycle.len() <= limits::CYCLE_TOLD => write!(text, "{}", self.table.tid(*first)),
            [first, ..] => {
                let more = cycle.len() - limits::CYCLE_TOLD;
                write!(text, "{more} more, the last for {}", self.table.tid(*first))
            }
        };
        text
    }
}

/// The tasks of the cycle of waits that `slot` is in, from it on, when each waits for whom `awaited`
/// says.
fn cycle_through(slot: u32, awaited: impl Fn(u32) -> Option<u32>) -> Option<Vec<u32>> {
    let others = || {
        let next = |at: &u32| awaited(*at).filter(|&next| next != slot);
        std::iter::successors(awaited(slot), next).take(limits::CYCLE_SEARCH)
    };
    let last = others().last()?;
    (awaited(last) == Some(slot)).then(|| std::iter::once(slot).chain(others()).collect())
}
