//! What the scheduler did, after `perf sched`: who waited how long for a turn, who ran when and for how long.
//!
//! It is made from a complete log (`--log yieldix=trace --log-format json`). The kernel reads its clock anew when it
//! chooses a task, when the turn is over, at a trap and at its answer: these spans are exact, and the same that its own
//! histograms count.

mod latency;
mod map;
mod steps;
mod timehist;

pub use latency::{Latency, Share};
pub use map::Map;
pub use steps::{Begun, Named, Step, Steps};
pub use timehist::Timehist;

use std::fmt;

/// Nanoseconds, shown as milliseconds.
struct Milliseconds(u128);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn ms(nanos: impl Into<u128>) -> String {
    Milliseconds(nanos.into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogError, Reader};

    /// Two tasks: the second is woken while the first runs, and the first waits and comes again.
    const LOG: &str = r#"
{"seq":1,"at":"0.000000000","target":"yieldix::boot","message":"booted","schema":3,"told":"trace",BOOTED}
{"seq":2,"at":"0.000001000","target":"yieldix::sched","message":"chosen","tid":1,"name":"a",CHOSEN,"waited_ns":1000,"because":"spawned"}
{"seq":3,"at":"0.000001500","target":"yieldix::trap","message":"answer","tid":1,"call":"spawn","reply":"2","after_ns":50}
{"seq":4,"at":"0.000003000","target":"yieldix::sched","message":"turn over","tid":1,"why":"blocked","traps":1,"ran_ns":2000}
{"seq":5,"at":"0.000003500","target":"yieldix::sched","message":"chosen","tid":2,"name":"b\n",CHOSEN,"waited_ns":2000,"because":"spawned"}
{"seq":6,"at":"0.000004500","target":"yieldix::sched","message":"turn over","tid":2,"why":"exited","traps":1,"ran_ns":1000}
{"seq":7,"at":"0.000005000","target":"yieldix::sched","message":"idle","until":"never"}
{"seq":8,"at":"0.000010000","target":"yieldix::sched","message":"chosen","tid":1,"name":"a",CHOSEN,"waited_ns":3000,"because":"timer"}
{"seq":9,"at":"0.000011000","target":"yieldix::sched","message":"turn over","tid":1,"why":"exited","traps":1,"ran_ns":1000}
"#;

    /// What nothing is asked of here.
    const BOOTED: &str = r#""policy":"p","quantum":64,"tasks_max":9"#;
    const CHOSEN: &str = r#""by":0,"of_ready":1,"others":"","previous":0,"previous_stopped":"","rule":"r""#;

    fn log() -> String {
        LOG.trim_start().replace("BOOTED", BOOTED).replace("CHOSEN", CHOSEN)
    }

    fn reader(log: &str) -> Reader<&[u8]> {
        Reader::new(log.as_bytes())
    }

    #[test]
    fn latency_is_by_the_longest_delay() {
        let text = Latency::of(&mut reader(&log())).unwrap().to_string();
        let expected = "\
task   runtime ms  turns  avg delay ms  max delay ms  max delay at s
a:1      0.003000      2      0.002000      0.003000     0.000010000
b\\n:2    0.001000      1      0.002000      0.002000     0.000003500
all      0.004000      3      0.002000      0.003000

what, in ms  count      mean       p50       p90       p99     p99.9       max
delay            3  0.002000  0.001999  0.003000  0.003000  0.003000  0.003000
run              3  0.001333  0.000999  0.002000  0.002000  0.002000  0.002000
call spawn       1  0.000050  0.000050  0.000050  0.000050  0.000050  0.000050
";
        assert_eq!(text, expected);
    }

    #[test]
    fn sums_of_the_largest_numbers_that_fit_are_exact() {
        let mut log = log();
        for (field, thousands) in [("waited_ns", 1), ("waited_ns", 2), ("waited_ns", 3), ("ran_ns", 1), ("ran_ns", 2)] {
            log = log.replace(&format!("\"{field}\":{thousands}000"), &format!("\"{field}\":{}", u64::MAX));
        }
        let latency = Latency::of(&mut reader(&log)).unwrap();
        let twice = 2 * u128::from(u64::MAX);
        assert_eq!((latency.tasks[&1].ran, latency.tasks[&1].delay), (twice, twice));
        let text = latency.to_string();
        for row in ["a:1    36893488147419.103230      2  18446744073709.551615", "all    55340232221128.654845      3"]
        {
            assert!(text.contains(row), "{text}");
        }
    }

    #[test]
    fn timehist_tells_waits_from_delays() {
        let lines: Vec<String> = Timehist::new(&mut reader(&log())).map(Result::unwrap).collect();
        let words: Vec<Vec<&str>> = lines[1..].iter().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(words[0], ["0.000003000", "a:1", "-", "0.001000", "0.002000", "blocked"]);
        assert_eq!(words[1], ["0.000004500", "b\\n:2", "-", "0.002000", "0.001000", "exited"]);
        assert_eq!(words[2], ["0.000011000", "a:1", "0.004000", "0.003000", "0.001000", "exited"]);
    }

    #[test]
    fn map_explains_a_letter_once() {
        let lines: Vec<String> = Map::new(&mut reader(&log())).map(Result::unwrap).collect();
        let expected = [
            "A0    0.000001000  A0 => a:1",
            "B0    0.000003500  B0 => b\\n:2",
            ".     0.000005000",
            "A0    0.000010000",
        ];
        assert_eq!(lines, expected);
        assert_eq!((map::letter(25), map::letter(26)), (String::from("Z0"), String::from("A1")));
    }

    #[test]
    fn a_turn_that_never_began_cannot_be_over() {
        let log = log().replace("\"chosen\",\"tid\":2", "\"chosen\",\"tid\":3");
        assert!(matches!(Latency::of(&mut reader(&log)), Err(LogError::Impossible { seq: 6, .. })));
        let steps: Vec<_> = Steps::new(&mut reader(&log)).collect();
        assert!(steps.len() == 5 && steps[4].is_err(), "after the error it is over: {steps:?}");
        assert_eq!(Timehist::new(&mut reader(&log)).count(), 3, "the head, a turn, the error");
        assert_eq!(Map::new(&mut reader(&log)).count(), 3, "two turns, the error");
    }
}
