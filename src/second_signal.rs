//! A second signal ends the process, whatever the machine does.

use crate::last_resort::LastResort;
use signal_hook::{consts, flag, low_level};
use std::{
    io::{self, PipeReader, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
};

/// Signals that end the machine unless tasks are given them.
const SIGNALS: [i32; 4] = [consts::SIGHUP, consts::SIGINT, consts::SIGQUIT, consts::SIGTERM];

/// A signal goes to the tasks in the foreground, or ends the machine in order. One that comes while another is
/// still to be taken, because a task keeps the core or a console does not take its output, ends the process.
///
/// `delivered` counts those that tasks were given.
pub fn end_at_once(last_resort: LastResort, delivered: Arc<AtomicU64>) {
    let last = Arc::new(AtomicUsize::new(0));
    // A host that allows no handler leaves the default, which is to end at the first.
    let Ok(came) = register(&last) else { return };
    // Without a thread the machine still ends in order.
    let _ = thread::Builder::new().name("second signal".into()).spawn(move || {
        if wait_for_a_second(came, &delivered) {
            last_resort.tidy_up();
            low_level::exit(128 + last.load(Ordering::Relaxed) as i32);
        }
    });
}

/// A byte for each signal that comes; `last` is the number of the last one.
fn register(last: &Arc<AtomicUsize>) -> io::Result<PipeReader> {
    let (came, writer) = io::pipe()?;
    for signal in SIGNALS {
        // In this order: who reads the byte finds the number.
        flag::register_usize(signal, Arc::clone(last), signal as usize)?;
        low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(came)
}

/// Waits until two signals have come that no task was given. False when none can come any more.
fn wait_for_a_second(mut came: PipeReader, delivered: &AtomicU64) -> bool {
    let (mut count, mut bytes) = (0, [0; 64]);
    loop {
        match came.read(&mut bytes) {
            Ok(0) => return false,
            Ok(more) => count += more as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
        if count.saturating_sub(delivered.load(Ordering::Relaxed)) >= 2 {
            return true;
        }
    }
}
