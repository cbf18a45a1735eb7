//! Open directories, and how they are listed.

use crate::bench::Bench;
use crate::disk::{READ, list, list_open, make, mkdir, open, read_dir, rmdir, stat, unlink};
use std::collections::BTreeSet;
use yieldix_kernel::hardware::Hardware;
use yieldix_syscalls::{Errno, FileKind, OpenFlags};

contract! {
    a_directory_is_opened_to_read_and_only_so,
    a_listing_goes_on_where_it_ended_and_begins_anew,
    a_listing_that_was_given_up_loses_nothing,
    what_is_removed_while_a_directory_is_listed_hides_nothing_else,
    an_open_directory_outlives_its_name,
}

fn a_directory_is_opened_to_read_and_only_so<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "opened").expect("room");
    make(&mut bench, "opened/file");
    for flags in [OpenFlags::WRITE, READ | OpenFlags::WRITE, OpenFlags::APPEND, OpenFlags::WRITE | OpenFlags::CREATE] {
        assert_eq!(open(&mut bench, "opened", flags), Err(Errno::EISDIR), "{flags:?}");
    }
    assert_eq!(open(&mut bench, "opened", OpenFlags::WRITE | OpenFlags::CREATE_NEW), Err(Errno::EEXIST));
    let directory = open(&mut bench, "opened", READ).expect("to read");
    let info = bench.hardware.file_info(directory).expect("it is open");
    assert_eq!((info.kind, Ok(info.id)), (FileKind::Directory, stat(&mut bench, "opened").map(|info| info.id)));
    let file = open(&mut bench, "opened/file", READ).expect("a file");
    assert_eq!(bench.hardware.try_read_dir(file, 1, 0), Err(Errno::ENOTDIR));
    assert_eq!(bench.hardware.try_truncate(directory, 1, 0), Err(Errno::EINVAL));
    assert_eq!(bench.hardware.try_read_at(directory, 2, 0, 1), Err(Errno::EISDIR));
    bench.hardware.close(file);
    bench.hardware.close(directory);
    assert_eq!(bench.hardware.try_read_dir(directory, 1, 0), Err(Errno::EBADF));
    let itself = open(&mut bench, ".", READ).expect("the folder");
    assert!(list_open(&mut bench, itself).contains(&("opened".into(), FileKind::Directory)));
    bench.hardware.close(itself);
    unlink(&mut bench, "opened/file").expect("a file");
    rmdir(&mut bench, "opened").expect("it is empty");
    assert_eq!(bench.hardware.stats().disk_devices, 0);
}

/// More names than one call gives.
const MANY: usize = 2_500;

/// A directory of many files.
fn make_many<H: Hardware>(bench: &mut Bench<H>, path: &str) -> BTreeSet<String> {
    mkdir(bench, path).expect("room");
    let names = (0..MANY).map(|number| format!("{number:04}"));
    names.inspect(|name| make(bench, &format!("{path}/{name}"))).collect()
}

fn remove_many<H: Hardware>(bench: &mut Bench<H>, path: &str) {
    for (name, _) in list(bench, path) {
        unlink(bench, &format!("{path}/{name}")).expect("a file");
    }
    rmdir(bench, path).expect("it is empty");
}

fn a_listing_goes_on_where_it_ended_and_begins_anew<H: Hardware>(mut bench: Bench<H>) {
    let names = make_many(&mut bench, "many");
    let directory = open(&mut bench, "many", READ).expect("a directory");
    for _ in 0..2 {
        let listed = list_open(&mut bench, directory);
        assert_eq!(listed.len(), MANY);
        assert!(listed.into_iter().map(|(name, _)| name).eq(names.iter().cloned()));
    }
    let all = |bench: &mut Bench<H>, from: u64| {
        let mut found = BTreeSet::new();
        let mut offset = from;
        loop {
            let more = read_dir(bench, directory, offset, offset);
            assert!(more.len() < MANY, "a call gives a bounded number");
            if more.is_empty() {
                return found;
            }
            offset += more.len() as u64;
            found.extend(more.into_iter().map(|entry| entry.name));
        }
    };
    // Any place can be gone to, in any order.
    let whole = all(&mut bench, 0);
    for from in [1, 1500, 3, MANY - 1, MANY] {
        let found = all(&mut bench, from as u64);
        assert_eq!(found.len(), MANY - from);
        assert!(found.is_subset(&whole));
    }
    assert!(read_dir(&mut bench, directory, 1, MANY as u64 + 1).is_empty());
    assert!(read_dir(&mut bench, directory, 2, u64::MAX).is_empty());
    bench.hardware.close(directory);
    remove_many(&mut bench, "many");
}

fn a_listing_that_was_given_up_loses_nothing<H: Hardware>(mut bench: Bench<H>) {
    let names = make_many(&mut bench, "given up names");
    let directory = open(&mut bench, "given up names", READ).expect("a directory");
    let mut listed = BTreeSet::new();
    let (mut offset, mut ticket) = (0, 0);
    loop {
        // Each piece is first asked for by somebody who goes away.
        assert_eq!(bench.hardware.try_read_dir(directory, ticket, offset), Err(Errno::EAGAIN));
        let more = read_dir(&mut bench, directory, ticket + 1, offset);
        if more.is_empty() {
            break;
        }
        (offset, ticket) = (offset + more.len() as u64, ticket + 2);
        listed.extend(more.into_iter().map(|entry| entry.name.into_string()));
    }
    assert_eq!(listed, names);
    bench.hardware.close(directory);
    remove_many(&mut bench, "given up names");
}

fn what_is_removed_while_a_directory_is_listed_hides_nothing_else<H: Hardware>(mut bench: Bench<H>) {
    make_many(&mut bench, "shrinking");
    let directory = open(&mut bench, "shrinking", READ).expect("a directory");
    let mut offset = 0;
    loop {
        let more = read_dir(&mut bench, directory, offset, offset);
        offset += more.len() as u64;
        if more.is_empty() {
            break;
        }
        for entry in more {
            unlink(&mut bench, &format!("shrinking/{}", entry.name)).expect("it is told once");
        }
    }
    assert_eq!(offset, MANY as u64);
    bench.hardware.close(directory);
    rmdir(&mut bench, "shrinking").expect("nothing was hidden");
}

fn an_open_directory_outlives_its_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "outlived").expect("room");
    let directory = open(&mut bench, "outlived", READ).expect("a directory");
    rmdir(&mut bench, "outlived").expect("it is empty");
    assert_eq!(list_open(&mut bench, directory), []);
    assert_eq!(bench.hardware.file_info(directory).map(|info| (info.kind, info.links)), Ok((FileKind::Directory, 0)));
    mkdir(&mut bench, "outlived").expect("the name is free");
    let other = stat(&mut bench, "outlived").map(|info| info.id);
    assert_ne!(bench.hardware.file_info(directory).map(|info| info.id), other);
    bench.hardware.close(directory);
    rmdir(&mut bench, "outlived").expect("it is empty");
}
