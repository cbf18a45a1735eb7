//! Obeys a script, without a trap: where it needs a line, or has worked for long, it pauses.

use super::script::{Action, End, Expression, Part, Place, RangeState, Script, Selection, Substitution};
use crate::{
    limits::{SED_SPACE_BYTES, SED_WORK},
    prelude::*,
};
use memchr::memchr;

/// Why the machine has paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// It has worked for long.
    Rest,
    /// It has to know whether there is another line.
    Look,
    /// It wants the next line, or to know that there is none.
    Line,
    /// The script is over, with this code.
    Quit(i32),
    /// It holds more than it may.
    Full,
    /// An empty expression stands for the last one, and there was none.
    NoExpression,
}

/// What a line is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Cycle,
    Next,
    Behind,
}

/// A text that lines are in. The last line of the input may lack its newline, and so does what comes of it.
#[derive(Clone, Debug)]
struct Space {
    text: Vec<u8>,
    has_newline: bool,
}

impl Space {
    const fn new() -> Space {
        Space { text: Vec::new(), has_newline: true }
    }

    fn put_behind(&mut self, other: &Space) {
        self.text.push(b'\n');
        self.text.extend_from_slice(&other.text);
        self.has_newline = other.has_newline;
    }

    fn first_line_bytes(&self) -> Option<usize> {
        memchr(b'\n', &self.text)
    }
}

/// A substitution that has been begun.
#[derive(Debug, Default)]
struct Ongoing {
    /// What of the text is done.
    from: usize,
    matches: u64,
    last_end: Option<usize>,
    made: Vec<u8>,
    has_replaced: bool,
}

#[derive(Debug)]
pub(super) struct Machine {
    script: Script,
    is_quiet: bool,
    space: Space,
    hold: Space,
    line: u64,
    /// Is it the last? `None` when that is not known.
    is_last: Option<bool>,
    /// The next command.
    at: usize,
    wish: Wish,
    /// Has something been replaced since the last line was read, or `t` has last asked?
    has_replaced: bool,
    last_expression: Expression,
    /// What comes behind this line.
    appended: Vec<u8>,
    /// The last line that was written lacks its newline.
    lacks_newline: bool,
    ongoing: Option<Ongoing>,
    /// Bytes that were looked at since the last rest, about.
    work: usize,
}

/// What a command costs, whatever it does, in bytes looked at.
const COMMAND_WORK: usize = 16;
/// What a match costs beside the bytes in it.
const MATCH_WORK: usize = 64;
/// How much more a byte costs where the groups of a match are found.
const GROUPS_WORK: usize = 16;

/// What comes after a command.
enum Then {
    Next,
    Jump(usize),
    /// A new cycle; is the space printed first?
    End {
        is_printed: bool,
    },
    /// The same command again.
    Again,
    Pause(Pause),
}

impl Machine {
    pub(super) fn new(script: Script, is_quiet: bool) -> Machine {
        Machine {
            is_quiet: is_quiet || script.is_quiet,
            script,
            space: Space::new(),
            hold: Space::new(),
            line: 0,
            is_last: None,
            at: usize::MAX,
            wish: Wish::Cycle,
            has_replaced: false,
            last_expression: None,
            appended: Vec::new(),
            lacks_newline: false,
            ongoing: None,
            work: 0,
        }
    }

    /// Is this what it wanted to know by [`Pause::Look`]?
    pub(super) fn tell_last(&mut self, is_last: bool) {
        self.is_last = Some(is_last);
    }

    /// Gives the line that was wanted.
    pub(super) fn take_line(&mut self, line: &[u8]) {
        let text = without_newline(line);
        let has_newline = text.len() < line.len();
        match self.wish {
            Wish::Cycle | Wish::Next => self.space.text.clear(),
            Wish::Behind => self.space.text.push(b'\n'),
        }
        self.space.text.extend_from_slice(text);
        self.space.has_newline = has_newline;
        self.line += 1;
        self.is_last = None;
        self.has_replaced = false;
        self.work += line.len();
        self.at = if self.wish == Wish::Cycle { 0 } else { self.at + 1 };
    }

