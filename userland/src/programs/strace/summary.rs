//! The table of `-c`: how often each call was made, and how long it took, the longest first.

use crate::prelude::*;
use core::fmt::Write;

const RULE: &str = "------ ----------- ----------- --------- --------- ----------------\n";

/// What these counts come to.
pub(super) fn table(mut counts: Vec<CallCount>) -> String {
    counts.sort_by(|a, b| (b.took, b.calls, a.info.name).cmp(&(a.took, a.calls, b.info.name)));
    let took: Duration = counts.iter().map(|count| count.took).sum();
    let (calls, errors) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.calls, sum.1 + count.errors));
    let mut text = format!("% time     seconds  usecs/call     calls    errors syscall\n{RULE}");
    for count in &counts {
        row(&mut text, share(count.took, took), count.took, count.calls, count.errors, count.info.name);
    }
    text.push_str(RULE);
    row(&mut text, 100.0, took, calls, errors, "total");
    text
}

/// Of a hundred; nothing takes no time of nothing.
fn share(part: Duration, whole: Duration) -> f64 {
    if whole.is_zero() { 0.0 } else { 100.0 * part.as_secs_f64() / whole.as_secs_f64() }
}

fn row(text: &mut String, share: f64, took: Duration, calls: u64, errors: u64, name: &str) {
    // Both spans are rounded; of nothing there is no mean.
    let calls_or_one = u128::from(calls.max(1));
    let each = (took.as_nanos() + 500 * calls_or_one) / (1_000 * calls_or_one);
    let errors = if errors == 0 { String::new() } else { errors.to_string() };
    let seconds = (took + Duration::from_nanos(500)).as_micros();
    let (seconds, micros) = (seconds / 1_000_000, seconds % 1_000_000);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{share:>6.2} {seconds:>4}.{micros:06} {each:>11} {calls:>9} {errors:>9} {name}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(info: &'static CallInfo, calls: u64, errors: u64, micros: u64) -> CallCount {
        CallCount { info, calls, errors, took: Duration::from_micros(micros) }
    }

    #[test]
    fn the_longest_is_first_and_the_last_line_adds_up() {
        let read = count(read(Fd::STDIN, 1).syscall.info(), 2, 1, 30);
        let write = count(write(Fd::STDOUT, "").syscall.info(), 3, 0, 90);
        let wanted = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 75.00    0.000090          30         3           write
 25.00    0.000030          15         2         1 read
------ ----------- ----------- --------- --------- ----------------
100.00    0.000120          24         5         1 total
";
        assert_eq!(table(vec![read, write]), wanted);
    }

    #[test]
    fn seconds_and_microseconds_are_rounded_alike() {
        let took = Duration::from_nanos(1_500);
        let text = table(vec![CallCount { info: yield_now().syscall.info(), calls: 1, errors: 0, took }]);
        assert!(text.contains("100.00    0.000002           2         1           yield_now\n"), "{text}");
        let took = Duration::from_nanos(2_400);
        let text = table(vec![CallCount { info: yield_now().syscall.info(), calls: 2, errors: 0, took }]);
        assert!(text.contains("100.00    0.000002           1         2           yield_now\n"), "{text}");
    }

    #[test]
    fn nothing_is_a_table_too() {
        assert!(table(Vec::new()).ends_with("100.00    0.000000           0         0           total\n"));
    }
}
