//! Cycles of tasks that wait at pipes, for bytes, room or the end.

use super::*;

#[test]
fn two_tasks_with_crossed_pipes_are_a_cycle_with_their_pipes_named() {
    let (ended, told) = run(task!({
        call!(crossed())?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (one) waits for 3 (two) waits for 2"));
    let part = |tid, what: &str, part: &str| (tid, what.to_owned(), part.to_owned());
    let expected = [
        part(1, "", "waits for a cycle"),
        part(2, "file 3 pipe's reading end, other end file 4", "in a cycle"),
        part(3, "file 5 pipe's reading end, other end file 6", "in a cycle"),
    ];
    assert_eq!(told.parts, expected);
}

#[test]
fn crossed_pipes_are_told_once_while_others_go_on_and_again_when_they_are_made_again() {
    let (ended, told) = run(task!({
        for round in 0..2 {
            call!(crossed())?;
            for _ in 0..3 {
                trap!(yield sleep(Duration::from_secs(1)))?;
            }
            for tid in [2, 3].map(|tid| Tid::from_serial(tid + 2 * round)) {
                trap!(yield kill(tid, Signal::Kill))?;
                trap!(yield wait(tid))?;
            }
        }
        Ok(())
    }));
    assert_eq!(ended, WELL);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2", "4 (one) waits for 5 (two) waits for 4"]);
    assert_eq!(told.in_cycles[0], (2, "file 3 pipe's reading end, other end file 4".to_owned()));
}

#[test]
fn who_forgot_to_close_an_end_is_in_the_cycle_with_who_waits_for_the_end_of_the_pipe() {
    let (ended, told) = run(task!({
        let (from, _to) = trap!(yield pipe())?;
        let child = task!({ trap!(yield read(from, 1)).map(drop) });
        let child = trap!(yield spawn(child).pass(from).name("reader"))?;
        trap!(yield wait(child)).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(2));
    let cycle = told.deadlock.unwrap();
    assert!(cycle.starts_with("1 (") && cycle.ends_with(" waits for 2 (reader) waits for 1"), "{cycle}");
}

#[test]
fn a_task_that_waits_for_itself_is_told_while_others_go_on() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let reader = trap!(yield spawn(reader).pass(from).pass(to).name("reader"))?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        trap!(yield kill(reader, Signal::Kill))?;
        trap!(yield wait(reader)).map(drop)
    }));
    assert_eq!((ended, told.cycles), (WELL, vec!["2 (reader) waits for 2".to_owned()]));
}

#[test]
fn crossed_pipes_are_told_once_beside_a_task_that_never_waits() {
    let told = beside_a_busy_task(crossed(), 2..4);
    assert_eq!(told.cycles, ["2 (one) waits for 3 (two) waits for 2"]);
    assert_eq!(told.in_cycles.len(), 2);
}

#[test]
fn a_writer_to_a_full_pipe_and_its_reader_that_waits_for_the_writer_are_a_cycle() {
    let make = || {
        routine!({
            let (from, to) = trap!(yield pipe())?;
            let (answer_from, answer_to) = trap!(yield pipe())?;
            let writer = task!({
                for _ in 0..2 {
                    trap!(yield write(to, vec![0; PIPE_BYTES]))?;
                }
                trap!(yield write(answer_to, "done")).map(drop)
            });
            let reader = task!({
                trap!(yield read(answer_from, 4))?;
                trap!(yield read(from, 1)).map(drop)
            });
            trap!(yield spawn(writer).pass(to).pass(answer_to).name("writer"))?;
            trap!(yield spawn(reader).pass(from).pass(answer_from).name("reader"))?;
            Ok(())
        })
    };
    let cycle = "2 (writer) waits for 3 (reader) waits for 2";
    let told = beside_a_busy_task(make(), 2..4);
    assert_eq!(told.cycles, [cycle]);
    assert_eq!(told.in_cycles[0].1, "file 4 pipe's writing end, other end file 3");
    let (ended, told) = run(task!({
        call!(make())?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!((ended, told.deadlock.as_deref()), (Ended::Deadlock(3), Some(cycle)));
}
