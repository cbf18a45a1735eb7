//! Small scripts made at random: every construct of the language inside every other, as far as a depth.
//!
//! A script ends by itself, writes only into its folder, and prints the same each time: loops count, functions
//! call none that is defined later, and what runs in the background is waited for at once.

use crate::tools_support::random::Pick;

/// How deep constructs lie in each other.
const DEPTH: u64 = 3;

const NAMES: &[&str] = &["a", "b", "c"];
/// Variables that have numbers, for arithmetic.
const NUMBERS: &[&str] = &["n", "m"];
const FILES: &[&str] = &["f", "g", "h.x"];
const PATTERNS: &[&str] =
    &["*", "?", "a*", "*b", "[a-c]*", "[!a]*", "*.x", "'*'", "\\*", "x", "\"$a\"", "$b", "?*?", "[[:alpha:]]*", "''"];
const FILTERS: &[&str] = &[
    "cat",
    "sort",
    "wc -l",
    "head -n 2",
    "tail -n 1",
    "tr a-c x-z",
    "uniq -c",
    "grep -c a",
    "while read x y; do echo \"$y-$x\"; done",
    "{ read c; echo \"<$c>\"; cat; }",
    "(cat; echo end)",
    "if read b; then echo \"got $b\"; fi",
];

/// A script.
pub fn script(pick: &mut Pick) -> String {
    let mut grammar = Grammar { pick, functions: Vec::new(), loops: 0, names: 0 };
    let count = 2 + grammar.pick.below(4);
    grammar.statements(DEPTH, count)
}

struct Grammar<'a> {
    pick: &'a mut Pick,
    functions: Vec<String>,
    loops: u64,
    /// How many names of functions and counters there are.
    names: u64,
}

