//! One source, two branches of different kinds.
#![feature(coroutines, coroutine_trait)]

use std::collections::BTreeMap;
use yieldix::{
    Machine,
    userland::{flow::*, prelude::*, println},
};

fn words(mut target: impl Consumer<String>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            for word in line.split_whitespace() {
                target.send(word.to_string())?;
            }
        }
        target.close()
    })
}

fn count(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        let mut counts = BTreeMap::new();
        while let Some(word) = (yield)? {
            *counts.entry(word).or_insert(0) += 1;
        }
        for (word, n) in counts {
            out.line(format!("{word}: {n}"));
        }
        Ok(())
    })
}

fn upper(out: Output) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(word) = (yield)? {
            out.line(word.to_uppercase());
        }
        Ok(())
    })
}

fn pipeline() -> Task {
    task!({
        let out = Output::new();
        let both = tee(count(out.clone()), upper(out.clone()));
        call!(drive(Lines::new(Fd::STDIN), words(both), &out))?;
        println!("done")
    })
}

fn main() {
    let ended = Machine::new().task(pipeline()).boot().expect("it boots");
    std::process::exit(ended.code());
}
