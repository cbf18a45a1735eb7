//! The door: what a task yields, and how a trap is spelt.

use crate::Syscall;
use core::panic::Location;

/// A system call on its way to the kernel, and where in the source it stands.
#[derive(Debug)]
pub struct Trap {
    /// What is asked.
    pub call: Syscall,
    /// The line of the `yield`.
    pub at: &'static Location<'static>,
}

impl Trap {
    /// Asks for `call`, from the line of the caller.
    #[inline(always)]
    #[track_caller]
    pub fn new(call: Syscall) -> Trap {
        Trap { call, at: Location::caller() }
    }
}

impl From<Syscall> for Trap {
    /// The raw form: `yield Syscall::GetTid.into()`.
    #[inline(always)]
    #[track_caller]
    fn from(call: Syscall) -> Trap {
        Trap::new(call)
    }
}

// A trap is moved at every level of `call!` and by the kernel at every turn. 24 bytes of call hold
// a task's fat pointer inline, so that a spawn needs no box; measured, a level of `call!` costs the
// same as with 16. A count of the depth here, as a ninth word, made a level two to four times as
// dear (a narrow store, then a wide load of the same bytes), so the chain is known from
// trampolined frames only.
const _: () = assert!(size_of::<Syscall>() <= 24);
const _: () = assert!(size_of::<Trap>() <= 32);
const _: () = assert!(size_of::<crate::Reply>() <= 16);
const _: () = assert!(size_of::<core::ops::CoroutineState<Trap, Result<(), crate::Errno>>>() <= 32);

/// Traps into the kernel and decodes the answer: `trap!(yield recv(fd, 8192))?`.
///
/// Takes a typed [`Call`](crate::Call) and gives a `Result` of what that call declares, usually
/// with [`Errno`](crate::Errno) as the error. The task is suspended until the kernel answers; what
/// makes it wait is the call's own matter.
#[macro_export]
macro_rules! trap {
    (yield $call:expr) => {
        match $call {
            $crate::Call { syscall, typed } => typed.decode($crate::macros::answer(yield $crate::Trap::new(syscall))),
        }
    };
    ($call:expr) => {
        ::core::compile_error!("a trap is written with its `yield`: `trap!(yield sleep(duration))?`")
    };
}

/// Runs a subroutine inside the calling task and gives what it returns: `call!(read_line(fd))?`.
///
/// A subroutine is a coroutine that yields traps (see [`routine!`](crate::routine!)); its traps pass through the
/// caller, which is Python's `yield from`. Nothing is allocated and what is called may borrow from
/// its caller. A trap in it costs a little more at each level it passes: about 9 instructions, a
/// nanosecond. On the trampoline ([`subroutine`](crate::calls::subroutine)) a trap costs the same at any
/// depth, but entering and leaving cost about 950 instructions: it is cheaper for a level that more than
/// a hundred traps pass, and for a recursion with one trap a level from a depth of about 200
/// (`scripts/counts`).
#[macro_export]
macro_rules! call {
    ($routine:expr) => {
        // A match, so that a temporary that the expression borrows outlives the call, and the
        // routine does not.
        match $routine {
            routine => {
                let mut routine = $crate::macros::pin!(routine);
                let mut reply = $crate::Reply::Unit;
                loop {
                    // The yield stands outside, or the frame would keep what the match is about.
                    let trap = match $crate::macros::resume(routine.as_mut(), reply) {
                        $crate::macros::CoroutineState::Yielded(trap) => trap,
                        $crate::macros::CoroutineState::Complete(value) => break value,
                    };
                    reply = yield trap;
                }
            }
        }
    };
}
