//! Tests of signals: caught, masked, ignored, by default; stopping and going on.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    every_signal_does_by_default_what_unix_has_it_do,
    a_caught_signal_ends_a_wait_once_and_is_taken,
    a_signal_caught_before_the_wait_ends_it,
    a_caught_signal_ends_a_sleep_a_wait_a_poll_and_a_receive,
    a_send_says_how_far_it_came_before_a_signal,
    caught_signals_are_taken_lowest_first,
    taking_waits_for_a_signal_and_is_not_interrupted_by_it,
    a_signal_does_not_end_what_need_not_wait,
    a_deadline_and_a_signal_are_told_apart,
    a_masked_signal_waits_for_its_mask_to_fall,
    a_mask_nests_and_falls_on_every_way_out,
    children_inherit_mask_and_ignored_signals_and_catch_none,
    an_ignored_signal_is_gone,
    what_is_caught_no_more_does_its_default,
    kill_and_stop_cannot_be_caught_ignored_or_masked,
    a_stopped_task_has_no_turn_until_it_goes_on,
    a_task_that_stops_itself_goes_on_after_the_call,
    a_stopped_task_is_killed_at_once_and_terminated_when_it_goes_on,
    a_stop_and_a_continuation_are_told_once,
    a_wait_for_a_stop_waits_for_it,
    a_parent_that_catches_chld_is_told_of_every_change,
    a_signal_of_oneself_is_caught_at_once,
    an_alarm_comes_after_its_time,
    an_alarm_is_replaced_and_taken_back,
    an_alarm_ends_who_does_not_catch_it,
    a_polite_stop_is_a_term_and_a_kill_for_who_does_not_listen,
];

/// A task that catches these and then waits as `wait` has it, which must end with `EINTR`; it exits with
/// the number of the signal that it takes.
fn catcher(caught: Signals, wait: impl Routine<Result<(), Errno>> + 'static) -> Task {
    task!({
        trap!(yield catch_signals(caught))?;
        let waited = call!(wait);
        assert_eq!(waited, Err(Errno::EINTR));
        let signal = trap!(yield take_signal())?;
        trap!(yield exit(signal.number().into()))
    })
}

/// Waits until `child` is blocked, sends it a signal, and gives how it ends.
fn interrupt(child: Tid, signal: Signal) -> impl Routine<Result<ExitStatus, Errno>> {
    routine!(move {
        call!(until_blocked(child))?;
        trap!(yield kill(child, signal))?;
        trap!(yield wait(child))
    })
}

fn is_stopped(tid: Tid) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        let all = trap!(yield tasks())?;
        Ok(all.iter().any(|task| task.tid == tid && task.state == TaskState::Stopped))
    })
}

fn every_signal_does_by_default_what_unix_has_it_do() -> Task {
    task!({
        for &signal in Signal::ALL {
            let child = trap!(yield spawn(sleeper()))?;
            call!(until_blocked(child))?;
            trap!(yield kill(child, signal))?;
            match signal {
                Signal::Chld | Signal::Cont => assert_eq!(trap!(yield try_wait(child))?, None),
                Signal::Stop | Signal::Tstp | Signal::Ttin => assert!(call!(is_stopped(child))?, "{signal}"),
                signal => {
                    assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(signal));
                    continue;
                }
            }
            trap!(yield kill(child, Signal::Kill))?;
            trap!(yield wait(child))?;
        }
        Ok(())
    })
}

fn a_caught_signal_ends_a_wait_once_and_is_taken() -> Task {
    task!({
        let child = task!({
            trap!(yield catch_signals(Signal::Usr1))?;
            assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
            // Not taken, and not told again.
            trap!(yield sleep(Duration::from_millis(1)))?;
            assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
            assert_eq!(trap!(yield try_take_signal())?, None);
            assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
            assert_eq!(trap!(yield try_take_signal())?, Some(Signal::Usr1));
            Ok(())
        });
        let child = trap!(yield spawn(child))?;
        call!(until_blocked(child))?;
        trap!(yield kill(child, Signal::Usr1))?;
        // Once more when it sleeps for ever again.
        while !matches!(call!(until_blocked(child))?, WaitsOn::Sleep(Time::NEVER)) {
            trap!(yield sleep(Duration::from_millis(1)))?;
        }
        trap!(yield kill(child, Signal::Usr1))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    })
}

