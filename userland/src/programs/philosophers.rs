//! Five philosophers at a round table. A fork is a port with one message in it: who receives that has
//! the fork, and sends it back.
//!
//! Were each to take the fork at the left first, all could have one and wait for the other for ever,
//! and the kernel would say so. So the last takes the one at the right first.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("philosophers", Group::Other, "five tasks share five forks, which are ports", main).usage("");

const NAMES: [&str; 5] = ["Aspasia", "Diotima", "Hypatia", "Sosipatra", "Theano"];
const MEALS: u32 = 2;

/// Where a fork is put, and where it is taken from.
type Fork = (Fd, Fd);

fn philosopher(name: &'static str, first: Fork, second: Fork) -> Task {
    task!({
        for _ in 0..MEALS {
            for (_, take) in [first, second] {
                trap!(yield port_recv(take))?;
            }
            println!("{name} eats")?;
            trap!(yield yield_now())?;
            for (put, _) in [first, second] {
                trap!(yield port_send(put, ""))?;
            }
            println!("{name} thinks")?;
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(or_usage(&PROGRAM, Given::parse(args, &[], &[])))?;
        let mut forks = Vec::new();
        for _ in NAMES {
            let fork = trap!(yield port_create(1))?;
            trap!(yield port_send(fork.0, ""))?;
            forks.push(fork);
        }
        for (seat, name) in NAMES.into_iter().enumerate() {
            let (left, right) = (forks[seat], forks[(seat + 1) % forks.len()]);
            let is_last = seat + 1 == forks.len();
            let (first, second) = if is_last { (right, left) } else { (left, right) };
            let mut spawned = spawn(philosopher(name, first, second)).name(name);
            for end in [left.0, left.1, right.0, right.1] {
                spawned = spawned.share(end);
            }
            trap!(yield spawned)?;
        }
        for _ in NAMES {
            trap!(yield wait_any())?;
        }
        Ok(())
    })
}
