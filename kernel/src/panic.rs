//! Panics of what is not the kernel's own: kept from going further.

use crate::limits;
use std::{
    any::Any,
    mem::forget,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// What a panic said, cut to its bound.
pub(crate) fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let mut message = text.unwrap_or("no message").to_owned();
    message.truncate(message.floor_char_boundary(limits::PANIC_MESSAGE_BYTES));
    message
}

/// What `work` gives, or what its panic said.
pub(crate) fn contain<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let message = message(&*payload);
        // What is panicked with may have a destructor that panics, and so on for ever.
        if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            forget(another);
        }
        message
    })
}
