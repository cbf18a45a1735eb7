//! Tests of directories and of names in them, in the working directory: in memory, and in a folder that is
//! mounted.

use super::{Test, files::*, scratch::*, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_directory_is_made_listed_and_removed,
    a_directory_with_entries_stays,
    a_file_is_removed_and_who_has_it_open_keeps_it,
    a_file_is_no_directory,
    a_directory_below_another_is_reached_by_every_path,
    what_is_renamed_is_found_by_its_new_name_only,
    a_rename_takes_the_place_of_a_file,
    a_rename_takes_the_place_of_an_empty_directory_only,
    a_directory_does_not_go_into_itself,
    dots_are_no_entries,
    a_listing_begins_anew,
    a_listing_tells_once_what_stays,
    many_entries_are_all_listed,
    many_files_are_made_and_removed,
    several_tasks_make_and_remove_files_of_their_own,
    several_tasks_write_several_files,
    several_tasks_write_one_file_through_one_descriptor,
    tasks_that_make_and_remove_the_same_name_do_not_break_it,
    a_long_file_is_written_in_pieces_and_read_in_others,
    a_long_name_is_a_name_of_its_own,
    a_directory_that_is_removed_leads_nowhere,
    a_child_works_where_its_parent_does,
    the_time_of_a_change_is_set,
    a_removed_name_is_told_to_who_watches,
    what_was_written_is_synced,
];

const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;

/// Makes a file of these bytes.
fn make(path: impl Into<Box<str>>, bytes: impl Into<Buf>) -> impl Routine<Result<(), Errno>> {
    let (path, bytes) = (path.into(), bytes.into());
    routine!(move {
        let fd = trap!(yield open(path, WRITE | NEW))?;
        call!(write_all(fd, bytes))?;
        trap!(yield close(fd))
    })
}

/// The bytes of a file.
fn bytes_of(path: impl Into<Box<str>>) -> impl Routine<Result<Vec<u8>, Errno>> {
    let path = path.into();
    routine!(move {
        let fd = trap!(yield open(path, READ))?;
        let bytes = call!(read_all(fd))?;
        trap!(yield close(fd))?;
        Ok(bytes)
    })
}

/// Ends these tasks' waits well, or not at all.
fn all_exit_well(tasks: Vec<Tid>) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        for task in tasks {
            assert_eq!(trap!(yield wait(task))?, ExitStatus::Exited(0), "{task}");
        }
        Ok(())
    })
}

fn a_directory_is_made_listed_and_removed() -> Task {
    task!({
        trap!(yield mkdir("d"))?;
        assert_eq!(trap!(yield mkdir("d")), Err(Errno::EEXIST));
        assert_eq!(trap!(yield stat("d"))?.kind, FileKind::Directory);
        assert_eq!(trap!(yield lstat("d"))?.kind, FileKind::Directory);
        call!(make("f", "x"))?;
        let entry = |name: &str, kind| DirEntry { name: name.into(), kind };
        assert_eq!(call!(entries("."))?, [entry("d", FileKind::Directory), entry("f", FileKind::Regular)]);
        assert_eq!(call!(entries("d/"))?, []);
        trap!(yield rmdir("d"))?;
        assert_eq!(trap!(yield rmdir("d")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield stat("d")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield mkdir("d/e")), Err(Errno::ENOENT));
        assert_eq!(call!(names("."))?, ["f"]);
        Ok(())
    })
}

fn a_directory_with_entries_stays() -> Task {
    task!({
        trap!(yield mkdir("d"))?;
        call!(make("d/f", ""))?;
        assert_eq!(trap!(yield rmdir("d")), Err(Errno::ENOTEMPTY));
        assert_eq!(trap!(yield unlink("d")), Err(Errno::EISDIR));
        trap!(yield unlink("d/f"))?;
        trap!(yield rmdir("d"))
    })
}

