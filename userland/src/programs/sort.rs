//! Lines in order.
//!
//! The input is sorted in runs of bounded length, which are then merged, with a turn for others after each piece of
//! either: a million lines hold the machine no longer than a few do. All of it is in memory.

mod key;
mod merge;
mod run;

use crate::{args::FAILED_CODE, prelude::*, tool::STANDARD_INPUT};
use core::{cmp::Ordering, mem};
use key::Order;
use merge::Merge;
use run::Run;

pub(crate) const PROGRAM: Program = Program::new(
    "sort",
    Group::Tools,
    "writes lines in order: of their bytes, -n of numbers, -k of parts; -r backwards, -u without those that are equal",
    main,
)
.usage("[-bdfinrsu] [-c | -C] [-t BYTE] [-k FIELD[.BYTE][OPTIONS][,FIELD[.BYTE][OPTIONS]]]... [-o FILE] [FILE...]");

/// The exit code of a `sort` that could not do what it was told. That of one whose input is not in order is 1.
const FAILED: i32 = 2;

struct Options {
    order: Order,
    checks: Option<Check>,
    output: Option<String>,
    names: Vec<String>,
}

/// Only asks whether the input is in order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Check {
    Told,
    Quiet,
}

fn parse(args: Args) -> Result<Options, Misuse> {
    let flags = &[
        "-b --ignore-leading-blanks",
        "-d --dictionary-order",
        "-f --ignore-case",
        "-i --ignore-nonprinting",
        "-n --numeric-sort",
        "-r --reverse",
        "-s --stable",
        "-u --unique",
        "-c --check",
        "-C",
    ];
    let given = Given::parse_anywhere(args, flags, &["-k --key", "-t --field-separator", "-o --output"])?;
    let checks = match given.last_of(&["-c", "-C"]) {
        Some("-C") => Some(Check::Quiet),
        Some(_) => Some(Check::Told),
        None => None,
    };
    let order = Order::parse(&given)?;
    let names = or_standard_input(given.operands.clone());
    if checks.is_some() && names.len() > 1 {
        return Err(Misuse::Wrong(format!("unexpected {:?}: one file is checked", excerpt(&names[1]))));
    }
    let output = given.value("-o")?;
    if checks.is_some() && output.is_some() {
        return Err(Misuse::Wrong("-o does not go with a check, which writes nothing".to_owned()));
    }
    Ok(Options { order, checks, output, names })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::failing_with(&PROGRAM, FAILED);
        let Options { order, checks, output, names } = call!(tool.or_usage(parse(args)))?;
        if let Some(check) = checks {
            call!(check_order(&mut tool, &order, check, &names[0]))?;
            return call!(tool.finish());
        }
        let runs = call!(read_runs(&mut tool, &order, names))?;
        if tool.code != 0 {
            // Part of a whole in order is not what was asked for.
            return call!(tool.finish());
        }
        if let Some(output) = output.filter(|output| output != STANDARD_INPUT) {
            call!(tool.write_to(&output))?;
        }
        let mut merge = Merge::new(runs, &order);
        while merge.put_some(&mut tool.out) {
            call!(tool.flush_if_full())?;
            trap!(yield yield_now())?;
        }
        call!(tool.finish())
    })
}

/// Reads all of the input, each run in order.
fn read_runs(tool: &mut Tool, order: &Order, names: Vec<String>) -> impl Routine<Result<Vec<Run>, Errno>> {
    routine!(move {
        let mut runs = Vec::new();
        let mut run = Run::default();
        for name in names {
            let Some(mut input) = call!(tool.open(&name))? else { continue };
            while call!(tool.fill(&mut input))? {
                while let Some(line) = input.lines.take_line() {
                    run.push(without_newline(line), order);
                    if run.is_full() {
                        run.sort(order);
                        runs.push(mem::take(&mut run));
                        trap!(yield yield_now())?;
                    }
                }
            }
            call!(tool.close(&input))?;
        }
        run.sort(order);
        runs.push(run);
        Ok(runs)
    })
}

/// Exits with 1 when a line should stand before the one before it, or with -u equals it.
fn check_order(tool: &mut Tool, order: &Order, check: Check, name: &str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let Some(mut input) = call!(tool.open(name))? else { return Ok(()) };
        let mut last: Option<Vec<u8>> = None;
        let mut number = 0u64;
        while call!(tool.fill(&mut input))? {
            while let Some(line) = input.lines.take_line() {
                let line = without_newline(line);
                number += 1;
                let is_wrong = last.as_deref().is_some_and(|last| match order.compare(last, line) {
                    Ordering::Less => false,
                    Ordering::Equal => order.is_unique,
                    Ordering::Greater => true,
                });
                if is_wrong {
                    let line = String::from_utf8_lossy(line).into_owned();
                    if check == Check::Told {
                        call!(tool.complain(&format!("{name}:{number}: disorder"), line))?;
                    }
                    tool.code = FAILED_CODE;
                    return Ok(());
                }
                let last = last.get_or_insert_default();
                last.clear();
                last.extend_from_slice(line);
            }
        }
        Ok(())
    })
}
