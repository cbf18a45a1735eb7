//! Makes a timeline of what happens.
//!
//! A wait begins when the turn is over in which the task has blocked. What depends on the end of a turn, a flow out of
//! it for one, is drawn there.

use super::{Counter, Drawn, Flow, FlowEnd, Instant, Sample, Sink, Slice, Track, Turn, Wait, What};
use crate::Happening;
use std::{collections::BTreeMap, mem::take};

/// What is known of a task that has not ended.
#[derive(Debug, Default)]
struct Task {
    doing: Doing,
    is_stopped: bool,
    /// Who made it ready, until it has its turn.
    woken_by: Option<FlowEnd>,
}

impl Task {
    fn is_queued(&self) -> bool {
        matches!(self.doing, Doing::Ready) && !self.is_stopped
    }
}

#[derive(Debug, Default)]
enum Doing {
    #[default]
    Ready,
    Running,
    /// It waits, since then.
    Waiting(u64, Wait),
}

/// The turn that is not over yet.
#[derive(Debug)]
struct OpenTurn {
    tid: u64,
    from: u64,
    turn: Turn,
    woken_by: Option<FlowEnd>,
    /// Who was made ready in it, and when.
    woken: Vec<(u64, u64)>,
}

/// Makes a timeline of what happens.
#[derive(Debug)]
pub struct Builder {
    now: u64,
    tasks: BTreeMap<u64, Task>,
    turn: Option<OpenTurn>,
    slices: usize,
    flows: u64,
    counts: [Count; Counter::ALL.len()],
}

/// How many there are, and what was told of it last.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    value: u64,
    told: Option<u64>,
}

impl Default for Builder {
    /// Before the first event: the console's three files are open.
    fn default() -> Builder {
        let mut counts = [Count::default(); Counter::ALL.len()];
        counts[Counter::Files as usize].value = 3;
        Builder { now: 0, tasks: BTreeMap::new(), turn: None, slices: 0, flows: 0, counts }
    }
}

impl Builder {
    /// Something has happened, at `at`.
    pub fn tell(&mut self, at: u64, what: Happening, sink: &mut impl Sink) {
        if at > self.now {
            self.tell_counts(sink);
            self.now = at;
        }
        match what {
            Happening::Spawned { tid, parent, name } => {
                sink.draw(Drawn::Track(Track { tid, name, parent }));
                self.tasks.insert(tid, Task::default());
                *self.count(Counter::Tasks) += 1;
                *self.count(Counter::Ready) += 1;
                let detail = if parent == 0 { Box::default() } else { format!("by {parent}").into() };
                self.mark(tid, "spawned", detail, sink);
            }
            Happening::Exited { tid, status } => self.exited(tid, status, sink),
            Happening::Chosen { tid, because, by, waited_ns, of_ready, rule } => {
                let (stopped, traps, call, line) = Default::default();
                let turn = Turn { because, by, waited_ns, of_ready, rule, stopped, traps, call, line };
                self.chosen(tid, turn, sink);
            }
            Happening::Trapped { tid, call, line } => {
                if let Some(open) = self.turn.as_mut().filter(|open| open.tid == tid) {
                    (open.turn.call, open.turn.line) = (call, line);
                }
            }
            Happening::TurnOver { tid, why, traps } => {
                if let Some(open) = self.turn.as_mut().filter(|open| open.tid == tid) {
                    (open.turn.stopped, open.turn.traps) = (Some(why), Some(traps));
                    self.end_turn(sink);
                }
            }
            Happening::Blocked { tid, on, queues, until } => self.blocked(tid, on, queues, until, sink),
            Happening::Ready { tid } => self.ready(tid, sink),
            Happening::Stopped { tid, signal } => {
                self.change(tid, |task| task.is_stopped = true);
                self.mark(tid, "stopped", signal, sink);
            }
            Happening::Continued { tid } => {
                self.change(tid, |task| task.is_stopped = false);
                self.mark(tid, "continued", Box::default(), sink);
            }
            Happening::Opened => *self.count(Counter::Files) += 1,
            Happening::Closed => {
                let files = self.count(Counter::Files);
                *files = files.saturating_sub(1);
            }
            Happening::Marked { tid, name, detail } => self.mark(tid, name, detail, sink),
            Happening::Other => {}
        }
    }

    /// Nothing more happens: what is not over ends now. Gives when that is.
    pub fn finish(&mut self, sink: &mut impl Sink) -> u64 {
        self.tell_counts(sink);
        self.end_turn(sink);
        for (tid, task) in take(&mut self.tasks) {
            if let Doing::Waiting(since, wait) = task.doing {
                self.end_wait(tid, since, wait, sink);
            }
        }
        self.now
    }