fn a_signal_caught_before_the_wait_ends_it() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        trap!(yield catch_signals(Signal::Usr1 | Signal::Usr2))?;
        let (_sends, receives) = trap!(yield port_create(1))?;
        for round in 0..4 {
            trap!(yield kill(me, Signal::Usr1))?;
            let ended = match round {
                0 => trap!(yield sleep(Duration::MAX)),
                1 => trap!(yield port_recv(receives)).map(drop),
                2 => trap!(yield poll(vec![Interest::Read(receives)], Duration::MAX)).map(drop),
                _ => trap!(yield read_wait(receives)),
            };
            assert_eq!(ended, Err(Errno::EINTR), "{round}");
            assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
        }
        for fd in [_sends, receives] {
            trap!(yield close(fd))?;
        }
        Ok(())
    })
}

fn a_caught_signal_ends_a_sleep_a_wait_a_poll_and_a_receive() -> Task {
    task!({
        let target = trap!(yield spawn(sleeper()))?;
        let (sends, receives) = trap!(yield port_create(1))?;
        let (listener, _) = call!(listener())?;
        let fd = listener.fd();
        for how in 0..7 {
            let wait = routine!(move {
                match how {
                    0 => trap!(yield sleep(Duration::MAX)),
                    1 => trap!(yield join(target)).map(drop),
                    2 => trap!(yield poll(vec![Interest::Read(fd)], Duration::MAX)).map(drop),
                    3 => trap!(yield accept(fd)).map(drop),
                    4 => {
                        trap!(yield spawn(sleeper()).bound())?;
                        trap!(yield wait_any()).map(drop)
                    }
                    5 => {
                        trap!(yield spawn(sleeper()).bound())?;
                        trap!(yield wait_change(Children::Any, WaitFlags::NONE)).map(drop)
                    }
                    _ => trap!(yield port_recv(receives)).map(drop),
                }
            });
            let child = spawn(catcher(Signal::Int.into(), wait)).share(fd);
            // The last has the receiving end to itself.
            let child = trap!(yield if how == 6 { child.pass(receives) } else { child })?;
            let status = call!(interrupt(child, Signal::Int))?;
            assert_eq!(status, ExitStatus::Exited(Signal::Int.number().into()), "{how}");
        }
        trap!(yield close(sends))?;
        trap!(yield listener.close())?;
        trap!(yield kill(target, Signal::Kill))?;
        trap!(yield wait(target))?;
        Ok(())
    })
}

fn a_send_says_how_far_it_came_before_a_signal() -> Task {
    task!({
        let (near, far) = call!(connection())?;
        let fd = near.fd();
        let sender = task!({
            trap!(yield catch_signals(Signal::Term))?;
            // Nobody receives, so at some point there is no more room.
            let error = loop {
                if let Err(error) = trap!(yield send_all(fd, vec![0; 16 << 20])) {
                    break error;
                }
            };
            assert_eq!(error.errno, Errno::EINTR);
            assert!(error.sent < 16 << 20);
            assert_eq!(trap!(yield take_signal())?, Signal::Term);
            Ok(())
        });
        let sender = trap!(yield spawn(sender).share(fd))?;
        assert_eq!(call!(interrupt(sender, Signal::Term))?, ExitStatus::Exited(0));
        for socket in [near, far] {
            trap!(yield socket.close())?;
        }
        // A message comes back whole.
        let (sends, receives) = trap!(yield port_create(1))?;
        trap!(yield port_send(sends, "first"))?;
        let sender = task!({
            trap!(yield catch_signals(Signal::Term))?;
            let unsent = match trap!(yield port_send(sends, "second")) {
                Ok(()) => return Err(Errno::EPROTO),
                Err(unsent) => unsent,
            };
            assert_eq!((unsent.errno, &*unsent.data), (Errno::EINTR, &b"second"[..]));
            assert_eq!(trap!(yield take_signal())?, Signal::Term);
            Ok(())
        });
        let sender = trap!(yield spawn(sender).pass(sends))?;
        assert_eq!(call!(interrupt(sender, Signal::Term))?, ExitStatus::Exited(0));
        trap!(yield close(receives))
    })
}

fn caught_signals_are_taken_lowest_first() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        assert_eq!(trap!(yield catch_signals(!Signals::UNSTOPPABLE))?, Signals::NONE);
        for signal in [Signal::Term, Signal::Chld, Signal::Hup, Signal::Term, Signal::Pipe] {
            trap!(yield kill(me, signal))?;
        }
        for signal in [Signal::Hup, Signal::Pipe, Signal::Term, Signal::Chld] {
            assert_eq!(trap!(yield take_signal())?, signal);
        }
        assert_eq!(trap!(yield try_take_signal())?, None);
        Ok(())
    })
}

