//! Names in mounted folders: what tasks do to them, the same on the host and on a simulated disk.
#![cfg(unix)]
#![feature(coroutines, coroutine_trait)]

mod common;

use common::{SEED, boot, run};
use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use yieldix::{
    Console, Ended, Faults, MemoryConsole, MemoryFolder,
    syscalls::{calls::*, *},
};

/// A folder of the host, removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// With a file, a directory that has one, an empty directory, and links: one inside, one out.
    fn new() -> Scratch {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("yieldix-folders-{}-{number}", std::process::id()));
        let scratch = Scratch(path);
        let fill = || -> io::Result<()> {
            fs::create_dir_all(scratch.0.join("inside/dir"))?;
            fs::create_dir(scratch.0.join("inside/empty"))?;
            fs::create_dir(scratch.0.join("outside"))?;
            fs::write(scratch.0.join("outside/secret"), "outside")?;
            fs::write(scratch.0.join("inside/file"), "text")?;
            fs::write(scratch.0.join("inside/dir/inner"), "")?;
            symlink("../outside", scratch.0.join("inside/out"))
        };
        fill().unwrap();
        scratch
    }

    fn inside(&self) -> PathBuf {
        self.0.join("inside")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that has failed may have left anything.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// All names below a folder, and the bytes of files.
fn all_below(path: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        let info = fs::symlink_metadata(&entry).unwrap();
        if info.is_dir() {
            found.extend(all_below(&entry));
        }
        found.insert(entry.clone(), info.is_file().then(|| fs::read(&entry).unwrap()));
    }
    found
}

/// Runs a task on the host and in a simulated world, each with a folder at `/f`, the same to be read only at
/// `/ro`, and another at `/g`. Nothing outside the first two is changed by it.
fn on_both(test: fn() -> Task) {
    let (scratch, other) = (Scratch::new(), Scratch::new());
    let before = (all_below(&scratch.0.join("outside")), all_below(&other.0));
    let copies = [&scratch, &other].map(|scratch| MemoryFolder::copy_of(&scratch.inside()).unwrap());
    let [copy, other_copy] = copies;
    let simulated = common::machine().mount(copy.clone(), "/f", false).mount(copy, "/ro", true);
    let host =
        common::machine().mount(scratch.inside().as_path(), "/f", false).mount(scratch.inside().as_path(), "/ro", true);
    for (name, machine) in [
        ("simulated", simulated.mount(other_copy, "/g", false).simulate(SEED)),
        ("host", host.mount(other.inside().as_path(), "/g", false)),
    ] {
        let console = MemoryConsole::new();
        let code = machine.console(Console::Memory(console.clone())).task(test()).boot().unwrap().code();
        assert_eq!(code, 0, "{name}: {}", String::from_utf8_lossy(&console.stderr()));
    }
    assert_eq!((all_below(&scratch.0.join("outside")), all_below(&other.0)), before);
}

const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;
const CREATE: OpenFlags = OpenFlags::CREATE;

/// The names in a directory, in order, with what they are.
fn list(path: impl Into<String>) -> impl Routine<Result<Vec<(String, FileKind)>, Errno>> {
    let path = path.into();
    routine!(move {
        let directory = trap!(yield open(path, READ))?;
        let names = call!(list_open(directory))?;
        trap!(yield close(directory))?;
        Ok(names)
    })
}

fn list_open(directory: Fd) -> impl Routine<Result<Vec<(String, FileKind)>, Errno>> {
    routine!(move {
        let mut names = Vec::new();
        loop {
            let more = trap!(yield readdir(directory))?;
            if more.is_empty() {
                break;
            }
            names.extend(more.into_iter().map(|entry| (entry.name.into_string(), entry.kind)));
        }
        names.sort_by(|one: &(String, _), other| one.0.cmp(&other.0));
        Ok(names)
    })
}

fn make(path: impl Into<String>) -> impl Routine<Result<(), Errno>> {
    let path = path.into();
    routine!(move {
        let file = trap!(yield open(path, WRITE | OpenFlags::CREATE_NEW))?;
        trap!(yield close(file))
    })
}

