//! What goes wrong in a flow.

use crate::flow::FrameError;
use alloc::boxed::Box;
use core::fmt;
use yieldix_syscalls::Errno;

/// Why a send, a close or a pull failed.
///
/// An error that a stage returns travels up to whoever sent into it, and ends every stage that passes it
/// on with `?`.
#[derive(Debug)]
pub enum Error {
    /// Sent to a consumer that waits for its `start`.
    NotStarted,
    /// Sent to a consumer that has returned.
    Finished,
    /// Sent to a consumer that is in the middle of a send: the stages form a circle.
    Reentered,
    /// Closed a consumer, and it asked for more.
    IgnoredClose,
    /// What a stage raised, or an errno that a bridge met.
    Raised(Box<dyn core::error::Error + Send + Sync>),
}

impl Error {
    /// An error of a stage's own: a text, or any error.
    pub fn raise(cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Error {
        Error::Raised(cause.into())
    }

    /// The errno, if that is what it is about.
    pub fn errno(&self) -> Option<Errno> {
        match self {
            Error::Raised(cause) => cause.downcast_ref().copied(),
            _ => None,
        }
    }

    /// What is wrong with a frame, if that is what it is about.
    pub fn frame_error(&self) -> Option<&FrameError> {
        match self {
            Error::Raised(cause) => cause.downcast_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::NotStarted => "sent to a consumer that has not been started: call start() first",
            Error::Finished => "sent to a consumer that has finished",
            Error::Reentered => "sent to a consumer that is in the middle of a send: stages must not form a circle",
            Error::IgnoredClose => "a consumer went on after it was closed: it has to return when its yield gives None",
            Error::Raised(cause) => return cause.fmt(f),
        })
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Error::Raised(cause) => Some(&**cause),
            _ => None,
        }
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Error {
        Error::raise(errno)
    }
}

/// For a task's `?`: the errno it is about; else `EINVAL` for what was not started, `EPIPE` for what has
/// finished, `EDEADLK` for a circle, `EPROTO` for an ignored close, a [`FrameError`]'s, and `EIO` for a
/// stage's own error.
impl From<Error> for Errno {
    fn from(error: Error) -> Errno {
        match error {
            Error::NotStarted => Errno::EINVAL,
            Error::Finished => Errno::EPIPE,
            Error::Reentered => Errno::EDEADLK,
            Error::IgnoredClose => Errno::EPROTO,
            Error::Raised(_) => {
                let of_frame = || error.frame_error().map(FrameError::errno);
                error.errno().or_else(of_frame).unwrap_or(Errno::EIO)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_errno_comes_out_as_it_went_in_and_a_text_is_kept() {
        let errno = Error::from(Errno::EPIPE);
        assert_eq!((errno.errno(), errno.to_string()), (Some(Errno::EPIPE), Errno::EPIPE.to_string()));
        assert_eq!(Errno::from(errno), Errno::EPIPE);
        let own = Error::raise("no such route");
        assert_eq!((own.errno(), own.to_string().as_str()), (None, "no such route"));
        assert_eq!(Errno::from(own), Errno::EIO);
    }
}
