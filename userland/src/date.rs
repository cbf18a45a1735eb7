//! Dates of the Gregorian calendar.

use crate::excerpt::excerpt;
use alloc::{format, string::String};
use core::{
    fmt::{self, Write},
    str::FromStr,
    time::Duration,
};

/// Names of the days, in full.
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// Names of the months, in full.
const FULL_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
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

    /// The moment that these name, if the calendar and the clock have it, and if it is not before 1970. The month
    /// is from 1.
    pub const fn new(year: u64, month: usize, day: u64, hour: u64, minute: u64, second: u64) -> Option<DateTime> {
        if year < 1970 || year > YEAR_MAX || month < 1 || month > 12 || day < 1 {
            return None;
        }
        // A leap second is the first second of the next minute.
        if day > days_of_month(year, month) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(DateTime { year, month: month - 1, day, second_of_day: (hour * 60 + minute) * 60 + second })
    }

    /// Seconds since 1970 began.
    pub const fn seconds(&self) -> u64 {
        (self.days_to_year() + self.day_of_year()) * DAY_SECONDS + self.second_of_day
    }

    /// Days from 1970 to the first of January.
    const fn days_to_year(&self) -> u64 {
        let before = self.year - 1;
        before * 365 + before / 4 - before / 100 + before / 400 - DAYS_OF_YEARS_TO_1970
    }

    /// From 0, for the first of January.
    const fn day_of_year(&self) -> u64 {
        let (mut days, mut month) = (self.day - 1, 0);
        while month < self.month {
            month += 1;
            days += days_of_month(self.year, month);
        }
        days
    }

    /// From 0, for Sunday.
    const fn weekday(&self) -> u64 {
        // 1970 began with a Thursday.
        (self.days_to_year() + self.day_of_year() + 4) % 7
    }

    /// The week by ISO 8601, which begins with Monday and belongs to the year that has its Thursday, and that year.
    const fn iso_week(&self) -> (u64, u64) {
        let days = self.days_to_year() + self.day_of_year();
        let since_monday = (self.weekday() + 6) % 7;
        let thursday = DateTime::from_seconds((days + 3 - since_monday) * DAY_SECONDS);
        (thursday.year, thursday.day_of_year() / 7 + 1)
    }

    /// The moment as a format of `date` has it: `%Y-%m-%d %H:%M:%S` and the like, in the zone of UTC and the names
    /// of English. `nanos` are those beyond the second. What is no such letter stands for itself.
    ///
    /// Between the `%` and the letter, `-` drops what fills a number up, `_` fills with blanks, `0` with zeros, and
    /// `^` makes letters capital.
    pub fn format(&self, format: &str, nanos: u32) -> String {
        let mut text = String::new();
        let mut rest = format.chars();
        while let Some(character) = rest.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            let before = rest.as_str();
            let flags = &before[..before.len() - before.trim_start_matches(['-', '_', '0', '^']).len()];
            let mut after = before[flags.len()..].chars();
            match after.next().and_then(|letter| self.field(letter, nanos)) {
                Some(field) => {
                    field.write(flags, &mut text);
                    rest = after;
                }
                None => text.push('%'),
            }
        }
        text
    }

    fn field(&self, letter: char, nanos: u32) -> Option<Field> {
        let (hour, minute, second) = self.clock();
        let hour_of_12 = (hour + 11) % 12 + 1;
        let (weekday, day_of_year) = (self.weekday(), self.day_of_year());
        let zeros = |value, digits| Field::Number { value, digits, fill: '0' };
        let blanks = |value| Field::Number { value, digits: 2, fill: ' ' };
        let name = |name: &'static str| Field::Text(name.into());
        let half = if hour < 12 { "AM" } else { "PM" };
        Some(match letter {
            'Y' => zeros(self.year, 1),
            'C' => zeros(self.year / 100, 2),
            'y' => zeros(self.year % 100, 2),
            'm' => zeros(self.month as u64 + 1, 2),
            'd' => zeros(self.day, 2),
            'e' => blanks(self.day),
            'H' => zeros(hour, 2),
            'k' => blanks(hour),
            'I' => zeros(hour_of_12, 2),
            'l' => blanks(hour_of_12),
            'M' => zeros(minute, 2),
            'S' => zeros(second, 2),
            'N' => zeros(nanos.into(), 9),
            's' => zeros(self.seconds(), 1),
            'j' => zeros(day_of_year + 1, 3),
            'u' => zeros((weekday + 6) % 7 + 1, 1),
            'w' => zeros(weekday, 1),
            'U' => zeros((day_of_year + 7 - weekday) / 7, 2),
            'W' => zeros((day_of_year + 7 - (weekday + 6) % 7) / 7, 2),
            'V' => zeros(self.iso_week().1, 2),
            'G' => zeros(self.iso_week().0, 1),
            'g' => zeros(self.iso_week().0 % 100, 2),
            'q' => zeros(self.month as u64 / 3 + 1, 1),
            'a' => name(&DAYS[weekday as usize][..3]),
            'A' => name(DAYS[weekday as usize]),
            'b' | 'h' => name(MONTHS[self.month]),
            'B' => name(FULL_MONTHS[self.month]),
            'p' => name(half),
            'P' => Field::Text(half.to_lowercase()),
            'Z' => name("UTC"),
            'z' => name("+0000"),
            'n' => name("\n"),
            't' => name("\t"),
            '%' => name("%"),
            'F' => Field::Text(self.format("%Y-%m-%d", nanos)),
            'T' | 'X' => Field::Text(self.format("%H:%M:%S", nanos)),
            'R' => Field::Text(self.format("%H:%M", nanos)),
            'D' | 'x' => Field::Text(self.format("%m/%d/%y", nanos)),
            'r' => Field::Text(self.format("%I:%M:%S %p", nanos)),
            'c' => Field::Text(self.format("%a %b %e %H:%M:%S %Y", nanos)),
            _ => return None,
        })
    }

    const fn clock(&self) -> (u64, u64, u64) {
        (self.second_of_day / 3600, self.second_of_day / 60 % 60, self.second_of_day % 60)
    }
}

