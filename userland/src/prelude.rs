//! What most programs want: `use crate::prelude::*;`.
//!
//! The calls, the values that cross the border, the macros that trap, and this crate's own library.

pub use crate::{
    args::{Given, Misuse, at_most_one, no_args, or_complain, or_usage, told},
    console::Lines,
    duration::Span,
    eprint, eprintln,
    excerpt::excerpt,
    limits, masked, print, println,
    serve::{ServeOptions, serve},
    signals::stop_politely,
    socket::{Socket, listen_at},
    text::read_text,
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
