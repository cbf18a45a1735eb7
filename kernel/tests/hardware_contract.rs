//! The contract of `Hardware`, tested from outside, on every implementation.
//!
//! Each test is a function over any hardware; `contract!` runs them all on one. They assume
//! nothing of the clock but that it goes on, and nothing of timing but that what is owed comes
//! within [`PATIENCE`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use yieldix_kernel::hardware::host::{ConsoleOptions, Folder, Host, HostOptions};
use yieldix_kernel::hardware::simulated::{HostProgram, MemoryFolder, Simulated, SimulatedOptions};
use yieldix_kernel::hardware::{Device, Hardware, HostStreams, Interrupt, MemoryConsole, Question, Received, Told};
use yieldix_kernel::resolve::Addresses;
use yieldix_syscalls::{
    Buf, Datagram, DirEntry, Errno, ExitStatus, FileInfo, FileKind, HostCommand, OpenFlags, Sender, Shutdown, Signal,
    SocketOption, Time, Value, Work,
};

/// How long an owed interrupt may take, by the hardware's own clock.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited for what must not happen.
const SILENCE: Duration = Duration::from_millis(20);

macro_rules! contract {
    ($($name:ident: $make:expr;)+) => {$(
        mod $name {
            use super::*;

            contract!(@tests $make =>
                the_clock_never_goes_back_and_reaches_the_moment_waited_for,
                a_waker_ends_a_wait,
                bytes_of_any_length_come_back_from_an_echo,
                the_end_comes_after_the_data,
                a_half_that_is_shut_leaves_the_other_open,
                a_connect_to_nobody_is_refused,
                a_closed_device_is_bad_for_good,
                a_new_device_is_not_mistaken_for_an_old_one,
                a_drained_stream_interrupts_when_bytes_come,
                a_full_stream_interrupts_when_there_is_room,
                a_closed_device_gets_no_interrupt,
                a_listener_interrupts_when_somebody_connects,
                a_reset_is_told_after_the_data,
                a_write_after_a_reset_fails,
                both_ends_know_each_other_by_address,
                an_address_in_use_is_refused,
                datagrams_arrive_whole_and_in_order_and_tell_whose_they_are,
                a_datagram_that_is_too_long_for_its_reader_is_cut_and_says_so,
                a_wait_for_datagrams_ends_when_one_comes,
                a_socket_on_the_ipv6_wildcard_hears_ipv4,
                what_nobody_hears_is_nobodys_error,
                an_address_for_datagrams_is_not_shared_and_is_free_after_a_close,
                a_reader_that_is_slow_loses_datagrams_and_no_more,
                sockets_for_datagrams_refuse_what_streams_do,
                a_name_is_asked_about_and_answered_once,
                a_program_reads_prints_and_ends,
                a_program_is_ended_by_a_signal_and_that_is_told_by_name,
                a_closed_process_ends_and_so_do_its_streams,
                a_program_that_is_not_there_is_not_started,
                a_program_that_nobody_wants_any_more_leaves_nothing,
                options_can_be_set,
                the_console_is_no_socket,
                sockets_are_counted,
                entropy_does_not_repeat,
                a_file_is_opened_written_read_and_cut,
                an_operation_that_was_given_up_is_not_taken_for_the_next,
                a_watch_interrupts_when_its_file_is_written,
                a_watch_whose_directory_is_gone_says_so_and_fails,
                a_watch_goes_with_its_directory_below_another_name,
                a_closed_file_gets_no_interrupt,
                what_is_not_there_is_told_by_name,
                a_directory_is_made_listed_and_removed,
                what_cannot_be_done_to_a_name_is_told_by_name,
                a_rename_replaces_what_it_may_and_nothing_else,
                a_directory_that_has_another_name_has_what_is_in_it,
                a_directory_is_opened_to_read_and_only_so,
                a_listing_goes_on_where_it_ended_and_begins_anew,
                a_listing_that_was_given_up_loses_nothing,
                what_is_removed_while_a_directory_is_listed_hides_nothing_else,
                an_open_directory_outlives_its_name,
                an_open_file_outlives_its_name,
                a_moment_that_was_set_is_told_and_none_is_now,
                a_sync_of_a_file_or_directory_ends,
                a_question_that_was_given_up_leaves_no_device_and_no_interrupt,
                a_job_interrupts_when_it_is_done_and_is_taken_once,
                a_panic_is_what_comes_of_a_job,
                a_closed_job_gives_what_nobody_took_and_no_interrupt,
                jobs_are_counted,
            );
        }
    )+};
    (@tests $make:expr => $($test:ident,)+) => {$(
        #[test]
        fn $test() {
            super::$test(Bench::new($make));
        }
    )+};
}

