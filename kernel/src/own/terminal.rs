//! A terminal that a task has made: what is typed at one side, its master, is read at the other.
//!
//! Between the two stands what a Unix terminal does, by its mode. With lines, keys edit the line and are
//! shown; it can be read once it is ended. With keys, each can be read as it comes, but for those that send
//! signals. Raw, all can. What is written to the terminal is read from its master, with a carriage return
//! before each line feed unless it is raw.
//!
//! Invariant: a side that was told `EAGAIN` is told once that it may do better, when it may.

use super::Readiness;
use crate::{hardware::Device, limits};
use std::{collections::VecDeque, mem::take};
use yieldix_syscalls::{Buf, Errno, Signal, TerminalInfo, TerminalMode, Tid};

/// The keys that a terminal knows.
mod key {
    pub const INTERRUPT: u8 = 3;
    pub const END: u8 = 4;
    pub const ERASE: [u8; 2] = [8, 127];
    pub const ERASE_WORD: u8 = 23;
    pub const ERASE_LINE: u8 = 21;
    pub const STOP: u8 = 26;
    pub const QUIT: u8 = 28;
}

/// A terminal and its two sides.
#[derive(Debug)]
pub struct Terminal {
    master: Option<Device>,
    terminal: Option<Device>,
    mode: TerminalMode,
    columns: u16,
    rows: u16,
    foreground: Tid,
    /// The line that is being edited.
    edited: Vec<u8>,
    /// What can be read, a read each; an empty one is the end that a key has told.
    typed: VecDeque<Vec<u8>>,
    /// Bytes in it.
    typed_len: usize,
    /// What the master has to read.
    shown: VecDeque<u8>,
    /// Who was told `EAGAIN`.
    waits: Waits,
}

#[derive(Debug, Default)]
struct Waits {
    master_reads: bool,
    master_writes: bool,
    terminal_reads: bool,
    terminal_writes: bool,
}

impl Terminal {
    /// One that takes lines, of the usual size.
    pub fn new(master: Device, terminal: Device) -> Terminal {
        Terminal {
            master: Some(master),
            terminal: Some(terminal),
            mode: TerminalMode::Lines,
            columns: 80,
            rows: 24,
            foreground: Tid::NONE,
            edited: Vec::new(),
            typed: VecDeque::new(),
            typed_len: 0,
            shown: VecDeque::new(),
            waits: Waits::default(),
        }
    }

    /// What is known of it.
    pub fn info(&self) -> TerminalInfo {
        let &Terminal { mode, columns, rows, foreground, .. } = self;
        TerminalInfo { mode, columns, rows, foreground }
    }

    /// The side where programs run, while somebody has it.
    pub fn side(&self) -> Option<Device> {
        self.terminal
    }

    /// The keyboard's side, while somebody has it.
    pub fn master(&self) -> Option<Device> {
        self.master
    }

    /// Whom its keys send signals to, and who may read what is typed.
    pub fn foreground(&self) -> Tid {
        self.foreground
    }

    /// Sets that.
    pub fn set_foreground(&mut self, group: Tid) {
        self.foreground = group;
    }

