//! What a terminal shows of a line, and the bytes that make it show something else.
//!
//! The screen is rows of glyphs below and right of where the prompt began. Drawing lays the line out
//! anew, compares it with what is shown, and sends only what differs. It never relies on the terminal
//! to wrap a line: a full row is followed by an explicit new one, so that the cursor's place is known
//! on every terminal. A line of more rows than the terminal has is shown in part, with the cursor in it.

use super::buffer::{Buffer, combines};
use alloc::{string::String, vec::Vec};
use compact_str::CompactString;
use core::fmt::Write;
use unicode_width::UnicodeWidthChar;

/// What takes one or two cells: a character and what combines with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glyph {
    text: CompactString,
    width: usize,
}

/// A row of the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    glyphs: Vec<Glyph>,
    width: usize,
}

/// A cell, counted from where the prompt began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    row: usize,
    column: usize,
}

/// A line in rows.
#[derive(Debug, Default)]
struct Layout {
    rows: Vec<Row>,
    cursor: Place,
    /// Is the last row there only because the one before it is full?
    is_end_wrapped: bool,
}

/// How much room a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Cells of a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
}

impl Size {
    /// Of a terminal that does not say.
    const UNKNOWN: Size = Size { columns: 80, rows: 24 };

    /// With these; 0 stands for unknown.
    pub fn new(columns: u16, rows: u16) -> Size {
        let known = |count: u16, otherwise| if count == 0 { otherwise } else { usize::from(count) };
        Size { columns: known(columns, Size::UNKNOWN.columns), rows: known(rows, Size::UNKNOWN.rows) }
    }
}

/// A terminal's rows from the prompt on.
#[derive(Debug)]
pub struct Screen {
    size: Size,
    shown: Vec<Row>,
    /// The first row of the line that is shown.
    top: usize,
    /// Where the terminal's cursor is. A column past the last: behind a full row.
    cursor: Place,
    is_end_wrapped: bool,
}

impl Layout {
    fn new(prompt: &str, buffer: &Buffer, columns: usize) -> Layout {
        let mut layout = Layout { rows: alloc::vec![Row::default()], ..Layout::default() };
        layout.add(prompt, columns, None);
        layout.add(buffer.text(), columns, Some(buffer.cursor()));
        layout
    }

    /// Adds a text; the cursor is at this byte of it, or stays where the end is.
    fn add(&mut self, text: &str, columns: usize, cursor: Option<usize>) {
        let mut rest = text.char_indices().peekable();
        let mut is_cursor_placed = false;
        while let Some((at, character)) = rest.next() {
            let glyph =
                glyph(character, columns, core::iter::from_fn(|| rest.next_if(|(_, c)| combines(*c)).map(|(_, c)| c)));
            if self.last().width + glyph.width.max(1) > columns {
                self.rows.push(Row::default());
            }
            if cursor.is_some_and(|cursor| at >= cursor) && !is_cursor_placed {
                self.cursor = self.end();
                is_cursor_placed = true;
            }
            match character {
                '\n' => self.rows.push(Row::default()),
                _ => {
                    let row = self.last();
                    row.width += glyph.width;
                    row.glyphs.push(glyph);
                }
            }
        }
        if !is_cursor_placed {
            if self.last().width == columns {
                self.rows.push(Row::default());
                self.is_end_wrapped = true;
            }
            self.cursor = self.end();
        }
    }

    fn last(&mut self) -> &mut Row {
        if self.rows.is_empty() {
            self.rows.push(Row::default());
        }
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    fn end(&mut self) -> Place {
        Place { column: self.last().width, row: self.rows.len() - 1 }
    }
}

/// What stands for a character: itself, `^C` for what would move the cursor, and U+FFFD for what takes no
/// cell and has none to stand on.
fn glyph(character: char, columns: usize, combining: impl Iterator<Item = char>) -> Glyph {
    let mut text = CompactString::default();
    let mut width = 1;
    match character {
        '\n' => width = 0,
        '\0'..' ' | '\x7f' => {
            // `@` to `_`, and `?` for DEL.
            text.extend(['^', char::from(character as u8 ^ 0x40)]);
            width = 2;
        }
        _ => match character.width() {
            None | Some(0) => text.push('\u{fffd}'),
            Some(cells) => {
                text.push(character);
                width = cells;
            }
        },
    }
    if width > columns {
        return Glyph { text: "?".into(), width: 1 };
    }
    if !character.is_control() {
        text.extend(combining);
    }
    Glyph { text, width }
}

impl Screen {
    /// A terminal of this size, whose cursor is where the prompt is to begin.
    pub const fn new(size: Size) -> Screen {
        Screen { size, shown: Vec::new(), top: 0, cursor: Place { row: 0, column: 0 }, is_end_wrapped: false }
    }

