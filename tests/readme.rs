//! The README's session is what a terminal shows: its commands are typed, and nothing else comes.
#![cfg(target_os = "linux")]

mod common;

use common::page::{assert_links_lead_somewhere, blocks, read};
use rustix::{
    fs::{Mode, OFlags, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};
use std::{
    fs::File,
    io::{Read, Write},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

/// A machine that shows nothing for so long will not.
const PATIENCE: Duration = Duration::from_secs(60);

/// The text that a terminal is left with whose cursor only ever goes on: without what moves it, colours it or rings.
fn visible(shown: &str) -> String {
    let mut text = String::new();
    let mut rest = shown.chars();
    while let Some(character) = rest.next() {
        match character {
            '\x1b' => {
                assert_eq!(rest.next(), Some('['), "{shown:?}");
                rest.find(|end| end.is_ascii_alphabetic());
            }
            '\r' => {}
            character => text.push(character),
        }
    }
    text
}

/// What is pressed at a line of the session, and where in it that begins: all that follows a prompt, or a key.
fn pressed(line: &str) -> Option<(usize, String)> {
    match line {
        "^C" => return Some((0, "\x03".to_owned())),
        "^Z" => return Some((0, "\x1a".to_owned())),
        _ => {}
    }
    let prompt =
        line.find("$ ").filter(|at| line[..*at].trim_end().chars().all(|c| "[]".contains(c) || c.is_ascii_digit()))?;
    let from = prompt + "$ ".len();
    Some((from, format!("{}\r", &line[from..])))
}

/// The keyboard, and what is shown.
struct Terminal {
    keyboard: File,
    more: Receiver<Vec<u8>>,
    shown: Vec<u8>,
}

impl Terminal {
    /// Waits until this is all that is to be seen.
    #[track_caller]
    fn expect(&mut self, wanted: &str) {
        loop {
            let seen = visible(&String::from_utf8_lossy(&self.shown));
            if seen == wanted {
                return;
            }
            match self.more.recv_timeout(PATIENCE) {
                Ok(more) => self.shown.extend(more),
                Err(_) => assert_eq!(seen, wanted),
            }
        }
    }
}

#[test]
fn the_session_is_what_a_terminal_shows() {
    let page = read("README.md");
    let session = blocks(&page).into_iter().find(|block| block.fence == "text").expect("a session").text;
    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&keyboard).unwrap();
    unlockpt(&keyboard).unwrap();
    let name = ptsname(&keyboard, Vec::new()).unwrap();
    let stream = open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    tcsetwinsize(&stream, Winsize { ws_row: 60, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    // A session of its own, so that the terminal's keys are signals to it.
    let mut child = Command::new("setsid")
        .args(["--ctty", "--wait", env!("CARGO_BIN_EXE_yieldix"), "--mount", ".:/src:ro"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env(common::REFUSE_LINTS.0, common::REFUSE_LINTS.1)
        .stdin(Stdio::from(stream.try_clone().unwrap()))
        .stdout(Stdio::from(stream.try_clone().unwrap()))
        .stderr(Stdio::from(stream))
        .spawn()
        .expect("there is setsid");
    let keyboard = File::from(keyboard);
    let mut screen = keyboard.try_clone().unwrap();
    let (reader, more) = channel();
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        // The end of a terminal that nobody has open any more is an error.
        while let Ok(count) = screen.read(&mut bytes) {
            if reader.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut terminal = Terminal { keyboard, more, shown: Vec::new() };
    let mut above = 0;
    let mut count = 0;
    for line in session.split_inclusive('\n') {
        if let Some((from, keys)) = pressed(line.trim_end_matches('\n')) {
            terminal.expect(&session[..above + from]);
            terminal.keyboard.write_all(keys.as_bytes()).unwrap();
            count += 1;
        }
        above += line.len();
    }
    terminal.expect(session);
    // As after any program: with its last status.
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(count > 8, "{count} lines");
}

#[test]
fn its_links_lead_somewhere() {
    assert_links_lead_somewhere(&read("README.md"), "");
}
