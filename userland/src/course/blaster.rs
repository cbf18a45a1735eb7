//! The course's load on its echo servers: many connections, each sending random messages and
//! waiting for their echo.
//!
//! Prints an `x` for every 10,000 messages that came back, whichever connection they took. A peer
//! that is gone or an echo that differs from what was sent is told, and the exit code is 1.

use super::address;
use crate::prelude::*;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

pub(crate) const PROGRAM: Program = Program::new(
    "blaster",
    Group::Course(Part::OperatingSystem),
    "loads an echo server with messages, and checks their echo",
    main,
)
.usage("[--addr IP:PORT] [--connections N] [--messages N]");

const MESSAGE_BYTES: usize = 1024;
const MESSAGES_A_MARK: u64 = 10_000;

struct Load {
    address: SocketAddr,
    connections: u64,
    messages: u64,
}

fn parse(args: Args) -> Result<Load, Misuse> {
    let given = Given::parse(args, &[], &["--addr", "--connections", "--messages"])?.without_operands()?;
    let load = Load {
        address: given.address("--addr")?.unwrap_or(address::COURSE),
        connections: given.value("--connections")?.unwrap_or(300),
        messages: given.value("--messages")?.unwrap_or(100_000),
    };
    if load.connections == 0 {
        return Err(Misuse::Wrong("--connections must be at least 1".to_owned()));
    }
    Ok(load)
}

/// What all connections share.
struct Progress {
    address: SocketAddr,
    echoed: AtomicU64,
    has_failed: AtomicBool,
}

fn main(args: Args) -> Task {
    task!({
        let load = call!(or_usage(&PROGRAM, parse(args)))?;
        let progress =
            Progress { address: load.address, echoed: AtomicU64::new(0), has_failed: AtomicBool::new(false) };
        let progress = Arc::new(progress);
        for index in 0..load.connections {
            // The messages that do not divide evenly go one each to the first connections.
            let share = load.messages / load.connections + u64::from(index < load.messages % load.connections);
            trap!(yield spawn(blast(share, Arc::clone(&progress))))?;
        }
        let mut code = 0;
        for _ in 0..load.connections {
            let (_, status) = trap!(yield wait_any())?;
            code = code.max(status.code());
        }
        if progress.echoed.load(Ordering::Relaxed) >= MESSAGES_A_MARK {
            println!()?;
        }
        trap!(yield exit(code))
    })
}

/// One connection. What stops it is told once: it will be the same for all.
fn blast(messages: u64, progress: Arc<Progress>) -> Task {
    task!({
        let result = call!(converse(messages, &progress));
        if let Err(errno) = result
            && !progress.has_failed.swap(true, Ordering::Relaxed)
        {
            eprintln!("{}: {}: {errno}", PROGRAM.name, progress.address)?;
        }
        result
    })
}

/// Sends `messages` messages, each after the echo of the one before.
fn converse(messages: u64, progress: &Progress) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let server = trap!(yield Socket::connect(progress.address))?;
        let mut noise = Noise::new(&trap!(yield getrandom(8))?);
        for _ in 0..messages {
            let message = noise.message();
            trap!(yield server.send(message.clone()))?;
            let mut awaited = message;
            while !awaited.is_empty() {
                let echo = trap!(yield server.recv(MESSAGE_BYTES as u32))?;
                if echo.is_empty() {
                    return Err(Errno::ECONNRESET);
                }
                if !awaited.starts_with(&echo) {
                    return Err(Errno::EBADMSG);
                }
                awaited.advance(echo.len());
            }
            if (progress.echoed.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(MESSAGES_A_MARK) {
                print!("x")?;
            }
        }
        trap!(yield server.close())
    })
}

/// Random enough to tell messages apart: xorshift64.
struct Noise(u64);

impl Noise {
    fn new(seed: &[u8]) -> Noise {
        let seed = seed.iter().fold(0, |seed, &byte| seed << 8 | u64::from(byte));
        // Zero is the one state it would never leave.
        Noise(seed | 1)
    }

    fn message(&mut self) -> Buf {
        let mut bytes = Vec::with_capacity(MESSAGE_BYTES);
        while bytes.len() < MESSAGE_BYTES {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            bytes.extend_from_slice(&self.0.to_le_bytes());
        }
        Buf::from(bytes)
    }
}
