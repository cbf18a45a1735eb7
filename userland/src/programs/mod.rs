//! Programs: one file each, named as the program is.

pub(crate) mod init;
