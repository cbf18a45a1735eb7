//! A line being entered: what each key does to it.
//!
//! A pure state machine. A key changes the line, or ends it, or asks for what only a task can do:
//! see [`Pressed`].

use super::{
    Line,
    buffer::{Buffer, Killed},
    completion::Completions,
    history::History,
    keys::Key,
};
use alloc::{borrow::Cow, format, string::String};
use core::mem;

/// What a key has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// The line is another, or the cursor elsewhere, or nothing has changed.
    Edited,
    /// The key can do nothing here, which a bell tells.
    Refused,
    /// The terminal is to be cleared.
    Clears,
    /// Completions of what stands before the cursor are wanted.
    Completes,
    /// These are to be listed below the line.
    Lists(Completions),
    /// The line is over.
    Ended(Line),
}

/// A search backwards through the history.
#[derive(Debug)]
struct Search {
    wanted: String,
    /// The place of the line that is shown.
    place: usize,
    is_failed: bool,
    /// What was there before, for who gives up.
    original: Buffer,
}

/// A line and the history it may come from.
#[derive(Debug, Default)]
pub struct Entry {
    buffer: Buffer,
    /// The place in the history that is shown, and the line that was there before any of it was.
    recalled: Option<(usize, Buffer)>,
    search: Option<Search>,
    /// Was the last key a Tab that completed nothing?
    is_tabbed: bool,
}

impl Entry {
    /// The line.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// What stands before the line.
    pub fn prompt<'a>(&self, prompt: &'a str) -> Cow<'a, str> {
        match &self.search {
            None => Cow::Borrowed(prompt),
            Some(search) => {
                let failed = if search.is_failed { "failed " } else { "" };
                Cow::Owned(format!("({failed}reverse-i-search)`{}': ", search.wanted))
            }
        }
    }

    /// To the end of the line, to leave it.
    pub fn leave(&mut self) {
        self.search = None;
        self.buffer.end();
    }

    /// Does what the key is for.
    pub fn press(&mut self, key: Key, history: &History, killed: &mut Killed) -> Pressed {
        let was_tabbed = mem::take(&mut self.is_tabbed);
        if self.search.is_some() {
            if let Some(pressed) = self.press_in_search(key, history) {
                return pressed;
            }
            // Any other key takes what was found, and does what it always does.
            self.search = None;
        }
        if let Some(pressed) = self.kill(key, killed) {
            return pressed;
        }
        killed.settle();
        let buffer = &mut self.buffer;
        let is_done = match key {
            Key::Char(character) | Key::Pasted(character) => buffer.insert_char(character),
            Key::Control('y') => buffer.yank(killed),
            Key::Control('t') => buffer.transpose(),
            Key::Backspace => buffer.backspace(),
            Key::Delete => buffer.delete(),
            Key::Control('d') if !buffer.text().is_empty() => buffer.delete(),
            Key::Control('d') => return Pressed::Ended(Line::End),
            Key::Control('c') => return Pressed::Ended(Line::Interrupted),
            Key::Enter => return Pressed::Ended(Line::Text(mem::take(buffer).into_text())),
            Key::Control('l') => return Pressed::Clears,
            Key::Up | Key::Control('p') => self.recall(history, true),
            Key::Down | Key::Control('n') => self.recall(history, false),
            Key::Control('r') => {
                self.begin_search(history);
                true
            }
            Key::Tab => {
                self.is_tabbed = was_tabbed;
                return Pressed::Completes;
            }
            key => moves(buffer, key),
        };
        if is_done { Pressed::Edited } else { Pressed::Refused }
    }

    fn kill(&mut self, key: Key, killed: &mut Killed) -> Option<Pressed> {
        match key {
            Key::Control('k') => self.buffer.kill_to_end(killed),
            Key::Control('u') => self.buffer.kill_to_start(killed),
            Key::Control('w') => self.buffer.kill_argument(killed),
            Key::AltBackspace => self.buffer.kill_word_left(killed),
            Key::Alt('d') => self.buffer.kill_word_right(killed),
            _ => return None,
        }
        Some(Pressed::Edited)
    }

    /// Shows the line of the history before the one that is shown, or the one after it.
    fn recall(&mut self, history: &History, is_back: bool) -> bool {
        let (place, fresh) = match self.recalled.take() {
            Some(recalled) => recalled,
            None => (history.end(), self.buffer.clone()),
        };
        let wanted = if is_back { place.checked_sub(1) } else { Some(place + 1) };
        let line = wanted.and_then(|wanted| Some((wanted, history.line(wanted)?)));
        let is_fresh_wanted = wanted == Some(history.end());
        match line {
            Some((wanted, line)) => {
                self.buffer = Buffer::new(line.into());
                self.recalled = Some((wanted, fresh));
            }
            None if is_fresh_wanted => self.buffer = fresh,
            None if place < history.end() => self.recalled = Some((place, fresh)),
            None => {}
        }
        line.is_some() || is_fresh_wanted
    }

    fn begin_search(&mut self, history: &History) {
        let original = self.buffer.clone();
        self.search = Some(Search { wanted: String::new(), place: history.end(), is_failed: false, original });
    }

    /// `None` for a key that ends the search and is to do what it does elsewhere.
    fn press_in_search(&mut self, key: Key, history: &History) -> Option<Pressed> {
        let search = self.search.as_mut()?;
        // Where to search from: the line that is shown may still be it, unless another is asked for.
        let from = match key {
            Key::Char(character) | Key::Pasted(character) => {
                search.wanted.push(character);
                search.place + 1
            }
            Key::Backspace => {
                search.wanted.pop();
                history.end()
            }
            Key::Control('r') => search.place,
            Key::Control('g' | 'c') => {
                self.buffer = self.search.take()?.original;
                return Some(Pressed::Edited);
            }
            _ => return None,
        };
        if search.wanted.is_empty() {
            search.is_failed = false;
            return Some(Pressed::Edited);
        }
        match history.find_before(from, &search.wanted) {
            Some((place, at)) => {
                search.place = place;
                search.is_failed = false;
                self.buffer = Buffer::with_cursor(history.line(place)?.into(), at);
                let original = search.original.clone();
                self.recalled = Some((place, original));
                Some(Pressed::Edited)
            }
            None => {
                search.is_failed = true;
                Some(Pressed::Refused)
            }
        }
    }

    /// Completes what stands before the cursor, as far as all of these agree; a second Tab in a row lists them.
    pub fn complete(&mut self, completions: Completions) -> Pressed {
        let was_tabbed = mem::take(&mut self.is_tabbed);
        let Some(text) = completions.common() else { return Pressed::Refused };
        let is_longer = text.len() > self.buffer.before().len().saturating_sub(completions.start);
        if completions.candidates.len() == 1 || is_longer {
            let is_done = self.buffer.replace_before(completions.start, &text);
            return if is_done { Pressed::Edited } else { Pressed::Refused };
        }
        if was_tabbed {
            return Pressed::Lists(completions);
        }
        self.is_tabbed = true;
        Pressed::Refused
    }
}

/// Moves the cursor, if that is what the key is for; true if it was.
fn moves(buffer: &mut Buffer, key: Key) -> bool {
    match key {
        Key::Left | Key::Control('b') => buffer.left(),
        Key::Right | Key::Control('f') => buffer.right(),
        Key::Home | Key::Control('a') => buffer.home(),
        Key::End | Key::Control('e') => buffer.end(),
        Key::WordLeft | Key::Alt('b') => buffer.word_left(),
        Key::WordRight | Key::Alt('f') => buffer.word_right(),
        Key::Escape => {}
        _ => return false,
    }
    true
}
