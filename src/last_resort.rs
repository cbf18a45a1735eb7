//! What is put in order when the process ends and the machine cannot: the terminal is as it was found, no program of
//! the host is left behind, and the log is written. A timeline is not: it belongs to the thread of the machine.

use std::time::Duration;
use yieldix::{LogFlusher, Machine};
#[cfg(unix)]
use yieldix::{ProgramKeeper, TerminalKeeper};

/// How long a process that ends waits for its log to be written.
const FLUSH: Duration = Duration::from_millis(500);

/// What there is to put in order. A clone is another handle on the same.
#[derive(Clone)]
pub struct LastResort {
    #[cfg(unix)]
    terminal: TerminalKeeper,
    #[cfg(unix)]
    programs: ProgramKeeper,
    log: LogFlusher,
}

impl LastResort {
    /// For a machine that is to boot.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "there is nothing of the host's to put in order"))]
    pub fn new(machine: &Machine, log: LogFlusher) -> LastResort {
        LastResort {
            #[cfg(unix)]
            terminal: machine.terminal_keeper(),
            #[cfg(unix)]
            programs: machine.program_keeper(),
            log,
        }
    }

    /// Puts it in order, from any thread, for a process that ends at once.
    pub fn tidy_up(&self) {
        #[cfg(unix)]
        {
            self.terminal.restore();
            self.programs.kill_all();
        }
        // The process ends: nobody is left to be told of a log that takes longer.
        let _ = self.log.flush_within(FLUSH);
    }
}
