//! Each text tool prints what its namesake of Debian does, byte for byte and with the same exit code, on real files and
//! with 200 sets of random options. Where Debian's are not, the tests say that they are skipped.
#![feature(coroutines, coroutine_trait)]

mod chaos_support;
mod common;
mod tools_support;

use chaos_support::seeds;
use tools_support::{
    Case, assert_alike,
    random::{Pick, case},
};
use yieldix::{MemoryFolder, syscalls::Group};
use yieldix_userland::{PROGRAMS, limits};

/// So many random cases a tool; `YIELDIX_SEED` says others.
fn random(tool: &'static str, flags: &[&str], files_max: u64, options: impl Fn(&mut Pick) -> Vec<String>) {
    let cases: Vec<_> =
        seeds(0..200).map(|seed| case(tool, &mut Pick::new(seed), flags, &options, files_max)).collect();
    assert_alike(tool, &cases);
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(Into::into).collect()
}

/// These lines of arguments of a tool, each on the same input.
fn lines(tool: &'static str, input: &str, lines: &[&str]) {
    let cases: Vec<_> = lines.iter().map(|line| Case::new(tool, words(line)).reading(input)).collect();
    assert_alike(&format!("{tool}-lines"), &cases);
}

/// With one of `one_of`, this option and its value.
fn maybe(pick: &mut Pick, one_of: u64, option: &str, values: &[&str]) -> Vec<String> {
    if !pick.is(one_of) {
        return Vec::new();
    }
    let value = pick.of(values);
    if pick.is(2) { vec![format!("{option}{value}")] } else { vec![option.into(), (*value).into()] }
}

#[test]
fn cat_is_debians() {
    random("cat", &["-n", "-b", "-s", "-E", "-T", "-v", "-A", "-e", "-t"], 3, |_| Vec::new());
}

#[test]
fn head_is_debians() {
    random("head", &["-q", "-v"], 3, |pick| {
        let counts = &["0", "1", "3", "10", "100", "-0", "-1", "-3", "-100", "1K", "1b", "-1kB", "x"];
        [maybe(pick, 3, "-n", counts), maybe(pick, 4, "-c", counts)].concat()
    });
}

#[test]
fn tail_is_debians() {
    random("tail", &["-q", "-v"], 3, |pick| {
        let counts = &["0", "1", "3", "10", "100", "+0", "+1", "+3", "+100", "-2", "1K", "+1b", "x"];
        [maybe(pick, 3, "-n", counts), maybe(pick, 4, "-c", counts)].concat()
    });
}

#[test]
fn wc_is_debians() {
    random("wc", &["-l", "-w", "-c", "-m", "-L"], 3, |_| Vec::new());
}

#[test]
fn sort_is_debians() {
    random("sort", &["-n", "-r", "-u", "-f", "-b", "-s", "-d", "-i"], 3, |pick| {
        let keys = &[
            "2",
            "1,1",
            "2,2",
            "1.2",
            "1.2,1.3",
            "2n",
            "2,2nr",
            "3r,3",
            "2b,3",
            "1f",
            "2.1b,2.2b",
            "4",
            "1,2d",
            "0",
            "2x",
            "1n,1",
            "3,2",
        ];
        let separators = &[":", ",", " ", "a", "::"];
        let output = if pick.is(6) { words("-o w/made1") } else { Vec::new() };
        let check = if pick.is(8) { words("-c") } else { Vec::new() };
        [maybe(pick, 2, "-k", keys), maybe(pick, 3, "-k", keys), maybe(pick, 3, "-t", separators), output, check]
            .concat()
    });
}

#[test]
fn uniq_is_debians() {
    random("uniq", &["-c", "-d", "-u", "-i"], 1, |pick| {
        let numbers = &["0", "1", "2", "3", "9"];
        [maybe(pick, 4, "-f", numbers), maybe(pick, 4, "-s", numbers), maybe(pick, 4, "-w", numbers)].concat()
    });
}

#[test]
fn cut_is_debians() {
    random("cut", &["-s", "--complement"], 3, |pick| {
        let lists = &["1", "2", "1,3", "2-", "-2", "3-4,1", "2-3,3-5", "1,2", "5-2", "0", "100-", "1-3,2", "a", "2,4-"];
        let list = {
            let kind = *pick.of(&["-b", "-c", "-f"]);
            maybe(pick, 1, kind, lists)
        };
        let delimiters = &[":", ",", " ", "a", "ab"];
        [list, maybe(pick, 3, "-d", delimiters), maybe(pick, 6, "--output-delimiter=", &["", "--", "|"])].concat()
    });
}

