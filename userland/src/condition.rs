//! Conditions as `test` and `[` take them: words to an expression, and an expression to yes or no.
//!
//! Parsing is pure. What the words alone decide (texts, numbers) is decided there; what is left are
//! questions about files and terminals, which [`holds`] asks the kernel in the order in which they
//! stand. All of them are asked: as in other shells, `-a` and `-o` do not stop early.

use crate::{directory::look_at, excerpt::excerpt, limits::CONDITION_DEPTH};
use alloc::{string::String, vec::Vec};
use core::{cmp::Ordering, fmt};
use yieldix_syscalls::{Errno, Fd, FileInfo, FileKind, Routine, call, calls::terminal, routine, trap};

/// Why words are no condition. `test` ends with 2 then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// `[` without its `]`.
    NoBracket,
    /// A `(` without its `)`.
    NoParenthesis,
    /// An operator that lacks what it is about.
    NoOperand(String),
    /// A word stands where none is expected.
    Unexpected(String),
    /// A number was wanted.
    NotANumber(String),
    /// Parentheses in more than [`CONDITION_DEPTH`] others.
    TooDeep,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::NoBracket => f.write_str("missing ]"),
            Malformed::NoParenthesis => f.write_str("missing )"),
            Malformed::NoOperand(operator) => write!(f, "{}: argument expected", excerpt(operator)),
            Malformed::Unexpected(word) => write!(f, "{}: unexpected operator", excerpt(word)),
            Malformed::NotANumber(word) => write!(f, "{:?}: not an integer", excerpt(word)),
            Malformed::TooDeep => f.write_str("too many parentheses"),
        }
    }
}

impl core::error::Error for Malformed {}

/// What one file is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trait {
    Exists,
    Kind(FileKind),
    HasBytes,
    /// Has one of these bits of its mode: there is one user here, and whose the file is, is not known.
    Mode(u16),
    /// Bits and kinds that no file has here.
    Never,
}

/// How the first of two files stands to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// Changed later, or the second does not exist.
    Newer,
    /// Changed earlier, or the first does not exist.
    Older,
    Same,
}

/// What only the kernel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Question {
    File(Trait, String),
    Link(String),
    Files(Relation, String, String),
    Terminal(Fd),
}

/// One step of a condition, on a stack of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Known(bool),
    Ask(Question),
    Not,
    And,
    Or,
}

/// A condition, whose words have been understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// In postfix order, so that no depth of it is one of the stack.
    steps: Vec<Step>,
}

impl Condition {
    /// The condition that the words after `test` spell.
    pub fn parse<W: AsRef<str>>(words: &[W]) -> Result<Condition, Malformed> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let mut steps = Vec::new();
        counted(&words, &mut steps)?;
        Ok(Condition { steps })
    }

    /// The condition that the words after `[` spell, the last of which is `]`.
    pub fn parse_bracketed<W: AsRef<str>>(words: &[W]) -> Result<Condition, Malformed> {
        match words.split_last() {
            Some((last, words)) if last.as_ref() == "]" => Condition::parse(words),
            _ => Err(Malformed::NoBracket),
        }
    }
}

/// Does the condition hold? Waits for the disk where a file is asked about.
///
/// What cannot be asked about a file is "no". Errors: `ETIMEDOUT` and `EINTR`.
pub fn holds(condition: Condition) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        let mut answers = Vec::new();
        for step in condition.steps {
            let answer = match step {
                Step::Known(answer) => answer,
                Step::Ask(question) => call!(ask(question))?,
                Step::Not => !answers.pop().unwrap_or(false),
                Step::And | Step::Or => {
                    let (right, left) = (answers.pop().unwrap_or(false), answers.pop().unwrap_or(false));
                    if step == Step::And { left && right } else { left || right }
                }
            };
            answers.push(answer);
        }
        Ok(answers.pop().unwrap_or(false))
    })
}

