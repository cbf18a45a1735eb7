//! Tests of subroutines, on the kernel's trampoline and by `call!`.

use super::{Test, support::*};
use crate::prelude::*;
use core::pin::Pin;

pub(super) const TESTS: &[Test] = tests![
    a_subroutine_returns_its_value,
    a_subroutine_returns_its_error,
    a_subroutine_may_trap_and_yield,
    recursion_goes_deep,
    recursion_without_end_is_refused,
    an_exit_inside_ends_the_task,
    a_panic_inside_ends_the_task,
    a_return_without_a_call_is_refused,
    called_routines_borrow_from_their_caller,
];

type Recursion = Pin<Box<dyn Routine<Result<u64, Errno>>>>;

/// Calls itself `depth` times; gives that number.
fn descend(depth: u64) -> Recursion {
    Box::pin(routine!(move { if depth == 0 { Ok(0) } else { Ok(trap!(yield subroutine(descend(depth - 1)))? + 1) } }))
}

fn a_subroutine_returns_its_value() -> Task {
    task!({
        let text = trap!(yield subroutine(routine!(move { Ok("four".to_owned()) })))?;
        assert_eq!(text, "four");
        assert_eq!(trap!(yield subroutine(descend(2)))?, 2);
        trap!(yield subroutine(routine!(move { Ok(()) })))
    })
}

fn a_subroutine_returns_its_error() -> Task {
    fn fails(levels: u32) -> Pin<Box<dyn Routine<Result<(), Errno>>>> {
        Box::pin(routine!(move {
            if levels == 0 {
                return Err(Errno::EXDEV);
            }
            trap!(yield subroutine(fails(levels - 1)))
        }))
    }
    task!({
        assert_eq!(trap!(yield subroutine(fails(3))), Err(Errno::EXDEV));
        // And its caller goes on.
        trap!(yield yield_now())
    })
}

fn a_subroutine_may_trap_and_yield() -> Task {
    fn works() -> impl Routine<Result<Tid, Errno>> {
        routine!(move {
            for _ in 0..3 {
                yield Syscall::YieldNow.into();
            }
            let child = trap!(yield spawn(exits(0)))?;
            trap!(yield wait(child))?;
            trap!(yield gettid())
        })
    }
    task!({
        let own = trap!(yield gettid())?;
        assert_eq!(trap!(yield subroutine(works()))?, own);
        Ok(())
    })
}

fn recursion_goes_deep() -> Task {
    const DEPTH: u64 = 10_000;
    task!({
        assert_eq!(trap!(yield subroutine(descend(DEPTH)))?, DEPTH);
        Ok(())
    })
}

fn recursion_without_end_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield subroutine(descend(u64::MAX))), Err(Errno::ENOMEM));
        Ok(())
    })
}

fn an_exit_inside_ends_the_task() -> Task {
    task!({
        let held = Held::default();
        let handle = held.handle();
        let child = trap!(
            yield spawn(task!({
                let _handle = handle;
                trap!(yield subroutine(routine!(move { trap!(yield exit(8)) })))
            }))
        )?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(8));
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn a_panic_inside_ends_the_task() -> Task {
    fn panics() -> impl Routine<Result<(), Errno>> {
        routine!(move {
            trap!(yield yield_now())?;
            panic!("in the depths")
        })
    }
    task!({
        let held = Held::default();
        let handle = held.handle();
        let child = trap!(
            yield spawn(task!({
                let _handle = handle;
                let _ = trap!(yield subroutine(panics()));
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Panicked("in the depths".into()));
        assert_eq!(held.count(), 0);
        Ok(())
    })
}

fn a_return_without_a_call_is_refused() -> Task {
    task!({
        assert_eq!(trap!(yield subroutine_return(Value::new(1))), Err(Errno::EPROTO));
        Ok(())
    })
}

fn called_routines_borrow_from_their_caller() -> Task {
    fn add_tid(tids: &mut Vec<Tid>) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            tids.push(trap!(yield gettid())?);
            trap!(yield yield_now())
        })
    }
    task!({
        let mut tids = Vec::new();
        for _ in 0..3 {
            call!(add_tid(&mut tids))?;
        }
        assert_eq!(tids, [trap!(yield gettid())?; 3]);
        Ok(())
    })
}
