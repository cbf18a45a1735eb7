//! Names in columns, as `ls` lists them on a terminal.

use alloc::{string::String, vec::Vec};
use unicode_width::UnicodeWidthStr;

/// Cells between two columns, at least.
const GAP: usize = 2;

/// The narrowest that a column may be.
const WIDTH_MIN: usize = 3;

/// Cells from one stop of the tabulator to the next.
const TAB: usize = 8;

/// What fills the room between two columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filling {
    /// Blanks.
    Blanks,
    /// Tabs as far as they go, as `ls` has it.
    Tabs,
}

/// These names in as many columns as fit into lines of less than `width` cells, sorted downwards as they come. Each
/// line ends with a newline.
pub fn columns<N: AsRef<str>>(names: &[N], width: usize, filling: Filling) -> String {
    let mut text = String::new();
    let cells = |name: &N| name.as_ref().width();
    let widths = |rows: usize| -> Vec<usize> {
        names.chunks(rows).map(|column| column.iter().map(cells).max().unwrap_or(0)).collect()
    };
    let fits = |widths: &[usize]| match widths.split_last() {
        Some((last, others)) => others.iter().map(|cells| cells + GAP).sum::<usize>() + (*last).max(WIDTH_MIN) < width,
        None => true,
    };
    let layouts = (1..=names.len()).map(|rows| (rows, widths(rows)));
    let (rows, widths) = { layouts }.find(|(rows, widths)| *rows == names.len() || fits(widths)).unwrap_or_default();
    for row in 0..rows {
        let (mut at, mut start) = (0, 0);
        for (name, width) in names.iter().skip(row).step_by(rows).zip(&widths) {
            fill(&mut text, at, start, filling);
            text.push_str(name.as_ref());
            at = start + cells(name);
            start += width + GAP;
        }
        text.push('\n');
    }
    text
}

/// From one cell of a line to another.
fn fill(text: &mut String, mut from: usize, to: usize, filling: Filling) {
    while from < to {
        if filling == Filling::Tabs && to / TAB > (from + 1) / TAB {
            text.push('\t');
            from += TAB - from % TAB;
        } else {
            text.push(' ');
            from += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fill_as_few_lines_as_fit_downwards() {
        let columns = |names: &[&str], width| columns(names, width, Filling::Blanks);
        assert_eq!(columns(&["a", "bb", "c", "d", "e"], 80), "a  bb  c  d  e\n");
        assert_eq!(columns(&["a", "bb", "c", "d", "e"], 11), "a   c  e\nbb  d\n");
        assert_eq!(columns(&["a", "bb", "c", "d", "e"], 10), "a   d\nbb  e\nc\n");
        assert_eq!(columns(&["a", "bb", "c"], 4), "a\nbb\nc\n");
        assert_eq!(columns(&["漢字", "b", "c"], 10), "漢字  c\nb\n");
    }

    #[test]
    fn tabs_lead_to_a_column_where_they_can() {
        let names = ["a", "longer-name", "b", "c"];
        assert_eq!(columns(&names, 20, Filling::Tabs), "a\t     b\nlonger-name  c\n");
        assert_eq!(columns(&["abcdefg", "x"], 20, Filling::Tabs), "abcdefg  x\n");
    }

    #[test]
    fn a_name_longer_than_a_line_stands_alone_and_no_names_are_no_line() {
        assert_eq!(columns(&["abcdef", "b"], 3, Filling::Blanks), "abcdef\nb\n");
        assert_eq!(columns::<&str>(&[], 80, Filling::Tabs), "");
    }
}
