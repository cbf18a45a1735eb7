//! Both parsers, on documents that they read and on bytes of any kind.

use super::*;
use crate::limits::{XML_ATTRIBUTES, XML_DEPTH, XML_NAME_BYTES, XML_TEXT_BYTES, XML_TOKEN_BYTES};
use alloc::{borrow::ToOwned, format, string::String, vec};

/// The events of a document that arrives in these chunks, and the error that ended it.
fn parse<'a>(mut parser: impl Parser, chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Error>) {
    let mut events = Vec::new();
    let mut send = |event| {
        events.push(event);
        Ok::<(), Error>(())
    };
    let fed = chunks.into_iter().try_for_each(|chunk| parser.feed(chunk, &mut send));
    let error = fed.and_then(|()| parser.finish(&mut send)).err();
    (events, error)
}

fn strict(document: &[u8]) -> (Vec<Event>, Option<Error>) {
    parse(Strict::coalescing(), [document])
}

fn scanned(document: &[u8]) -> (Vec<Event>, Option<Error>) {
    parse(Scanner::new(), [document])
}

/// Events in one line: `<a k=v>`, `"text"`, `</a>`.
fn shown(events: &[Event]) -> String {
    let mut line = String::new();
    for event in events {
        line += &match event {
            Event::Start { name, attributes } => {
                let attributes: String = attributes.iter().map(|(key, value)| format!(" {key}={value}")).collect();
                format!("<{name}{attributes}>")
            }
            Event::Text(text) => format!("{text:?}"),
            Event::End { name } => format!("</{name}>"),
        };
    }
    line
}

/// What both make of a document.
fn both(document: &str) -> String {
    let [strict, scanned] = [strict, scanned].map(|parse| {
        let (events, error) = parse(document.as_bytes());
        assert_eq!(error, None, "{document}");
        shown(&events)
    });
    assert_eq!(strict, scanned);
    strict
}

