//! What several tests need: children of a kind, connections, and waiting for a task to block.

use crate::prelude::*;
use alloc::sync::Arc;
use core::{
    net::{IpAddr, Ipv4Addr},
    sync::atomic::{AtomicU64, Ordering},
};

/// Loopback, and a port that is free.
pub(super) const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Names each test after its function.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => { &[$((stringify!($name), $name)),+] };
}
pub(super) use tests;

/// A task that exits with this code at once.
pub(super) fn exits(code: i32) -> Task {
    task!({ trap!(yield exit(code)) })
}

/// A task that sleeps for ever.
pub(super) fn sleeper() -> Task {
    task!({ trap!(yield sleep(Duration::MAX)) })
}

/// Gives `tid` turns until it is blocked; `ESRCH` if it ends, `ETIMEDOUT` if it never is.
pub(super) fn until_blocked(tid: Tid) -> impl Routine<Result<WaitsOn, Errno>> {
    const TURNS: u32 = 1_000;
    routine!(move {
        for _ in 0..TURNS {
            let all = trap!(yield tasks())?;
            match all.iter().find(|task| task.tid.serial() == tid.serial()).map(|task| task.state) {
                Some(TaskState::Blocked(on)) => return Ok(on),
                Some(TaskState::Zombie) | None => return Err(Errno::ESRCH),
                Some(TaskState::Ready | TaskState::Running | TaskState::Stopped) => {}
            }
            trap!(yield yield_now())?;
        }
        Err(Errno::ETIMEDOUT)
    })
}

/// A listener on a free port, and its address.
pub(super) fn listener() -> impl Routine<Result<(Socket, SocketAddr), Errno>> {
    routine!(move {
        let listener = trap!(yield Socket::listen(ANY_PORT))?;
        let address = trap!(yield listener.local_addr())?;
        Ok((listener, address))
    })
}

/// The two ends of a connection: who connected, who accepted.
pub(super) fn connection() -> impl Routine<Result<(Socket, Socket), Errno>> {
    routine!(move {
        let (listener, address) = call!(listener())?;
        let near = trap!(yield Socket::connect(address))?;
        let (far, _) = trap!(yield listener.accept())?;
        trap!(yield listener.close())?;
        Ok((near, far))
    })
}

/// Receives exactly `count` bytes; `ECONNRESET` when the stream ends before.
pub(super) fn receive_exactly(socket: Socket, count: usize) -> impl Routine<Result<Vec<u8>, Errno>> {
    routine!(move {
        let mut bytes = Vec::new();
        while bytes.len() < count {
            let left = u32::try_from(count - bytes.len()).unwrap_or(u32::MAX);
            let data = trap!(yield socket.recv(left))?;
            if data.is_empty() {
                return Err(Errno::ECONNRESET);
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    })
}

/// Gives out 0, 1, 2, …: the order in which tasks came by.
#[derive(Clone, Default)]
pub(super) struct Order(Arc<AtomicU64>);

impl Order {
    /// The next number.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    /// How many were given out.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Something a task holds: it can be seen from outside whether its destructor has run.
#[derive(Default)]
pub(super) struct Held(Arc<()>);

impl Held {
    /// One to give away.
    pub fn handle(&self) -> Arc<()> {
        Arc::clone(&self.0)
    }

    /// How many are still held by others.
    pub fn count(&self) -> usize {
        Arc::strong_count(&self.0) - 1
    }
}
