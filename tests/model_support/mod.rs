//! The model of random programs: [`world`], [`ports`], [`files`] and [`pipes`] foretell, [`actor`] acts and compares.

pub mod actor;
pub mod files;
pub mod pipes;
pub mod ports;
pub mod world;
