//! Keys in, screens out.

mod terminal;

use super::{
    Candidate, Completer, Completions, Editor, Line, Uncompleted,
    buffer::{Buffer, Killed, combines},
    entry::{Entry, Pressed},
    history::History,
    keys::{Key, Keys},
    screen::{Screen, Size},
};
use crate::{
    fake_kernel::{End, step},
    limits::LINE_BYTES_MAX,
    prelude::*,
};
use core::ops::CoroutineState;
use terminal::Terminal;
use unicode_width::UnicodeWidthChar;

const PROMPT: &str = "$ ";

fn history(lines: &[&str]) -> History {
    let mut history = History::default();
    lines.iter().for_each(|line| history.push(line));
    history
}

/// An entry, and where it comes from.
struct Typist {
    entry: Entry,
    history: History,
    killed: Killed,
    keys: Keys,
}

impl Typist {
    fn new(lines: &[&str]) -> Typist {
        Typist { entry: Entry::default(), history: history(lines), killed: Killed::default(), keys: Keys::default() }
    }

    /// What the last of these keys did.
    fn types(&mut self, bytes: &str) -> Pressed {
        let mut pressed = Pressed::Edited;
        for byte in bytes.bytes() {
            if let Some(key) = self.keys.take(byte) {
                pressed = self.entry.press(key, &self.history, &mut self.killed);
            }
        }
        pressed
    }

    /// The line, with a bar for the cursor.
    fn line(&self) -> String {
        let buffer = self.entry.buffer();
        format!("{}|{}", buffer.before(), &buffer.text()[buffer.cursor()..])
    }
}

/// The line after these keys, with a bar for the cursor.
fn after(lines: &[&str], keys: &str) -> String {
    let mut typist = Typist::new(lines);
    typist.types(keys);
    typist.line()
}

#[test]
fn each_key_edits_as_in_emacs() {
    for (keys, line) in [
        ("ab\x1b[Dc", "ac|b"),
        ("ab\x02\x02x\x06y", "xay|b"),
        ("abc\x01x\x05y", "xabcy|"),
        ("abc\x1b[Hx\x1b[Fy", "xabcy|"),
        ("one two\x1bbx", "one x|two"),
        ("one two\x01\x1bfx", "onex| two"),
        ("abc\x01\x04", "|bc"),
        ("abc\x01\x1b[3~", "|bc"),
        ("abc\x7f", "ab|"),
        ("one two\x17", "one |"),
        ("one two\x02\x0b", "one tw|"),
        ("one two\x15\x19\x19", "one twoone two|"),
        ("one two\x01\x1bd", "| two"),
        ("one/two\x1b\x7f", "one/|"),
        ("ab\x14", "ba|"),
    ] {
        assert_eq!(after(&[], keys), line, "{keys:?}");
    }
}

#[test]
fn a_line_is_entered_dropped_or_the_end() {
    let ended = |keys| Typist::new(&[]).types(keys);
    assert_eq!(ended("ls\r"), Pressed::Ended(Line::Text("ls".into())));
    assert_eq!(ended("ls\x03"), Pressed::Ended(Line::Interrupted));
    assert_eq!(ended("\x04"), Pressed::Ended(Line::End));
    assert_eq!(ended("a\x04"), Pressed::Refused, "only of an empty line it is the end");
    assert_eq!(ended("\x1a"), Pressed::Refused);
}

#[test]
fn a_pasted_newline_is_of_the_line() {
    let mut typist = Typist::new(&[]);
    assert_eq!(typist.types("\x1b[200~a\rb\x1b[201~"), Pressed::Edited);
    assert_eq!(typist.types("\r"), Pressed::Ended(Line::Text("a\nb".into())));
}

#[test]
fn the_history_is_gone_through_and_the_new_line_is_kept() {
    let lines = ["first", "second"];
    assert_eq!(after(&lines, "new\x1b[A"), "second|");
    assert_eq!(after(&lines, "new\x10\x10"), "first|");
    assert_eq!(after(&lines, "new\x1b[A\x1b[A\x1b[A"), "first|", "there is none before");
    assert_eq!(after(&lines, "new\x1b[A\x1b[A\x1b[B"), "second|");
    assert_eq!(after(&lines, "new\x1b[A\x0e"), "new|");
    assert_eq!(after(&lines, "new\x1b[B\x1b[B!"), "new!|");
    let mut typist = Typist::new(&lines);
    assert_eq!(typist.types("\x1b[A\x1b[A\x1b[A"), Pressed::Refused);
    assert_eq!(typist.types("\x1b[B\x1b[B\x1b[B"), Pressed::Refused);
}

