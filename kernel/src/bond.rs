//! Children that do not outlive their parent.
//!
//! A parent lists those that are bound to it and live. Before it ends they do, and those bound to them: a
//! whole tree, the newest first, so that nobody ends before who is bound to it.

use crate::{hardware::Hardware, kernel::Kernel, sched::Policy};
use yieldix_syscalls::{Signal, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Binds a child to its parent.
    pub(crate) fn bind(&mut self, parent: u32, child: u32) {
        let tid = self.table.tid(child);
        self.table.make_cold(child).is_bound = true;
        self.table.make_rare(parent).bound.insert(tid);
    }

    /// A child that ends is bound no more.
    pub(crate) fn unbind(&mut self, child: u32) {
        let (tid, parent) = (self.table.tid(child), self.table.slot(child).parent);
        if self.table.cold(child).is_some_and(|cold| cold.is_bound)
            && let Some(parent) = self.table.find_live(parent)
            && let Some(rare) = self.table.rare_mut(parent)
        {
            rare.bound.remove(&tid);
        }
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
