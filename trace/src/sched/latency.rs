//! How long tasks waited and ran, and calls took.

use super::{
    ms,
    steps::{Begun, Named, Step, Steps},
};
use crate::{LogError, Reader, event::Moment, table::Table};
use std::{collections::BTreeMap, fmt, io::BufRead};
use yieldix_histogram::{Histogram, SHOWN};

/// What one task had of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Its name.
    pub name: Box<str>,
    /// The turns that it was given.
    pub turns: u64,
    /// How long those took that are over.
    pub ran: u128,
    /// How long it was ready before them.
    pub delay: u128,
    /// The longest that it was, before one.
    pub delay_max: u64,
    /// When that turn began.
    pub delay_max_at: u64,
}

/// How long tasks waited and ran, and calls took: `yieldix sched latency`.
#[derive(Clone, Debug, Default)]
pub struct Latency {
    /// Each task's share, by its number.
    pub tasks: BTreeMap<u64, Share>,
    /// From ready to chosen.
    pub delays: Histogram,
    /// From chosen to the end of the turn.
    pub runs: Histogram,
    /// From a trap to its answer, by the name of the call.
    pub calls: BTreeMap<Box<str>, Histogram>,
}

impl Latency {
    /// That of a whole log.
    ///
    /// Errors: those of reading it.
    pub fn of(events: &mut Reader<impl BufRead>) -> Result<Latency, LogError> {
        let mut latency = Latency::default();
        for step in Steps::new(events) {
            latency.add(step?);
        }
        Ok(latency)
    }

    fn add(&mut self, step: Step) {
        match step {
            Step::Began(Begun { task, at, delay, .. }) => {
                self.delays.record(delay);
                let share = self.tasks.entry(task.tid).or_default();
                share.name = task.name;
                share.turns += 1;
                share.delay += u128::from(delay);
                if delay > share.delay_max {
                    (share.delay_max, share.delay_max_at) = (delay, at);
                }
            }
            Step::Over { turn, ran, .. } => {
                self.runs.record(ran);
                self.tasks.entry(turn.task.tid).or_default().ran += u128::from(ran);
            }
            Step::Idle(_) => {}
            Step::Answered { call, after } => self.calls.entry(call).or_default().record(after),
        }
    }
}

/// Two tables: the tasks, by their longest delay, with the sum of all; and the percentiles. Times are in milliseconds,
/// moments in seconds since boot.
impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tasks: Vec<(&u64, &Share)> = self.tasks.iter().collect();
        tasks.sort_by_key(|(tid, share)| (std::cmp::Reverse(share.delay_max), **tid));
        let mut table = Table::new(["task", "runtime ms", "turns", "avg delay ms", "max delay ms", "max delay at s"]);
        for (&tid, share) in tasks {
            let name = Named { tid, name: share.name.clone() }.to_string();
            let mean = share.delay.checked_div(u128::from(share.turns)).unwrap_or(0);
            let at = Moment(share.delay_max_at).to_string();
            table.row([name, ms(share.ran), share.turns.to_string(), ms(mean), ms(share.delay_max), at]);
        }
        let (ran, turns) = (ms(self.runs.sum()), self.delays.count().to_string());
        let all = String::from("all");
        table.row([all, ran, turns, ms(self.delays.mean()), ms(self.delays.max()), String::new()]);
        writeln!(f, "{table}")?;
        let heads = ["what, in ms", "count", "mean"].into_iter();
        let mut table = Table::new(heads.chain(SHOWN.map(|(name, _)| name)).chain(["max"]));
        let mut row = |what: String, of: &Histogram| {
            let parts = SHOWN.map(|(_, part)| ms(of.percentile(part)));
            table.row([what, of.count().to_string(), ms(of.mean())].into_iter().chain(parts).chain([ms(of.max())]));
        };
        row(String::from("delay"), &self.delays);
        row(String::from("run"), &self.runs);
        for (call, of) in &self.calls {
            row(format!("call {call}"), of);
        }
        table.fmt(f)
    }
}
