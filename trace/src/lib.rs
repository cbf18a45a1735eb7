//! Reads what a machine has logged.
//!
//! An event log is text: a JSON object a line, as `yieldix --log-format json` writes it, with the fields of
//! docs/tracing.md. From it this makes what the kernel did without knowing the kernel: nothing here links it, and
//! what is not in the log cannot be known here.

pub mod chrome;
mod event;
mod happening;
mod page;
mod reader;
pub mod sched;
mod schema;
pub mod state;
mod table;
pub mod timeline;

pub use chrome::Chrome;
pub use event::{Event, FieldError, LineError};
pub use happening::Happening;
pub use page::page;
pub use reader::{LogError, Reader, SCHEMA_VERSION};
pub use state::State;
