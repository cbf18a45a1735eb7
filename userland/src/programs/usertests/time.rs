//! Tests of time. They hold however late a busy host wakes them.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_sleep_is_never_short,
    sleepers_wake_in_the_order_of_their_deadlines,
    a_moment_that_has_passed_is_not_waited_for,
    a_timeout_ends_a_wait,
    a_timeout_ends_any_kind_of_wait,
    a_timeout_that_does_not_fire_is_not_seen,
    an_inner_timeout_is_its_own,
    an_outer_timeout_passes_through,
    a_deadline_that_has_passed_ends_only_waits,
    an_error_leaves_a_timeout_behind,
    a_scope_is_closed_once,
];

const SHORT: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(600);

fn a_sleep_is_never_short() -> Task {
    task!({
        let before = trap!(yield now())?;
        trap!(yield sleep(SHORT))?;
        let after = trap!(yield now())?;
        assert!(after.since(before) >= SHORT, "slept {:?}", after.since(before));
        trap!(yield sleep(Duration::ZERO))
    })
}

fn sleepers_wake_in_the_order_of_their_deadlines() -> Task {
    fn sleeps_until(moment: Time, order: Order) -> Task {
        task!({
            trap!(yield sleep_until(moment))?;
            trap!(yield exit(order.next() as i32))
        })
    }
    task!({
        let order = Order::default();
        let start = trap!(yield now())? + Duration::from_millis(20);
        let mut sleepers = Vec::new();
        for (later, place) in [(2, 2), (0, 0), (3, 3), (1, 1)] {
            let moment = start + Duration::from_millis(later);
            sleepers.push((trap!(yield spawn(sleeps_until(moment, order.clone())))?, place));
        }
        for (sleeper, place) in sleepers {
            assert_eq!(trap!(yield wait(sleeper))?, ExitStatus::Exited(place));
        }
        Ok(())
    })
}

fn a_moment_that_has_passed_is_not_waited_for() -> Task {
    task!({
        trap!(yield sleep_until(Time::BOOT))?;
        let before = trap!(yield now())?;
        trap!(yield sleep(SHORT))?;
        trap!(yield sleep_until(before))
    })
}

fn a_timeout_ends_a_wait() -> Task {
    task!({
        let before = trap!(yield now())?;
        let result = timeout!(SHORT, { trap!(yield sleep(LONG)) });
        assert_eq!(result, Err(Elapsed));
        assert!(trap!(yield now())?.since(before) >= SHORT);
        Ok(())
    })
}

fn a_timeout_ends_any_kind_of_wait() -> Task {
    task!({
        let (listener, _) = call!(listener())?;
        let (near, _far) = call!(connection())?;
        let child = trap!(yield spawn(sleeper()))?;
        assert_eq!(timeout!(SHORT, { trap!(yield listener.accept()) }), Err(Elapsed));
        assert_eq!(timeout!(SHORT, { trap!(yield near.recv(1)) }), Err(Elapsed));
        assert_eq!(timeout!(SHORT, { trap!(yield read_wait(near.fd())) }), Err(Elapsed));
        assert_eq!(timeout!(SHORT, { trap!(yield wait(child)) }), Err(Elapsed));
        assert_eq!(timeout!(SHORT, { trap!(yield wait_any()) }), Err(Elapsed));
        assert_eq!(timeout!(SHORT, { trap!(yield join(child)) }), Err(Elapsed));
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn a_timeout_that_does_not_fire_is_not_seen() -> Task {
    task!({
        let child = trap!(yield spawn(exits(6)))?;
        let status = timeout!(LONG, { trap!(yield wait(child)) });
        assert_eq!(status, Ok(Ok(ExitStatus::Exited(6))));
        // Nor one of all eternity.
        let value: Result<Result<i32, Errno>, Elapsed> = timeout!(Duration::MAX, {
            trap!(yield sleep(SHORT))?;
            Ok(1)
        });
        assert_eq!(value, Ok(Ok(1)));
        Ok(())
    })
}

fn an_inner_timeout_is_its_own() -> Task {
    task!({
        let outer: Result<Result<bool, Errno>, Elapsed> = timeout!(LONG, {
            let inner = timeout!(SHORT, { trap!(yield sleep(LONG)) });
            // The outer one is still open, and waits go on under it.
            trap!(yield sleep(SHORT))?;
            Ok(inner == Err(Elapsed))
        });
        assert_eq!(outer, Ok(Ok(true)));
        Ok(())
    })
}

fn an_outer_timeout_passes_through() -> Task {
    task!({
        let order = Order::default();
        let outer: Result<Result<(), Errno>, Elapsed> = timeout!(SHORT, {
            let inner = timeout!(LONG, { trap!(yield sleep(LONG)) });
            if inner == Ok(Err(Errno::ETIMEDOUT)) {
                order.next();
            }
            inner?
        });
        assert_eq!(outer, Err(Elapsed));
        assert_eq!(order.count(), 1);
        Ok(())
    })
}

fn a_deadline_that_has_passed_ends_only_waits() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let result: Result<Result<(), Errno>, Elapsed> = timeout!(Duration::ZERO, {
            // Calls that need not wait are answered.
            trap!(yield gettid())?;
            assert_eq!(trap!(yield try_wait(child))?, None);
            trap!(yield join(child)).map(drop)
        });
        assert_eq!(result, Err(Elapsed));
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn an_error_leaves_a_timeout_behind() -> Task {
    task!({
        let result: Result<Result<(), Errno>, Elapsed> = timeout!(SHORT, {
            trap!(yield close(Fd::new(500, 0)))?;
            Ok(())
        });
        assert_eq!(result, Ok(Err(Errno::EBADF)));
        // The scope is closed, so its deadline is no longer ours.
        trap!(yield sleep(SHORT * 2))
    })
}

fn a_scope_is_closed_once() -> Task {
    task!({
        let outer = trap!(yield deadline_push(LONG))?;
        let inner = trap!(yield deadline_push(LONG))?;
        assert_eq!(trap!(yield deadline_pop(outer)), Ok(false));
        assert_eq!(trap!(yield deadline_pop(inner)), Err(Errno::EINVAL));
        assert_eq!(trap!(yield deadline_pop(outer)), Err(Errno::EINVAL));
        Ok(())
    })
}
