//! Shows what the keys of a terminal send, until `q` is pressed: for who writes a program that reads keys.

use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::new("keys", Group::Tests, "shows what keys send, until q; -r those that send signals too", main)
        .usage("[-r]");

/// More than any key sends.
const KEY_BYTES: u32 = 64;

fn parse(args: Args) -> Result<TerminalMode, Misuse> {
    let given = Given::parse(args, &["-r"], &[])?.without_operands()?;
    Ok(if given.has("-r") { TerminalMode::Raw } else { TerminalMode::Keys })
}

fn main(args: Args) -> Task {
    task!({
        let mode = call!(or_usage(&PROGRAM, parse(args)))?;
        let before = call!(or_complain(&PROGRAM, "standard input", trap!(yield terminal(Fd::STDIN))))?;
        trap!(yield set_terminal(Fd::STDIN, mode))?;
        println!("{} columns, {} lines; q ends", before.columns, before.rows)?;
        loop {
            let keys = trap!(yield read(Fd::STDIN, KEY_BYTES))?;
            if keys.is_empty() || *keys == *b"q" {
                break;
            }
            println!("{}", keys.escape_ascii())?;
        }
        trap!(yield set_terminal(Fd::STDIN, before.mode))
    })
}
