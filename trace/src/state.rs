//! The state of a machine, made from the events of its log.
//!
//! It is shown as the kernel shows its own, a line for each thing there is (docs/tracing.md), so that the two can
//! be compared. What the log says is believed, and what cannot be is an error: a task that is chosen and is not
//! ready, a descriptor closed twice.

use crate::{Event, FieldError, LogError, Reader};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    io::BufRead,
};

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
}

/// What a task is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// It is being made: its descriptors come before it.
    #[default]
    Beginning,
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
    /// By their numbers.
    pub tasks: BTreeMap<u64, Task>,
    /// What kind each open file is of.
    pub files: BTreeMap<u64, Box<str>>,
    /// By their indices.
    pub ports: BTreeMap<u64, Port>,
    /// Who waits where, first come first. Those who poll are not in it.
    queues: BTreeMap<Queue, VecDeque<u64>>,
    /// Who will have a turn, in this order.
    pub ready: VecDeque<u64>,
}

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
enum Wrong {
    Field(FieldError),
    Impossible(String),
}

impl From<FieldError> for Wrong {
    fn from(error: FieldError) -> Wrong {
        Wrong::Field(error)
    }
}

impl From<String> for Wrong {
    fn from(what: String) -> Wrong {
        Wrong::Impossible(what)
    }
}

impl Default for State {
    /// Before the first event: the console's three files are open.
    fn default() -> State {
        State {
            seq: 0,
            at: 0,
            tasks: BTreeMap::new(),
            files: (0..3).map(|file| (file, "console".into())).collect(),
            ports: BTreeMap::new(),
            queues: BTreeMap::new(),
            ready: VecDeque::new(),
        }
    }
}

impl State {
    /// The state after the event with this number, or after the last when none is given.
    ///
    /// Errors: all of [`LogError`].
    pub fn at(log: impl BufRead, seq: Option<u64>) -> Result<State, LogError> {
        let mut state = State::default();
        let mut reader = Reader::new(log);
        while seq.is_none_or(|seq| state.seq < seq) {
            match reader.next() {
                Some(event) => state.apply(&event?)?,
                None => break,
            }
        }
        match seq {
            Some(wanted) if wanted != state.seq => Err(LogError::Short { last: state.seq, wanted }),
            _ => Ok(state),
        }
    }

    /// Goes on by one event. Errors: [`LogError::Impossible`].
    pub fn apply(&mut self, event: &Event) -> Result<(), LogError> {
        (self.seq, self.at) = (event.seq, event.at);
        self.act(event).map_err(|wrong| {
            let what = match wrong {
                Wrong::Field(error) => error.to_string(),
                Wrong::Impossible(what) => what,
            };
            LogError::Impossible { seq: event.seq, what }
        })
    }

    fn act(&mut self, event: &Event) -> Result<(), Wrong> {
        match &*event.message {
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
            "continued" => self.continued(event),
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
        self.tasks.get_mut(&tid).ok_or_else(|| Wrong::from(format!("there is no task {tid}")))
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
        task.doing = Doing::Ready;
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
        while let Some(first) = self.ready.pop_front() {
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
                self.ready.push_back(tid);
            }
        }
        Ok(())
    }

    fn blocked(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        let queues: Vec<Box<str>> =
            event.text("queues")?.split(", ").filter(|queue| !queue.is_empty()).map(Box::from).collect();
        let on: Box<str> = event.text("on")?.into();
        let doing = Doing::Waiting { on, queues: queues.clone(), until: event.time("until")? };
        let task = self.task(event)?;
        task.doing = doing;
        if !task.polls() {
            for queue in queues {
                let queue = Queue::parse(&queue).ok_or_else(|| format!("{queue:?} is no queue"))?;
                self.queues.entry(queue).or_default().push_back(tid);
            }
        }
        Ok(())
    }

    fn woken(&mut self, event: &Event) -> Result<(), Wrong> {
        self.leave_queues(event)?;
        self.task(event)?.doing = Doing::Ready;
        self.ready.push_back(event.number("tid")?);
        Ok(())
    }