#[test]
fn the_history_is_searched_as_one_types() {
    let lines = ["ls one", "cat two", "ls three"];
    assert_eq!(after(&lines, "\x12ls"), "|ls three");
    assert_eq!(after(&lines, "\x12ls\x12"), "|ls one");
    assert_eq!(after(&lines, "\x12tw"), "cat |two");
    assert_eq!(after(&lines, "\x12tw\x05!"), "cat two!|", "another key takes what was found");
    assert_eq!(after(&lines, "new\x12tw\x07"), "new|");
    assert_eq!(after(&lines, "\x12tx\x7fw"), "cat |two");
    assert_eq!(after(&lines, "\x12two\x05\x1b[A"), "ls one|", "it goes on from there");
    let mut typist = Typist::new(&lines);
    assert_eq!(typist.types("\x12none"), Pressed::Refused);
    assert_eq!(typist.entry.prompt(PROMPT), "(failed reverse-i-search)`none': ");
    assert_eq!(Typist::new(&lines).types("\x12two\r"), Pressed::Ended(Line::Text("cat two".into())));
}

fn candidates(start: usize, texts: &[&str]) -> Completions {
    let candidate =
        |text: &&str| Candidate { text: (*text).into(), shown: (*text).into(), goes_on: text.ends_with('/') };
    Completions { start, candidates: texts.iter().map(candidate).collect() }
}

#[test]
fn a_tab_completes_as_far_as_all_agree_and_a_second_one_lists() {
    let completed = |keys: &str, start, texts: &[&str]| {
        let mut typist = Typist::new(&[]);
        assert_eq!(typist.types(keys), Pressed::Completes);
        let pressed = typist.entry.complete(candidates(start, texts));
        (pressed, typist.line())
    };
    assert_eq!(completed("cat re\t", 4, &["readme"]), (Pressed::Edited, "cat readme |".into()));
    assert_eq!(completed("cat re\t", 4, &["red/"]), (Pressed::Edited, "cat red/|".into()));
    assert_eq!(completed("cat r\t", 4, &["readme", "red"]), (Pressed::Edited, "cat re|".into()));
    assert_eq!(completed("cat re\t", 4, &["readme", "red"]), (Pressed::Refused, "cat re|".into()));
    assert_eq!(completed("x\t", 0, &[]), (Pressed::Refused, "x|".into()));
    assert_eq!(completed("a\t", 0, &["a\\ b", "a\\$"]), (Pressed::Refused, "a|".into()), "half of a quoted character");
    let mut typist = Typist::new(&[]);
    let both = || candidates(0, &["readme", "red"]);
    typist.types("re\t");
    assert_eq!(typist.entry.complete(both()), Pressed::Refused);
    typist.types("\t");
    assert_eq!(typist.entry.complete(both()), Pressed::Lists(both()));
    typist.types("x\x7f\t");
    assert_eq!(typist.entry.complete(both()), Pressed::Refused, "another key came between");
}

#[test]
fn a_line_longer_than_the_bound_is_refused() {
    let mut typist = Typist::new(&[&"x".repeat(LINE_BYTES_MAX)]);
    assert_eq!(typist.types("\x1b[Ay"), Pressed::Refused);
    assert_eq!(typist.entry.buffer().text().len(), LINE_BYTES_MAX);
}

