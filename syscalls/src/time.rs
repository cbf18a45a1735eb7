//! The kernel's clock: nanoseconds since the machine booted.

use core::{
    fmt,
    ops::{Add, Sub},
    time::Duration,
};

/// A moment, as nanoseconds since the machine booted. The latest one is "never".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

impl Time {
    /// When the machine booted.
    pub const BOOT: Time = Time(0);
    /// A moment that does not come.
    pub const NEVER: Time = Time(u64::MAX);

    /// The moment so many nanoseconds after boot.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since boot.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Nanos> for Time {
    type Output = Time;

    fn add(self, span: Nanos) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    /// Later by `span`; a sum that does not fit is [`Time::NEVER`].
    fn add(self, span: Duration) -> Time {
        self + Nanos::from(span)
    }
}

impl Sub for Time {
    type Output = Duration;

    /// How long after `earlier`; zero when it is not after.
    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}

/// Digits of seconds that fit into 64 bits of nanoseconds, the point, and nine digits behind it.
const LONGEST: usize = 11 + 1 + 9;

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Time::NEVER => f.write_str("never"),
            // By hand: every line of a log has one.
            Time(nanos) => {
                let mut text = [b'.'; LONGEST];
                let mut place = LONGEST;
                let (mut seconds, mut rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
                for _ in 0..9 {
                    place -= 1;
                    text[place] = b'0' + (rest % 10) as u8;
                    rest /= 10;
                }
                place -= 1;
                loop {
                    place -= 1;
                    text[place] = b'0' + (seconds % 10) as u8;
                    seconds /= 10;
                    if seconds == 0 {
                        break;
                    }
                }
                f.write_str(str::from_utf8(&text[place..]).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Time({self})")
    }
}

/// A span in nanoseconds, as it crosses the border: a `Duration` in half its size.
///
/// Spans that do not fit (584 years) are for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(u64);

impl Nanos {
    /// The count of nanoseconds.
    pub const fn count(self) -> u64 {
        self.0
    }
}

impl From<Duration> for Nanos {
    fn from(span: Duration) -> Nanos {
        Nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_that_overflows_is_never() {
        assert_eq!(Time::from_nanos(5) + Duration::MAX, Time::NEVER);
        assert_eq!(Time::from_nanos(u64::MAX - 1) + Duration::from_nanos(9), Time::NEVER);
        assert_eq!(Time::BOOT + Duration::from_nanos(9), Time::from_nanos(9));
    }

    #[test]
    fn a_time_is_shown_in_seconds() {
        assert_eq!(alloc::format!("{}", Time::from_nanos(1_000_000_001)), "1.000000001");
    }
}
