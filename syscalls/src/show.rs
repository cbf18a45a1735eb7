//! How the arguments and the answers of calls look in a trace.
//!
//! Invariant: what is shown is on one line and is bounded, whatever a task or a peer has sent; it is written in the
//! words of the manual and not in those of Rust.

use crate::*;
use alloc::{boxed::Box, string::String, vec::Vec};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// How an argument looks in a trace. Payloads and texts are cut after [`BYTES_SHOWN`], or after so many bytes as the
/// formatter's precision says, and cannot break the line.
pub trait Show {
    /// Writes it.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// Bytes of a payload or a text that a trace shows, unless it is asked for more or fewer.
pub const BYTES_SHOWN: u16 = 32;
/// Items of a list that are shown.
const ITEMS_SHOWN: usize = 8;

fn bytes_shown(f: &fmt::Formatter<'_>) -> usize {
    f.precision().unwrap_or(BYTES_SHOWN.into())
}

macro_rules! show_as_display {
    ($($type:ty),+) => {$(
        impl Show for $type {
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self}")
            }
        }
    )+};
}

show_as_display!(bool, u8, u16, i32, u32, u64, Tid, Fd, Signal, Signals, Time, SocketAddr, IpAddr);

/// Sets of flags, whose names stand in the manual: `READ|WRITE`.
macro_rules! show_as_flags {
    ($($type:ty),+) => {$(
        impl Show for $type {
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{self:?}")
            }
        }
    )+};
}

show_as_flags!(OpenFlags, WaitFlags, TraceFlags);

impl Show for Nanos {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A precision is for payloads.
        write!(f, "{:?}", Duration::from_nanos(self.count()))
    }
}

impl Show for ScopeId {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Show for Value {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
}

/// `14`, `any`, `group 14`
impl Show for Children {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Children::Only(tid) => write!(f, "{tid}"),
            Children::Any => f.write_str("any"),
            Children::Group(group) => write!(f, "group {group}"),
            Children::Nursery(nursery) => write!(f, "nursery {nursery}"),
        }
    }
}

/// `read 0`
impl Show for Interest {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interest::Read(fd) => write!(f, "read {fd}"),
            Interest::Write(fd) => write!(f, "write {fd}"),
        }
    }
}

/// `pass 4`, `pass 4 as 1`, `share 4`
impl Show for FdGrant {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FdGrant::Pass(fd) => write!(f, "pass {fd}"),
            FdGrant::PassAs(fd, slot) => write!(f, "pass {fd} as {slot}"),
            FdGrant::Share(fd) => write!(f, "share {fd}"),
        }
    }
}

/// `start 5`, `end -5`, `current +5`
impl Show for SeekFrom {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SeekFrom::Start(place) => write!(f, "start {place}"),
            SeekFrom::End(distance) => write!(f, "end {distance:+}"),
            SeekFrom::Current(distance) => write!(f, "current {distance:+}"),
        }
    }
}

impl Show for Shutdown {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Shutdown::Read => "read",
            Shutdown::Write => "write",
            Shutdown::Both => "both",
        })
    }
}

/// `no delay: on`, `keep alive: 30 s`, `linger: send behind`
impl Show for SocketOption {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SocketOption::NoDelay(is_on) => write!(f, "no delay: {}", if *is_on { "on" } else { "off" }),
            SocketOption::KeepAlive { idle_seconds: 0 } => f.write_str("keep alive: off"),
            SocketOption::KeepAlive { idle_seconds } => write!(f, "keep alive: {idle_seconds} s"),
            SocketOption::Linger(None) => f.write_str("linger: send behind"),
            SocketOption::Linger(Some(seconds)) => write!(f, "linger: {seconds} s"),
        }
    }
}

impl Show for TerminalMode {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TerminalMode::Lines => "lines",
            TerminalMode::Keys => "keys",
            TerminalMode::Raw => "raw",
        })
    }
}

/// `regular file, 12 bytes`
impl Show for FileInfo {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.kind, Counted(self.size, "byte"))
    }
}