/// What a terminal without an editor shows of a prompt and a line, and where the cursor and the end are: it wraps
/// by itself.
fn model(prompt: &str, buffer: &Buffer, columns: usize) -> (Vec<String>, (usize, usize), (usize, usize)) {
    // A character has a row at most, and the end one more.
    let mut terminal = Terminal::new(columns, prompt.len() + buffer.text().len() + 2, false);
    let mut cursor = None;
    let mut may_combine = false;
    for (from, text) in [(None, prompt), (Some(buffer.cursor()), buffer.text())] {
        // What combines has nothing to stand on at the start of the line and behind a control character.
        may_combine &= from.is_none();
        for (at, character) in text.char_indices() {
            let shown = match character {
                '\n' => String::new(),
                c if c.is_ascii_control() => format!("^{}", char::from(c as u8 ^ 0x40)),
                c if combines(c) && may_combine => String::from(c),
                c if c.width().unwrap_or(0) == 0 => "\u{fffd}".into(),
                c => String::from(c),
            };
            may_combine = !character.is_control();
            if shown.is_empty() || !combines(shown.chars().next().unwrap()) {
                // A control character is not torn apart.
                terminal.settle(shown.chars().map(|c| c.width().unwrap()).sum::<usize>().max(1));
                if from.is_some_and(|cursor| at >= cursor) && cursor.is_none() {
                    cursor = Some(terminal.cursor());
                }
            }
            terminal.feed(if shown.is_empty() { "\r\n" } else { &shown });
        }
    }
    terminal.settle(1);
    let cursor = cursor.unwrap_or_else(|| terminal.cursor());
    (terminal.shown(), cursor, terminal.cursor())
}

/// Numbers by chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

const CHARACTERS: [char; 12] = ['a', 'b', 'c', ' ', '/', 'é', '漢', '🦀', '\u{301}', '\u{200b}', '\t', '\n'];

fn random_key(chance: &mut Chance) -> Key {
    use Key::{Alt, AltBackspace, Backspace, Char, Control, Delete, Down, Left, Pasted, Right, Up};
    const COMMANDS: [Key; 24] = [
        Left,
        Left,
        Right,
        Up,
        Down,
        Backspace,
        Delete,
        AltBackspace,
        Control('a'),
        Control('e'),
        Control('k'),
        Control('u'),
        Control('w'),
        Control('y'),
        Control('y'),
        Control('t'),
        Control('r'),
        Control('r'),
        Control('l'),
        Control('g'),
        Alt('b'),
        Alt('f'),
        Alt('d'),
        Key::Escape,
    ];
    match chance.below(4) {
        0 => chance.of(&COMMANDS),
        1 => Pasted(chance.of(&CHARACTERS)),
        _ => Char(chance.of(&CHARACTERS[..10])),
    }
}

/// Presses random keys and compares the terminal after each drawing with the model.
fn assert_screens_are_right(seed: u64, columns: usize, rows: usize, is_cooked: bool) {
    let lines = ["ls", "a longer line that wraps once or twice", "漢字漢字漢字漢字漢字", "first\nsecond\n"];
    let mut typist = Typist::new(&lines);
    let mut chance = Chance(seed);
    let size = Size::new(u16::try_from(columns).unwrap(), u16::try_from(rows).unwrap());
    let mut screen = Screen::new(size);
    let mut terminal = Terminal::new(columns, rows, is_cooked);
    let mut history_of_keys = Vec::new();
    for _ in 0..400 {
        let mut out = String::new();
        for _ in 0..chance.below(3) {
            let key = random_key(&mut chance);
            history_of_keys.push(key);
            let pressed = typist.entry.press(key, &typist.history, &mut typist.killed);
            if pressed == Pressed::Clears {
                screen.clear(&mut out);
            }
        }
        let prompt = typist.entry.prompt(PROMPT);
        screen.draw(&prompt, typist.entry.buffer(), &mut out);
        terminal.feed(&out);
        let (wanted, cursor, end) = model(&prompt, typist.entry.buffer(), columns);
        let told = format!("seed {seed}, {columns} by {rows}, after {history_of_keys:?}, by {out:?}");
        let shown = terminal.shown();
        if end.0 < rows {
            // All of it, wherever the prompt is after what has scrolled away.
            let place = terminal.cursor();
            let offset = place.0.checked_sub(cursor.0).expect(&told);
            assert_eq!(place.1, cursor.1, "{told}");
            assert_eq!(shown.get(offset..).unwrap_or_default(), wanted, "{told}");
        } else {
            // A part of it, with the cursor's row.
            let (row, column) = terminal.cursor();
            assert_eq!(column, cursor.1, "{told}");
            let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
            let row_at = |rows: &[&str], row: usize| rows.get(row).copied().unwrap_or_default().to_owned();
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            assert_eq!(row_at(&shown, row), row_at(&wanted, cursor.0), "{told}");
            for above in 0..=row.min(cursor.0) {
                assert_eq!(row_at(&shown, row - above), row_at(&wanted, cursor.0 - above), "{told}");
            }
        }
    }
}