fn taking_waits_for_a_signal_and_is_not_interrupted_by_it() -> Task {
    task!({
        let child = task!({
            trap!(yield catch_signals(Signal::Hup | Signal::Usr2))?;
            assert_eq!(trap!(yield take_signal())?, Signal::Usr2);
            // Nothing is left that could end a wait.
            trap!(yield sleep(Duration::from_nanos(1)))
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(call!(until_blocked(child))?, WaitsOn::Signal);
        trap!(yield kill(child, Signal::Usr2))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        // A deadline ends it.
        let late = timeout!(Duration::from_millis(1), { trap!(yield take_signal()) });
        assert_eq!(late, Err(Elapsed));
        Ok(())
    })
}

fn a_signal_does_not_end_what_need_not_wait() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        trap!(yield catch_signals(Signal::Usr1))?;
        let (sends, receives) = trap!(yield port_create(1))?;
        trap!(yield kill(me, Signal::Usr1))?;
        trap!(yield port_send(sends, "x"))?;
        assert!(trap!(yield port_recv(receives))?.is_some());
        let child = trap!(yield spawn(exits(0)))?;
        trap!(yield yield_now())?;
        trap!(yield yield_now())?;
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield port_recv(receives)).map(drop), Err(Errno::EINTR));
        assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
        for fd in [sends, receives] {
            trap!(yield close(fd))?;
        }
        Ok(())
    })
}

fn a_deadline_and_a_signal_are_told_apart() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        trap!(yield catch_signals(Signal::Usr1))?;
        let ended = timeout!(Duration::from_secs(3600), {
            trap!(yield kill(me, Signal::Usr1))?;
            trap!(yield sleep(Duration::MAX))
        });
        assert_eq!(ended, Ok(Err(Errno::EINTR)));
        let ended = timeout!(Duration::from_nanos(1), { trap!(yield sleep(Duration::MAX)) });
        assert_eq!(ended, Err(Elapsed));
        assert_eq!(trap!(yield take_signal())?, Signal::Usr1);
        Ok(())
    })
}

fn a_masked_signal_waits_for_its_mask_to_fall() -> Task {
    task!({
        let child = task!({
            assert_eq!(trap!(yield set_mask(Signal::Term | Signal::Usr1))?, Signals::NONE);
            trap!(yield sleep(Duration::MAX))
        });
        let child = trap!(yield spawn(child))?;
        call!(until_blocked(child))?;
        trap!(yield kill(child, Signal::Term))?;
        assert_eq!(trap!(yield try_wait(child))?, None);
        trap!(yield kill(child, Signal::Int))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Int));
        // Unmasked, it does at once what it would have done.
        let child = task!({
            let me = trap!(yield gettid())?;
            trap!(yield set_mask(Signal::Term))?;
            trap!(yield kill(me, Signal::Term))?;
            trap!(yield sleep(Duration::from_nanos(1)))?;
            trap!(yield set_mask(Signals::NONE))?;
            panic!("it was answered")
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Term));
        // A caught one is not to be taken before.
        let me = trap!(yield gettid())?;
        trap!(yield catch_signals(Signal::Usr1))?;
        trap!(yield set_mask(Signal::Usr1))?;
        trap!(yield kill(me, Signal::Usr1))?;
        assert_eq!(trap!(yield try_take_signal())?, None);
        trap!(yield sleep(Duration::from_nanos(1)))?;
        assert_eq!(trap!(yield set_mask(Signals::NONE))?, Signal::Usr1.into());
        assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
        assert_eq!(trap!(yield try_take_signal())?, Some(Signal::Usr1));
        Ok(())
    })
}

fn a_mask_nests_and_falls_on_every_way_out() -> Task {
    task!({
        trap!(yield set_mask(Signal::Hup))?;
        let outer = masked!(Signal::Int, {
            let inner = masked!(Signal::Term | Signal::Hup, { trap!(yield mask_signals(Signals::NONE)) })?;
            assert_eq!(inner, Signal::Hup | Signal::Int | Signal::Term);
            trap!(yield mask_signals(Signals::NONE))
        })?;
        assert_eq!(outer, Signal::Hup | Signal::Int);
        let failed: Result<(), Errno> = masked!(Signal::Int, { Err(Errno::EIO) });
        assert_eq!(failed, Err(Errno::EIO));
        assert_eq!(trap!(yield mask_signals(Signals::NONE))?, Signal::Hup.into());
        Ok(())
    })
}