    /// Whoever goes on and still waits is last in its queue.
    fn continued(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        let task = self.task(event)?;
        task.is_stopped = false;
        if !task.polls() {
            for place in self.queues.values_mut() {
                if let Some(index) = place.iter().position(|&waiting| waiting == tid) {
                    place.remove(index);
                    place.push_back(tid);
                }
            }
        }
        Ok(())
    }

    /// The task of the event is in no queue any more.
    fn leave_queues(&mut self, event: &Event) -> Result<(), Wrong> {
        let tid = event.number("tid")?;
        let task = self.task(event)?;
        let is_ready = task.doing == Doing::Ready;
        if let Doing::Waiting { queues, .. } = std::mem::take(&mut task.doing) {
            for queue in queues.iter().filter_map(|queue| Queue::parse(queue)) {
                if let Some(waiting) = self.queues.get_mut(&queue) {
                    waiting.retain(|&other| other != tid);
                    if waiting.is_empty() {
                        self.queues.remove(&queue);
                    }
                }
            }
        }
        if is_ready {
            self.ready.retain(|&other| other != tid);
        }
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
    Wrong::Impossible(String::from("there is no such port"))
}

impl Task {
    /// Does it wait for one of several things?
    fn polls(&self) -> bool {
        matches!(&self.doing, Doing::Waiting { on, .. } if on.starts_with("poll of "))
    }
}

/// Seconds since boot, as the log has them.
pub(crate) struct Moment(pub u64);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (tid, task) in &self.tasks {
            let Task { name, parent, group, .. } = task;
            let stopped = if task.is_stopped { "stopped " } else { "" };
            let doing = match &task.doing {
                Doing::Zombie => {
                    writeln!(f, "task {tid} parent={parent} zombie")?;
                    continue;
                }
                Doing::Beginning => "beginning",
                Doing::Ready => "ready",
                Doing::Running => "running",
                Doing::Waiting { on, .. } => on,
            };
            writeln!(f, "task {tid} {name:?} parent={parent} group={group} {stopped}{doing}")?;
        }
        for (tid, task) in &self.tasks {
            for (fd, object) in &task.fds {
                writeln!(f, "fd {tid}:{fd} {object}")?;
            }
        }
        for (file, kind) in &self.files {
            writeln!(f, "file {file} {kind}")?;
        }
        for (index, port) in &self.ports {
            let name = port.name.as_deref().map_or(String::new(), |name| format!(" {name:?}"));
            writeln!(f, "port {index}{name} capacity={} messages={}", port.capacity, port.messages)?;
        }
        for (queue, tids) in self.waiting() {
            writeln!(f, "queue {queue}: {}", list(&tids))?;
        }
        for (tid, task) in &self.tasks {
            if let Doing::Waiting { until: Some(until), .. } = task.doing {
                writeln!(f, "timer {tid} {}", Moment(until))?;
            }
        }
        for (tid, task) in &self.tasks {
            if let Some(alarm) = task.alarm {
                writeln!(f, "alarm {tid} {}", Moment(alarm))?;
            }
        }
        let ready: Vec<u64> = self.ready.iter().copied().filter(|&tid| self.may_run(tid)).collect();
        writeln!(f, "ready: {}", list(&ready))
    }
}

fn list(tids: &[u64]) -> String {
    tids.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

impl State {
    fn may_run(&self, tid: u64) -> bool {
        self.tasks.get(&tid).is_some_and(|task| !task.is_stopped)
    }

    /// Who waits where: those in a queue, and then those who poll, in the order of tasks; nobody who is stopped.
    fn waiting(&self) -> BTreeMap<Queue, Vec<u64>> {
        let mut waiting: BTreeMap<Queue, Vec<u64>> = BTreeMap::new();
        for (queue, tids) in &self.queues {
            let tids: Vec<u64> = tids.iter().copied().filter(|&tid| self.may_run(tid)).collect();
            if !tids.is_empty() {
                waiting.insert(queue.clone(), tids);
            }
        }
        for (&tid, task) in self.tasks.iter().filter(|(_, task)| task.polls() && !task.is_stopped) {
            if let Doing::Waiting { queues, .. } = &task.doing {
                for queue in queues.iter().filter_map(|queue| Queue::parse(queue)) {
                    waiting.entry(queue).or_default().push(tid);
                }
            }
        }
        waiting
    }
}
