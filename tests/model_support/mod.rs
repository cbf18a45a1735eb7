//! The model of random programs. [`world`] is the account, of which [`tasks`], [`descriptors`], [`ports`], [`files`],
//! [`pipes`] and [`traces`] foretell; [`acts`] draws what is done, [`actor`] does it and compares.

pub mod actor;
pub mod acts;
pub mod descriptors;
pub mod files;
pub mod pipes;
pub mod ports;
pub mod tasks;
pub mod traces;
pub mod world;
