//! Random streams against a model that knows what was written and what is owed.
//!
//! A failing test names its seed, and takes one from `YIELDIX_SEED`.

use super::*;
use std::fmt::Write;
use std::sync::LazyLock;

/// A seed for a random test: `YIELDIX_SEED`, or each of a few.
fn seeds(count: u64) -> Vec<u64> {
    match std::env::var("YIELDIX_SEED") {
        Ok(seed) => vec![seed.parse().expect("YIELDIX_SEED is a number")],
        Err(_) => (0..count).collect(),
    }
}

/// Runs a random test for each seed; one that fails names it.
fn for_each_seed(count: u64, test: impl Fn(u64)) {
    for seed in seeds(count) {
        let _name = NamesSeed(seed);
        test(seed);
    }
}

struct NamesSeed(u64);

impl Drop for NamesSeed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("to see it again: YIELDIX_SEED={}", self.0);
        }
    }
}

/// What a model knows of one end of a connection.
#[derive(Debug, Default)]
struct ModelEnd {
    device: Option<Device>,
    written: usize,
    read: usize,
    owed: network::Owed,
    is_write_ended: bool,
    is_read_ended: bool,
}

/// Connections, what has gone through them, and a diary of every answer.
struct Model {
    world: Simulated,
    connections: Vec<[ModelEnd; 2]>,
    chance: Generator,
    /// May a connection break, by a close with bytes under way or by a fault?
    may_break: bool,
    diary: String,
}

/// The bytes from this place of a stream on. They repeat after 64 KiB, and so out of step with the
/// lengths that are written.
fn bytes(connection: usize, side: usize, place: usize, length: usize) -> &'static [u8] {
    const PERIOD: usize = 1 << 16;
    static PATTERN: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..3 * PERIOD).map(|place| (place * 31 + place % PERIOD / 256) as u8).collect());
    let start = (place + (2 * connection + side) * 777) % PERIOD;
    &PATTERN[start..start + length]
}

impl Model {
    fn new(seed: u64, script: u64, faults: Faults, may_break: bool) -> Model {
        let mut world = Simulated::new(SimulatedOptions { seed, faults, ..Default::default() });
        let (listener, at) = listen(&mut world, "127.0.0.1:0", 8);
        let mut connections = Vec::new();
        for _ in 0..3 {
            let client = world.connect(at).expect("local");
            settle(&mut world);
            let (server, _) = world.try_accept(listener).expect("a connection");
            connections.push([client, server].map(|device| ModelEnd { device: Some(device), ..Default::default() }));
        }
        let chance = Generator::new(script, Use::Faults);
        Model { world, connections, chance, may_break, diary: String::new() }
    }

    fn step(&mut self) {
        let connection = self.chance.below(self.connections.len() as u64) as usize;
        let side = self.chance.below(2) as usize;
        match self.chance.below(100) {
            0..35 => self.write(connection, side),
            35..70 => self.read(connection, side),
            70..75 => self.ask(connection, side),
            75 if self.chance.below(8) == 0 => self.shutdown(connection, side),
            76 if self.may_break && self.chance.below(4) == 0 => self.close(connection, side),
            _ => {
                let span = Duration::from_nanos(self.chance.below(2 * LATENCY_NS_MAX));
                let until = self.world.now() + span;
                self.interrupts(until);
            }
        }
    }

    fn write(&mut self, connection: usize, side: usize) {
        let most = if self.chance.below(4) == 0 { 40_000 } else { 100 };
        let length = 1 + self.chance.below(most) as usize;
        let end = &mut self.connections[connection][side];
        let Some(device) = end.device else { return };
        let answer = self.world.try_write(device, bytes(connection, side, end.written, length));
        let _ = writeln!(self.diary, "write {device:?} {length} {answer:?}");
        match answer {
            Ok(count) => {
                assert!(!end.is_write_ended && (1..=length).contains(&count));
                end.written += count;
                end.owed.writable |= count < length;
            }
            Err(Errno::EAGAIN) => end.owed.writable = true,
            Err(Errno::EPIPE) => assert!(end.is_write_ended || self.may_break),
            Err(error) => assert!(self.may_break && error == Errno::ECONNRESET, "{error}"),
        }
    }

    fn read(&mut self, connection: usize, side: usize) {
        let most = if self.chance.below(2) == 0 { 70_000 } else { 50 };
        let max = 1 + self.chance.below(most) as usize;
        let [client, server] = &mut self.connections[connection];
        let (end, peer) = if side == 0 { (client, server) } else { (server, client) };
        let Some(device) = end.device else { return };
        let answer = self.world.try_read(device, max);
        let answer_length = answer.as_ref().map(|received| (received.data.len(), received.drained));
        let _ = writeln!(self.diary, "read {device:?} {max} {answer_length:?}");
        match answer {
            Ok(Received { data, drained }) => {
                assert!(data.len() <= max);
                let sent = bytes(connection, 1 - side, end.read, data.len());
                assert!(*data == *sent, "the bytes of {device:?} from {} on", end.read);
                end.read += data.len();
                end.owed.readable |= drained;
                assert!(end.read <= peer.written, "what is read was written");
                if data.is_empty() {
                    assert!(!drained, "an end is no reason to wait");
                    let is_whole = peer.is_write_ended && end.read == peer.written;
                    assert!(is_whole || end.is_read_ended || self.may_break, "the end came early");
                }
            }
            Err(Errno::EAGAIN) => end.owed.readable = true,
            Err(error) => assert!(self.may_break && error == Errno::ECONNRESET, "{error}"),
        }
    }