fn ask(question: Question) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        Ok(match question {
            Question::File(asked, path) => known(call!(look_at(&path, true)))?.is_some_and(|file| has(&file, asked)),
            Question::Link(path) => {
                let file = known(call!(look_at(&path, path.ends_with('/'))))?;
                file.is_some_and(|file| file.kind == FileKind::Link)
            }
            Question::Files(relation, left, right) => {
                let left = known(call!(look_at(&left, true)))?;
                let right = known(call!(look_at(&right, true)))?;
                is_so(relation, left, right)
            }
            Question::Terminal(fd) => known(trap!(yield terminal(fd)))?.is_some(),
        })
    })
}

/// What is known, if anything is; what ends the task's wait and not the question is passed on.
fn known<T>(answer: Result<T, Errno>) -> Result<Option<T>, Errno> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(errno @ (Errno::ETIMEDOUT | Errno::EINTR)) => Err(errno),
        Err(_) => Ok(None),
    }
}

fn has(file: &FileInfo, asked: Trait) -> bool {
    match asked {
        Trait::Exists => true,
        Trait::Kind(kind) => file.kind == kind,
        Trait::HasBytes => file.size > 0,
        Trait::Mode(bits) => file.mode & bits != 0,
        Trait::Never => false,
    }
}

fn is_so(relation: Relation, left: Option<FileInfo>, right: Option<FileInfo>) -> bool {
    match (relation, left, right) {
        (Relation::Newer, Some(left), Some(right)) => left.modified > right.modified,
        (Relation::Older, Some(left), Some(right)) => left.modified < right.modified,
        (Relation::Same, Some(left), Some(right)) => left.id == right.id,
        (Relation::Newer, left, right) => left.is_some() && right.is_none(),
        (Relation::Older, left, right) => left.is_none() && right.is_some(),
        (Relation::Same, ..) => false,
    }
}

/// What a unary operator asks of its word; `None` for a word that is none.
fn unary(operator: &str, word: &str) -> Option<Result<Step, Malformed>> {
    let file = |asked| Some(Ok(Step::Ask(Question::File(asked, word.into()))));
    match operator {
        "-n" => Some(Ok(Step::Known(!word.is_empty()))),
        "-z" => Some(Ok(Step::Known(word.is_empty()))),
        "-e" | "-O" | "-G" => file(Trait::Exists),
        "-f" => file(Trait::Kind(FileKind::Regular)),
        "-d" => file(Trait::Kind(FileKind::Directory)),
        "-c" => file(Trait::Kind(FileKind::Device)),
        "-p" => file(Trait::Kind(FileKind::Pipe)),
        "-S" => file(Trait::Kind(FileKind::Socket)),
        "-s" => file(Trait::HasBytes),
        "-r" => file(Trait::Mode(0o444)),
        "-w" => file(Trait::Mode(0o222)),
        "-x" => file(Trait::Mode(0o111)),
        "-b" | "-g" | "-k" | "-u" => file(Trait::Never),
        "-h" | "-L" => Some(Ok(Step::Ask(Question::Link(word.into())))),
        "-t" => Some(Integer::parse(word).map(|number| {
            // The standard streams are by number; what others are called, only who opened them knows.
            match [Fd::STDIN, Fd::STDOUT, Fd::STDERR].into_iter().find(|fd| number.is(fd.slot())) {
                Some(fd) => Step::Ask(Question::Terminal(fd)),
                None => Step::Known(false),
            }
        })),
        _ => None,
    }
}

fn is_unary(word: &str) -> bool {
    unary(word, "0").is_some()
}

/// Words that stand between two others.
const BINARY: [&str; 14] = ["=", "==", "!=", "<", ">", "-eq", "-ne", "-gt", "-ge", "-lt", "-le", "-nt", "-ot", "-ef"];

fn is_binary(word: &str) -> bool {
    BINARY.contains(&word)
}

fn binary(left: &str, operator: &str, right: &str) -> Result<Step, Malformed> {
    let relation = match operator {
        "=" | "==" => return Ok(Step::Known(left == right)),
        "!=" => return Ok(Step::Known(left != right)),
        "<" => return Ok(Step::Known(left < right)),
        ">" => return Ok(Step::Known(left > right)),
        "-nt" => Relation::Newer,
        "-ot" => Relation::Older,
        "-ef" => Relation::Same,
        _ => {
            let order = Integer::parse(left)?.cmp(&Integer::parse(right)?);
            return Ok(Step::Known(match operator {
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-gt" => order.is_gt(),
                "-ge" => order.is_ge(),
                "-lt" => order.is_lt(),
                _ => order.is_le(),
            }));
        }
    };
    Ok(Step::Ask(Question::Files(relation, left.into(), right.into())))
}