#[test]
fn tr_is_debians() {
    random("tr", &["-c", "-d", "-s", "-t"], 0, |pick| {
        let parts = &[
            "a",
            "b",
            "x",
            "a-f",
            "0-9",
            "[:lower:]",
            "[:upper:]",
            "[:digit:]",
            "[:space:]",
            "[:alpha:]",
            "[:punct:]",
            "\\n",
            "\\t",
            "\\012",
            "\\\\",
            "[=a=]",
            "[x*3]",
            "[y*]",
            "-",
            "[",
            "]",
            "z-a",
            "\\141-\\145",
            "[:foo:]",
            " ",
        ];
        (0..1 + pick.below(2)).map(|_| pick.text(parts, 3)).collect()
    });
}

#[test]
fn tee_is_debians() {
    random("tee", &["-a"], 0, |pick| {
        (0..pick.below(3)).map(|_| (*pick.of(&["w/made1", "w/made2", "w/folder", "w/missing/x"])).into()).collect()
    });
}

#[test]
fn seq_is_debians() {
    random("seq", &["-w"], 0, |pick| {
        let numbers = [
            "0", "1", "2", "3", "10", "-1", "-3", "0.5", "1.25", "-0.1", "007", "5", "100", "1e2", ".5", "1.0", "x",
            "99", "-10",
        ];
        let numbers: Vec<String> = (0..1 + pick.below(3)).map(|_| (*pick.of(&numbers)).into()).collect();
        [
            maybe(pick, 4, "-s", &[",", " ", "", "ab"]),
            maybe(pick, 6, "-f", &["%g", "%.2f", "%05.1f", "x%ey", "%d", "%%%g"]),
            numbers,
        ]
        .concat()
    });
}

#[test]
fn echo_is_dashs() {
    random("echo", &["-n"], 0, |pick| {
        let parts =
            &["a", "b c", "\\n", "\\t", "\\0101", "\\101", "\\c", "\\\\", "\\q", "-n", "-e", " ", "\\", "\\e", "\\08"];
        (0..pick.below(4)).map(|_| pick.text(parts, 4)).collect()
    });
}

#[test]
fn printf_is_debians() {
    random("printf", &[], 0, |pick| {
        let formats = &[
            "%s", "%d", "%i", "%5d", "%-5d|", "%05d", "%+d", "% d", "%x", "%X", "%#x", "%o", "%#o", "%u", "%c", "%5s|",
            "%-5s|", "%.2s", "%b", "%%", "\\n", "\\t", "\\101", "\\0101", "\\x41", "text", "%f", "%.2f", "%e", "%g",
            "%G", "%10.3f", "%*d", "%.*s", "%.3d", "%z", "\\c", "%-8.3e|", "%+.0f", "%#.0f", "%08.2f", "%5c|",
        ];
        let arguments = &[
            "1",
            "0",
            "-1",
            "255",
            "0x1f",
            "017",
            "abc",
            "'a",
            "\"b",
            "",
            "1.5",
            "2.675",
            "-0.125",
            "1e10",
            "12x",
            "08",
            "a\\nb",
            "\\0101x",
            "\\c",
            "99999999999999999999",
            "-99999999999999999999",
            "inf",
            "nan",
            "3.14159265358979",
            "100000",
            "0.0001",
            "-5",
            "+7",
            " 3",
        ];
        let format: String = (0..1 + pick.below(3)).map(|_| *pick.of(formats)).collect();
        let arguments: Vec<String> = (0..pick.below(5)).map(|_| (*pick.of(arguments)).into()).collect();
        [vec![format], arguments].concat()
    });
}

#[test]
fn basename_and_dirname_are_debians() {
    let parts = &["a", "b.c", "/", "//", ".", "..", "a b", "/usr/lib", "x.txt", ".txt", ""];
    random("basename", &[], 0, |pick| {
        let mut paths: Vec<String> = (0..pick.below(3)).map(|_| pick.text(parts, 4)).collect();
        if pick.is(4) {
            paths.insert(0, "-a".into());
        }
        [maybe(pick, 4, "-s", &[".c", "t", ".txt"]), paths].concat()
    });
    random("dirname", &[], 0, |pick| (0..pick.below(3)).map(|_| pick.text(parts, 4)).collect());
}

