//! Sending to what has not been started: an error that says what to do, and not a lost item.

use crate::{flow::*, prelude::*};

pub(crate) const PROGRAM: Program =
    Program::new("echo-consumer", Group::Course(Part::Around), "a consumer that is sent to too early", main);

fn echo(out: Output) -> impl Consumer<&'static str> {
    unstarted!(&'static str, {
        out.line("ready");
        while let Some(word) = (yield)? {
            out.line(word);
        }
        Ok(())
    })
}

fn main(args: Args) -> Task {
    task!({
        call!(no_args(&PROGRAM, args))?;
        let out = Output::new();
        let mut echo = echo(out.clone());
        if let Err(error) = echo.send("too early") {
            eprintln!("{error}")?;
        }
        echo.start()?;
        for word in ["hello", "world"] {
            echo.send(word)?;
        }
        call!(out.flush())
    })
}