#[test]
fn directories_are_made_listed_renamed_and_removed() {
    on_both(|| {
        task!({
            trap!(yield mkdir("/f/new"))?;
            trap!(yield mkdir("/f/new/inner"))?;
            call!(make("/f/new/file"))?;
            let expected = [("file".into(), FileKind::Regular), ("inner".into(), FileKind::Directory)];
            assert_eq!(call!(list("/f/new"))?, expected);
            trap!(yield rename("/f/new", "/f/empty"))?;
            assert_eq!(call!(list("/f/empty"))?, expected);
            assert_eq!(trap!(yield stat("/f/new")), Err(Errno::ENOENT));
            trap!(yield unlink("/f/empty/file"))?;
            trap!(yield rmdir("/f/empty/inner"))?;
            trap!(yield rmdir("/f/empty"))?;
            let names: Vec<_> = call!(list("/f"))?.into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["dir", "file", "out"]);
            Ok(())
        })
    });
}

#[test]
fn nothing_is_changed_by_way_of_a_mount_that_is_read_only() {
    on_both(|| {
        task!({
            let before = (call!(list("/f"))?, call!(list("/f/dir"))?, trap!(yield stat("/f/file"))?);
            assert_eq!(trap!(yield mkdir("/ro/new")), Err(Errno::EROFS));
            assert_eq!(trap!(yield unlink("/ro/file")), Err(Errno::EROFS));
            assert_eq!(trap!(yield rmdir("/ro/empty")), Err(Errno::EROFS));
            assert_eq!(trap!(yield rename("/ro/file", "/ro/new")), Err(Errno::EROFS));
            assert_eq!(trap!(yield set_modified("/ro/file", Duration::ZERO)), Err(Errno::EROFS));
            for flags in [WRITE, OpenFlags::APPEND, WRITE | OpenFlags::TRUNCATE, READ | WRITE] {
                assert_eq!(trap!(yield open("/ro/file", flags)), Err(Errno::EROFS), "{flags:?}");
            }
            assert_eq!(trap!(yield open("/ro/new", WRITE | CREATE)), Err(Errno::EROFS));
            assert_eq!((call!(list("/ro"))?, call!(list("/ro/dir"))?, trap!(yield stat("/ro/file"))?), before);
            assert_eq!(trap!(yield lstat("/ro/out"))?.kind, FileKind::Link);
            let file = trap!(yield open("/ro/file", READ))?;
            assert_eq!(&*trap!(yield read(file, 9))?, b"text");
            Ok(())
        })
    });
}

#[test]
fn a_rename_stays_within_its_mount() {
    on_both(|| {
        task!({
            for (from, to) in [
                ("/f/file", "/g/new"),
                ("/f/dir", "/g/new"),
                ("/f/file", "/ro/new"),
                ("/ro/file", "/f/new"),
                ("/f/none", "/g/new"),
                ("/f/file", "/new"),
                ("/f/file", "/dev/new"),
            ] {
                assert_eq!(trap!(yield rename(from, to)), Err(Errno::EXDEV), "{from} {to}");
            }
            assert_eq!(trap!(yield stat("/f/file"))?.size, 4);
            Ok(())
        })
    });
}

#[test]
fn what_is_mounted_is_busy() {
    on_both(|| {
        task!({
            assert_eq!(trap!(yield rmdir("/f")), Err(Errno::EBUSY));
            assert_eq!(trap!(yield rename("/f", "/h")), Err(Errno::EBUSY));
            assert_eq!(trap!(yield rename("/f/empty", "/g")), Err(Errno::EBUSY));
            assert_eq!(trap!(yield unlink("/f")), Err(Errno::EISDIR));
            assert_eq!(trap!(yield mkdir("/f")), Err(Errno::EEXIST));
            assert_eq!(trap!(yield stat("/f"))?.kind, FileKind::Directory);
            Ok(())
        })
    });
}

