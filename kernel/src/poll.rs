//! `poll`: a task that waits for one of several things.
//!
//! It stands in no queue itself. For each thing it has a *watch*, queued on what it watches, and its
//! cold part lists them, so that it leaves all of them at once. Invariant: a watch stands only where
//! its operation would wait, as a reader or a writer does. Those who wait with an operation are
//! served first; the watches are told of what is left.

use crate::{
    block::Cause,
    fd::Object,
    file::{Direction, Pending, Wants},
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    port::port_mut,
    sched::Policy,
    slab::Slab,
    trap::Next,
    wait::{Linked, Links, Queue},
};
use yieldix_syscalls::{Errno, Interest, Nanos, Reply, Time};

/// One thing that a task in [`State::Polling`](crate::task::State::Polling) waits for.
#[derive(Debug)]
pub struct Watch {
    /// The task's slot.
    pub slot: u32,
    /// What it asked for.
    pub interest: Interest,
    /// What that is on.
    pub object: Object,
    /// Neighbours in the queue of watches there.
    pub links: Links,
}

/// All that such a task waits for.
#[derive(Debug)]
pub struct Polling {
    /// Indices of its watches.
    pub watches: Vec<u32>,
    /// When it is answered that nothing is ready.
    pub until: Time,
    /// How it is answered.
    pub asks: Asks,
}

/// What a task wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Which interests are ready: `poll`.
    Which,
    /// That its one is: `read_wait` and `write_wait`.
    Whether,
}

impl Linked for Slab<Watch> {
    fn links(&self, watch: u32) -> &Links {
        match self.get(watch) {
            Some(watch) => &watch.links,
            None => broken("a queue names a watch that is none"),
        }
    }

    fn links_mut(&mut self, watch: u32) -> &mut Links {
        match self.get_mut(watch) {
            Some(watch) => &mut watch.links,
            None => broken("a queue names a watch that is none"),
        }
    }
}