#[test]
fn grep_is_debians() {
    random("grep", &["-c", "-i", "-l", "-n", "-q", "-v", "-o", "-w", "-x", "-h", "-H", "-a", "-L", "-s"], 3, |pick| {
        let (syntax, parts): (&str, &[&str]) = match pick.below(3) {
            0 => (
                "-E",
                &[
                    "a",
                    "b",
                    "o",
                    ".",
                    "*",
                    "+",
                    "?",
                    "(a|b)",
                    "[a-c]",
                    "[^a ]",
                    "^",
                    "$",
                    "|",
                    "(b)",
                    "(o",
                    "{2}",
                    "{1,2}",
                    "\\.",
                    "[[:digit:]]",
                    "\\w",
                    "\\b",
                    "\\<",
                    "\\>",
                    "foo",
                    "GET",
                    "()",
                    "o|oo",
                    "(a|ab)(c|bcd)?",
                ],
            ),
            1 => ("-F", &["a", "b", "o", ".", "*", "foo", "GET", " ", "\n", "-", "\\"]),
            _ => (
                "-G",
                &[
                    "a",
                    "b",
                    "o",
                    ".",
                    "*",
                    "\\+",
                    "\\?",
                    "\\(a\\|b\\)",
                    "[a-c]",
                    "[^a ]",
                    "^",
                    "$",
                    "\\|",
                    "\\(",
                    "\\)",
                    "\\{2\\}",
                    "\\{1,2\\}",
                    "\\.",
                    "[[:alpha:]]",
                    "\\W",
                    "\\B",
                    "foo",
                    "200",
                    "+",
                    "?",
                    "{",
                    "\\s",
                    "\\S",
                ],
            ),
        };
        let more = if pick.is(6) { vec!["-e".into(), pattern(pick, parts, 2)] } else { Vec::new() };
        let pattern = pattern(pick, parts, 4);
        let context =
            if pick.is(8) { maybe(pick, 1, "-A", &["0", "1", "3"]) } else { maybe(pick, 8, "-C", &["0", "1", "2"]) };
        // A context of parts of lines is nothing that anybody asks for.
        let limits = maybe(pick, 8, "-m", &["1", "2", "5"]);
        [vec![syntax.into(), "-e".into(), pattern], more, context, limits].concat()
    });
}

/// A regular expression that `sed` and its namesake understand alike, with at least one group in it.
fn sed_pattern(pick: &mut Pick, is_extended: bool) -> String {
    let (parts, groups): (&[&str], &[&str]) = if is_extended {
        (
            &[
                "a",
                "b",
                "o",
                ".",
                "x*",
                "a+",
                "b?",
                "[a-c]",
                "[^a ]",
                "^",
                "$",
                "[[:digit:]]+",
                "\\.",
                "foo|bar",
                "\\n",
                " ",
            ],
            &["(a|ab)", "(b)*", "([a-z]*)", "(.)", "(a|b|o)+", "((a)|(b))*", "(o|oo)(.*)", "()"],
        )
    } else {
        (
            &[
                "a",
                "b",
                "o",
                ".",
                "x*",
                "a\\+",
                "b\\?",
                "[a-c]",
                "[^a/]",
                "^",
                "$",
                "[0-9]\\{2\\}",
                "\\.",
                "\\w",
                "\\n",
                " ",
            ],
            &["\\(a\\|ab\\)", "\\(b\\)*", "\\([a-z]*\\)", "\\(.\\)", "\\(a\\(b*\\)\\)", "\\(.*\\) "],
        )
    };
    let before = pick.text(parts, 2);
    before + *pick.of(groups) + &pick.text(parts, 2)
}

fn sed_place(pick: &mut Pick, is_extended: bool) -> String {
    match pick.below(8) {
        0..3 => (1 + pick.below(6)).to_string(),
        3 => "$".into(),
        4 => format!("{}~{}", pick.below(4), pick.below(4)).replace("0~0", "1~0"),
        5 => format!("/{}/I", sed_pattern(pick, is_extended)),
        _ => format!("/{}/", sed_pattern(pick, is_extended)),
    }
}

fn sed_address(pick: &mut Pick, is_extended: bool) -> String {
    let address = match pick.below(4) {
        0 => return String::new(),
        1 => sed_place(pick, is_extended),
        _ => {
            let end = match pick.below(4) {
                0 => format!("+{}", pick.below(4)),
                1 => format!("~{}", pick.below(4)),
                _ => sed_place(pick, is_extended),
            };
            format!("{},{end}", sed_place(pick, is_extended))
        }
    };
    // A step of which the first line is 0 begins no range.
    let address = if address.starts_with("0~") { format!("1{address}") } else { address };
    if pick.is(4) { address + "!" } else { address }
}

fn sed_substitution(pick: &mut Pick, is_extended: bool) -> String {
    let parts = ["x", "[&]", "\\1", "<\\1>", "\\n", "\\&", "\\t", "\\U&\\E", "\\u\\1", "/", "é"];
    let flags = *pick.of(&["", "", "g", "g", "2", "p", "I", "3g", "gp", "2I"]);
    let sign = *pick.of(&["/", ",", "|", "!"]);
    let escaped = |text: String| if sign == "/" { text.replace("/", "\\/") } else { text };
    // What is an operator cannot be the border as well.
    let sign = if is_extended && sign == "|" { "/" } else { sign };
    let pattern = sed_pattern(pick, is_extended).replace("[^a/]", "[^a]");
    let pattern = if sign == "|" && pattern.contains('|') { pattern.replace("\\|", "") } else { pattern };
    let replacement = pick.text(&parts, 3);
    let replacement = if sign == "/" { escaped(replacement) } else { replacement };
    format!("s{sign}{pattern}{sign}{replacement}{sign}{flags}")
}

