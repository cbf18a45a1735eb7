//! Cycles of tasks that wait at ports, the philosophers' among them, or for what is in a message there.

use super::*;

#[test]
fn philosophers_who_all_took_a_fork_are_a_cycle_and_their_host_waits_for_it() {
    let (ended, told) = run(task!({
        call!(dinner())?;
        loop {
            trap!(yield wait_any())?;
        }
    }));
    assert_eq!(ended, Ended::Deadlock(6));
    let cycle = told.deadlock.as_deref().unwrap();
    assert_eq!(
        cycle,
        "2 (philosopher) waits for 3 (philosopher) waits for 4 (philosopher) waits for 5 (philosopher) \
         waits for 6 (philosopher) waits for 2"
    );
    assert_eq!(with_part(&told, "in a cycle"), [2, 3, 4, 5, 6]);
    assert_eq!(with_part(&told, "waits for a cycle"), [1], "their parent could put a fork back, and only waits");
    assert_eq!(told.parts[1].1, "port 1");
}

#[test]
fn a_cycle_of_philosophers_is_told_once_while_others_go_on() {
    let (ended, told) = run(task!({
        call!(dinner())?;
        // Its descriptors are the parent's own, who sleeps and could put a fork back: nothing is told of that.
        for _ in 0..5 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for fd in (3..13).map(|slot| Fd::new(slot, 1)) {
            trap!(yield close(fd))?;
        }
        for _ in 0..5 {
            trap!(yield sleep(Duration::from_secs(1)))?;
        }
        for tid in (2..7).map(Tid::from_serial) {
            trap!(yield kill(tid, Signal::Kill))?;
        }
        Ok(())
    }));
    assert_eq!((ended, told.cycles.len()), (WELL, 1), "{:?}", told.cycles);
    assert!(told.cycles[0].starts_with("2 (philosopher) waits for 3"), "{:?}", told.cycles);
    assert_eq!(told.in_cycles.len(), 5);
}

#[test]
fn an_end_that_travels_in_a_message_is_held_by_who_could_receive_it() {
    let (ended, told) = run(task!({
        let (from, to) = trap!(yield pipe())?;
        let (send, receive) = trap!(yield port_create(1))?;
        trap!(yield port_send_fds(send, Message { data: Buf::EMPTY, fds: vec![to] })).map_err(Errno::from)?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        let reader = trap!(yield spawn(reader).pass(from).name("reader"))?;
        // It could receive the end, and waits for the reader before it does.
        let keeper = task!({
            trap!(yield join(reader))?;
            trap!(yield port_recv(receive)).map(drop)
        });
        trap!(yield spawn(keeper).pass(receive).name("keeper"))?;
        trap!(yield wait_any()).map(drop)
    }));
    assert_eq!(ended, Ended::Deadlock(3));
    assert_eq!(told.deadlock.as_deref(), Some("2 (reader) waits for 3 (keeper) waits for 2"));
}

#[test]
fn a_ring_of_three_with_ports_is_told_once_beside_a_task_that_never_waits() {
    let told = beside_a_busy_task(
        routine!({
            let mut ports = Vec::new();
            for _ in 0..3 {
                ports.push(trap!(yield port_create(1))?);
            }
            for seat in 0..3 {
                let (from, to) = (ports[seat].1, ports[(seat + 1) % 3].0);
                let passes_on = task!({
                    trap!(yield port_recv(from))?;
                    trap!(yield port_send(to, "")).map_err(Errno::from)
                });
                trap!(yield spawn(passes_on).pass(from).pass(to).name("member"))?;
            }
            Ok(())
        }),
        2..5,
    );
    let ring = "2 (member) waits for 4 (member) waits for 3 (member) waits for 2";
    assert_eq!(told.cycles, [ring]);
    assert_eq!(told.in_cycles[0], (2, "port 0".to_owned()));
}
