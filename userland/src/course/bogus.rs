//! What not to do: a coroutine that gives values and takes them by the same `yield`.
//!
//! It is made by hand, since neither `generator!` nor `consumer!` makes such a thing. The loop resumes it
//! to get a value; sending resumes it as well, and the value that it gives then, the 3, is lost to the loop.

use crate::{flow::*, prelude::*};
use core::{
    ops::{Coroutine, CoroutineState},
    pin::pin,
};

pub(crate) const PROGRAM: Program =
    Program::new("bogus", Group::Course(Part::Generators), "gives values and takes them, and loses one", main);

fn countdown(from: i32, out: Output) -> impl Coroutine<Option<i32>, Yield = i32, Return = ()> + Send {
    #[coroutine]
    static move |_: Option<i32>| {
        out.line(format_args!("Counting down from {from}"));
        let mut n = from;
        while n >= 0 {
            let sent: Option<i32> = yield n;
            n = sent.unwrap_or(n - 1);
        }
    }
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let mut countdown = pin!(countdown(5, out.clone()));
        while let CoroutineState::Yielded(n) = countdown.as_mut().resume(None) {
            out.line(n);
            if n == 5 {
                let _lost = countdown.as_mut().resume(Some(3));
            }
        }
        call!(out.flush())
    })
}
