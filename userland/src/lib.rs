//! The programs of yieldix, those of the course, and the small standard library they share.
//!
//! Everything here is a guest of the kernel: it has no std, no unsafe code and no other crate but
//! the system call interface, so whatever a program does to the world it does by a trap. The
//! machine is handed [`PROGRAMS`] and knows nothing else of this crate.
//!
//! A program is one file in `programs/` or `course/` with a `PROGRAM` in it; the rest is
//! library, and [`prelude`] has the names of it that most programs want.
#![no_std]
#![forbid(unsafe_code)]
#![feature(auto_traits, coroutines, coroutine_trait, negative_impls)]

extern crate alloc;

pub mod args;
pub mod bytes;
pub mod child;
pub mod columns;
pub mod condition;
pub mod console;
pub mod count;
pub mod date;
pub mod decimal;
pub mod directory;
pub mod duration;
pub mod editor;
pub mod excerpt;
pub mod executable;
pub mod flow;
pub mod http;
pub mod input;
pub mod limits;
pub mod lines;
pub mod listing;
pub mod nursery;
pub mod path;
pub mod pattern;
pub mod prelude;
pub mod regex;
pub mod serve;
pub mod signals;
pub mod size;
pub mod socket;
pub mod telnet;
pub mod text;
pub mod tool;
pub mod tree;
pub mod xml;

mod course;
#[cfg(test)]
mod fake_kernel;
mod programs;
mod quoting;
mod target;

use yieldix_syscalls::Program;

/// Every program of this crate, in the order in which they are listed.
pub static PROGRAMS: &[Program] = &[
    programs::init::PROGRAM,
    programs::sh::PROGRAM,
    programs::ps::PROGRAM,
    programs::kill::PROGRAM,
    programs::host::PROGRAM,
    programs::top::PROGRAM,
    programs::pstree::PROGRAM,
    programs::mount::PROGRAM,
    programs::strace::PROGRAM,
    programs::stty::PROGRAM,
    programs::course::PROGRAM,
    programs::basename::PROGRAM,
    programs::cat::PROGRAM,
    programs::clear::PROGRAM,
    programs::cmp::PROGRAM,
    programs::comm::PROGRAM,
    programs::cp::PROGRAM,
    programs::cut::PROGRAM,
    programs::date::PROGRAM,
    programs::dirname::PROGRAM,
    programs::echo::PROGRAM,
    programs::env::PROGRAM,
    programs::r#false::PROGRAM,
    programs::find::PROGRAM,
    programs::fold::PROGRAM,
    programs::grep::PROGRAM,
    programs::head::PROGRAM,
    programs::hello::PROGRAM,
    programs::ls::PROGRAM,
    programs::mkdir::PROGRAM,
    programs::mv::PROGRAM,
    programs::nc::PROGRAM,
    programs::nl::PROGRAM,
    programs::od::PROGRAM,
    programs::paste::PROGRAM,
    programs::printf::PROGRAM,
    programs::pwd::PROGRAM,
    programs::rev::PROGRAM,
    programs::rm::PROGRAM,
    programs::rmdir::PROGRAM,
    programs::sed::PROGRAM,
    programs::seq::PROGRAM,
    programs::sleep::PROGRAM,
    programs::sort::PROGRAM,
    programs::stat::PROGRAM,
    programs::tac::PROGRAM,
    programs::tail::PROGRAM,
    programs::tee::PROGRAM,
    programs::test::PROGRAM,
    programs::test::BRACKET,
    programs::time::PROGRAM,
    programs::touch::PROGRAM,
    programs::tr::PROGRAM,
    programs::r#true::PROGRAM,
    programs::uname::PROGRAM,
    programs::uniq::PROGRAM,
    programs::wc::PROGRAM,
    programs::which::PROGRAM,
    programs::xargs::PROGRAM,
    programs::yes::PROGRAM,
    programs::echod::PROGRAM,
    programs::telnetd::PROGRAM,
    programs::philosophers::PROGRAM,
    course::countdown::PROGRAM,
    course::follow::PROGRAM,
    course::pipeline::PROGRAM,
    course::logsim::PROGRAM,
    course::grep_coroutine::PROGRAM,
    course::coroutine::PROGRAM,
    course::grepclose::PROGRAM,
    course::bogus::PROGRAM,
    course::cofollow::PROGRAM,
    course::copipe::PROGRAM,
    course::cobroadcast::PROGRAM,
    course::cobroadcast2::PROGRAM,
    course::benchmark::PROGRAM,
    course::busgen::PROGRAM,
    course::basicsax::PROGRAM,
    course::cosax::PROGRAM,
    course::coexpat::PROGRAM,
    course::cxml::PROGRAM,
    course::buses::PROGRAM,
    course::buses2::PROGRAM,
    course::iterbus::PROGRAM,
    course::cothread::PROGRAM,
    course::coprocess::PROGRAM,
    course::busproc::PROGRAM,
    course::limits::PROGRAM,
    course::pyos1::PROGRAM,
    course::pyos2::PROGRAM,
    course::taskcrash::PROGRAM,
    course::pyos3::PROGRAM,
    course::pyos4::PROGRAM,
    course::pyos5::PROGRAM,
    course::pyos6::PROGRAM,
    course::echobad::PROGRAM,
    course::pyos7::PROGRAM,
    course::echogood::PROGRAM,
    course::echogood2::PROGRAM,
    course::trampoline::PROGRAM,
    course::pyos8::PROGRAM,
    course::echoserver::PROGRAM,
    course::sockwrap::PROGRAM,
    course::echoserver2::PROGRAM,
    course::blaster::PROGRAM,
    course::range::PROGRAM,
    course::naturals::PROGRAM,
    course::delegate::PROGRAM,
    course::words::PROGRAM,
    course::echo_consumer::PROGRAM,
    course::sleepers::PROGRAM,
    course::stream::PROGRAM,
    programs::keys::PROGRAM,
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