/// A script that ends. Some loop for ever when they restart a cycle and have put a newline into it, and some double
/// what they hold with every line.
fn sed_script(pick: &mut Pick, is_extended: bool) -> String {
    let growing = *pick.of(&["G", "H", "g", "h"]);
    let plain = ["p", "d", "=", "n", "N", "P", "g", "h", "x", "b", "y/abo/oab/", "y,/\\n,\\n/,", "q", "q3", "Q", "t"];
    let texts = ["a one", "i\\\n  two\\\nlines", "c\\\nother", "a\\\n\\ttab\\\\", "i one\\", "c text"];
    let mut script = String::new();
    for _ in 0..1 + pick.below(4) {
        let mut address = sed_address(pick, is_extended);
        let command = match pick.below(10) {
            0..4 => sed_substitution(pick, is_extended),
            4 => growing.to_owned(),
            5 => (*pick.of(&texts)).trim_end_matches("one\\").to_owned(),
            6 => format!("{{{}\n{}}}", pick.of(&["p", "=", "N;P"]), sed_substitution(pick, is_extended)),
            _ => (*pick.of(&plain)).to_owned(),
        };
        if command.starts_with('q') || command.starts_with('Q') {
            address = sed_place(pick, is_extended).replace("0~", "1~");
        }
        if command == "i " {
            continue;
        }
        script += &format!("{address}{}{command}{}", pick.of(&["", " "]), pick.of(&["\n", "\n", "\n# words\n"]));
    }
    script
}

#[test]
fn sed_is_debians() {
    let cases = seeds(0..200).map(|seed| {
        let pick = &mut Pick::new(seed);
        let options = |pick: &mut Pick| {
            let is_extended = pick.is(2);
            let syntax = if is_extended { vec!["-E".to_owned()] } else { Vec::new() };
            let script = sed_script(pick, is_extended);
            [syntax, vec!["-e".into(), script]].concat()
        };
        let mut case = case("sed", pick, &["-n"], options, 3);
        // What is gathered from line to line is written again with each.
        let is_gathering = case.args.iter().any(|arg| arg.contains(['G', 'H', 'N']));
        if is_gathering {
            case.args.iter_mut().filter(|arg| *arg == "w/biglog").for_each(|arg| *arg = "w/numbers".to_owned());
        }
        // Its namesake does not tell of a directory if it has looked ahead for the last line.
        case.args.iter_mut().filter(|arg| *arg == "w/folder").for_each(|arg| *arg = "w/missing".to_owned());
        case
    });
    assert_alike("sed", &cases.collect::<Vec<_>>());
}

/// What one line of a script says in ways of its own, and what is none.
#[test]
fn sed_reads_scripts_as_debians_does() {
    let scripts = [
        "$!N;P;D",
        "N;N;D",
        "$!{h;d};x;G",
        ":a;s/o\\(.*\\)/\\10/;ta",
        ":a;N;$!ba;s/\\n/,/g",
        "/a/{n;d}",
        "n;n;s/./x/",
        "1!G;h;$!d",
        "$=",
        "0,/a/d",
        "0,/b/s/b/x/",
        "2,1p",
        "2,+1d",
        "2,~2d",
        "1~2d",
        "/a/,/b/{//!d}",
        "s/a/x/;s//y/",
        "s/[/]/x/",
        "s/[]/]/x/g",
        "s,a\\,b,X,",
        "s|a\\|b|X|",
        "s+a\\+b+X+",
        "s.a\\.b.x.",
        "s&a&[\\&]&",
        "sxaxbx",
        "\\xaxd",
        "\\,a,I,\\,b,Id",
        "s/a/\\x41\\t\\o102\\d067/",
        "s/\\x5ea/Q/",
        "s/a\\x2a/Q/",
        "y/ab/\\n\\t/",
        "y,/,\\,,",
        "a foo\\tbar",
        "a\\ttab",
        "a\\\n\\ttab",
        "a fo\\\\o\\n",
        "a\\  foo",
        "1i\\\n  two  \\\n  three\\q",
        "$!{1i\\x\n}",
        "2,3c foo",
        "2,3!c foo",
        "$!N;c foo",
        "2{n;c foo\n}",
        "s/x/y/;Tq;p;:q",
        "s/^a/X/;$!N;/X/tz;b;:z;s/^/T/;P;D",
        "2!d;s/b/x\\ny/;a foo\nD",
        "#n\np",
        "#no\np",
        "p ; ; # foo\np",
        " 1 , 1 p",
        "1,1 {p}",
        "{p};p",
        "{;p;};",
        "b;p",
        ":x}",
        "{bx};p;:x",
        "q5",
        "q 5",
        "1,2=",
        "s/a*/x/2g",
        "s/b*/-/g",
        "s/\\(a\\)\\|b/[\\1]/g",
        "x;$G",
        "l;k",
        "k",
        "p p",
        "{p",
        "p}",
        "s/a/b",
        "s/a/b/0",
        "s/a/b/gg",
        "s/a/\\1/",
        "y/a/bc/",
        "1,p",
        "0p",
        "1!!p",
        "1! p",
        "a",
        "1a ",
        "1,2q",
        "1:x",
        "1}",
        ":",
        "//p",
        "s/\\(/x/",
        "{p}p",
        "",
        "s/a/x/w",
    ];
    let input = "a b\nfoo/bar\nab^a*\n\nboo|a,b\nlast+a.b";
    let cases = scripts.iter().filter(|script| !matches!(**script, "l;k" | "s/a/x/w"));
    let cases: Vec<_> = cases.map(|script| Case::new("sed", [*script]).reading(input)).collect();
    assert_alike("sed-scripts", &cases);
    lines(
        "sed",
        "a\nb\n",
        &[
            "-n -e $p -e 1p w/unended w/empty",
            "p w/unended w/unended",
            "$d w/missing w/words -n",
            "-f w/missing",
            "-ne $=",
            "p w/folder w/log",
            "-n /a/p;/b/q - w/log",
            "-E s/(a)(b)?/[\\2]/",
            "-r s/a|b/x/g",
            "--quiet p",
            "x w/unended",
            "G w/unended",
            "a\\ -e  -e p",
            "-n",
            "",
        ],
    );
}

