//! Dates of the Gregorian calendar.

use core::fmt;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY_SECONDS: u64 = 24 * 60 * 60;
/// From 1 March of the year 0, with which the reckoning begins, to 1970.
const DAYS_TO_1970: u64 = 719_468;
/// Every 400 years the calendar repeats itself.
const ERA_DAYS: u64 = 146_097;

/// A moment as a calendar and a clock show it; shown as web servers log it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    year: u64,
    /// From 0.
    month: usize,
    day: u64,
    second_of_day: u64,
}

impl DateTime {
    /// The moment so many seconds after 1970 began, by a clock that shows that time zone.
    pub const fn from_seconds(seconds: u64) -> DateTime {
        // Years begin in March here, so that the leap day is the last, and months are 153 days each five.
        let days = seconds / DAY_SECONDS + DAYS_TO_1970;
        let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        DateTime {
            year: era * 400 + year_of_era + (month >= 10) as u64,
            month: (month as usize + 2) % MONTHS.len(),
            day: day_of_year - (153 * month + 2) / 5 + 1,
            second_of_day: seconds % DAY_SECONDS,
        }
    }
}

/// `25/Mar/2009:09:00:00`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = (self.second_of_day / 3600, self.second_of_day / 60 % 60, self.second_of_day % 60);
        write!(f, "{:02}/{}/{}:{hour:02}:{minute:02}:{second:02}", self.day, MONTHS[self.month], self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d @N`.
        for (seconds, shown) in [
            (0, "01/Jan/1970:00:00:00"),
            (951_782_399, "28/Feb/2000:23:59:59"),
            (951_782_400, "29/Feb/2000:00:00:00"),
            (951_868_800, "01/Mar/2000:00:00:00"),
            (1_237_971_600, "25/Mar/2009:09:00:00"),
            (1_230_767_999, "31/Dec/2008:23:59:59"),
            (4_107_542_399, "28/Feb/2100:23:59:59"),
            (4_107_542_400, "01/Mar/2100:00:00:00"),
        ] {
            assert_eq!(DateTime::from_seconds(seconds).to_string(), shown);
        }
    }
}
