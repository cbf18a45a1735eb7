//! The steps of the scheduler: turns that began and were over, and calls that were answered.

use crate::{Event, LogError, Reader};
use std::{collections::BTreeMap, error::Error, fmt, io::BufRead};

/// A task that has, or had, a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its number.
    pub tid: u64,
    /// Its name.
    pub name: Box<str>,
}

/// As `name:tid`; what is no plain letter of the name is escaped.
impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name.escape_debug(), self.tid)
    }
}

/// A turn that began. Times are in nanoseconds, moments since boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Whose turn it is.
    pub task: Named,
    /// When it began.
    pub at: u64,
    /// How long the task was ready before it.
    pub delay: u64,
    /// How long it waited for something else before it was ready; none before its first turn.
    pub waited: Option<u64>,
    /// Why it was ready.
    pub because: Box<str>,
}

/// Something that the scheduler did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It gave a turn.
    Began(Begun),
    /// That turn is over.
    Over {
        /// How it began.
        turn: Begun,
        /// When it was over.
        at: u64,
        /// How long it took.
        ran: u64,
        /// Why it was over.
        why: Box<str>,
    },
    /// Nobody was ready, from then on.
    Idle(u64),
    /// A call was answered.
    Answered {
        /// Which.
        call: Box<str>,
        /// How long after its trap.
        after: u64,
    },
}

/// The steps of the scheduler, in order. An iterator; after an error it is over.
#[derive(Debug)]
pub struct Steps<'a, R> {
    events: &'a mut Reader<R>,
    /// The turn that is not over.
    turn: Option<Begun>,
    /// When each task's last turn was over.
    over: BTreeMap<u64, u64>,
    has_failed: bool,
}

impl<'a, R: BufRead> Steps<'a, R> {
    /// Those of a log.
    pub fn new(events: &'a mut Reader<R>) -> Steps<'a, R> {
        Steps { events, turn: None, over: BTreeMap::new(), has_failed: false }
    }

    fn step(&mut self, event: &Event) -> Result<Option<Step>, Box<dyn Error>> {
        let step = match &*event.message {
            "chosen" => {
                let (tid, delay) = (event.number("tid")?, event.number("waited_ns")?);
                let task = Named { tid, name: event.text("name")?.into() };
                let ready_at = event.at.saturating_sub(delay);
                let waited = self.over.get(&tid).map(|over| ready_at.saturating_sub(*over));
                let turn = Begun { task, at: event.at, delay, waited, because: event.text("because")?.into() };
                self.turn = Some(turn.clone());
                Step::Began(turn)
            }
            "turn over" => {
                let tid = event.number("tid")?;
                let turn = self.turn.take_if(|turn| turn.task.tid == tid);
                let turn = turn.ok_or_else(|| format!("task {tid} has no turn that could be over"))?;
                let (ran, why): (_, Box<str>) = (event.number("ran_ns")?, event.text("why")?.into());
                if matches!(&*why, "exited" | "panicked") {
                    self.over.remove(&tid);
                } else {
                    self.over.insert(tid, event.at);
                }
                Step::Over { turn, at: event.at, ran, why }
            }
            "exited" => {
                self.over.remove(&event.number("tid")?);
                return Ok(None);
            }
            "idle" => Step::Idle(event.at),
            "answer" if !event.text("call")?.is_empty() => {
                Step::Answered { call: event.text("call")?.into(), after: event.number("after_ns")? }
            }
            _ => return Ok(None),
        };
        Ok(Some(step))
    }
}

impl<R: BufRead> Iterator for Steps<'_, R> {
    type Item = Result<Step, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.has_failed {
            let step = self.events.next()?.and_then(|event| {
                let step = self.step(&event);
                step.map_err(|wrong| LogError::impossible(event.seq, wrong))
            });
            self.has_failed = step.is_err();
            if let Some(step) = step.transpose() {
                return Some(step);
            }
        }
        None
    }
}