#[test]
fn after_any_keys_the_terminal_shows_the_line() {
    for seed in 1..=12 {
        for (columns, rows) in [(80, 24), (20, 24), (7, 100), (3, 200), (20, 3), (9, 1)] {
            assert_screens_are_right(seed, columns, rows, seed % 2 == 0);
        }
    }
}

#[test]
fn a_character_at_the_end_is_one_byte_and_one_before_it_redraws_what_follows() {
    let mut screen = Screen::new(Size::new(80, 24));
    let mut drawn = |text: &str, cursor| {
        let mut out = String::new();
        screen.draw(PROMPT, &Buffer::with_cursor(text.into(), cursor), &mut out);
        out
    };
    assert_eq!(drawn("l", 1), "$ l");
    assert_eq!(drawn("ls", 2), "s");
    assert_eq!(drawn("ls", 1), "\x1b[1D");
    assert_eq!(drawn("lxs", 2), "xs\x1b[1D");
    assert_eq!(drawn("l", 1), "\x1b[1D\x1b[K");
}

#[test]
fn a_terminal_of_another_width_is_drawn_anew() {
    let mut screen = Screen::new(Size::new(10, 24));
    let mut out = String::new();
    let line = Buffer::new("0123456789".into());
    screen.draw(PROMPT, &line, &mut out);
    out.clear();
    screen.resize(Size::new(10, 24), &mut out);
    assert_eq!(out, "");
    screen.resize(Size::new(20, 24), &mut out);
    screen.draw(PROMPT, &line, &mut out);
    assert_eq!(out, "\x1b[1A\r\r\x1b[J$ 0123456789");
}

/// Completes words of "echo".
struct Echo;

impl Completer for Echo {
    fn complete(&mut self, before: &str) -> impl Routine<Result<Completions, Errno>> {
        routine!(move {
            let known = ["echo", "echod"].iter().filter(|word| word.starts_with(before)).copied().collect::<Vec<_>>();
            Ok(candidates(0, &known))
        })
    }
}

/// What an editor draws on a terminal on which these keys are pressed, the lines that it gives, and how that ends.
/// A `None` is a pause.
fn session(columns: u16, keys: &[Option<u8>], reader: Task) -> (Terminal, End) {
    let mut terminal = Terminal::new(usize::from(columns), 24, true);
    let mut keys: alloc::collections::VecDeque<Option<u8>> = keys.iter().copied().collect();
    let mut modes = vec![TerminalMode::Lines];
    let mut task = reader;
    let mut reply = Reply::Unit;
    loop {
        let call = match task.resume(reply) {
            CoroutineState::Yielded(trap) => trap.call,
            CoroutineState::Complete(result) => {
                assert_eq!(modes.last(), Some(&TerminalMode::Lines), "the terminal is left as it was not");
                return (terminal, End::Returned(result));
            }
        };
        reply = match call {
            Syscall::Terminal { .. } => {
                let mode = *modes.last().unwrap();
                Reply::Terminal(Box::new(TerminalInfo { mode, columns, rows: 24, foreground: Tid::NONE }))
            }
            Syscall::SetTerminal { mode, .. } => {
                modes.push(mode);
                Reply::Unit
            }
            Syscall::Poll { interests, span } => {
                let is_ready = matches!(keys.front(), Some(Some(_)));
                if !is_ready && span.count() > 0 {
                    keys.pop_front();
                }
                Reply::Ready(Box::new(if is_ready { *interests } else { vec![] }))
            }
            Syscall::Read { max: 1, .. } => {
                while let Some(None) = keys.front() {
                    keys.pop_front();
                }
                Reply::Buf(keys.pop_front().flatten().map_or(Buf::EMPTY, |byte| Buf::from(vec![byte])))
            }
            Syscall::Write { data, .. } => {
                terminal.feed(core::str::from_utf8(&data).unwrap());
                Reply::Count(data.len() as u64)
            }
            call => return (terminal, End::Asks(call.to_string())),
        };
    }
}

