//! Files that are open.

use crate::bench::{Bench, Direction, SILENCE};
use crate::disk::{READ, open, open_empty, stat, unlink, write_at};
use std::collections::BTreeSet;
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_syscalls::{Buf, Errno, FileKind};

contract! {
    a_file_is_opened_written_read_and_cut,
    an_open_file_outlives_its_name,
    an_operation_that_was_given_up_is_not_taken_for_the_next,
    a_sync_of_a_file_or_directory_ends,
    a_closed_file_gets_no_interrupt,
}

fn read_at<H: Hardware>(bench: &mut Bench<H>, file: Device, ticket: u64, offset: u64) -> (Buf, u64) {
    let read = |hardware: &mut H| hardware.try_read_at(file, ticket, offset, 4096);
    bench.until_done(file, Direction::Read, read).expect("it is read")
}

fn a_file_is_opened_written_read_and_cut<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "written");
    assert_eq!(bench.hardware.stats().disk_devices, 1);
    assert_eq!(write_at(&mut bench, file, 1, 0, "hello"), (5, 5));
    assert_eq!(write_at(&mut bench, file, 2, 3, "p me"), (4, 7));
    let (data, end) = read_at(&mut bench, file, 3, 1);
    assert_eq!((&*data, end), (&b"elp me"[..], 7));
    assert!(read_at(&mut bench, file, 4, 7).0.is_empty());
    let cut = |hardware: &mut H| hardware.try_truncate(file, 5, 4);
    bench.until_done(file, Direction::Write, cut).expect("it is cut");
    assert_eq!(&*read_at(&mut bench, file, 6, 0).0, b"help");
    let by_path = stat(&mut bench, "written").expect("it is there");
    let by_device = bench.hardware.file_info(file).expect("it is open");
    assert_eq!((by_path.kind, by_path.size, by_path.id), (FileKind::Regular, 4, by_device.id));
    bench.hardware.close(file);
    assert_eq!(bench.hardware.stats().disk_devices, 0);
    assert_eq!(bench.hardware.file_info(file), Err(Errno::EBADF));
}

fn an_open_file_outlives_its_name<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "outlived file");
    write_at(&mut bench, file, 1, 0, "kept");
    unlink(&mut bench, "outlived file").expect("a file");
    assert_eq!(stat(&mut bench, "outlived file"), Err(Errno::ENOENT));
    assert_eq!(&*read_at(&mut bench, file, 2, 0).0, b"kept");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.links), Ok(0));
    bench.hardware.close(file);
}

fn an_operation_that_was_given_up_is_not_taken_for_the_next<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "given up");
    // A change of length goes on elsewhere on both.
    for (ticket, length) in [(1, 3), (2, 9)] {
        assert_eq!(bench.hardware.try_truncate(file, ticket, length), Err(Errno::EAGAIN), "{ticket}");
    }
    let cut = |hardware: &mut H| hardware.try_truncate(file, 2, 9);
    bench.until_done(file, Direction::Write, cut).expect("it is cut");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.size), Ok(9));
}

fn a_sync_of_a_file_or_directory_ends<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "synced");
    write_at(&mut bench, file, 1, 0, "x");
    let directory = open(&mut bench, ".", READ).expect("the folder");
    for device in [file, directory] {
        assert_eq!(bench.hardware.try_sync_file(device, 2), Err(Errno::EAGAIN), "it goes on elsewhere");
        let sync = |hardware: &mut H| hardware.try_sync_file(device, 2);
        assert_eq!(bench.until_done(device, Direction::Write, sync), Ok(()));
        bench.hardware.close(device);
        assert_eq!(bench.hardware.try_sync_file(device, 3), Err(Errno::EBADF));
    }
    unlink(&mut bench, "synced").expect("a file");
}

fn a_closed_file_gets_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "closed");
    bench.ready.clear();
    assert_eq!(bench.hardware.try_truncate(file, 1, 3), Err(Errno::EAGAIN));
    bench.hardware.close(file);
    let opening = bench.hardware.open(0, "closed", READ).expect("an open is begun");
    bench.hardware.close(opening);
    bench.pass(SILENCE);
    assert_eq!(bench.ready, BTreeSet::new());
}
