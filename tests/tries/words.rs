//! As one writes it in Python: generators around generators, a loop at the end, and no machine at all.
#![feature(coroutines)]

use yieldix::userland::flow::*;

fn words(text: String) -> impl Generator<String> {
    generator!({
        for word in text.split_whitespace() {
            yield word.to_string();
        }
    })
}

fn long(words: impl Generator<String>, least: usize) -> impl Generator<String> {
    generator!({
        for word in words {
            if word.len() >= least {
                yield word;
            }
        }
    })
}

fn main() {
    let text = std::io::read_to_string(std::io::stdin()).expect("standard input is text");
    for word in long(words(text), 4) {
        println!("{word}");
    }
}
