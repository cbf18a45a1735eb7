//! Work on a file that is done elsewhere, and the operation that it is for.

use yieldix_syscalls::Errno;

/// Work on a device, in one direction, that goes on elsewhere, for the operation with a ticket.
///
/// One that was given up goes on to its end, and the next waits for it.
#[derive(Debug, Default)]
pub enum Underway<W> {
    /// None.
    #[default]
    Idle,
    /// It was begun.
    Begun(u64, W),
}

impl<W> Underway<W> {
    /// Is there work, and is it done?
    #[cfg(unix)]
    pub fn is_done(&self, is_done: impl FnOnce(&W) -> bool) -> bool {
        matches!(self, Underway::Begun(_, work) if is_done(work))
    }

    /// What an operation that is tried finds: its own work when that is done, nothing when it is to be
    /// begun. `EAGAIN` while any goes on; that owes an interrupt.
    pub fn take(&mut self, ticket: u64, is_done: impl FnOnce(&W) -> bool) -> Result<Option<W>, Errno> {
        match std::mem::take(self) {
            Underway::Idle => Ok(None),
            Underway::Begun(whose, work) if !is_done(&work) => {
                *self = Underway::Begun(whose, work);
                Err(Errno::EAGAIN)
            }
            Underway::Begun(whose, work) => Ok((whose == ticket).then_some(work)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_taken_by_its_own_ticket_once_and_only_when_it_is_done() {
        let mut underway = Underway::Begun(1, 'w');
        assert_eq!(underway.take(1, |_| false), Err(Errno::EAGAIN));
        assert_eq!(underway.take(1, |_| true), Ok(Some('w')));
        assert_eq!(underway.take(1, |_| true), Ok(None));
    }

    #[test]
    fn work_that_was_given_up_is_waited_for_and_dropped() {
        let mut underway = Underway::Begun(1, 'w');
        assert_eq!(underway.take(2, |_| false), Err(Errno::EAGAIN));
        assert_eq!(underway.take(2, |_| true), Ok(None));
    }
}