/// `1 byte`, `2 bytes`
pub(crate) struct Counted(pub u64, pub &'static str);

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.1)?;
        if self.0 == 1 { Ok(()) } else { f.write_str("s") }
    }
}

impl Show for Buf {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self[..self.len().min(bytes_shown(f))];
        let dots = if head.len() < self.len() { "…" } else { "" };
        write!(f, "\"{}\"{dots}", head.escape_ascii())?;
        if self.is_empty() { Ok(()) } else { write!(f, " ({})", Counted(self.len() as u64, "byte")) }
    }
}

impl Show for str {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self[..self.floor_char_boundary(bytes_shown(f))];
        write!(f, "{head:?}")?;
        if head.len() < self.len() { write!(f, "… ({} bytes)", self.len()) } else { Ok(()) }
    }
}

impl Show for String {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().show(f)
    }
}

/// A list: the first few, and how many there are if those are not all.
impl<T: Show> Show for [T] {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = &self[..self.len().min(ITEMS_SHOWN)];
        f.write_str("[")?;
        for (index, item) in head.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            item.show(f)?;
        }
        f.write_str("]")?;
        if head.len() < self.len() { write!(f, "… ({} in all)", self.len()) } else { Ok(()) }
    }
}

impl<T: Show> Show for Vec<T> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().show(f)
    }
}

impl Show for Task {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function())
    }
}

impl Show for Work {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function())
    }
}

impl Show for SpawnRequest {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.task.show(f)?;
        show_more(f, &self.options.fds)
    }
}

impl Show for ProgramRequest {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_both(f, &self.name, &self.args)
    }
}

impl Show for HostCommand {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_both(f, &self.program, &self.args)
    }
}

impl Show for Message {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.show(f)?;
        show_more(f, &self.fds)
    }
}

/// What comes behind a comma, if there is any.
fn show_more<T: Show>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    f.write_str(", ")?;
    items.show(f)
}

impl<A: Show, B: Show> Show for (A, B) {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_both(f, &self.0, &self.1)
    }
}

fn show_both(f: &mut fmt::Formatter<'_>, first: &impl Show, second: &impl Show) -> fmt::Result {
    first.show(f)?;
    f.write_str(", ")?;
    second.show(f)
}