/// The last year that is understood.
const YEAR_MAX: u64 = 9999;
/// Days of the years 1 to 1969.
const DAYS_OF_YEARS_TO_1970: u64 = 719_162;

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

/// The month is from 1.
const fn days_of_month(year: u64, month: usize) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What stands for one letter of a format.
enum Field {
    Number { value: u64, digits: usize, fill: char },
    Text(String),
}

impl Field {
    fn write(self, flags: &str, text: &mut String) {
        match self {
            Field::Number { value, digits, fill } => {
                let (fill, digits) = match flags.chars().rfind(|flag| *flag != '^') {
                    Some('-') => (fill, 1),
                    Some('_') => (' ', digits),
                    Some('0') => ('0', digits),
                    _ => (fill, digits),
                };
                // Writing to a String does not fail.
                let _ = if fill == '0' { write!(text, "{value:0digits$}") } else { write!(text, "{value:digits$}") };
            }
            Field::Text(field) if flags.contains('^') => text.push_str(&field.to_uppercase()),
            Field::Text(field) => text.push_str(&field),
        }
    }
}

/// A moment as people write it: `@1237971600`, `2009-03-25`, `2009-03-25 09:00`, `2009-03-25T09:00:00.5Z`; the time
/// since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub Duration);

/// The text is no moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseMomentError(String);

impl fmt::Display for ParseMomentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a date (such as 2009-03-25 09:00, or @SECONDS): {}", excerpt(&self.0))
    }
}

impl core::error::Error for ParseMomentError {}

impl FromStr for Moment {
    type Err = ParseMomentError;

    fn from_str(text: &str) -> Result<Moment, ParseMomentError> {
        moment(text.trim()).map(Moment).ok_or_else(|| ParseMomentError(format!("{text:?}")))
    }
}

