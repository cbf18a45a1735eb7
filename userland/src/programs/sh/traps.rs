//! What a shell does on signals, and at its end.

use super::{
    cursor::quoted,
    shell::{Boxed, Outcome, Shell, Unwind},
};
use crate::prelude::*;
use alloc::collections::BTreeMap;

/// What is to be run when.
#[derive(Clone, Debug, Default)]
pub(super) struct Traps {
    at_exit: Option<String>,
    /// An empty action: the signal is ignored.
    actions: BTreeMap<Signal, String>,
    /// What has come and was not acted on.
    pending: Vec<Signal>,
    /// Is what is to be done on `CHLD` being done? Its own children bring no further one.
    is_minding_children: bool,
}

/// Signals that a shell at a terminal gets and does not end by.
const INTERACTIVE: &[Signal] = &[Signal::Int, Signal::Quit, Signal::Term, Signal::Tstp];

impl Traps {
    /// In a subshell: only what is ignored stays as it is.
    pub(super) fn reset(&mut self) {
        self.at_exit = None;
        self.pending.clear();
        self.is_minding_children = false;
        self.actions.retain(|_, action| action.is_empty());
    }

    /// What is to be done at the end, which is done once.
    pub(super) fn take_exit(&mut self) -> Option<String> {
        self.at_exit.take()
    }

    /// Sets what is done on a signal, or at the end.
    pub(super) fn set(&mut self, on: Option<Signal>, action: Option<String>) {
        match (on, action) {
            // Nothing to do at the end is nothing.
            (None, action) => self.at_exit = action.filter(|action| !action.is_empty()),
            (Some(signal), Some(action)) => drop(self.actions.insert(signal, action)),
            (Some(signal), None) => drop(self.actions.remove(&signal)),
        }
    }

    /// Lines that set them again.
    pub(super) fn listing(&self) -> String {
        let exit = self.at_exit.iter().map(|action| format!("trap -- {} EXIT\n", quoted(action)));
        let line = |(signal, action): (&Signal, &String)| format!("trap -- {} {}\n", quoted(action), signal.name());
        exit.chain(self.actions.iter().map(line)).collect()
    }

    /// A job was waited for. Who waits for a child is not sent `CHLD` for it, and yet has a trap for its end. What
    /// runs in front brings none: that `echo` is a program here and a part of other shells would show.
    pub(super) fn note_collected(&mut self) {
        if self.actions.get(&Signal::Chld).is_some_and(|action| !action.is_empty()) {
            self.note(Signal::Chld);
        }
    }

    /// A signal has come.
    fn note(&mut self, signal: Signal) {
        let is_own = signal == Signal::Chld && self.is_minding_children;
        if !is_own && !self.pending.contains(&signal) {
            self.pending.push(signal);
        }
    }

    fn caught(&self, is_interactive: bool) -> Signals {
        let trapped = self.actions.iter().filter(|(_, action)| !action.is_empty()).map(|(signal, _)| *signal);
        let kept = INTERACTIVE.iter().copied().filter(|signal| is_interactive && !self.actions.contains_key(signal));
        trapped.chain(kept).fold(Signals::NONE, |set, signal| set | signal)
    }

    /// Signals that children are not to get either.
    pub(super) fn ignored(&self) -> Signals {
        let ignored = self.actions.iter().filter(|(_, action)| action.is_empty()).map(|(signal, _)| *signal);
        ignored.fold(Signals::NONE, |set, signal| set | signal)
    }
}

impl Shell {
    /// Has the kernel do with signals what the traps say.
    pub(super) fn arm_traps(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            // Neither can fail: what cannot be caught was not set.
            let _ = trap!(yield catch_signals(self.traps.caught(self.options.is_interactive)));
            let _ = trap!(yield ignore_signals(self.traps.ignored()));
        })
    }

    /// Takes the signals that have come, to be acted on when the command is done.
    pub(super) fn note_signals(&mut self) -> impl Routine<()> {
        routine!(move -> () {
            while let Ok(Some(signal)) = trap!(yield try_take_signal()) {
                self.traps.note(signal);
            }
        })
    }

    /// The signal that has come and has an action, or would end what is typed at a terminal.
    pub(super) fn noted_signal(&self) -> Option<Signal> {
        let counts = |signal: &&Signal| self.traps.actions.contains_key(signal) || **signal == Signal::Int;
        self.traps.pending.iter().find(counts).copied()
    }

    /// Acts on the signals that have come. The status stays as it is.
    pub(super) fn run_traps(&mut self) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            call!(self.note_signals());
            while !self.traps.pending.is_empty() {
                let signal = self.traps.pending.remove(0);
                match self.traps.actions.get(&signal).cloned() {
                    Some(action) if action.is_empty() => {}
                    Some(action) => {
                        let (status, was_minding) = (self.status, self.traps.is_minding_children);
                        self.traps.is_minding_children |= signal == Signal::Chld;
                        let outcome = call!(self.run_text(&action, self.line, false));
                        call!(self.note_signals());
                        self.traps.is_minding_children = was_minding;
                        outcome?;
                        self.status = status;
                    }
                    None if signal == Signal::Int => {
                        self.status = 128 + i32::from(signal.number());
                        return Err(Unwind::Interrupt);
                    }
                    None => {}
                }
            }
            Ok(())
        }))
    }
}