/// An integer of any size.
#[derive(PartialEq, Eq)]
struct Integer<'a> {
    is_negative: bool,
    /// Without zeros in front, so zero has none.
    digits: &'a str,
}

impl<'a> Integer<'a> {
    fn parse(word: &'a str) -> Result<Integer<'a>, Malformed> {
        let text = word.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Malformed::NotANumber(word.into()));
        }
        let digits = digits.trim_start_matches('0');
        Ok(Integer { is_negative: sign && !digits.is_empty(), digits })
    }

    fn is(&self, number: u32) -> bool {
        !self.is_negative && if number == 0 { self.digits.is_empty() } else { self.digits.parse() == Ok(number) }
    }
}

impl Ord for Integer<'_> {
    fn cmp(&self, other: &Integer<'_>) -> Ordering {
        let sizes = |a: &Integer<'_>, b: &Integer<'_>| a.digits.len().cmp(&b.digits.len()).then(a.digits.cmp(b.digits));
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => sizes(self, other),
            (true, true) => sizes(other, self),
        }
    }
}

impl PartialOrd for Integer<'_> {
    fn partial_cmp(&self, other: &Integer<'_>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Up to four words mean what POSIX says that so many mean, whatever they spell; more are an expression.
fn counted(words: &[&str], steps: &mut Vec<Step>) -> Result<(), Malformed> {
    match *words {
        [] => steps.push(Step::Known(false)),
        [word] => steps.push(Step::Known(!word.is_empty())),
        ["!", word] => steps.push(Step::Known(word.is_empty())),
        [left, operator, right] if is_binary(operator) => steps.push(binary(left, operator, right)?),
        ["(", ref inner @ .., ")"] if matches!(words.len(), 3 | 4) => counted(inner, steps)?,
        ["!", ref rest @ ..] if matches!(words.len(), 3 | 4) && !matches!(rest, [_, "-a" | "-o", _]) => {
            counted(rest, steps)?;
            steps.push(Step::Not);
        }
        _ => {
            let mut parser = Parser { words, next: 0, depth: 0, steps };
            parser.alternatives()?;
            if let Some(word) = words.get(parser.next) {
                return Err(Malformed::Unexpected((*word).into()));
            }
        }
    }
    Ok(())
}

/// The grammar for any number of words.
struct Parser<'a> {
    words: &'a [&'a str],
    /// The place of the next word.
    next: usize,
    /// Open parentheses.
    depth: usize,
    steps: &'a mut Vec<Step>,
}

