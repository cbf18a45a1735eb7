//! The state of a machine, made from the events of its log.
//!
//! It is shown as the kernel shows its own, a line for each thing there is (docs/tracing.md), so that the two can
//! be compared. What the log says is believed, and what cannot be is an error: a task that is chosen and is not
//! ready, a descriptor closed twice.

mod shown;

use crate::{Event, LogError, Reader};
use std::{collections::BTreeMap, error::Error, fmt, io::BufRead};

/// A task.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// Its name.
    pub name: Box<str>,
    /// Who made it; 0 for nobody.
    pub parent: u64,
    /// Its process group.
    pub group: u64,
    /// What it is doing.
    pub doing: Doing,
    /// Has a signal stopped it?
    pub is_stopped: bool,
    /// Its descriptors, and what they name; the standard three where they are its own.
    pub fds: BTreeMap<u64, Box<str>>,
    /// When its alarm goes off.
    pub alarm: Option<u64>,
    /// In the queues that it stands in, among those who are ready too.
    place: Place,
}

/// What a task is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// It is being made: its descriptors come before it.
    #[default]
    Beginning,
    /// It was made, and stands in no queue yet.
    Made,
    /// It waits for a turn.
    Ready,
    /// It has the turn.
    Running,
    /// It waits for something else.
    Waiting {
        /// For what, in the words of the log.
        on: Box<str>,
        /// In which queues.
        queues: Vec<Box<str>>,
        /// Until then at the latest.
        until: Option<u64>,
    },
    /// It has ended, and was not waited for.
    Zombie,
}

/// A port.
#[derive(Clone, Debug)]
pub struct Port {
    /// The most messages in its queue.
    pub capacity: u64,
    /// Messages in it.
    pub messages: u64,
    /// The name it was published by.
    pub name: Option<Box<str>>,
}

/// A machine between two events.
#[derive(Clone, Debug)]
pub struct State {
    /// The last event.
    pub seq: u64,
    /// When that was.
    pub at: u64,
    /// Has the machine ended?
    pub is_over: bool,
    /// By their numbers.
    pub tasks: BTreeMap<u64, Task>,
    /// What kind each open file is of.
    pub files: BTreeMap<u64, Box<str>>,
    /// By their indices.
    pub ports: BTreeMap<u64, Port>,
    /// Who waits where. Those who poll are not in it.
    queues: BTreeMap<Queue, InOrder>,
    /// Who will have a turn.
    ready: InOrder,
    /// The last place that was given.
    last_place: Place,
}

/// A place in a queue: whoever came later has a higher one, and no two have the same. 0 is in none.
type Place = u64;

/// Tasks, first come first.
type InOrder = BTreeMap<Place, u64>;

/// A queue, in the order in which they are shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Queue {
    Read(u64),
    Write(u64),
    Receive(u64),
    Send(u64),
    End(u64),
}

impl Queue {
    /// `read file 7`
    fn parse(text: &str) -> Option<Queue> {
        let (kind, index) = text.rsplit_once(' ')?;
        let index = index.parse().ok()?;
        Some(match kind {
            "read file" => Queue::Read(index),
            "write file" => Queue::Write(index),
            "receive port" => Queue::Receive(index),
            "send port" => Queue::Send(index),
            "end of task" => Queue::End(index),
            _ => return None,
        })
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Queue::Read(file) => write!(f, "read file {file}"),
            Queue::Write(file) => write!(f, "write file {file}"),
            Queue::Receive(port) => write!(f, "receive port {port}"),
            Queue::Send(port) => write!(f, "send port {port}"),
            Queue::End(tid) => write!(f, "end of task {tid}"),
        }
    }
}

/// What an event says that cannot be.
type Wrong = Box<dyn Error>;

impl Default for State {
    /// Before the first event: the console's three files are open.
    fn default() -> State {
        State {
            seq: 0,
            at: 0,
            is_over: false,
            tasks: BTreeMap::new(),
            files: (0..3).map(|file| (file, "console".into())).collect(),
            ports: BTreeMap::new(),
            queues: BTreeMap::new(),
            ready: InOrder::new(),
            last_place: 0,
        }
    }
}

