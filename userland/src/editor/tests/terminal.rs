//! A terminal in small: what it shows of the bytes that it is sent.

use super::super::buffer::combines;
use alloc::{string::String, vec, vec::Vec};
use unicode_width::UnicodeWidthChar;

/// A cell: its character and what combines with that, or nothing behind a wide one.
type Cell = String;

/// Rows that only grow downwards, and scroll out of sight at the top.
pub(super) struct Terminal {
    columns: usize,
    rows: usize,
    /// Those that the cursor has been in so far.
    lines: Vec<Vec<Cell>>,
    /// Rows that have scrolled away.
    scrolled: usize,
    row: usize,
    column: usize,
    /// A full row was written, and the next character wraps.
    is_wrap_pending: bool,
    pub bells: usize,
    /// Does it make a newline a carriage return too, as a terminal's output mode has it?
    is_cooked: bool,
    sequence: Option<String>,
}

impl Terminal {
    pub(super) fn new(columns: usize, rows: usize, is_cooked: bool) -> Terminal {
        let lines = vec![vec![blank(); columns]];
        let (scrolled, row, column, bells) = (0, 0, 0, 0);
        Terminal {
            columns,
            rows,
            lines,
            scrolled,
            row,
            column,
            is_wrap_pending: false,
            bells,
            is_cooked,
            sequence: None,
        }
    }

    pub(super) fn feed(&mut self, text: &str) {
        text.chars().for_each(|character| self.take(character));
    }

    fn take(&mut self, character: char) {
        if let Some(mut sequence) = self.sequence.take() {
            sequence.push(character);
            if sequence.len() == 1 || !('@'..='~').contains(&character) {
                assert!(sequence.starts_with('['), "ESC {sequence:?}");
                self.sequence = Some(sequence);
            } else {
                self.obey(&sequence[1..]);
            }
            return;
        }
        match character {
            '\x1b' => self.sequence = Some(String::new()),
            '\x07' => self.bells += 1,
            '\r' => self.go(self.row, 0),
            '\n' => self.line_feed(),
            character => {
                assert!(!character.is_control(), "{character:?} is sent");
                self.show(character);
            }
        }
    }

    fn go(&mut self, row: usize, column: usize) {
        (self.row, self.column) = (row.min(self.rows - 1), column.min(self.columns - 1));
        self.is_wrap_pending = false;
    }

    fn line_feed(&mut self) {
        let column = if self.is_cooked { 0 } else { self.column };
        self.scrolled += usize::from(self.row + 1 == self.rows);
        self.go(self.row + 1, column);
        if self.lines.len() <= self.scrolled + self.row {
            self.lines.push(vec![blank(); self.columns]);
        }
    }

    fn show(&mut self, character: char) {
        if combines(character) {
            // On the last one shown, which a wide one has two cells for.
            let mut at = if self.is_wrap_pending { self.column + 1 } else { self.column };
            at -= 1;
            let line = &mut self.lines[self.scrolled + self.row];
            if line[at].is_empty() {
                at -= 1;
            }
            line[at].push(character);
            return;
        }
        let width = character.width().unwrap();
        if self.is_wrap_pending || self.column + width > self.columns {
            self.line_feed();
            self.go(self.row, 0);
        }
        let (column, end) = (self.column, self.column + width);
        let line = &mut self.lines[self.scrolled + self.row];
        // Half of a wide character that is written over is no character.
        if line[column].is_empty() {
            line[column - 1] = blank();
        }
        if end < line.len() && line[end].is_empty() {
            line[end] = blank();
        }
        line[column] = String::from(character);
        line[column + 1..end].fill(String::new());
        self.is_wrap_pending = end == self.columns;
        self.column = end.min(self.columns - 1);
    }

    fn obey(&mut self, sequence: &str) {
        let (parameters, command) = sequence.split_at(sequence.len() - 1);
        let count = parameters.parse().unwrap_or(1);
        match (parameters, command) {
            (_, "A") => self.go(self.row - count, self.column),
            (_, "C") => {
                assert!(self.column + count < self.columns, "past the last column");
                self.go(self.row, self.column + count);
            }
            (_, "D") => self.go(self.row, self.column - count),
            ("", "H") => self.go(0, 0),
            ("", "K") => {
                assert!(!self.is_wrap_pending, "clears what was just written");
                self.clear_from(self.column, self.row);
            }
            ("", "J") => {
                self.clear_from(self.column, self.row);
                (self.row + 1..self.rows).for_each(|row| self.clear_from(0, row));
            }
            ("2", "J") => (0..self.rows).for_each(|row| self.clear_from(0, row)),
            ("?2004", "h" | "l") => {}
            _ => panic!("unknown sequence {sequence:?}"),
        }
    }

    fn clear_from(&mut self, column: usize, row: usize) {
        if let Some(line) = self.lines.get_mut(self.scrolled + row) {
            line[column..].fill(blank());
        }
    }

    /// The rows in sight, without blanks at their ends and without empty ones at the end.
    pub(super) fn shown(&self) -> Vec<String> {
        let row = |line: &Vec<Cell>| String::from(line.concat().trim_end());
        let mut rows: Vec<String> = self.lines[self.scrolled..].iter().map(row).collect();
        while rows.last().is_some_and(String::is_empty) {
            rows.pop();
        }
        rows
    }

    /// Row and column of the cursor.
    pub(super) fn cursor(&self) -> (usize, usize) {
        assert!(!self.is_wrap_pending, "nobody can tell where the cursor is");
        (self.row, self.column)
    }

    /// Begins a new row if a character of this width would.
    pub(super) fn settle(&mut self, width: usize) {
        if self.is_wrap_pending || self.column + width > self.columns {
            self.line_feed();
            self.go(self.row, 0);
        }
    }
}

fn blank() -> Cell {
    String::from(" ")
}
