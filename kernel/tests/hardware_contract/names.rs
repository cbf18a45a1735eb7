//! Names on the disk: made, renamed, removed, dated.

use crate::bench::{Bench, Direction, SILENCE};
use crate::disk::{READ, ask, list, list_open, make, mkdir, open, open_empty, rename, rmdir, stat, unlink};
use std::collections::BTreeSet;
use std::time::Duration;
use yieldix_kernel::hardware::{Hardware, Question, Told};
use yieldix_syscalls::{Errno, FileKind};

contract! {
    a_directory_is_made_listed_and_removed,
    what_cannot_be_done_to_a_name_is_told_by_name,
    what_is_not_there_is_told_by_name,
    a_rename_replaces_what_it_may_and_nothing_else,
    a_directory_that_has_another_name_has_what_is_in_it,
    a_moment_that_was_set_is_told_and_none_is_now,
    a_question_that_was_given_up_leaves_no_device_and_no_interrupt,
}

fn a_directory_is_made_listed_and_removed<H: Hardware>(mut bench: Bench<H>) {
    assert_eq!(mkdir(&mut bench, "made"), Ok(Told::Done));
    assert_eq!(mkdir(&mut bench, "made/inner"), Ok(Told::Done));
    make(&mut bench, "made/inner.file");
    make(&mut bench, "made/inner/deep");
    let expected = [("inner".into(), FileKind::Directory), ("inner.file".into(), FileKind::Regular)];
    assert_eq!(list(&mut bench, "made"), expected);
    assert_eq!(stat(&mut bench, "made").map(|info| info.kind), Ok(FileKind::Directory));
    assert_eq!(rmdir(&mut bench, "made"), Err(Errno::ENOTEMPTY));
    for (path, is_directory) in [("made/inner/deep", false), ("made/inner", true), ("made/inner.file", false)] {
        let removed = if is_directory { rmdir(&mut bench, path) } else { unlink(&mut bench, path) };
        assert_eq!(removed, Ok(Told::Done), "{path}");
    }
    assert_eq!(list(&mut bench, "made"), []);
    assert_eq!(rmdir(&mut bench, "made"), Ok(Told::Done));
    assert_eq!(stat(&mut bench, "made"), Err(Errno::ENOENT));
    assert_eq!(bench.hardware.stats().disk_devices, 0);
}

fn what_cannot_be_done_to_a_name_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "refusing").expect("room");
    make(&mut bench, "refusing/file");
    let long = format!("refusing/{}", "x".repeat(256));
    assert_eq!(mkdir(&mut bench, "refusing"), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "refusing/file"), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "."), Err(Errno::EEXIST));
    assert_eq!(mkdir(&mut bench, "refusing/file/x"), Err(Errno::ENOTDIR));
    assert_eq!(mkdir(&mut bench, "refusing/none/x"), Err(Errno::ENOENT));
    assert_eq!(mkdir(&mut bench, &long), Err(Errno::ENAMETOOLONG));
    assert_eq!(unlink(&mut bench, "refusing"), Err(Errno::EISDIR));
    assert_eq!(unlink(&mut bench, "."), Err(Errno::EISDIR));
    assert_eq!(unlink(&mut bench, "refusing/none"), Err(Errno::ENOENT));
    assert_eq!(unlink(&mut bench, "refusing/file/x"), Err(Errno::ENOTDIR));
    assert_eq!(unlink(&mut bench, &long), Err(Errno::ENAMETOOLONG));
    assert_eq!(rmdir(&mut bench, "refusing/file"), Err(Errno::ENOTDIR));
    assert_eq!(rmdir(&mut bench, "refusing/none"), Err(Errno::ENOENT));
    assert_eq!(rmdir(&mut bench, "."), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, ".", "other"), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, "refusing", "."), Err(Errno::EBUSY));
    assert_eq!(rename(&mut bench, "refusing/none", "refusing/other"), Err(Errno::ENOENT));
    assert_eq!(rename(&mut bench, "refusing/file", "refusing/none/x"), Err(Errno::ENOENT));
    assert_eq!(rename(&mut bench, "refusing/file", &long), Err(Errno::ENAMETOOLONG));
    let now = |path: &str| Question::SetModified { path: path.into(), moment: None };
    assert_eq!(ask(&mut bench, now("refusing/none")), Err(Errno::ENOENT));
    assert_eq!(ask(&mut bench, now("refusing/file/x")), Err(Errno::ENOTDIR));
    assert_eq!(bench.hardware.ask(1, now("none")), Err(Errno::ENODEV));
    assert_eq!(bench.hardware.stats().disk_devices, 0);
    unlink(&mut bench, "refusing/file").expect("a file");
    rmdir(&mut bench, "refusing").expect("it is empty");
}

fn what_is_not_there_is_told_by_name<H: Hardware>(mut bench: Bench<H>) {
    for (path, expected) in [("nothing", Errno::ENOENT), ("nothing/in it", Errno::ENOENT), ("", Errno::ENOENT)] {
        let file = bench.hardware.open(0, path, READ).expect("an open is begun");
        let opened = bench.until_done(file, Direction::Write, |hardware| hardware.connected(file));
        assert_eq!(opened, Err(expected), "{path}");
        bench.hardware.close(file);
    }
    assert_eq!(bench.hardware.open(1, "nothing", READ), Err(Errno::ENODEV));
}

