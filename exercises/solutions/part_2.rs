//! Part 2: coroutines, pipelines and dataflow.

use yieldix::userland::{flow::*, prelude::*};

/// Passes on what differs from the item before.
pub fn changes(mut target: impl Consumer<u32>) -> impl Consumer<u32> {
    consumer!(u32, {
        let mut last = None;
        while let Some(item) = (yield)? {
            if last.replace(item) != Some(item) {
                target.send(item)?;
            }
        }
        target.close()
    })
}

/// Counts the lines that contain a pattern, and sends the count on when it is closed.
fn count(pattern: &'static str, mut target: impl Consumer<String>) -> impl Consumer<String> {
    consumer!(String, {
        let mut count = 0;
        while let Some(line) = (yield)? {
            count += u32::from(line.contains(pattern));
        }
        target.send(format!("{pattern}: {count}"))?;
        target.close()
    })
}

/// Sends each line to a branch for each pattern, and the counts of all into one target.
pub fn tally(patterns: Vec<&'static str>, target: impl Consumer<String>) -> impl Consumer<String> {
    let target = shared(target);
    broadcast(patterns.into_iter().map(move |pattern| count(pattern, target.clone())))
}

fn numbers(mut target: impl Consumer<i64>) -> impl Consumer<String> {
    consumer!(String, {
        while let Some(line) = (yield)? {
            if let Ok(number) = line.parse() {
                target.send(number)?;
            }
        }
        target.close()
    })
}

fn sums(out: Output) -> impl Consumer<i64> {
    consumer!(i64, {
        let mut sum = 0;
        while let Some(number) = (yield)? {
            sum += number;
            out.line(sum);
        }
        Ok(())
    })
}

/// Prints the sum so far after each number of standard input.
pub fn running_sum() -> Task {
    task!({
        let out = Output::new();
        Ok(call!(drive(Lines::new(Fd::STDIN), numbers(sums(out.clone())), &out))?)
    })
}
