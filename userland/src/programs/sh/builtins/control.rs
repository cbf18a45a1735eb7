//! `break`, `continue`, `return`, `exit`, `eval`, `.`: what is run next.

use crate::{
    prelude::*,
    programs::sh::shell::{Boxed, Outcome, Shell, Unwind},
};

impl Shell {
    /// `break [n]` and `continue [n]`; without a loop around they do nothing.
    pub(super) fn leave_loop(&mut self, words: Vec<String>, unwind: fn(u32) -> Unwind) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let levels = match words.first().map(|word| word.parse::<u32>()) {
                None => 1,
                Some(Ok(levels)) if levels > 0 => levels,
                Some(_) => return Err(call!(self.abort(illegal_number(&words[0])))),
            };
            self.status = 0;
            match self.loops {
                0 => Ok(0),
                loops => Err(unwind(levels.min(loops))),
            }
        })
    }

    /// `exit [n]` and `return [n]`; outside of functions and files a return is an exit.
    pub(super) fn leave(&mut self, words: Vec<String>, unwind: Unwind) -> impl Routine<Outcome> {
        routine!(move -> Outcome {
            if let Some(word) = words.first() {
                let Ok(code) = word.parse::<u32>() else { return Err(call!(self.abort(illegal_number(word)))) };
                self.status = code as i32;
            }
            let unwind = if self.calls == 0 { Unwind::Exit } else { unwind };
            if unwind == Unwind::Exit && call!(self.stays_for_jobs()) {
                return Err(Unwind::Abort);
            }
            Err(unwind)
        })
    }

    /// `eval word...`
    pub(super) fn eval(&mut self, words: Vec<String>, is_tested: bool) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let text = words.join(" ");
            let line = self.line;
            call!(self.run_text(&text, line, is_tested))
        }))
    }

    /// `. FILE`
    pub(super) fn dot(&mut self, words: Vec<String>, is_tested: bool) -> Boxed<'_, Outcome<i32>> {
        Box::pin(routine!(move -> Outcome<i32> {
            let mut words = words.iter().skip_while(|word| *word == "--");
            let Some(path) = words.next() else { return Ok(0) };
            let text = match call!(read_text(path)) {
                Ok(text) => text,
                Err(errno) => {
                    let what = format!(".: cannot open {}: {}", excerpt(path), errno.meaning());
                    return Err(call!(self.abort(what)));
                }
            };
            self.calls += 1;
            let outcome = call!(self.run_text(&text, 1, is_tested));
            self.calls -= 1;
            match outcome {
                Ok(()) | Err(Unwind::Return) => Ok(self.status),
                Err(unwind) => Err(unwind),
            }
        }))
    }

    /// `exec` that was reached by `command exec`.
    pub(super) fn exec_again(&mut self, words: Vec<String>) -> Boxed<'_, Outcome> {
        Box::pin(routine!(move -> Outcome {
            let mut words = words.into_iter();
            let Some(name) = words.next() else { return Ok(()) };
            call!(self.run(name, words.collect(), false, false))?;
            Err(Unwind::Replaced)
        }))
    }
}

/// What is said of a word that should be a number.
pub(super) fn illegal_number(word: &str) -> String {
    format!("illegal number: {}", excerpt(word))
}
