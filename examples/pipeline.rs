//! Three stages: the lines of standard input, those of them that contain a word, and a number before each.
//!
//! `printf 'one fish\ntwo dogs\nred fish\n' | cargo run --example pipeline -- fish`
#![feature(coroutines, coroutine_trait)]

use yieldix::{
    Machine,
    userland::{eprintln, flow::*, prelude::*},
};

/// A filter: takes lines, and passes on those that contain the word.
fn grep(word: String, mut target: impl Consumer<String>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            if line.contains(&word) {
                target.send(line)?;
            }
        }
        target.close()
    })
}

/// A sink: takes lines, and prints each with its number; how many there were, when it is closed.
fn numbered(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        let mut count = 0;
        while let Some(line) = (yield)? {
            count += 1;
            out.line(format_args!("{count} {line}"));
        }
        out.line(format_args!("{count} in all"));
        Ok(())
    })
}

/// The task that has the source, drives its lines into the stages, and prints what they say.
fn pipeline(word: String) -> Task {
    task!({
        let out = Output::new();
        let stages = grep(word, numbered(out.clone()));
        if let Err(error) = call!(drive(Lines::new(Fd::STDIN), stages, &out)) {
            eprintln!("pipeline: {error}")?;
            return Err(error.into());
        }
        Ok(())
    })
}

fn main() {
    let word = std::env::args().nth(1).unwrap_or_default();
    let ended = Machine::new().task(pipeline(word)).boot().expect("it boots");
    std::process::exit(ended.code());
}