fn moment(text: &str) -> Option<Duration> {
    if let Some(seconds) = text.strip_prefix('@') {
        let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
        return Some(Duration::new(number(whole, 1..=18)?, nanos(fraction)?));
    }
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let time = time.trim_end_matches("UTC").trim_end_matches('Z').trim();
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?, 4..=4)?, number(date.next()?, 2..=2)?, number(date.next()?, 2..=2)?);
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (number(time.next()?, 1..=2)?, number(time.next()?, 2..=2)?);
    let second = time.next().map_or(Some(0), |second| number(second, 2..=2))?;
    let moment = DateTime::new(year, usize::try_from(month).ok()?, day, hour, minute, second)?;
    Some(Duration::new(moment.seconds(), nanos(fraction)?))
}

fn number(text: &str, digits: core::ops::RangeInclusive<usize>) -> Option<u64> {
    let is_number = digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// The digits behind a point, those beyond the nanosecond dropped.
fn nanos(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<9.9}").parse().ok()
}

/// `25/Mar/2009:09:00:00`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.clock();
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
            assert_eq!(DateTime::from_seconds(seconds).seconds(), seconds);
        }
    }

    #[test]
    fn a_moment_is_formatted_as_date_does() {
        // From `LC_ALL=C date -u -d @N +FORMAT`.
        let format =
            "%a %A %b %B %C %d %D %e %F %g %G %H %I %j %k %l %m %M %p %P %q %r %R %s %S %T %u %U %V %w %W %y %Y %z %Z";
        for (seconds, shown) in [
            (
                1_237_971_605,
                "Wed Wednesday Mar March 20 25 03/25/09 25 2009-03-25 09 2009 09 09 084  9  9 03 00 AM am 1 09:00:05 AM \
                 09:00 1237971605 05 09:00:05 3 12 13 3 12 09 2009 +0000 UTC",
            ),
            (
                1_609_459_199,
                "Thu Thursday Dec December 20 31 12/31/20 31 2020-12-31 20 2020 23 11 366 23 11 12 59 PM pm 4 11:59:59 PM \
                 23:59 1609459199 59 23:59:59 4 52 53 4 52 20 2020 +0000 UTC",
            ),
            (
                1_609_459_200,
                "Fri Friday Jan January 20 01 01/01/21  1 2021-01-01 20 2020 00 12 001  0 12 01 00 AM am 1 12:00:00 AM \
                 00:00 1609459200 00 00:00:00 5 00 53 5 00 21 2021 +0000 UTC",
            ),
        ] {
            assert_eq!(DateTime::from_seconds(seconds).format(format, 0), shown);
        }
        let moment = DateTime::from_seconds(1_237_971_605);
        assert_eq!(moment.format("%-m %_m %0e %^a %-d%%%n%N", 7), "3  3 25 WED 25%\n000000007");
        assert_eq!(moment.format("%c|%x|%X|%?|%", 0), "Wed Mar 25 09:00:05 2009|03/25/09|09:00:05|%?|%");
    }

    #[test]
    fn a_moment_is_read_as_people_write_it() {
        let read = |text: &str| text.parse::<Moment>().map(|Moment(moment)| moment).ok();
        for text in ["@1237971600", "2009-03-25 09:00", "2009-03-25T09:00:00Z", "2009-03-25 09:00:00 UTC"] {
            assert_eq!(read(text), Some(Duration::from_secs(1_237_971_600)), "{text}");
        }
        assert_eq!(read("2000-02-29"), Some(Duration::from_secs(951_782_400)));
        assert_eq!(read("@1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(read("1970-01-01 00:00:00.123456789123"), Some(Duration::from_nanos(123_456_789)));
        for text in ["", "now", "@", "@x", "2009-02-29", "2009-13-01", "2009-03-25 24:00", "1969-12-31", "2009-3-25"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
