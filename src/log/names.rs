//! The names of tasks and files, as the log has told them.

use std::collections::{BTreeMap, VecDeque};
use tracing::Metadata;
use yieldix_kernel::one_line::{Place, Word};

/// Does an event from here tell of tasks and files that are new, or gone?
pub fn tells_names(metadata: &Metadata<'_>) -> bool {
    matches!(metadata.target(), "yieldix::task" | "yieldix::io") && metadata.is_event()
}

/// How many of the tasks that are gone have a name still, for the events that follow.
const GONE_KEPT: usize = 64;

/// Names by number, as they are shown: none can be taken for what is around it.
#[derive(Debug, Default)]
pub struct Names {
    names: BTreeMap<u64, Box<str>>,
    gone: VecDeque<u64>,
    files: BTreeMap<u64, Box<str>>,
}

impl Names {
    /// A task is new.
    pub fn learn(&mut self, tid: u64, name: &str) {
        self.names.insert(tid, Word(name).to_string().into());
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
        self.files.insert(file, format!("{kind}{blank}{}", Place(address)).into());
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
            if let Some(name) = name.filter(|name| !name.is_empty()) {
                explained.push_str(&format!(" {name}"));
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
        match self.names.get(&tid).map_or_else(|| Word(name).to_string(), ToString::to_string).as_str() {
            "" => tid.to_string(),
            name => format!("{tid} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_task_names_is_not_taken_for_a_task_or_a_file() {
        let mut names = Names::default();
        names.learn(2, "sh         waits: any child");
        names.learn(7, "seven");
        names.learn_file(3, "regular", "/f (task 7) until never");
        names.learn_file(4, "pipe's reading end", "file 5");
        assert_eq!(names.of(2), r#"2 "sh         waits: any child""#);
        assert_eq!(names.of_named(9, "nine, 10 ten"), r#"9 "nine, 10 ten""#);
        assert_eq!(
            names.explain("read file 3, task 7"),
            r#"read file 3 regular "/f (task 7) until never", task 7 seven"#
        );
        assert_eq!(names.explain("read file 4"), "read file 4 pipe's reading end file 5");
    }
}
