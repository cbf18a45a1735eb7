//! The numbers in a file, their running average, and an alert for each that is above a limit.
//!
//! `cargo run --example alerts -- examples numbers.txt 10`
#![feature(coroutines, coroutine_trait)]

use yieldix::{
    LogFormat, Machine, start_log,
    userland::{eprintln, flow::*, prelude::*},
};

/// A filter: takes lines with a number each, and passes on the average of all so far.
fn average(mut target: impl Consumer<f64>) -> impl Consumer<String> {
    consumer!(String, {
        let (mut sum, mut count) = (0.0, 0.0);
        while let Some(line) = (yield)? {
            sum += line.trim().parse::<f64>().map_err(Error::raise)?;
            count += 1.0;
            target.send(sum / count)?;
        }
        target.close()
    })
}

/// A sink: takes averages, prints those above the limit, and how many these were when it is closed.
fn alerts(limit: f64, out: Output) -> impl Consumer<f64> {
    consumer!(f64, {
        let (mut above, mut count) = (0, 0);
        while let Some(average) = (yield)? {
            count += 1;
            if average > limit {
                above += 1;
                out.line(format_args!("alert: {average} after {count}"));
            }
        }
        out.line(format_args!("{above} of {count} above {limit}"));
        Ok(())
    })
}

/// The task that opens the file and drives its lines into the stages.
fn watch_over(file: String, limit: f64) -> Task {
    task!({
        let out = Output::new();
        let file = trap!(yield open(format!("/data/{file}"), OpenFlags::READ))?;
        let stages = average(alerts(limit, out.clone()));
        if let Err(error) = call!(drive(Lines::new(file), stages, &out)) {
            eprintln!("alerts: {error}")?;
            trap!(yield exit(1))?;
        }
        Ok(())
    })
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file, limit] = &words[..] else { panic!("usage: alerts FOLDER FILE LIMIT") };
    let limit = limit.parse().expect("the limit is a number");
    let _log = start_log("warn", LogFormat::Text, std::io::stderr()).expect("it is the first log");
    let machine = Machine::new().mount(folder, "/data", true).task(watch_over(file.clone(), limit));
    std::process::exit(machine.boot().expect("it boots").code());
}
