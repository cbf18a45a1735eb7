//! Queues of tasks, first come first served, linked through the tasks' own states.
//!
//! A task stands in at most one queue, so its state holds the links, and any task leaves any queue
//! in constant time: kill, timeout and wake-up take the same way out.

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
    pub fn push(&mut self, slots: &mut Slots, slot: u32) {
        let last = self.append(slots, slot);
        *links(slots, slot) = last;
    }

    /// Puts `slot` at the end; it is about to have a state with these links.
    #[inline(always)]
    pub fn append(&mut self, slots: &mut Slots, slot: u32) -> Links {
        let last = Links { next: NIL, previous: self.tail };
        match self.tail {
            NIL => self.head = slot,
            tail => links(slots, tail).next = slot,
        }
        self.tail = slot;
        last
    }

    /// Takes `slot` out, wherever in the queue it stands.
    #[inline(always)]
    pub fn remove(&mut self, slots: &mut Slots, slot: u32) {
        let Links { next, previous } = std::mem::replace(links(slots, slot), Links::LOOSE);
        match previous {
            NIL => self.head = next,
            previous => links(slots, previous).next = next,
        }
        match next {
            NIL => self.tail = previous,
            next => links(slots, next).previous = previous,
        }
    }

    /// The slots in order, for checks and reports.
    pub fn iter(&self, slots: &Slots) -> impl Iterator<Item = u32> {
        std::iter::successors(self.first(), |&slot| {
            let next = match slots.get(slot).state {
                State::Reading { links, .. }
                | State::Writing { links, .. }
                | State::Joining { links, .. }
                | State::Zombie { links, .. } => links.next,
                _ => broken("a queue names a task that is in none"),
            };
            (next != NIL).then_some(next)
        })
    }
}

#[inline(always)]
fn links(slots: &mut Slots, slot: u32) -> &mut Links {
    match slots.get_mut(slot).state.links() {
        Some(links) => links,
        None => broken("a queue names a task that is in none"),
    }
}
