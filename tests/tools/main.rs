//! Each text tool prints what its namesake of Debian does, byte for byte and with the same exit code, on real files and
//! with 200 sets of random options. Where Debian's are not, the tests say that they are skipped.
#![feature(coroutines, coroutine_trait)]

#[path = "../chaos_support/mod.rs"]
mod chaos_support;
#[path = "../common/mod.rs"]
mod common;
mod grep;
mod held;
mod sed;
#[path = "../tools_support/mod.rs"]
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
