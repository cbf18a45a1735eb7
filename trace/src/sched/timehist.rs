//! A line a turn.

use super::{
    ms,
    steps::{Begun, Step, Steps},
};
use crate::{LogError, event::Moment};
use std::io::BufRead;

/// A line a turn that is over: `yieldix sched timehist`. An iterator; after an error it is over.
///
/// A line has when the turn was over, whose it was, how long the task waited for something else before it was ready, how
/// long it was ready then, how long the turn took, and why it was over.
#[derive(Debug)]
pub struct Timehist<R> {
    steps: Steps<R>,
    has_head: bool,
}

impl<R: BufRead> Timehist<R> {
    /// That of a log.
    pub fn new(log: R) -> Timehist<R> {
        Timehist { steps: Steps::new(log), has_head: false }
    }
}

impl<R: BufRead> Iterator for Timehist<R> {
    type Item = Result<String, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = |time: &str, task: &str, waited: &str, delay: &str, ran: &str, why: &str| {
            Ok(format!("{time:>14} {task:<20} {waited:>14} {delay:>14} {ran:>14}  {why}"))
        };
        if !self.has_head {
            self.has_head = true;
            return Some(line("time s", "task", "wait time ms", "sch delay ms", "run time ms", "why it was over"));
        }
        loop {
            match self.steps.next()? {
                Ok(Step::Over { turn: Begun { task, waited, delay, .. }, at, ran, why }) => {
                    let waited = waited.map_or(String::from("-"), ms);
                    let time = Moment(at).to_string();
                    return Some(line(&time, &task.to_string(), &waited, &ms(delay), &ms(ran), &why));
                }
                Ok(_) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