contract! {
    simulated: Simulated::new(SimulatedOptions {
        folders: vec![MemoryFolder::new()],
        programs: scripts(),
        hosts: [("localhost".to_owned(), vec!["127.0.0.1".parse().expect("an address")])].into(),
        ..Default::default()
    });
    host: Host::new(HostOptions {
        console: ConsoleOptions::Memory(MemoryConsole::new()),
        folders: vec![scratch()],
        ..Default::default()
    })
    .expect("a host");
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
enum Direction {
    Read,
    Write,
}

/// Some hardware, and the interrupts that it gave and nobody has waited for yet.
struct Bench<H> {
    hardware: H,
    ready: BTreeSet<(Device, Direction)>,
}

impl<H: Hardware> Bench<H> {
    fn new(hardware: H) -> Bench<H> {
        Bench { hardware, ready: BTreeSet::new() }
    }

    fn interrupts(&mut self, until: Time) -> bool {
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
    fn wait(&mut self, device: Device, direction: Direction) {
        let deadline = self.hardware.now() + PATIENCE;
        while !self.ready.remove(&(device, direction)) {
            assert!(self.hardware.now() < deadline, "{device:?} owes an interrupt to {direction:?} and is silent");
            self.interrupts(deadline);
        }
    }

    /// Lets time pass.
    fn pass(&mut self, span: Duration) {
        let deadline = self.hardware.now() + span;
        while self.hardware.now() < deadline {
            self.interrupts(deadline);
        }
    }

    /// Tries until the answer is not "try again", waiting for the interrupt that it promises.
    fn until_done<T>(
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

    fn listen(&mut self) -> (Device, SocketAddr) {
        let listener = self.hardware.listen("127.0.0.1:0".parse().expect("an address"), 16).expect("a free port");
        let address = self.hardware.local_addr(listener).expect("a listener has an address");
        assert_ne!(address.port(), 0);
        (listener, address)
    }

    fn connect(&mut self, address: SocketAddr) -> Result<Device, Errno> {
        let client = self.hardware.connect(address)?;
        self.until_done(client, Direction::Write, |hardware| hardware.connected(client))?;
        Ok(client)
    }

    fn accept(&mut self, listener: Device) -> (Device, SocketAddr) {
        self.until_done(listener, Direction::Read, |hardware| hardware.try_accept(listener)).expect("a connection")
    }

    /// A connection: the client's end and the server's.
    fn pair(&mut self) -> (Device, Device) {
        let (listener, address) = self.listen();
        let client = self.connect(address).expect("somebody listens");
        let (server, _) = self.accept(listener);
        self.hardware.close(listener);
        (client, server)
    }

    fn read(&mut self, device: Device, max: usize) -> Result<Received, Errno> {
        self.until_done(device, Direction::Read, |hardware| hardware.try_read(device, max))
    }

    /// Reads to the end of the stream, heeding `drained`.
    fn read_all(&mut self, device: Device) -> Result<Vec<u8>, Errno> {
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

    fn write_all(&mut self, device: Device, mut data: &[u8]) -> Result<(), Errno> {
        while !data.is_empty() {
            let count = self.until_done(device, Direction::Write, |hardware| hardware.try_write(device, data))?;
            assert!((1..=data.len()).contains(&count));
            data = &data[count..];
        }
        Ok(())
    }

    /// Writes until there is no room, and gives how many bytes that took.
    fn fill(&mut self, device: Device) -> usize {
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

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 7 + index / 251) as u8).collect()
}

fn the_clock_never_goes_back_and_reaches_the_moment_waited_for<H: Hardware>(mut bench: Bench<H>) {
    let mut last = bench.hardware.now();
    for _ in 0..5 {
        let until = last + Duration::from_millis(2);
        assert!(bench.interrupts(until));
        let now = bench.hardware.now();
        assert!(now >= last);
        last = now;
    }
    bench.pass(SILENCE);
    assert!(bench.hardware.now() >= last + SILENCE);
    let now = bench.hardware.now();
    assert!(bench.interrupts(Time::BOOT), "a moment that has passed is not waited for");
    assert!(bench.hardware.now() >= now);
}

fn a_waker_ends_a_wait<H: Hardware>(mut bench: Bench<H>) {
    let waker = bench.hardware.waker();
    let deadline = bench.hardware.now() + PATIENCE;
    let thread = std::thread::spawn(move || waker());
    thread.join().expect("waking does not panic");
    assert!(bench.interrupts(deadline));
    assert!(bench.hardware.now() < deadline);
}

fn bytes_of_any_length_come_back_from_an_echo<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    for length in [1, 2, 7, 64, 1000, 4096, 65_536, 100_000, 1 << 20] {
        let sent = pattern(length);
        let mut unsent = &sent[..];
        let mut echoed: Vec<u8> = Vec::new();
        let mut unechoed = Vec::new();
        // One thread is both ends, so each round does what can be done and then waits for any.
        while echoed.len() < length {
            let mut has_moved = false;
            if !unsent.is_empty()
                && let Some(count) = done(bench.hardware.try_write(client, unsent))
            {
                unsent = &unsent[count..];
                has_moved = true;
            }
            if let Some(received) = done(bench.hardware.try_read(server, 8192)) {
                assert!(!received.data.is_empty());
                unechoed.extend_from_slice(&received.data);
                has_moved = true;
            }
            if !unechoed.is_empty()
                && let Some(count) = done(bench.hardware.try_write(server, &unechoed))
            {
                unechoed.drain(..count);
                has_moved = true;
            }
            if let Some(received) = done(bench.hardware.try_read(client, 8192)) {
                assert!(!received.data.is_empty());
                echoed.extend_from_slice(&received.data);
                has_moved = true;
            }
            if !has_moved {
                bench.ready.clear();
                let deadline = bench.hardware.now() + PATIENCE;
                bench.interrupts(deadline);
                assert!(!bench.ready.is_empty(), "both ends wait and nothing comes");
            }
        }
        assert!(echoed == sent, "{length} bytes came back changed");
    }
}

fn done<T>(answer: Result<T, Errno>) -> Option<T> {
    match answer {
        Err(Errno::EAGAIN) => None,
        answer => Some(answer.expect("no other error than EAGAIN")),
    }
}

fn the_end_comes_after_the_data<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(client, b"last words").expect("room");
    bench.hardware.close(client);
    assert_eq!(bench.read_all(server), Ok(b"last words".to_vec()));
    assert!(bench.read(server, 1).expect("the end stays").data.is_empty());
    assert_eq!(bench.hardware.is_readable(server), Ok(true));
}

fn a_half_that_is_shut_leaves_the_other_open<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(client, b"question").expect("room");
    bench.hardware.shutdown(client, Shutdown::Write).expect("connected");
    assert_eq!(bench.hardware.try_write(client, b"x"), Err(Errno::EPIPE));
    assert_eq!(bench.read_all(server), Ok(b"question".to_vec()));
    bench.write_all(server, b"answer").expect("the other half is open");
    bench.hardware.close(server);
    assert_eq!(bench.read_all(client), Ok(b"answer".to_vec()));
}

fn a_connect_to_nobody_is_refused<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    bench.hardware.close(listener);
    assert_eq!(bench.connect(address), Err(Errno::ECONNREFUSED));
}

fn a_closed_device_is_bad_for_good<H: Hardware>(mut bench: Bench<H>) {
    let (client, _server) = bench.pair();
    bench.hardware.close(client);
    let hardware = &mut bench.hardware;
    assert_eq!(hardware.try_read(client, 1).map(|_| ()), Err(Errno::EBADF));
    assert_eq!(hardware.try_write(client, b"x"), Err(Errno::EBADF));
    assert_eq!(hardware.is_readable(client), Err(Errno::EBADF));
    assert_eq!(hardware.is_writable(client), Err(Errno::EBADF));
    assert_eq!(hardware.try_accept(client), Err(Errno::EBADF));
    assert_eq!(hardware.connected(client), Err(Errno::EBADF));
    assert_eq!(hardware.shutdown(client, Shutdown::Both), Err(Errno::EBADF));
    assert_eq!(hardware.local_addr(client), Err(Errno::EBADF));
    assert_eq!(hardware.peer_addr(client), Err(Errno::EBADF));
    assert_eq!(hardware.set_option(client, SocketOption::NoDelay(true)), Err(Errno::EBADF));
    hardware.close(client);
}

fn a_new_device_is_not_mistaken_for_an_old_one<H: Hardware>(mut bench: Bench<H>) {
    let (old, _) = bench.listen();
    bench.hardware.close(old);
    let (new, _) = bench.listen();
    assert_ne!(old, new);
    assert!(!new.is_console());
    bench.hardware.close(old);
    assert!(bench.hardware.local_addr(new).is_ok(), "closing the old one again leaves the new one alone");
    assert_eq!(bench.hardware.local_addr(old), Err(Errno::EBADF));
}

fn a_drained_stream_interrupts_when_bytes_come<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    for word in [&b"one"[..], b"two", b"three"] {
        assert_eq!(bench.hardware.is_readable(server), Ok(false));
        bench.write_all(client, word).expect("room");
        bench.wait(server, Direction::Read);
        assert_eq!(bench.hardware.is_readable(server), Ok(true));
        let received = bench.read(server, 100).expect("a word");
        assert_eq!(&*received.data, word);
        // Drained or not, the next "not now" is owed an interrupt as well.
        if received.drained {
            bench.ready.clear();
            bench.write_all(client, b"more").expect("room");
            bench.wait(server, Direction::Read);
            assert_eq!(&*bench.read(server, 100).expect("more").data, b"more");
        }
        let drained = bench.hardware.try_read(server, 1).map(|_| ());
        assert_eq!(drained, Err(Errno::EAGAIN));
    }
}

fn a_full_stream_interrupts_when_there_is_room<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    let mut filled = bench.fill(client);
    // What is under way to the peer may make a little room yet.
    bench.pass(SILENCE);
    filled += bench.fill(client);
    assert_eq!(bench.hardware.is_writable(client), Ok(false));
    bench.ready.clear();
    let mut read = 0;
    while read < filled {
        read += bench.read(server, 1 << 16).expect("what was written").data.len();
    }
    bench.wait(client, Direction::Write);
    assert_eq!(bench.hardware.is_writable(client), Ok(true));
    assert!(bench.hardware.try_write(client, b"x").is_ok());
}

fn a_closed_device_gets_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    bench.write_all(client, b"too late").expect("room");
    bench.hardware.close(server);
    bench.ready.clear();
    bench.pass(SILENCE);
    assert!(bench.ready.iter().all(|(device, _)| *device != server));
}

