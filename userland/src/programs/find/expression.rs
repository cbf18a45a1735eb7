//! What is asked of each file: read from the arguments into steps.
//!
//! The steps lie in a row, and one that decides skips those that need not be asked any more. So asking takes no
//! recursion, however deep parentheses lie in each other.

use crate::{limits::CONDITION_DEPTH, pattern::Pattern, prelude::*};
use core::{cmp::Ordering, iter::Peekable};

/// One step of an expression, which makes the answer so far from the last one.
#[derive(Debug)]
pub(super) enum Step {
    Test(Test),
    Action(Action),
    Not,
    /// Goes on at this step if the answer so far is the one here.
    SkipIf {
        answer: bool,
        to: usize,
    },
}

/// A question that changes nothing.
#[derive(Debug)]
pub(super) enum Test {
    Name(Glob),
    Path(Glob),
    Kind(Vec<FileKind>),
    Empty,
    /// It was changed after the reference of this number.
    Newer(usize),
    Size(Blocks),
    Constant(bool),
}

/// Something that is done with a file.
#[derive(Debug)]
pub(super) enum Action {
    /// Writes the path with this byte behind it.
    Print(u8),
    Delete,
    /// Nothing below it is looked at.
    Prune,
    /// Runs a program, with the path in the place of each `{}`.
    Run(Vec<String>),
    /// Hands the path to the batch of this number.
    Gather(usize),
}

/// A pattern, in which case may not count.
#[derive(Debug)]
pub(super) struct Glob {
    pattern: Pattern,
    folds_case: bool,
}

impl Glob {
    fn new(text: &str, folds_case: bool) -> Glob {
        let lowered = if folds_case { text.to_ascii_lowercase() } else { text.to_owned() };
        Glob { pattern: Pattern::of_bytes(lowered.as_bytes()), folds_case }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        if self.folds_case {
            self.pattern.matches_bytes(&bytes.to_ascii_lowercase())
        } else {
            self.pattern.matches_bytes(bytes)
        }
    }
}

/// A number of blocks, begun ones among them; or less, or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Blocks {
    order: Ordering,
    count: u64,
    block_bytes: u64,
}

impl Blocks {
    fn parse(text: &str) -> Option<Blocks> {
        let (order, rest) = match text.as_bytes().first()? {
            b'-' => (Ordering::Less, &text[1..]),
            b'+' => (Ordering::Greater, &text[1..]),
            _ => (Ordering::Equal, text),
        };
        let (digits, block_bytes) = match rest.as_bytes().last()? {
            b'c' => (&rest[..rest.len() - 1], 1),
            b'w' => (&rest[..rest.len() - 1], 2),
            b'b' => (&rest[..rest.len() - 1], 512),
            b'k' => (&rest[..rest.len() - 1], 1 << 10),
            b'M' => (&rest[..rest.len() - 1], 1 << 20),
            b'G' => (&rest[..rest.len() - 1], 1 << 30),
            _ => (rest, 512),
        };
        let count = digits.parse().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Blocks { order, count, block_bytes })
    }

    pub(super) fn holds_of(self, bytes: u64) -> bool {
        bytes.div_ceil(self.block_bytes).cmp(&self.count) == self.order
    }
}

/// A program that is given many paths at once.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) command: Vec<String>,
    pub(super) paths: Vec<String>,
    pub(super) paths_bytes: usize,
}

/// All that `find` was told.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) paths: Vec<String>,
    pub(super) steps: Vec<Step>,
    /// Files whose time others are compared with.
    pub(super) references: Vec<String>,
    pub(super) batches: Vec<Batch>,
    pub(super) depth_min: usize,
    pub(super) depth_max: Option<usize>,
    /// What is in a directory comes before it.
    pub(super) is_contents_first: bool,
}

type Words = Peekable<alloc::vec::IntoIter<String>>;

struct Parser {
    words: Words,
    request: Request,
    depth: usize,
    /// Is something done with files? If not, they are printed.
    has_action: bool,
    is_depth_asked: bool,
}

fn wrong<T>(what: impl Into<String>) -> Result<T, Misuse> {
    Err(Misuse::Wrong(what.into()))
}

/// Does the expression begin with this word?
fn begins_expression(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') || matches!(word, "(" | ")" | "!")
}