#[test]
fn sed_gives_way_amid_the_matches_of_one_text() {
    let (folder, lines) = (MemoryFolder::new(), 10_000);
    folder.write("lines", "a b a b\n".repeat(lines)).unwrap();
    let script = r":a;N;$!ba;s/a/bb/g;s/\(b\)\(b\)/\2\1/g";
    let (ended, seen) = common::run(common::program("sed", &[script, "/w/lines"]).mount(folder, "/w", true));
    assert_eq!((ended.code(), seen.text()), (0, "bb b bb b\n".repeat(lines)));
    // Both replace two matches a line, and each is at least so much work.
    let turns = seen.turns_of(2);
    assert!(turns >= 2 * 2 * lines * 64 / limits::SED_WORK, "{turns} turns");
}

#[test]
fn sed_holds_no_more_than_it_may() {
    for script in [":a;G;h;ba", ":a;s/.*/&&/;ta", ":a;a text of a line\nba"] {
        let folder = MemoryFolder::new();
        folder.write("line", "a\n").unwrap();
        let (ended, seen) = common::run(common::program("sed", &[script, "/w/line"]).mount(folder, "/w", true));
        assert_eq!((ended.code(), seen.text().as_str()), (4, ""), "{script}");
        assert!(seen.errors().contains("more text than there is room for"), "{}", seen.errors());
    }
}

#[test]
fn rev_is_debians_of_what_prints() {
    // Its namesake stops at what is no character of the locale, which for it are the first 128.
    let files = ["w/log", "w/words", "w/blanks", "w/crlf", "w/unended", "w/empty", "w/long", "w/repeats"];
    let cases = seeds(0..200).map(|seed| {
        let pick = &mut Pick::new(seed);
        let mut case = case("rev", pick, &[], |pick| pick.some(&files, 6).into_iter().map(Into::into).collect(), 0);
        case.input.retain(|byte| byte.is_ascii() && *byte != 0);
        case
    });
    assert_alike("rev", &cases.collect::<Vec<_>>());
}

#[test]
fn tac_is_debians() {
    random("tac", &[], 3, |_| Vec::new());
}

#[test]
fn paste_is_debians() {
    random("paste", &["-s"], 3, |pick| maybe(pick, 3, "-d", &[",", ",:", "\\t", "\\0", "a\\nb", "\\\\"]));
}

#[test]
fn comm_is_debians() {
    random("comm", &["-1", "-2", "-3"], 0, |pick| {
        let files = ["w/sorted1", "w/sorted2", "w/empty", "w/every", "w/unended", "w/newline", "w/missing"];
        let other = if pick.is(3) { "-" } else { *pick.of(&files) };
        vec![(*pick.of(&files)).into(), other.into()]
    });
}

#[test]
fn cmp_is_debians() {
    random("cmp", &["-s", "-l"], 0, |pick| {
        let files =
            ["w/unended", "w/sorted1", "w/sorted2", "w/empty", "w/every", "w/newline", "w/log", "w/biglog", "w/binary"];
        let missing = ["w/missing", "-", "w/long"];
        let file = |pick: &mut Pick| {
            let among = if pick.is(5) { &missing[..] } else { &files };
            (*pick.of(among)).to_owned()
        };
        let bytes = maybe(pick, 5, "-n", &["0", "1", "2", "100", "x"]);
        [bytes, (0..2 - u64::from(pick.is(8))).map(|_| file(pick)).collect()].concat()
    });
}