fn a_listener_interrupts_when_somebody_connects<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    for _ in 0..3 {
        assert_eq!(bench.hardware.is_readable(listener), Ok(false));
        assert_eq!(bench.hardware.try_accept(listener), Err(Errno::EAGAIN));
        let client = bench.connect(address).expect("somebody listens");
        bench.wait(listener, Direction::Read);
        assert_eq!(bench.hardware.is_readable(listener), Ok(true));
        let (_, peer) = bench.hardware.try_accept(listener).expect("a connection");
        assert_eq!(bench.hardware.local_addr(client), Ok(peer));
    }
}

fn a_reset_is_told_after_the_data<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    bench.write_all(client, b"abc").expect("room");
    bench.wait(server, Direction::Read);
    bench.hardware.set_option(client, SocketOption::Linger(Some(0))).expect("a stream");
    bench.hardware.close(client);
    bench.pass(SILENCE);
    assert_eq!(&*bench.read(server, 10).expect("what had come").data, b"abc");
    assert_eq!(bench.read(server, 10).map(|_| ()), Err(Errno::ECONNRESET));
}

fn a_write_after_a_reset_fails<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    bench.write_all(server, b"never read").expect("room");
    assert!(bench.hardware.is_readable(client).is_ok());
    bench.pass(SILENCE);
    // Closing over unread bytes resets, as Linux has it.
    bench.hardware.close(client);
    bench.pass(SILENCE);
    assert_eq!(bench.hardware.try_write(server, b"x"), Err(Errno::ECONNRESET));
    assert_eq!(bench.hardware.try_write(server, b"x"), Err(Errno::EPIPE));
    assert_eq!(bench.hardware.shutdown(server, Shutdown::Write), Err(Errno::ENOTCONN));
}

fn both_ends_know_each_other_by_address<H: Hardware>(mut bench: Bench<H>) {
    let (client, server) = bench.pair();
    let hardware = &mut bench.hardware;
    assert_eq!(hardware.peer_addr(client), hardware.local_addr(server));
    assert_eq!(hardware.local_addr(client), hardware.peer_addr(server));
    let (listener, _) = bench.listen();
    assert_eq!(bench.hardware.peer_addr(listener), Err(Errno::ENOTCONN));
}

fn an_address_in_use_is_refused<H: Hardware>(mut bench: Bench<H>) {
    let (listener, address) = bench.listen();
    assert_eq!(bench.hardware.listen(address, 1), Err(Errno::EADDRINUSE));
    bench.hardware.close(listener);
    assert!(bench.hardware.listen(address, 1).is_ok(), "free again at once");
}

/// A socket for datagrams on a loopback address, and where it is.
fn post<H: Hardware>(bench: &mut Bench<H>, ip: &str) -> (Device, SocketAddr) {
    let device = bench.hardware.udp_bind(SocketAddr::new(ip.parse().expect("an address"), 0)).expect("a free port");
    (device, bench.hardware.local_addr(device).expect("it has an address"))
}

fn send_to<H: Hardware>(bench: &mut Bench<H>, from: Device, to: SocketAddr, data: &[u8]) {
    let sent = bench.until_done(from, Direction::Write, |hardware| hardware.try_send_to(from, to, data));
    sent.expect("it is sent");
}

fn receive<H: Hardware>(bench: &mut Bench<H>, device: Device, max: usize) -> Datagram {
    let received = bench.until_done(device, Direction::Read, |hardware| hardware.try_recv_from(device, max));
    received.expect("a datagram")
}

fn datagrams_arrive_whole_and_in_order_and_tell_whose_they_are<H: Hardware>(mut bench: Bench<H>) {
    for ip in ["127.0.0.1", "::1"] {
        let (one, one_address) = post(&mut bench, ip);
        let (two, two_address) = post(&mut bench, ip);
        for length in [0, 1, 1000, 65_507] {
            send_to(&mut bench, one, two_address, &pattern(length));
            let Datagram { data, from, is_cut } = receive(&mut bench, two, 65_536);
            assert_eq!((data.len(), from, is_cut), (length, Sender::Udp(one_address), false));
            assert!(*data == pattern(length), "{length} bytes came changed");
        }
        for number in 0..20 {
            send_to(&mut bench, two, one_address, &[number]);
        }
        for number in 0..20 {
            assert_eq!(&*receive(&mut bench, one, 10).data, &[number]);
        }
        bench.hardware.close(one);
        bench.hardware.close(two);
    }
    assert_eq!(bench.hardware.stats().sockets, 0);
}

fn a_datagram_that_is_too_long_for_its_reader_is_cut_and_says_so<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    for (max, expected, is_cut) in [(3, &b"lon"[..], true), (4, b"long", false), (5, b"long", false), (0, b"", true)] {
        send_to(&mut bench, device, address, b"long");
        send_to(&mut bench, device, address, b"next");
        let first = receive(&mut bench, device, max);
        assert_eq!((&*first.data, first.is_cut), (expected, is_cut), "{max}");
        assert_eq!(&*receive(&mut bench, device, 10).data, b"next", "the rest is lost");
    }
}

fn a_wait_for_datagrams_ends_when_one_comes<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    for _ in 0..3 {
        assert_eq!(bench.hardware.is_readable(device), Ok(false));
        assert_eq!(bench.hardware.try_recv_from(device, 10).map(drop), Err(Errno::EAGAIN));
        bench.ready.clear();
        send_to(&mut bench, device, address, b"");
        bench.wait(device, Direction::Read);
        assert_eq!(bench.hardware.is_readable(device), Ok(true));
        assert!(receive(&mut bench, device, 10).data.is_empty());
    }
    assert_eq!(bench.hardware.is_writable(device), Ok(true));
}

fn a_socket_on_the_ipv6_wildcard_hears_ipv4<H: Hardware>(mut bench: Bench<H>) {
    let (all, SocketAddr::V6(bound)) = post(&mut bench, "::") else { panic!("an address of IPv6") };
    let (old, old_address) = post(&mut bench, "127.0.0.1");
    send_to(&mut bench, old, SocketAddr::new("127.0.0.1".parse().expect("an address"), bound.port()), b"question");
    let Sender::Udp(from) = receive(&mut bench, all, 10).from else { panic!("it has an address") };
    assert_eq!((from.ip().to_canonical(), from.port()), (old_address.ip(), old_address.port()));
    send_to(&mut bench, all, from, b"answer");
    assert_eq!(&*receive(&mut bench, old, 10).data, b"answer");
    let (new, new_address) = post(&mut bench, "::1");
    assert_eq!(bench.hardware.try_send_to(old, new_address, b"x"), Err(Errno::EAFNOSUPPORT));
    assert_eq!(bench.hardware.try_send_to(new, old_address, b"x"), Err(Errno::ENETUNREACH));
}

fn what_nobody_hears_is_nobodys_error<H: Hardware>(mut bench: Bench<H>) {
    let (gone, nowhere) = post(&mut bench, "127.0.0.1");
    bench.hardware.close(gone);
    let (device, address) = post(&mut bench, "127.0.0.1");
    for _ in 0..3 {
        send_to(&mut bench, device, nowhere, b"hello?");
        bench.pass(SILENCE);
        assert_eq!(bench.hardware.try_recv_from(device, 10).map(drop), Err(Errno::EAGAIN));
    }
    send_to(&mut bench, device, address, b"still here");
    assert_eq!(&*receive(&mut bench, device, 10).data, b"still here");
    let port_0 = SocketAddr::new(address.ip(), 0);
    assert_eq!(bench.hardware.try_send_to(device, port_0, b"x"), Err(Errno::EINVAL));
}

