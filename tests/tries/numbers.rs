//! Lines to numbers, the even ones of them, and their sum.
#![feature(coroutines, coroutine_trait)]

use yieldix::{
    Machine,
    userland::{eprintln, flow::*, prelude::*},
};

fn parse(mut target: impl Consumer<i64>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            target.send(line.trim().parse::<i64>().map_err(Error::raise)?)?;
        }
        target.close()
    })
}

fn even(mut target: impl Consumer<i64>) -> impl Consumer<i64> {
    consumer!(i64, {
        while let Some(n) = (yield)? {
            if n % 2 == 0 {
                target.send(n)?;
            }
        }
        target.close()
    })
}

fn sum(out: Output) -> impl Consumer<i64> {
    consumer!(i64, {
        let mut total = 0;
        while let Some(n) = (yield)? {
            total += n;
        }
        out.line(total);
        Ok(())
    })
}

fn main() {
    let task = task!({
        let out = Output::new();
        if let Err(error) = call!(drive(Lines::new(Fd::STDIN), parse(even(sum(out.clone()))), &out)) {
            eprintln!("numbers: {error}")?;
            return Err(error.into());
        }
        Ok(())
    });
    let ended = Machine::new().task(task).boot().expect("it boots");
    std::process::exit(ended.code());
}