fn a_file_is_removed_and_who_has_it_open_keeps_it() -> Task {
    task!({
        let fd = trap!(yield open("f", READ | WRITE | NEW))?;
        call!(write_all(fd, "hello"))?;
        trap!(yield unlink("f"))?;
        assert_eq!(trap!(yield unlink("f")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield open("f", READ)), Err(Errno::ENOENT));
        call!(make("f", "another"))?;
        assert_eq!(call!(contents(fd))?, b"hello");
        call!(write_all(fd, " again"))?;
        assert_eq!(call!(contents(fd))?, b"hello again");
        assert_eq!(call!(bytes_of("f"))?, b"another");
        assert_ne!(trap!(yield fstat(fd))?.id, trap!(yield stat("f"))?.id);
        trap!(yield close(fd))
    })
}

fn a_file_is_no_directory() -> Task {
    task!({
        call!(make("f", "x"))?;
        for path in ["f/x", "f/x/y"] {
            assert_eq!(trap!(yield open(path, READ)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield open(path, WRITE | OpenFlags::CREATE)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield mkdir(path)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield unlink(path)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield rmdir(path)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield rename(path, "g")), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield rename("f", path)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield chdir(path)), Err(Errno::ENOTDIR), "{path}");
        }
        assert_eq!(trap!(yield rmdir("f")), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield chdir("f")), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield mkdir("f")), Err(Errno::EEXIST));
        let fd = trap!(yield open("f", READ))?;
        assert_eq!(trap!(yield readdir(fd)), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield readdir(Fd::STDOUT)), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield readdir(Fd::new(500, 1))), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_directory_below_another_is_reached_by_every_path() -> Task {
    task!({
        let here = trap!(yield getcwd())?;
        trap!(yield mkdir("dd"))?;
        call!(make("dd/ff", "ff"))?;
        trap!(yield mkdir("/../dd/dd".replace("/..", &here)))?;
        call!(make("dd/dd/ff", "FF"))?;
        assert_eq!(call!(bytes_of("dd/dd/../ff"))?, b"ff");
        trap!(yield chdir("dd"))?;
        trap!(yield chdir("dd/../../dd"))?;
        trap!(yield chdir("./dd"))?;
        assert_eq!(trap!(yield getcwd())?, format!("{here}/dd/dd"));
        assert_eq!(call!(bytes_of("ff"))?, b"FF");
        assert_eq!(call!(bytes_of("../ff"))?, b"ff");
        trap!(yield unlink("../dd/ff"))?;
        assert_eq!(trap!(yield unlink("ff")), Err(Errno::ENOENT));
        trap!(yield chdir(here))?;
        assert_eq!(trap!(yield rmdir("dd")), Err(Errno::ENOTEMPTY));
        trap!(yield rmdir("dd/dd"))?;
        assert_eq!(call!(names("dd"))?, ["ff"]);
        Ok(())
    })
}

fn what_is_renamed_is_found_by_its_new_name_only() -> Task {
    task!({
        call!(make("a", "text"))?;
        trap!(yield mkdir("d"))?;
        let id = trap!(yield stat("a"))?.id;
        trap!(yield rename("a", "d/b"))?;
        assert_eq!(trap!(yield stat("a")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield stat("d/b"))?.id, id);
        trap!(yield rename("d", "e"))?;
        assert_eq!(call!(bytes_of("e/b"))?, b"text");
        assert_eq!(call!(names("."))?, ["e"]);
        trap!(yield rename("e/b", "e/b"))?;
        assert_eq!(trap!(yield rename("none", "e/b")), Err(Errno::ENOENT));
        assert_eq!(trap!(yield rename("e/b", "none/b")), Err(Errno::ENOENT));
        assert_eq!(call!(bytes_of("e/b"))?, b"text");
        Ok(())
    })
}

fn a_rename_takes_the_place_of_a_file() -> Task {
    task!({
        call!(make("a", "new"))?;
        call!(make("b", "the old one"))?;
        let old = trap!(yield open("b", READ))?;
        trap!(yield rename("a", "b"))?;
        assert_eq!(call!(bytes_of("b"))?, b"new");
        assert_eq!(call!(read_all(old))?, b"the old one");
        assert_eq!(call!(names("."))?, ["b"]);
        Ok(())
    })
}

