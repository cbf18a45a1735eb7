//! What random tasks do to each other: [`yard`] is what they share and what each knows, [`acts`] what they do.

pub mod acts;
pub mod yard;
