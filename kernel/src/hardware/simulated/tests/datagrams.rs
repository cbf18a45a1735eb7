//! Datagrams that are lost, doubled and overtaken where that was asked for, and only there.

use super::*;

const COUNT: u32 = 200;

/// The numbers that come, of so many that were sent.
fn received(faults: Faults) -> Vec<u32> {
    let mut world = Simulated::new(SimulatedOptions { faults, ..Default::default() });
    let reader = world.udp_bind(address("127.0.0.1:0")).expect("free");
    let writer = world.udp_bind(address("127.0.0.1:0")).expect("free");
    let to = world.local_addr(reader).expect("bound");
    for number in 0..COUNT {
        world.try_send_to(writer, to, &number.to_le_bytes()).expect("room");
    }
    settle(&mut world);
    let mut numbers = Vec::new();
    while let Ok(datagram) = world.try_recv_from(reader, 4) {
        numbers.push(u32::from_le_bytes(datagram.data[..].try_into().expect("four bytes")));
    }
    numbers
}

#[test]
fn datagrams_come_once_and_in_order_unless_misfortune_is_asked_for() {
    assert!(received(Faults::default()).into_iter().eq(0..COUNT));
}

#[test]
fn misfortune_loses_doubles_and_reorders_datagrams() {
    let lost = received(Faults { lost_datagrams_permille: 300, ..Default::default() });
    assert!(lost.is_sorted() && !lost.is_empty() && lost.len() < COUNT as usize, "{lost:?}");
    let doubled = received(Faults { doubled_datagrams_permille: 300, ..Default::default() });
    assert!(doubled.is_sorted() && doubled.len() > COUNT as usize, "{doubled:?}");
    let mut reordered = received(Faults { reordered_datagrams_permille: 1000, ..Default::default() });
    assert!(!reordered.is_sorted(), "{reordered:?}");
    reordered.sort_unstable();
    assert!(reordered.into_iter().eq(0..COUNT));
}

#[test]
fn who_has_much_under_way_waits_and_is_told_when_it_is_there() {
    let mut world = world();
    let writer = world.udp_bind(address("127.0.0.1:0")).expect("free");
    let nowhere = address("127.0.0.1:9");
    let sent = (0..).take_while(|_| world.try_send_to(writer, nowhere, &[0; 1000]).is_ok()).count();
    assert!((1..1000).contains(&sent), "{sent}");
    assert_eq!(world.is_writable(writer), Ok(false));
    assert!(is_ready(&settle(&mut world), writer));
    assert_eq!(world.try_send_to(writer, nowhere, &[0; 1000]), Ok(()));
}
