//! What children inherit from their parent, and few tasks have set.
//!
//! One value, shared by a task and the children it has had since it changed: a spawn copies a pointer.
//! Invariant: nobody sees another's change; who changes a shared value has a copy of its own from then on.

use crate::{environment::Environment, table::Table};
use std::sync::Arc;
use yieldix_syscalls::{Signals, Tid};

/// What a task hands on to its children. What lies behind a pointer of its own here is cheap to copy with
/// the rest.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// Its process group, named by the task that was its first; none for that of the machine's first task.
    pub group: Option<Tid>,
    /// Does the console say when it ends?
    pub is_announced: bool,
    /// Signals that it ignores.
    pub ignored: Signals,
    /// Signals that are held back.
    pub mask: Signals,
    /// Its variables; none when nobody has set one.
    pub environment: Option<Arc<Environment>>,
    /// The working directory, absolute and in plain form; none for the root.
    pub directory: Option<Arc<str>>,
}

/// What a task has whose parents have set nothing.
static NOTHING: Inherited = Inherited {
    group: None,
    is_announced: false,
    ignored: Signals::NONE,
    mask: Signals::NONE,
    environment: None,
    directory: None,
};

impl Table {
    /// What the task in `slot` hands on to its children.
    pub fn inherited(&self, slot: u32) -> &Inherited {
        self.cold(slot).and_then(|cold| cold.inherited.as_deref()).unwrap_or(&NOTHING)
    }

    /// The same, to change for it and its children to come.
    pub fn inherited_mut(&mut self, slot: u32) -> &mut Inherited {
        Arc::make_mut(self.make_cold(slot).inherited.get_or_insert_default())
    }
}
