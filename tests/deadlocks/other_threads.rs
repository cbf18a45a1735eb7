//! Other threads, which could ask for something: no deadlock while one has a handle, and what they leave is told.

use super::*;

#[test]
fn a_machine_with_a_handle_is_not_deadlocked_and_its_cycles_are_told() {
    let (tell, told) = std::sync::mpsc::channel();
    let observer = move |record: &Record<'_>| match record.event {
        Event::Cycle { tids, .. } => tell.send(tids.to_owned()).expect("somebody wants to know"),
        Event::Deadlock { .. } => panic!("somebody could still ask for something"),
        _ => {}
    };
    let main = task!({
        call!(crossed())?;
        while trap!(yield wait_any()).is_ok() {}
        Ok(())
    });
    let mut running = common::machine().task(main).simulate(SEED).observe(observer).start().expect("the machine boots");
    let handle = running.handle();
    let asker = std::thread::spawn(move || {
        let cycle = told.recv().expect("it is told");
        // With one of them the other is at its end.
        handle.kill(Tid::from_serial(2), Signal::Kill).expect("it goes on");
        cycle
    });
    assert_eq!(running.run(), WELL);
    assert_eq!(asker.join().expect("it asks and ends"), "2 (one) waits for 3 (two) waits for 2");
}

#[test]
fn a_knot_is_told_that_is_left_when_another_thread_has_killed_the_last_who_could_open_it() {
    let (tell, told) = std::sync::mpsc::channel();
    let observer = move |record: &Record<'_>| {
        if let Event::Cycle { tids, .. } = record.event {
            tell.send(tids.to_owned()).expect("somebody wants to know");
        }
    };
    let main = task!({
        let (from, to) = trap!(yield pipe())?;
        let keeper = task!({ trap!(yield sleep(Duration::MAX)) });
        trap!(yield spawn(keeper).share(to).name("keeper"))?;
        let reader = task!({ trap!(yield read(from, 1)).map(drop) });
        trap!(yield spawn(reader).pass(from).pass(to).name("reader"))?;
        let listener = trap!(yield unix_listen("/never"))?;
        trap!(yield unix_accept(listener)).map(drop)
    });
    let mut running = common::machine().task(main).simulate(SEED).observe(observer).start().expect("the machine boots");
    let handle = running.handle();
    let killer = std::thread::spawn(move || {
        handle.kill(Tid::from_serial(2), Signal::Kill).expect("it is there");
        let cycle = told.recv().expect("it is told");
        handle.kill(Tid::from_serial(1), Signal::Kill).expect("it is there");
        handle.kill(Tid::from_serial(3), Signal::Kill).expect("it is there");
        cycle
    });
    assert_eq!(running.run(), Ended::Finished(ExitStatus::Killed(Signal::Kill)));
    assert_eq!(killer.join().expect("it asks and ends"), "3 (reader) waits for 3");
}