/// Reads the arguments.
pub(super) fn parse(args: Args) -> Result<Request, Misuse> {
    let mut words = args.into_iter().peekable();
    // Asks for what is so anyway: that no link is followed.
    while words.next_if(|word| word == "-P").is_some() {}
    let mut paths = Vec::new();
    while let Some(path) = words.next_if(|word| !begins_expression(word)) {
        paths.push(path);
    }
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let mut parser = Parser {
        words,
        request: Request { paths, ..Request::default() },
        depth: 0,
        has_action: false,
        is_depth_asked: false,
    };
    if parser.words.peek().is_some() {
        parser.alternatives()?;
    }
    if let Some(word) = parser.words.next() {
        return wrong(if word == ")" { "`)` without its `(`" } else { "paths stand before the expression" });
    }
    let does = |wanted: fn(&Action) -> bool| {
        parser.request.steps.iter().any(|step| matches!(step, Step::Action(action) if wanted(action)))
    };
    if !parser.is_depth_asked
        && does(|action| matches!(action, Action::Prune))
        && does(|action| matches!(action, Action::Delete))
    {
        return wrong("-delete has the contents come first, so -prune spares nothing; -depth says that this is meant");
    }
    if !parser.has_action {
        // All of the expression has come to one answer.
        let end = parser.request.steps.len() + 2;
        if !parser.request.steps.is_empty() {
            parser.request.steps.push(Step::SkipIf { answer: false, to: end });
        }
        parser.request.steps.push(Step::Action(Action::Print(b'\n')));
    }
    Ok(parser.request)
}

impl Parser {
    fn take(&mut self, wanted: &[&str]) -> bool {
        self.words.next_if(|word| wanted.contains(&word.as_str())).is_some()
    }

    /// Reads what `read` does, once or several times with something between them, and has each but the first skipped
    /// if the answer is `decided` before it.
    fn sequence(
        &mut self,
        decided: bool,
        goes_on: fn(&mut Parser) -> bool,
        read: fn(&mut Parser) -> Result<(), Misuse>,
    ) -> Result<(), Misuse> {
        read(self)?;
        let mut skips = Vec::new();
        while goes_on(self) {
            skips.push(self.request.steps.len());
            self.request.steps.push(Step::SkipIf { answer: decided, to: 0 });
            read(self)?;
        }
        let end = self.request.steps.len();
        for skip in skips {
            self.request.steps[skip] = Step::SkipIf { answer: decided, to: end };
        }
        Ok(())
    }

    fn alternatives(&mut self) -> Result<(), Misuse> {
        self.sequence(true, |parser| parser.take(&["-o", "-or"]), Parser::conjunction)
    }

    fn conjunction(&mut self) -> Result<(), Misuse> {
        let goes_on = |parser: &mut Parser| {
            parser.take(&["-a", "-and"])
                || parser.words.peek().is_some_and(|word| !matches!(word.as_str(), "-o" | "-or" | ")"))
        };
        self.sequence(false, goes_on, Parser::factor)
    }

    fn factor(&mut self) -> Result<(), Misuse> {
        let mut is_negated = false;
        while self.take(&["!", "-not"]) {
            is_negated = !is_negated;
        }
        if self.take(&["("]) {
            if self.depth == CONDITION_DEPTH {
                return wrong("too many parentheses in each other");
            }
            self.depth += 1;
            self.alternatives()?;
            self.depth -= 1;
            if !self.take(&[")"]) {
                return wrong("`(` without its `)`");
            }
        } else {
            self.primary()?;
        }
        if is_negated {
            self.request.steps.push(Step::Not);
        }
        Ok(())
    }

    fn value(&mut self, name: &str) -> Result<String, Misuse> {
        self.words.next().ok_or_else(|| Misuse::Wrong(format!("{name} needs a value")))
    }

