//! What a dataflow of coroutines cannot do: go round in a circle.
//!
//! A send returns when its target wants the next item. A stage that sends is not there yet, so what comes
//! back to it finds it busy: an error, which says so and travels up like any other. That no two threads send
//! into one stage needs no error; it does not compile (see `cocrash`).

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("limits", Group::Course(Part::Concurrency), "a stage that sends to itself, and the error", main);

enum Message {
    Next(Box<dyn Consumer<Message>>),
    Number(u32),
}

/// Sends each number on, to whatever it was told is next.
fn relay(out: Output) -> impl Consumer<Message> {
    consumer!(Message, {
        let mut next: Option<Box<dyn Consumer<Message>>> = None;
        while let Some(message) = (yield)? {
            match (message, &mut next) {
                (Message::Next(target), next) => *next = Some(target),
                (Message::Number(n), Some(next)) => next.send(Message::Number(n + 1))?,
                (Message::Number(n), None) => out.line(n),
            }
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let mut stage = shared(relay(out.clone()));
        stage.send(Message::Number(1))?;
        let itself = Box::new(stage.clone());
        stage.send(Message::Next(itself))?;
        for n in [2, 3] {
            if let Err(error) = stage.send(Message::Number(n)) {
                out.line(error);
            }
        }
        call!(out.flush())
    })
}
