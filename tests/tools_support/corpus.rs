//! Files that tools are tried on.

use super::random::Pick;
use std::fmt::Write as _;

/// All of them, by name: small ones, and one that is longer than what a tool reads at a time.
pub fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut pick = Pick::new(11);
    vec![
        ("log", log(&mut pick, 400)),
        ("biglog", log(&mut pick, 3000)),
        ("words", words()),
        ("empty", Vec::new()),
        ("newline", b"\n".to_vec()),
        ("unended", b"one\ntwo\nthree".to_vec()),
        ("crlf", b"one\r\ntwo\r\n\r\nfour\r".to_vec()),
        ("blanks", b"a\n\n\n\nb\n \n\t\n\n\nc\n".to_vec()),
        ("repeats", repeats(&mut pick)),
        ("numbers", numbers(&mut pick)),
        ("fields", fields(&mut pick)),
        ("zeros", b"text\nab\0cd\nmore\0\n\0\0end text\n".to_vec()),
        ("binary", (0..3000).map(|_| pick.below(256) as u8).collect()),
        ("every", (0..=255).collect()),
        ("long", long(&mut pick)),
        ("sorted1", b"a\nb\nb\nc\ne\n".to_vec()),
        ("sorted2", b"b\nc\nc\nd\n".to_vec()),
    ]
}

/// A web server's log of so many lines.
pub fn log(pick: &mut Pick, lines: usize) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..lines {
        let (a, b, c, size) = (pick.below(3), pick.below(30), pick.below(9), pick.below(90_000));
        let path = pick.of(&["/", "/ply/", "/ply/ply.html", "/python/tutorial.pdf", "/images/a.gif", "/favicon.ico"]);
        let status = pick.of(&["200", "200", "200", "404", "304", "500"]);
        let method = pick.of(&["GET", "GET", "HEAD", "POST"]);
        writeln!(
            text,
            "10.{a}.{c}.{b} - - [24/Feb/2008:00:{b:02}:59 -0600] \"{method} {path} HTTP/1.1\" {status} {size}"
        )
        .unwrap();
    }
    text.into_bytes()
}

/// The words of our own documents, one a line.
fn words() -> Vec<u8> {
    let text = include_str!("../../CONTRIBUTING.md");
    text.split_whitespace().flat_map(|word| [word.as_bytes(), b"\n"].concat()).collect()
}

fn repeats(pick: &mut Pick) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..60 {
        let line = pick.of(&["x a", "x A", "y a", " x a", "", "xx", "y  b\tc"]);
        for _ in 0..=pick.below(3) {
            text.extend_from_slice(line.as_bytes());
            text.push(b'\n');
        }
    }
    text
}

fn numbers(pick: &mut Pick) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..80 {
        let sign = pick.of(&["", "-", " ", "  -", "+"]);
        let zeros = pick.of(&["", "0", "000"]);
        let rest = pick.of(&["", ".5", ".50", ".", "e3", " x", "K"]);
        writeln!(text, "{sign}{zeros}{}{rest}", pick.below(300)).unwrap();
    }
    text += "123456789012345678901234567890\n-123456789012345678901234567890\n.5\n-.5\n\nx\n-\n0\n-0\n";
    text.into_bytes()
}

fn fields(pick: &mut Pick) -> Vec<u8> {
    let mut text = String::new();
    for _ in 0..60 {
        let separator = pick.of(&[":", "\t", " ", ",", "  "]);
        let fields: Vec<_> =
            (0..pick.below(6)).map(|_| *pick.of(&["a", "bc", "B", "", "10", "9", "x y", "_z"])).collect();
        writeln!(text, "{}", fields.join(separator)).unwrap();
    }
    text.into_bytes()
}

/// Lines that are longer than what is read at a time.
fn long(pick: &mut Pick) -> Vec<u8> {
    let mut text = Vec::new();
    for length in [70_000, 3, 140_000, 0, 65_536] {
        text.extend((0..length).map(|_| *pick.of(b"abc d:")));
        text.push(b'\n');
    }
    text
}