#[test]
fn fold_is_debians() {
    random("fold", &["-b", "-s"], 2, |pick| maybe(pick, 2, "-w", &["1", "5", "20", "72", "100", "0", "x"]));
}

#[test]
fn nl_is_debians() {
    random("nl", &[], 2, |pick| {
        let body = maybe(pick, 2, "-b", &["a", "t", "n", "x"]);
        let width = maybe(pick, 4, "-w", &["1", "3", "10", "0"]);
        [body, width, maybe(pick, 4, "-s", &["", ": "]), maybe(pick, 4, "-v", &["0", "-3", "100"])].concat()
    });
}

#[test]
fn od_is_debians() {
    random("od", &["-b", "-c", "-v"], 2, |pick| {
        let kind = maybe(pick, 3, "-t", &["x1", "o1", "u1", "d1", "c", "o2"]);
        let places = maybe(pick, 3, "-A", &["o", "d", "x", "n", "y"]);
        [kind, places, maybe(pick, 5, "-j", &["0", "1", "17", "9999999"]), maybe(pick, 5, "-N", &["0", "1", "33"])]
            .concat()
    });
}

#[test]
fn xargs_is_debians() {
    let cases = seeds(0..200).map(|seed| {
        let options = |pick: &mut Pick| {
            let command = words(pick.of(&["printf [%s]", "true", "false", "printf %s\\n x"]));
            [maybe(pick, 2, "-n", &["1", "2", "5", "0"]), command].concat()
        };
        let mut case = case("xargs", &mut Pick::new(seed), &["-r", "-0"], options, 0);
        if !case.args.iter().any(|arg| arg.contains('0')) {
            // In its namesake a zero ends a word, and it says that it is not sure.
            case.input.retain(|&byte| byte != 0);
        }
        case
    });
    assert_alike("xargs", &cases.collect::<Vec<_>>());
}

/// A pattern of at most so many parts.
fn pattern(pick: &mut Pick, parts: &[&str], most: u64) -> String {
    // GNU's contradicts itself when the border of a word is repeated.
    let is_border = |part: &str| matches!(part, "\\b" | "\\B" | "\\<" | "\\>");
    loop {
        let pattern: Vec<&str> = (0..pick.below(most + 1)).map(|_| *pick.of(parts)).collect();
        let is_repeated = |pair: &[&str]| is_border(pair[0]) && pair[1].contains(['*', '+', '?', '{']);
        if !pattern.windows(2).any(is_repeated) {
            return pattern.concat();
        }
    }
}

#[test]
fn counts_may_be_written_as_they_once_were() {
    lines("head", "1\n2\n3\n4\n5\n6\n", &["-2", "-0", "-3 w/log", "-3 w/log w/words"]);
    lines("tail", "1\n2\n3\n4\n5\n6\n", &["-2", "+3", "-3 w/log", "+3 w/log"]);
}

#[test]
fn sort_gives_way_after_a_bounded_number_of_lines() {
    let lines = 20_000;
    let folder = MemoryFolder::new();
    folder.write("lines", (0..lines).rev().map(|line| format!("{line:05}\n")).collect::<String>()).unwrap();
    let (ended, seen) = common::run(common::program("sort", &["/w/lines"]).mount(folder, "/w", true));
    assert_eq!(ended.code(), 0);
    assert_eq!(seen.text(), (0..lines).map(|line| format!("{line:05}\n")).collect::<String>());
    // Each line is put in order once and merged once.
    let turns = seen.turns_of(2);
    assert!(turns >= 2 * lines / limits::SORTED_LINES, "{turns} turns for {lines} lines");
}

#[test]
fn files_that_a_tool_makes_are_debians() {
    let cases = [
        ("uniq", "w/repeats w/made1", ""),
        ("uniq", "-c - w/made2", "a\na\nb"),
        ("sort", "-u w/repeats -o w/made1", ""),
        ("sort", "-ro w/made1 w/words", ""),
        ("tee", "w/made1 w/made2", "one\ntwo"),
        ("uniq", "w/repeats w/missing/x", ""),
    ];
    let cases = cases.map(|(tool, args, input)| Case::new(tool, words(args)).reading(input));
    assert_alike("made", &cases);
}

#[test]
fn patterns_may_come_from_files() {
    lines(
        "grep",
        "one\ntwo\nthree\nfour (4)\n",
        &["-f w/unended", "-Ff w/unended -v", "-f w/empty", "-f w/missing", "-n -f w/unended -e four"],
    );
}

#[test]
fn every_tool_helps() {
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        let (ended, seen) = common::run(common::program(program.name, &["--help"]));
        assert_eq!(ended.code(), 0, "{}", program.name);
        assert!(seen.text().starts_with(&format!("usage: {}", program.name)), "{}", seen.text());
    }
}

