//! An operating system inside one process.
//!
//! A [`Machine`] puts hardware, a kernel and a table of programs together and boots them. Its tasks
//! are native coroutines that talk to the kernel by yielding system calls; see the `syscalls`
//! crate, which is all that a task needs.
//!
//! # Examples
//!
//! Two tasks of one's own, in a simulated world, with what they printed:
//!
//! ```
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix::{Console, Machine, MemoryConsole};
//! use yieldix::syscalls::{calls::*, *};
//!
//! fn child() -> Task {
//!     task!({
//!         trap!(yield write(Fd::STDOUT, "hello from the child\n"))?;
//!         Ok(())
//!     })
//! }
//!
//! fn parent() -> Task {
//!     task!({
//!         let tid = trap!(yield spawn(child()))?;
//!         let status = trap!(yield wait(tid))?;
//!         trap!(yield write(Fd::STDOUT, format!("task {tid} {status}\n")))?;
//!         Ok(())
//!     })
//! }
//!
//! let console = MemoryConsole::new();
//! let ended = Machine::new().simulate(7).console(Console::Memory(console.clone())).task(parent()).boot().unwrap();
//! assert_eq!(ended.code(), 0);
//! assert_eq!(console.stdout(), b"hello from the child\ntask 2 exited with 0\n");
//! ```

#![forbid(unsafe_code)]

#[cfg(not(panic = "unwind"))]
compile_error!("yieldix needs panic = \"unwind\": a task that panics ends alone, the machine goes on");

mod log;
mod machine;
mod running;
mod trace;
#[cfg(unix)]
mod watchdog;

pub use log::{FilterError, LogFile, LogFlusher, LogFormat, LogGuard, check_log_filter, start_log, start_log_to_file};
pub use machine::{BootError, Console, Folder, Machine, MountError};
pub use running::Running;
pub use trace::Trace;
#[cfg(unix)]
pub use yieldix_kernel::hardware::host::{ProgramKeeper, TerminalKeeper};
pub use yieldix_kernel::{
    Ended, Flight, Handle, HandleError, Measures, Stats, TaskStatus, Work, event,
    hardware::{
        MemoryConsole,
        simulated::{Faults, HostProgram, MemoryFolder},
    },
};
/// The interface of tasks: what a userland crate is written against.
pub use yieldix_syscalls as syscalls;
/// The programs that come with the machine, and the small library they share; its
/// [`prelude`](yieldix_userland::prelude) has that and the whole interface.
pub use yieldix_userland as userland;

/// The Rust of the README and of the manual pages compiles. What is beneath a page's introduction is
/// signatures, which are no programs.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("manual/syscalls.md")]
    struct Syscalls;
    #[doc = include_str!("manual/tracing.md")]
    struct Tracing;
    #[doc = include_str!("../docs/threat-model.md")]
    struct ThreatModel;
}
