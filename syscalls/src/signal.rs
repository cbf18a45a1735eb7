//! Signals, numbered and named as on Linux.

use core::{fmt, str::FromStr};

macro_rules! signals {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal, $short:literal;)+) => {
        /// What a task can be sent. Until handlers exist each has its default action, which for
        /// all but `CHLD` and `CONT` (ignored) is to end the task.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Signal { $($(#[doc = $text])+ $name = $number,)+ }

        impl Signal {
            /// Every signal, by number.
            pub const ALL: &[Signal] = &[$(Signal::$name),+];

            /// The name without its `SIG`.
            pub const fn name(self) -> &'static str {
                match self { $(Signal::$name => $short,)+ }
            }

            /// The signal with this number.
            pub const fn from_number(number: u8) -> Option<Signal> {
                match number { $($number => Some(Signal::$name),)+ _ => None }
            }
        }
    };
}

signals! {
    /// The terminal went away.
    Hup = 1, "HUP";
    /// Interrupt from the keyboard.
    Int = 2, "INT";
    /// Quit from the keyboard.
    Quit = 3, "QUIT";
    /// The end, not to be caught.
    Kill = 9, "KILL";
    /// The first of the user's own.
    Usr1 = 10, "USR1";
    /// The second of the user's own.
    Usr2 = 12, "USR2";
    /// Wrote to where nobody reads.
    Pipe = 13, "PIPE";
    /// A timer.
    Alrm = 14, "ALRM";
    /// A polite request to end.
    Term = 15, "TERM";
    /// A child changed state.
    Chld = 17, "CHLD";
    /// Go on.
    Cont = 18, "CONT";
    /// Stop, not to be caught.
    Stop = 19, "STOP";
    /// Stop from the keyboard.
    Tstp = 20, "TSTP";
}

impl Signal {
    /// The number, as in `signal.h`.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.name())
    }
}

impl FromStr for Signal {
    type Err = ();

    /// Takes `9`, `KILL`, `kill` and `SIGKILL`.
    fn from_str(text: &str) -> Result<Signal, ()> {
        if let Ok(number) = text.parse() {
            return Signal::from_number(number).ok_or(());
        }
        let short = match text.get(..3) {
            Some(prefix) if prefix.eq_ignore_ascii_case("sig") => &text[3..],
            _ => text,
        };
        Signal::ALL.iter().copied().find(|s| s.name().eq_ignore_ascii_case(short)).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_found_by_number_and_by_either_name() {
        for text in ["9", "KILL", "kill", "SIGKILL", "sigkill"] {
            assert_eq!(text.parse(), Ok(Signal::Kill));
        }
        for text in ["", "0", "SIG", "99", "KILLED", "é"] {
            assert_eq!(text.parse::<Signal>(), Err(()));
        }
    }
}
