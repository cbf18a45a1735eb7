//! Tables of numbers, a column at a time, and the words that stand in them as numbers.

use std::{collections::BTreeMap, fmt::Write};

/// Rows of a place and `N` numbers each.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    names: [&'static str; N],
    rows: Vec<(Place, [i64; N])>,
}

/// A time, in nanoseconds since boot, and the number of an event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    pub at: u64,
    pub seq: u64,
}

impl<const N: usize> Columns<N> {
    pub(super) fn new(names: [&'static str; N]) -> Columns<N> {
        Columns { names, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, place: Place, numbers: [i64; N]) {
        self.rows.push((place, numbers));
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Changes the numbers of a row that was pushed.
    pub(super) fn row_mut(&mut self, index: usize) -> &mut [i64; N] {
        &mut self.rows[index].1
    }

    /// As an object of columns; places are differences to those of the row before.
    pub(super) fn write(&self, out: &mut String) {
        out.push('{');
        write_column(out, "at", differences(self.rows.iter().map(|(place, _)| place.at)));
        out.push(',');
        write_column(out, "seq", differences(self.rows.iter().map(|(place, _)| place.seq)));
        for (index, name) in self.names.iter().enumerate() {
            out.push(',');
            write_column(out, name, self.rows.iter().map(|(_, numbers)| numbers[index]));
        }
        out.push('}');
    }
}

fn differences(values: impl Iterator<Item = u64>) -> impl Iterator<Item = i64> {
    let mut before = 0;
    values.map(move |value| {
        let difference = value.wrapping_sub(before).cast_signed();
        before = value;
        difference
    })
}

fn write_column(out: &mut String, name: &str, values: impl Iterator<Item = i64>) {
    let _ = write!(out, "\"{name}\":[");
    for (index, value) in values.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{value}");
    }
    out.push(']');
}

/// Words, each of them once.
#[derive(Debug, Default)]
pub(super) struct Strings {
    numbers: BTreeMap<Box<str>, i64>,
    words: Vec<Box<str>>,
}

impl Strings {
    /// The number that stands for these words.
    pub(super) fn number(&mut self, words: &str) -> i64 {
        if let Some(number) = self.numbers.get(words) {
            return *number;
        }
        let number = self.words.len() as i64;
        self.words.push(words.into());
        self.numbers.insert(words.into(), number);
        number
    }

    pub(super) fn write(&self, out: &mut String) {
        out.push('[');
        for (index, words) in self.words.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(out, "{comma}{}", quoted(words));
        }
        out.push(']');
    }
}

/// As a string of JSON that can stand in an element of a page: without `<` it cannot end it.
fn quoted(words: &str) -> String {
    serde_json::Value::from(words).to_string().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_by_columns_and_places_as_differences() {
        let mut columns = Columns::new(["task"]);
        for (at, seq, task) in [(5, 1, 7), (9, 2, -1), (8, 9, 0)] {
            columns.push(Place { at, seq }, [task]);
        }
        let mut out = String::new();
        columns.write(&mut out);
        assert_eq!(out, r#"{"at":[5,4,-1],"seq":[1,1,7],"task":[7,-1,0]}"#);
    }

    #[test]
    fn words_are_told_once_and_cannot_end_an_element() {
        let mut strings = Strings::default();
        let numbers = ["a", "</script><!--\n\"", "a"].map(|words| strings.number(words));
        let mut out = String::new();
        strings.write(&mut out);
        assert_eq!((numbers, &*out), ([0, 1, 0], r#"["a","\u003c/script>\u003c!--\n\""]"#));
    }
}
