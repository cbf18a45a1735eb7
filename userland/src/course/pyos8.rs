//! Lesson 8: subroutines that trap. The trampoline is in the kernel now, which keeps each task's
//! stack of calls.
//!
//! In the course a bare `yield` inside a subroutine was taken for its return. Here a return is a
//! return, so a subroutine may yield its turn, fail with an error, and call itself very deep.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("pyos8", "subroutines that trap, on the kernel's trampoline", Lesson::COURSE, |_| vec![main()]);

fn add(x: u64, y: u64) -> impl Routine<Result<u64, Errno>> {
    routine!(move {
        yield Syscall::YieldNow.into();
        Ok(x + y)
    })
}

fn double(x: u64) -> impl Routine<Result<u64, Errno>> {
    routine!(move { trap!(yield subroutine(add(x, x))) })
}

/// 1 + 2 + … + n, each step a call deeper. Gives the call and not the routine, which would be of a
/// type that contains itself.
fn sum(n: u64) -> Call<Returned<u64>> {
    subroutine(routine!(move {
        if n == 0 {
            return Ok(0);
        }
        let below = trap!(yield sum(n - 1))?;
        Ok(below + n)
    }))
}

fn refuse() -> impl Routine<Result<(), Errno>> {
    routine!(move {
        yield Syscall::YieldNow.into();
        Err(Errno::EPERM)
    })
}

fn main() -> Task {
    task!({
        println!("{}", trap!(yield subroutine(add(2, 2)))?)?;
        println!("{}", trap!(yield subroutine(double(21)))?)?;
        println!("{}", trap!(yield sum(5000))?)?;
        match trap!(yield subroutine(refuse())) {
            Ok(()) => Err(Errno::EPROTO),
            Err(errno) => println!("refused: {}", errno.name()),
        }
    })
}
