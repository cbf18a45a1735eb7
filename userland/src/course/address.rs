//! Where a lesson's server listens: the course's port, unless `--addr` says otherwise.

use crate::prelude::*;
use core::net::{IpAddr, Ipv4Addr};

/// The course's echo servers listen here.
pub(crate) const COURSE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 45000);

/// What the lessons that listen take.
pub(crate) const USAGE: &str = "[--addr IP:PORT]";

/// The address to listen on, from a lesson's arguments.
pub(crate) fn address(args: Args) -> Result<SocketAddr, Misuse> {
    let given = Given::parse(args, &[], &["--addr"])?.without_operands()?;
    Ok(given.address("--addr")?.unwrap_or(COURSE))
}
