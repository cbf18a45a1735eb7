//! Reads and writes of nothing: answered at once, whoever waits before them.
#![feature(coroutines)]

mod common;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};
use yieldix::Ended;
use yieldix::syscalls::{calls::*, *};

#[test]
fn a_read_of_nothing_is_answered_while_another_task_waits_to_read() {
    let task = task!({
        let listener = trap!(yield tcp_listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 1))?;
        let conn = trap!(yield tcp_connect(trap!(yield local_addr(listener))?))?;
        let reader = trap!(yield spawn(task!({ trap!(yield recv(conn, 1)).map(drop) })).share(conn))?;
        trap!(yield sleep(Duration::from_millis(1)))?;
        let _ = trap!(yield deadline_push(Duration::from_secs(1)))?;
        assert_eq!(trap!(yield recv(conn, 0)), Ok(Buf::EMPTY));
        trap!(yield kill(reader, Signal::Kill))?;
        Ok(())
    });
    assert_eq!(common::machine().simulate(0).task(task).boot().unwrap(), Ended::Finished(ExitStatus::Exited(0)));
}