fn children_inherit_mask_and_ignored_signals_and_catch_none() -> Task {
    task!({
        trap!(yield set_mask(Signal::Usr1))?;
        trap!(yield ignore_signals(Signal::Int))?;
        trap!(yield catch_signals(Signal::Usr2))?;
        let child = task!({
            let me = trap!(yield gettid())?;
            trap!(yield kill(me, Signal::Usr1))?;
            trap!(yield kill(me, Signal::Int))?;
            trap!(yield sleep(Duration::from_nanos(1)))?;
            trap!(yield kill(me, Signal::Usr2))?;
            panic!("it was answered")
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Usr2));
        Ok(())
    })
}

fn an_ignored_signal_is_gone() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        // Also one that was held back before.
        trap!(yield set_mask(Signal::Quit))?;
        trap!(yield kill(me, Signal::Quit))?;
        assert_eq!(trap!(yield ignore_signals(Signal::Quit | Signal::Tstp))?, Signals::NONE);
        trap!(yield kill(me, Signal::Tstp))?;
        trap!(yield set_mask(Signals::NONE))?;
        assert_eq!(trap!(yield ignore_signals(Signals::NONE))?, Signal::Quit | Signal::Tstp);
        // What is caught is not ignored.
        trap!(yield ignore_signals(Signal::Quit))?;
        trap!(yield catch_signals(Signal::Quit))?;
        trap!(yield kill(me, Signal::Quit))?;
        assert_eq!(trap!(yield take_signal())?, Signal::Quit);
        Ok(())
    })
}

fn what_is_caught_no_more_does_its_default() -> Task {
    task!({
        let child = task!({
            let me = trap!(yield gettid())?;
            trap!(yield catch_signals(Signal::Hup))?;
            trap!(yield kill(me, Signal::Hup))?;
            trap!(yield catch_signals(Signals::NONE))?;
            panic!("it was answered")
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Hup));
        Ok(())
    })
}

fn kill_and_stop_cannot_be_caught_ignored_or_masked() -> Task {
    task!({
        for signal in [Signal::Kill, Signal::Stop] {
            assert_eq!(trap!(yield catch_signals(signal)), Err(Errno::EINVAL));
            assert_eq!(trap!(yield ignore_signals(signal | Signal::Int)), Err(Errno::EINVAL));
        }
        trap!(yield set_mask(Signals::ALL))?;
        assert_eq!(trap!(yield set_mask(Signals::NONE))?, !Signals::UNSTOPPABLE);
        Ok(())
    })
}

fn a_stopped_task_has_no_turn_until_it_goes_on() -> Task {
    task!({
        let order = Order::default();
        let seen = order.clone();
        let busy = task!({
            loop {
                seen.next();
                trap!(yield yield_now())?;
            }
        });
        let busy = trap!(yield spawn(busy))?;
        for signal in [Signal::Stop, Signal::Tstp] {
            let before = order.count();
            while order.count() == before {
                trap!(yield yield_now())?;
            }
            trap!(yield kill(busy, signal))?;
            let before = order.count();
            for _ in 0..10 {
                trap!(yield yield_now())?;
            }
            assert_eq!(order.count(), before);
            assert!(call!(is_stopped(busy))?);
            // A second stop changes nothing, and one continuation ends both.
            trap!(yield kill(busy, signal))?;
            trap!(yield kill(busy, Signal::Cont))?;
            assert!(!call!(is_stopped(busy))?);
            while order.count() == before {
                trap!(yield yield_now())?;
            }
        }
        // Back before it missed a turn.
        for signal in [Signal::Stop, Signal::Cont, Signal::Stop, Signal::Cont] {
            trap!(yield kill(busy, signal))?;
        }
        let before = order.count();
        trap!(yield yield_now())?;
        trap!(yield yield_now())?;
        assert!(order.count() > before);
        trap!(yield kill(busy, Signal::Kill))?;
        trap!(yield wait(busy))?;
        Ok(())
    })
}

