//! Signals, numbered and named as on Linux.

use core::{
    fmt,
    ops::{BitAnd, BitOr, Not},
    str::FromStr,
};

macro_rules! signals {
    ($($(#[doc = $text:literal])+ $name:ident = $number:literal, $short:literal;)+) => {
        /// What a task can be sent.
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
    /// Read a terminal from the background.
    Ttin = 21, "TTIN";
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

/// A set of signals: `Signal::Int | Signal::Term`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Signals(u64);

impl Signals {
    /// No signal.
    pub const NONE: Signals = Signals(0);
    /// Every signal.
    pub const ALL: Signals = {
        let (mut bits, mut index) = (0, 0);
        while index < Signal::ALL.len() {
            bits |= 1 << Signal::ALL[index].number();
            index += 1;
        }
        Signals(bits)
    };
    /// Those that can be neither caught, ignored nor masked.
    pub const UNSTOPPABLE: Signals = Signals(1 << Signal::Kill.number() | 1 << Signal::Stop.number());

    /// Is this one in it?
    pub const fn has(self, signal: Signal) -> bool {
        self.0 & (1 << signal.number()) != 0
    }

    /// Is none in it?
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in it, by number.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        Signal::ALL.iter().copied().filter(move |&signal| self.has(signal))
    }

    /// The one with the lowest number.
    pub fn first(self) -> Option<Signal> {
        self.iter().next()
    }
}

impl From<Signal> for Signals {
    fn from(signal: Signal) -> Signals {
        Signals(1 << signal.number())
    }
}

impl<S: Into<Signals>> BitOr<S> for Signals {
    type Output = Signals;

    fn bitor(self, other: S) -> Signals {
        Signals(self.0 | other.into().0)
    }
}

impl<S: Into<Signals>> BitOr<S> for Signal {
    type Output = Signals;

    fn bitor(self, other: S) -> Signals {
        Signals::from(self) | other
    }
}

impl BitAnd for Signals {
    type Output = Signals;

    fn bitand(self, other: Signals) -> Signals {
        Signals(self.0 & other.0)
    }
}

impl Not for Signals {
    type Output = Signals;

    fn not(self) -> Signals {
        Signals(Signals::ALL.0 & !self.0)
    }
}

/// `INT|TERM`.
impl fmt::Display for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (index, signal) in self.iter().enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { "|" }, signal.name())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let set = Signal::Term | Signal::Int;
        assert_eq!(alloc::format!("{set}"), "INT|TERM");
        assert!(set.has(Signal::Int) && !set.has(Signal::Hup) && !(!set).has(Signal::Term));
        assert_eq!(set.first(), Some(Signal::Int));
        assert_eq!(Signals::ALL.iter().collect::<alloc::vec::Vec<_>>(), Signal::ALL);
        assert_eq!((Signals::NONE.first(), set & !set), (None, Signals::NONE));
    }

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