fn a_rename_takes_the_place_of_an_empty_directory_only() -> Task {
    task!({
        for directory in ["moved", "empty", "full"] {
            trap!(yield mkdir(directory))?;
        }
        call!(make("moved/f", "f"))?;
        call!(make("full/f", "g"))?;
        call!(make("file", "h"))?;
        assert_eq!(trap!(yield rename("moved", "full")), Err(Errno::ENOTEMPTY));
        assert_eq!(trap!(yield rename("moved", "file")), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield rename("file", "empty")), Err(Errno::EISDIR));
        trap!(yield rename("moved", "empty"))?;
        assert_eq!(call!(names("."))?, ["empty", "file", "full"]);
        assert_eq!(call!(bytes_of("empty/f"))?, b"f");
        Ok(())
    })
}

fn a_directory_does_not_go_into_itself() -> Task {
    task!({
        trap!(yield mkdir("d"))?;
        trap!(yield mkdir("d/e"))?;
        assert_eq!(trap!(yield rename("d", "d/f")), Err(Errno::EINVAL));
        assert_eq!(trap!(yield rename("d", "d/e/f")), Err(Errno::EINVAL));
        assert_eq!(trap!(yield rename("d/e", "d")), Err(Errno::ENOTEMPTY));
        assert_eq!(call!(names("d"))?, ["e"]);
        trap!(yield rename("d/e", "de"))
    })
}

fn dots_are_no_entries() -> Task {
    task!({
        trap!(yield mkdir("d"))?;
        trap!(yield chdir("d"))?;
        assert_eq!(call!(names("."))?, [""; 0]);
        assert_eq!(trap!(yield mkdir(".")), Err(Errno::EEXIST));
        assert_eq!(trap!(yield mkdir("..")), Err(Errno::EEXIST));
        assert_eq!(trap!(yield unlink(".")), Err(Errno::EISDIR));
        assert_eq!(trap!(yield rmdir("..")), Err(Errno::ENOTEMPTY));
        call!(make("..f", ""))?;
        call!(make("...", ""))?;
        assert_eq!(call!(names("../d/"))?, ["...", "..f"]);
        Ok(())
    })
}

fn a_listing_begins_anew() -> Task {
    task!({
        for name in ["a", "b", "c"] {
            call!(make(name, ""))?;
        }
        let fd = trap!(yield open(".", READ))?;
        let copy = trap!(yield dup(fd))?;
        let first = call!(entries_of(fd))?;
        assert_eq!(first.len(), 3);
        assert_eq!(trap!(yield readdir(copy))?, [], "who shares the directory shares the place");
        for nowhere in [SeekFrom::Start(1), SeekFrom::End(1)] {
            assert_eq!(trap!(yield seek(fd, nowhere)), Err(Errno::EINVAL));
        }
        call!(make("d", ""))?;
        assert_eq!(trap!(yield seek(copy, SeekFrom::Start(0))), Ok(0));
        assert_eq!(call!(entries_of(fd))?.len(), 4);
        Ok(())
    })
}

fn a_listing_tells_once_what_stays() -> Task {
    const FILES: u32 = 3000;
    task!({
        for number in 0..FILES {
            call!(make(format!("stays-{number}"), ""))?;
        }
        let fd = trap!(yield open(".", READ))?;
        let mut told = Vec::new();
        for round in 0.. {
            let more = trap!(yield readdir(fd))?;
            if more.is_empty() {
                break;
            }
            told.extend(more.into_iter().map(|entry| entry.name).filter(|name| name.starts_with("stays")));
            call!(make(format!("a-new-{round}"), ""))?;
            call!(make(format!("z-new-{round}"), ""))?;
        }
        told.sort();
        let before = told.len();
        told.dedup();
        assert_eq!((before, told.len()), (FILES as usize, FILES as usize));
        Ok(())
    })
}

fn many_entries_are_all_listed() -> Task {
    const FILES: u32 = 2500;
    task!({
        trap!(yield mkdir("d"))?;
        for number in 0..FILES {
            call!(make(format!("d/{number:04}"), ""))?;
        }
        let all = call!(names("d"))?;
        assert!(all.iter().map(String::as_str).eq((0..FILES).map(|number| format!("{number:04}")).collect::<Vec<_>>()));
        for number in 0..FILES {
            trap!(yield unlink(format!("d/{number:04}")))?;
        }
        assert_eq!(call!(names("d"))?, [""; 0]);
        trap!(yield rmdir("d"))
    })
}

