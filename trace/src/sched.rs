//! What the scheduler did, after `perf sched`: who waited how long for a turn, who ran when and for how long.
//!
//! It is made from a complete log (`--log yieldix=trace --log-format json`). The kernel reads its clock anew when it
//! chooses a task, when the turn is over, at a trap and at its answer: these spans are exact, and the same that its own
//! histograms count.

use crate::{Event, FieldError, LogError, Reader, state::Moment, table::Table};
use std::{collections::BTreeMap, fmt, io::BufRead};
use yieldix_histogram::{Histogram, SHOWN};

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

/// What an event says that cannot be.
struct Wrong(String);

impl From<FieldError> for Wrong {
    fn from(error: FieldError) -> Wrong {
        Wrong(error.to_string())
    }
}

/// The steps of the scheduler, in order. An iterator; after an error it is over.
#[derive(Debug)]
pub struct Steps<R> {
    events: Reader<R>,
    /// The turn that is not over.
    turn: Option<Begun>,
    /// When each task's last turn was over.
    over: BTreeMap<u64, u64>,
}

impl<R: BufRead> Steps<R> {
    /// Those of a log.
    pub fn new(log: R) -> Steps<R> {
        Steps { events: Reader::new(log), turn: None, over: BTreeMap::new() }
    }

    fn step(&mut self, event: &Event) -> Result<Option<Step>, Wrong> {
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
                let turn = turn.ok_or_else(|| Wrong(format!("task {tid} has no turn that could be over")))?;
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

impl<R: BufRead> Iterator for Steps<R> {
    type Item = Result<Step, LogError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let event = match self.events.next()? {
                Ok(event) => event,
                Err(error) => return Some(Err(error)),
            };
            match self.step(&event) {
                Ok(None) => {}
                Ok(Some(step)) => return Some(Ok(step)),
                Err(Wrong(what)) => return Some(Err(LogError::Impossible { seq: event.seq, what })),
            }
        }
    }
}

/// What one task had of the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Its name.
    pub name: Box<str>,
    /// The turns that it was given.
    pub turns: u64,
    /// How long those took that are over.
    pub ran: u64,
    /// How long it was ready before them.
    pub delay: u64,
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
    pub fn of(log: impl BufRead) -> Result<Latency, LogError> {
        let mut latency = Latency::default();
        for step in Steps::new(log) {
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
                share.delay += delay;
                if delay > share.delay_max {
                    (share.delay_max, share.delay_max_at) = (delay, at);
                }
            }
            Step::Over { turn, ran, .. } => {
                self.runs.record(ran);
                self.tasks.entry(turn.task.tid).or_default().ran += ran;
            }
            Step::Idle(_) => {}
            Step::Answered { call, after } => self.calls.entry(call).or_default().record(after),
        }
    }
}

/// Nanoseconds, shown as milliseconds.
struct Milliseconds(u128);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn ms(nanos: impl Into<u128>) -> String {
    Milliseconds(nanos.into()).to_string()
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
            let mean = share.delay.checked_div(share.turns).unwrap_or(0);
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

/// A line each time that the one core goes from one task to another, or to none: `yieldix sched map`. An iterator;
/// after an error it is over.
///
/// A task is a letter and a number, which its first line explains. `.` is nobody.
#[derive(Debug)]
pub struct Map<R> {
    steps: Steps<R>,
    /// By number, in the order of their first turns; a task that has had its last keeps its place.
    places: BTreeMap<u64, usize>,
    running: Option<u64>,
}

impl<R: BufRead> Map<R> {
    /// That of a log.
    pub fn new(log: R) -> Map<R> {
        Map { steps: Steps::new(log), places: BTreeMap::new(), running: None }
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
fn letter(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    format!("{letter}{}", place / 26)
}

impl<R: BufRead> Iterator for Map<R> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tasks: the second is woken while the first runs, and the first waits and comes again.
    const LOG: &str = r#"
{"seq":1,"at":"0.000000000","target":"yieldix::boot","message":"booted","schema":2}
{"seq":2,"at":"0.000001000","target":"yieldix::sched","message":"chosen","tid":1,"name":"a","waited_ns":1000,"because":"spawned"}
{"seq":3,"at":"0.000001500","target":"yieldix::trap","message":"answer","tid":1,"call":"spawn","after_ns":50}
{"seq":4,"at":"0.000003000","target":"yieldix::sched","message":"turn over","tid":1,"why":"blocked","ran_ns":2000}
{"seq":5,"at":"0.000003500","target":"yieldix::sched","message":"chosen","tid":2,"name":"b\n","waited_ns":2000,"because":"spawned"}
{"seq":6,"at":"0.000004500","target":"yieldix::sched","message":"turn over","tid":2,"why":"exited","ran_ns":1000}
{"seq":7,"at":"0.000005000","target":"yieldix::sched","message":"idle","until":"never"}
{"seq":8,"at":"0.000010000","target":"yieldix::sched","message":"chosen","tid":1,"name":"a","waited_ns":3000,"because":"timer"}
{"seq":9,"at":"0.000011000","target":"yieldix::sched","message":"turn over","tid":1,"why":"exited","ran_ns":1000}
"#;

    fn log() -> &'static [u8] {
        LOG.trim_start().as_bytes()
    }

    #[test]
    fn latency_is_by_the_longest_delay() {
        let text = Latency::of(log()).unwrap().to_string();
        let expected = "\
task   runtime ms  turns  avg delay ms  max delay ms  max delay at s
a:1      0.003000      2      0.002000      0.003000     0.000010000
b\\n:2    0.001000      1      0.002000      0.002000     0.000003500
all      0.004000      3      0.002000      0.003000

what, in ms  count      mean       p50       p90       p99     p99.9       max
delay            3  0.002000  0.001999  0.003000  0.003000  0.003000  0.003000
run              3  0.001333  0.000999  0.002000  0.002000  0.002000  0.002000
call spawn       1  0.000050  0.000050  0.000050  0.000050  0.000050  0.000050
";
        assert_eq!(text, expected);
    }

    #[test]
    fn timehist_tells_waits_from_delays() {
        let lines: Vec<String> = Timehist::new(log()).map(Result::unwrap).collect();
        let words: Vec<Vec<&str>> = lines[1..].iter().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["0.000003000", "a:1", "-", "0.001000", "0.002000", "blocked"]);
        assert_eq!(words[1], ["0.000004500", "b\\n:2", "-", "0.002000", "0.001000", "exited"]);
        assert_eq!(words[2], ["0.000011000", "a:1", "0.004000", "0.003000", "0.001000", "exited"]);
    }

    #[test]
    fn map_explains_a_letter_once() {
        let lines: Vec<String> = Map::new(log()).map(Result::unwrap).collect();
        let expected = [
            "A0    0.000001000  A0 => a:1",
            "B0    0.000003500  B0 => b\\n:2",
            ".     0.000005000",
            "A0    0.000010000",
        ];
        assert_eq!(lines, expected);
        assert_eq!((letter(25), letter(26)), (String::from("Z0"), String::from("A1")));
    }

    #[test]
    fn a_turn_that_never_began_cannot_be_over() {
        let log = LOG.trim_start().replace("\"chosen\",\"tid\":2", "\"chosen\",\"tid\":3");
        assert!(matches!(Latency::of(log.as_bytes()), Err(LogError::Impossible { seq: 6, .. })));
    }
}
