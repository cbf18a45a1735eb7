//! Cycles of tasks that wait for the ends of others, of a child or of any.

use super::*;

#[test]
fn a_mixed_cycle_goes_through_a_join_a_port_and_a_pipe() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let (send, receive) = trap!(yield port_create(1))?;
        // Each of the three has what the one before it waits for.
        let joiner = task!({
            trap!(yield yield_now())?;
            trap!(yield join(Tid::from_serial(3))).map(drop)
        });
        let receiver = task!({ trap!(yield port_recv(receive)).map(drop) });
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        trap!(yield spawn(joiner).pass(to).name("joiner"))?;
        trap!(yield spawn(receiver).pass(receive).name("receiver"))?;
        trap!(yield spawn(reader).pass(from).pass(send).name("reader"))?;
        let innocent = task!({ trap!(yield join(Tid::from_serial(4))).map(drop) });
        trap!(yield spawn(innocent).name("innocent"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(5));
    let cycle = "2 (joiner) waits for 3 (receiver) waits for 4 (reader) waits for 2";
    assert_eq!(told.deadlock.as_deref(), Some(cycle));
    assert_eq!(with_part(&told, "in a cycle"), [2, 3, 4]);
    assert_eq!(with_part(&told, "waits for a cycle"), [1, 5]);
    assert_eq!(told.parts[1].1, "task 3 receiver");
}

#[test]
fn who_waits_for_any_child_is_in_a_cycle_with_the_child_that_joins_it() {
    let told = beside_a_busy_task(
        routine!({
            let parent = task!({
                let me = trap!(yield gettid())?;
                trap!(yield spawn(task!({ trap!(yield join(me)).map(drop) })).name("child"))?;
                trap!(yield wait_any()).map(drop)
            });
            trap!(yield spawn(parent).name("parent")).map(drop)
        }),
        2..4,
    );
    assert_eq!(told.cycles, ["2 (parent) waits for 3 (child) waits for 2"]);
}

#[test]
fn joins_that_an_alarm_could_have_cut_short_are_told_when_it_has_not() {
    let (ended, told) = run(task!({
        let joins = |other: u64| {
            task!({
                // It comes, and is not let through.
                trap!(yield mask_signals(Signal::Alrm))?;
                trap!(yield alarm(Duration::from_secs(1)))?;
                trap!(yield join(Tid::from_serial(other))).map(drop)
            })
        };
        trap!(yield spawn(joins(3)).name("one"))?;
        trap!(yield spawn(joins(2)).name("two"))?;
        for _ in 0..4 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for tid in [2, 3].map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
            trap!(yield wait(tid))?;
        }
        Ok(())
    }));
    assert_eq!(ended, WELL);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2"]);
}
