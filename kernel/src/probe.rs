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
use yieldix_syscalls::{Gauge, Probe, Reply, StageCounts};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_probe(&mut self, slot: u32, stage: &str) -> Next {
        if !self.wants(level::Stage) {
            return self.answer(slot, Reply::Probe(Box::new(Probe::INERT)));
        }
        if self.table.make_rare(slot).probes.len() >= limits::PROBES {
            self.tell_stages_if(slot, Gauge::is_over);
        }
        let probe = if self.table.make_rare(slot).probes.len() < limits::PROBES {
            let (probe, gauge) = Probe::new(self.hardware.clock());
            self.table.make_rare(slot).probes.push((clean_name(stage), gauge));
            probe
        } else {
            // What a task is answered must not hang on whether somebody watches.
            Probe::INERT
        };
        self.answer(slot, Reply::Probe(Box::new(probe)))
    }

    /// A task ends: tells of its stages, in the order in which it asked for their probes.
    pub(crate) fn tell_stages(&mut self, slot: u32) {
        self.tell_stages_if(slot, |_| true);
    }

    fn tell_stages_if(&mut self, slot: u32, is_told: impl Fn(&Gauge) -> bool) {
        let has_probes = |rare: &&mut Rare| !rare.probes.is_empty();
        let Some(rare) = self.table.rare_mut(slot).filter(has_probes) else { return };
        let told: Vec<_> = rare.probes.extract_if(.., |(_, gauge)| is_told(gauge)).collect();
        let tid = self.table.tid(slot);
        for (stage, gauge) in told {
            let StageCounts { items_in, items_out, time_ns } = gauge.read();
            emit!(self, Stage { tid, stage: &stage, items_in, items_out, time_ns });
        }
    }
}
