//! Tests of names of hosts.

use super::{Test, support::*};
use crate::prelude::*;
use core::net::IpAddr;

pub(super) const TESTS: &[Test] = tests![
    figures_are_their_own_address,
    the_machine_itself_has_a_name_that_can_be_connected_to,
    what_can_be_no_name_of_a_host_is_refused,
    a_name_that_nobody_has_is_told,
    a_wait_for_a_name_can_be_given_up,
];

/// A name that is kept free for this (RFC 6761).
const NOBODY: &str = "nobody.invalid";

fn figures_are_their_own_address() -> Task {
    task!({
        for name in ["192.0.2.7", "2001:db8::7"] {
            let address: IpAddr = name.parse().unwrap_or_else(|_| panic!("{name} is an address"));
            assert_eq!(trap!(yield resolve(name))?, [address]);
        }
        Ok(())
    })
}

fn the_machine_itself_has_a_name_that_can_be_connected_to() -> Task {
    task!({
        let (listener, address) = call!(listener())?;
        let addresses = trap!(yield resolve("localhost"))?;
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
        let first = SocketAddr::new(addresses[0], address.port());
        let near = trap!(yield Socket::connect(first))?;
        trap!(yield listener.accept())?;
        trap!(yield near.close())
    })
}

fn what_can_be_no_name_of_a_host_is_refused() -> Task {
    task!({
        for name in ["", "a b", "a\0", "é"] {
            assert_eq!(trap!(yield resolve(name)), Err(Errno::EINVAL), "{name:?}");
        }
        assert_eq!(trap!(yield resolve("a".repeat(254))), Err(Errno::ENAMETOOLONG));
        Ok(())
    })
}

fn a_name_that_nobody_has_is_told() -> Task {
    task!({
        // A host without a network cannot ask who would know.
        let told = trap!(yield resolve(NOBODY));
        assert!(matches!(told, Err(Errno::ENOENT | Errno::EAGAIN)), "{told:?}");
        Ok(())
    })
}

fn a_wait_for_a_name_can_be_given_up() -> Task {
    task!({
        assert!(timeout!(Duration::ZERO, { trap!(yield resolve(NOBODY)) }).is_err());
        Ok(())
    })
}
