//! The echo server of lesson 7 by itself: with nobody to print meanwhile, the machine sleeps
//! between its clients.
//!
//! The course's loop went on polling, at full speed; here an idle kernel blocks in the poller.

use super::{
    address::{USAGE, address},
    echogood::handle_client,
};
use crate::prelude::*;

pub(crate) const PROGRAM: Program =
    Program::lesson("echogood2", "the same echo server, alone", Lesson::COURSE, |args| vec![server(args)]).usage(USAGE);

fn server(args: Args) -> Task {
    task!({
        let address = call!(or_usage(&PROGRAM, address(args)))?;
        println!("Server starting")?;
        let sock = call!(listen_at(PROGRAM.name, address))?.fd();
        loop {
            trap!(yield read_wait(sock))?;
            let (client, addr) = trap!(yield accept(sock))?;
            trap!(yield spawn(handle_client(client, addr)).pass(client).detach())?;
        }
    })
}