fn an_address_for_datagrams_is_not_shared_and_is_free_after_a_close<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    assert_eq!(bench.hardware.udp_bind(address), Err(Errno::EADDRINUSE));
    let wildcard = SocketAddr::new("0.0.0.0".parse().expect("an address"), address.port());
    assert_eq!(bench.hardware.udp_bind(wildcard), Err(Errno::EADDRINUSE));
    bench.hardware.close(device);
    let again = bench.hardware.udp_bind(address).expect("it is free");
    let far = "192.0.2.1:0".parse().expect("an address");
    assert_eq!(bench.hardware.udp_bind(far), Err(Errno::EADDRNOTAVAIL));
    bench.hardware.close(again);
}

fn a_reader_that_is_slow_loses_datagrams_and_no_more<H: Hardware>(mut bench: Bench<H>) {
    let (reader, address) = post(&mut bench, "127.0.0.1");
    let (writer, _) = post(&mut bench, "127.0.0.1");
    let sent = 2000;
    for number in 0..sent {
        let data = [&u32::to_le_bytes(number)[..], &[b'x'; 996]].concat();
        send_to(&mut bench, writer, address, &data);
    }
    bench.pass(SILENCE);
    let mut received = Vec::new();
    while let Some(datagram) = done(bench.hardware.try_recv_from(reader, 4)) {
        received.push(u32::from_le_bytes(datagram.data[..].try_into().expect("four bytes")));
    }
    assert!(received.is_sorted(), "what was not lost is in order");
    assert!((10..sent as usize).contains(&received.len()), "{} of {sent} came", received.len());
    send_to(&mut bench, writer, address, b"room again");
    assert_eq!(&*receive(&mut bench, reader, 10).data, b"room again");
}

fn sockets_for_datagrams_refuse_what_streams_do<H: Hardware>(mut bench: Bench<H>) {
    let (device, address) = post(&mut bench, "127.0.0.1");
    let (listener, _) = bench.listen();
    assert!(bench.hardware.try_accept(device).is_err());
    assert_eq!(bench.hardware.shutdown(device, Shutdown::Both), Err(Errno::ENOTCONN));
    assert_eq!(bench.hardware.peer_addr(device), Err(Errno::ENOTCONN));
    assert!(bench.hardware.try_send_to(listener, address, b"x").is_err());
    bench.hardware.close(device);
    assert_eq!(bench.hardware.try_recv_from(device, 1).map(drop), Err(Errno::EBADF));
    assert_eq!(bench.hardware.try_send_to(device, address, b"x"), Err(Errno::EBADF));
}

fn a_name_is_asked_about_and_answered_once<H: Hardware>(mut bench: Bench<H>) {
    let mut ask = |name: &str| {
        let device = bench.hardware.resolve(name).expect("it is asked");
        assert_eq!(bench.hardware.stats().jobs, 1);
        let told = bench.until_done(device, Direction::Read, |hardware| hardware.try_take(device));
        let addresses = told.expect("it is told").expect("no panic").downcast::<Addresses>().expect("addresses");
        assert_eq!(bench.hardware.try_take(device).map(drop), Err(Errno::ESTALE));
        assert!(bench.hardware.close_job(device).is_none());
        assert_eq!(bench.hardware.stats().jobs, 0);
        addresses
    };
    let own = ask("localhost").expect("every host has it");
    assert!(!own.is_empty() && own.iter().all(|address| address.is_loopback()), "{own:?}");
    // Nobody has it, and a host without a network cannot ask who would know that.
    let nobody = ask("nobody.invalid");
    assert!(matches!(nobody, Err(Errno::ENOENT | Errno::EAGAIN)), "{nobody:?}");
}

fn exec<H: Hardware>(bench: &mut Bench<H>, program: &str, args: &[&str]) -> Result<(Device, HostStreams), Errno> {
    let args = args.iter().map(|&word| word.to_owned()).collect();
    let process = bench.hardware.host_exec(&HostCommand { program: program.into(), args })?;
    let started = bench.until_done(process, Direction::Write, |hardware| hardware.host_started(process));
    if started.is_err() {
        bench.hardware.close(process);
    }
    Ok((process, started?))
}

fn status<H: Hardware>(bench: &mut Bench<H>, process: Device) -> ExitStatus {
    bench.until_done(process, Direction::Read, |hardware| hardware.host_status(process)).expect("it ends")
}

fn close_streams<H: Hardware>(bench: &mut Bench<H>, HostStreams { stdin, stdout, stderr }: HostStreams) {
    for device in [stdin, stdout, stderr] {
        bench.hardware.close(device);
    }
}

fn a_program_reads_prints_and_ends<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "cat", &[]).expect("it is started");
    assert_eq!(bench.hardware.stats().programs, 4);
    assert_eq!(bench.hardware.try_read(streams.stdout, 10).map(drop), Err(Errno::EAGAIN));
    assert_eq!(bench.hardware.host_status(process), Err(Errno::EAGAIN));
    bench.write_all(streams.stdin, b"hello").expect("it reads");
    assert_eq!(&*bench.read(streams.stdout, 10).expect("it prints").data, b"hello");
    // More than the pipes hold: it waits until somebody reads.
    let filled = bench.fill(streams.stdin);
    bench.ready.clear();
    let mut printed = 0;
    while printed < filled {
        printed += bench.read(streams.stdout, 8192).expect("it prints").data.len();
    }
    bench
        .until_done(streams.stdin, Direction::Write, |hardware| hardware.try_write(streams.stdin, b"x"))
        .expect("room");
    bench.hardware.close(streams.stdin);
    assert_eq!(bench.read_all(streams.stdout), Ok(b"x".to_vec()));
    assert_eq!(bench.read_all(streams.stderr), Ok(Vec::new()));
    for _ in 0..2 {
        assert_eq!(status(&mut bench, process), ExitStatus::Exited(0));
    }
    assert_eq!(bench.hardware.is_readable(process), Ok(true));
    close_streams(&mut bench, streams);
    bench.hardware.close(process);
    assert_eq!(bench.hardware.stats().programs, 0);
    assert_eq!(bench.hardware.host_status(process), Err(Errno::EBADF));
}

fn a_program_is_ended_by_a_signal_and_that_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "sleep", &["3600"]).expect("it is started");
    assert_eq!(bench.hardware.is_readable(process), Ok(false));
    bench.ready.clear();
    bench.hardware.host_kill(process, Signal::Term).expect("it is there");
    bench.wait(process, Direction::Read);
    assert_eq!(status(&mut bench, process), ExitStatus::Killed(Signal::Term));
    assert_eq!(bench.hardware.host_kill(process, Signal::Kill), Ok(()));
    let written = bench.until_done(streams.stdin, Direction::Write, |hardware| hardware.try_write(streams.stdin, b"x"));
    assert_eq!(written, Err(Errno::EPIPE));
}

fn a_closed_process_ends_and_so_do_its_streams<H: Hardware>(mut bench: Bench<H>) {
    let (process, streams) = exec(&mut bench, "cat", &[]).expect("it is started");
    bench.hardware.close(process);
    assert_eq!(bench.read_all(streams.stdout), Ok(Vec::new()));
    assert_eq!(bench.hardware.host_kill(process, Signal::Term), Err(Errno::EBADF));
    close_streams(&mut bench, streams);
    assert_eq!(bench.hardware.stats().programs, 0);
}

fn a_program_that_is_not_there_is_not_started<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(exec(&mut bench, "no such program", &[]).map(drop), Err(Errno::ENOENT));
    assert_eq!(bench.hardware.stats().programs, 0);
    let (process, streams) = exec(&mut bench, "ls", &["/no such folder"]).expect("it is started");
    assert!(bench.read_all(streams.stderr).expect("it complains").starts_with(b"ls: "));
    assert_eq!(status(&mut bench, process), ExitStatus::Exited(2));
}

