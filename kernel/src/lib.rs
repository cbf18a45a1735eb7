//! The kernel: schedules tasks, answers their traps, and polls the host.
//!
//! Tasks and programs come from outside, through the ABI of `yieldix-syscalls`; the world comes
//! from outside too, through [`hardware::Hardware`]. What is here is what lies between: the task
//! table and its states ([`task`]), the loop ([`kernel`]), the dispatch of traps ([`trap`]), the
//! one way into a wait and out of it ([`block`]), open files ([`mod@file`]), the policy that orders
//! ready tasks ([`sched`]), and the events that tell of it all ([`event`]).

#![feature(coroutine_trait)]
#![cfg_attr(test, feature(coroutines))]

mod alarm;
mod background;
pub mod block;
mod bond;
pub mod change;
mod check;
mod clock;
pub mod datagram;
mod deadlock;
mod descriptor;
pub mod ending;
pub mod environment;
pub mod event;
pub mod fd;
pub mod file;
pub mod fs;
mod group;
pub mod hardware;
mod host_program;
mod inbox;
mod info;
pub mod inherited;
mod interrupts;
mod job;
pub mod kernel;
mod ktrace;
pub mod limits;
mod lint;
mod measures;
pub mod one_line;
mod options;
mod own;
mod panic;
pub mod poll;
pub mod port;
mod probe;
mod process;
pub mod pulse;
mod recorder;
pub mod resolve;
pub mod sched;
pub mod signal;
mod slab;
mod snapshot;
mod socket;
mod stat;
mod stopped;
mod table;
pub mod task;
mod terminal;
mod timer;
pub mod trap;
mod wait;
mod wakers;
mod watch;
mod whereabouts;

pub(crate) use watch::emit;

pub use ending::Ended;
pub use inbox::{Handle, HandleError, TaskStatus};
pub use info::Stats;
pub use kernel::{Kernel, Work};
pub use lint::{LintRefusal, Sightings, Stretch};
pub use measures::Measures;
pub use options::Options;
pub use recorder::{Flight, FlightSink};