fn many_files_are_made_and_removed() -> Task {
    task!({
        for round in 0..100 {
            let fd = trap!(yield open("f", WRITE | NEW))?;
            call!(write_all(fd, "x".repeat(round)))?;
            trap!(yield unlink("f"))?;
            trap!(yield close(fd))?;
            trap!(yield mkdir("f"))?;
            trap!(yield rmdir("f"))?;
        }
        assert_eq!(call!(names("."))?, [""; 0]);
        Ok(())
    })
}

fn several_tasks_make_and_remove_files_of_their_own() -> Task {
    const TASKS: u32 = 4;
    const FILES: u32 = 20;
    task!({
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            tasks.push(trap!(
                yield spawn(task!({
                    for number in 0..FILES {
                        let name = format!("{task}-{number}");
                        call!(make(name.clone(), name.clone()))?;
                        if number % 2 == 0 {
                            trap!(yield unlink(name))?;
                        }
                    }
                    Ok(())
                }))
            )?);
        }
        call!(all_exit_well(tasks))?;
        let left = call!(names("."))?;
        assert_eq!(left.len() as u32, TASKS * FILES / 2);
        for name in left {
            assert_eq!(call!(bytes_of(name.clone()))?, name.as_bytes());
        }
        Ok(())
    })
}

fn several_tasks_write_several_files() -> Task {
    const TASKS: u8 = 4;
    task!({
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            tasks.push(trap!(
                yield spawn(task!({
                    let fd = trap!(yield open(format!("{task}"), WRITE | NEW))?;
                    for _ in 0..12 {
                        call!(write_all(fd, vec![b'0' + task; 500]))?;
                        trap!(yield yield_now())?;
                    }
                    Ok(())
                }))
            )?);
        }
        call!(all_exit_well(tasks))?;
        for task in 0..TASKS {
            assert_eq!(call!(bytes_of(format!("{task}")))?, vec![b'0' + task; 6000]);
        }
        Ok(())
    })
}

fn several_tasks_write_one_file_through_one_descriptor() -> Task {
    const TASKS: u8 = 3;
    const WRITES: usize = 100;
    task!({
        let (fd, _) = call!(fresh_file())?;
        let mut tasks = Vec::new();
        for task in 0..TASKS {
            let writer = task!({
                for _ in 0..WRITES {
                    call!(write_all(fd, vec![b'a' + task; 10]))?;
                    trap!(yield yield_now())?;
                }
                Ok(())
            });
            tasks.push(trap!(yield spawn(writer).share(fd))?);
        }
        call!(all_exit_well(tasks))?;
        let bytes = call!(contents(fd))?;
        for task in 0..TASKS {
            let count = bytes.iter().filter(|&&byte| byte == b'a' + task).count();
            assert_eq!(count, WRITES * 10, "nothing is lost and nothing doubled");
        }
        Ok(())
    })
}

fn tasks_that_make_and_remove_the_same_name_do_not_break_it() -> Task {
    task!({
        let mut tasks = Vec::new();
        for number in 0..6 {
            tasks.push(trap!(
                yield spawn(task!({
                    for _ in 0..30 {
                        let done = match number % 3 {
                            0 => trap!(yield open("same", WRITE | OpenFlags::CREATE)).map(drop),
                            1 => trap!(yield unlink("same")),
                            _ => trap!(yield rename("same", format!("other-{number}"))),
                        };
                        assert!(matches!(done, Ok(()) | Err(Errno::ENOENT)), "{done:?}");
                        trap!(yield yield_now())?;
                    }
                    Ok(())
                }))
            )?);
        }
        call!(all_exit_well(tasks))?;
        for name in call!(names("."))? {
            trap!(yield unlink(name))?;
        }
        Ok(())
    })
}

