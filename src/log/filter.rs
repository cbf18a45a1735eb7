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
                "log filter: {part:?} is not LEVEL, TARGET or TARGET=LEVEL (levels: off error warn info debug trace)"
            ),
            FilterError::UnknownTarget(target) => {
                write!(f, "log filter: nothing is logged on {target:?}; targets: yieldix {}", TARGETS.join(" "))
            }
            FilterError::AlreadyStarted => f.write_str("a log has been started already"),
        }
    }
}

impl std::error::Error for FilterError {}

/// Understands `yieldix::sched=debug,info`: parts that name a target, a level, or both. What no
/// part names is logged from WARN on.
pub fn parse(filter: &str) -> Result<Targets, FilterError> {
    let mut targets = Targets::new().with_default(LevelFilter::WARN);
    for part in filter.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let syntax = || FilterError::Syntax(part.to_owned());
        let level = |text: &str| text.parse::<LevelFilter>().map_err(|_| syntax());
        match part.split_once('=') {
            Some((target, text)) => targets = targets.with_target(known(target)?, level(text)?),
            None if part.starts_with("yieldix") => targets = targets.with_target(known(part)?, Level::TRACE),
            None => targets = targets.with_default(level(part)?),
        }
    }
    Ok(targets)
}

/// Targets select by prefix; a name that selects nothing is a mistake.
fn known(target: &str) -> Result<&str, FilterError> {
    let is_known = target == "yieldix" || TARGETS.contains(&target);
    if is_known { Ok(target) } else { Err(FilterError::UnknownTarget(target.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_levels_and_known_targets() {
        for filter in ["", "info", "yieldix=debug", "yieldix::sched=debug,yieldix::trap", " warn , yieldix::io=off"] {
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
        for filter in ["loud", "yieldix=loud", "=", "yieldix::sched=debug=info"] {
            assert!(parse(filter).is_err(), "{filter}");
        }
    }
}
