//! A trampoline, by hand: a coroutine yields the subroutine it wants run, and whoever drives it
//! runs that and sends the result back in.
//!
//! No kernel takes part until the answer is printed. What one knows of the other is its type: a
//! caller that yields subroutines and a subroutine that yields a number cannot be mixed up.

use crate::prelude::*;
use core::{
    ops::{Coroutine, CoroutineState},
    pin::{Pin, pin},
};

pub(crate) const PROGRAM: Program = Program::lesson(
    "trampoline",
    "a subroutine call, bounced by hand",
    Lesson { quantum: 1, exits_announced: false },
    |_| vec![run()],
);

/// A subroutine yet to run: it yields its result.
type Subroutine = Pin<Box<dyn Coroutine<(), Yield = i32, Return = ()> + Send>>;

fn add(x: i32, y: i32) -> Subroutine {
    Box::pin(
        #[coroutine]
        static move || yield x + y,
    )
}

/// A function that calls another by yielding it. It is started with no result and resumed with
/// one; what it has to print is what it returns.
fn main() -> impl Coroutine<Option<i32>, Yield = Subroutine, Return = Option<i32>> + Send {
    #[coroutine]
    static |_: Option<i32>| yield add(2, 2)
}

fn run() -> Task {
    task!({
        let mut main = pin!(main());
        let mut result = None;
        loop {
            match main.as_mut().resume(result) {
                CoroutineState::Yielded(mut subroutine) => {
                    result = match subroutine.as_mut().resume(()) {
                        CoroutineState::Yielded(value) => Some(value),
                        CoroutineState::Complete(()) => None,
                    };
                }
                CoroutineState::Complete(Some(sum)) => return println!("{sum}"),
                CoroutineState::Complete(None) => return Err(Errno::EPROTO),
            }
        }
    })
}
