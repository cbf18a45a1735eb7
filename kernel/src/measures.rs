//! What is measured while the kernel is observed: how long tasks wait for their turns, how long turns take, and how
//! long each call takes to be answered.
//!
//! A machine is measured when it was made so, when it is observed for another reason, and while a task has
//! `/proc/sched` open. What is told of tasks counts the turns that were measured, and no others.

use crate::{hardware::Hardware, kernel::Kernel, limits, one_line::OneLine, sched::Policy};
use std::{
    fmt::{self, Write},
    sync::Arc,
};
use yieldix_histogram::{Histogram, SHOWN};
use yieldix_syscalls::{CALLS, CallInfo};

/// Spans in nanoseconds, of the whole machine.
#[derive(Clone, Debug, Default)]
pub struct Measures {
    /// From when a task was ready until it was chosen.
    pub delays: Histogram,
    /// From when it was chosen until its turn was over.
    pub runs: Histogram,
    /// From a trap to its answer, by the number of the call.
    calls: Vec<Histogram>,
}

impl Measures {
    /// A call was answered after so many nanoseconds.
    pub(crate) fn answered(&mut self, call: &CallInfo, after_ns: u64) {
        let index = usize::from(call.number);
        if self.calls.len() <= index {
            self.calls.resize(index + 1, Histogram::new());
        }
        self.calls[index].record(after_ns);
    }

    /// The calls that were answered, by their names, in the order of their numbers.
    pub fn calls(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        let of = |call: &CallInfo| self.calls.get(usize::from(call.number)).filter(|calls| calls.count() > 0);
        CALLS.iter().filter_map(move |call| Some((call.name, of(call)?)))
    }
}

/// As the first part of `/proc/sched`: a line each, with a TAB between the columns, times in nanoseconds.
impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what\tcount\tmean")?;
        SHOWN.iter().try_for_each(|(name, _)| write!(f, "\t{name}"))?;
        f.write_str("\tmax\n")?;
        let mut line = |what: &str, name: &str, of: &Histogram| {
            write!(f, "{what}{name}\t{}\t{}", of.count(), of.mean())?;
            SHOWN.iter().try_for_each(|&(_, part)| write!(f, "\t{}", of.percentile(part)))?;
            writeln!(f, "\t{}", of.max())
        };
        line("delay", "", &self.delays)?;
        line("run", "", &self.runs)?;
        self.calls().try_for_each(|(name, of)| line("call ", name, of))
    }
}

/// Has the kernel measured for as long as a copy of it is held.
#[derive(Clone, Debug, Default)]
pub struct Lease(Arc<()>);

impl Lease {
    /// Does anybody hold a copy?
    pub fn is_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// What was measured.
    pub fn measures(&self) -> &Measures {
        &self.measures
    }

    /// `/proc/sched`: the machine's measures, and after an empty line those of its tasks, oldest first.
    pub(crate) fn text_of_sched(&mut self) -> String {
        // It takes long, and whether it is open is asked at the next look at the hardware: that is due now.
        self.operations += limits::OPERATIONS_PER_POLL;
        let mut text = self.measures.to_string();
        text.push_str("\ntid\tturns\tran\twaited\tmean_delay\tmax_delay\tmax_delay_at\tname\n");
        for tid in self.table.tids() {
            let account = self.account(tid);
            let (ran, waited) = (account.ran.as_nanos(), account.waited.as_nanos());
            let mean = waited.checked_div(u128::from(account.turns)).unwrap_or(0);
            let (max, at) = (account.delay_max.as_nanos(), account.delay_max_at.as_nanos());
            let name = OneLine(self.name_of(self.slot_of(tid)));
            // To write to a string does not fail.
            let _ = writeln!(text, "{tid}\t{}\t{ran}\t{waited}\t{mean}\t{max}\t{at}\t{name}", account.turns);
        }
        text
    }
}
