//! Programs: one file each, named as the program is.

pub(crate) mod course;
pub(crate) mod deadlock;
pub(crate) mod echo;
pub(crate) mod echod;
pub(crate) mod r#false;
pub(crate) mod hello;
pub(crate) mod host;
pub(crate) mod init;
pub(crate) mod keys;
pub(crate) mod kill;
pub(crate) mod panic;
pub(crate) mod philosophers;
pub(crate) mod ps;
pub(crate) mod sh;
pub(crate) mod sleep;
pub(crate) mod storm;
pub(crate) mod r#true;
pub(crate) mod usertests;