/// The operation that an interest asks about.
pub(crate) fn operation(interest: Interest) -> Pending {
    match interest {
        Interest::Read(_) => Pending::ReadWait,
        Interest::Write(_) => Pending::WriteWait,
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_poll(&mut self, slot: u32, interests: Vec<Interest>, span: Nanos) -> Next {
        let wanted = match self.find_wanted(slot, &interests) {
            Ok(wanted) => wanted,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        let is_ready =
            |&(object, interest): &(Object, Interest)| self.is_ready(slot, object, interest).then_some(interest);
        let ready: Vec<Interest> = wanted.iter().filter_map(is_ready).collect();
        if ready.is_empty() && span.count() == 0 {
            return self.answer_nothing(slot, Reply::Ready(Box::default()));
        }
        if !ready.is_empty() {
            self.note_fruitful(slot);
            return self.answer(slot, Reply::Ready(Box::new(ready)));
        }
        let until = self.now_exactly() + span;
        let polling = Box::new(Polling { watches: Vec::new(), until, asks: Asks::Which });
        self.block_on_several(slot, wanted, polling)
    }

    /// What each interest is on, if it can be waited for there.
    fn find_wanted(&mut self, slot: u32, interests: &[Interest]) -> Result<Vec<(Object, Interest)>, Errno> {
        if interests.len() > limits::POLL_INTERESTS {
            return Err(Errno::EINVAL);
        }
        self.operations += interests.len() as u32 / limits::INTERESTS_PER_OPERATION;
        let find = |&interest: &Interest| {
            let object = self.object_of(slot, interest.fd())?;
            match (object, interest) {
                (Object::File(file), _) => operation(interest).permit(self.file(file).kind, Wants::Anything)?,
                (Object::Sender(_), Interest::Write(_)) | (Object::Receiver(_), Interest::Read(_)) => {}
                (Object::Sender(_) | Object::Receiver(_), _) => return Err(Errno::EBADF),
            }
            Ok((object, interest))
        };
        interests.iter().map(find).collect()
    }

    /// Would the operation be answered now?
    fn is_ready(&mut self, slot: u32, object: Object, interest: Interest) -> bool {
        match object {
            Object::File(file) => {
                let mut operation = operation(interest);
                self.file(file).is_promising(operation.direction())
                    && self.attempt(slot, file, &mut operation).is_some()
            }
            Object::Sender(port) => !self.port(port).is_full(),
            Object::Receiver(port) => !self.port(port).is_dry(),
        }
    }

    /// `read_wait` and `write_wait` on the end of a port.
    pub(crate) fn wait_for_end(&mut self, slot: u32, interest: Interest) -> Next {
        match self.find_wanted(slot, &[interest]) {
            Err(errno) => self.answer(slot, Reply::Err(errno)),
            Ok(wanted) if wanted.iter().any(|&(end, interest)| self.is_ready(slot, end, interest)) => {
                self.answer(slot, Reply::Unit)
            }
            Ok(wanted) => {
                let polling = Polling { watches: Vec::new(), until: Time::NEVER, asks: Asks::Whether };
                self.block_on_several(slot, wanted, Box::new(polling))
            }
        }
    }

    /// Queues a watch on everything that the task in `slot` waits for.
    pub(crate) fn begin_watches(&mut self, slot: u32, wanted: Vec<(Object, Interest)>, mut polling: Box<Polling>) {
        for (object, interest) in wanted {
            let watch = self.watches.insert(Watch { slot, interest, object, links: Links::LOOSE });
            self.with_watched(object, operation(interest).direction(), |queue, watches| queue.push(watches, watch));
            self.file_waiters += u32::from(matches!(object, Object::File(_)));
            polling.watches.push(watch);
        }
        self.table.make_cold(slot).make_rare().polling = Some(polling);
    }

    /// Takes the watches of the task in `slot` out of their queues.
    pub(crate) fn end_watches(&mut self, slot: u32) {
        let Some(polling) = self.table.cold_mut(slot).and_then(|cold| cold.rare_mut()?.polling.take()) else {
            broken("a task polls for nothing")
        };
        self.operations += polling.watches.len() as u32 / limits::INTERESTS_PER_OPERATION;
        for watch in polling.watches {
            let Some(&Watch { interest, object, .. }) = self.watches.get(watch) else {
                broken("a poll lists a watch that is none")
            };
            self.with_watched(object, operation(interest).direction(), |queue, watches| queue.remove(watches, watch));
            self.file_waiters -= u32::from(matches!(object, Object::File(_)));
            self.watches.remove(watch);
        }
    }

    /// Changes the queue of those who watch an object, which needs the watches as well.
    fn with_watched(
        &mut self,
        object: Object,
        direction: Direction,
        change: impl FnOnce(&mut Queue, &mut Slab<Watch>),
    ) {
        let port = match object {
            Object::Sender(port) | Object::Receiver(port) => port,
            Object::File(file) => {
                let Some(file) = self.files.get_mut(file) else { broken("a task watches a file that is none") };
                change(file.watched_mut(direction), &mut self.watches);
                file.shed_rare();
                return;
            }
        };
        change(&mut port_mut(&mut self.ports, port).watched[direction as usize], &mut self.watches);
    }

    /// The operation that these watch for would be answered now: they are.
    #[inline]
    pub(crate) fn wake_watchers(&mut self, object: Object, direction: Direction) {
        while let Some(watch) = self.watched(object, direction).first() {
            self.wake_watcher(watch);
        }
    }

    pub(crate) fn watched(&self, object: Object, direction: Direction) -> Queue {
        match object {
            Object::File(file) => self.file(file).watched(direction),
            Object::Sender(port) | Object::Receiver(port) => self.port(port).watched[direction as usize],
        }
    }

    fn wake_watcher(&mut self, watch: u32) {
        let Some(&Watch { slot, interest, object, .. }) = self.watches.get(watch) else {
            broken("a queue names a watch that is none")
        };
        let Some(asks) = self.table.cold(slot).and_then(|cold| cold.polling()).map(|polling| polling.asks) else {
            broken("a watch is of a task that does not poll")
        };
        let reply = match asks {
            Asks::Which => Reply::Ready(Box::new(vec![interest])),
            Asks::Whether => Reply::Unit,
        };
        let cause = match object {
            Object::File(file) => Cause::Device { file },
            Object::Sender(port) | Object::Receiver(port) => Cause::Port { port },
        };
        self.unblock(slot, reply, cause);
    }

    /// A device may be ready, and those who waited with an operation have been served: tells the
    /// watches if something is left.
    pub(crate) fn serve_watchers(&mut self, file: u32, direction: Direction) {
        let Some(entry) = self.files.get(file) else { return };
        let Some(watch) = entry.watched(direction).first() else { return };
        let Some(&Watch { slot, interest, .. }) = self.watches.get(watch) else {
            broken("a queue names a watch that is none")
        };
        if self.is_ready(slot, Object::File(file), interest) {
            self.wake_watchers(Object::File(file), direction);
        }
    }

    /// How many interests the task in `slot` waits for.
    pub(crate) fn polled(&self, slot: u32) -> u32 {
        let polling = self.table.cold(slot).and_then(|cold| cold.polling());
        polling.map_or(0, |polling| polling.watches.len() as u32)
    }
}