/// Reads lines to the end, and shows each.
fn reader() -> Task {
    task!({
        let mut editor = Editor::new(Fd::STDIN, Fd::STDOUT);
        loop {
            let line = call!(editor.read_line(PROMPT, &mut Echo))?;
            println!("{line:?}")?;
            if line == Line::End {
                return Ok(());
            }
        }
    })
}

fn pressed(keys: &str) -> Vec<Option<u8>> {
    keys.bytes().map(Some).collect()
}

#[test]
fn lines_are_read_from_a_terminal_until_its_end() {
    let (terminal, end) = session(80, &pressed("lss\x7f\recho \x03\x1b[A!\r\x04"), reader());
    let shown = ["$ ls", "Text(\"ls\")", "$ echo ^C", "Interrupted", "$ ls!", "Text(\"ls!\")", "$", "End"];
    assert_eq!((terminal.shown(), end), (shown.map(String::from).to_vec(), End::Returned(Ok(()))));
}

#[test]
fn a_terminal_that_hangs_up_is_the_end() {
    let (terminal, end) = session(80, &pressed("half"), reader());
    assert_eq!((terminal.shown().last().unwrap().as_str(), end), ("End", End::Returned(Ok(()))));
}

#[test]
fn a_signal_drops_the_line_and_leaves_the_terminal_as_it_was() {
    let mut task = reader();
    let mut reply = Reply::Unit;
    let mut modes = Vec::new();
    let mut shown = String::new();
    let end = loop {
        let call = match task.resume(reply) {
            CoroutineState::Yielded(trap) => trap.call,
            CoroutineState::Complete(end) => break end,
        };
        reply = match call {
            Syscall::Terminal { .. } => {
                let mode = TerminalMode::Keys;
                Reply::Terminal(Box::new(TerminalInfo { mode, columns: 80, rows: 24, foreground: Tid::NONE }))
            }
            Syscall::SetTerminal { mode, .. } => {
                modes.push(mode);
                Reply::Unit
            }
            Syscall::Poll { .. } => Reply::Ready(Box::default()),
            Syscall::Write { data, .. } => {
                shown += core::str::from_utf8(&data).unwrap();
                Reply::Count(data.len() as u64)
            }
            _ => Reply::Err(Errno::EINTR),
        };
    };
    assert_eq!((end, modes), (Err(Errno::EINTR), vec![TerminalMode::Raw, TerminalMode::Keys]));
    assert_eq!(shown, "\x1b[?2004h$ \r\n\x1b[?2004l");
}

#[test]
fn completions_are_listed_below_the_line_which_stands_below_them_again() {
    let (terminal, _) = session(80, &pressed("ec\t\t\t\r\x04"), reader());
    let shown = ["$ echo", "echo  echod", "$ echo", "Text(\"echo\")", "$", "End"];
    assert_eq!(terminal.shown(), shown.map(String::from));
    assert_eq!(terminal.bells, 1);
}

#[test]
fn an_escape_that_nothing_follows_is_a_key_and_what_comes_later_is_typed() {
    let mut keys = pressed("a\x1b");
    keys.push(None);
    keys.extend(pressed("[b\r\x04"));
    let (terminal, _) = session(80, &keys, reader());
    assert_eq!(terminal.shown()[0], "$ a[b");
}

#[test]
fn a_line_that_fills_its_row_leaves_no_empty_one() {
    let (terminal, _) = session(10, &pressed("12345678\r\x04"), reader());
    assert_eq!(terminal.shown()[..2], ["$ 12345678", "Text(\"1234"].map(String::from));
}

#[test]
fn what_is_no_terminal_is_not_read() {
    let mut task = task!({ call!(Editor::new(Fd::STDIN, Fd::STDOUT).read_line(PROMPT, &mut Uncompleted)).map(drop) });
    assert_eq!(step(&mut task, Reply::Unit).to_string(), "terminal(0)");
    let end = task.resume(Reply::Err(Errno::ENOTTY));
    assert!(matches!(end, CoroutineState::Complete(Err(Errno::ENOTTY))), "{end:?}");
}