fn a_task_that_stops_itself_goes_on_after_the_call() -> Task {
    task!({
        let child = task!({
            let me = trap!(yield gettid())?;
            trap!(yield kill(me, Signal::Stop))?;
            trap!(yield kill_group(Tid::NONE, Signal::Tstp))?;
            // Unmasked, a stop comes at once.
            trap!(yield set_mask(Signal::Tstp))?;
            trap!(yield kill(me, Signal::Tstp))?;
            assert_eq!(trap!(yield set_mask(Signals::NONE))?, Signal::Tstp.into());
            trap!(yield exit(9))
        });
        let child = trap!(yield spawn(child).group(Tid::NONE))?;
        for signal in [Signal::Stop, Signal::Tstp, Signal::Tstp] {
            let change = trap!(yield wait_change(child, WaitFlags::STOPPED))?;
            assert_eq!(change, Some((child, Change::Stopped(signal))));
            trap!(yield kill(child, Signal::Cont))?;
        }
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(9));
        Ok(())
    })
}

fn a_stopped_task_is_killed_at_once_and_terminated_when_it_goes_on() -> Task {
    task!({
        for signal in [Signal::Kill, Signal::Term] {
            let held = Held::default();
            let handle = held.handle();
            let child = task!({
                let _handle = handle;
                trap!(yield sleep(Duration::MAX))
            });
            let child = trap!(yield spawn(child))?;
            call!(until_blocked(child))?;
            trap!(yield kill(child, Signal::Stop))?;
            trap!(yield kill(child, signal))?;
            if signal == Signal::Term {
                assert_eq!((trap!(yield try_wait(child))?, held.count()), (None, 1));
                trap!(yield kill(child, Signal::Cont))?;
            }
            assert_eq!(held.count(), 0);
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(signal));
        }
        // A caught one ends the wait when it goes on.
        let child = catcher(Signal::Usr1.into(), routine!(move { trap!(yield sleep(Duration::MAX)) }));
        let child = trap!(yield spawn(child))?;
        call!(until_blocked(child))?;
        for signal in [Signal::Stop, Signal::Usr1] {
            trap!(yield kill(child, signal))?;
        }
        assert!(call!(is_stopped(child))?);
        trap!(yield kill(child, Signal::Cont))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(Signal::Usr1.number().into()));
        Ok(())
    })
}

fn a_stop_and_a_continuation_are_told_once() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let look = WaitFlags::NOHANG | WaitFlags::STOPPED | WaitFlags::CONTINUED;
        trap!(yield kill(child, Signal::Cont))?;
        assert_eq!(trap!(yield wait_change(child, look))?, None);
        trap!(yield kill(child, Signal::Tstp))?;
        // A wait that does not ask for it leaves it there.
        assert_eq!(trap!(yield wait_change(Children::Any, WaitFlags::NOHANG | WaitFlags::CONTINUED))?, None);
        assert_eq!(trap!(yield try_wait(child))?, None);
        assert_eq!(trap!(yield wait_change(Children::Any, look))?, Some((child, Change::Stopped(Signal::Tstp))));
        assert_eq!(trap!(yield wait_change(Children::Any, look))?, None);
        trap!(yield kill(child, Signal::Cont))?;
        assert_eq!(trap!(yield wait_change(child, look))?, Some((child, Change::Continued)));
        assert_eq!(trap!(yield wait_change(child, look))?, None);
        // Of what has changed since, the last.
        for signal in [Signal::Stop, Signal::Cont, Signal::Stop] {
            trap!(yield kill(child, signal))?;
        }
        assert_eq!(trap!(yield wait_change(child, look))?, Some((child, Change::Stopped(Signal::Stop))));
        trap!(yield kill(child, Signal::Kill))?;
        let ended = Change::Ended(ExitStatus::Killed(Signal::Kill));
        assert_eq!(trap!(yield wait_change(Children::Any, look))?, Some((child, ended)));
        Ok(())
    })
}

fn a_wait_for_a_stop_waits_for_it() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let signaller = |signal| task!({ trap!(yield kill(child, signal)) });
        for (signal, change) in [
            (Signal::Stop, Change::Stopped(Signal::Stop)),
            (Signal::Cont, Change::Continued),
            (Signal::Kill, Change::Ended(ExitStatus::Killed(Signal::Kill))),
        ] {
            trap!(yield spawn(signaller(signal)).detach())?;
            let flags = WaitFlags::STOPPED | WaitFlags::CONTINUED;
            assert_eq!(trap!(yield wait_change(child, flags))?, Some((child, change)));
        }
        Ok(())
    })
}

