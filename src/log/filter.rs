//! Which events are logged.

use std::fmt;
use tracing::{Level, level_filters::LevelFilter};
use tracing_subscriber::filter::Targets;
use yieldix_kernel::event::TARGETS;

/// A filter that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FilterError {
    /// Not `target=level`, `target` or `level`.
    Syntax(String),
    /// Nothing is logged on this target.
    UnknownTarget(String),
    /// A log has been started in this process already.
    AlreadyStarted,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FilterError::Syntax(part) => write!(
                f,
                "log filter: {part:?} is not LEVEL, TARGET or TARGET=LEVEL (levels: off error warn info debug trace; \
                 targets: {})",
                TARGETS.join(" ")
            ),
            FilterError::UnknownTarget(target) => {
                write!(f, "log filter: nothing is logged on {target:?}; targets: yieldix {}", TARGETS.join(" "))
            }
            FilterError::AlreadyStarted => f.write_str("a log has been started already"),
        }
    }
}

impl std::error::Error for FilterError {}

/// What all targets begin with, and may be left out.
const ALL: &str = "yieldix";

/// Understands `sched=debug,info`: parts that name a target, a level, or both. What no part names is logged from WARN on.
pub fn parse(filter: &str) -> Result<Targets, FilterError> {
    let mut targets = Targets::new().with_default(LevelFilter::WARN);
    for part in filter.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let syntax = || FilterError::Syntax(part.to_owned());
        targets = match (part.split_once('='), level(part), known(part)) {
            (Some((target, text)), ..) => targets.with_target(known(target)?, level(text).ok_or_else(syntax)?),
            (None, Some(level), _) => targets.with_default(level),
            (None, None, Ok(target)) => targets.with_target(target, Level::TRACE),
            (None, None, Err(error)) if part.starts_with(ALL) => return Err(error),
            (None, None, Err(_)) => return Err(syntax()),
        };
    }
    Ok(targets)
}

/// A level by its name. The parser of `tracing` takes numbers too, and nothing at all.
fn level(text: &str) -> Option<LevelFilter> {
    let is_word = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_word { text.parse().ok() } else { None }
}

/// Targets select by prefix; a name that selects nothing is a mistake.
fn known(name: &str) -> Result<&'static str, FilterError> {
    let is_meant = |target: &&&str| **target == name || target.strip_prefix("yieldix::") == Some(name);
    let found = if name == ALL { Some(ALL) } else { TARGETS.iter().find(is_meant).copied() };
    found.ok_or_else(|| FilterError::UnknownTarget(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_levels_and_known_targets() {
        let long = ["", "info", "yieldix=debug", "yieldix::sched=debug,yieldix::trap", " warn , yieldix::io=off"];
        for filter in long.into_iter().chain(["sched", "sched=debug,trap", "WARN"]) {
            assert!(parse(filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn an_unknown_target_is_told_with_the_known_ones() {
        let error = parse("yieldix::shed=debug").unwrap_err();
        assert_eq!(error, FilterError::UnknownTarget("yieldix::shed".to_owned()));
        assert!(error.to_string().contains("yieldix::sched"));
        assert!(matches!(parse("tokio=debug"), Err(FilterError::UnknownTarget(_))));
    }

    #[test]
    fn a_part_that_is_no_level_is_told() {
        for filter in ["loud", "yieldix=loud", "=", "yieldix::sched=debug=info", "3", "sched=", "sched=2"] {
            assert!(parse(filter).is_err(), "{filter}");
        }
    }
}
