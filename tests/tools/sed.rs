//! `sed`: random scripts, what scripts say in ways of their own, and what bounds it.

use super::*;

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
