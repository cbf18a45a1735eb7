//! Watches of files, and what they tell.

use crate::bench::{Bench, Direction, SILENCE};
use crate::disk::{make, mkdir, open_empty, rename, rmdir, unlink, write_at};
use yieldix_kernel::hardware::{Device, Hardware};
use yieldix_syscalls::Errno;

contract! {
    a_watch_interrupts_when_its_file_is_written,
    a_watch_whose_directory_is_gone_says_so_and_fails,
    a_watch_goes_with_its_directory_below_another_name,
}

fn a_watch_interrupts_when_its_file_is_written<H: Hardware>(mut bench: Bench<H>) {
    let file = open_empty(&mut bench, "watched");
    let watch = bench.hardware.watch(0, "watched").expect("a watch is begun");
    bench.until_done(watch, Direction::Write, |hardware| hardware.connected(watch)).expect("it has begun");
    assert_eq!(bench.hardware.try_read(watch, 64).map(drop), Err(Errno::EAGAIN));
    for ticket in 1..4 {
        write_at(&mut bench, file, ticket, 0, "x");
        let told = bench.until_done(watch, Direction::Read, |hardware| hardware.try_read(watch, 64)).expect("news");
        assert_eq!(&*told.data, b"modified\n");
        assert_eq!(bench.hardware.is_readable(watch), Ok(false));
    }
    assert_eq!(bench.hardware.try_write(watch, b"x"), Err(Errno::EBADF));
    bench.hardware.close(watch);
    bench.ready.clear();
    write_at(&mut bench, file, 4, 0, "x");
    bench.pass(SILENCE);
    assert!(!bench.ready.contains(&(watch, Direction::Read)));
}

/// A directory with a file in it that is watched.
fn watch_in<H: Hardware>(bench: &mut Bench<H>, directory: &str) -> Device {
    mkdir(bench, directory).expect("room");
    make(bench, &format!("{directory}/watched"));
    let watch = bench.hardware.watch(0, &format!("{directory}/watched")).expect("a watch is begun");
    bench.until_done(watch, Direction::Write, |hardware| hardware.connected(watch)).expect("it has begun");
    watch
}

fn news<H: Hardware>(bench: &mut Bench<H>, watch: Device) -> Result<String, Errno> {
    let told = bench.until_done(watch, Direction::Read, |hardware| hardware.try_read(watch, 64))?;
    Ok(String::from_utf8(told.data.to_vec()).expect("words"))
}

fn a_watch_whose_directory_is_gone_says_so_and_fails<H: Hardware>(mut bench: Bench<H>) {
    let renamed = watch_in(&mut bench, "left");
    rename(&mut bench, "left", "left behind").expect("nothing is there");
    assert_eq!(news(&mut bench, renamed).as_deref(), Ok("moved\n"));
    let removed = watch_in(&mut bench, "emptied");
    unlink(&mut bench, "emptied/watched").expect("a file");
    assert_eq!(news(&mut bench, removed).as_deref(), Ok("removed\n"));
    rmdir(&mut bench, "emptied").expect("it is empty");
    assert_eq!(news(&mut bench, removed).as_deref(), Ok("moved\n"));
    for watch in [renamed, removed] {
        for _ in 0..2 {
            assert_eq!(news(&mut bench, watch), Err(Errno::ENOENT));
            assert_eq!(bench.hardware.is_readable(watch), Ok(true));
        }
        bench.hardware.close(watch);
    }
    unlink(&mut bench, "left behind/watched").expect("a file");
    rmdir(&mut bench, "left behind").expect("it is empty");
}

fn a_watch_goes_with_its_directory_below_another_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "outer").expect("room");
    let watch = watch_in(&mut bench, "outer/inner");
    rename(&mut bench, "outer", "other outer").expect("nothing is there");
    assert_eq!(bench.hardware.is_readable(watch), Ok(false));
    unlink(&mut bench, "other outer/inner/watched").expect("a file");
    assert_eq!(news(&mut bench, watch).as_deref(), Ok("removed\n"));
    bench.hardware.close(watch);
    rmdir(&mut bench, "other outer/inner").expect("it is empty");
    rmdir(&mut bench, "other outer").expect("it is empty");
}