    /// Goes on until it pauses; what is printed goes behind `out`.
    pub(super) fn run(&mut self, out: &mut Vec<u8>) -> Pause {
        if self.line == 0 {
            return Pause::Line;
        }
        loop {
            if self.work >= SED_WORK {
                self.work = 0;
                return Pause::Rest;
            }
            if self.space.text.len() > SED_SPACE_BYTES || self.hold.text.len() > SED_SPACE_BYTES {
                return Pause::Full;
            }
            self.work += COMMAND_WORK;
            match self.step(out) {
                Ok(Then::Next) => self.at += 1,
                Ok(Then::Jump(to)) => self.at = to,
                Ok(Then::Again) => {}
                Ok(Then::End { is_printed }) => {
                    if is_printed && !self.is_quiet {
                        self.print(out);
                    }
                    self.print_appended(out);
                    self.at = usize::MAX;
                    self.wish = Wish::Cycle;
                    return Pause::Line;
                }
                Ok(Then::Pause(pause)) | Err(pause) => return pause,
            }
        }
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Result<Then, Pause> {
        if self.at >= self.script.commands.len() {
            return Ok(Then::End { is_printed: true });
        }
        if self.ongoing.is_none() && self.is_selected()? == self.script.commands[self.at].is_negated {
            return Ok(match self.script.commands[self.at].action {
                Action::Block { end } => Then::Jump(end),
                _ => Then::Next,
            });
        }
        let command = &self.script.commands[self.at];
        Ok(match &command.action {
            Action::Block { .. } => Then::Next,
            Action::Jump(to) => Then::Jump(*to),
            Action::JumpIfReplaced(to) => {
                let to = *to;
                if core::mem::take(&mut self.has_replaced) { Then::Jump(to) } else { Then::Next }
            }
            Action::JumpUnlessReplaced(to) => {
                let to = *to;
                if core::mem::take(&mut self.has_replaced) { Then::Next } else { Then::Jump(to) }
            }
            Action::Append(text) => {
                self.appended.extend_from_slice(text);
                self.work += text.len();
                if self.appended.len() > SED_SPACE_BYTES { Then::Pause(Pause::Full) } else { Then::Next }
            }
            Action::Insert(text) => {
                put(out, &mut self.lacks_newline, text, false);
                // The text has a newline of its own, or is nothing.
                self.lacks_newline = false;
                Then::Next
            }
            Action::Change(text) => {
                let is_amid_range = matches!(command.selection, Selection::Range { state: RangeState::Inside(_), .. });
                if !is_amid_range {
                    put(out, &mut self.lacks_newline, text, false);
                    self.lacks_newline = false;
                }
                Then::End { is_printed: false }
            }
            Action::Delete => Then::End { is_printed: false },
            Action::DeleteFirst => match self.space.first_line_bytes() {
                None => Then::End { is_printed: false },
                Some(length) => {
                    self.space.text.drain(..=length);
                    self.work += self.space.text.len();
                    self.print_appended(out);
                    Then::Jump(0)
                }
            },
            Action::Get => {
                self.space.clone_from(&self.hold);
                self.work += self.space.text.len();
                Then::Next
            }
            Action::GetBehind => {
                self.space.put_behind(&self.hold);
                self.work += self.hold.text.len();
                Then::Next
            }
            Action::Hold => {
                self.hold.clone_from(&self.space);
                self.work += self.space.text.len();
                Then::Next
            }
            Action::HoldBehind => {
                self.hold.put_behind(&self.space);
                self.work += self.space.text.len();
                Then::Next
            }
            Action::Exchange => {
                core::mem::swap(&mut self.space, &mut self.hold);
                Then::Next
            }
            action @ (Action::Next | Action::NextBehind) => {
                let is_behind = matches!(action, Action::NextBehind);
                if self.is_last_line()? {
                    return Ok(Then::End { is_printed: true });
                }
                if !is_behind && !self.is_quiet {
                    self.print(out);
                }
                self.print_appended(out);
                self.wish = if is_behind { Wish::Behind } else { Wish::Next };
                Then::Pause(Pause::Line)
            }
            Action::Number => {
                put(out, &mut self.lacks_newline, self.line.to_string().as_bytes(), true);
                Then::Next
            }
            Action::Print => {
                self.print(out);
                Then::Next
            }
            Action::PrintFirst => {
                match self.space.first_line_bytes() {
                    Some(length) => put(out, &mut self.lacks_newline, &self.space.text[..length], true),
                    None => self.print(out),
                }
                Then::Next
            }
            Action::Quit { code, is_printing } => {
                let (code, is_printing) = (*code, *is_printing);
                if is_printing {
                    if !self.is_quiet {
                        self.print(out);
                    }
                    self.print_appended(out);
                    // Who stops amid the input does not leave its last line without an end.
                    if core::mem::take(&mut self.lacks_newline) {
                        out.push(b'\n');
                    }
                }
                Then::Pause(Pause::Quit(code))
            }
            Action::Translate(table) => {
                self.space.text.iter_mut().for_each(|byte| *byte = table[usize::from(*byte)]);
                self.work += self.space.text.len();
                Then::Next
            }
            Action::Substitute(_) => self.substitute(out)?,
        })
    }

    fn print(&mut self, out: &mut Vec<u8>) {
        put(out, &mut self.lacks_newline, &self.space.text, self.space.has_newline);
        self.work += self.space.text.len();
    }

    fn print_appended(&mut self, out: &mut Vec<u8>) {
        if !self.appended.is_empty() {
            put(out, &mut self.lacks_newline, &self.appended, false);
            self.lacks_newline = false;
            self.appended.clear();
        }
    }

    fn is_last_line(&self) -> Result<bool, Pause> {
        self.is_last.ok_or(Pause::Look)
    }

    /// Is the next command for this line, but for its `!`? A range goes on by it.
    fn is_selected(&mut self) -> Result<bool, Pause> {
        let (first, last, state) = match self.script.commands[self.at].selection {
            Selection::All => return Ok(true),
            Selection::One(place) => return self.is_at(place),
            Selection::Range { first, last, state } => (first, last, state),
        };
        let (is_in, next) = match state {
            RangeState::Outside if self.is_at(first)? => {
                let end = match last {
                    End::Line(line) => Some(line),
                    End::After(count) => Some(self.line.saturating_add(count)),
                    End::Multiple(0) => Some(self.line),
                    End::Multiple(of) => Some((self.line / of).saturating_add(1).saturating_mul(of)),
                    End::Every { .. } | End::Last | End::Match(_) => None,
                };
                let is_over = match last {
                    End::Every { first, step } => self.is_at(Place::Every { first, step })?,
                    _ => end.is_some_and(|end| end <= self.line),
                };
                (true, if is_over { RangeState::Outside } else { RangeState::Inside(end) })
            }
            RangeState::Outside => (false, RangeState::Outside),
            RangeState::Inside(end) => {
                let is_over = match (end, last) {
                    (Some(end), _) => self.line >= end,
                    (None, End::Match(expression)) => self.matches(expression)?,
                    (None, End::Every { first, step }) => self.is_at(Place::Every { first, step })?,
                    (None, _) => self.is_last_line()?,
                };
                // Commands may have read past the end. Only a range up to a number knows that.
                let is_in = !matches!(last, End::Line(end) if end < self.line);
                (is_in, if is_over { RangeState::Outside } else { state })
            }
        };
        if let Selection::Range { state, .. } = &mut self.script.commands[self.at].selection {
            *state = next;
        }
        Ok(is_in)
    }

    fn is_at(&mut self, place: Place) -> Result<bool, Pause> {
        match place {
            Place::Line(line) => Ok(self.line == line),
            Place::Every { first, step } => Ok(self.line >= first && (self.line - first).is_multiple_of(step)),
            Place::Last => self.is_last_line(),
            Place::Match(expression) => self.matches(expression),
        }
    }

    /// The expression's number, which is from now on that of the last one.
    fn used(&mut self, expression: Expression) -> Result<usize, Pause> {
        let number = expression.or(self.last_expression).ok_or(Pause::NoExpression)?;
        self.last_expression = Some(number);
        Ok(number)
    }

    fn matches(&mut self, expression: Expression) -> Result<bool, Pause> {
        let number = self.used(expression)?;
        self.work += self.space.text.len();
        Ok(self.script.expressions[number].find(&self.space.text, 0).is_some())
    }

    fn substitute(&mut self, out: &mut Vec<u8>) -> Result<Then, Pause> {
        let Action::Substitute(substitution) = &self.script.commands[self.at].action else { return Ok(Then::Next) };
        let number = substitution.expression.or(self.last_expression).ok_or(Pause::NoExpression)?;
        self.last_expression = Some(number);
        let regex = &mut self.script.expressions[number];
        let Substitution { replacement, .. } = &**substitution;
        let needs_groups = replacement.parts.iter().any(|part| matches!(part, Part::Group(1..)));
        let text = &self.space.text;
        let mut ongoing = self.ongoing.take().unwrap_or_default();
        while ongoing.from <= text.len() {
            if self.work >= SED_WORK {
                self.ongoing = Some(ongoing);
                return Ok(Then::Again);
            }
            let Some(found) = regex.find_longest(text, ongoing.from) else {
                self.work += text.len() - ongoing.from;
                break;
            };
            self.work += MATCH_WORK + found.end - ongoing.from;
            // Right behind a match there is none of nothing.
            let is_one = !found.is_empty() || ongoing.last_end != Some(found.start);
            if is_one {
                ongoing.matches += 1;
                ongoing.made.extend_from_slice(&text[ongoing.from..found.start]);
                if ongoing.matches < substitution.number {
                    ongoing.made.extend_from_slice(&text[found.clone()]);
                } else {
                    let groups = if needs_groups { regex.groups(text, found.start) } else { Vec::new() };
                    self.work += if needs_groups { GROUPS_WORK * found.len() } else { 0 };
                    let held = |number: usize| match number {
                        0 => &text[found.clone()],
                        number => groups.get(number).cloned().flatten().map_or(&[][..], |group| &text[group]),
                    };
                    replacement.expand(held, &mut ongoing.made);
                    ongoing.has_replaced = true;
                    if ongoing.made.len() > SED_SPACE_BYTES {
                        return Err(Pause::Full);
                    }
                }
                ongoing.last_end = Some(found.end);
                ongoing.from = found.end;
            }
            if ongoing.has_replaced && !substitution.is_global {
                break;
            }
            if found.is_empty() {
                // What stands behind nothing is passed over.
                ongoing.made.extend(text.get(found.end));
                ongoing.from = found.end + 1;
            }
        }
        if ongoing.has_replaced {
            ongoing.made.extend_from_slice(text.get(ongoing.from..).unwrap_or_default());
            self.work += ongoing.made.len();
            let is_printed = substitution.is_printed;
            self.space.text = ongoing.made;
            self.has_replaced = true;
            if is_printed {
                self.print(out);
            }
        }
        Ok(Then::Next)
    }
}

/// Writes a text, behind the newline that the last one lacks.
fn put(out: &mut Vec<u8>, lacks_newline: &mut bool, text: &[u8], has_newline: bool) {
    if core::mem::replace(lacks_newline, !has_newline) {
        out.push(b'\n');
    }
    out.extend_from_slice(text);
    if has_newline {
        out.push(b'\n');
    }
}