#[test]
fn a_document_is_its_events() {
    assert_eq!(both("<a>one<b/>two</a>"), r#"<a>"one"<b></b>"two"</a>"#);
    assert_eq!(both("<?xml version='1.0' encoding=\"utf-8\"?>\n<a></a>\n"), "<a></a>");
    assert_eq!(both("<n:a\tk = 'v>'\n n:j=\"'\" />"), "<n:a k=v> n:j='></n:a>");
    assert_eq!(both("<a>é\u{1f600}</a >"), "<a>\"é\u{1f600}\"</a>");
}

#[test]
fn references_are_resolved_and_text_is_one() {
    assert_eq!(both("<a k='&lt;&#65;&apos;'>x &amp; y&#x21;</a>"), r#"<a k=<A'>"x & y!"</a>"#);
}

#[test]
fn line_ends_are_newlines_and_spaces_in_attributes() {
    assert_eq!(both("<a k='1\r\n2\n3\t4'>\r\n\r\rx\n</a>\r\n"), r#"<a k=1 2 3 4>"\n\n\nx\n"</a>"#);
}

#[test]
fn piecewise_text_comes_as_it_is_found() {
    let (events, error) = parse(Strict::piecewise(), [b"<a>x &amp; y</a>".as_slice()]);
    assert_eq!((shown(&events).as_str(), error), (r#"<a>"x ""& y"</a>"#, None));
}

#[test]
fn comments_and_sections_are_for_the_strict_one_only() {
    let document = b"<a>1<!-- > -->2<![CDATA[<&]]>3</a>";
    assert_eq!(shown(&strict(document).0), r#"<a>"12<&3"</a>"#);
    let refused = |document: &str| scanned(document.as_bytes()).1.map(|error| (error.at, error.fault));
    let markup = Fault::Unsupported("comments, CDATA sections and document types");
    assert_eq!(refused("<a>1<!-- -->"), Some((5, markup)));
    assert_eq!(refused("<!DOCTYPE a>"), Some((1, markup)));
    let instruction = Fault::Unsupported("processing instructions");
    assert_eq!(refused("<a><?x?></a>").map(|(_, fault)| fault), Some(instruction));
    assert_eq!(refused(" <?xml version='1.0'?><a/>").map(|(_, fault)| fault), Some(instruction));
}

#[test]
fn a_wrong_document_is_refused_with_the_place() {
    let wrong = [
        "",
        " ",
        "<a>",
        "<a",
        "</a>",
        "<a></a></a>",
        "<a/><b/>",
        "<a/>x",
        "x<a/>",
        "<a>&nbsp;</a>",
        "<a>&amp</a>",
        "<a>&#0;</a>",
        "<a k/>",
        "<a k=v/>",
        "<a k='v'j='w'/>",
        "<a k='<'/>",
        "<a k='1' k='2'/>",
        "<>",
        "< a/>",
        "<a><b</a>",
        "<a></ a>",
        "<a></a b>",
        "<a k='1/>",
        "&amp;<a/>",
        "<a =''/>",
        "<a k j='1'/>",
        "<a 'k'/>",
    ];
    for document in wrong {
        for (_, error) in [strict(document.as_bytes()), scanned(document.as_bytes())] {
            let error = error.unwrap_or_else(|| panic!("{document} was taken"));
            assert!(error.at <= document.len() as u64, "{document}: {error}");
        }
    }
    let at = |document: &[u8]| [strict(document), scanned(document)].map(|(_, error)| error.map(|error| error.at));
    assert_eq!(at(b"<a>\n&what;</a>"), [Some(10), Some(5)]);
    assert_eq!(at(b"<a>x\xff</a>")[1], Some(4));
}

#[test]
fn what_the_scanner_lets_pass() {
    for document in ["<a></b>", "<a>\u{1}</a>", "<a>]]></a>", "<1/>"] {
        assert_eq!(scanned(document.as_bytes()).1, None, "{document}");
        assert!(strict(document.as_bytes()).1.is_some(), "{document}");
    }
}

#[test]
fn every_bound_is_an_error_of_its_own() {
    let cases = [
        ("depth", "<a>".repeat(XML_DEPTH + 1)),
        ("name", format!("<{}>", "a".repeat(XML_NAME_BYTES + 1))),
        ("tag", format!("<a k='{0}' j='{0}'>", "x".repeat(XML_TOKEN_BYTES / 2))),
        ("attributes", format!("<a{}/>", (0..=XML_ATTRIBUTES).map(|i| format!(" k{i}=''")).collect::<String>())),
    ];
    for (what, document) in cases {
        for (_, error) in [strict(document.as_bytes()), scanned(document.as_bytes())] {
            assert_eq!(error.map(|error| error.fault), Some(Fault::TooMuch(what)));
        }
    }
    let long = format!("<a k='{}", "x".repeat(XML_TOKEN_BYTES + 1));
    assert_eq!(scanned(long.as_bytes()).1.map(|error| error.fault), Some(Fault::TooMuch("tag")));
    assert!(matches!(strict(long.as_bytes()).1, Some(Error { fault: Fault::NotXml(_), .. })));
    let endless = format!("<a>&{}", "x".repeat(20));
    assert_eq!(scanned(endless.as_bytes()).1.map(|error| error.fault), Some(Fault::TooMuch("reference")));
}

#[test]
fn long_text_comes_in_parts_that_cut_no_character() {
    let text = "x".repeat(XML_TEXT_BYTES - 1) + "é" + &"y".repeat(XML_TEXT_BYTES);
    let document = format!("<a>{text}</a>");
    let lens = |events: Vec<Event>| -> Vec<usize> {
        let texts =
            events.into_iter().filter_map(|event| if let Event::Text(text) = event { Some(text) } else { None });
        texts.map(|text| text.len()).collect()
    };
    for cut in [XML_TEXT_BYTES, 1000, 1] {
        let chunks = || document.as_bytes().chunks(cut);
        for (events, error) in [parse(Strict::coalescing(), chunks()), parse(Scanner::new(), chunks())] {
            assert_eq!((lens(events), error), (vec![XML_TEXT_BYTES - 1, XML_TEXT_BYTES, 2], None), "chunks of {cut}");
        }
    }
}

/// Numbers that look random and are the same everywhere (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn times(&mut self, of: &[&str], most: usize) -> String {
        (0..self.below(most + 1)).map(|_| self.pick(of)).collect()
    }

    /// An element that both parsers read.
    fn element(&mut self, depth: usize) -> String {
        const SPACE: &[&str] = &[" ", "\n", "\t", "\r\n"];
        const TEXT: &[&str] =
            &["x", " ", "é", "😀", "\n", "\r", "\r\n", "&amp;", "&#x41;", "&#233;", ">", "'", "\"", "] "];
        let name = self.pick(&["a", "bus", "n:b", "é", "a-very-long-name-of-an-element"]);
        let mut document = format!("<{name}");
        for key in ["k", "n:k", "j"] {
            if self.below(3) == 0 {
                let (before, after) = (SPACE[self.below(4)], self.times(SPACE, 1));
                let value = self.times(&["v", "/", ">", " ", "\t", "\r\n", "&lt;", "&quot;", "é"], 9);
                document += &format!("{before}{key}{after}={after}\"{value}\"");
            }
        }
        document += &self.times(SPACE, 1);
        if self.below(5) == 0 {
            return document + "/>";
        }
        document += ">";
        for _ in 0..self.below(6) {
            document += &self.times(TEXT, 6);
            if depth > 0 {
                document += &self.element(depth - 1);
            }
        }
        document + &format!("</{name}{}>", self.times(SPACE, 1))
    }

    /// The bytes, cut at random.
    fn cut<'a>(&mut self, mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let longest = 1 + self.below(40);
        let mut chunks = Vec::new();
        while !bytes.is_empty() {
            let (chunk, rest) = bytes.split_at((self.below(longest + 1)).min(bytes.len()));
            chunks.push(chunk);
            bytes = rest;
        }
        chunks
    }
}

#[test]
fn the_scanner_gives_the_events_of_the_strict_one_wherever_it_is_cut() {
    for seed in 1..=400 {
        let mut random = Random(seed);
        let document = random.pick(&["", "<?xml version='1.0'?>", "<?xml version='1.0'?>\r\n"]).to_owned()
            + &random.element(3)
            + &random.times(&[" ", "\n"], 2);
        let (expected, error) = strict(document.as_bytes());
        assert_eq!(error, None, "seed {seed}: {document}");
        for _ in 0..5 {
            let chunks = random.cut(document.as_bytes());
            let cut = parse(Scanner::new(), chunks.iter().copied());
            assert_eq!(cut, (expected.clone(), None), "seed {seed}: {document:?} in {chunks:?}");
            let cut = parse(Strict::coalescing(), chunks.iter().copied());
            assert_eq!(cut, (expected.clone(), None), "seed {seed}: {document:?} in {chunks:?}");
        }
    }
}

/// What random documents are made of, and changed by.
const PARTS: &[&[u8]] = &[
    b"<",
    b">",
    b"/",
    b"</",
    b"/>",
    b"<a",
    b"<a>",
    b"</a>",
    b"&",
    b";",
    b"amp",
    b"#x",
    b"41",
    b"=",
    b"'",
    b"\"",
    b" ",
    b"\r",
    b"\n",
    b"!",
    b"?",
    b"<?xml",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"k=''",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xa9",
    b"\xf0\x9f",
    b"\xed\xa0\x80",
    b"text",
];

#[test]
fn no_bytes_make_a_parser_panic_and_no_cut_changes_what_it_makes_of_them() {
    for seed in 1..=4000 {
        let mut random = Random(seed);
        let mut bytes = if random.below(2) == 0 { b"<a>".to_vec() } else { Vec::new() };
        for _ in 0..random.below(30) {
            bytes.extend_from_slice(PARTS[random.below(PARTS.len())]);
        }
        let chunks = random.cut(&bytes);
        let cut = || chunks.iter().copied();
        for (whole, cut) in
            [(scanned(&bytes), parse(Scanner::new(), cut())), (strict(&bytes), parse(Strict::coalescing(), cut()))]
        {
            assert!(whole.1.is_none_or(|error| error.at <= bytes.len() as u64), "seed {seed}: {:?}", whole.1);
            let faults = [&whole.1, &cut.1].map(|error| error.map(|error| error.fault));
            assert_eq!((whole.0, faults[0]), (cut.0, faults[1]), "seed {seed}: {chunks:?}");
        }
    }
}

#[test]
fn what_is_xml_the_scanner_reads_alike_or_says_that_it_does_not_read_it() {
    let mut taken = 0;
    for seed in 1..=4000 {
        let mut random = Random(seed);
        let mut bytes = random.element(2).into_bytes();
        for _ in 0..1 + random.below(2) {
            let at = random.below(bytes.len());
            let until = (at + random.below(3)).min(bytes.len());
            bytes.splice(at..until, PARTS[random.below(PARTS.len())].iter().copied());
        }
        // Where a carriage return stands alone in an attribute, `rxml` refuses or loses it.
        let ends = bytes.iter().zip(bytes[1..].iter().chain([&0]));
        let bytes: Vec<u8> = ends.filter(|&pair| pair.0 != &b'\r' || pair.1 == &b'\n').map(|pair| *pair.0).collect();
        let (events, error) = strict(&bytes);
        if error.is_some() {
            continue;
        }
        let scanned = scanned(&bytes);
        let is_refused = matches!(scanned.1, Some(Error { fault: Fault::Unsupported(_), .. }));
        assert!(is_refused || scanned == (events, None), "seed {seed}: {}", bytes.escape_ascii());
        taken += usize::from(!is_refused);
    }
    assert!(taken > 300, "{taken} documents were XML");
}
