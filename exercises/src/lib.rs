//! Exercises of docs/course.md, a file a part.
//!
//! What is here compiles and does nothing yet. `cargo test -p yieldix-exercises --test part_1` says what is
//! expected of part 1; it is done when that passes. `solutions/` has one way to do each, which
//! `--features solutions` puts in the place of these.
#![feature(coroutines, coroutine_trait)]
#![cfg_attr(
    not(feature = "solutions"),
    allow(unused_features, unused_mut, unused_variables, reason = "a starter does not use what it is given yet")
)]

#[cfg_attr(feature = "solutions", path = "../solutions/part_1.rs")]
pub mod part_1;
#[cfg_attr(feature = "solutions", path = "../solutions/part_2.rs")]
pub mod part_2;
#[cfg_attr(feature = "solutions", path = "../solutions/part_3.rs")]
pub mod part_3;
#[cfg_attr(feature = "solutions", path = "../solutions/part_4.rs")]
pub mod part_4;
#[cfg_attr(feature = "solutions", path = "../solutions/part_5.rs")]
pub mod part_5;
#[cfg_attr(feature = "solutions", path = "../solutions/part_7.rs")]
pub mod part_7;