    /// How much room there is.
    pub const fn size(&self) -> Size {
        self.size
    }

    /// The terminal has this size now. What it has made of the rows nobody knows: they are drawn anew.
    pub fn resize(&mut self, size: Size, out: &mut String) {
        if size == self.size {
            return;
        }
        if !self.shown.is_empty() {
            self.go_to(Place::default(), out);
            out.push_str("\r\x1b[J");
        }
        *self = Screen::new(size);
    }

    /// Empties the terminal.
    pub fn clear(&mut self, out: &mut String) {
        out.push_str("\x1b[H\x1b[2J");
        *self = Screen::new(self.size);
    }

    /// Has the terminal show the prompt and the line, and the cursor in it.
    pub fn draw(&mut self, prompt: &str, buffer: &Buffer, out: &mut String) {
        let Layout { mut rows, mut cursor, is_end_wrapped } = Layout::new(prompt, buffer, self.size.columns);
        let height = self.size.rows;
        self.top = self.top.clamp((cursor.row + 1).saturating_sub(height), cursor.row);
        self.top = self.top.min(rows.len().saturating_sub(height));
        rows.drain(..self.top);
        rows.truncate(height);
        cursor.row -= self.top;
        self.is_end_wrapped = is_end_wrapped;
        // A row that was shown and is no more stays, and is empty.
        rows.resize(rows.len().max(self.shown.len()), Row::default());
        for (number, row) in rows.iter().enumerate() {
            let old = self.shown.get(number).cloned().unwrap_or_default();
            self.draw_row(number, &old, row, out);
        }
        self.shown = rows;
        self.go_to(cursor, out);
    }

    fn draw_row(&mut self, number: usize, old: &Row, new: &Row, out: &mut String) {
        if old == new {
            return;
        }
        let same = old.glyphs.iter().zip(&new.glyphs).take_while(|(old, new)| old == new).count();
        let column = new.glyphs[..same].iter().map(|glyph| glyph.width).sum();
        self.go_to(Place { row: number, column }, out);
        new.glyphs[same..].iter().for_each(|glyph| out.push_str(&glyph.text));
        self.cursor.column = new.width;
        if old.width > new.width {
            out.push_str("\x1b[K");
        }
    }

    /// Leaves the line, and this note behind it, for the row below, of which nothing is known. The line must have
    /// been drawn with the cursor at its end.
    pub fn leave(&mut self, note: &str, out: &mut String) {
        if !note.is_empty() || !self.is_end_wrapped {
            out.push_str(note);
            out.push_str("\r\n");
        }
        *self = Screen::new(self.size);
    }

    // Writing to a String does not fail.
    fn go_to(&mut self, to: Place, out: &mut String) {
        let behind_a_full_row = self.cursor.column == self.size.columns;
        if to.row > self.cursor.row {
            // Not by a sequence: the row may have to be made, at the bottom of the terminal.
            (self.cursor.row..to.row).for_each(|_| out.push_str("\r\n"));
            self.cursor.column = 0;
        } else if behind_a_full_row && to != self.cursor {
            out.push('\r');
            self.cursor.column = 0;
        }
        if to.row < self.cursor.row {
            let _ = write!(out, "\x1b[{}A", self.cursor.row - to.row);
        }
        let column = self.cursor.column;
        if to.column > column {
            let _ = write!(out, "\x1b[{}C", to.column - column);
        } else if to.column == 0 && column > 0 {
            out.push('\r');
        } else if to.column < column {
            let _ = write!(out, "\x1b[{}D", column - to.column);
        }
        self.cursor = to;
    }
}
