//! `grep`: random patterns and options, patterns from files, and directories.

use super::*;

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

#[test]
fn patterns_may_come_from_files() {
    lines(
        "grep",
        "one\ntwo\nthree\nfour (4)\n",
        &["-f w/unended", "-Ff w/unended -v", "-f w/empty", "-f w/missing", "-n -f w/unended -e four"],
    );
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
