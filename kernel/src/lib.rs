//! The kernel.
pub mod hardware;