impl Grammar<'_> {
    fn of(&mut self, among: &[&'static str]) -> &'static str {
        self.pick.of(among)
    }

    fn statements(&mut self, depth: u64, count: u64) -> String {
        let mut text = String::new();
        for index in 0..count {
            let statement = self.statement(depth);
            // The text behind a `<<` begins on the next line.
            let is_line = statement.contains("<<") || self.pick.is(2);
            text += &statement;
            if index + 1 < count || statement.contains("<<") {
                text += if is_line { "\n" } else { "; " };
            }
        }
        text
    }

    /// Commands between two words, such as `do` and `done`.
    fn body(&mut self, depth: u64) -> String {
        let count = 1 + self.pick.below(2);
        let body = self.statements(depth, count);
        let end = if body.ends_with('\n') { "" } else { "\n" };
        format!("{body}{end}")
    }

    fn statement(&mut self, depth: u64) -> String {
        if depth == 0 || self.pick.is(3) {
            return self.plain(depth);
        }
        let inner = depth - 1;
        match self.pick.below(13) {
            0 => {
                let (condition, then) = (self.condition(inner), self.body(inner));
                let otherwise = if self.pick.is(2) { format!("else {}", self.body(inner)) } else { String::new() };
                format!("if {condition}\nthen {then}{otherwise}fi")
            }
            1 => {
                let counter = self.name("i");
                let body = self.loop_body(inner);
                let condition = self.of(&["[ $I -lt 4 ]", "[ $I -le 2 ]", "test $I != 3"]).replace('I', &counter);
                format!("{counter}=0; while {counter}=$(({counter}+1)); {condition}; do {body}done")
            }
            2 => {
                let counter = self.name("u");
                let body = self.loop_body(inner);
                format!("{counter}=0; until {counter}=$(({counter}+1)); [ ${counter} -gt 2 ]; do {body}done")
            }
            3 => {
                let (name, words) = (self.of(NAMES), self.words(inner, 3));
                let body = self.loop_body(inner);
                format!("for {name} in {words}; do {body}done")
            }
            4 => {
                let subject = self.word(inner);
                let mut cases = String::new();
                for _ in 0..=self.pick.below(3) {
                    let (first, second) = (self.of(PATTERNS), self.of(PATTERNS));
                    let pattern = if self.pick.is(3) { format!("{first}|{second}") } else { first.to_owned() };
                    cases += &format!("{pattern}) {};;\n", self.body(inner));
                }
                format!("case {subject} in\n{cases}esac")
            }
            5 => {
                let loops = std::mem::take(&mut self.loops);
                let name = self.name("fn");
                let local = if self.pick.is(2) { format!("local {}\n", self.of(NAMES)) } else { String::new() };
                let body = self.body(inner);
                self.loops = loops;
                let end = if self.pick.is(4) { format!("return {}\n", self.pick.below(4)) } else { String::new() };
                let words = self.words(inner, 3);
                let text = format!("{name}() {{ {local}{body}{end}}}\n{name} {words}");
                self.functions.push(name);
                text
            }
            6 => format!("( {})", self.apart(inner)),
            7 => format!("{{ {}}}", self.body(inner)),
            8 => {
                let body = self.apart(inner);
                format!("{{ {body}}} | {}", self.of(FILTERS))
            }
            9 => {
                let (file, body) = (self.of(FILES), self.body(inner));
                let redirection = self.of(&[">", ">>", "2>/dev/null >"]);
                format!("{{ {body}}} {redirection}{file}\ncat {file}")
            }
            10 => {
                let body = self.apart(inner);
                format!("{{ {body}}} &\nwait $!")
            }
            11 => {
                let (name, value) = (self.of(NAMES), self.commands_value(inner));
                format!("{name}={value}")
            }
            _ => {
                let (first, second) = (self.plain(0), self.plain(0));
                if first.contains("<<") {
                    return first;
                }
                format!("{first} {} {second}", self.of(&["&&", "||"]))
            }
        }
    }

    /// Where a `break` would leave no loop.
    fn apart(&mut self, depth: u64) -> String {
        let loops = std::mem::take(&mut self.loops);
        let body = self.body(depth);
        self.loops = loops;
        body
    }

    fn loop_body(&mut self, depth: u64) -> String {
        self.loops += 1;
        let body = self.body(depth);
        self.loops -= 1;
        body
    }

    fn name(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    fn condition(&mut self, depth: u64) -> String {
        let (first, second) = (self.quoted(depth), self.quoted(depth));
        match self.pick.below(6) {
            0 => "true".to_owned(),
            1 => "! true".to_owned(),
            2 => format!("[ {first} = {second} ]"),
            3 => format!("test -n {first} && [ -z {second} ]"),
            4 => format!("[ -e {} ] || [ -s {} ]", self.of(FILES), self.of(FILES)),
            _ => format!("[ $(({})) -gt 1 ]", self.arithmetic(2)),
        }
    }

    /// A command without others in it but for those of its words.
    fn plain(&mut self, depth: u64) -> String {
        match self.pick.below(26) {
            0..=3 => format!("echo {}", self.words(depth, 4)),
            4..=7 => format!("printf '<%s>' {}; echo", self.words(depth, 4)),
            8..=9 => format!("{}={}", self.of(NAMES), self.word(depth)),
            10 => format!("{}=$(({}))", self.of(NUMBERS), self.arithmetic(3)),
            11 => format!("echo $(({}))", self.arithmetic(3)),
            12 => format!("set -- {}; echo $# \"$*\"", self.words(depth, 4)),
            13 => {
                let (a, b) = (self.word(depth), self.of(FILTERS));
                format!("echo {a} | {b}")
            }
            14 => {
                let (text, quoted) = (self.here(depth), self.of(&["E", "'E'", "\\E"]));
                format!("cat <<{quoted}\n{text}\nE")
            }
            15 => {
                format!("{} {}", self.of(&["false", "true", "! false", "none 2>/dev/null", ":"]), self.words(depth, 1))
            }
            16 => format!("echo {} >{}", self.words(depth, 2), self.of(FILES)),
            17 => format!("cat <{} 2>/dev/null; echo $?", self.of(FILES)),
            18 => format!("{}={} eval 'echo $a-$b'", self.of(NAMES), self.word(depth)),
            19 => format!("unset {}", self.of(NAMES)),
            20 => format!("IFS={}; echo $a $b", self.of(&["' '", ":", "", "' :'"])),
            21 => match self.functions.len() {
                0 => "echo $?".to_owned(),
                _ => format!("{} {}", self.pick.of(&self.functions).clone(), self.words(depth, 2)),
            },
            22 => format!("echo {} | read a b; echo \"$a|$b\"", self.word(depth)),
            23 => self
                .of(&["set -e", "set -f", "set +f", "set -u", "exit 3", "(exit 4)", "trap 'echo bye $?' EXIT"])
                .to_owned(),
            24 if self.loops > 0 => self.of(&["break", "continue", "break 2", "[ \"$a\" ] || continue"]).to_owned(),
            24 => "shift".to_owned(),
            _ => "echo \"$? $#\"".to_owned(),
        }
    }

    fn words(&mut self, depth: u64, most: u64) -> String {
        (0..=self.pick.below(most)).map(|_| self.word(depth)).collect::<Vec<_>>().join(" ")
    }

    fn word(&mut self, depth: u64) -> String {
        (0..=self.pick.below(2)).map(|_| self.part(depth)).collect()
    }

    fn quoted(&mut self, depth: u64) -> String {
        format!("\"{}\"", self.in_quotes(depth))
    }

    fn part(&mut self, depth: u64) -> String {
        match self.pick.below(12) {
            0..=1 => self.of(&["a", "b", "foo", "x:y", "1", "abc", "-", "="]).to_owned(),
            2 => self.of(&["'a b'", "'$a'", "'*'", "''", "'a\"b'", "'  '"]).to_owned(),
            3 => self.of(&["\\ ", "\\$a", "\\*", "\\a", "\\'", "\\\"", "\\\\\\\\"]).to_owned(),
            4..=5 => self.quoted(depth),
            6..=8 => self.expansion(depth, false),
            9 => self.of(&["*", "?", "[a-f]", "*.x", "$1", "$@", "$*", "~x"]).to_owned(),
            _ => self.substitution(depth),
        }
    }

    fn in_quotes(&mut self, depth: u64) -> String {
        (0..=self.pick.below(2))
            .map(|_| match self.pick.below(6) {
                0 => self.of(&["a b", "  ", "*", "'q'", "\\$a", "\\\"", "x\\y", "", "#"]).to_owned(),
                1 => self.of(&["$1", "$@", "$*", "$#", "$?", "${2-none}"]).to_owned(),
                2 => self.substitution(depth),
                _ => self.expansion(depth, true),
            })
            .collect()
    }

    fn expansion(&mut self, depth: u64, is_quoted: bool) -> String {
        let name = self.of(NAMES);
        match self.pick.below(9) {
            0..=2 => format!("${name}"),
            3 => format!("${{{name}}}"),
            4 => format!("${{#{name}}}"),
            5 if depth == 0 => format!("${name}"),
            5 | 6 => {
                let operator = self.of(&["-", ":-", "+", ":+", "=", ":="]);
                let word = if is_quoted { self.in_quotes(0) } else { self.part(depth.saturating_sub(1)) };
                format!("${{{name}{operator}{word}}}")
            }
            _ => format!("${{{name}{}{}}}", self.of(&["%", "%%", "#", "##"]), self.of(PATTERNS)),
        }
    }

    fn substitution(&mut self, depth: u64) -> String {
        if depth == 0 {
            return format!("$(({}))", self.arithmetic(2));
        }
        self.commands_value(depth - 1)
    }

    fn commands_value(&mut self, depth: u64) -> String {
        let body = self.apart(depth);
        // A `$((` would be something else.
        let space = if body.starts_with('(') { " " } else { "" };
        format!("$({space}{body})")
    }

    /// The lines of a text in a script.
    fn here(&mut self, depth: u64) -> String {
        let lines: Vec<_> = (0..self.pick.below(3)).map(|_| self.in_quotes(depth.min(1))).collect();
        lines.join("\n")
    }

    fn arithmetic(&mut self, depth: u64) -> String {
        if depth == 0 || self.pick.is(4) {
            return match self.pick.below(5) {
                0 => self.of(NUMBERS).to_owned(),
                1 => format!("${{{}-2}}", self.of(NUMBERS)),
                2 => self.of(&["0x1f", "017", "-3", "~1", "!2", "0"]).to_owned(),
                _ => self.pick.below(20).to_string(),
            };
        }
        let (left, right) = (self.arithmetic(depth - 1), self.arithmetic(depth - 1));
        match self.pick.below(5) {
            0 => format!("({left} {} {right})", self.of(&["+", "-", "*", "/", "%"])),
            1 => format!("{left} {} ({right})", self.of(&["<", "<=", "==", "!=", ">", ">="])),
            2 => format!("{left} {} {right}", self.of(&["&&", "||", "&", "|", "^"])),
            3 => format!("({left} ? {right} : {})", self.pick.below(9)),
            _ => format!("({} {} ({left}))", self.of(NUMBERS), self.of(&["=", "+=", "-=", "*="])),
        }
    }
}
