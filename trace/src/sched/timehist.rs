//! A line a turn.

use super::{
    ms,
    steps::{Begun, Step, Steps},
};
use crate::{LogError, Reader, event::Moment};
use std::io::BufRead;

/// A line a turn that is over: `yieldix sched timehist`. An iterator; after an error it is over.
///
/// A line has when the turn was over, whose it was, how long the task waited for something else before it was ready, how
/// long it was ready then, how long the turn took, and why it was over.
#[derive(Debug)]
pub struct Timehist<'a, R> {
    steps: Steps<'a, R>,
    has_head: bool,
}

impl<'a, R: BufRead> Timehist<'a, R> {
    /// That of a log.
    pub fn new(events: &'a mut Reader<R>) -> Timehist<'a, R> {
        Timehist { steps: Steps::new(events), has_head: false }
    }
}

impl<R: BufRead> Iterator for Timehist<'_, R> {
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
