//! The system call interface: all that a task can say to its kernel.
//!
//! A *task* is a native coroutine. It knows nothing of the scheduler or of other tasks; to get
//! anything from the world it yields a [`Trap`] and is resumed with a [`Reply`]. This crate is
//! that border and nothing else: the calls ([`Syscall`], one declaration each in `table.rs`),
//! their typed constructors ([`calls`]), the values that cross ([`Buf`], [`Fd`], [`Tid`],
//! [`Errno`], …), and the macros that make a trap read like a function call.
//!
//! ```
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::{calls::*, *};
//!
//! /// Echoes one connection until its peer closes it.
//! fn handle_client(conn: Fd) -> Task {
//!     task!({
//!         loop {
//!             let data = trap!(yield recv(conn, 8192))?;
//!             if data.is_empty() {
//!                 break;
//!             }
//!             trap!(yield send_all(conn, data))?;
//!         }
//!         trap!(yield close(conn))
//!     })
//! }
//! ```
//!
//! A crate that uses these macros needs `#![feature(coroutines, coroutine_trait)]`.
//!
//! # What does not compile
//!
//! The three uses of `yield` are three types. A task yields traps; a value that is no call is
//! refused:
//!
//! ```compile_fail,E0271
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::*;
//! fn generator() -> Task {
//!     task!({
//!         yield 42;
//!         Ok(())
//!     })
//! }
//! ```
//!
//! Something that is not a coroutine is not a task:
//!
//! ```compile_fail,E0277
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::*;
//! let task = Task::new(42);
//! ```
//!
//! The answer has the type that the call declares:
//!
//! ```compile_fail,E0308
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::{calls::*, *};
//! fn confused() -> Task {
//!     task!({
//!         let fd: Fd = trap!(yield gettid())?;
//!         trap!(yield close(fd))
//!     })
//! }
//! ```
//!
//! A task may be moved to another core, so what it holds across a trap is `Send`:
//!
//! ```compile_fail
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::{calls::*, *};
//! fn local() -> Task {
//!     task!({
//!         let shared = std::rc::Rc::new(1);
//!         trap!(yield yield_now())?;
//!         drop(shared);
//!         Ok(())
//!     })
//! }
//! ```
//!
//! One task is one coroutine: spawning moves it, so it cannot be spawned twice:
//!
//! ```compile_fail,E0382
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::{calls::*, *};
//! fn twins(task: Task) -> Task {
//!     task!({
//!         trap!(yield spawn(task))?;
//!         trap!(yield spawn(task))?;
//!         Ok(())
//!     })
//! }
//! ```
//!
//! A destructor cannot trap, so a kill cannot be refused:
//!
//! ```compile_fail,E0627
//! # #![feature(coroutines, coroutine_trait)]
//! use yieldix_syscalls::{calls::*, *};
//! struct Stubborn;
//! impl Drop for Stubborn {
//!     fn drop(&mut self) {
//!         let _ = trap!(yield yield_now());
//!     }
//! }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![feature(coroutines, coroutine_trait)]

extern crate alloc;

mod answer;
mod buf;
mod change;
mod errno;
mod file;
mod host;
mod id;
mod info;
mod job;
mod ktrace;
mod port;
mod probe;
mod program;
mod reply;
mod scope;
mod show;
mod signal;
mod socket;
mod spawn;
mod status;
mod table;
mod task;
mod terminal;
mod time;
mod trap;

pub use answer::{Answer, Call, Left, PortSend, Returned, SendAll, SendError, Text, Typed};
pub use buf::Buf;
pub use change::{Change, WaitFlags};
pub use errno::Errno;
pub use file::{DirEntry, FileId, FileInfo, FileKind, OpenFlags, SeekFrom};
pub use host::{HostCommand, HostProcess};
pub use id::{Fd, ParseTidError, Tid};
pub use info::{SysInfo, TaskInfo, TaskState, WaitsOn};
pub use job::{Job, Work};
pub use ktrace::{CallCount, SignalFate, TraceFlags, TraceRecord, Traced};
pub use port::{Interest, Message, Unsent};
pub use probe::{Clock, Gauge, Probe, StageCounts};
pub use program::{Args, Boot, Entry, Group, Lesson, Part, Program, ProgramRequest};
pub use reply::Reply;
pub use scope::{Elapsed, ScopeId};
pub use show::{BYTES_SHOWN, Show};
pub use signal::{Signal, Signals};
pub use socket::{Datagram, Sender, Shutdown, SocketOption};
pub use spawn::{FdGrant, SpawnOptions, SpawnRequest, Spawned};
pub use status::ExitStatus;
pub use table::{CALLS, CallInfo, Children, Promise, Syscall, Turn, calls};
pub use task::{Body, Routine, Task, Value};
pub use terminal::{TerminalInfo, TerminalMode};
pub use time::{Nanos, Time};
pub use trap::Trap;

#[doc(hidden)]
pub mod macros;