    fn exited(&mut self, tid: u64, status: Box<str>, sink: &mut impl Sink) {
        if let Some(task) = self.tasks.remove(&tid) {
            if task.is_queued() {
                *self.count(Counter::Ready) -= 1;
            }
            if let Doing::Waiting(since, wait) = task.doing {
                self.end_wait(tid, since, wait, sink);
            }
            *self.count(Counter::Tasks) -= 1;
        }
        self.mark(tid, "exited", status, sink);
    }

    fn chosen(&mut self, tid: u64, turn: Turn, sink: &mut impl Sink) {
        // One that the kernel's own end cut short.
        self.end_turn(sink);
        let mut woken_by = None;
        self.change(tid, |task| {
            task.doing = Doing::Running;
            woken_by = task.woken_by.take();
        });
        self.turn = Some(OpenTurn { tid, from: self.now, turn, woken_by, woken: Vec::new() });
    }

    /// Draws the turn that is not over, if there is one, and all that had to wait for its end.
    fn end_turn(&mut self, sink: &mut impl Sink) {
        let Some(OpenTurn { tid, from, turn, woken_by, woken }) = self.turn.take() else { return };
        let slice = self.slice(Slice { tid, from, to: self.now, what: What::Turn(turn) }, sink);
        if let Some(begin) = woken_by {
            let id = begin.id;
            sink.draw(Drawn::Flow(Flow { from: begin, to: FlowEnd { id, tid, at: from, slice } }));
        }
        for (woken, at) in woken {
            self.flows += 1;
            let begin = FlowEnd { id: self.flows, tid, at, slice };
            sink.draw(Drawn::FlowBegins(begin.clone()));
            if let Some(task) = self.tasks.get_mut(&woken) {
                task.woken_by = Some(begin);
            }
        }
        let now = self.now;
        self.change(tid, |task| match &mut task.doing {
            Doing::Running => task.doing = Doing::Ready,
            Doing::Waiting(since, _) => *since = now,
            Doing::Ready => {}
        });
    }

    fn blocked(&mut self, tid: u64, on: Box<str>, queues: Box<str>, until: Option<u64>, sink: &mut impl Sink) {
        let line = match &self.turn {
            Some(open) if open.tid == tid => open.turn.line.clone(),
            _ => Box::default(),
        };
        let since = self.now;
        let before = self.change(tid, |task| {
            std::mem::replace(&mut task.doing, Doing::Waiting(since, Wait { on, queues, until, line }))
        });
        if let Some(Doing::Waiting(since, wait)) = before {
            self.end_wait(tid, since, wait, sink);
        }
    }

    fn ready(&mut self, tid: u64, sink: &mut impl Sink) {
        let before = self.change(tid, |task| {
            task.woken_by = None;
            take(&mut task.doing)
        });
        if let Some(Doing::Waiting(since, wait)) = before {
            self.end_wait(tid, since, wait, sink);
        }
        // Between turns it is the hardware, or the clock.
        if let Some(open) = self.turn.as_mut().filter(|open| open.tid != tid) {
            open.woken.push((tid, self.now));
        }
    }

    fn end_wait(&mut self, tid: u64, since: u64, wait: Wait, sink: &mut impl Sink) {
        self.slice(Slice { tid, from: since, to: self.now, what: What::Wait(wait) }, sink);
    }

    /// Draws a slice, and gives its place in the order of all.
    fn slice(&mut self, slice: Slice, sink: &mut impl Sink) -> usize {
        sink.draw(Drawn::Slice(slice));
        self.slices += 1;
        self.slices - 1
    }

    fn mark(&mut self, tid: u64, name: &'static str, detail: Box<str>, sink: &mut impl Sink) {
        sink.draw(Drawn::Instant(Instant { tid, at: self.now, name, detail }));
    }

    /// Changes what is known of a task, and counts it anew. None when there is no such task.
    fn change<R>(&mut self, tid: u64, change: impl FnOnce(&mut Task) -> R) -> Option<R> {
        let task = self.tasks.get_mut(&tid)?;
        let was_queued = task.is_queued();
        let result = change(task);
        let ready = &mut self.counts[Counter::Ready as usize].value;
        match (was_queued, task.is_queued()) {
            (false, true) => *ready += 1,
            (true, false) => *ready -= 1,
            _ => {}
        }
        Some(result)
    }

    fn count(&mut self, counter: Counter) -> &mut u64 {
        &mut self.counts[counter as usize].value
    }

