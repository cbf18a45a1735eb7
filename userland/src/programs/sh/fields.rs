//! Fields: what a word becomes, split where an expansion has left separators.

use alloc::{string::String, vec::Vec};
use core::mem;

/// Characters, and for each stretch of them whether it was quoted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Field {
    stretches: Vec<(String, bool)>,
}

impl Field {
    /// Adds characters. Quoted ones make a field even if there are none.
    pub(super) fn push(&mut self, text: &str, is_quoted: bool) {
        match self.stretches.last_mut() {
            Some((last, last_is_quoted)) if *last_is_quoted == is_quoted => *last += text,
            _ => self.stretches.push((text.into(), is_quoted)),
        }
    }

    /// What it says.
    pub(super) fn text(self) -> String {
        let mut stretches = self.stretches.into_iter().map(|(text, _)| text);
        let mut text = stretches.next().unwrap_or_default();
        stretches.for_each(|stretch| text += &stretch);
        text
    }

    /// Its characters, each with whether it was quoted.
    pub(super) fn chars(&self) -> impl Iterator<Item = (char, bool)> {
        self.stretches.iter().flat_map(|(text, is_quoted)| text.chars().map(move |c| (c, *is_quoted)))
    }

    /// May it be a pattern?
    pub(super) fn is_wild(&self) -> bool {
        self.stretches.iter().any(|(text, is_quoted)| !is_quoted && text.contains(['*', '?', '[', '\\']))
    }
}

/// What stands before the next character.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Before {
    /// Nothing that would end a field.
    #[default]
    Nothing,
    /// Blank separators, which end the field before them; one that is not blank belongs to them.
    Blanks,
    /// A separator that is not blank.
    Separator,
}

/// Fields as they come.
#[derive(Debug, Default)]
pub(super) struct Fields {
    done: Vec<Field>,
    open: Option<Field>,
    before: Before,
    /// At which characters what is expanded is split; `None`: it is not.
    separators: Option<String>,
}

impl Fields {
    /// Fields that are split at these characters.
    pub(super) fn split_at(separators: &str) -> Fields {
        Fields { separators: Some(separators.into()), ..Fields::default() }
    }

    /// One field, whatever it holds.
    pub(super) fn one() -> Fields {
        Fields::default()
    }

    /// Are there to be several?
    pub(super) fn is_splitting(&self) -> bool {
        self.separators.is_some()
    }

    /// Adds what was written.
    pub(super) fn push(&mut self, text: &str, is_quoted: bool) {
        if is_quoted || !text.is_empty() {
            self.open.get_or_insert_default().push(text, is_quoted);
            self.before = Before::Nothing;
        }
    }

    /// Adds what came of an expansion that is not quoted.
    pub(super) fn push_expanded(&mut self, text: &str) {
        let Some(separators) = mem::take(&mut self.separators) else { return self.push(text, false) };
        let mut rest = text;
        while let Some(at) = rest.find(|c| separators.contains(c)) {
            self.push(&rest[..at], false);
            rest = &rest[at..];
            let Some(c) = rest.chars().next() else { break };
            self.separator(c);
            rest = &rest[c.len_utf8()..];
        }
        self.push(rest, false);
        self.separators = Some(separators);
    }

    fn separator(&mut self, c: char) {
        let is_blank = matches!(c, ' ' | '\t' | '\n');
        match self.open.take() {
            Some(field) => {
                self.done.push(field);
                self.before = if is_blank { Before::Blanks } else { Before::Separator };
            }
            None if is_blank => {}
            None if self.before == Before::Blanks => self.before = Before::Separator,
            None => {
                self.done.push(Field::default());
                self.before = Before::Separator;
            }
        }
    }

    /// Ends the field that is open, if there is one: the next parameter of `$@` is another.
    pub(super) fn end_field(&mut self) {
        self.done.extend(self.open.take());
        self.before = Before::Nothing;
    }

    /// All of them.
    pub(super) fn end(mut self) -> Vec<Field> {
        self.done.extend(self.open.take());
        self.done
    }

    /// The one there is.
    pub(super) fn end_one(self) -> Field {
        self.open.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn split(separators: &str, texts: &[&str]) -> Vec<String> {
        let mut fields = Fields::split_at(separators);
        texts.iter().for_each(|text| fields.push_expanded(text));
        fields.end().into_iter().map(Field::text).collect()
    }

    #[test]
    fn blanks_part_fields_and_others_part_even_empty_ones() {
        assert_eq!(split(" \t\n", &["  a  b\nc "]), ["a", "b", "c"]);
        assert_eq!(split(":", &["a::b:"]), ["a", "", "b"]);
        assert_eq!(split(" :", &["a : b"]), ["a", "b"]);
        assert_eq!(split(" :", &[" :b"]), ["", "b"]);
        assert_eq!(split(":", &[":"]), [""]);
        assert_eq!(split(" ", &["a", "b c", "d"]), ["ab", "cd"]);
        assert_eq!(split("", &["a b"]), ["a b"]);
        assert_eq!(split(" ", &["", " "]), vec![""; 0]);
    }

    #[test]
    fn what_is_quoted_is_a_field_even_if_empty_and_is_not_split() {
        let mut fields = Fields::split_at(" ");
        fields.push_expanded("a ");
        fields.push("", true);
        fields.end_field();
        fields.push("b c", true);
        assert_eq!(fields.end().into_iter().map(Field::text).collect::<Vec<_>>(), ["a", "", "b c"]);
    }
}