#[test]
fn what_is_not_empty_stays() {
    on_both(|| {
        task!({
            assert_eq!(trap!(yield rmdir("/f/dir")), Err(Errno::ENOTEMPTY));
            assert_eq!(trap!(yield rename("/f/empty", "/f/dir")), Err(Errno::ENOTEMPTY));
            assert_eq!(trap!(yield rename("/f/dir", "/f/dir/inner")), Err(Errno::EINVAL));
            assert_eq!(trap!(yield rename("/f/dir", "/f/dir/new/deep")), Err(Errno::ENOENT));
            assert_eq!(trap!(yield rename("/f/dir/inner", "/f/dir")), Err(Errno::ENOTEMPTY));
            assert_eq!(trap!(yield rename("/f/file", "/f/empty")), Err(Errno::EISDIR));
            assert_eq!(trap!(yield rename("/f/empty", "/f/file")), Err(Errno::ENOTDIR));
            assert_eq!(trap!(yield rmdir("/f/file")), Err(Errno::ENOTDIR));
            assert_eq!(trap!(yield unlink("/f/dir")), Err(Errno::EISDIR));
            assert_eq!(call!(list("/f/dir"))?, [("inner".into(), FileKind::Regular)]);
            Ok(())
        })
    });
}

#[test]
fn names_that_are_too_long_are_refused_by_every_call() {
    on_both(|| {
        task!({
            let name = format!("/f/{}", "x".repeat(256));
            let path = format!("/f/{}", "x/".repeat(2048));
            for long in [name, path] {
                let errno = Err(Errno::ENAMETOOLONG);
                assert_eq!(trap!(yield mkdir(long.clone())), errno);
                assert_eq!(trap!(yield unlink(long.clone())), errno);
                assert_eq!(trap!(yield rmdir(long.clone())), errno);
                assert_eq!(trap!(yield rename("/f/file", long.clone())), errno);
                assert_eq!(trap!(yield rename(long.clone(), "/f/new")), errno);
                assert_eq!(trap!(yield set_modified(long.clone(), Duration::ZERO)), errno);
                assert_eq!(trap!(yield stat(long.clone())).map(drop), errno);
                assert_eq!(trap!(yield lstat(long.clone())).map(drop), errno);
                assert_eq!(trap!(yield open(long.clone(), WRITE | CREATE)).map(drop), errno);
            }
            call!(make(format!("/f/{}", "x".repeat(255))))
        })
    });
}

#[test]
fn a_link_that_leads_out_is_seen_and_removed_and_nothing_more() {
    on_both(|| {
        task!({
            let out = Err(Errno::EACCES);
            assert_eq!(trap!(yield stat("/f/out")).map(drop), out);
            assert_eq!(trap!(yield open("/f/out", READ)).map(drop), out);
            assert_eq!(trap!(yield set_modified("/f/out", Duration::ZERO)), out);
            assert_eq!(trap!(yield stat("/f/out/secret")).map(drop), out);
            assert_eq!(trap!(yield open("/f/out/secret", READ)).map(drop), out);
            assert_eq!(trap!(yield open("/f/out/new", WRITE | CREATE)).map(drop), out);
            assert_eq!(trap!(yield mkdir("/f/out/new")), out);
            assert_eq!(trap!(yield unlink("/f/out/secret")), out);
            assert_eq!(trap!(yield rmdir("/f/out/secret")), out);
            assert_eq!(trap!(yield rename("/f/out/secret", "/f/stolen")), out);
            assert_eq!(trap!(yield rename("/f/file", "/f/out/planted")), out);
            assert_eq!(trap!(yield lstat("/f/out"))?.kind, FileKind::Link);
            assert!(call!(list("/f"))?.contains(&("out".into(), FileKind::Link)));
            assert_eq!(trap!(yield mkdir("/f/out")), Err(Errno::EEXIST));
            assert_eq!(trap!(yield rmdir("/f/out")), Err(Errno::ENOTDIR));
            trap!(yield rename("/f/out", "/f/other"))?;
            trap!(yield unlink("/f/other"))?;
            assert_eq!(trap!(yield lstat("/f/other")).map(drop), Err(Errno::ENOENT));
            Ok(())
        })
    });
}

#[test]
fn a_long_directory_is_listed_in_pieces_and_can_be_emptied_meanwhile() {
    /// More than one call gives.
    const MANY: usize = 2_500;
    on_both(|| {
        task!({
            for number in 0..MANY {
                call!(make(format!("/f/empty/{number:04}")))?;
            }
            let directory = trap!(yield open("/f/empty", READ))?;
            for _ in 0..2 {
                let names = call!(list_open(directory))?;
                assert!(names.iter().map(|(name, _)| name.clone()).eq((0..MANY).map(|n| format!("{n:04}"))));
                assert_eq!(trap!(yield seek(directory, SeekFrom::Start(0)))?, 0);
            }
            let mut removed = 0;
            loop {
                let more = trap!(yield readdir(directory))?;
                assert!(more.len() < MANY);
                if more.is_empty() {
                    break;
                }
                for entry in more {
                    trap!(yield unlink(format!("/f/empty/{}", entry.name)))?;
                    removed += 1;
                }
            }
            assert_eq!(removed, MANY);
            trap!(yield rmdir("/f/empty"))?;
            assert_eq!(call!(list_open(directory))?, []);
            Ok(())
        })
    });
}