impl<'a> Parser<'a> {
    fn word(&self, ahead: usize) -> Option<&'a str> {
        self.words.get(self.next + ahead).copied()
    }

    /// Takes the next word if it is this one.
    fn takes(&mut self, word: &str) -> bool {
        let is_it = self.word(0) == Some(word);
        self.next += usize::from(is_it);
        is_it
    }

    fn alternatives(&mut self) -> Result<(), Malformed> {
        self.conditions()?;
        while self.takes("-o") {
            self.expect_more("-o")?;
            self.conditions()?;
            self.steps.push(Step::Or);
        }
        Ok(())
    }

    fn conditions(&mut self) -> Result<(), Malformed> {
        self.negations()?;
        while self.takes("-a") {
            self.expect_more("-a")?;
            self.negations()?;
            self.steps.push(Step::And);
        }
        Ok(())
    }

    fn expect_more(&self, operator: &str) -> Result<(), Malformed> {
        self.word(0).map(drop).ok_or_else(|| Malformed::NoOperand(operator.into()))
    }

    fn negations(&mut self) -> Result<(), Malformed> {
        let mut is_negated = false;
        while self.word(0) == Some("!") && !self.stands_before_operator() {
            self.next += 1;
            self.expect_more("!")?;
            is_negated = !is_negated;
        }
        self.primary()?;
        if is_negated {
            self.steps.push(Step::Not);
        }
        Ok(())
    }

    /// Is the next word an operand, because a binary operator and another word follow it?
    fn stands_before_operator(&self) -> bool {
        self.word(2).is_some() && self.word(1).is_some_and(is_binary)
    }

    fn primary(&mut self) -> Result<(), Malformed> {
        let Some(word) = self.word(0) else { return Err(Malformed::NoOperand(self.last().into())) };
        let step = if self.stands_before_operator() {
            let [left, operator, right] = core::array::from_fn(|ahead| self.word(ahead).unwrap_or_default());
            self.next += 3;
            binary(left, operator, right)?
        } else if word == "(" && self.word(1).is_some() {
            return self.parenthesis();
        } else if is_unary(word) && self.word(1).is_some() {
            self.next += 2;
            unary(word, self.words[self.next - 1]).ok_or_else(|| Malformed::Unexpected(word.into()))??
        } else if self.word(1).is_some_and(is_binary) {
            return Err(Malformed::NoOperand(self.last().into()));
        } else {
            self.next += 1;
            Step::Known(!word.is_empty())
        };
        self.steps.push(step);
        Ok(())
    }

    fn parenthesis(&mut self) -> Result<(), Malformed> {
        if self.depth == CONDITION_DEPTH {
            return Err(Malformed::TooDeep);
        }
        self.next += 1;
        self.depth += 1;
        self.alternatives()?;
        self.depth -= 1;
        if self.takes(")") { Ok(()) } else { Err(Malformed::NoParenthesis) }
    }

    fn last(&self) -> &'a str {
        self.words.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run_script},
        prelude::{Box, Duration, FileId, Reply, Task, format, task, vec},
    };

    fn parse(line: &str) -> Result<Condition, Malformed> {
        Condition::parse(&line.split(' ').map(|word| if word == "''" { "" } else { word }).collect::<Vec<_>>())
    }

    /// Whether it holds, by its words alone.
    #[track_caller]
    fn decided(line: &str) -> bool {
        let condition = parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let task = task!({ if call!(holds(condition))? { Ok(()) } else { Err(Errno::ENOENT) } });
        match run_script(task, []).end {
            End::Returned(result) => result.is_ok(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn texts_and_numbers_are_compared() {
        for line in [
            "a", "-n a", "-z ''", "a = a", "a != b", "a < b", "b > a", "! ''", "( a )", "-n", "! = !", "( = (",
            "-f = -f",
        ] {
            assert!(decided(line), "{line}");
        }
        for line in ["''", "! a", "a = b", "-z a", "-n ''", "( '' )", "! -n a", "! a = a"] {
            assert!(!decided(line), "{line}");
        }
        for line in [
            "1 -eq 01",
            "-1 -lt 0",
            "-0 -eq +0",
            "2 -gt -3",
            "-3 -lt -2",
            "10 -ge 9",
            "9 -le 10",
            "1 -ne 2",
            "99999999999999999999999 -gt 99999999999999999999998",
        ] {
            assert!(decided(line), "{line}");
        }
        assert!(!Condition::parse::<&str>(&[]).unwrap().steps.contains(&Step::Known(true)));
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        assert!(decided("a -o a -a ''"));
        assert!(!decided("( a -o a ) -a ''"));
        assert!(decided("! '' -a ! ''"));
        assert!(decided("! a = b -a ! ! a"));
        assert!(decided("a -a b -a c = c"));
        assert!(decided("-n -a -o -n ''"), "three words or more, and the first operator is a word");
    }

    #[test]
    fn what_is_no_condition_is_refused_by_name() {
        let no_number = |word: &str| Malformed::NotANumber(word.into());
        for (line, malformed) in [
            ("a -eq 1", no_number("a")),
            ("1 -eq ''", no_number("")),
            ("1 -eq 1.5", no_number("1.5")),
            ("-t x", no_number("x")),
            ("a b", Malformed::Unexpected("b".into())),
            ("a = b c", Malformed::Unexpected("c".into())),
            ("( a = b", Malformed::NoParenthesis),
            ("a = a -a", Malformed::NoOperand("-a".into())),
            ("a -o b -o", Malformed::NoOperand("-o".into())),
            ("a =", Malformed::NoOperand("=".into())),
        ] {
            assert_eq!(parse(line), Err(malformed), "{line}");
        }
        let deep = |depth| [vec!["("; depth], vec!["a", "=", "a"], vec![")"; depth]].concat();
        assert!(Condition::parse(&deep(CONDITION_DEPTH)).is_ok());
        assert_eq!(Condition::parse(&deep(CONDITION_DEPTH + 1)), Err(Malformed::TooDeep));
    }

    #[test]
    fn a_bracket_needs_its_other_half() {
        assert_eq!(Condition::parse_bracketed(&["a", "]"]), Condition::parse(&["a"]));
        assert_eq!(Condition::parse_bracketed(&["a"]), Err(Malformed::NoBracket));
        assert_eq!(Condition::parse_bracketed::<&str>(&[]), Err(Malformed::NoBracket));
    }

    fn file(kind: FileKind, seconds: u64) -> Reply {
        let modified = Duration::from_secs(seconds);
        let id = FileId::new(1, seconds);
        Reply::File(Box::new(FileInfo { kind, size: seconds, id, modified, mode: 0o644, links: 1 }))
    }

    fn asking(line: &'static str) -> Task {
        task!({
            let condition = parse(line).map_err(|_| Errno::EINVAL)?;
            let holds = call!(holds(condition))?;
            crate::println!("{holds}")
        })
    }

    #[track_caller]
    fn asked<const N: usize>(line: &'static str, script: [(&str, Reply); N]) -> bool {
        let run = run_script(asking(line), script);
        assert_eq!(run.end, End::Returned(Ok(())), "{line}");
        run.output == "true\n"
    }

    #[test]
    fn files_are_asked_about() {
        let regular = || [("stat(\"f\")", file(FileKind::Regular, 5))];
        for line in ["-e f", "-f f", "-s f", "-r f", "-w f"] {
            assert!(asked(line, regular()), "{line}");
        }
        for line in ["-d f", "-x f", "-p f", "-b f", "-u f", "! -e f"] {
            assert!(!asked(line, regular()), "{line}");
        }
        for line in ["-e f", "-f f", "-s f"] {
            assert!(!asked(line, [("stat(\"f\")", Reply::Err(Errno::ENOENT))]), "{line}");
        }
        assert!(asked("-h l", [("lstat(\"l\")", file(FileKind::Link, 1))]));
    }

    #[test]
    fn files_are_compared_and_one_that_is_missing_is_older() {
        let pair = |a, b| [("stat(\"a\")", a), ("stat(\"b\")", b)];
        let (old, new) = (|| file(FileKind::Regular, 1), || file(FileKind::Regular, 2));
        let none = || Reply::Err(Errno::ENOENT);
        assert!(asked("a -nt b", pair(new(), old())) && !asked("a -nt b", pair(old(), old())));
        assert!(asked("a -ot b", pair(old(), new())) && !asked("a -ot b", pair(new(), old())));
        assert!(asked("a -nt b", pair(new(), none())) && !asked("a -nt b", pair(none(), new())));
        assert!(asked("a -ot b", pair(none(), new())) && !asked("a -ot b", pair(none(), none())));
        assert!(asked("a -ef b", pair(old(), old())) && !asked("a -ef b", pair(old(), new())));
        assert!(!asked("a -ef b", pair(none(), none())));
    }

    #[test]
    fn a_terminal_is_one_of_the_standard_streams() {
        assert!(!asked("-t 1", [("terminal(1)", Reply::Err(Errno::ENOTTY))]));
        assert!(!asked("-t 7", []));
        assert!(decided(&format!("! -t {}", u64::MAX)));
    }

    #[test]
    fn a_deadline_is_no_answer() {
        let run = run_script(asking("-e f"), [("stat(\"f\")", Reply::Err(Errno::ETIMEDOUT))]);
        assert_eq!(run.end, End::Returned(Err(Errno::ETIMEDOUT)));
    }
}
