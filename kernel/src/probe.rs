//! Probes of the stages of flows: given while somebody watches, told when their task ends.

use crate::{
    emit,
    event::level,
    hardware::Hardware,
    kernel::Kernel,
    limits,
    sched::Policy,
    task::{Rare, clean_name},
    trap::Next,
};
use yieldix_syscalls::{Errno, Probe, Reply, StageCounts, Tid};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_probe(&mut self, slot: u32, stage: &str) -> Next {
        if !self.wants(level::Stage) {
            return self.answer(slot, Reply::Probe(Probe::INERT));
        }
        if self.table.make_rare(slot).probes.len() >= limits::PROBES {
            return self.answer(slot, Reply::Err(Errno::ENOMEM));
        }
        let (probe, gauge) = Probe::new(self.hardware.clock());
        self.table.make_rare(slot).probes.push((clean_name(stage), gauge));
        self.answer(slot, Reply::Probe(probe))
    }

    /// A task ends: tells of its stages, in the order in which it asked for their probes.
    pub(crate) fn tell_stages(&mut self, slot: u32, tid: Tid) {
        let has_probes = |rare: &&mut Rare| !rare.probes.is_empty();
        let Some(rare) = self.table.rare_mut(slot).filter(has_probes) else { return };
        for (stage, gauge) in std::mem::take(&mut rare.probes) {
            let StageCounts { items_in, items_out, time_ns } = gauge.read();
            emit!(self, Stage { tid, stage: &stage, items_in, items_out, time_ns });
        }
    }
}
