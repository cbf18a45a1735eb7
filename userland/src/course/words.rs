//! One job, written twice: the words of a text that end in "ion", pulled by generators and pushed into
//! consumers.
//!
//! Pulled, each stage is given where its words come from; pushed, where they go. The first is made from
//! the source on, the second from the sink on.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("words", Group::Course(Part::Around), "one pipeline, pulled and then pushed", main).usage("[FILE]");

const TEXT: &str = "\
a function that keeps its position between calls is a coroutine
iteration asks for values and on each occasion one comes back
notification sends them whether or not anyone gave permission
";
const ENDING: &str = "ion";

fn words(text: &str) -> impl Generator<&str> {
    generator!({
        for line in text.lines() {
            delegate!(line.split_whitespace());
        }
    })
}

fn ending<'a>(ending: &'static str, words: impl Generator<&'a str>) -> impl Generator<&'a str> {
    generator!({
        for word in words {
            if word.ends_with(ending) {
                yield word;
            }
        }
    })
}

fn printer<'a>(out: Output) -> impl Consumer<&'a str> {
    consumer!(&'a str, {
        while let Some(word) = (yield)? {
            out.line(word);
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        let text = match call!(or_usage(&PROGRAM, at_most_one(args, "file")))? {
            Some(path) => {
                let text = call!(read_text(&path));
                call!(or_complain(&PROGRAM, &path, text))?
            }
            None => TEXT.to_owned(),
        };
        let out = Output::new();
        out.line("pulled:");
        for word in ending(ENDING, words(&text)) {
            out.line(word);
        }
        out.line("pushed:");
        let sink = filter(|word: &&str| word.ends_with(ENDING), printer(out.clone()));
        Ok(call!(drive(words(&text), sink, &out))?)
    })
}
