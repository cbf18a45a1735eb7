//! Has files be changed now, or then; makes those that are not there.

use crate::{
    date::{DateTime, Moment},
    directory::look_at,
    prelude::*,
};

pub(crate) const PROGRAM: Program = Program::new(
    "touch",
    Group::Tools,
    "sets when files were changed: now, or -d, -t or as -r; makes those that are not there, unless -c",
    main,
)
.usage("[-acm] [-d DATE | -t [[CC]YY]MMDDhhmm[.ss] | -r FILE] FILE...");

/// Which moment to set.
#[derive(Debug, PartialEq)]
enum When {
    Now,
    At(Duration),
    AsOf(String),
}

fn parse(args: Args) -> Result<(Given, When), Misuse> {
    let flags = &["-c --no-create", "-m", "-a"];
    let given = Given::parse(args, flags, &["-d --date", "-t", "-r --reference"])?;
    if given.operands.is_empty() {
        return Err(Misuse::Wrong("no file given".to_owned()));
    }
    let when = if let Some(Moment(moment)) = given.value("-d")? {
        When::At(moment)
    } else if let Some(stamp) = given.value::<String>("-t")? {
        let wrong = || Misuse::Wrong(format!("-t {:?}: not [CCYY]MMDDhhmm[.ss]", excerpt(&stamp)));
        When::At(from_stamp(&stamp).ok_or_else(wrong)?)
    } else {
        given.value("-r")?.map_or(When::Now, When::AsOf)
    };
    Ok((given, when))
}

/// `200903250900.00`; with two figures of the year, those from 69 on are of the last century.
fn from_stamp(stamp: &str) -> Option<Duration> {
    let (stamp, seconds) = stamp.split_once('.').unwrap_or((stamp, "00"));
    let is_figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_figures(stamp) || !is_figures(seconds) || seconds.len() != 2 {
        return None;
    }
    let (year, rest) = stamp.split_at_checked(stamp.len().checked_sub(8)?)?;
    let year = match (year.len(), year.parse::<u64>().ok()?) {
        (4, year) => year,
        (2, year) if year < 69 => 2000 + year,
        (2, year) => 1900 + year,
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<u64>().ok();
    let month = usize::try_from(part(0)?).ok()?;
    let moment = DateTime::new(year, month, part(2)?, part(4)?, part(6)?, seconds.parse().ok()?)?;
    Some(Duration::from_secs(moment.seconds()))
}

/// Sets when what is at `path` was changed, or looks whether it is there.
fn set(path: &str, moment: Duration, sets_change: bool) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        if !sets_change || path.ends_with('/') {
            call!(look_at(path, true))?;
        }
        if sets_change { trap!(yield set_modified(path.to_owned(), moment)) } else { Ok(()) }
    })
}

fn make(path: &str) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        let fd = trap!(yield open(path, OpenFlags::WRITE | OpenFlags::CREATE))?;
        trap!(yield close(fd))
    })
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let (given, when) = call!(tool.or_usage(parse(args)))?;
        // What stands for now is beyond what the clock can say.
        let moment = match when {
            When::Now => Duration::MAX,
            When::At(moment) => moment,
            When::AsOf(path) => match call!(look_at(&path, true)) {
                Ok(info) => info.modified,
                Err(errno) => {
                    call!(tool.complain(&path, errno))?;
                    return call!(tool.finish());
                }
            },
        };
        // When files were read is not kept: with -a alone there is nothing to set.
        let sets_change = given.has("-m") || !given.has("-a");
        for path in &given.operands {
            let mut set = call!(set(path, moment, sets_change));
            if set == Err(Errno::ENOENT) {
                if given.has("-c") {
                    continue;
                }
                if !path.ends_with('/') {
                    set = call!(make(path));
                    if set.is_ok() && sets_change && moment != Duration::MAX {
                        set = trap!(yield set_modified(path.clone(), moment));
                    }
                }
            }
            if let Err(errno) = set {
                call!(tool.complain(path, errno))?;
            }
        }
        call!(tool.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_a_moment() {
        let at = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(from_stamp("200903250900"), at(1_237_971_600));
        assert_eq!(from_stamp("0903250900.05"), at(1_237_971_605));
        for stamp in ["", "03250900", "2009032509001", "200913250900", "200903250900.5", "20090325é900"] {
            assert_eq!(from_stamp(stamp), None, "{stamp}");
        }
    }
}
