//! Children that do not outlive their parent.
//!
//! A nursery is a name for some of them: the id of the child that was its first. A parent lists those that are
//! bound to it and live. Before it ends they do, and those bound to them: a
//! whole tree, the newest first, so that nobody ends before who is bound to it.

use crate::{hardware::Hardware, kernel::Kernel, sched::Policy};
use yieldix_syscalls::{Signal, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Binds a child to its parent, in this nursery of that; [`Tid::NONE`] is a new one.
    pub(crate) fn bind(&mut self, parent: u32, child: u32, nursery: Tid) {
        let tid = self.table.tid(child);
        self.table.make_rare(child).nursery = Some(if nursery.is_none() { tid } else { nursery });
        self.table.make_rare(parent).bound.insert(tid);
    }

    /// A child that ends is bound no more.
    pub(crate) fn unbind(&mut self, child: u32) {
        let (tid, parent) = (self.table.tid(child), self.table.slot(child).parent);
        if self.nursery_of(child).is_some()
            && let Some(parent) = self.table.find_live(parent)
            && let Some(rare) = self.table.rare_mut(parent)
        {
            rare.bound.remove(&tid);
        }
    }

    /// The nursery of its parent that the task in `slot` is in.
    pub(crate) fn nursery_of(&self, slot: u32) -> Option<Tid> {
        self.table.rare(slot)?.nursery
    }

    /// Lives a child in this nursery of a task, that can be waited for?
    pub(crate) fn has_in_nursery(&self, tid: Tid, slot: u32, nursery: Tid) -> bool {
        let mut children = self.bound_to(slot).map(|child| self.slot_of(child));
        children.any(|child| self.nursery_of(child) == Some(nursery) && self.is_child(tid, child))
    }

    fn bound_to(&self, slot: u32) -> impl Iterator<Item = Tid> {
        self.table.rare(slot).into_iter().flat_map(|rare| rare.bound.iter().copied())
    }

    /// Ends the children that are bound to the task in `slot`, and those bound to them. A list and no
    /// recursion: a chain of them may be as long as the table.
    pub(crate) fn end_bound(&mut self, slot: u32) {
        let mut doomed: Vec<Tid> = self.bound_to(slot).collect();
        let mut index = 0;
        while let Some(&next) = doomed.get(index) {
            doomed.extend(self.bound_to(self.slot_of(next)));
            index += 1;
        }
        // A child is newer than its parent.
        doomed.sort_unstable_by(|a, b| b.cmp(a));
        for tid in doomed {
            if let Some(slot) = self.table.find_live(tid) {
                self.end_by(slot, Signal::Kill);
            }
        }
    }
}
