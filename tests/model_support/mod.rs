//! The model of random programs: [`world`] and [`ports`] foretell, [`actor`] acts and compares.

pub mod actor;
pub mod ports;
pub mod world;