    fn depth_of(&mut self, name: &str) -> Result<usize, Misuse> {
        let text = self.value(name)?;
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(depth) if is_number => Ok(depth),
            _ => wrong(format!("{name} {:?}: not a number", excerpt(&text))),
        }
    }

    fn primary(&mut self) -> Result<(), Misuse> {
        let Some(word) = self.words.next() else { return wrong("an expression is missing at the end") };
        let step = match word.as_str() {
            "-help" | "--help" => return Err(Misuse::Help),
            "-name" | "-iname" => Step::Test(Test::Name(Glob::new(&self.value(&word)?, word == "-iname"))),
            "-path" | "-ipath" => Step::Test(Test::Path(Glob::new(&self.value(&word)?, word == "-ipath"))),
            "-type" => Step::Test(Test::Kind(kinds(&self.value(&word)?)?)),
            "-empty" => Step::Test(Test::Empty),
            "-true" => Step::Test(Test::Constant(true)),
            "-false" => Step::Test(Test::Constant(false)),
            "-newer" => {
                let reference = self.value(&word)?;
                self.request.references.push(reference);
                Step::Test(Test::Newer(self.request.references.len() - 1))
            }
            "-size" => {
                let text = self.value(&word)?;
                match Blocks::parse(&text) {
                    Some(size) => Step::Test(Test::Size(size)),
                    None => return wrong(format!("-size {:?}: not a size (such as 4k, +100c or -2)", excerpt(&text))),
                }
            }
            "-mindepth" => {
                self.request.depth_min = self.depth_of(&word)?;
                Step::Test(Test::Constant(true))
            }
            "-maxdepth" => {
                self.request.depth_max = Some(self.depth_of(&word)?);
                Step::Test(Test::Constant(true))
            }
            "-depth" | "-d" => {
                self.is_depth_asked = true;
                self.request.is_contents_first = true;
                Step::Test(Test::Constant(true))
            }
            "-prune" => Step::Action(Action::Prune),
            "-print" => self.action(Action::Print(b'\n')),
            "-print0" => self.action(Action::Print(0)),
            "-delete" => {
                self.request.is_contents_first = true;
                self.action(Action::Delete)
            }
            "-exec" => {
                let action = self.command()?;
                self.action(action)
            }
            "(" | ")" | "-o" | "-or" | "-a" | "-and" => {
                return wrong(format!("an expression is missing before {word}"));
            }
            word if word.starts_with('-') => return wrong(format!("unknown option {}", excerpt(word))),
            _ => return wrong("paths stand before the expression"),
        };
        self.request.steps.push(step);
        Ok(())
    }

    fn action(&mut self, action: Action) -> Step {
        self.has_action = true;
        Step::Action(action)
    }

    /// Reads the words of `-exec`, up to a `;`, or a `+` behind `{}`.
    fn command(&mut self) -> Result<Action, Misuse> {
        let mut command: Vec<String> = Vec::new();
        loop {
            let Some(word) = self.words.next() else { return wrong("-exec needs a `;` or a `{} +` at its end") };
            let is_gathered = word == "+" && command.last().is_some_and(|last| last == "{}");
            if word != ";" && !is_gathered {
                command.push(word);
                continue;
            }
            if is_gathered {
                command.pop();
            }
            if command.is_empty() {
                return wrong("-exec needs a program");
            }
            if !is_gathered {
                return Ok(Action::Run(command));
            }
            if command.iter().any(|word| word.contains("{}")) {
                return wrong("-exec has one {} before its `+`");
            }
            self.request.batches.push(Batch { command, ..Batch::default() });
            return Ok(Action::Gather(self.request.batches.len() - 1));
        }
    }
}

/// `f`, or several with commas between them.
fn kinds(text: &str) -> Result<Vec<FileKind>, Misuse> {
    let kind = |letter: &str| match letter {
        "f" => Ok(FileKind::Regular),
        "d" => Ok(FileKind::Directory),
        "l" => Ok(FileKind::Link),
        "p" => Ok(FileKind::Pipe),
        "s" => Ok(FileKind::Socket),
        "c" => Ok(FileKind::Device),
        _ => wrong(format!("-type {:?}: not one of f, d, l, p, s and c", excerpt(text))),
    };
    text.split(',').map(kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Result<Request, Misuse> {
        parse(line.split_whitespace().map(ToOwned::to_owned).collect())
    }

    #[test]
    fn sizes_count_begun_blocks() {
        let holds = |text: &str, bytes| Blocks::parse(text).unwrap().holds_of(bytes);
        assert!(holds("1", 1) && holds("1", 512) && holds("2", 513) && holds("0", 0));
        assert!(holds("-1k", 0) && !holds("-1k", 1) && holds("+1k", 1025) && !holds("+1k", 1024));
        assert!(holds("3c", 3) && holds("2w", 3));
        for text in ["", "+", "c", "x", "+-1", "1x", "99999999999999999999"] {
            assert_eq!(Blocks::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for line in [
            ". x -print y",
            "-name",
            "-foo",
            "( -print",
            "-print )",
            "( )",
            "!",
            "-print -o",
            "-o -print",
            "-a -print",
            "-type x",
            "-type",
            "-size 1x",
            "-maxdepth x",
            "-exec true",
            "-exec ;",
            "-exec {} +",
            "-exec a{} {} +",
        ] {
            assert!(matches!(told(line), Err(Misuse::Wrong(_))), "{line}");
        }
        let nested = |depth| ["( ".repeat(depth), "-print".to_owned(), " )".repeat(depth)].concat();
        assert!(told(&nested(CONDITION_DEPTH)).is_ok() && told(&nested(CONDITION_DEPTH + 1)).is_err());
    }

    #[test]
    fn a_semicolon_behind_braces_and_a_plus_that_is_a_word_end_nothing() {
        let request = told("-exec echo + {} ;").unwrap();
        let Some(Step::Action(Action::Run(command))) = request.steps.first() else { panic!("{request:?}") };
        assert_eq!(*command, ["echo", "+", "{}"]);
        assert_eq!(told("a b -exec echo {} +").unwrap().batches[0].command, ["echo"]);
    }
}