fn a_parent_that_catches_chld_is_told_of_every_change() -> Task {
    task!({
        trap!(yield catch_signals(Signal::Chld))?;
        let child = trap!(yield spawn(sleeper()))?;
        let look = WaitFlags::NOHANG | WaitFlags::STOPPED | WaitFlags::CONTINUED;
        for signal in [Signal::Stop, Signal::Cont, Signal::Kill] {
            trap!(yield spawn(task!({ trap!(yield kill(child, signal)) })).detach())?;
            assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR), "{signal}");
            assert_eq!(trap!(yield take_signal())?, Signal::Chld);
            assert!(trap!(yield wait_change(child, look))?.is_some());
        }
        // Who waits for the end is told by that alone.
        let child = trap!(yield spawn(task!({ trap!(yield sleep(Duration::from_millis(1))) })))?;
        trap!(yield wait(child))?;
        assert_eq!(trap!(yield try_take_signal())?, None);
        Ok(())
    })
}

fn a_signal_of_oneself_is_caught_at_once() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        trap!(yield catch_signals(Signal::Usr1))?;
        trap!(yield kill(me, Signal::Usr1))?;
        assert_eq!(trap!(yield try_take_signal())?, Some(Signal::Usr1));
        Ok(())
    })
}

fn an_alarm_comes_after_its_time() -> Task {
    task!({
        trap!(yield catch_signals(Signal::Alrm))?;
        let span = Duration::from_millis(3);
        let began = trap!(yield now())?;
        trap!(yield alarm(span))?;
        assert_eq!(trap!(yield take_signal())?, Signal::Alrm);
        assert!(trap!(yield now())? - began >= span);
        trap!(yield alarm(span))?;
        assert_eq!(trap!(yield sleep(Duration::MAX)), Err(Errno::EINTR));
        assert_eq!(trap!(yield take_signal())?, Signal::Alrm);
        Ok(())
    })
}

fn an_alarm_is_replaced_and_taken_back() -> Task {
    task!({
        trap!(yield catch_signals(Signal::Alrm))?;
        trap!(yield alarm(Duration::from_secs(3600)))?;
        trap!(yield alarm(Duration::from_millis(1)))?;
        assert_eq!(trap!(yield take_signal())?, Signal::Alrm);
        trap!(yield alarm(Duration::from_millis(1)))?;
        trap!(yield alarm(Duration::ZERO))?;
        trap!(yield sleep(Duration::from_millis(3)))?;
        assert_eq!(trap!(yield try_take_signal())?, None);
        // One that is set goes with its task.
        let child = trap!(yield spawn(task!({ trap!(yield alarm(Duration::from_secs(3600))) })))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn an_alarm_ends_who_does_not_catch_it() -> Task {
    task!({
        let child = task!({
            trap!(yield alarm(Duration::from_millis(1)))?;
            trap!(yield sleep(Duration::MAX))
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Killed(Signal::Alrm));
        Ok(())
    })
}

fn a_polite_stop_is_a_term_and_a_kill_for_who_does_not_listen() -> Task {
    task!({
        let grace = Duration::from_millis(5);
        let plain = trap!(yield spawn(sleeper()))?;
        assert_eq!(call!(stop_politely(plain, grace))?, ExitStatus::Killed(Signal::Term));
        let polite = catcher(Signal::Term.into(), routine!(move { trap!(yield sleep(Duration::MAX)) }));
        let polite = trap!(yield spawn(polite))?;
        call!(until_blocked(polite))?;
        assert_eq!(call!(stop_politely(polite, grace))?, ExitStatus::Exited(15));
        let deaf = task!({
            trap!(yield ignore_signals(Signal::Term))?;
            trap!(yield sleep(Duration::MAX))
        });
        let deaf = trap!(yield spawn(deaf))?;
        call!(until_blocked(deaf))?;
        assert_eq!(call!(stop_politely(deaf, grace))?, ExitStatus::Killed(Signal::Kill));
        // One that is stopped is polite, if it may be.
        let stopped = trap!(yield spawn(sleeper()))?;
        trap!(yield kill(stopped, Signal::Stop))?;
        assert_eq!(call!(stop_politely(stopped, grace))?, ExitStatus::Killed(Signal::Term));
        assert_eq!(call!(stop_politely(stopped, grace)), Err(Errno::ECHILD));
        Ok(())
    })
}
