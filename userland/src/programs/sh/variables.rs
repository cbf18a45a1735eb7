//! A shell's variables: their values, what is exported, what is read-only, what a function has of its own.

use super::cursor::quoted;
use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    sync::Arc,
    vec::Vec,
};
use core::mem;

/// One variable. It may be exported or read-only and have no value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Variable {
    pub value: Option<String>,
    pub is_exported: bool,
    pub is_read_only: bool,
}

type All = BTreeMap<Arc<str>, Arc<Variable>>;

/// What variables there are, and what was changed for a while.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    /// A subshell shares them until one of both changes one, and then the others.
    all: Arc<All>,
    /// Those whose export may be out of date.
    changed: BTreeSet<String>,
    /// What they were before, a list for each function that runs.
    frames: Vec<Vec<(String, Option<Variable>)>>,
}

impl Variables {
    /// The variable of this name, to change; a new one if there is none.
    fn variable_mut(&mut self, name: &str) -> &mut Variable {
        Arc::make_mut(Arc::make_mut(&mut self.all).entry(name.into()).or_default())
    }

    /// The value, if it has one.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all.get(name)?.value.as_deref()
    }

    /// At which characters fields are split.
    pub(super) fn separators(&self) -> &str {
        self.get("IFS").unwrap_or(" \t\n")
    }

    /// Sets it; says so if it is read-only.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), String> {
        self.change(name, |variable| variable.value = Some(value.into()))
    }

    /// Sets it and exports it.
    pub(super) fn export(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        if value.is_some() && self.all.get(name).is_some_and(|variable| variable.is_read_only) {
            return Err(read_only(name));
        }
        let variable = self.variable_mut(name);
        variable.is_exported = true;
        if value.is_some() {
            variable.value = value;
        }
        self.changed.insert(name.to_owned());
        Ok(())
    }

    /// Lets nobody set it again.
    pub(super) fn protect(&mut self, name: &str, value: Option<String>) -> Result<(), String> {
        if let Some(value) = value {
            self.set(name, value)?;
        }
        self.variable_mut(name).is_read_only = true;
        Ok(())
    }

    /// Forgets it.
    pub(super) fn unset(&mut self, name: &str) -> Result<(), String> {
        if !self.all.contains_key(name) {
            return Ok(());
        }
        self.change(name, |_| {})?;
        Arc::make_mut(&mut self.all).remove(name);
        Ok(())
    }

    fn change(&mut self, name: &str, change: impl FnOnce(&mut Variable)) -> Result<(), String> {
        if self.all.get(name).is_some_and(|variable| variable.is_read_only) {
            return Err(read_only(name));
        }
        let variable = self.variable_mut(name);
        change(variable);
        if variable.is_exported {
            self.changed.insert(name.to_owned());
        }
        Ok(())
    }

    /// What the environment has to learn: names, with a value or none.
    pub(super) fn take_changed(&mut self) -> Vec<(String, Option<String>)> {
        let value = |name: String| {
            let variable = self.all.get(name.as_str()).filter(|variable| variable.is_exported);
            let value = variable.and_then(|variable| variable.value.clone());
            (name, value)
        };
        mem::take(&mut self.changed).into_iter().map(value).collect()
    }

    /// From now on changes that are [kept](Variables::keep) are for a while.
    pub(super) fn push_frame(&mut self) {
        self.frames.push(Vec::new());
    }

    /// Has a variable be what it is now once the frame is gone. Without a frame it stays as it will be.
    pub(super) fn keep(&mut self, name: &str) {
        let variable = self.all.get(name).map(|variable| Variable::clone(variable));
        if let Some(frame) = self.frames.last_mut()
            && !frame.iter().any(|(kept, _)| kept == name)
        {
            frame.push((name.to_owned(), variable));
        }
    }

    /// Everything that was kept is as it was.
    pub(super) fn pop_frame(&mut self) {
        for (name, before) in self.frames.pop().unwrap_or_default() {
            let was_exported = self.all.get(name.as_str()).is_some_and(|variable| variable.is_exported);
            let is_exported = before.as_ref().is_some_and(|variable| variable.is_exported);
            if was_exported || is_exported {
                self.changed.insert(name.clone());
            }
            match before {
                Some(variable) => *self.variable_mut(&name) = variable,
                None => drop(Arc::make_mut(&mut self.all).remove(name.as_str())),
            }
        }
    }

    /// Is a function running, so that a variable can be its own?
    pub(super) fn has_frame(&self) -> bool {
        !self.frames.is_empty()
    }

    /// Lines that set these again, `prefix` before each.
    pub(super) fn listing(&self, prefix: &str, is_listed: impl Fn(&Variable) -> bool) -> String {
        let line = |(name, variable): (&Arc<str>, &Arc<Variable>)| match &variable.value {
            Some(value) => format!("{prefix}{name}={}\n", quoted(value)),
            None if prefix.is_empty() => String::new(),
            None => format!("{prefix}{name}\n"),
        };
        self.all.iter().filter(|(_, variable)| is_listed(variable)).map(line).collect()
    }
}

fn read_only(name: &str) -> String {
    format!("{name}: is read only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_exported_is_told_to_the_environment() {
        let mut variables = Variables::default();
        variables.set("a", "1").unwrap();
        assert_eq!(variables.take_changed(), []);
        variables.export("a", None).unwrap();
        assert_eq!(variables.take_changed(), [("a".to_owned(), Some("1".to_owned()))]);
        variables.unset("a").unwrap();
        assert_eq!(variables.take_changed(), [("a".to_owned(), None)]);
    }

    #[test]
    fn what_is_read_only_stays() {
        let mut variables = Variables::default();
        variables.protect("a", Some("1".to_owned())).unwrap();
        assert!(variables.set("a", "2").is_err() && variables.unset("a").is_err());
        assert!(variables.export("a", Some("2".to_owned())).is_err());
        assert_eq!(variables.get("a"), Some("1"));
    }

    #[test]
    fn a_frame_gives_back_what_it_kept() {
        let mut variables = Variables::default();
        variables.set("a", "1").unwrap();
        variables.push_frame();
        variables.keep("a");
        variables.keep("b");
        variables.export("a", Some("2".to_owned())).unwrap();
        variables.set("b", "2").unwrap();
        variables.take_changed();
        variables.pop_frame();
        assert_eq!((variables.get("a"), variables.get("b")), (Some("1"), None));
        assert_eq!(variables.take_changed(), [("a".to_owned(), None)]);
    }
}