fn a_program_that_nobody_wants_any_more_leaves_nothing<H: Hardware>(mut bench: Bench<H>) {
    let command = HostCommand { program: "cat".into(), args: Vec::new() };
    for _ in 0..5 {
        let process = bench.hardware.host_exec(&command).expect("it is begun");
        bench.hardware.close(process);
    }
    bench.pass(SILENCE);
    assert_eq!((bench.hardware.stats().programs, &bench.ready), (0, &BTreeSet::new()));
}

fn options_can_be_set<H: Hardware>(mut bench: Bench<H>) {
    let (client, _server) = bench.pair();
    for option in [
        SocketOption::NoDelay(true),
        SocketOption::KeepAlive { idle_seconds: 60 },
        SocketOption::KeepAlive { idle_seconds: 0 },
        SocketOption::Linger(Some(0)),
        SocketOption::Linger(None),
    ] {
        assert_eq!(bench.hardware.set_option(client, option), Ok(()), "{option:?}");
    }
}

fn the_console_is_no_socket<H: Hardware>(mut bench: Bench<H>) {
    for device in [Device::STDIN, Device::STDOUT, Device::STDERR] {
        assert_eq!(bench.hardware.try_accept(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.shutdown(device, Shutdown::Both), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.local_addr(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.peer_addr(device), Err(Errno::ENOTSOCK));
        assert_eq!(bench.hardware.set_option(device, SocketOption::NoDelay(true)), Err(Errno::ENOTSOCK));
    }
}

fn sockets_are_counted<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(bench.hardware.stats().sockets, 0);
    let (client, server) = bench.pair();
    assert_eq!(bench.hardware.stats().sockets, 2);
    assert_eq!(bench.hardware.is_readable(server), Ok(false));
    assert!((1..=2).contains(&bench.hardware.stats().registrations));
    bench.hardware.close(client);
    bench.hardware.close(server);
    let stats = bench.hardware.stats();
    assert_eq!((stats.sockets, stats.registrations), (0, 0));
}

fn entropy_does_not_repeat<H: Hardware>(mut bench: Bench<H>) {
    let mut drawn = [[0; 16]; 2];
    for bytes in &mut drawn {
        bench.hardware.entropy(bytes).expect("random bytes");
    }
    assert_ne!(drawn[0], drawn[1]);
    assert_eq!(bench.hardware.entropy(&mut []), Ok(()));
}

fn offload<H: Hardware, T: Send + 'static>(bench: &mut Bench<H>, work: impl FnOnce() -> T + Send + 'static) -> Device {
    bench.hardware.offload(Box::new(Work::new(work))).map_err(|(errno, _)| errno).expect("a helper")
}

fn a_job_interrupts_when_it_is_done_and_is_taken_once<H: Hardware>(mut bench: Bench<H>) {
    let jobs: Vec<(u32, Device)> =
        (0..20).map(|number| (number, offload(&mut bench, move || number * number))).collect();
    for (number, job) in jobs {
        let outcome = bench.until_done(job, Direction::Read, |hardware| hardware.try_take(job)).expect("open");
        assert_eq!(outcome.map(Value::downcast), Ok(Some(number * number)));
        assert_eq!(bench.hardware.is_readable(job), Ok(true));
        assert_eq!(bench.hardware.try_take(job).map(drop), Err(Errno::ESTALE));
        assert!(bench.hardware.close_job(job).is_none());
        assert_eq!(bench.hardware.try_take(job).map(drop), Err(Errno::EBADF));
    }
}

fn a_panic_is_what_comes_of_a_job<H: Hardware>(mut bench: Bench<H>) {
    let job = offload(&mut bench, || -> u8 { panic!("on {}", "purpose") });
    let outcome = bench.until_done(job, Direction::Read, |hardware| hardware.try_take(job)).expect("open");
    assert_eq!(outcome.map(drop), Err("on purpose".into()));
}

fn a_closed_job_gives_what_nobody_took_and_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let job = offload(&mut bench, || 7_u8);
    while !bench.hardware.is_readable(job).expect("open") {
        bench.wait(job, Direction::Read);
    }
    let outcome = bench.hardware.close_job(job).expect("it was not taken");
    assert_eq!(outcome.map(Value::downcast), Ok(Some(7_u8)));
    let abandoned = offload(&mut bench, || ());
    bench.hardware.close_job(abandoned);
    bench.ready.clear();
    bench.pass(SILENCE);
    assert!(bench.ready.is_empty(), "{:?}", bench.ready);
}

fn jobs_are_counted<H: Hardware>(mut bench: Bench<H>) {
    let [first, second] = [offload(&mut bench, || ()), offload(&mut bench, || ())];
    assert_eq!(bench.hardware.stats().jobs, 2);
    bench.hardware.close_job(first);
    assert_eq!(bench.hardware.stats().jobs, 1);
    bench.hardware.close_job(second);
    let stats = bench.hardware.stats();
    assert_eq!((stats.jobs, stats.sockets, stats.registrations), (0, 0, 0));
}

const READ: OpenFlags = OpenFlags::READ;

/// An empty file of this name, open to read and to write.
fn open_empty<H: Hardware>(bench: &mut Bench<H>, name: &str) -> Device {
    let flags = READ | OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
    open(bench, name, flags).expect("it is opened")
}

/// The answer to a question.
fn ask<H: Hardware>(bench: &mut Bench<H>, question: Question) -> Result<Told, Errno> {
    let asked = bench.hardware.ask(0, question).expect("it is asked");
    let told = bench.until_done(asked, Direction::Write, |hardware| hardware.told(asked));
    bench.hardware.close(asked);
    told
}

fn mkdir<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Mkdir(path.into()))
}

fn unlink<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Unlink(path.into()))
}

fn rmdir<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Rmdir(path.into()))
}

fn rename<H: Hardware>(bench: &mut Bench<H>, from: &str, to: &str) -> Result<Told, Errno> {
    ask(bench, Question::Rename { from: from.into(), to: to.into() })
}

fn stat<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<FileInfo, Errno> {
    match ask(bench, Question::Stat { path: path.into(), follows: true })? {
        Told::Info(info) => Ok(info),
        Told::Done => panic!("a stat tells what is known"),
    }
}

fn open<H: Hardware>(bench: &mut Bench<H>, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
    let file = bench.hardware.open(0, path, flags)?;
    match bench.until_done(file, Direction::Write, |hardware| hardware.connected(file)) {
        Ok(()) => Ok(file),
        Err(errno) => {
            bench.hardware.close(file);
            Err(errno)
        }
    }
}

/// An empty file of this name, closed.
fn make<H: Hardware>(bench: &mut Bench<H>, path: &str) {
    let file = open_empty(bench, path);
    bench.hardware.close(file);
}

fn read_dir<H: Hardware>(bench: &mut Bench<H>, directory: Device, ticket: u64, offset: u64) -> Vec<DirEntry> {
    let read = |hardware: &mut H| hardware.try_read_dir(directory, ticket, offset);
    bench.until_done(directory, Direction::Read, read).expect("it is read")
}

/// The names in an open directory, in order, with what they are.
fn list_open<H: Hardware>(bench: &mut Bench<H>, directory: Device) -> Vec<(String, FileKind)> {
    let mut all = Vec::new();
    loop {
        let more = read_dir(bench, directory, all.len() as u64, all.len() as u64);
        if more.is_empty() {
            all.sort_by(|one: &(String, _), other| one.0.cmp(&other.0));
            return all;
        }
        all.extend(more.into_iter().map(|entry| (entry.name.into_string(), entry.kind)));
    }
}

