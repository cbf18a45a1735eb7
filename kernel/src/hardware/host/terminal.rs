//! The terminal that the console is, if it is one: changed while tasks ask for it, and given back as it was
//! found.
//!
//! Other processes have the same terminal in turn: the shell that started us, when we are stopped or in the
//! background. Invariant: it is changed only while this process is in its foreground, or while no shell
//! minds it.

use crate::hardware::errno::errno;
use rustix::fs::fstat;
use rustix::process::{Signal, getpgrp, getpid, getppid, getsid, kill_process};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize,
    tcsetattr,
};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use yieldix_syscalls::{Errno, TerminalMode};

/// Gives the terminal back as it was found, from whichever thread finds that the process must end. A clone is
/// another handle on the same.
#[derive(Clone, Debug, Default)]
pub struct TerminalKeeper(Arc<Mutex<Option<Changed>>>);

/// A terminal that is not as it was found.
#[derive(Debug)]
struct Changed {
    terminal: OwnedFd,
    found: Termios,
    mode: TerminalMode,
}

impl TerminalKeeper {
    /// Gives the terminal back, if it was changed.
    pub fn restore(&self) {
        if let Some(changed) = self.lock().take() {
            changed.give_back();
        }
    }

    /// What a stream makes of keys, the characters in a line of it, and its lines. `ENOTTY` if it is no terminal.
    pub(super) fn info(&self, stream: impl AsFd) -> Result<(TerminalMode, u16, u16), Errno> {
        if !isatty(&stream) {
            return Err(Errno::ENOTTY);
        }
        let size = tcgetwinsize(&stream).map_err(errno)?;
        let changed = self.lock();
        let mode = changed.as_ref().filter(|changed| changed.is(&stream)).map(|changed| changed.mode);
        Ok((mode.unwrap_or(TerminalMode::Lines), size.ws_col, size.ws_row))
    }

    /// Sets what a stream makes of keys. `ENOTTY` if it is no terminal, `EIO` if we are not in its foreground.
    pub(super) fn set(&self, stream: impl AsFd, mode: TerminalMode) -> Result<(), Errno> {
        if !isatty(&stream) {
            return Err(Errno::ENOTTY);
        }
        if !is_ours(&stream) {
            return Err(Errno::EIO);
        }
        let mut changed = self.lock();
        // Of two terminals one is changed at a time.
        if changed.as_ref().is_some_and(|changed| mode == TerminalMode::Lines || !changed.is(&stream))
            && let Some(changed) = changed.take()
        {
            changed.give_back();
        }
        if mode == TerminalMode::Lines {
            return Ok(());
        }
        let changed = match &mut *changed {
            Some(changed) => changed,
            none => {
                let found = tcgetattr(&stream).map_err(errno)?;
                let terminal = stream.as_fd().try_clone_to_owned().map_err(errno)?;
                none.insert(Changed { terminal, found, mode })
            }
        };
        changed.mode = mode;
        changed.take_hold().map_err(errno)
    }

    /// The process goes on after it was stopped, and whoever had the terminal meanwhile may have changed it.
    pub(super) fn take_hold_again(&self) {
        if let Some(changed) = &*self.lock() {
            // One that is gone is nobody's.
            let _ = changed.take_hold();
        }
    }

    /// Stops this process, as the key for that does, with the terminal as it was found; goes on when the process
    /// does. Does nothing where there is no shell that could make it go on.
    pub(super) fn suspend(&self) {
        if !has_shell() {
            return;
        }
        if let Some(changed) = &*self.lock() {
            changed.give_back();
        }
        // It may be refused only by a host without signals.
        let _ = kill_process(getpid(), Signal::STOP);
        self.take_hold_again();
    }

    fn lock(&self) -> MutexGuard<'_, Option<Changed>> {
        // Each change is one step, and nothing panics within one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    /// Is it the same terminal?
    fn is(&self, stream: impl AsFd) -> bool {
        let number = |of: Result<rustix::fs::Stat, _>| of.map(|stat| stat.st_rdev);
        number(fstat(&self.terminal)) == number(fstat(stream))
    }

    fn take_hold(&self) -> rustix::io::Result<()> {
        if is_ours(&self.terminal) { tcsetattr(&self.terminal, OptionalActions::Now, &self.wanted()) } else { Ok(()) }
    }

    fn give_back(&self) {
        if is_ours(&self.terminal) {
            // One that is gone is nobody's.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.found);
        }
    }

    /// As it was found, but for what the mode says.
    fn wanted(&self) -> Termios {
        let mut wanted = self.found.clone();
        if self.mode == TerminalMode::Lines {
            return wanted;
        }
        wanted.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL | LocalModes::IEXTEN;
        wanted.input_modes -= InputModes::IXON | InputModes::INLCR | InputModes::IGNCR;
        // Enter is the end of a line for whoever reads it, also in another mode.
        wanted.input_modes |= InputModes::ICRNL;
        if self.mode == TerminalMode::Raw {
            wanted.local_modes -= LocalModes::ISIG;
        }
        // A read gives what there is, and waits for one byte.
        wanted.special_codes[SpecialCodeIndex::VMIN] = 1;
        wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
        wanted
    }
}

/// Can this process change the terminal, or would it be stopped for it? A terminal that is not the controlling
/// one stops nobody.
fn is_ours(terminal: impl AsFd) -> bool {
    tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
}

/// Is there a shell that can make this process go on when it has stopped?
fn has_shell() -> bool {
    let Ok(session) = getsid(None) else { return false };
    getpgrp() != session && getppid().is_some_and(|parent| getsid(Some(parent)) == Ok(session))
}
