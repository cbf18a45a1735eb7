//! The addresses of a host.
//!
//! What needs nobody else is answered here: addresses in figures, and the machine itself. The rest is asked
//! of the hardware, as a job of its own.

use crate::{
    event::Address,
    file::{Kind, Pending},
    hardware::{Device, Hardware},
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    trap::Next,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use yieldix_syscalls::{Errno, Reply};

/// What comes of the hardware's job.
pub type Addresses = Result<Vec<IpAddr>, Errno>;

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(crate) fn sys_resolve(&mut self, slot: u32, name: &str) -> Next {
        let known = match own_answer(name) {
            Ok(known) => known,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        if let Some(addresses) = known {
            return self.answer(slot, Reply::Addresses(Box::new(addresses)));
        }
        let begun = self.room_for_a_job().and_then(|()| self.hardware.resolve(name));
        match begun {
            Ok(device) => {
                let file = self.open_file(device, Kind::Resolve, Address::Name(name));
                self.attempt_or_block(slot, file, Pending::Resolve)
            }
            Err(errno) => self.answer(slot, Reply::Err(errno)),
        }
    }

    /// Takes what came of the hardware's job.
    #[cold]
    pub(crate) fn take_addresses(&mut self, job: Device) -> Result<Reply, Errno> {
        let addresses = match self.hardware.try_take(job)? {
            Ok(value) => match value.downcast::<Addresses>() {
                Some(addresses) => addresses,
                None => broken("the hardware's job gives other than addresses"),
            },
            // The host's own code panicked; nothing of a task's runs there.
            Err(_) => Err(Errno::EIO),
        };
        // An errno of the host's that says to try again is an answer, and no reason to wait.
        Ok(addresses.map_or_else(Reply::Err, |addresses| Reply::Addresses(Box::new(addresses))))
    }
}

/// The answer to a name that needs nobody else, if it is one.
fn own_answer(name: &str) -> Result<Option<Vec<IpAddr>>, Errno> {
    let figures = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
    if let Ok(address) = figures.parse() {
        return Ok(Some(vec![address]));
    }
    if name.len() > limits::HOST_NAME_BYTES {
        return Err(Errno::ENAMETOOLONG);
    }
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'/' | b'[' | b']' | b'%' | b':');
    if name.is_empty() || !name.bytes().all(is_plain) {
        return Err(Errno::EINVAL);
    }
    let is_own = name.strip_suffix('.').unwrap_or(name).eq_ignore_ascii_case("localhost");
    Ok(is_own.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_and_the_machine_itself_need_nobody() {
        for (name, expected) in [
            ("192.0.2.7", &["192.0.2.7"][..]),
            ("2001:db8::7", &["2001:db8::7"]),
            ("[::1]", &["::1"]),
            ("localhost", &["127.0.0.1", "::1"]),
            ("LocalHost.", &["127.0.0.1", "::1"]),
        ] {
            let expected: Vec<IpAddr> = expected.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(own_answer(name), Ok(Some(expected)), "{name}");
        }
        for name in ["example.org", "localhost.example", "1.2.3", "a"] {
            assert_eq!(own_answer(name), Ok(None), "{name}");
        }
    }

    #[test]
    fn what_can_be_no_name_is_refused() {
        for name in ["", "a b", "a\0", "é", "a/b", "host:80", "a\n"] {
            assert_eq!(own_answer(name), Err(Errno::EINVAL), "{name:?}");
        }
        assert_eq!(own_answer(&"a".repeat(253)), Ok(None));
        assert_eq!(own_answer(&"a".repeat(254)), Err(Errno::ENAMETOOLONG));
    }
}
