//! Parts 7 and 8: an operating system, and its stacks.

use yieldix::userland::prelude::*;

fn greet(client: Fd) -> Task {
    task!({
        let name = trap!(yield recv(client, 64))?;
        trap!(yield send_all(client, format!("hello, {}", String::from_utf8_lossy(&name))))?;
        trap!(yield close(client))
    })
}

/// A server that greets its clients by name.
pub fn greeter(address: SocketAddr) -> Task {
    task!({
        let listener = trap!(yield tcp_listen(address, 128))?;
        loop {
            let (client, _) = trap!(yield accept(listener))?;
            trap!(yield spawn(greet(client)).pass(client).detach())?;
        }
    })
}

/// Runs a task again until it ends well.
pub fn retry(tries: u32, make: impl Fn(u32) -> Task + Send) -> impl Routine<Result<Option<u32>, Errno>> {
    routine!(move {
        for number in 1..=tries {
            let child = trap!(yield spawn(make(number)))?;
            if trap!(yield wait(child))? == ExitStatus::Exited(0) {
                return Ok(Some(number));
            }
        }
        Ok(None)
    })
}

/// How many moves a tower of Hanoi of this height takes.
pub fn hanoi(height: u32) -> Call<Returned<u64>> {
    subroutine(routine!(move {
        if height == 0 {
            return Ok(0);
        }
        let away = trap!(yield hanoi(height - 1))?;
        let back = trap!(yield hanoi(height - 1))?;
        Ok(away + 1 + back)
    }))
}
