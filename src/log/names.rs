//! The names of tasks and files, as the log has told them.

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
};
use tracing::{Event, Metadata};

/// Does an event from here tell of tasks and files that are new, or gone?
pub fn tells_names(metadata: &Metadata<'_>) -> bool {
    matches!(metadata.target(), "yieldix::task" | "yieldix::io") && metadata.is_event()
}

/// What such an event has: `message`, `seq`, `at`, `until`.
const IDLE_FIELDS: usize = 4;

/// Has the machine nothing to do?
pub fn is_idle(event: &Event<'_>) -> bool {
    let fields = event.metadata().fields();
    // Asked of each event: names are compared of few.
    fields.len() == IDLE_FIELDS
        && event.metadata().target() == "yieldix::sched"
        && fields.field("until").is_some()
        && fields.field("tid").is_none()
}

/// How many of the tasks that are gone have a name still, for the events that follow.
const GONE_KEPT: usize = 64;

/// Names by number.
#[derive(Debug, Default)]
pub struct Names {
    names: BTreeMap<u64, Box<str>>,
    gone: VecDeque<u64>,
    files: BTreeMap<u64, Box<str>>,
}

impl Names {
    /// A task is new.
    pub fn learn(&mut self, tid: u64, name: &str) {
        self.names.insert(tid, name.into());
    }

    /// A task is gone.
    pub fn forget(&mut self, tid: u64) {
        self.gone.push_back(tid);
        if self.gone.len() > GONE_KEPT
            && let Some(tid) = self.gone.pop_front()
        {
            self.names.remove(&tid);
        }
    }

    /// A file was opened.
    pub fn learn_file(&mut self, file: u64, kind: &str, address: &str) {
        let blank = if address.is_empty() { "" } else { " " };
        self.files.insert(file, format!("{kind}{blank}{address}").into());
    }

    /// A file was closed.
    pub fn forget_file(&mut self, file: u64) {
        self.files.remove(&file);
    }

    /// Puts what is known of them behind the numbers of tasks and files: `end of task 2 sh`.
    pub fn explain(&self, text: &str) -> String {
        let mut explained = String::with_capacity(text.len());
        let mut before = "";
        for word in text.split_inclusive(' ') {
            let number = word.trim_end_matches([' ', ',']);
            let name = match (before, number.parse()) {
                ("task" | "child" | "join", Ok(tid)) => self.names.get(&tid),
                ("file", Ok(file)) => self.files.get(&file),
                _ => None,
            };
            explained.push_str(number);
            if let Some(name) = name {
                explained.push_str(&format!(" {}", Name(name)));
            }
            explained.push_str(&word[number.len()..]);
            before = number;
        }
        explained
    }

    /// A task as text: `2 sh`.
    pub fn of(&self, tid: u64) -> String {
        self.of_named(tid, "")
    }

    /// The same; when its name was never told, it is this one, if it has one.
    pub fn of_named(&self, tid: u64, name: &str) -> String {
        match self.names.get(&tid).map_or(name, |name| name) {
            "" => tid.to_string(),
            name => format!("{tid} {}", Name(name)),
        }
    }
}

/// A name that cannot be taken for what is around it.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:<>[]' ".contains(letter);
        if !self.0.is_empty() && self.0.chars().all(is_plain) { f.write_str(self.0) } else { write!(f, "{:?}", self.0) }
    }
}
