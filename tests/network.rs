//! The simulated network from outside: names.
#![feature(coroutines)]

mod common;

use common::run;
use std::net::IpAddr;
use yieldix::{
    Ended,
    syscalls::{calls::*, *},
};

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn names_of_a_simulated_world_are_those_it_was_given_and_take_their_time() {
    let asks = task!({
        let before = trap!(yield now())?;
        assert_eq!(trap!(yield resolve("db.example"))?, [address("192.0.2.1"), address("2001:db8::1")]);
        assert!(trap!(yield now())? > before, "who knows it is asked");
        assert_eq!(trap!(yield resolve("DB.Example."))?, [address("192.0.2.1"), address("2001:db8::1")]);
        assert_eq!(trap!(yield resolve("web.example"))?, [address("192.0.2.2")]);
        assert_eq!(trap!(yield resolve("example")), Err(Errno::ENOENT));
        Ok(())
    });
    let machine = common::machine()
        .host("db.example", address("192.0.2.1"))
        .host("db.example", address("2001:db8::1"))
        .host("web.example", address("192.0.2.2"));
    let (ended, _) = run(machine.task(asks));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn a_task_that_is_killed_while_it_asks_for_a_name_leaves_nothing() {
    let asker = task!({
        trap!(yield resolve("db.example"))?;
        Ok(())
    });
    let killer = task!({
        let asker = trap!(yield spawn(asker))?;
        trap!(yield yield_now())?;
        trap!(yield yield_now())?;
        let waits = trap!(yield tasks())?.into_iter().any(|task| task.state == TaskState::Blocked(WaitsOn::Resolve));
        assert!(waits);
        assert_eq!(trap!(yield sysinfo())?.files, 4);
        trap!(yield kill(asker, Signal::Kill))?;
        assert_eq!(trap!(yield sysinfo())?.files, 3);
        Ok(())
    });
    let (ended, _) = run(common::machine().host("db.example", address("192.0.2.1")).task(killer));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}