#[test]
fn a_directory_is_no_file_and_a_file_no_directory() {
    on_both(|| {
        task!({
            for flags in [WRITE, READ | WRITE, WRITE | CREATE, OpenFlags::APPEND] {
                assert_eq!(trap!(yield open("/f/dir", flags)).map(drop), Err(Errno::EISDIR), "{flags:?}");
            }
            let directory = trap!(yield open("/f/dir", READ))?;
            assert_eq!(trap!(yield fstat(directory))?.id, trap!(yield stat("/f/dir"))?.id);
            assert_eq!(trap!(yield fstat(directory))?.kind, FileKind::Directory);
            assert_eq!(trap!(yield read(directory, 9)).map(drop), Err(Errno::EISDIR));
            assert!(trap!(yield write(directory, "x")).is_err());
            assert!(trap!(yield truncate(directory, 0)).is_err());
            let file = trap!(yield open("/f/file", READ))?;
            assert_eq!(trap!(yield readdir(file)).map(drop), Err(Errno::ENOTDIR));
            assert_eq!(trap!(yield mkdir("/f/file/new")), Err(Errno::ENOTDIR));
            Ok(())
        })
    });
}

#[test]
fn a_moment_is_set_and_now_is_later() {
    on_both(|| {
        task!({
            for path in ["/f/file", "/f/dir"] {
                let before = trap!(yield stat(path))?.modified;
                let moment = Duration::new(1_000_000_000, 5);
                trap!(yield set_modified(path, moment))?;
                assert_eq!(trap!(yield stat(path))?.modified, moment, "{path}");
                trap!(yield set_modified(path, Duration::ZERO))?;
                trap!(yield set_modified(path, Duration::MAX))?;
                assert!(trap!(yield stat(path))?.modified >= before, "{path}");
            }
            Ok(())
        })
    });
}

/// Other systems refuse such names.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_listed_and_left_and_the_rest_is_done() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let scratch = Scratch::new();
    let directory = scratch.inside().join("dir");
    let odd = directory.join(OsStr::from_bytes(b"odd\xff"));
    fs::write(&odd, "kept").unwrap();
    let script = "ls /f/dir; cp -r /f/dir /copy; echo $?; ls /copy; rm -r /f/dir; echo $?";
    let machine = common::program("sh", &["-c", script]).mount(&scratch.inside(), "/f", false);
    let console = MemoryConsole::new();
    let ended = machine.console(Console::Memory(console.clone())).boot().expect("the machine boots");
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
    let listed = String::from_utf8(console.stdout()).expect("what is listed is text");
    assert_eq!(listed, "inner\nodd\u{fffd}\n1\ninner\n1\n");
    let said = String::from_utf8(console.stderr()).expect("what is said is text");
    for tool in ["cp", "rm"] {
        assert!(said.contains(&format!("{tool}: /f/dir/odd\u{fffd}: ENOENT")), "{said}");
    }
    assert_eq!((fs::read(odd).unwrap(), directory.join("inner").exists()), (b"kept".to_vec(), false));
}

#[test]
fn what_was_written_to_a_file_reaches_the_disk() {
    on_both(|| {
        task!({
            let file = trap!(yield open("/f/file", READ | WRITE))?;
            trap!(yield write(file, "next"))?;
            trap!(yield sync(file))?;
            let reader = trap!(yield open("/ro/file", READ))?;
            trap!(yield sync(reader))?;
            assert_eq!(&*trap!(yield read(reader, 9))?, b"next");
            Ok(())
        })
    });
}

