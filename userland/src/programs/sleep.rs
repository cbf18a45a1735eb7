//! Does nothing for a while.

use crate::{
    args::{FAILED_CODE, or_usage_with},
    prelude::*,
};

pub(crate) const PROGRAM: Program =
    Program::new("sleep", Group::Tools, "waits for so many seconds, or 20ms, 1.5m, …; several add up", main)
        .usage("DURATION...");

fn parse(args: Args) -> Result<Duration, Misuse> {
    let words = Given::parse(args, &[], &[])?.operands;
    if words.is_empty() {
        return Err(Misuse::Wrong("no duration given".to_owned()));
    }
    words.iter().try_fold(Duration::ZERO, |sum, word| {
        let Span(span) = crate::args::parse("duration", word)?;
        Ok(sum.saturating_add(span))
    })
}

fn main(args: Args) -> Task {
    task!({
        let span = call!(or_usage_with(&PROGRAM, FAILED_CODE, parse(args)))?;
        trap!(yield sleep(span))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run, run_script, words};

    #[test]
    fn durations_add_up() {
        let run = run_script(main(words("1 0.5 20ms")), [("sleep(1.52s)", Reply::Unit)]);
        assert_eq!(run.end, End::Returned(Ok(())));
    }

    #[test]
    fn a_sleep_needs_a_duration() {
        assert_eq!(run(main(words(""))).errors, "sleep: no duration given\nusage: sleep DURATION...\n");
        let wrong = run(main(words("1 soon")));
        assert!(wrong.errors.starts_with("sleep: duration \"soon\": not a duration"), "{}", wrong.errors);
        assert_eq!(wrong.end, End::Exited(FAILED_CODE));
    }
}