impl State {
    /// The state after the event with this number, or after the last when none is given.
    ///
    /// Errors: all of [`LogError`].
    pub fn at(events: &mut Reader<impl BufRead>, seq: Option<u64>) -> Result<State, LogError> {
        let mut state = State::default();
        for event in events {
            state.apply(&event?)?;
            if seq.is_some_and(|seq| state.seq >= seq) {
                break;
            }
        }
        match seq {
            Some(wanted) if wanted != state.seq => Err(LogError::NoEvent { last: state.seq, wanted }),
            _ => Ok(state),
        }
    }

    /// Goes on by one event. Errors: [`LogError::Impossible`].
    pub fn apply(&mut self, event: &Event) -> Result<(), LogError> {
        (self.seq, self.at) = (event.seq, event.at);
        self.act(event).map_err(|wrong| LogError::impossible(event.seq, wrong))
    }

    fn act(&mut self, event: &Event) -> Result<(), Wrong> {
        match &*event.message {
            "ended" => {
                self.is_over = true;
                Ok(())
            }
            "spawned" => self.spawned(event),
            "entered group" => {
                self.task(event)?.group = event.number("group")?;
                Ok(())
            }
            "exited" => self.exited(event),
            "reaped" => self.reaped(event),
            "chosen" => self.chosen(event),
            "turn over" => self.turn_over(event),
            "blocked" => self.blocked(event),
            "ready" => self.woken(event),
            "stopped" => {
                self.task(event)?.is_stopped = true;
                Ok(())
            }
            "continued" => {
                self.task(event)?.is_stopped = false;
                Ok(())
            }
            "queued again" => self.queued_again(event),
            "descriptor opened" => self.fd_opened(event),
            "descriptor closed" => self.fd_closed(event),
            "opened" => self.file_opened(event.number("file")?, event.text("kind")?),
            "offloaded" => self.file_opened(event.number("file")?, "job"),
            "closed" => self.file_closed(event),
            "port created" => {
                let port = Port { capacity: event.number("capacity")?, messages: 0, name: None };
                self.ports.insert(event.number("port")?, port);
                Ok(())
            }
            "port published" => {
                self.port(event)?.name = Some(event.text("name")?.into());
                Ok(())
            }
            "port end closed" => self.port_end_closed(event),
            "port closed" => self.ports.remove(&event.number("port")?).map(drop).ok_or_else(no_port),
            "message queued" | "message taken" => {
                self.port(event)?.messages = event.number("messages")?;
                Ok(())
            }
            "alarm set" => {
                self.task(event)?.alarm = event.time("due")?;
                Ok(())
            }
            "alarm" => {
                self.task(event)?.alarm = None;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The task that an event is about.
    fn task(&mut self, event: &Event) -> Result<&mut Task, Wrong> {
        let tid = event.number("tid")?;
        self.tasks.get_mut(&tid).ok_or_else(|| format!("there is no task {tid}").into())
    }

    fn port(&mut self, event: &Event) -> Result<&mut Port, Wrong> {
        self.ports.get_mut(&event.number("port")?).ok_or_else(no_port)
    }

    fn spawned(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        let task = self.tasks.entry(tid).or_default();
        if task.doing != Doing::Beginning {
            return Err(format!("task {tid} is spawned twice").into());
        }
        task.name = event.text("name")?.into();
        (task.parent, task.group) = (event.number("parent")?, event.number("group")?);
        task.doing = Doing::Made;
        Ok(())
    }

    fn exited(&mut self, event: &Event) -> Result<(), Wrong> {
        self.leave_queues(event)?;
        let task = self.task(event)?;
        task.doing = Doing::Zombie;
        task.fds.clear();
        (task.alarm, task.is_stopped) = (None, false);
        Ok(())
    }

    fn reaped(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        match self.tasks.remove(&tid) {
            Some(Task { doing: Doing::Zombie, .. }) => Ok(()),
            _ => Err(format!("task {tid} is reaped and has not ended").into()),
        }
    }

    fn chosen(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        let task = self.task(event)?;
        if task.doing != Doing::Ready || task.is_stopped {
            return Err(format!("task {tid} is chosen and not ready").into());
        }
        task.doing = Doing::Running;
        // Those before it were ready and stopped, and have lost their places.
        while let Some((_, first)) = self.ready.pop_first() {
            if first == tid {
                return Ok(());
            }
            if self.tasks.get(&first).is_some_and(|task| !task.is_stopped) {
                return Err(format!("task {tid} is chosen before task {first}").into());
            }
        }
        Err(format!("task {tid} is chosen and not queued").into())
    }

    fn turn_over(&mut self, event: &Event) -> Result<(), Wrong> {
        let (tid, why) = (event.number("tid")?, event.text("why")?);
        // Whoever has ended in it may be gone.
        if why == "exited" || why == "panicked" {
            return Ok(());
        }
        let task = self.task(event)?;
        if task.doing == Doing::Running {
            task.doing = Doing::Ready;
            // Who is stopped has no place until it goes on.
            if !task.is_stopped {
                self.join_ready(tid);
            }
        }
        Ok(())
    }

    fn blocked(&mut self, event: &Event) -> Result<(), Wrong> {
        let queues: Vec<Box<str>> =
            event.text("queues")?.split(", ").filter(|queue| !queue.is_empty()).map(Box::from).collect();
        let on: Box<str> = event.text("on")?.into();
        let until = event.time("until")?;
        self.task(event)?.doing = Doing::Waiting { on, queues, until };
        self.join_queues(event.number("tid")?)
    }

    fn woken(&mut self, event: &Event) -> Result<(), Wrong> {
        self.leave_queues(event)?;
        self.task(event)?.doing = Doing::Ready;
        self.join_ready(event.number("tid")?);
        Ok(())
    }

    /// Whoever stood aside while it was stopped is last in the queues that it waits in.
    fn queued_again(&mut self, event: &Event) -> Result<(), Wrong> {
        let doing = self.task(event)?.doing.clone();
        if !matches!(doing, Doing::Waiting { .. }) {
            return Err("it waits for nothing".into());
        }
        self.leave_queues(event)?;
        self.task(event)?.doing = doing;
        self.join_queues(event.number("tid")?)
    }

    /// A task is the last of those who are ready.
    fn join_ready(&mut self, tid: u64) {
        let place = self.next_place(tid);
        self.ready.insert(place, tid);
    }

    /// A task is the last in each queue that it waits in, unless it polls.
    fn join_queues(&mut self, tid: u64) -> Result<(), Wrong> {
        let place = self.next_place(tid);
        if let Some(task) = self.tasks.get(&tid).filter(|task| !task.polls())
            && let Doing::Waiting { queues, .. } = &task.doing
        {
            for queue in queues {
                let queue = Queue::parse(queue).ok_or_else(|| format!("{queue:?} is no queue"))?;
                self.queues.entry(queue).or_default().insert(place, tid);
            }
        }
        Ok(())
    }

    /// The place of a task that comes to its queues now.
    fn next_place(&mut self, tid: u64) -> Place {
        self.last_place += 1;
        if let Some(task) = self.tasks.get_mut(&tid) {
            task.place = self.last_place;
        }
        self.last_place
    }

    /// The task of the event is in no queue any more.
    fn leave_queues(&mut self, event: &Event) -> Result<(), Wrong> {
        let task = self.task(event)?;
        let place = std::mem::take(&mut task.place);
        if let Doing::Waiting { queues, .. } = std::mem::take(&mut task.doing) {
            for queue in queues.iter().filter_map(|queue| Queue::parse(queue)) {
                if let Some(waiting) = self.queues.get_mut(&queue) {
                    waiting.remove(&place);
                    if waiting.is_empty() {
                        self.queues.remove(&queue);
                    }
                }
            }
        }
        self.ready.remove(&place);
        Ok(())
    }

    fn fd_opened(&mut self, event: &Event) -> Result<(), Wrong> {
        // A child has descriptors before it is told of.
        let task = self.tasks.entry(event.number("tid")?).or_default();
        task.fds.insert(event.number("fd")?, event.text("object")?.into());
        Ok(())
    }

    fn fd_closed(&mut self, event: &Event) -> Result<(), Wrong> {
        let fd = event.number("fd")?;
        match self.task(event)?.fds.remove(&fd) {
            Some(_) => Ok(()),
            None => Err(format!("descriptor {fd} is closed and was not open").into()),
        }
    }

    fn file_opened(&mut self, file: u64, kind: &str) -> Result<(), Wrong> {
        match self.files.insert(file, kind.into()) {
            None => Ok(()),
            Some(_) => Err(format!("file {file} is opened twice").into()),
        }
    }

    fn file_closed(&mut self, event: &Event) -> Result<(), Wrong> {
        let file = event.number("file")?;
        match self.files.remove(&file) {
            Some(_) => Ok(()),
            None => Err(format!("file {file} is closed and was not open").into()),
        }
    }

    fn port_end_closed(&mut self, event: &Event) -> Result<(), Wrong> {
        let is_receiving = event.text("end")? == "receiving";
        let port = self.port(event)?;
        if is_receiving {
            (port.messages, port.name) = (0, None);
        }
        Ok(())
    }
}

fn no_port() -> Wrong {
    "there is no such port".into()
}

impl Task {
    /// Does it wait for one of several things?
    fn polls(&self) -> bool {
        matches!(&self.doing, Doing::Waiting { on, .. } if on.starts_with("poll of "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A state that is told of events, each by its name and its fields.
    #[derive(Default)]
    struct Told(State);

    impl Told {
        fn tell(&mut self, message: &str, fields: &str) {
            let seq = self.0.seq + 1;
            let head = format!(r#""seq":{seq},"at":"0.000000000","target":"yieldix::sched","message":"{message}""#);
            let event = Event::parse(format!("{{{head},{fields}}}").as_bytes()).unwrap().unwrap();
            self.0.apply(&event).unwrap();
        }

        fn spawn(&mut self, tid: u64) {
            self.tell("spawned", &format!(r#""tid":{tid},"name":"t","parent":0,"group":1"#));
        }

        fn ready(&mut self, tid: u64) {
            self.tell("ready", &format!(r#""tid":{tid}"#));
        }

        fn block(&mut self, tid: u64, queue: &str) {
            self.tell("chosen", &format!(r#""tid":{tid}"#));
            self.tell("blocked", &format!(r#""tid":{tid},"on":"o","queues":"{queue}","until":"never""#));
        }

        /// The lines that begin so.
        fn lines(&self, head: &str) -> Vec<String> {
            self.0.to_string().lines().filter(|line| line.starts_with(head)).map(str::to_owned).collect()
        }
    }

    #[test]
    fn a_state_says_after_which_event_it_is_and_whether_more_can_come() {
        let mut told = Told::default();
        told.spawn(1);
        assert_eq!(told.0.heading(), "after event 1, at 0.000000000");
        told.tell("ended", r#""code":0"#);
        assert_eq!(told.0.heading(), "after event 2, at 0.000000000; the machine has ended");
    }

    #[test]
    fn who_is_stopped_keeps_its_place_until_it_is_queued_again() {
        let mut told = Told::default();
        for tid in [1, 2, 3] {
            told.spawn(tid);
            told.ready(tid);
        }
        assert_eq!(told.lines("ready"), ["ready: 1 2 3"]);
        for tid in [1, 2, 3] {
            told.block(tid, "read file 7");
        }
        for message in ["stopped", "continued"] {
            told.tell(message, r#""tid":1"#);
            let shown = if message == "stopped" { "2 3" } else { "1 2 3" };
            assert_eq!(told.lines("queue"), [format!("queue read file 7: {shown}")]);
        }
        told.tell("queued again", r#""tid":1,"queues":"read file 7""#);
        assert_eq!(told.lines("queue"), ["queue read file 7: 2 3 1"]);
        told.ready(3);
        assert_eq!(
            (told.lines("queue"), told.lines("ready")),
            (vec!["queue read file 7: 2 1".into()], vec!["ready: 3".into()])
        );
    }

    #[test]
    fn who_is_made_is_in_no_queue() {
        let mut told = Told::default();
        told.spawn(1);
        assert_eq!(
            (told.lines("task"), told.lines("ready")),
            (vec![String::from("task 1 \"t\" parent=0 group=1 made")], vec!["ready: ".into()])
        );
    }

    /// With a walk through a queue for each that comes or goes this is the work of minutes.
    #[test]
    fn a_queue_of_very_many_costs_each_no_more() {
        const TASKS: u64 = 100_000;
        let mut told = Told::default();
        for tid in 1..=TASKS {
            told.spawn(tid);
            told.ready(tid);
        }
        for tid in 1..=TASKS {
            told.block(tid, "end of task 1");
        }
        for tid in (1..=TASKS).rev() {
            told.ready(tid);
        }
        assert!(told.lines("queue").is_empty());
        let last: String = (1..=TASKS).rev().map(|tid| format!(" {tid}")).collect();
        assert!(told.lines("ready") == [format!("ready:{last}")]);
    }
}
