//! Hardware to be tested, with an owner that waits for what it is owed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use yieldix_kernel::hardware::host::{ConsoleOptions, Folder, Host, HostOptions};
use yieldix_kernel::hardware::simulated::{HostProgram, MemoryFolder, Simulated, SimulatedOptions};
use yieldix_kernel::hardware::{Device, Hardware, Interrupt, MemoryConsole, Received};
use yieldix_syscalls::{Errno, Time};

/// How long an owed interrupt may take, by the hardware's own clock.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long is waited for what must not happen.
pub const SILENCE: Duration = Duration::from_millis(20);

/// A simulated world.
pub fn simulated() -> Bench<Simulated> {
    Bench::new(Simulated::new(SimulatedOptions {
        folders: vec![MemoryFolder::new()],
        programs: scripts(),
        hosts: [("localhost".to_owned(), vec!["127.0.0.1".parse().expect("an address")])].into(),
        ..Default::default()
    }))
}

/// This host.
pub fn host() -> Bench<Host> {
    let hardware = Host::new(HostOptions {
        console: ConsoleOptions::Memory(MemoryConsole::new()),
        folders: vec![scratch()],
        ..Default::default()
    });
    Bench::new(hardware.expect("a host"))
}

/// What the simulated host has of the programs that every host has.
fn scripts() -> BTreeMap<String, HostProgram> {
    let cat = HostProgram { echoes: true, ..HostProgram::default() };
    let sleep = HostProgram { takes: Duration::from_secs(3600), ..HostProgram::default() };
    let ls = HostProgram { stderr: b"ls: no".to_vec(), code: 2, ..HostProgram::default() };
    [("cat", cat), ("sleep", sleep), ("ls", ls)].map(|(name, program)| (name.to_owned(), program)).into()
}

/// A folder of the host, of which each test uses its own file.
fn scratch() -> Folder {
    static EMPTIED: std::sync::Once = std::sync::Once::new();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("contract");
    // The tests of this process share it, and earlier ones may have left something in it.
    EMPTIED.call_once(|| {
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
    });
    Folder::open(&path).expect("a folder that is there")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Read,
    Write,
}

/// Some hardware, and the interrupts that it gave and nobody has waited for yet.
pub struct Bench<H> {
    pub hardware: H,
    pub ready: BTreeSet<(Device, Direction)>,
}

impl<H: Hardware> Bench<H> {
    pub fn new(hardware: H) -> Bench<H> {
        Bench { hardware, ready: BTreeSet::new() }
    }

    pub fn interrupts(&mut self, until: Time) -> bool {
        let mut happened = Vec::new();
        let can_go_on = self.hardware.interrupts(until, &mut happened);
        for interrupt in happened {
            if let Interrupt::Ready { device, readable, writable } = interrupt {
                self.ready.extend(readable.then_some((device, Direction::Read)));
                self.ready.extend(writable.then_some((device, Direction::Write)));
            }
        }
        can_go_on
    }

    /// Waits for an interrupt that is owed.
    pub fn wait(&mut self, device: Device, direction: Direction) {
        let deadline = self.hardware.now() + PATIENCE;
        while !self.ready.remove(&(device, direction)) {
            assert!(self.hardware.now() < deadline, "{device:?} owes an interrupt to {direction:?} and is silent");
            self.interrupts(deadline);
        }
    }

    /// Lets time pass.
    pub fn pass(&mut self, span: Duration) {
        let deadline = self.hardware.now() + span;
        while self.hardware.now() < deadline {
            self.interrupts(deadline);
        }
    }

    /// Tries until the answer is not "try again", waiting for the interrupt that it promises.
    pub fn until_done<T>(
        &mut self,
        device: Device,
        direction: Direction,
        mut attempt: impl FnMut(&mut H) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        loop {
            match attempt(&mut self.hardware) {
                Err(Errno::EAGAIN) => self.wait(device, direction),
                answer => return answer,
            }
        }
    }

    pub fn listen(&mut self) -> (Device, SocketAddr) {
        let listener = self.hardware.listen("127.0.0.1:0".parse().expect("an address"), 16).expect("a free port");
        let address = self.hardware.local_addr(listener).expect("a listener has an address");
        assert_ne!(address.port(), 0);
        (listener, address)
    }

    pub fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        let client = self.hardware.connect(address)?;
        self.until_done(client, Direction::Write, |hardware| hardware.connected(client))?;
        Ok(client)
    }

    pub fn accept(&mut self, listener: Device) -> (Device, SocketAddr) {
        self.until_done(listener, Direction::Read, |hardware| hardware.try_accept(listener)).expect("a connection")
    }

    /// A connection: the client's end and the server's.
    pub fn pair(&mut self) -> (Device, Device) {
        let (listener, address) = self.listen();
        let client = self.connect(address).expect("somebody listens");
        let (server, _) = self.accept(listener);
        self.hardware.close(listener);
        (client, server)
    }

    pub fn read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        self.until_done(device, Direction::Read, |hardware| hardware.try_read(device, max))
    }

    /// Reads to the end of the stream, heeding `drained`.
    pub fn read_all(&mut self, device: Device) -> Result<Vec<u8>, Errno> {
        let mut bytes = Vec::new();
        loop {
            let received = self.read(device, 4096)?;
            if received.data.is_empty() {
                return Ok(bytes);
            }
            bytes.extend_from_slice(&received.data);
            if received.drained {
                self.wait(device, Direction::Read);
            }
        }
    }

    pub fn write_all(&mut self, device: Device, mut data: &[u8]) -> Result<(), Errno> {
        while !data.is_empty() {
            let count = self.until_done(device, Direction::Write, |hardware| hardware.try_write(device, data))?;
            assert!((1..=data.len()).contains(&count));
            data = &data[count..];
        }
        Ok(())
    }

    /// Writes until there is no room, and gives how many bytes that took.
    pub fn fill(&mut self, device: Device) -> usize {
        let chunk = [b'x'; 4096];
        let mut filled = 0;
        loop {
            match self.hardware.try_write(device, &chunk) {
                Ok(count) => filled += count,
                Err(error) => {
                    assert_eq!(error, Errno::EAGAIN);
                    return filled;
                }
            }
            assert!(filled < 256 << 20, "every stream has a bound");
        }
    }
}

/// What was answered; nothing if it is to be tried again.
pub fn done<T>(answer: Result<T, Errno>) -> Option<T> {
    match answer {
        Err(Errno::EAGAIN) => None,
        answer => Some(answer.expect("no other error than EAGAIN")),
    }
}

/// So many bytes, of which neighbours differ.
pub fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + index / 251) as u8).collect()
}