fn list<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Vec<(String, FileKind)> {
    let directory = open(bench, path, READ).expect("a directory");
    let all = list_open(bench, directory);
    bench.hardware.close(directory);
    all
}

fn a_directory_is_made_listed_and_removed<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(mkdir(&mut bench, "made"), Ok(Told::Done));
    assert_eq!(mkdir(&mut bench, "made/inner"), Ok(Told::Done));
    make(&mut bench, "made/inner.file");
    make(&mut bench, "made/inner/deep");
    let expected = [("inner".into(), FileKind::Directory), ("inner.file".into(), FileKind::Regular)];
    assert_eq!(list(&mut bench, "made"), expected);
    assert_eq!(stat(&mut bench, "made").map(|info| info.kind), Ok(FileKind::Directory));
    assert_eq!(rmdir(&mut bench, "made"), Err(Errno::ENOTEMPTY));
    for (path, is_directory) in [("made/inner/deep", false), ("made/inner", true), ("made/inner.file", false)] {
        let removed = if is_directory { rmdir(&mut bench, path) } else { unlink(&mut bench, path) };
        assert_eq!(removed, Ok(Told::Done), "{path}");
    }
    assert_eq!(list(&mut bench, "made"), []);
    assert_eq!(rmdir(&mut bench, "made"), Ok(Told::Done));
    assert_eq!(stat(&mut bench, "made"), Err(Errno::ENOENT));
    assert_eq!(bench.hardware.stats().disk_devices, 0);
}

fn what_cannot_be_done_to_a_name_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "refusing").expect("room");
    make(&mut bench, "refusing/file");
    let long = format!("refusing/{}", "x".repeat(256));
    assert_eq!(mkdir(&mut bench, "refusing"), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "refusing/file"), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "."), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "refusing/file/x"), Err(Errno::ENOTDIR));
    assert_eq!(mkdir(&mut bench, "refusing/none/x"), Err(Errno::ENOENT));
    assert_eq!(mkdir(&mut bench, &long), Err(Errno::ENAMETOOLONG));
    assert_eq!(unlink(&mut bench, "refusing"), Err(Errno::EISDIR));
    assert_eq!(unlink(&mut bench, "."), Err(Errno::EISDIR));
    assert_eq!(unlink(&mut bench, "refusing/none"), Err(Errno::ENOENT));
    assert_eq!(unlink(&mut bench, "refusing/file/x"), Err(Errno::ENOTDIR));
    assert_eq!(unlink(&mut bench, &long), Err(Errno::ENAMETOOLONG));
    assert_eq!(rmdir(&mut bench, "refusing/file"), Err(Errno::ENOTDIR));
    assert_eq!(rmdir(&mut bench, "refusing/none"), Err(Errno::ENOENT));
    assert_eq!(rmdir(&mut bench, "."), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, ".", "other"), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, "refusing", "."), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, "refusing/none", "refusing/other"), Err(Errno::ENOENT));
    assert_eq!(rename(&mut bench, "refusing/file", "refusing/none/x"), Err(Errno::ENOENT));
    assert_eq!(rename(&mut bench, "refusing/file", &long), Err(Errno::ENAMETOOLONG));
    let now = |path: &str| Question::SetModified { path: path.into(), moment: None };
    assert_eq!(ask(&mut bench, now("refusing/none")), Err(Errno::ENOENT));
    assert_eq!(ask(&mut bench, now("refusing/file/x")), Err(Errno::ENOTDIR));
    assert_eq!(bench.hardware.ask(1, now("none")), Err(Errno::ENODEV));
    assert_eq!(bench.hardware.stats().disk_devices, 0);
    unlink(&mut bench, "refusing/file").expect("a file");
    rmdir(&mut bench, "refusing").expect("it is empty");
}

fn a_rename_replaces_what_it_may_and_nothing_else<H: Hardware>(mut bench: Bench<H>) {
    for path in ["renames", "renames/empty", "renames/full", "renames/full/inner", "renames/moving"] {
        mkdir(&mut bench, path).expect("room");
    }
    let file = open_empty(&mut bench, "renames/file");
    make(&mut bench, "renames/replaced");
    let mut try_rename =
        |from: &str, to: &str| rename(&mut bench, &format!("renames/{from}"), &format!("renames/{to}"));
    assert_eq!(try_rename("file", "empty"), Err(Errno::EISDIR));
    assert_eq!(try_rename("empty", "file"), Err(Errno::ENOTDIR));
    assert_eq!(try_rename("moving", "full"), Err(Errno::ENOTEMPTY));
    assert_eq!(try_rename("full", "full/inner/deeper"), Err(Errno::EINVAL));
    assert_eq!(try_rename("full", "full/inner"), Err(Errno::EINVAL));
    assert_eq!(try_rename("full/inner", "full"), Err(Errno::ENOTEMPTY));
    assert_eq!(try_rename("full", "full"), Ok(Told::Done));
    assert_eq!(try_rename("file", "file"), Ok(Told::Done));
    assert_eq!(try_rename("file", "replaced"), Ok(Told::Done));
    assert_eq!(try_rename("moving", "empty"), Ok(Told::Done));
    let names: Vec<String> = list(&mut bench, "renames").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["empty", "full", "replaced"]);
    let info = stat(&mut bench, "renames/replaced").expect("it is there");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.id), Ok(info.id));
    bench.hardware.close(file);
    unlink(&mut bench, "renames/replaced").expect("a file");
    for path in ["renames/empty", "renames/full/inner", "renames/full", "renames"] {
        rmdir(&mut bench, path).expect(path);
    }
}

fn a_directory_that_has_another_name_has_what_is_in_it<H: Hardware>(mut bench: Bench<H>) {
    for path in ["carrying", "carrying/old", "carrying/old/inner", "carrying/old-not"] {
        mkdir(&mut bench, path).expect("room");
    }
    let file = open_empty(&mut bench, "carrying/old/inner/file");
    let directory = open(&mut bench, "carrying/old", READ).expect("a directory");
    assert_eq!(rename(&mut bench, "carrying/old", "carrying/new"), Ok(Told::Done));
    assert_eq!(stat(&mut bench, "carrying/old/inner/file"), Err(Errno::ENOENT));
    let id = stat(&mut bench, "carrying/new/inner/file").map(|info| info.id);
    assert_eq!(bench.hardware.file_info(file).map(|info| info.id), id);
    assert_eq!(list_open(&mut bench, directory), [("inner".into(), FileKind::Directory)]);
    assert_eq!(stat(&mut bench, "carrying/old-not").map(|info| info.kind), Ok(FileKind::Directory));
    bench.hardware.close(directory);
    bench.hardware.close(file);
    unlink(&mut bench, "carrying/new/inner/file").expect("a file");
    for path in ["carrying/new/inner", "carrying/new", "carrying/old-not", "carrying"] {
        rmdir(&mut bench, path).expect(path);
    }
}