    /// Sets its size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        (self.columns, self.rows) = (columns, rows);
    }

    /// Sets what it makes of keys. A line that is not ended can be read as it is once keys can.
    pub fn set_mode(&mut self, mode: TerminalMode) {
        if mode != TerminalMode::Lines {
            self.typed.retain(|piece| !piece.is_empty());
            self.end_line();
        }
        self.mode = mode;
    }

    /// Types at it. Gives how many bytes were taken; appends the signals that they send.
    pub fn write_master(&mut self, data: &[u8], signals: &mut Vec<Signal>) -> Result<usize, Errno> {
        if self.terminal.is_none() {
            return Err(Errno::EIO);
        }
        let mut count = 0;
        while count < data.len() && self.has_room_to_type() {
            self.press(data[count], signals);
            count += 1;
        }
        if count == 0 {
            self.waits.master_writes = true;
            return Err(Errno::EAGAIN);
        }
        Ok(count)
    }

    fn has_room_to_type(&self) -> bool {
        let is_echo_bounded = self.shown.len() < limits::TERMINAL_BYTES + limits::TERMINAL_LINE_BYTES;
        let is_typed_bounded =
            self.typed_len < limits::TERMINAL_BYTES && self.typed.len() < limits::TERMINAL_LINES_TYPED;
        is_echo_bounded && is_typed_bounded
    }

    fn press(&mut self, byte: u8, signals: &mut Vec<Signal>) {
        let signal = match byte {
            _ if self.mode == TerminalMode::Raw => None,
            key::INTERRUPT => Some(Signal::Int),
            key::QUIT => Some(Signal::Quit),
            key::STOP => Some(Signal::Tstp),
            _ => None,
        };
        if let Some(signal) = signal {
            signals.push(signal);
            // What was typed before was for those who are told to end.
            self.edited.clear();
            self.typed.clear();
            self.typed_len = 0;
            self.echo(byte);
            return;
        }
        if self.mode != TerminalMode::Lines {
            // Enter is the end of a line for whoever reads it, also in another mode.
            return self.add_key(if byte == b'\r' { b'\n' } else { byte });
        }
        match byte {
            b'\r' | b'\n' => {
                self.edited.push(b'\n');
                self.echo(b'\n');
                self.end_line();
            }
            key::END if self.edited.is_empty() => self.typed.push_back(Vec::new()),
            key::END => self.end_line(),
            key::ERASE_LINE => self.erase_while(|_| true),
            key::ERASE_WORD => {
                self.erase_while(|byte| byte == b' ');
                self.erase_while(|byte| byte != b' ');
            }
            _ if key::ERASE.contains(&byte) => self.erase(),
            // As a terminal does: there is room for the end of the line, and for nothing else.
            _ if self.edited.len() >= limits::TERMINAL_LINE_BYTES - 1 => self.shown.push_back(7),
            _ => {
                self.edited.push(byte);
                self.echo(byte);
            }
        }
    }

    fn add_key(&mut self, byte: u8) {
        self.typed_len += 1;
        match self.typed.back_mut() {
            Some(piece) if !piece.is_empty() => piece.push(byte),
            _ => self.typed.push_back(vec![byte]),
        }
    }

    fn end_line(&mut self) {
        if !self.edited.is_empty() {
            self.typed_len += self.edited.len();
            self.typed.push_back(take(&mut self.edited));
        }
    }

    fn erase_while(&mut self, is_erased: impl Fn(u8) -> bool) {
        while self.edited.last().is_some_and(|&byte| is_erased(byte)) {
            self.erase();
        }
    }

    /// Erases the last character, however many bytes it has.
    fn erase(&mut self) {
        let is_inside_character = |byte: u8| byte & 0xc0 == 0x80;
        while self.edited.pop_if(|byte| is_inside_character(*byte)).is_some() {}
        let Some(byte) = self.edited.pop() else { return };
        for _ in 0..if byte.is_ascii_control() { 2 } else { 1 } {
            self.shown.extend(b"\x08 \x08");
        }
    }

    /// Shows what was typed, if this mode does: a control character as `^C`.
    fn echo(&mut self, byte: u8) {
        match byte {
            _ if self.mode != TerminalMode::Lines => {}
            b'\n' => self.shown.extend(b"\r\n"),
            byte if byte.is_ascii_control() => self.shown.extend([b'^', byte ^ 0x40]),
            byte => self.shown.push_back(byte),
        }
    }

    /// Takes up to `max` bytes of what it shows; none when all is shown and nobody is there to write.
    pub fn read_master(&mut self, max: usize) -> Result<Buf, Errno> {
        if !self.is_master_readable() {
            return Err(Errno::EAGAIN);
        }
        let count = max.min(self.shown.len());
        Ok(self.shown.drain(..count).collect::<Vec<u8>>().into())
    }

    /// Reads what was typed, at most a line with lines; none at the end, which a key tells once, and for ever
    /// when the master is gone.
    pub fn read(&mut self, max: usize) -> Result<Buf, Errno> {
        if !self.is_readable() {
            return Err(Errno::EAGAIN);
        }
        let Some(mut piece) = self.typed.pop_front() else { return Ok(Buf::EMPTY) };
        if piece.len() > max {
            self.typed.push_front(piece.split_off(max));
        }
        self.typed_len -= piece.len();
        Ok(Buf::from(piece))
    }

    /// Shows as much of `data` as has room; gives how much.
    pub fn write(&mut self, data: &[u8]) -> Result<usize, Errno> {
        if !self.is_writable() {
            return Err(Errno::EAGAIN);
        }
        if self.master.is_none() {
            return Err(Errno::EIO);
        }
        let mut count = 0;
        for &byte in data {
            if self.shown.len() >= limits::TERMINAL_BYTES {
                break;
            }
            if byte == b'\n' && self.mode != TerminalMode::Raw {
                self.shown.push_back(b'\r');
            }
            self.shown.push_back(byte);
            count += 1;
        }
        Ok(count)
    }

    /// Would a read of the master answer?
    pub fn is_master_readable(&mut self) -> bool {
        let is_readable = !self.shown.is_empty() || self.terminal.is_none();
        self.waits.master_reads |= !is_readable;
        is_readable
    }

    /// Would a write to the master?
    pub fn is_master_writable(&mut self) -> bool {
        let is_writable = self.has_room_to_type() || self.terminal.is_none();
        self.waits.master_writes |= !is_writable;
        is_writable
    }

    /// Would a read of the terminal?
    pub fn is_readable(&mut self) -> bool {
        let is_readable = !self.typed.is_empty() || self.master.is_none();
        self.waits.terminal_reads |= !is_readable;
        is_readable
    }

    /// Would a write to the terminal?
    pub fn is_writable(&mut self) -> bool {
        let is_writable = self.shown.len() < limits::TERMINAL_BYTES || self.master.is_none();
        self.waits.terminal_writes |= !is_writable;
        is_writable
    }

    /// Nobody is at the keyboard any more. What was typed can still be read; what was shown is nobody's.
    pub fn close_master(&mut self) {
        self.master = None;
        self.shown.clear();
    }

    /// Nobody has the terminal any more. What it has shown can still be read.
    pub fn close_terminal(&mut self) {
        self.terminal = None;
        self.edited.clear();
        self.typed.clear();
        self.typed_len = 0;
    }

    /// Is neither side there any more?
    pub fn is_closed(&self) -> bool {
        self.master.is_none() && self.terminal.is_none()
    }

    /// Tells of the sides that were told `EAGAIN` and may now do better.
    pub fn settle(&mut self, ready: &mut VecDeque<Readiness>) {
        let Waits { master_reads, master_writes, terminal_reads, terminal_writes } = take(&mut self.waits);
        let mut tell = |side: Option<Device>, was_told: bool, is_ready: bool, to: fn(Device) -> Readiness| {
            if let Some(device) = side
                && was_told
                && is_ready
            {
                ready.push_back(to(device));
            }
        };
        // Each asks anew, and so is noted again when it is not ready.
        let (master, terminal) = (self.master, self.terminal);
        tell(master, master_reads, master_reads && self.is_master_readable(), Readiness::to_read);
        tell(master, master_writes, master_writes && self.is_master_writable(), Readiness::to_write);
        tell(terminal, terminal_reads, terminal_reads && self.is_readable(), Readiness::to_read);
        tell(terminal, terminal_writes, terminal_writes && self.is_writable(), Readiness::to_write);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::Class;
    use TerminalMode::{Keys, Lines, Raw};

    fn terminal(mode: TerminalMode) -> Terminal {
        let mut terminal = Terminal::new(Device::of(Class::Own, 0, 0), Device::of(Class::Own, 1, 0));
        terminal.set_mode(mode);
        terminal
    }

    /// What it reads after this was typed, a read each, and what it shows; and the signals.
    fn typed(terminal: &mut Terminal, keys: &[u8]) -> (Vec<Vec<u8>>, String, Vec<Signal>) {
        let mut signals = Vec::new();
        assert_eq!(terminal.write_master(keys, &mut signals), Ok(keys.len()));
        let mut reads = Vec::new();
        while let Ok(data) = terminal.read(100) {
            reads.push(data.to_vec());
        }
        let shown = terminal.read_master(1 << 20).unwrap_or_default();
        (reads, String::from_utf8(shown.to_vec()).unwrap(), signals)
    }

    fn line(keys: &[u8]) -> (String, String) {
        let (reads, shown, signals) = typed(&mut terminal(Lines), keys);
        assert_eq!(signals, []);
        (String::from_utf8(reads.concat()).unwrap(), shown)
    }

    #[test]
    fn a_line_is_read_once_it_is_ended_and_a_read_gives_one() {
        let mut terminal = terminal(Lines);
        assert_eq!(typed(&mut terminal, b"on"), (vec![], "on".into(), vec![]));
        let lines = vec![b"one\n".to_vec(), b"two\n".to_vec()];
        assert_eq!(typed(&mut terminal, b"e\rtwo\nx"), (lines, "e\r\ntwo\r\nx".into(), vec![]));
    }

    #[test]
    fn a_short_read_leaves_the_rest_of_the_line() {
        let mut terminal = terminal(Lines);
        terminal.write_master(b"abc\n", &mut Vec::new()).unwrap();
        assert_eq!(terminal.read(2), Ok(Buf::from("ab")));
        assert_eq!(terminal.read(9), Ok(Buf::from("c\n")));
        assert_eq!(terminal.read(9), Err(Errno::EAGAIN));
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(line(b"ab\x7fc\n"), ("ac\n".into(), "ab\x08 \x08c\r\n".into()));
        assert_eq!(line(b"\x08\x7f\x15\x17a\n"), ("a\n".into(), "a\r\n".into()));
        assert_eq!(line(b"one two  \x17x\n").0, "one x\n");
        assert_eq!(line(b"one two\x15x\n").0, "x\n");
        assert_eq!(line("ä\u{7f}b\n".as_bytes()), ("b\n".into(), "ä\x08 \x08b\r\n".into()));
        assert_eq!(line(b"\x01\x7f\n"), ("\n".into(), "^A\x08 \x08\x08 \x08\r\n".into()));
    }

    #[test]
    fn the_end_is_told_once_and_after_a_line_it_only_ends_that() {
        let mut terminal = terminal(Lines);
        assert_eq!(typed(&mut terminal, b"\x04").0, [b""]);
        assert_eq!(typed(&mut terminal, b"ab\x04").0, [b"ab"]);
        assert_eq!(typed(&mut terminal, b"\n").0, [b"\n"]);
    }

    #[test]
    fn keys_that_send_signals_do_unless_it_is_raw() {
        let signals = vec![Signal::Int, Signal::Quit, Signal::Tstp];
        let (reads, shown, sent) = typed(&mut terminal(Lines), b"gone\x03\x1c\x1anew\n");
        assert_eq!((reads, shown.as_str(), sent), (vec![b"new\n".to_vec()], "gone^C^\\^Znew\r\n", signals.clone()));
        let (reads, shown, sent) = typed(&mut terminal(Keys), b"gone\x03\x1c\x1anew\r\x04");
        assert_eq!((reads, shown.as_str(), sent), (vec![b"new\n\x04".to_vec()], "", signals));
        let (reads, shown, sent) = typed(&mut terminal(Raw), b"\x03\x1c\x1a\x7f");
        assert_eq!((reads, shown.as_str(), sent), (vec![b"\x03\x1c\x1a\x7f".to_vec()], "", vec![]));
    }

    #[test]
    fn what_was_typed_of_a_line_is_there_when_keys_can_be_read() {
        let mut terminal = terminal(Lines);
        assert_eq!(typed(&mut terminal, b"half").0.len(), 0);
        terminal.write_master(b"\x04\x04", &mut Vec::new()).unwrap();
        terminal.set_mode(Keys);
        assert_eq!(typed(&mut terminal, b"x").0, [b"halfx"]);
    }

    #[test]
    fn a_line_feed_returns_the_carriage_unless_it_is_raw() {
        for (mode, shown) in [(Lines, "a\r\nb"), (Keys, "a\r\nb"), (Raw, "a\nb")] {
            let mut terminal = terminal(mode);
            assert_eq!(terminal.write(b"a\nb"), Ok(3));
            assert_eq!(terminal.read_master(99), Ok(Buf::from(shown)));
        }
    }

    #[test]
    fn all_that_it_holds_has_a_bound_and_a_key_still_gets_through() {
        let mut terminal = terminal(Lines);
        let bytes = vec![b'x'; limits::TERMINAL_BYTES];
        assert_eq!(terminal.write(&bytes), Ok(limits::TERMINAL_BYTES));
        assert_eq!(terminal.write(b"x"), Err(Errno::EAGAIN));
        assert_eq!(typed(&mut terminal, b"\x03").2, [Signal::Int]);
        let mut terminal = self::terminal(Keys);
        assert_eq!(terminal.write_master(&bytes, &mut Vec::new()), Ok(limits::TERMINAL_BYTES));
        assert_eq!(terminal.write_master(b"x", &mut Vec::new()), Err(Errno::EAGAIN));
        let mut terminal = self::terminal(Lines);
        let long = vec![b'x'; 2 * limits::TERMINAL_LINE_BYTES];
        while terminal.write_master(&long, &mut Vec::new()).is_ok() {}
        terminal.read_master(1 << 20).unwrap();
        terminal.write_master(b"\n", &mut Vec::new()).unwrap();
        assert_eq!(terminal.read(1 << 20).map(|line| line.len()), Ok(limits::TERMINAL_LINE_BYTES));
    }

    #[test]
    fn who_was_told_to_wait_is_told_when_it_may_go_on() {
        let (mut terminal, mut ready) = (terminal(Lines), VecDeque::new());
        let [master, line] = [0, 1].map(|place| Device::of(Class::Own, place, 0));
        assert_eq!(terminal.read(9), Err(Errno::EAGAIN));
        terminal.write_master(b"a", &mut Vec::new()).unwrap();
        terminal.settle(&mut ready);
        assert!(ready.is_empty());
        terminal.write_master(b"\n", &mut Vec::new()).unwrap();
        terminal.settle(&mut ready);
        terminal.settle(&mut ready);
        assert_eq!(ready.drain(..).collect::<Vec<_>>(), [Readiness::to_read(line)]);
        terminal.read_master(99).unwrap();
        assert_eq!(terminal.read_master(99), Err(Errno::EAGAIN));
        terminal.close_terminal();
        terminal.settle(&mut ready);
        assert_eq!(ready.drain(..).collect::<Vec<_>>(), [Readiness::to_read(master)]);
        assert_eq!(terminal.read_master(99), Ok(Buf::EMPTY));
        assert_eq!(terminal.write_master(b"x", &mut Vec::new()), Err(Errno::EIO));
    }
}
