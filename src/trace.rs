//! A timeline that is written while the machine runs.
//!
//! The events of the kernel become what the reader of a log makes of its lines, so a timeline is the same file whether
//! it was written live or made of the log afterwards.

use std::{
    cell::RefCell,
    fmt,
    io::{self, Write},
    rc::Rc,
};
use yieldix_kernel::event::{Event, Observer, Queued, Record};
use yieldix_syscalls::{Tid, Time};
use yieldix_trace::{Chrome, Happening, timeline::Builder};

/// A timeline of a machine, as Chrome trace events; Perfetto opens it. See [`crate::Machine::trace_to`].
///
/// It is written many records at a time, and when the machine has nothing to do. What was written is a trace, also when
/// the process ends before it could be closed.
#[derive(Clone)]
pub struct Trace(Rc<RefCell<Writing>>);

struct Writing {
    builder: Builder,
    chrome: Chrome<Box<dyn Write>>,
}

impl Trace {
    /// Writes to `to`, at most `limit` bytes, and leaves out what comes later; none is no limit.
    pub fn new(to: impl Write + 'static, limit: Option<u64>) -> Trace {
        let chrome = Chrome::new(Box::new(to) as Box<dyn Write>, limit);
        Trace(Rc::new(RefCell::new(Writing { builder: Builder::default(), chrome })))
    }

    /// Closes it, when its machine has ended, and gives how many records its limit has left out. Turns and waits that
    /// are not over end with it. Who drops it instead has it closed, and is not told.
    ///
    /// Errors: the first of the host's that writing has met. What came after it is lost.
    pub fn finish(&self) -> io::Result<u64> {
        self.0.borrow_mut().finish()
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl Writing {
    fn finish(&mut self) -> io::Result<u64> {
        self.builder.finish(&mut self.chrome);
        self.chrome.finish()
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // Who wants to know how it went has asked before.
        let _ = self.finish();
    }
}

impl Observer for Trace {
    fn event(&self, record: &Record<'_>) {
        let Writing { builder, chrome } = &mut *self.0.borrow_mut();
        builder.tell(record.at.as_nanos(), happening(&record.event), chrome);
        if matches!(record.event, Event::Idle { .. }) {
            chrome.flush();
        }
    }
}

/// What an event of the kernel tells: as [`Happening::of`] has it from the log.
fn happening(event: &Event<'_>) -> Happening {
    match *event {
        Event::Spawned { tid, parent, name, .. } => {
            Happening::Spawned { tid: tid.serial(), parent: parent.serial(), name: name.into() }
        }
        Event::Exited { tid, status, .. } => Happening::Exited { tid: tid.serial(), status: words(status) },
        Event::Chosen { tid, because, by, waited_ns, of_ready, rule, .. } => Happening::Chosen {
            tid: tid.serial(),
            because: words(because),
            by: by.serial(),
            waited_ns,
            of_ready: of_ready as u64,
            rule: rule.into(),
        },
        Event::Trapped { tid, call, line } => {
            let mut name = Name(String::new());
            // It is stopped where the arguments begin.
            let _ = fmt::write(&mut name, format_args!("{call}"));
            Happening::Trapped { tid: tid.serial(), call: name.0.into(), line: words(line) }
        }
        Event::TurnOver { tid, why, traps, .. } => Happening::TurnOver { tid: tid.serial(), why: words(why), traps },
        Event::Blocked { tid, on, queues, until } => Happening::Blocked {
            tid: tid.serial(),
            on: words(on),
            queues: queues.iter().map(Queued::to_string).collect::<Vec<_>>().join(", ").into(),
            until: Some(until).filter(|&until| until != Time::NEVER).map(Time::as_nanos),
        },
        Event::Woken { tid, .. } => Happening::Ready { tid: tid.serial() },
        Event::Stopped { tid, signal } => Happening::Stopped { tid: tid.serial(), signal: words(signal) },
        Event::Continued { tid } => Happening::Continued { tid: tid.serial() },
        Event::Opened { .. } | Event::Offloaded { .. } => Happening::Opened,
        Event::Closed { .. } => Happening::Closed,
        Event::Faulted { tid, panic, .. } => mark(tid, "task fault", panic),
        Event::Failed { tid, errno, .. } => mark(tid, "task failed", errno.name()),
        Event::DestructorPanicked { tid, panic } => mark(tid, "destructor panicked", panic),
        Event::SignalSent { to, signal, .. } => mark(to, "signal sent", signal),
        Event::SignalCaught { tid, signal } => mark(tid, "signal caught", signal),
        Event::SignalDelivered { tid, signal } => mark(tid, "signal ends it", signal),
        Event::HostSignal { signal } => mark(Tid::NONE, "signal from the host", signal),
        Event::Cycle { tids, .. } => mark(Tid::NONE, "cycle of waits", tids),
        Event::Deadlock { cycle, .. } => mark(Tid::NONE, "deadlock", cycle),
        _ => Happening::Other,
    }
}

fn words(what: impl fmt::Display) -> Box<str> {
    what.to_string().into()
}

fn mark(tid: Tid, name: &'static str, detail: impl fmt::Display) -> Happening {
    Happening::Marked { tid: tid.serial(), name, detail: words(detail) }
}

/// What stands before a parenthesis.
struct Name(String);

impl fmt::Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match text.split_once('(') {
            Some((name, _)) => {
                self.0.push_str(name);
                Err(fmt::Error)
            }
            None => {
                self.0.push_str(text);
                Ok(())
            }
        }
    }
}
