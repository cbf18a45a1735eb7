//! What the tests of logs share: the log of this process, and machines that have much to log.

mod log;

pub use log::log;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use yieldix::{
    Console, Machine, MemoryConsole,
    syscalls::{calls::*, *},
};
use yieldix_userland::{PROGRAMS, prelude::*};

const ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn echo(conn: Socket) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            let data = trap!(yield conn.recv(64))?;
            if data.is_empty() {
                return Ok(());
            }
            trap!(yield conn.send(data))?;
        }
    })
}

/// Says something every half second, for five seconds.
fn client(address: SocketAddr, number: u64) -> Task {
    task!({
        let conn = trap!(yield Socket::connect(address))?;
        let begun = trap!(yield now())?;
        trap!(yield sleep(Duration::from_micros(number * 500)))?;
        while trap!(yield now())?.since(begun) < Duration::from_secs(5) {
            trap!(yield conn.send("hello"))?;
            let mut left = 5;
            while left > 0 {
                left -= trap!(yield conn.recv(left))?.len() as u32;
            }
            trap!(yield sleep(Duration::from_millis(500)))?;
        }
        Ok(())
    })
}

/// A server, and so many clients of it.
pub fn echoes(clients: u64) -> Task {
    task!({
        let listener = trap!(yield Socket::listen(ADDRESS))?;
        let address = trap!(yield listener.local_addr())?;
        let server = task!({
            let options = ServeOptions { name: "echo", connections_max: 2000 };
            call!(serve(listener, options, |conn, _peer| echo(conn)))
        });
        let server = trap!(yield spawn(server).pass(listener.fd()))?;
        for number in 0..clients {
            trap!(yield spawn(client(address, number)))?;
        }
        for _ in 0..clients {
            let (_, status) = trap!(yield wait_any())?;
            assert_eq!(status, ExitStatus::Exited(0));
        }
        trap!(yield kill(server, Signal::Term))?;
        trap!(yield wait(server)).map(drop)
    })
}

const SCRIPT: &str = "
for i in $(seq 40); do
    seq $i | sort -rn | head -n 3 | tr 1 2 >/f$i
    (sleep 0.01; echo $i) & cat /f$i | while read x; do echo $x; done | wc -l
    ps | grep sh | cut -d ' ' -f 1 | sort | uniq -c >>/log; kill $! 2>/dev/null; wait
    yes | head -n 2000 | wc -c; timeout=1; sleep 5 & kill -STOP $!; kill -CONT $!; kill $!; wait
done
";

/// Has a shell that starts pipelines, jobs and signals boot.
pub fn pipelines(machine: Machine) -> Machine {
    let console = MemoryConsole::new();
    machine.programs(PROGRAMS).program("sh", ["-c", SCRIPT]).console(Console::Memory(console))
}
