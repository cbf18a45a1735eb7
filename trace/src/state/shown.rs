//! A state as text: as the kernel shows its own, so that the two can be compared.

use super::{Doing, Queue, State, Task};
use crate::event::Moment;
use std::{collections::BTreeMap, fmt};

impl State {
    /// After which event it is, and when that was.
    pub fn heading(&self) -> String {
        let end = if self.is_over { "; the machine has ended" } else { "" };
        format!("after event {}, at {}{end}", self.seq, Moment(self.at))
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
                Doing::Made => "made",
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
        let ready: Vec<u64> = self.ready.values().copied().filter(|&tid| self.may_run(tid)).collect();
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
            let tids: Vec<u64> = tids.values().copied().filter(|&tid| self.may_run(tid)).collect();
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