fn a_rename_replaces_what_it_may_and_nothing_else<H: Hardware>(mut bench: Bench<H>) {
    for path in ["renames", "renames/empty", "renames/full", "renames/full/inner", "renames/moving"] {
        mkdir(&mut bench, path).expect("room");
    }
    let file = open_empty(&mut bench, "renames/file");
    make(&mut bench, "renames/replaced");
    let mut try_rename =
        |from: &str, to: &str| rename(&mut bench, &format!("renames/{from}"), &format!("renames/{to}"));
    assert_eq!(try_rename("file", "empty"), Err(Errno::EISDIR));
    assert_eq!(try_rename("empty", "file"), Err(Errno::ENOTDIR));
    assert_eq!(try_rename("moving", "full"), Err(Errno::ENOTEMPTY));
    assert_eq!(try_rename("full", "full/inner/deeper"), Err(Errno::EINVAL));
    assert_eq!(try_rename("full", "full/inner"), Err(Errno::EINVAL));
    assert_eq!(try_rename("full/inner", "full"), Err(Errno::ENOTEMPTY));
    assert_eq!(try_rename("full", "full"), Ok(Told::Done));
    assert_eq!(try_rename("file", "file"), Ok(Told::Done));
    assert_eq!(try_rename("file", "replaced"), Ok(Told::Done));
    assert_eq!(try_rename("moving", "empty"), Ok(Told::Done));
    let names: Vec<String> = list(&mut bench, "renames").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["empty", "full", "replaced"]);
    let info = stat(&mut bench, "renames/replaced").expect("it is there");
    assert_eq!(bench.hardware.file_info(file).map(|info| info.id), Ok(info.id));
    bench.hardware.close(file);
    unlink(&mut bench, "renames/replaced").expect("a file");
    for path in ["renames/empty", "renames/full/inner", "renames/full", "renames"] {
        rmdir(&mut bench, path).expect(path);
    }
}

fn a_directory_that_has_another_name_has_what_is_in_it<H: Hardware>(mut bench: Bench<H>) {
    for path in ["carrying", "carrying/old", "carrying/old/inner", "carrying/old-not"] {
        mkdir(&mut bench, path).expect("room");
    }
    let file = open_empty(&mut bench, "carrying/old/inner/file");
    let directory = open(&mut bench, "carrying/old", READ).expect("a directory");
    assert_eq!(rename(&mut bench, "carrying/old", "carrying/new"), Ok(Told::Done));
    assert_eq!(stat(&mut bench, "carrying/old/inner/file"), Err(Errno::ENOENT));
    let id = stat(&mut bench, "carrying/new/inner/file").map(|info| info.id);
    assert_eq!(bench.hardware.file_info(file).map(|info| info.id), id);
    assert_eq!(list_open(&mut bench, directory), [("inner".into(), FileKind::Directory)]);
    assert_eq!(stat(&mut bench, "carrying/old-not").map(|info| info.kind), Ok(FileKind::Directory));
    bench.hardware.close(directory);
    bench.hardware.close(file);
    unlink(&mut bench, "carrying/new/inner/file").expect("a file");
    for path in ["carrying/new/inner", "carrying/new", "carrying/old-not", "carrying"] {
        rmdir(&mut bench, path).expect(path);
    }
}

fn a_moment_that_was_set_is_told_and_none_is_now<H: Hardware>(mut bench: Bench<H>) {
    mkdir(&mut bench, "dated").expect("room");
    make(&mut bench, "dated/file");
    for path in ["dated", "dated/file"] {
        let before = stat(&mut bench, path).expect("it is there").modified;
        let set = |moment| Question::SetModified { path: path.into(), moment };
        for moment in [Duration::ZERO, Duration::new(1_000_000_000, 123_456_789)] {
            assert_eq!(ask(&mut bench, set(Some(moment))), Ok(Told::Done));
            assert_eq!(stat(&mut bench, path).map(|info| info.modified), Ok(moment), "{path}");
        }
        assert_eq!(ask(&mut bench, set(Some(Duration::ZERO))), Ok(Told::Done));
        assert_eq!(ask(&mut bench, set(None)), Ok(Told::Done));
        assert!(stat(&mut bench, path).expect("it is there").modified >= before, "{path}");
    }
    unlink(&mut bench, "dated/file").expect("a file");
    rmdir(&mut bench, "dated").expect("it is empty");
}

fn a_question_that_was_given_up_leaves_no_device_and_no_interrupt<H: Hardware>(mut bench: Bench<H>) {
    for _ in 0..16 {
        bench.ready.clear();
        let asked = bench.hardware.ask(0, Question::Mkdir("abandoned".into())).expect("it is asked");
        assert_eq!(bench.hardware.file_info(asked), Err(Errno::EINVAL));
        assert_eq!(bench.hardware.connected(asked), Err(Errno::EINVAL));
        bench.hardware.close(asked);
        assert_eq!(bench.hardware.told(asked), Err(Errno::EBADF));
        assert_eq!(bench.hardware.stats().disk_devices, 0);
        bench.pass(SILENCE);
        assert_eq!(bench.ready, BTreeSet::new());
        // It may have taken place, or not.
        let removed = rmdir(&mut bench, "abandoned");
        assert!([Ok(Told::Done), Err(Errno::ENOENT)].contains(&removed), "{removed:?}");
    }
}