#[test]
fn grep_searches_below_directories_in_the_order_of_names() {
    let folder = MemoryFolder::new();
    folder.make_directory("b").unwrap();
    folder.make_directory("b/empty").unwrap();
    for (name, text) in [("a", "one\n"), ("b/c", "two\none more\n"), ("b/d", "two\n"), ("e", "none\n")] {
        folder.write(name, text).unwrap();
    }
    let (ended, seen) = common::run(common::program("grep", &["-rn", "one", "/w"]).mount(folder, "/w", true));
    assert_eq!((seen.text().as_str(), ended.code()), ("/w/a:1:one\n/w/b/c:2:one more\n/w/e:1:none\n", 0));
}

#[test]
fn date_is_debians_of_a_given_moment() {
    let formats = [
        "%Y", "%m", "%d", "%H", "%M", "%S", "%F", "%T", "%a", "%A", "%b", "%B", "%j", "%y", "%e", "%s", "%%", "%n",
        "%t", "%u", "%w", "%D", "%R", "%I", "%p", "%C", " ", "-", ":", "at",
    ];
    random("date", &["-u"], 0, |pick| {
        let moment = match pick.below(3) {
            0 => format!("@{}", pick.below(4_102_444_800)),
            1 => format!("{}-{:02}-{:02}", 1970 + pick.below(130), 1 + pick.below(13), 1 + pick.below(31)),
            _ => format!("2009-03-{:02} {:02}:{:02}", 1 + pick.below(31), pick.below(25), pick.below(61)),
        };
        let format = match pick.below(5) {
            0 => "-R".to_owned(),
            1 => "-I".to_owned(),
            _ => format!("+{}", pick.text(&formats, 5)),
        };
        vec!["-u".into(), "-d".into(), moment, format]
    });
}

#[test]
fn test_is_debians() {
    // A minus and one sign is for GNU's an operator even where none can stand.
    let words = [
        "a",
        "",
        "b",
        "=",
        "!=",
        "1",
        "2",
        "-33",
        "x1",
        "-eq",
        "-ne",
        "-lt",
        "-le",
        "-gt",
        "-ge",
        "!",
        "-z",
        "-n",
        "-a",
        "-o",
        "(",
        ")",
        "-e",
        "-f",
        "-d",
        "-s",
        "w/log",
        "w/empty",
        "w/folder",
        "w/missing",
    ];
    random("test", &[], 0, |pick| (0..pick.below(6)).map(|_| (*pick.of(&words)).to_owned()).collect());
}

#[test]
fn env_is_debians_of_an_environment_of_its_own() {
    random("env", &[], 0, |pick| {
        let settings = ["A=1", "B=two words", "C=", "LONG_NAME=x=y"];
        let removed = ["A", "B", "NONE"];
        let mut args = vec!["-i".to_owned()];
        args.extend(pick.some(&removed, 4).into_iter().flat_map(|name| ["-u".to_owned(), name.to_owned()]));
        args.extend(pick.some(&settings, 2).into_iter().map(ToOwned::to_owned));
        args.extend(words(pick.of(&["", "true", "false", "/nonesuch", "printf %s one"])));
        args
    });
}

#[test]
fn what_tools_make_of_an_option_that_is_none_is_debians() {
    let tools = [
        "basename", "cat", "cmp", "comm", "cp", "cut", "date", "dirname", "env", "find", "fold", "grep", "head", "ls",
        "mkdir", "mv", "nl", "od", "paste", "pwd", "rm", "rmdir", "sed", "seq", "sleep", "sort", "stat", "tac", "tail",
        "tee", "touch", "tr", "true", "false", "uname", "uniq", "wc", "xargs", "yes",
    ];
    assert_alike("unknown", &tools.map(|tool| Case::new(tool, ["--nosuch"])));
}