fn a_long_file_is_written_in_pieces_and_read_in_others() -> Task {
    const PIECE: usize = 6_007;
    task!({
        let (fd, _) = call!(fresh_file())?;
        for number in 0..40u8 {
            call!(write_all(fd, vec![number; PIECE]))?;
        }
        trap!(yield seek(fd, SeekFrom::Start(0)))?;
        let mut at = 0;
        loop {
            let data = trap!(yield read(fd, 4_001))?;
            if data.is_empty() {
                break;
            }
            assert!((at..).zip(&*data).all(|(place, &byte)| usize::from(byte) == place / PIECE));
            at += data.len();
        }
        assert_eq!(at, 40 * PIECE);
        Ok(())
    })
}

fn a_long_name_is_a_name_of_its_own() -> Task {
    task!({
        let (long, longer) = ("x".repeat(254), "x".repeat(255));
        call!(make(long.clone(), "long"))?;
        assert_eq!(trap!(yield stat(longer.clone())), Err(Errno::ENOENT));
        call!(make(longer.clone(), "longer"))?;
        assert_eq!(call!(bytes_of(long))?, b"long");
        assert_eq!(call!(bytes_of(longer.clone()))?, b"longer");
        assert_eq!(trap!(yield stat(longer + "x")), Err(Errno::ENAMETOOLONG));
        Ok(())
    })
}

fn a_directory_that_is_removed_leads_nowhere() -> Task {
    task!({
        let here = trap!(yield getcwd())?;
        trap!(yield mkdir("d"))?;
        let fd = trap!(yield open("d", READ))?;
        trap!(yield chdir("d"))?;
        trap!(yield rmdir("../d"))?;
        assert_eq!(trap!(yield getcwd())?, format!("{here}/d"), "it is kept as its path");
        assert_eq!(trap!(yield open("f", WRITE | NEW)), Err(Errno::ENOENT));
        assert_eq!(trap!(yield readdir(fd))?, []);
        trap!(yield mkdir("."))?;
        call!(make("f", "x"))?;
        assert_eq!(call!(names("."))?, ["f"]);
        Ok(())
    })
}

fn a_child_works_where_its_parent_does() -> Task {
    task!({
        let here = trap!(yield getcwd())?;
        trap!(yield mkdir("d"))?;
        let child = task!({
            call!(make("of-the-child", ""))?;
            trap!(yield chdir("d"))?;
            call!(make("below", ""))
        });
        let child = trap!(yield spawn(child))?;
        call!(all_exit_well(vec![child]))?;
        assert_eq!(trap!(yield getcwd())?, here);
        assert_eq!(call!(names("."))?, ["d", "of-the-child"]);
        assert_eq!(call!(names("d"))?, ["below"]);
        Ok(())
    })
}

fn the_time_of_a_change_is_set() -> Task {
    task!({
        call!(make("f", "x"))?;
        let moment = Duration::from_secs(1_000_000_000);
        trap!(yield set_modified("f", moment))?;
        assert_eq!(trap!(yield stat("f"))?.modified, moment);
        assert_eq!(trap!(yield set_modified("none", moment)), Err(Errno::ENOENT));
        trap!(yield set_modified("f", Duration::MAX))?;
        let (now, told) = (trap!(yield sysinfo())?.wall_clock, trap!(yield stat("f"))?.modified);
        assert!(now.abs_diff(told) < Duration::from_secs(60), "{told:?} is not now, which is {now:?}");
        Ok(())
    })
}

fn a_removed_name_is_told_to_who_watches() -> Task {
    task!({
        call!(make("f", "x"))?;
        let watched = trap!(yield watch("f"))?;
        trap!(yield rename("f", "g"))?;
        call!(until_told(watched, "moved"))?;
        call!(make("f", "y"))?;
        call!(until_told(watched, "created"))?;
        trap!(yield unlink("f"))?;
        call!(until_told(watched, "removed"))?;
        call!(make("h", "z"))?;
        trap!(yield rename("h", "f"))?;
        call!(until_told(watched, "created"))
    })
}

fn what_was_written_is_synced() -> Task {
    task!({
        let (fd, _) = call!(fresh_file())?;
        call!(write_all(fd, "x"))?;
        trap!(yield sync(fd))?;
        let directory = trap!(yield open(".", READ))?;
        trap!(yield sync(directory))
    })
}