    fn ask(&mut self, connection: usize, side: usize) {
        let end = &mut self.connections[connection][side];
        let Some(device) = end.device else { return };
        end.owed.readable |= !self.world.is_readable(device).expect("open");
        end.owed.writable |= !self.world.is_writable(device).expect("open");
    }

    fn shutdown(&mut self, connection: usize, side: usize) {
        let end = &mut self.connections[connection][side];
        let Some(device) = end.device else { return };
        // Both halves at once would break the connection when bytes come.
        let how = match self.chance.below(4) {
            0 if self.may_break => Shutdown::Both,
            1 if self.may_break => Shutdown::Read,
            _ => Shutdown::Write,
        };
        let answer = self.world.shutdown(device, how);
        let _ = writeln!(self.diary, "shutdown {device:?} {how:?} {answer:?}");
        if answer.is_ok() {
            end.is_write_ended |= how != Shutdown::Read;
            end.is_read_ended |= how != Shutdown::Write;
        }
    }

    fn close(&mut self, connection: usize, side: usize) {
        let end = &mut self.connections[connection][side];
        if let Some(device) = end.device.take() {
            self.world.close(device);
            end.is_write_ended = true;
        }
    }

    fn interrupts(&mut self, until: Time) -> bool {
        let before = self.world.now();
        let mut happened = Vec::new();
        let can_go_on = self.world.interrupts(until, &mut happened);
        let now = self.world.now();
        assert!(now >= before && (until == Time::NEVER || now <= until.max(before)));
        let _ = writeln!(self.diary, "{now} {happened:?}");
        for interrupt in happened {
            let Interrupt::Ready { device, readable, writable } = interrupt else { panic!("no signals here") };
            let mut ends = self.connections.iter_mut().flatten();
            let end = ends.find(|end| end.device == Some(device)).expect("no interrupt for a closed device");
            assert!(!readable || end.owed.readable, "needless: {device:?} to read");
            assert!(!writable || end.owed.writable, "needless: {device:?} to write");
            end.owed.readable &= !readable;
            end.owed.writable &= !writable;
        }
        can_go_on
    }

    /// Lets everything arrive; then nothing may be owed that could be paid.
    fn settle(&mut self) {
        while self.interrupts(Time::NEVER) {}
        for end in self.connections.iter().flatten() {
            let Some(device) = end.device else { continue };
            if end.owed.readable {
                assert_eq!(self.world.is_readable(device), Ok(false), "{device:?} owes and is silent");
            }
            if end.owed.writable {
                assert_eq!(self.world.is_writable(device), Ok(false), "{device:?} owes and is silent");
            }
        }
    }

    /// Ends every stream in order and reads it out.
    fn finish(&mut self) {
        for connection in 0..self.connections.len() {
            for side in 0..2 {
                if let Some(device) = self.connections[connection][side].device {
                    let _ = self.world.shutdown(device, Shutdown::Write);
                    self.connections[connection][side].is_write_ended = true;
                }
            }
        }
        self.settle();
        for connection in 0..self.connections.len() {
            for side in 0..2 {
                while self.connections[connection][side].read < self.connections[connection][1 - side].written {
                    self.read(connection, side);
                }
                self.read(connection, side);
                let device = self.connections[connection][side].device.expect("nobody closed it");
                assert_eq!(read(&mut self.world, device), Ok(Vec::new()));
            }
        }
    }
}

#[test]
fn random_streams_lose_no_byte_and_no_interrupt() {
    for_each_seed(30, |seed| {
        let mut model = Model::new(seed, seed, Faults::default(), false);
        for _ in 0..20 {
            (0..100).for_each(|_| model.step());
            model.settle();
        }
        model.finish();
    });
}

#[test]
fn random_streams_that_break_give_a_prefix_and_lose_no_interrupt() {
    for_each_seed(30, |seed| {
        let mut model = Model::new(seed, seed, Faults::default(), true);
        for _ in 0..20 {
            (0..100).for_each(|_| model.step());
            model.settle();
        }
    });
}

#[test]
fn random_streams_under_faults_give_a_prefix_and_lose_no_interrupt() {
    let faults =
        Faults { short_reads_permille: 300, short_writes_permille: 300, resets_permille: 1, ..Default::default() };
    for_each_seed(30, |seed| {
        let mut model = Model::new(seed, seed, faults, true);
        for _ in 0..20 {
            (0..100).for_each(|_| model.step());
            model.settle();
        }
    });
}

#[test]
fn short_reads_and_writes_lose_no_byte() {
    let faults = Faults { short_reads_permille: 500, short_writes_permille: 500, ..Default::default() };
    for_each_seed(30, |seed| {
        let mut model = Model::new(seed, seed, faults, false);
        (0..2000).for_each(|_| model.step());
        model.finish();
    });
}

fn diary(seed: u64, script: u64, faults: Faults) -> String {
    let mut model = Model::new(seed, script, faults, true);
    (0..1000).for_each(|_| model.step());
    model.settle();
    model.diary
}

#[test]
fn one_seed_makes_one_run() {
    let faults =
        Faults { short_reads_permille: 50, short_writes_permille: 50, resets_permille: 1, ..Default::default() };
    for_each_seed(5, |seed| assert!(diary(seed, 1, faults) == diary(seed, 1, faults)));
}

#[test]
fn another_seed_makes_another_run() {
    assert!(diary(1, 1, Faults::default()) != diary(2, 1, Faults::default()));
    let mut drawn = [[0; 32]; 2];
    for (seed, bytes) in drawn.iter_mut().enumerate() {
        let options = SimulatedOptions { seed: seed as u64, ..Default::default() };
        Simulated::new(options).entropy(bytes).expect("random bytes");
    }
    assert_ne!(drawn[0], drawn[1]);
}
