//! The addresses of hosts, as this one knows them. Runs on a helper thread, since nothing of it can be polled.

use crate::hardware::errno::errno;
use crate::resolve::Addresses;
use std::io;
use std::net::ToSocketAddrs;
use yieldix_syscalls::Errno;

/// Asks for the addresses of a host. Blocks.
pub fn addresses(name: &str) -> Addresses {
    let found = (name, 0).to_socket_addrs().map_err(reason)?;
    let mut addresses = Vec::new();
    for address in found.map(|address| address.ip()) {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if addresses.is_empty() { Err(Errno::ENOENT) } else { Ok(addresses) }
}

/// Why there are none. The resolver's own reasons have no number here, only a text: one says that it is for
/// now.
fn reason(error: io::Error) -> Errno {
    match error.raw_os_error() {
        Some(_) => errno(error),
        None if error.to_string().contains("Temporary failure") => Errno::EAGAIN,
        None => Errno::ENOENT,
    }
}