#[test]
fn a_change_that_a_deadline_or_a_kill_gives_up_leaves_nothing_open() {
    on_both(|| {
        task!({
            fn made(path: String) -> Task {
                task!({ trap!(yield mkdir(path)) })
            }
            let before = trap!(yield sysinfo())?.files;
            for number in 0..20 {
                let path = format!("/f/given-up-{number}");
                if number % 2 == 0 {
                    // In time or not, as the host likes.
                    let _ = timeout!(Duration::from_nanos(1), { trap!(yield mkdir(path.clone())) });
                } else {
                    let child = trap!(yield spawn(made(path.clone())))?;
                    trap!(yield yield_now())?;
                    trap!(yield kill(child, Signal::Kill))?;
                    trap!(yield wait(child))?;
                }
                assert_eq!(trap!(yield sysinfo())?.files, before);
                // What was begun has its end, the one or the other.
                match trap!(yield mkdir(path)) {
                    Ok(()) | Err(Errno::EEXIST) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Ok(())
        })
    });
}

#[test]
fn a_slow_disk_blocks_who_asks_and_nobody_else() {
    /// As often as the disk is asked; it takes twenty times as long as the other task sleeps, at least.
    const TIMES: u64 = 10;
    let asker = task!({
        let other = trap!(
            yield spawn(task!({
                loop {
                    trap!(yield sleep(Duration::from_micros(1)))?;
                }
            }))
        )?;
        trap!(yield yield_now())?;
        let turns = |tasks: Vec<TaskInfo>| tasks.iter().find(|task| task.tid == other).map(|task| task.turns);
        let before = turns(trap!(yield tasks())?);
        for number in 0..TIMES {
            trap!(yield mkdir(format!("/f/slow-{number}")))?;
        }
        let after = turns(trap!(yield tasks())?);
        assert!(after > before.map(|turns| turns + 10 * TIMES), "{before:?} {after:?}");
        trap!(yield kill(other, Signal::Kill))
    });
    let (ended, _) = run(common::machine().mount(MemoryFolder::new(), "/f", false).task(asker));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn the_disk_is_asked_by_many_at_once() {
    let parent = task!({
        let before = trap!(yield now())?;
        for number in 0..100 {
            trap!(yield spawn(task!({ trap!(yield mkdir(format!("/f/{number}"))) })))?;
        }
        for _ in 0..100 {
            assert_eq!(trap!(yield wait_any())?.1, ExitStatus::Exited(0));
        }
        // The slowest takes two milliseconds, and all of them one after the other a hundred.
        let took = trap!(yield now())? - before;
        assert!(took < Duration::from_millis(5), "{took:?}");
        Ok(())
    });
    let (ended, _) = run(common::machine().mount(MemoryFolder::new(), "/f", false).task(parent));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn each_call_of_the_disk_may_fail_and_leaves_nothing_open() {
    let folder_task = || {
        task!({
            trap!(yield mkdir("/f/dir"))?;
            let file = trap!(yield open("/f/dir/file", READ | WRITE | CREATE))?;
            trap!(yield write(file, "text"))?;
            trap!(yield sync(file))?;
            trap!(yield set_modified("/f/dir/file", Duration::ZERO))?;
            trap!(yield rename("/f/dir/file", "/f/dir/other"))?;
            assert_eq!(call!(list("/f/dir"))?, [("other".into(), FileKind::Regular)]);
            assert_eq!(trap!(yield lstat("/f/dir/other"))?.size, 4);
            trap!(yield unlink("/f/dir/other"))?;
            trap!(yield rmdir("/f/dir"))
        })
    };
    let run = |fail_call| {
        let machine = common::machine().mount(MemoryFolder::new(), "/f", false).task(folder_task());
        let (mut running, _) = boot(machine.faults(Faults { fail_call, ..Faults::default() }));
        let ended = running.run();
        running.check();
        assert_eq!((running.stats().files, running.stats().tasks), (3, 0), "{fail_call:?}");
        (ended, running.fallible_calls())
    };
    let (ended, calls) = run(None);
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
    let mut failed = 0;
    for call in 1..=calls {
        let (ended, _) = run(Some(call));
        // It is told by its name and ends the task, or has befallen what nobody waits for.
        assert!(matches!(ended, Ended::Finished(ExitStatus::Exited(0 | 1))), "call {call} of {calls}: {ended:?}");
        failed += u64::from(ended.code() != 0);
    }
    assert!(failed > calls / 2, "{failed} of {calls} failed calls were told");
}
