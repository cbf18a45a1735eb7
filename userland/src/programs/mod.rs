//! Programs: one file each, named as the program is.

pub(crate) mod init;
pub(crate) mod storm;
