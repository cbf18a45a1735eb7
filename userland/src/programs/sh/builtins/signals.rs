//! `trap`.

use crate::{
    prelude::*,
    programs::sh::shell::{Outcome, Shell},
};

impl Shell {
    /// `trap [ACTION | -] SIGNAL...`, `trap`
    pub(super) fn trap(&mut self, words: Vec<String>) -> impl Routine<Outcome<i32>> {
        routine!(move -> Outcome<i32> {
            let mut words = words.into_iter().skip_while(|word| word == "--").peekable();
            let Some(first) = words.next() else { return Ok(call!(self.say(self.traps.listing()))) };
            // A number alone, or a lone name, is a signal to be as it was.
            let (action, signals): (Option<String>, Vec<String>) = match first.as_str() {
                "-" => (None, words.collect()),
                _ if words.peek().is_none() => (None, vec![first]),
                number if number.parse::<u8>().is_ok() => (None, core::iter::once(first).chain(words).collect()),
                _ => (Some(first), words.collect()),
            };
            let mut status = 0;
            for word in signals {
                let on = match word.as_str() {
                    "EXIT" | "0" => Ok(None),
                    word => word.parse::<Signal>().map(Some),
                };
                match on {
                    Ok(on) if on.is_none_or(|signal| !Signals::UNSTOPPABLE.has(signal)) => {
                        self.traps.set(on, action.clone());
                    }
                    _ => {
                        call!(self.complain(format!("trap: {}: bad trap", excerpt(&word))));
                        status = 1;
                    }
                }
            }
            call!(self.arm_traps());
            Ok(status)
        })
    }
}
