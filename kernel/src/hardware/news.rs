//! What a watch has to tell: kinds of things, each once however often it happened.

use yieldix_syscalls::{Buf, Errno};

/// Kinds of things that have happened to a file since this was last read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News(u8);

impl News {
    /// Its bytes or its length have changed.
    pub const MODIFIED: News = News(1);
    /// It has another name.
    pub const MOVED: News = News(2);
    /// Its name is gone.
    pub const REMOVED: News = News(4);
    /// There is a new file of its name.
    pub const CREATED: News = News(8);

    /// In the order in which they are told: what is new comes after what was.
    const LINES: [(News, &str); 4] = [
        (News::MODIFIED, "modified\n"),
        (News::MOVED, "moved\n"),
        (News::REMOVED, "removed\n"),
        (News::CREATED, "created\n"),
    ];

    /// Nothing has happened.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// This has happened too.
    pub fn add(&mut self, more: News) {
        self.0 |= more.0;
    }

    /// As many whole lines as go into `max` bytes, which are then told. `EAGAIN` when there is nothing to
    /// tell, `EINVAL` when not one goes in.
    pub fn take(&mut self, max: usize) -> Result<Buf, Errno> {
        if self.is_empty() {
            return Err(Errno::EAGAIN);
        }
        let mut text = String::new();
        for (kind, line) in News::LINES {
            if self.0 & kind.0 == 0 {
                continue;
            }
            if text.len() + line.len() > max {
                break;
            }
            text.push_str(line);
            self.0 &= !kind.0;
        }
        if text.is_empty() { Err(Errno::EINVAL) } else { Ok(text.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_told_once_in_order() {
        let mut news = News::default();
        assert_eq!(news.take(64), Err(Errno::EAGAIN));
        for kind in [News::CREATED, News::MODIFIED, News::MOVED, News::MODIFIED, News::REMOVED] {
            news.add(kind);
        }
        assert_eq!(news.take(64).as_deref(), Ok(&b"modified\nmoved\nremoved\ncreated\n"[..]));
        assert!(news.is_empty());
    }

    #[test]
    fn what_does_not_go_in_stays() {
        let mut news = News::default();
        news.add(News::MODIFIED);
        news.add(News::CREATED);
        assert_eq!(news.take(8), Err(Errno::EINVAL));
        assert_eq!(news.take(16).as_deref(), Ok(&b"modified\n"[..]));
        assert_eq!(news.take(8).as_deref(), Ok(&b"created\n"[..]));
        assert!(news.is_empty());
    }
}
