//! A line each time that another task runs.

use super::steps::{Begun, Step, Steps};
use crate::{LogError, Reader, event::Moment};
use std::{collections::BTreeMap, io::BufRead};

/// A line each time that the one core goes from one task to another, or to none: `yieldix sched map`. An iterator;
/// after an error it is over.
///
/// A task is a letter and a number, which its first line explains. `.` is nobody.
#[derive(Debug)]
pub struct Map<'a, R> {
    steps: Steps<'a, R>,
    /// By number, in the order of their first turns; a task that has had its last keeps its place.
    places: BTreeMap<u64, usize>,
    running: Option<u64>,
}

impl<'a, R: BufRead> Map<'a, R> {
    /// That of a log.
    pub fn new(events: &'a mut Reader<R>) -> Map<'a, R> {
        Map { steps: Steps::new(events), places: BTreeMap::new(), running: None }
    }

    fn line(&mut self, step: &Step) -> Option<String> {
        match step {
            Step::Began(Begun { task, at, .. }) if self.running != Some(task.tid) => {
                self.running = Some(task.tid);
                let known = self.places.len();
                let place = *self.places.entry(task.tid).or_insert(known);
                let letter = letter(place);
                let legend = if place == known { format!("  {letter} => {task}") } else { String::new() };
                Some(format!("{letter:<5} {}{legend}", Moment(*at)))
            }
            Step::Idle(at) if self.running.take().is_some() => Some(format!("{:<5} {}", ".", Moment(*at))),
            _ => None,
        }
    }
}

/// `A0` to `Z0`, `A1` to `Z1`, and so on.
pub(super) fn letter(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    format!("{letter}{}", place / 26)
}

impl<R: BufRead> Iterator for Map<'_, R> {
    type Item = Result<String, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.steps.next()? {
                Ok(step) => {
                    if let Some(line) = self.line(&step) {
                        return Some(Ok(line));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
