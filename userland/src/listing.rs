//! Programs under their headings, as `yieldix list` and the shell show them.

use crate::args::usage;
use alloc::{format, string::String, vec::Vec};
use core::fmt::{Display, Write};
use yieldix_syscalls::{Group, Program};

/// Where the right column begins; what is too long for the left one gets a line of its own.
const COLUMN: usize = 36;

/// How wide a terminal is at least.
const LINE_CHARS: usize = 80;

/// Every program: how it is called, and what it does.
pub fn listing(programs: &[Program]) -> String {
    let mut text = String::new();
    for (group, programs) in groups(programs) {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{}", group.title());
        for program in programs {
            row(&mut text, &usage(program), program.about);
        }
    }
    text
}

/// The names alone, in lines that a terminal has room for.
pub fn names(programs: &[Program]) -> String {
    let mut text = String::new();
    for (group, programs) in groups(programs) {
        let _ = write!(text, "{}", group.title());
        let mut room = 0;
        for program in programs {
            let mut gap = " ";
            if program.name.len() >= room {
                (gap, room) = ("\n  ", LINE_CHARS);
            }
            room = room.saturating_sub(gap.len() + program.name.len());
            let _ = write!(text, "{gap}{}", program.name);
        }
        text.push('\n');
    }
    text
}

/// The groups that have programs, in order; in each the programs in the order of the table.
pub fn groups(programs: &[Program]) -> Vec<(Group, Vec<&Program>)> {
    let mut programs: Vec<&Program> = programs.iter().collect();
    programs.sort_by_key(|program| program.group);
    programs.chunk_by(|a, b| a.group == b.group).map(|group| (group[0].group, group.to_vec())).collect()
}

/// A row of two columns.
pub fn row(text: &mut String, left: &str, right: impl Display) {
    let left = format!("  {left}");
    let gap = if left.chars().count() < COLUMN { String::new() } else { format!("\n{:COLUMN$}", "") };
    let _ = writeln!(text, "{left:COLUMN$}{gap}{right}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PROGRAMS;

    #[test]
    fn what_programs_do_stands_in_one_column() {
        let list = listing(PROGRAMS);
        for program in PROGRAMS {
            let line = list.lines().find(|line| line.ends_with(program.about)).expect(program.name);
            let (left, right) = line.split_at(COLUMN);
            assert_eq!(right, program.about);
            assert!(left.ends_with(' '), "{line}");
        }
    }

    #[test]
    fn each_program_is_listed_once_under_its_heading() {
        let (list, names) = (listing(PROGRAMS), names(PROGRAMS));
        let mut lines = names.lines().peekable();
        for (group, programs) in groups(PROGRAMS) {
            assert_eq!(list.lines().filter(|line| *line == group.title()).count(), 1);
            assert_eq!(lines.next(), Some(group.title()));
            let mut named = Vec::new();
            while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
                assert!(line.len() <= LINE_CHARS, "{line}");
                named.extend(line.split_whitespace());
            }
            let expected: Vec<&str> = programs.iter().map(|program| program.name).collect();
            assert_eq!(named, expected);
        }
        assert_eq!(lines.next(), None);
        let listed: usize = groups(PROGRAMS).iter().map(|(_, programs)| programs.len()).sum();
        assert_eq!(listed, PROGRAMS.len());
    }
}
