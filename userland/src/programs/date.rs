//! The date and the time, in UTC.

use crate::{
    args::{FAILED_CODE, or_usage_with},
    date::{DateTime, Moment},
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "date",
    Group::Tools,
    "prints the date and the time in UTC, of now or of -d, as a FORMAT of %Y, %m, %d, %H, %M, %S, … has it",
    main,
)
.usage("[-uRI] [-d DATE] [+FORMAT]");

/// As other systems print it.
const DEFAULT: &str = "%a %b %e %H:%M:%S %Z %Y";
/// As mail has it.
const MAIL: &str = "%a, %d %b %Y %H:%M:%S %z";

fn parse(args: Args) -> Result<(Option<Duration>, String), Misuse> {
    let flags = &["-u --utc --universal", "-R --rfc-email", "-I --iso-8601"];
    let given = Given::parse(args, flags, &["-d --date"])?;
    let moment = given.value("-d")?.map(|Moment(moment)| moment);
    let default = match given.last_of(&["-R", "-I"]) {
        Some("-R") => MAIL,
        Some(_) => "%F",
        None => DEFAULT,
    };
    let format = match given.at_most_one("format")? {
        None => default.to_owned(),
        Some(word) => match word.strip_prefix('+') {
            Some(format) => format.to_owned(),
            None => return Err(Misuse::Wrong(format!("{:?}: a format begins with +", excerpt(&word)))),
        },
    };
    Ok((moment, format))
}

fn main(args: Args) -> Task {
    task!({
        let (moment, format) = call!(or_usage_with(&PROGRAM, FAILED_CODE, parse(args)))?;
        let moment = match moment {
            Some(moment) => moment,
            None => trap!(yield sysinfo())?.wall_clock,
        };
        println!("{}", DateTime::from_seconds(moment.as_secs()).format(&format, moment.subsec_nanos()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, run};

    fn said(args: &[&str]) -> String {
        let args: Args = args.iter().map(|arg| (*arg).to_owned()).collect();
        run(main(args)).output
    }

    #[test]
    fn a_date_is_printed_as_it_is_asked_for() {
        assert_eq!(said(&["-d", "@0"]), "Thu Jan  1 00:00:00 UTC 1970\n");
        assert_eq!(said(&["-ud", "2009-03-25 09:00", "+%F %T"]), "2009-03-25 09:00:00\n");
        assert_eq!(said(&["-R", "-d@0"]), "Thu, 01 Jan 1970 00:00:00 +0000\n");
        assert_eq!(said(&["-I", "-d@0"]), "1970-01-01\n");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let run = run(main(vec!["-d".to_owned(), "soon".to_owned()]));
        assert!(run.errors.starts_with("date: -d \"soon\": not a date"), "{}", run.errors);
        assert_eq!(run.end, End::Exited(FAILED_CODE));
    }
}