impl<T: Show + ?Sized> Show for Box<T> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).show(f)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{calls::yield_now, table::samples};
    use alloc::string::ToString;

    /// An argument; each `turn` another, as many as matter.
    pub(crate) trait Sample {
        fn sample(turn: usize) -> Self;
    }

    macro_rules! samples {
        ($($type:ty: [$($sample:expr),+];)+) => {$(
            impl Sample for $type {
                fn sample(turn: usize) -> $type {
                    let samples: &[fn() -> $type] = &[$(|| $sample),+];
                    samples[turn % samples.len()]()
                }
            }
        )+};
    }

    const FD: Fd = Fd::new(4, 2);
    const TID: Tid = Tid::new(3, 14);

    fn body() -> Task {
        task!({ trap!(yield yield_now()) })
    }

    samples! {
        u8: [1];
        u16: [1];
        i32: [-1];
        u32: [1];
        u64: [1];
        Fd: [FD];
        Tid: [TID, Tid::NONE];
        Time: [Time::from_nanos(1), Time::NEVER];
        Nanos: [Duration::ZERO.into(), Duration::MAX.into()];
        Signal: [Signal::Kill];
        Signals: [Signals::NONE, Signal::Int | Signal::Term];
        ScopeId: [ScopeId(3)];
        Children: [Children::Only(TID), Children::Any, Children::Group(TID), Children::Nursery(TID)];
        WaitFlags: [WaitFlags::NONE, WaitFlags::NOHANG | WaitFlags::STOPPED];
        OpenFlags: [OpenFlags::default(), OpenFlags::APPEND | OpenFlags::CREATE];
        TraceFlags: [TraceFlags::NONE, TraceFlags::FOLLOW | TraceFlags::COUNT];
        TerminalMode: [TerminalMode::Lines, TerminalMode::Keys, TerminalMode::Raw];
        Shutdown: [Shutdown::Read, Shutdown::Write, Shutdown::Both];
        SocketOption: [
            SocketOption::NoDelay(true),
            SocketOption::keep_alive(Duration::from_secs(30)),
            SocketOption::Linger(None),
            SocketOption::Linger(Some(5))
        ];
        SeekFrom: [SeekFrom::Start(5), SeekFrom::End(-5), SeekFrom::Current(5)];
        Buf: [Buf::EMPTY, "x".into(), "Tid(1), Some(\"x\")".into()];
        Box<str>: ["".into(), "Fd(1)".into()];
        Vec<Interest>: [Vec::new(), alloc::vec![Interest::Read(FD), Interest::Write(FD)]];
        SocketAddr: ["127.0.0.1:7".parse().unwrap(), "[::1]:7".parse().unwrap()];
        (SocketAddr, Buf): [(Sample::sample(0), "x".into())];
        (Box<str>, Buf): [("/x".into(), "x".into())];
        Message: [Message::new("x", alloc::vec![FD, FD]), Message::default()];
        Value: [Value::new(7)];
        Task: [body()];
        Work: [Work::new(|| 7)];
        SpawnRequest: [SpawnRequest {
            task: body(),
            options: SpawnOptions {
                fds: alloc::vec![FdGrant::Pass(FD), FdGrant::PassAs(FD, 1), FdGrant::Share(FD)],
                ..SpawnOptions::default()
            }
        }];
        ProgramRequest: [ProgramRequest {
            name: "cat".into(),
            args: alloc::vec!["-".into()],
            options: SpawnOptions::default()
        }];
        HostCommand: [HostCommand { program: "cat".into(), args: alloc::vec!["-".into()] }];
    }

    impl<T: Sample> Sample for Box<T> {
        fn sample(turn: usize) -> Box<T> {
            Box::new(T::sample(turn))
        }
    }

    /// What is not between quotes.
    fn unquoted(text: &str) -> String {
        let text = text.replace("\\\"", "");
        text.split('"').step_by(2).collect()
    }

    /// Is there something of a type in it, as Rust shows it: `Tid(14)`, `Tid { .. }`, `Any`?
    fn speaks_rust(text: &str) -> bool {
        let text = unquoted(text);
        let is_variant = |word: &str| {
            let mut letters = word.chars();
            letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
        };
        let mut words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
        let is_wrapped = text.match_indices(['(', '{']).any(|(at, _)| text[..at].ends_with(char::is_alphanumeric));
        is_wrapped || text.contains(" {") || text.contains("::") && !text.contains("[::") || words.any(is_variant)
    }

    #[test]
    fn no_argument_of_any_call_is_shown_as_rust_shows_its_type() {
        for turn in 0..4 {
            for call in samples(turn) {
                let (name, shown) = (call.info().name, call.to_string());
                let arguments = shown.strip_prefix(name).and_then(|rest| rest.strip_prefix('(')?.strip_suffix(')'));
                let arguments = arguments.unwrap_or_else(|| panic!("{shown} is no call"));
                assert!(!speaks_rust(arguments), "{shown}");
                assert!(!arguments.contains("\"\" ("), "{shown}");
            }
        }
        assert!(["Only(3)", "Fd(4.2)", "Any", "[Read(Fd(0.0))]", "Tid { serial: 3 }"].into_iter().all(speaks_rust));
    }

    #[test]
    fn arguments_read_as_words() {
        let shown = |turn: usize, name: &str| {
            samples(turn).into_iter().find(|call| call.info().name == name).map(|call| call.to_string()).unwrap()
        };
        assert_eq!(shown(1, "poll"), "poll([read 4, write 4], 18446744073.709551615s)");
        assert_eq!(shown(0, "wait_change"), "wait_change(14, none)");
        assert_eq!(shown(1, "wait_change"), "wait_change(any, NOHANG|STOPPED)");
        assert_eq!(shown(0, "spawn_with"), "spawn_with(body, [pass 4, pass 4 as 1, share 4])");
        assert_eq!(shown(0, "write"), "write(4, \"\")");
        assert_eq!(shown(1, "write"), "write(4, \"x\" (1 byte))");
        assert_eq!(shown(0, "port_send_fds"), "port_send_fds(4, \"x\" (1 byte), [4, 4])");
        assert_eq!(shown(1, "port_send_fds"), "port_send_fds(4, \"\")");
        assert_eq!(shown(1, "seek"), "seek(4, end -5)");
        assert_eq!(shown(2, "set_option"), "set_option(4, linger: send behind)");
        assert_eq!(shown(0, "set_terminal"), "set_terminal(4, lines)");
    }

    #[test]
    fn answers_read_as_words() {
        let file = FileInfo {
            kind: FileKind::Regular,
            size: 1,
            id: FileId::new(1, 1),
            modified: Duration::ZERO,
            mode: 0o644,
            links: 1,
        };
        let variables = |count| alloc::vec![("A".into(), "b".into()); count];
        let entries = |count| alloc::vec![DirEntry { name: "a".into(), kind: FileKind::Regular }; count];
        let answers = [
            (Reply::Ready(Box::new(alloc::vec![Interest::Read(Fd::STDIN)])), "[read 0]"),
            (Reply::Scope(ScopeId(0)), "0"),
            (Reply::File(Box::new(file)), "regular file, 1 byte"),
            (Reply::Environment(Box::new(variables(1))), "1 variable"),
            (Reply::Environment(Box::new(variables(0))), "0 variables"),
            (Reply::Entries(Box::new(entries(1))), "1 entry"),
            (Reply::Entries(Box::new(entries(2))), "2 entries"),
            (Reply::Traced(Box::default()), "0 records"),
            (Reply::Addresses(Box::new(alloc::vec!["::1".parse().unwrap()])), "[::1]"),
            (Reply::Buf(Buf::EMPTY), "\"\""),
            (Reply::Message(Box::new(Message::new("x", alloc::vec![FD]))), "\"x\" (1 byte), [4]"),
            (Reply::Short { errno: Errno::EPIPE, sent: 1 }, "EPIPE after 1 byte"),
        ];
        for (reply, shown) in answers {
            assert_eq!(reply.to_string(), shown);
            assert!(!speaks_rust(shown), "{shown}");
        }
    }

    #[test]
    fn a_call_is_shown_with_its_arguments() {
        let fd = Fd::new(4, 0);
        assert_eq!(calls::recv(fd, 8192).syscall.to_string(), "recv(4, 8192)");
        assert_eq!(calls::gettid().syscall.to_string(), "gettid()");
        assert_eq!(calls::sleep(Duration::from_millis(20)).syscall.to_string(), "sleep(20ms)");
    }

    #[test]
    fn a_payload_cannot_break_the_line_and_is_cut() {
        let shown = calls::send(Fd::STDOUT, "one\ntwo\u{1b}[2J").syscall.to_string();
        assert_eq!(shown, "send(1, \"one\\ntwo\\x1b[2J\" (11 bytes))");
        let long = calls::write(Fd::STDOUT, alloc::vec![b'x'; 1000]).syscall.to_string();
        assert!(long.len() < 70, "{long}");
    }

    #[test]
    fn a_long_list_and_a_long_text_are_cut() {
        let interests = |count| (0..count).map(|slot| Interest::Read(Fd::new(slot, 0))).collect::<Vec<_>>();
        let all = "[read 0, read 1, read 2, read 3, read 4, read 5, read 6, read 7]";
        let cut = alloc::format!("{all}… (65536 in all)");
        let poll = |count| Syscall::Poll { interests: interests(count).into(), span: Duration::from_secs(1).into() };
        assert_eq!(poll(8).to_string(), alloc::format!("poll({all}, 1s)"));
        assert_eq!(poll(65_536).to_string(), alloc::format!("poll({cut}, 1s)"));
        assert_eq!(Reply::Ready(Box::new(interests(65_536))).to_string(), cut);
        let name = alloc::format!("{}é", "x".repeat(31));
        assert_eq!(calls::port_open("clock").syscall.to_string(), "port_open(\"clock\")");
        let shown = alloc::format!("port_open(\"{}\"… (33 bytes))", "x".repeat(31));
        assert_eq!(calls::port_open(name).syscall.to_string(), shown);
    }
}
