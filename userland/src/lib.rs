//! The programs of yieldix, the course's lessons, and the small standard library they share.
//!
//! Everything here is a guest of the kernel: it has no std, no unsafe code and no other crate but
//! the system call interface, so whatever a program does to the world it does by a trap. The
//! machine is handed [`PROGRAMS`] and knows nothing else of this crate.
//!
//! A program is one file in `programs/` or `lessons/` with a `PROGRAM` in it; the rest is
//! library, and [`prelude`] has the names of it that most programs want.
#![no_std]
#![forbid(unsafe_code)]
#![feature(auto_traits, coroutines, coroutine_trait, negative_impls)]

extern crate alloc;

pub mod args;
pub mod console;
pub mod duration;
pub mod excerpt;
pub mod flow;
pub mod limits;
pub mod prelude;
pub mod serve;
pub mod socket;

#[cfg(test)]
mod fake_kernel;
mod lessons;
mod programs;

use yieldix_syscalls::Program;

/// Every program of this crate, in the order in which they are listed.
pub static PROGRAMS: &[Program] = &[
    programs::init::PROGRAM,
    programs::sh::PROGRAM,
    programs::ps::PROGRAM,
    programs::kill::PROGRAM,
    programs::echo::PROGRAM,
    programs::r#false::PROGRAM,
    programs::hello::PROGRAM,
    programs::sleep::PROGRAM,
    programs::r#true::PROGRAM,
    programs::echod::PROGRAM,
    programs::philosophers::PROGRAM,
    lessons::pyos1::PROGRAM,
    lessons::pyos2::PROGRAM,
    lessons::taskcrash::PROGRAM,
    lessons::pyos3::PROGRAM,
    lessons::pyos4::PROGRAM,
    lessons::pyos5::PROGRAM,
    lessons::pyos6::PROGRAM,
    lessons::echobad::PROGRAM,
    lessons::pyos7::PROGRAM,
    lessons::echogood::PROGRAM,
    lessons::echogood2::PROGRAM,
    lessons::trampoline::PROGRAM,
    lessons::pyos8::PROGRAM,
    lessons::echoserver::PROGRAM,
    lessons::sockwrap::PROGRAM,
    lessons::echoserver2::PROGRAM,
    lessons::blaster::PROGRAM,
    programs::usertests::PROGRAM,
    programs::deadlock::PROGRAM,
    programs::panic::PROGRAM,
    programs::storm::PROGRAM,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_name_of_its_own() {
        for (index, program) in PROGRAMS.iter().enumerate() {
            assert!(PROGRAMS[..index].iter().all(|other| other.name != program.name), "{} twice", program.name);
            assert!(!program.about.is_empty(), "{} says nothing of itself", program.name);
        }
    }
}
