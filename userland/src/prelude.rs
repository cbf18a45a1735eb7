//! What most programs want: `use crate::prelude::*;`.
//!
//! The calls, the values that cross the border, the macros that trap, and this crate's own library.

pub use crate::{
    args::{Given, Misuse, at_most_one, no_args, or_complain, or_usage, told},
    console::Lines,
    duration::Span,
    eprint, eprintln,
    excerpt::excerpt,
    limits,
    lines::{ByteLines, without_newline},
    masked, print, println,
    serve::{ServeOptions, serve},
    signals::stop_politely,
    socket::{Socket, listen_at},
    text::read_text,
    tool::{Input, InputKind, Tool, or_standard_input},
    write_all,
};
pub use alloc::{
    borrow::ToOwned,
    boxed::Box,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
pub use core::{net::SocketAddr, time::Duration};
pub use yieldix_syscalls::{calls::*, *};