fn a_directory_is_opened_to_read_and_only_so<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "opened").expect("room");
    make(&mut bench, "opened/file");
    for flags in [OpenFlags::WRITE, READ | OpenFlags::WRITE, OpenFlags::APPEND, OpenFlags::WRITE | OpenFlags::CREATE] {
        assert_eq!(open(&mut bench, "opened", flags), Err(Errno::EISDIR), "{flags:?}");
    }
    assert_eq!(open(&mut bench, "opened", OpenFlags::WRITE | OpenFlags::CREATE_NEW), Err(Errno::EEXIST));
    let directory = open(&mut bench, "opened", READ).expect("to read");
    let info = bench.hardware.file_info(directory).expect("it is open");
    assert_eq!((info.kind, Ok(info.id)), (FileKind::Directory, stat(&mut bench, "opened").map(|info| info.id)));
    let file = open(&mut bench, "opened/file", READ).expect("a file");
    assert_eq!(bench.hardware.try_read_dir(file, 1, 0), Err(Errno::ENOTDIR));
    assert_eq!(bench.hardware.try_truncate(directory, 1, 0), Err(Errno::EINVAL));
    assert_eq!(bench.hardware.try_read_at(directory, 2, 0, 1), Err(Errno::EISDIR));
    bench.hardware.close(file);
    bench.hardware.close(directory);
    assert_eq!(bench.hardware.try_read_dir(directory, 1, 0), Err(Errno::EBADF));
    let itself = open(&mut bench, ".", READ).expect("the folder");
    assert!(list_open(&mut bench, itself).contains(&("opened".into(), FileKind::Directory)));
    bench.hardware.close(itself);
    unlink(&mut bench, "opened/file").expect("a file");
    rmdir(&mut bench, "opened").expect("it is empty");
    assert_eq!(bench.hardware.stats().disk_devices, 0);
}

/// More names than one call gives.
const MANY: usize = 2_500;

/// A directory of many files.
fn make_many<H: Hardware>(bench: &mut Bench<H>, path: &str) -> BTreeSet<String> {
    mkdir(bench, path).expect("room");
    let names = (0..MANY).map(|number| format!("{number:04}"));
    names.inspect(|name| make(bench, &format!("{path}/{name}"))).collect()
}

fn remove_many<H: Hardware>(bench: &mut Bench<H>, path: &str) {
    for (name, _) in list(bench, path) {
        unlink(bench, &format!("{path}/{name}")).expect("a file");
    }
    rmdir(bench, path).expect("it is empty");
}

fn a_listing_goes_on_where_it_ended_and_begins_anew<H: Hardware>(mut bench: Bench<H>) {
    let names = make_many(&mut bench, "many");
    let directory = open(&mut bench, "many", READ).expect("a directory");
    for _ in 0..2 {
        let listed = list_open(&mut bench, directory);
        assert_eq!(listed.len(), MANY);
        assert!(listed.into_iter().map(|(name, _)| name).eq(names.iter().cloned()));
    }
    let all = |bench: &mut Bench<H>, from: u64| {
        let mut found = BTreeSet::new();
        let mut offset = from;
        loop {
            let more = read_dir(bench, directory, offset, offset);
            assert!(more.len() < MANY, "a call gives a bounded number");
            if more.is_empty() {
                return found;
            }
            offset += more.len() as u64;
            found.extend(more.into_iter().map(|entry| entry.name));
        }
    };
    // Any place can be gone to, in any order.
    let whole = all(&mut bench, 0);
    for from in [1, 1500, 3, MANY - 1, MANY] {
        let found = all(&mut bench, from as u64);
        assert_eq!(found.len(), MANY - from);
        assert!(found.is_subset(&whole));
    }
    assert!(read_dir(&mut bench, directory, 1, MANY as u64 + 1).is_empty());
    assert!(read_dir(&mut bench, directory, 2, u64::MAX).is_empty());
    bench.hardware.close(directory);
    remove_many(&mut bench, "many");
}

fn a_listing_that_was_given_up_loses_nothing<H: Hardware>(mut bench: Bench<H>) {
    let names = make_many(&mut bench, "given up names");
    let directory = open(&mut bench, "given up names", READ).expect("a directory");
    let mut listed = BTreeSet::new();
    let (mut offset, mut ticket) = (0, 0);
    loop {
        // Each piece is first asked for by somebody who goes away.
        assert_eq!(bench.hardware.try_read_dir(directory, ticket, offset), Err(Errno::EAGAIN));
        let more = read_dir(&mut bench, directory, ticket + 1, offset);
        if more.is_empty() {
            break;
        }
        (offset, ticket) = (offset + more.len() as u64, ticket + 2);
        listed.extend(more.into_iter().map(|entry| entry.name.into_string()));
    }
    assert_eq!(listed, names);
    bench.hardware.close(directory);
    remove_many(&mut bench, "given up names");
}

fn what_is_removed_while_a_directory_is_listed_hides_nothing_else<H: Hardware>(mut bench: Bench<H>) {
    make_many(&mut bench, "shrinking");
    let directory = open(&mut bench, "shrinking", READ).expect("a directory");
    let mut offset = 0;
    loop {
        let more = read_dir(&mut bench, directory, offset, offset);
        offset += more.len() as u64;
        if more.is_empty() {
            break;
        }
        for entry in more {
            unlink(&mut bench, &format!("shrinking/{}", entry.name)).expect("it is told once");
        }
    }
    assert_eq!(offset, MANY as u64);
    bench.hardware.close(directory);
    rmdir(&mut bench, "shrinking").expect("nothing was hidden");
}

fn an_open_directory_outlives_its_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "outlived").expect("room");
    let directory = open(&mut bench, "outlived", READ).expect("a directory");
    rmdir(&mut bench, "outlived").expect("it is empty");
    assert_eq!(list_open(&mut bench, directory), []);
    assert_eq!(bench.hardware.file_info(directory).map(|info| (info.kind, info.links)), Ok((FileKind::Directory, 0)));
    mkdir(&mut bench, "outlived").expect("the name is free");
    let other = stat(&mut bench, "outlived").map(|info| info.id);
    assert_ne!(bench.hardware.file_info(directory).map(|info| info.id), other);
    bench.hardware.close(directory);
    rmdir(&mut bench, "outlived").expect("it is empty");
}

fn an_open_file_outlives_its_name<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "outlived file");
    write_at(&mut bench, file, 1, 0, "kept");
    unlink(&mut bench, "outlived file").expect("a file");
    assert_eq!(stat(&mut bench, "outlived file"), Err(Errno::ENOENT));
    assert_eq!(&*read_at(&mut bench, file, 2, 0).0, b"kept");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.links), Ok(0));
    bench.hardware.close(file);
}

fn a_moment_that_was_set_is_told_and_none_is_now<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "dated").expect("room");
    make(&mut bench, "dated/file");
    for path in ["dated", "dated/file"] {
        let before = stat(&mut bench, path).expect("it is there").modified;
        let set = |moment| Question::SetModified { path: path.into(), moment };
        for moment in [Duration::ZERO, Duration::new(1_000_000_000, 123_456_789)] {
            assert_eq!(ask(&mut bench, set(Some(moment))), Ok(Told::Done));
            assert_eq!(stat(&mut bench, path).map(|info| info.modified), Ok(moment), "{path}");
        }
        assert_eq!(ask(&mut bench, set(Some(Duration::ZERO))), Ok(Told::Done));
        assert_eq!(ask(&mut bench, set(None)), Ok(Told::Done));
        assert!(stat(&mut bench, path).expect("it is there").modified >= before, "{path}");
    }
    unlink(&mut bench, "dated/file").expect("a file");
    rmdir(&mut bench, "dated").expect("it is empty");
}

fn a_sync_of_a_file_or_directory_ends<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "synced");
    write_at(&mut bench, file, 1, 0, "x");
    let directory = open(&mut bench, ".", READ).expect("the folder");
    for device in [file, directory] {
        assert_eq!(bench.hardware.try_sync_file(device, 2), Err(Errno::EAGAIN), "it goes on elsewhere");
        let sync = |hardware: &mut H| hardware.try_sync_file(device, 2);
        assert_eq!(bench.until_done(device, Direction::Write, sync), Ok(()));
        bench.hardware.close(device);
        assert_eq!(bench.hardware.try_sync_file(device, 3), Err(Errno::EBADF));
    }
    unlink(&mut bench, "synced").expect("a file");
}

