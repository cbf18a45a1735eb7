//! The programs of David Beazley's "A Curious Course on Coroutines and Concurrency" (2009), one file
//! each, under the name that they have there, or the one that does not clash with a Unix tool.
//!
//! In parts 1 to 4 coroutines are generators, consumers and stages of a dataflow. In parts 7 and 8
//! they are tasks: pyos grows from one to an echo server that reads as plain code. These lessons are
//! booted as the originals were: alone, their first tasks numbered from 1, a turn a trap.

pub(crate) mod address;
pub(crate) mod allroutes;
pub(crate) mod basicsax;
pub(crate) mod benchmark;
pub(crate) mod blaster;
pub(crate) mod bogus;
pub(crate) mod bus;
pub(crate) mod buses;
pub(crate) mod buses2;
pub(crate) mod busgen;
pub(crate) mod busproc;
pub(crate) mod cobroadcast;
pub(crate) mod cobroadcast2;
pub(crate) mod coexpat;
pub(crate) mod cofollow;
pub(crate) mod copipe;
pub(crate) mod coprocess;
pub(crate) mod coroutine;
pub(crate) mod cosax;
pub(crate) mod cothread;
pub(crate) mod countdown;
pub(crate) mod cxml;
pub(crate) mod delegate;
pub(crate) mod echo_consumer;
pub(crate) mod echobad;
pub(crate) mod echogood;
pub(crate) mod echogood2;
pub(crate) mod echoserver;
pub(crate) mod echoserver2;
pub(crate) mod follow;
pub(crate) mod grep_coroutine;
pub(crate) mod grepclose;
pub(crate) mod iterbus;
pub(crate) mod limits;
mod log;
pub(crate) mod logsim;
pub(crate) mod naturals;
pub(crate) mod pipeline;
pub(crate) mod pyos1;
pub(crate) mod pyos2;
pub(crate) mod pyos3;
pub(crate) mod pyos4;
pub(crate) mod pyos5;
pub(crate) mod pyos6;
pub(crate) mod pyos7;
pub(crate) mod pyos8;
pub(crate) mod range;
pub(crate) mod sleepers;
pub(crate) mod sockwrap;
pub(crate) mod stream;
pub(crate) mod taskcrash;
pub(crate) mod trampoline;
pub(crate) mod words;

#[cfg(test)]
mod golden;