    /// What has other values now than were told; once for all events of one time.
    pub(crate) fn tell_counts(&mut self, sink: &mut impl Sink) {
        for (counter, count) in Counter::ALL.into_iter().zip(&mut self.counts) {
            if count.told != Some(count.value) {
                count.told = Some(count.value);
                sink.draw(Drawn::Sample(Sample { counter, at: self.now, value: count.value }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was drawn.
    #[derive(Default)]
    struct Drawing(Vec<Drawn>);

    impl Sink for Drawing {
        fn draw(&mut self, drawn: Drawn) {
            self.0.push(drawn);
        }
    }

    impl Drawing {
        /// The slices as `(tid, from, to, is a turn)`.
        fn slices(&self) -> Vec<(u64, u64, u64, bool)> {
            let slice = |drawn: &Drawn| match drawn {
                Drawn::Slice(slice) => Some((slice.tid, slice.from, slice.to, matches!(slice.what, What::Turn(_)))),
                _ => None,
            };
            self.0.iter().filter_map(slice).collect()
        }

        fn flows(&self) -> Vec<Flow> {
            let flow = |drawn: &Drawn| if let Drawn::Flow(flow) = drawn { Some(flow.clone()) } else { None };
            self.0.iter().filter_map(flow).collect()
        }

        /// The values of a counter as `(at, value)`.
        fn samples(&self, of: Counter) -> Vec<(u64, u64)> {
            let sample = |drawn: &Drawn| match drawn {
                Drawn::Sample(Sample { counter, at, value }) if *counter == of => Some((*at, *value)),
                _ => None,
            };
            self.0.iter().filter_map(sample).collect()
        }
    }

    /// Tells these and the end.
    fn timeline(told: impl IntoIterator<Item = (u64, Happening)>) -> Drawing {
        let (mut builder, mut drawing) = (Builder::default(), Drawing::default());
        for (at, what) in told {
            builder.tell(at, what, &mut drawing);
        }
        builder.finish(&mut drawing);
        drawing
    }

    fn spawned(tid: u64) -> Happening {
        Happening::Spawned { tid, parent: 0, name: "t".into() }
    }

    fn chosen(tid: u64) -> Happening {
        let because = "spawned".into();
        Happening::Chosen { tid, because, by: 0, waited_ns: 0, of_ready: 1, rule: "round-robin".into() }
    }

    fn over(tid: u64) -> Happening {
        Happening::TurnOver { tid, why: "blocked".into(), traps: 1 }
    }

    fn blocked(tid: u64) -> Happening {
        Happening::Blocked { tid, on: "signal".into(), queues: "".into(), until: None }
    }

    #[test]
    fn a_wait_begins_when_the_turn_is_over_in_which_it_was_asked_for() {
        let ready = Happening::Ready { tid: 1 };
        let timeline = timeline([(0, spawned(1)), (5, chosen(1)), (5, blocked(1)), (9, over(1)), (20, ready)]);
        assert_eq!(timeline.slices(), [(1, 5, 9, true), (1, 9, 20, false)]);
    }

    #[test]
    fn a_flow_leads_from_the_wakers_turn_to_the_next_of_the_woken() {
        let ready = Happening::Ready { tid: 2 };
        let (a, b) = (
            [(0, spawned(1)), (0, spawned(2)), (1, chosen(2)), (1, blocked(2)), (2, over(2))],
            [(3, chosen(1)), (4, ready), (6, over(1)), (7, chosen(2)), (8, over(2))],
        );
        let timeline = timeline(a.into_iter().chain(b));
        let end = |tid, at, slice| FlowEnd { id: 1, tid, at, slice };
        assert_eq!(timeline.flows(), [Flow { from: end(1, 4, 2), to: end(2, 7, 3) }]);
        assert_eq!(timeline.slices()[1], (2, 2, 4, false), "the wait is over in the waker's turn");
    }

    #[test]
    fn who_is_made_ready_between_turns_has_no_flow() {
        let told = [(0, spawned(1)), (1, chosen(1)), (1, blocked(1)), (2, over(1)), (3, Happening::Ready { tid: 1 })];
        assert_eq!(timeline(told.into_iter().chain([(4, chosen(1)), (5, over(1))])).flows(), []);
    }

    #[test]
    fn what_is_not_over_ends_with_the_log() {
        let told = [(0, spawned(1)), (0, spawned(2)), (1, chosen(1)), (1, blocked(1)), (2, over(1)), (4, chosen(2))];
        let timeline = timeline(told.into_iter().chain([(9, Happening::Other)]));
        assert_eq!(timeline.slices(), [(1, 1, 2, true), (2, 4, 9, true), (1, 2, 9, false)]);
    }

    #[test]
    fn a_counter_is_told_once_for_a_time_and_only_when_it_is_another() {
        let timeline =
            timeline([(0, spawned(1)), (0, spawned(2)), (1, chosen(1)), (2, over(1)), (3, Happening::Other)]);
        assert_eq!(timeline.samples(Counter::Ready), [(0, 2), (1, 1), (2, 2)]);
        assert_eq!(timeline.samples(Counter::Files), [(0, 3)]);
    }
}
