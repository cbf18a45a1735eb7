//! Queues, first come first served, linked through what stands in them.
//!
//! A task stands in at most one queue, so its state holds the links, and any task leaves any queue
//! in constant time: kill, timeout and wake-up take the same way out. A poll waits in several: it
//! stands in none itself, but has a watch in each.

use crate::{kernel::broken, table::Slots, task::NIL, task::State};

/// The neighbours of a queued task.
#[derive(Clone, Copy, Debug)]
pub struct Links {
    next: u32,
    previous: u32,
}

impl Links {
    /// Links of a task that is in no queue yet.
    pub const LOOSE: Links = Links { next: NIL, previous: NIL };

    /// Links of a task that is its own neighbour: to take it out of a queue changes none.
    pub fn alone(slot: u32) -> Links {
        Links { next: slot, previous: slot }
    }

    /// Is the task in `slot`, whose links these are, its own neighbour?
    pub fn is_alone(&self, slot: u32) -> bool {
        self.next == slot
    }
}

/// The two ends of a queue of slots.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    head: u32,
    tail: u32,
}

impl Default for Queue {
    fn default() -> Queue {
        Queue { head: NIL, tail: NIL }
    }
}

impl Queue {
    /// The slot that is first.
    pub fn first(&self) -> Option<u32> {
        (self.head != NIL).then_some(self.head)
    }

    /// Nobody waits?
    pub fn is_empty(&self) -> bool {
        self.head == NIL
    }

    /// Puts `slot`, whose state has links, at the end.
    #[inline(always)]
    pub fn push(&mut self, places: &mut impl Linked, slot: u32) {
        let last = self.append(places, slot);
        *places.links_mut(slot) = last;
    }

    /// Puts `slot` at the end; it is about to have a state with these links.
    #[inline(always)]
    pub fn append(&mut self, places: &mut impl Linked, slot: u32) -> Links {
        let last = Links { next: NIL, previous: self.tail };
        match self.tail {
            NIL => self.head = slot,
            tail => places.links_mut(tail).next = slot,
        }
        self.tail = slot;
        last
    }

    /// Takes `slot` out, wherever in the queue it stands.
    #[inline(always)]
    pub fn remove(&mut self, places: &mut impl Linked, slot: u32) {
        let Links { next, previous } = std::mem::replace(places.links_mut(slot), Links::LOOSE);
        match previous {
            NIL => self.head = next,
            previous => places.links_mut(previous).next = next,
        }
        match next {
            NIL => self.tail = previous,
            next => places.links_mut(next).previous = previous,
        }
    }

    /// Forgets who was first, and had these links.
    #[inline(always)]
    pub fn drop_first(&mut self, places: &mut impl Linked, links: Links) {
        self.head = links.next;
        match links.next {
            NIL => self.tail = NIL,
            next => places.links_mut(next).previous = NIL,
        }
    }

    /// Who stands in it, in order, for checks and reports.
    pub fn iter(&self, places: &impl Linked) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first(), |&index| {
            let next = places.links(index).next;
            (next != NIL).then_some(next)
        })
    }
}

/// Where the links of a queue are: in what has these indices.
pub trait Linked {
    /// The links at this index.
    fn links(&self, index: u32) -> &Links;
    /// The links at this index, to change.
    fn links_mut(&mut self, index: u32) -> &mut Links;
}

/// The links of a state that stands in a queue.
macro_rules! links_of {
    ($state:expr) => {
        match $state {
            State::Reading { links, .. }
            | State::Writing { links, .. }
            | State::Sending { links, .. }
            | State::Receiving { links, .. }
            | State::Joining { links, .. }
            | State::Zombie { links, .. } => links,
            _ => broken("a queue names a task that is in none"),
        }
    };
}

impl Linked for Slots {
    fn links(&self, slot: u32) -> &Links {
        links_of!(&self.get(slot).state)
    }

    #[inline(always)]
    fn links_mut(&mut self, slot: u32) -> &mut Links {
        links_of!(&mut self.get_mut(slot).state)
    }
}
