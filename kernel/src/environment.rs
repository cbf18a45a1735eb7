//! The environment: variables that children inherit.
//!
//! Invariant: names and values are UTF-8 without NUL, names are not empty and have no `=`, and all of it
//! has no more than [`limits::ENVIRONMENT_BYTES`], each variable counted as a host would have it: its name,
//! its value, and two bytes.

use crate::{hardware::Hardware, kernel::Kernel, limits, sched::Policy, trap::Next};
use std::{collections::BTreeMap, sync::Arc};
use yieldix_syscalls::{Buf, Errno, Reply};

/// Variables and their values.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<Box<str>, Box<str>>,
    bytes: usize,
}

/// What a variable counts.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + 2
}

impl Environment {
    /// One with these variables; none when there is none of them. Errors: those of `setenv`.
    pub fn of(variables: &BTreeMap<String, String>) -> Result<Option<Environment>, Errno> {
        let mut environment = Environment::default();
        for (name, value) in variables {
            let (name, value) = checked(name.as_bytes(), value.as_bytes()).ok_or(Errno::EINVAL)?;
            environment.set(name, value)?;
        }
        Ok((!variables.is_empty()).then_some(environment))
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| &**value)
    }

    /// Every variable and its value, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Sets a variable. `E2BIG` when there is no room for it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Errno> {
        let before = self.get(name).map_or(0, |before| size(name, before));
        let bytes = self.bytes - before + size(name, value);
        if bytes > limits::ENVIRONMENT_BYTES {
            return Err(Errno::E2BIG);
        }
        self.bytes = bytes;
        self.variables.insert(name.into(), value.into());
        Ok(())
    }

    /// Removes a variable, if it is there.
    pub fn unset(&mut self, name: &str) {
        if let Some(value) = self.variables.remove(name) {
            self.bytes -= size(name, &value);
        }
    }
}

/// Name and value, if they can be a variable's.
fn checked<'a>(name: &'a [u8], value: &'a [u8]) -> Option<(&'a str, &'a str)> {
    let is_name = !name.is_empty() && !name.contains(&b'=') && !name.contains(&0);
    if !is_name || value.contains(&0) {
        return None;
    }
    Some((str::from_utf8(name).ok()?, str::from_utf8(value).ok()?))
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    fn environment(&self, slot: u32) -> Option<&Environment> {
        self.table.inherited(slot).environment.as_deref()
    }

    /// The environment of the task in `slot`, to change: a copy of its own if others share it.
    fn environment_mut(&mut self, slot: u32) -> &mut Environment {
        self.operations += limits::ENVIRONMENT_OPERATIONS;
        Arc::make_mut(self.table.inherited_mut(slot).environment.get_or_insert_default())
    }

    pub(crate) fn sys_getenv(&mut self, slot: u32, name: &str) -> Next {
        let value = self.environment(slot).and_then(|environment| environment.get(name)).ok_or(Errno::ENOENT);
        let value = value.map(|value| Reply::Buf(Buf::from(value.as_bytes().to_vec())));
        self.answer_with(slot, value)
    }

    pub(crate) fn sys_setenv(&mut self, slot: u32, name: &[u8], value: &[u8]) -> Next {
        let result = match checked(name, value) {
            Some((name, value)) => self.environment_mut(slot).set(name, value),
            None => Err(Errno::EINVAL),
        };
        self.answer_with(slot, result.map(|()| Reply::Unit))
    }

    pub(crate) fn sys_unsetenv(&mut self, slot: u32, name: &str) -> Next {
        if self.environment(slot).is_some_and(|environment| environment.get(name).is_some()) {
            self.environment_mut(slot).unset(name);
        }
        self.answer(slot, Reply::Unit)
    }

    pub(crate) fn sys_environment(&mut self, slot: u32) -> Next {
        self.operations += limits::ENVIRONMENT_OPERATIONS;
        let variables = self.environment(slot).into_iter().flat_map(|environment| &environment.variables);
        let variables = variables.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.answer(slot, Reply::Environment(Box::new(variables)))
    }
}