/// Where it is held what each tool prints: a file of tests, and what in it does so.
const HELD: &[(&str, &str, &str)] = &[
    ("[", "userland/src/programs/test.rs", "the_code_is_the_answer"),
    ("basename", "tests/tools.rs", "basename_and_dirname_are_debians"),
    ("cat", "tests/tools.rs", "cat_is_debians"),
    ("clear", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("cmp", "tests/tools.rs", "cmp_is_debians"),
    ("comm", "tests/tools.rs", "comm_is_debians"),
    ("course", "tests/course.rs", "the_syllabus_has_a_line_for_each_program_of_the_course_and_no_other"),
    ("cp", "tests/random_file_tools.rs", "cp_is_debians_of_files"),
    ("cut", "tests/tools.rs", "cut_is_debians"),
    ("date", "tests/tools.rs", "date_is_debians_of_a_given_moment"),
    ("dirname", "tests/tools.rs", "basename_and_dirname_are_debians"),
    ("echo", "tests/tools.rs", "echo_is_dashs"),
    ("env", "tests/tools.rs", "env_is_debians_of_an_environment_of_its_own"),
    ("false", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("find", "tests/find.rs", "files_are_found_as_elsewhere"),
    ("fold", "tests/tools.rs", "fold_is_debians"),
    ("grep", "tests/tools.rs", "grep_is_debians"),
    ("head", "tests/tools.rs", "head_is_debians"),
    ("hello", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("host", "userland/src/programs/host.rs", "what_follows_the_program_is_its_own"),
    ("kill", "userland/src/programs/kill.rs", "every_task_is_tried_and_the_missing_are_named"),
    ("ls", "tests/random_file_tools.rs", "ls_is_debians"),
    ("mkdir", "tests/random_file_tools.rs", "mkdir_is_debians"),
    ("mv", "tests/random_file_tools.rs", "mv_is_debians"),
    ("nc", "tests/nc.rs", "with_l_it_takes_one_connection"),
    ("nl", "tests/tools.rs", "nl_is_debians"),
    ("od", "tests/tools.rs", "od_is_debians"),
    ("paste", "tests/tools.rs", "paste_is_debians"),
    ("printf", "tests/tools.rs", "printf_is_debians"),
    ("ps", "userland/src/programs/ps.rs", "columns_are_as_wide_as_what_stands_in_them"),
    ("pstree", "userland/src/programs/pstree.rs", "children_stand_below_their_parents"),
    ("pwd", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("rev", "tests/tools.rs", "rev_is_debians_of_what_prints"),
    ("rm", "tests/random_file_tools.rs", "rm_is_debians"),
    ("rmdir", "tests/random_file_tools.rs", "rmdir_is_debians"),
    ("sed", "tests/tools.rs", "sed_is_debians"),
    ("seq", "tests/tools.rs", "seq_is_debians"),
    ("sleep", "userland/src/programs/sleep.rs", "durations_add_up"),
    ("sort", "tests/tools.rs", "sort_is_debians"),
    ("stat", "tests/random_file_tools.rs", "stat_is_debians"),
    ("stty", "userland/src/programs/stty.rs", "the_terminal_is_told_of_and_its_mode_can_be_set_to_what_was_told"),
    ("tac", "tests/tools.rs", "tac_is_debians"),
    ("tail", "tests/tools.rs", "tail_is_debians"),
    ("tee", "tests/tools.rs", "tee_is_debians"),
    ("test", "tests/tools.rs", "test_is_debians"),
    ("time", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("top", "userland/src/programs/top.rs", "the_busiest_since_the_last_picture_come_first"),
    ("touch", "tests/random_file_tools.rs", "touch_is_debians"),
    ("tr", "tests/tools.rs", "tr_is_debians"),
    ("true", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("uname", "userland/src/programs/uname.rs", "the_parts_stand_in_one_order"),
    ("uniq", "tests/tools.rs", "uniq_is_debians"),
    ("wc", "tests/tools.rs", "wc_is_debians"),
    ("which", "tests/tools.rs", "tools_of_few_words_print_them"),
    ("xargs", "tests/tools.rs", "xargs_is_debians"),
    ("yes", "tests/bad_input.rs", "who_writes_to_nobody_is_ended_by_the_signal_without_a_word"),
];

#[test]
fn what_every_tool_prints_is_held_by_a_test() {
    for program in PROGRAMS.iter().filter(|program| program.group == Group::Tools) {
        assert!(HELD.iter().any(|(tool, ..)| *tool == program.name), "nothing holds what {} prints", program.name);
    }
    for (tool, file, test) in HELD {
        let program = PROGRAMS.iter().find(|program| program.name == *tool);
        assert!(program.is_some(), "{tool} is no tool");
        let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let (_, from) = text.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("{file} has no {test}"));
        let body = from.split("#[test]").next().unwrap();
        let is_its_own_file = file.ends_with(&format!("/{tool}.rs")) || *tool == "[";
        let is_named = body.contains(&format!("\"{tool}")) || body.contains(&format!("{tool}("));
        assert!(is_its_own_file || is_named, "{test} is not about {tool}");
    }
}

#[test]
fn tools_of_few_words_print_them() {
    for (command, output, code) in [
        (&["true", "x"][..], "", 0),
        (&["false", "x"], "", 1),
        (&["hello"], "Hello, world!\n", 0),
        (&["pwd"], "/\n", 0),
        (&["which", "cat", "nonesuch", "ls"], "/bin/cat\n/bin/ls\n", 1),
        (&["clear"], "\u{1b}[H\u{1b}[2J\u{1b}[3J", 0),
        (&["time", "-p", "echo", "x"], "x\n", 0),
    ] {
        let (ended, seen) = common::run(common::program(command[0], &command[1..]));
        assert_eq!((seen.text().as_str(), ended.code()), (output, code), "{command:?}");
    }
}