fn a_question_that_was_given_up_leaves_no_device_and_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    for _ in 0..16 {
        bench.ready.clear();
        let asked = bench.hardware.ask(0, Question::Mkdir("abandoned".into())).expect("it is asked");
        assert_eq!(bench.hardware.file_info(asked), Err(Errno::EINVAL));
        assert_eq!(bench.hardware.connected(asked), Err(Errno::EINVAL));
        bench.hardware.close(asked);
        assert_eq!(bench.hardware.told(asked), Err(Errno::EBADF));
        assert_eq!(bench.hardware.stats().disk_devices, 0);
        bench.pass(SILENCE);
        assert_eq!(bench.ready, BTreeSet::new());
        // It may have taken place, or not.
        let removed = rmdir(&mut bench, "abandoned");
        assert!([Ok(Told::Done), Err(Errno::ENOENT)].contains(&removed), "{removed:?}");
    }
}

fn write_at<H: Hardware>(bench: &mut Bench<H>, file: Device, ticket: u64, offset: u64, data: &str) -> (usize, u64) {
    let data = Buf::copy_from(data.as_bytes());
    let write = |hardware: &mut H| hardware.try_write_at(file, ticket, offset, &data);
    bench.until_done(file, Direction::Write, write).expect("it is written")
}

fn read_at<H: Hardware>(bench: &mut Bench<H>, file: Device, ticket: u64, offset: u64) -> (Buf, u64) {
    let read = |hardware: &mut H| hardware.try_read_at(file, ticket, offset, 4096);
    bench.until_done(file, Direction::Read, read).expect("it is read")
}

fn a_file_is_opened_written_read_and_cut<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "written");
    assert_eq!(bench.hardware.stats().disk_devices, 1);
    assert_eq!(write_at(&mut bench, file, 1, 0, "hello"), (5, 5));
    assert_eq!(write_at(&mut bench, file, 2, 3, "p me"), (4, 7));
    let (data, end) = read_at(&mut bench, file, 3, 1);
    assert_eq!((&*data, end), (&b"elp me"[..], 7));
    assert!(read_at(&mut bench, file, 4, 7).0.is_empty());
    let cut = |hardware: &mut H| hardware.try_truncate(file, 5, 4);
    bench.until_done(file, Direction::Write, cut).expect("it is cut");
    assert_eq!(&*read_at(&mut bench, file, 6, 0).0, b"help");
    let by_path = stat(&mut bench, "written").expect("it is there");
    let by_device = bench.hardware.file_info(file).expect("it is open");
    assert_eq!((by_path.kind, by_path.size, by_path.id), (FileKind::Regular, 4, by_device.id));
    bench.hardware.close(file);
    assert_eq!(bench.hardware.stats().disk_devices, 0);
    assert_eq!(bench.hardware.file_info(file), Err(Errno::EBADF));
}

fn an_operation_that_was_given_up_is_not_taken_for_the_next<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "given up");
    // A change of length goes on elsewhere on both.
    for (ticket, length) in [(1, 3), (2, 9)] {
        assert_eq!(bench.hardware.try_truncate(file, ticket, length), Err(Errno::EAGAIN), "{ticket}");
    }
    let cut = |hardware: &mut H| hardware.try_truncate(file, 2, 9);
    bench.until_done(file, Direction::Write, cut).expect("it is cut");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.size), Ok(9));
}

fn a_watch_interrupts_when_its_file_is_written<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "watched");
    let watch = bench.hardware.watch(0, "watched").expect("a watch is begun");
    bench.until_done(watch, Direction::Write, |hardware| hardware.connected(watch)).expect("it has begun");
    assert_eq!(bench.hardware.try_read(watch, 64).map(drop), Err(Errno::EAGAIN));
    for ticket in 1..4 {
        write_at(&mut bench, file, ticket, 0, "x");
        let told = bench.until_done(watch, Direction::Read, |hardware| hardware.try_read(watch, 64)).expect("news");
        assert_eq!(&*told.data, b"modified\n");
        assert_eq!(bench.hardware.is_readable(watch), Ok(false));
    }
    assert_eq!(bench.hardware.try_write(watch, b"x"), Err(Errno::EBADF));
    bench.hardware.close(watch);
    bench.ready.clear();
    write_at(&mut bench, file, 4, 0, "x");
    bench.pass(SILENCE);
    assert!(!bench.ready.contains(&(watch, Direction::Read)));
}

/// A directory with a file in it that is watched.
fn watch_in<H: Hardware>(bench: &mut Bench<H>, directory: &str) -> Device {
    mkdir(bench, directory).expect("room");
    make(bench, &format!("{directory}/watched"));
    let watch = bench.hardware.watch(0, &format!("{directory}/watched")).expect("a watch is begun");
    bench.until_done(watch, Direction::Write, |hardware| hardware.connected(watch)).expect("it has begun");
    watch
}

fn news<H: Hardware>(bench: &mut Bench<H>, watch: Device) -> Result<String, Errno> {
    let told = bench.until_done(watch, Direction::Read, |hardware| hardware.try_read(watch, 64))?;
    Ok(String::from_utf8(told.data.to_vec()).expect("words"))
}

fn a_watch_whose_directory_is_gone_says_so_and_fails<H: Hardware>(mut bench: Bench<H>) {
    let renamed = watch_in(&mut bench, "left");
    rename(&mut bench, "left", "left behind").expect("nothing is there");
    assert_eq!(news(&mut bench, renamed).as_deref(), Ok("moved\n"));
    let removed = watch_in(&mut bench, "emptied");
    unlink(&mut bench, "emptied/watched").expect("a file");
    assert_eq!(news(&mut bench, removed).as_deref(), Ok("removed\n"));
    rmdir(&mut bench, "emptied").expect("it is empty");
    assert_eq!(news(&mut bench, removed).as_deref(), Ok("moved\n"));
    for watch in [renamed, removed] {
        for _ in 0..2 {
            assert_eq!(news(&mut bench, watch), Err(Errno::ENOENT));
            assert_eq!(bench.hardware.is_readable(watch), Ok(true));
        }
        bench.hardware.close(watch);
    }
    unlink(&mut bench, "left behind/watched").expect("a file");
    rmdir(&mut bench, "left behind").expect("it is empty");
}

fn a_watch_goes_with_its_directory_below_another_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "outer").expect("room");
    let watch = watch_in(&mut bench, "outer/inner");
    rename(&mut bench, "outer", "other outer").expect("nothing is there");
    assert_eq!(bench.hardware.is_readable(watch), Ok(false));
    unlink(&mut bench, "other outer/inner/watched").expect("a file");
    assert_eq!(news(&mut bench, watch).as_deref(), Ok("removed\n"));
    bench.hardware.close(watch);
    rmdir(&mut bench, "other outer/inner").expect("it is empty");
    rmdir(&mut bench, "other outer").expect("it is empty");
}

fn a_closed_file_gets_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "closed");
    bench.ready.clear();
    assert_eq!(bench.hardware.try_truncate(file, 1, 3), Err(Errno::EAGAIN));
    bench.hardware.close(file);
    let opening = bench.hardware.open(0, "closed", READ).expect("an open is begun");
    bench.hardware.close(opening);
    bench.pass(SILENCE);
    assert_eq!(bench.ready, BTreeSet::new());
}

fn what_is_not_there_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    for (path, expected) in [("nothing", Errno::ENOENT), ("nothing/in it", Errno::ENOENT), ("", Errno::ENOENT)] {
        let file = bench.hardware.open(0, path, READ).expect("an open is begun");
        let opened = bench.until_done(file, Direction::Write, |hardware| hardware.connected(file));
        assert_eq!(opened, Err(expected), "{path}");
        bench.hardware.close(file);
    }
    assert_eq!(bench.hardware.open(1, "nothing", READ), Err(Errno::ENODEV));
}
