//! The model of random programs: [`world`] foretells, [`actor`] acts and compares.

pub mod actor;
pub mod world;
