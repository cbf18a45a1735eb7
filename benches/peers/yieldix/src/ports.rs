//! Tasks that pass a message on.

use crate::PEER;
use common::tell_ns;
use std::time::Instant;
use yieldix::syscalls::{calls::*, *};

/// Two tasks and two ports of one message: there and back, so many times.
pub fn pingpong(rounds: u64) -> Task {
    task!({
        let (to_echo, at_echo) = trap!(yield port_create(1))?;
        let (from_echo, back) = trap!(yield port_create(1))?;
        let start = Instant::now();
        let echo = trap!(yield spawn(passes_on(at_echo, from_echo, rounds)).pass(at_echo).pass(from_echo))?;
        let mut message = Buf::from("ball");
        for _ in 0..rounds {
            trap!(yield port_send(to_echo, message))?;
            message = trap!(yield port_recv(back))?.ok_or(Errno::EPIPE)?.data;
        }
        trap!(yield wait(echo))?;
        tell_ns("pingpong", PEER, "ns", start, rounds);
        Ok(())
    })
}

/// A token goes round tasks, from port to port, so many hops.
pub fn ring(tasks: u64, hops: u64) -> Task {
    task!({
        let (first, mut inbox) = trap!(yield port_create(1))?;
        let rounds = hops / tasks;
        for _ in 1..tasks {
            let (outbox, next) = trap!(yield port_create(1))?;
            trap!(yield spawn(passes_on(inbox, outbox, rounds)).pass(inbox).pass(outbox))?;
            inbox = next;
        }
        // The others go into their waits.
        trap!(yield yield_now())?;
        let start = Instant::now();
        let mut token = Buf::from("token");
        for _ in 0..rounds {
            trap!(yield port_send(first, token))?;
            token = trap!(yield port_recv(inbox))?.ok_or(Errno::EPIPE)?.data;
        }
        tell_ns(&format!("ring/{tasks}"), PEER, "ns", start, rounds * tasks);
        for _ in 1..tasks {
            trap!(yield wait_any())?;
        }
        Ok(())
    })
}

fn passes_on(inbox: Fd, outbox: Fd, messages: u64) -> Task {
    task!({
        for _ in 0..messages {
            let message = trap!(yield port_recv(inbox))?.ok_or(Errno::EPIPE)?;
            trap!(yield port_send(outbox, message.data))?;
        }
        Ok(())
    })
}
