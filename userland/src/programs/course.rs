//! The syllabus: every program of the course, part by part, and how to run it.

use crate::{
    listing::{groups, row},
    prelude::*,
};
use core::fmt::Write;

pub(crate) const PROGRAM: Program =
    Program::new("course", Group::Tools, "prints the syllabus of the course, with what to run", main);

/// What the course shows to go wrong and what does not compile here: the part, the test that proves it,
/// and what that is about.
const REFUSED: &[(Part, &str, &str)] =
    &[(Part::Concurrency, "cocrash", "two threads that send into one stage, which does not compile")];

fn syllabus() -> String {
    let mut text = String::from("A Curious Course on Coroutines and Concurrency\n");
    for (group, programs) in groups(crate::PROGRAMS) {
        let Group::Course(part) = group else { continue };
        // Writing to a String does not fail.
        let _ = writeln!(text, "\n{}", group.title());
        for program in programs {
            row(&mut text, &format!("yieldix run {}", program.name), program.about);
        }
        for (_, test, about) in REFUSED.iter().filter(|refused| refused.0 == part) {
            row(&mut text, &format!("cargo test {test}"), about);
        }
    }
    text + "\nIn the shell, a program's name is enough. The sources are in userland/src/course/.\n"
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        print!("{}", syllabus())
    })
}
