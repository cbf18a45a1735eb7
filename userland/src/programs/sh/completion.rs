//! How a command may go on: with the name of a program or of what the shell does itself where a command begins,
//! elsewhere with a path.

use super::builtins::Builtin;
use crate::{
    directory::{entries, is_directory},
    editor::{Candidate, Completer, Completions},
    path::join,
    prelude::*,
};

/// The words that a shell knows.
pub(super) struct Words;

/// The last word of a line, which may be empty.
#[derive(Debug, PartialEq, Eq)]
struct LastWord {
    /// Where it begins.
    start: usize,
    /// Without its quotes.
    text: String,
    /// Does it name a command?
    is_command: bool,
}

/// Words after which a command begins.
const BEFORE_COMMANDS: [&str; 9] = ["!", "{", "do", "elif", "else", "if", "then", "until", "while"];

/// Characters that end a word and begin a command.
const SEPARATORS: [char; 5] = [';', '&', '|', '(', '\n'];

fn last_word(line: &str) -> LastWord {
    let mut word = LastWord { start: 0, text: String::new(), is_command: true };
    let mut quote = None;
    let mut characters = line.char_indices();
    // Is the next word one although nothing stands in it, as `''`?
    let mut is_begun = false;
    while let Some((at, character)) = characters.next() {
        let is_end = quote.is_none()
            && (character.is_whitespace() || SEPARATORS.contains(&character) || "<>)".contains(character));
        if !is_begun && !is_end {
            word.start = at;
            is_begun = true;
        }
        match (quote, character) {
            (None, '\\') | (Some('"'), '\\') => word.text.extend(characters.next().map(|(_, character)| character)),
            (None, '\'' | '"') => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ if is_end => {
                if SEPARATORS.contains(&character) {
                    word.is_command = true;
                } else if is_begun || "<>".contains(character) {
                    let goes_on = BEFORE_COMMANDS.contains(&word.text.as_str()) || word.text.contains('=');
                    word.is_command &= goes_on && !"<>".contains(character);
                }
                word.text.clear();
                word.start = at + character.len_utf8();
                is_begun = false;
            }
            (_, character) => word.text.push(character),
        }
    }
    word
}

/// A word as a line has to have it: what means something to the shell stands behind a backslash.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./+,:@%^~=".contains(c);
    word.chars().flat_map(|c| (!is_plain(c)).then_some('\\').into_iter().chain([c])).collect()
}

impl Completer for Words {
    fn complete(&mut self, before: &str) -> impl Routine<Result<Completions, Errno>> {
        let LastWord { start, text, is_command } = last_word(before);
        routine!(move {
            let candidates = if is_command && !text.contains('/') {
                commands(&text)
            } else {
                call!(paths(&text))?
            };
            Ok(Completions { start, candidates })
        })
    }
}

fn commands(prefix: &str) -> Vec<Candidate> {
    let programs = crate::PROGRAMS.iter().map(|program| program.name);
    let mut names: Vec<&str> = programs.chain(Builtin::NAMES.iter().copied()).collect();
    names.retain(|name| name.starts_with(prefix));
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| Candidate { text: quoted(name), shown: (*name).to_owned(), goes_on: false }).collect()
}

fn paths(word: &str) -> impl Routine<Result<Vec<Candidate>, Errno>> {
    routine!(move {
        let (directory, prefix) = word.rsplit_once('/').map_or(("", word), |_| word.split_at(word.rfind('/').map_or(0, |at| at + 1)));
        let mut candidates = Vec::new();
        for entry in call!(entries(if directory.is_empty() { "." } else { directory }))? {
            let is_hidden = entry.name.starts_with('.') && !prefix.starts_with('.');
            if !entry.name.starts_with(prefix) || is_hidden {
                continue;
            }
            let path = join(directory, &entry.name);
            let goes_on = match entry.kind {
                FileKind::Directory => true,
                FileKind::Link => call!(is_directory(&path)),
                _ => false,
            };
            let end = if goes_on { "/" } else { "" };
            candidates.push(Candidate {
                text: quoted(&path) + end,
                shown: format!("{}{end}", entry.name),
                goes_on,
            });
        }
        Ok(candidates)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run_script};

    #[track_caller]
    fn assert_last(line: &str, start: usize, text: &str, is_command: bool) {
        assert_eq!(last_word(line), LastWord { start, text: text.to_owned(), is_command }, "{line}");
    }

    #[test]
    fn the_last_word_is_found_and_whether_it_names_a_command() {
        assert_last("", 0, "", true);
        assert_last("ec", 0, "ec", true);
        assert_last("cat re", 4, "re", false);
        assert_last("cat ", 4, "", false);
        assert_last("cat a|gr", 6, "gr", true);
        assert_last("cat a && ", 9, "", true);
        assert_last("( ca", 2, "ca", true);
        assert_last("if tru", 3, "tru", true);
        assert_last("A=1 ec", 4, "ec", true);
        assert_last("echo if tr", 8, "tr", false);
        assert_last("cat <in", 5, "in", false);
        assert_last("cat 'a b", 4, "a b", false);
        assert_last("cat a\\ b", 4, "a b", false);
        assert_last("cat \"a;\" b", 9, "b", false);
        assert_last("echo é/x", 5, "é/x", false);
    }

    /// What is offered, and whether more may follow.
    fn offered<const N: usize>(line: &'static str, script: [(&'static str, Reply); N]) -> String {
        let task = task!({
            for candidate in call!(Words.complete(line))?.candidates {
                println!("{} {} {}", candidate.text, candidate.shown, candidate.goes_on)?;
            }
            Ok(())
        });
        let run = run_script(task, script);
        assert_eq!(run.end, End::Returned(Ok(())));
        run.output
    }

    #[test]
    fn a_command_is_a_program_or_built_in() {
        assert_eq!(offered("philo", []), "philosophers philosophers false\n");
        assert_eq!(offered("true; unse", []), "unset unset false\n");
    }

    #[test]
    fn a_path_is_quoted_and_goes_on_behind_a_directory() {
        let entry = |name: &str, kind| DirEntry { name: name.into(), kind };
        let all = vec![
            entry("a b", FileKind::Regular),
            entry("ad", FileKind::Directory),
            entry(".a", FileKind::Regular),
            entry("x", FileKind::Regular),
        ];
        let script = [
            ("open(\"d/\", READ)", Reply::Fd(Fd::new(3, 0))),
            ("readdir(3)", Reply::Entries(Box::new(all))),
            ("readdir(3)", Reply::Entries(Box::default())),
            ("close(3)", Reply::Unit),
        ];
        assert_eq!(offered("cat d/a", script), "d/a\\ b a b false\nd/ad/ ad/ true\n");
    }
}
