//! Files of mounted folders: what tasks see of them, and what others do to them meanwhile.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::{SEED, boot, program, run};
use std::time::Duration;
use yieldix::{
    BootError, Ended, Machine, MemoryFolder, MountError,
    syscalls::{calls::*, *},
};

/// What a file has that `tail -F` would print: news of it are waited for, and a new file of the name is
/// read from its beginning, as is one that has become shorter. Ends after a line that says so.
fn follow(path: &'static str) -> Task {
    task!({
        let news = trap!(yield watch(path))?;
        let mut file = trap!(yield open(path, OpenFlags::READ))?;
        let mut left = Vec::new();
        loop {
            loop {
                let data = trap!(yield read(file, 4096))?;
                if data.is_empty() {
                    break;
                }
                left.extend_from_slice(&data);
            }
            while let Some(end) = left.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = left.drain(..=end).collect();
                if line == b"the end\n" {
                    return Ok(());
                }
                trap!(yield write(Fd::STDOUT, line))?;
            }
            let (at, size) = (trap!(yield seek(file, SeekFrom::Current(0)))?, trap!(yield fstat(file))?.size);
            if size < at {
                trap!(yield seek(file, SeekFrom::Start(0)))?;
                continue;
            }
            let told = trap!(yield read(news, 64))?;
            if told.windows(7).any(|line| line == b"created") {
                // The old file may have got more before the new one came.
                left.extend_from_slice(&trap!(yield read(file, 4096))?);
                trap!(yield close(file))?;
                file = trap!(yield open(path, OpenFlags::READ))?;
            }
        }
    })
}

const FOLLOWED: &str = "old\nwhole\nhalf and half\nburst 0\nburst 1\nburst 2\nto the old one\nrotated\nshort\n";

fn millis(millis: u64) -> Time {
    Time::BOOT + Duration::from_millis(millis)
}

#[test]
fn a_file_is_followed_through_half_lines_bursts_rotation_and_truncation() {
    let folder = MemoryFolder::new();
    folder.append("log", "old\n").unwrap();
    let at = |moment, change: fn(&MemoryFolder) -> Result<(), Errno>| {
        folder.at(millis(moment), move |folder| change(folder).unwrap());
    };
    at(100, |folder| folder.append("log", "whole\n"));
    at(200, |folder| folder.append("log", "half "));
    at(300, |folder| folder.append("log", "and half\n"));
    at(400, |folder| (0..3).try_for_each(|number| folder.append("log", format!("burst {number}\n"))));
    at(500, |folder| folder.rename("log", "log.1"));
    at(600, |folder| folder.append("log.1", "to the old one\n"));
    at(700, |folder| folder.append("log", "rotated\n"));
    at(800, |folder| folder.truncate("log", 0));
    at(900, |folder| folder.append("log", "short\n"));
    at(1000, |folder| folder.append("log", "the end\n"));
    let (ended, seen) = run(common::machine().mount(folder.clone(), "/logs", true).task(follow("/logs/log")));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
    assert_eq!(seen.text(), FOLLOWED);
}

#[test]
fn who_follows_has_no_turn_while_nothing_is_written() {
    let folder = MemoryFolder::new();
    folder.append("log", "old\n").unwrap();
    let follower = task!({
        let follower = trap!(yield spawn(follow("/logs/log")))?;
        trap!(yield sleep(Duration::from_secs(1)))?;
        let turns = |tasks: Vec<TaskInfo>| tasks.iter().find(|task| task.tid == follower).map(|task| task.turns);
        let before = turns(trap!(yield tasks())?);
        trap!(yield sleep(Duration::from_secs(3600)))?;
        let after = turns(trap!(yield tasks())?);
        assert_eq!((before, before.is_some()), (after, true));
        trap!(yield kill(follower, Signal::Kill))
    });
    let (ended, _) = run(common::machine().mount(folder, "/logs", true).task(follower));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

/// The errno with which `call` fails in a world with this folder at `/f`, and at `/ro` to read only.
fn errno_of<A: Answer<Error = Errno> + 'static>(folder: &MemoryFolder, call: Call<A>) -> Option<Errno>
where
    A::Value: Send,
{
    let asker = task!({
        let code = trap!(yield call).err().map_or(0, Errno::number);
        trap!(yield exit(code))
    });
    let machine = common::machine().mount(folder.clone(), "/f", false).mount(folder.clone(), "/ro", true);
    let (ended, _) = run(machine.task(asker));
    Errno::from_number(ended.code())
}

#[test]
fn an_open_fails_by_name() {
    let folder = MemoryFolder::new();
    folder.append("a", "x").unwrap();
    folder.make_directory("d").unwrap();
    let (read, write, create) = (OpenFlags::READ, OpenFlags::WRITE, OpenFlags::WRITE | OpenFlags::CREATE);
    for (path, flags, expected) in [
        ("/f/a", read, None),
        ("f/./d/../a", read, None),
        ("/f/b", read, Some(Errno::ENOENT)),
        ("/g/a", read, Some(Errno::ENOENT)),
        ("/f/../a", read, Some(Errno::ENOENT)),
        ("/f/a/b", read, Some(Errno::ENOTDIR)),
        ("/f/d", read, None),
        ("/f/d", write, Some(Errno::EISDIR)),
        ("/f/d/n", create, None),
        ("/f/e/n", create, Some(Errno::ENOENT)),
        ("/f/a", write | OpenFlags::CREATE_NEW, Some(Errno::EEXIST)),
        ("/f/d", write | OpenFlags::CREATE_NEW, Some(Errno::EEXIST)),
        ("/f", write | OpenFlags::CREATE_NEW, Some(Errno::EEXIST)),
        ("/ro/a", read, None),
        ("/ro/a", write, Some(Errno::EROFS)),
        ("/ro/b", OpenFlags::APPEND | OpenFlags::CREATE, Some(Errno::EROFS)),
    ] {
        assert_eq!(errno_of(&folder, open(path, flags)), expected, "{path:?} {flags:?}");
    }
    let long = format!("/f/{}", "x".repeat(256));
    assert_eq!(errno_of(&folder, open(long.clone(), read)), Some(Errno::ENAMETOOLONG));
    assert_eq!(errno_of(&folder, stat(long)), Some(Errno::ENAMETOOLONG));
    assert_eq!(folder.read("a").as_deref(), Ok(&b"x"[..]));
}

#[test]
fn of_two_mounts_the_longer_path_has_the_file() {
    let (outer, inner) = (MemoryFolder::new(), MemoryFolder::new());
    outer.append("deep/a", "outer").unwrap();
    inner.append("a", "inner").unwrap();
    let reader = task!({
        for path in ["/deep/a", "/deep/../deep/a", "/a"] {
            let text = match trap!(yield open(path, OpenFlags::READ)) {
                Ok(file) => trap!(yield read(file, 64))?,
                Err(errno) => errno.name().into(),
            };
            trap!(yield write(Fd::STDOUT, text))?;
            trap!(yield write(Fd::STDOUT, "\n"))?;
        }
        Ok(())
    });
    let (_, seen) = run(common::machine().mount(outer, "/", true).mount(inner, "/deep", true).task(reader));
    assert_eq!(seen.text(), "inner\ninner\nENOENT\n");
}

#[test]
fn a_mount_that_cannot_be_is_refused_when_the_machine_boots() {
    let folder = || (MemoryFolder::new(), common::machine().simulate(1).task(task!({ Ok(()) })));
    let why = |machine: Machine| match machine.start() {
        Err(BootError::Mount(_, why)) => why,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it boots"),
    };
    let (memory, machine) = folder();
    assert!(matches!(why(machine.mount(memory, "", true)), MountError::NoPath(Errno::ENOENT)));
    let (memory, machine) = folder();
    let machine = machine.mount(memory.clone(), "/a", true).mount(memory, "//a/.", false);
    assert!(matches!(why(machine), MountError::Taken));
    let (_, machine) = folder();
    assert!(matches!(why(machine.mount("/no/such/folder", "/a", true)), MountError::Copy(..)));
    let host = common::machine().task(task!({ Ok(()) }));
    assert!(matches!(why(host.mount(MemoryFolder::new(), "/a", true)), MountError::NotOfHost));
    let host = common::machine().task(task!({ Ok(()) }));
    assert!(matches!(why(host.mount("/no/such/folder", "/a", true)), MountError::Host(..)));
}

/// A file of four pieces of 64 KiB, each of one letter, that are not in the cache.
fn cold_file() -> MemoryFolder {
    let folder = MemoryFolder::new();
    for letter in [b"a", b"b", b"c", b"d"] {
        folder.append("cold", letter.repeat(64 << 10)).unwrap();
    }
    folder.evict("cold").unwrap();
    folder
}

#[test]
fn the_disk_takes_its_time_and_the_cache_none() {
    let reader = task!({
        let file = trap!(yield open("/f/cold", OpenFlags::READ))?;
        for is_cold in [true, false] {
            let before = trap!(yield now())?;
            assert_eq!(trap!(yield read(file, 100))?.len(), 100);
            let took = trap!(yield now())? - before;
            assert_eq!(took > Duration::from_micros(10), is_cold, "{took:?}");
            trap!(yield seek(file, SeekFrom::Start(0)))?;
        }
        Ok(())
    });
    let (ended, _) = run(common::machine().mount(cold_file(), "/f", true).task(reader));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn a_read_that_a_deadline_gives_up_leaves_the_place() {
    let reader = task!({
        let file = trap!(yield open("/f/cold", OpenFlags::READ))?;
        for _ in 0..3 {
            let late = timeout!(Duration::from_micros(1), { trap!(yield read(file, 1)) });
            assert_eq!(late, Err(Elapsed));
        }
        assert_eq!(trap!(yield seek(file, SeekFrom::Current(0)))?, 0);
        let late = timeout!(Duration::from_micros(1), { trap!(yield read(file, 70_000)) });
        assert_eq!(late, Err(Elapsed));
        trap!(yield seek(file, SeekFrom::Start(64 << 10)))?;
        assert_eq!(&*trap!(yield read(file, 3))?, b"bbb");
        assert_eq!(trap!(yield seek(file, SeekFrom::Current(0)))?, (64 << 10) + 3);
        Ok(())
    });
    let (ended, _) = run(common::machine().mount(cold_file(), "/f", true).task(reader));
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)));
}

#[test]
fn tasks_that_read_one_open_file_share_it_out_in_the_order_in_which_they_came() {
    fn reader(file: Fd) -> Task {
        task!({
            let data = trap!(yield read(file, 64 << 10))?;
            trap!(yield write(Fd::STDOUT, format!("{} {}\n", data.len(), data[0] as char))).map(drop)
        })
    }
    let parent = task!({
        let file = trap!(yield open("/f/cold", OpenFlags::READ))?;
        for _ in 0..4 {
            trap!(yield spawn(reader(file)).share(file))?;
        }
        for _ in 0..4 {
            trap!(yield wait_any())?;
        }
        Ok(())
    });
    let (_, seen) = run(common::machine().mount(cold_file(), "/f", true).task(parent));
    assert_eq!(seen.text(), "65536 a\n65536 b\n65536 c\n65536 d\n");
}

#[test]
fn the_same_seed_gives_the_same_run_of_the_disk() {
    let events = || {
        let folder = MemoryFolder::new();
        let tests = ["-q", "a_long_file_comes_back_in_pieces", "a_watch_tells_that_a_file_was_created"];
        let (mut machine, witness) = boot(program("usertests", &tests).mount(folder, "/scratch", false));
        assert_eq!(machine.run().code(), 0, "{}", witness.text());
        witness.events()
    };
    let (first, second) = (events(), events());
    assert!(first.len() > 100 && first == second);
}

#[test]
fn usertests_pass_in_a_folder_in_memory() {
    let console = yieldix::MemoryConsole::new();
    let machine = program("usertests", &["-q"]).mount(MemoryFolder::new(), "/scratch", false);
    let machine = machine.simulate(SEED).console(yieldix::Console::Memory(console.clone()));
    let code = machine.boot().unwrap().code();
    let text = String::from_utf8(console.stdout()).unwrap();
    assert!(code == 0 && text.ends_with(" passed, 0 failed\n"), "{text}");
    assert!(console.stderr().is_empty(), "none is left out");
}

#[cfg(unix)]
mod host {
    use super::*;
    use std::{
        fs,
        os::unix::{fs::symlink, net::UnixListener},
        path::{Path, PathBuf},
        process::Command,
        sync::atomic::{AtomicBool, AtomicU32, Ordering},
    };

    /// A folder of the host, removed when it is dropped.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Scratch {
            static MADE: AtomicU32 = AtomicU32::new(0);
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("yieldix-files-{}-{number}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Scratch(path)
        }

        fn at(&self, name: &str) -> PathBuf {
            self.0.join(name)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            // A test that has failed may have left anything.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// The errno with which `call` fails on the host with this folder at `/f`; none if it does not.
    fn errno_on_host<A: Answer<Error = Errno> + 'static>(folder: &Path, call: Call<A>) -> Option<Errno>
    where
        A::Value: Send,
    {
        let asker = task!({
            let code = trap!(yield call).err().map_or(0, Errno::number);
            trap!(yield exit(code))
        });
        Errno::from_number(common::machine().mount(folder, "/f", false).task(asker).boot().unwrap().code())
    }

    #[test]
    fn usertests_pass_in_a_folder_of_the_host() {
        let scratch = Scratch::new();
        let console = yieldix::MemoryConsole::new();
        let machine = program("usertests", &["-q"]).mount(&scratch.0, "/scratch", false);
        let code = machine.console(yieldix::Console::Memory(console.clone())).boot().unwrap().code();
        let text = String::from_utf8(console.stdout()).unwrap();
        assert!(code == 0 && text.ends_with(" passed, 0 failed\n"), "{text}");
    }

    #[test]
    fn no_path_and_no_link_leads_out_of_the_folder() {
        let outside = Scratch::new();
        fs::write(outside.at("secret"), "s").unwrap();
        let scratch = Scratch::new();
        fs::create_dir(scratch.at("d")).unwrap();
        fs::write(scratch.at("inside"), "i").unwrap();
        symlink(outside.at("secret"), scratch.at("absolute")).unwrap();
        symlink(scratch.at("inside"), scratch.at("absolute inside")).unwrap();
        symlink(&outside.0, scratch.at("folder")).unwrap();
        let name = outside.0.file_name().unwrap();
        symlink(Path::new("..").join(name).join("secret"), scratch.at("relative")).unwrap();
        symlink(Path::new("../..").join(name).join("secret"), scratch.at("d/relative")).unwrap();
        symlink("..", scratch.at("up")).unwrap();
        symlink("../inside", scratch.at("d/good")).unwrap();
        symlink("loop", scratch.at("loop")).unwrap();
        let (read, create) = (OpenFlags::READ, OpenFlags::WRITE | OpenFlags::CREATE);
        for (path, expected) in [
            ("absolute", Some(Errno::EACCES)),
            ("absolute inside", Some(Errno::EACCES)),
            ("folder/secret", Some(Errno::EACCES)),
            ("folder/new", Some(Errno::EACCES)),
            ("relative", Some(Errno::EACCES)),
            ("d/relative", Some(Errno::EACCES)),
            ("up/anything", Some(Errno::EACCES)),
            ("loop", Some(Errno::ELOOP)),
            ("d/good", None),
        ] {
            for flags in [read, create, create | OpenFlags::TRUNCATE] {
                let errno = errno_on_host(&scratch.0, open(format!("/f/{path}"), flags));
                assert_eq!(errno, expected, "{path} {flags:?}");
            }
            assert_eq!(errno_on_host(&scratch.0, stat(format!("/f/{path}"))), expected, "{path}");
            #[cfg(target_os = "linux")]
            assert_eq!(errno_on_host(&scratch.0, watch(format!("/f/{path}"))), expected, "{path}");
        }
        let dots = format!("/f/../{}/secret", outside.0.display());
        assert_eq!(errno_on_host(&scratch.0, open(dots, read)), Some(Errno::ENOENT));
        assert_eq!(fs::read(outside.at("secret")).unwrap(), b"s");
        assert_eq!(fs::read_dir(&outside.0).unwrap().count(), 1);
    }

    #[test]
    fn a_link_that_is_swapped_meanwhile_never_leads_out() {
        let outside = Scratch::new();
        fs::write(outside.at("file"), "secret").unwrap();
        let scratch = Scratch::new();
        fs::create_dir(scratch.at("real")).unwrap();
        fs::write(scratch.at("real/file"), "inside").unwrap();
        symlink("real", scratch.at("link")).unwrap();
        let is_over = AtomicBool::new(false);
        let opener = task!({
            let mut inside = 0;
            for _ in 0..2000 {
                match trap!(yield open("/f/link/file", OpenFlags::READ)) {
                    Ok(file) => {
                        assert_eq!(&*trap!(yield read(file, 64))?, b"inside");
                        trap!(yield close(file))?;
                        inside += 1;
                    }
                    Err(errno) => assert!(matches!(errno, Errno::EACCES | Errno::ENOENT | Errno::ELOOP), "{errno}"),
                }
            }
            trap!(yield exit(i32::from(inside == 0)))
        });
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for target in [outside.0.as_path(), Path::new("real")].into_iter().cycle() {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    symlink(target, scratch.at("next")).unwrap();
                    fs::rename(scratch.at("next"), scratch.at("link")).unwrap();
                }
            });
            let ended = common::machine().mount(&scratch.0, "/f", true).task(opener).boot();
            is_over.store(true, Ordering::Relaxed);
            assert_eq!(ended.unwrap().code(), 0);
        });
    }

    #[test]
    fn what_is_no_regular_file_is_refused_and_does_not_hang() {
        let scratch = Scratch::new();
        assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
        let _socket = UnixListener::bind(scratch.at("socket")).unwrap();
        for name in ["pipe", "socket"] {
            for flags in [OpenFlags::READ, OpenFlags::WRITE, OpenFlags::WRITE | OpenFlags::TRUNCATE] {
                let errno = errno_on_host(&scratch.0, open(format!("/f/{name}"), flags));
                assert_eq!(errno, Some(Errno::EOPNOTSUPP), "{name} {flags:?}");
            }
            assert_eq!(errno_on_host(&scratch.0, stat(format!("/f/{name}"))), None);
        }
    }

    #[test]
    fn a_new_file_takes_the_place_of_nothing() {
        let outside = Scratch::new();
        let scratch = Scratch::new();
        fs::write(scratch.at("file"), "").unwrap();
        fs::create_dir(scratch.at("d")).unwrap();
        assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
        symlink(&outside.0, scratch.at("out")).unwrap();
        let new = OpenFlags::WRITE | OpenFlags::CREATE_NEW;
        let copy = MemoryFolder::copy_of(&scratch.0).unwrap();
        symlink("nowhere", scratch.at("loose")).unwrap();
        for name in ["/file", "/d", "/pipe", "/out", ""] {
            let path = format!("/f{name}");
            assert_eq!(errno_on_host(&scratch.0, open(path.clone(), new)), Some(Errno::EEXIST), "{path}");
            assert_eq!(errno_of(&copy, open(path.clone(), new)), Some(Errno::EEXIST), "{path} in memory");
        }
        assert_eq!(errno_on_host(&scratch.0, open("/f/loose", new)), Some(Errno::EEXIST));
        assert_eq!(errno_on_host(&scratch.0, open("/f/new", new)), None);
    }

    #[test]
    fn bytes_that_are_not_in_the_cache_are_read_all_the_same() {
        let scratch = Scratch::new();
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|index| (index / 5) as u8).collect();
        fs::write(scratch.at("cold"), &bytes).unwrap();
        let file = fs::File::open(scratch.at("cold")).unwrap();
        file.sync_all().unwrap();
        #[cfg(target_os = "linux")]
        rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        let reader = task!({
            let file = trap!(yield open("/f/cold", OpenFlags::READ))?;
            let mut all = Vec::new();
            loop {
                let data = trap!(yield read(file, 1 << 20))?;
                if data.is_empty() {
                    break;
                }
                all.extend_from_slice(&data);
            }
            trap!(yield exit(i32::from(all != bytes)))
        });
        assert_eq!(common::machine().mount(&scratch.0, "/f", true).task(reader).boot().unwrap().code(), 0);
    }

    /// Has another process write.
    #[cfg(target_os = "linux")]
    fn shell(folder: &Path, script: &str) {
        assert!(Command::new("sh").arg("-c").arg(script).current_dir(folder).status().unwrap().success());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_another_process_writes_is_followed() {
        let scratch = Scratch::new();
        shell(&scratch.0, "echo old > log");
        let console = yieldix::MemoryConsole::new();
        let out = console.clone();
        let folder = scratch.0.clone();
        let follower = std::thread::spawn(move || {
            let machine = common::machine().mount(&folder, "/logs", true).task(follow("/logs/log"));
            machine.console(yieldix::Console::Memory(out)).boot().unwrap()
        });
        let until_printed = |text: &str| {
            let deadline = std::time::Instant::now() + Duration::from_secs(20);
            while console.stdout() != text.as_bytes() {
                assert!(std::time::Instant::now() < deadline && !follower.is_finished(), "{:?}", console.stdout());
                std::thread::yield_now();
            }
        };
        let printed = |count: usize| FOLLOWED.split_inclusive('\n').take(count).collect::<String>();
        for (script, lines) in [
            ("true", 1),
            ("echo whole >> log", 2),
            ("printf 'half ' >> log", 2),
            ("echo 'and half' >> log", 3),
            ("for i in 0 1 2; do echo burst $i >> log; done", 6),
            ("mv log log.1; echo 'to the old one' >> log.1", 7),
            ("echo rotated > log", 8),
            ("truncate -s 0 log; echo short >> log", 9),
        ] {
            shell(&scratch.0, script);
            until_printed(&printed(lines));
        }
        shell(&scratch.0, "echo 'the end' >> log");
        assert_eq!(follower.join().unwrap().code(), 0);
    }

    /// What a watch tells until it has told `last`, or fails.
    #[cfg(target_os = "linux")]
    fn until_told(news: Fd, last: &'static str) -> impl Routine<Result<String, Errno>> {
        routine!(move {
            let mut told = String::new();
            while !told.ends_with(last) {
                let lines = timeout!(Duration::from_secs(20), { trap!(yield read(news, 64)) });
                told.push_str(str::from_utf8(&lines.map_err(|Elapsed| Errno::ETIMEDOUT)??).unwrap());
            }
            Ok(told)
        })
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_watch_whose_folder_is_removed_or_renamed_fails_by_name() {
        let removed: fn(&Path) -> std::io::Result<()> = |d| fs::remove_dir_all(d);
        let renamed: fn(&Path) -> std::io::Result<()> = |d| fs::rename(d, d.with_file_name("e"));
        for change in [removed, renamed] {
            let scratch = Scratch::new();
            let d = scratch.at("d");
            fs::create_dir(&d).unwrap();
            fs::write(d.join("log"), "old\n").unwrap();
            let watcher = task!({
                let news = trap!(yield watch("/f/d/log"))?;
                change(&d).unwrap();
                for _ in 0..2 {
                    assert_eq!(call!(until_told(news, "never")), Err(Errno::ENOENT));
                }
                Ok(())
            });
            assert_eq!(common::machine().mount(&scratch.0, "/f", true).task(watcher).boot().unwrap().code(), 0);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_watch_of_a_link_tells_when_what_it_leads_to_is_replaced() {
        for at in [".", "d"] {
            let scratch = Scratch::new();
            fs::create_dir(scratch.at("d")).unwrap();
            let (link, real) = (scratch.at("link"), scratch.at(at).join("real"));
            fs::write(&real, "old\n").unwrap();
            symlink(Path::new(at).join("real"), &link).unwrap();
            let watcher = task!({
                let news = trap!(yield watch("/f/link"))?;
                fs::rename(&real, real.with_extension("1")).unwrap();
                assert_eq!(call!(until_told(news, "moved\n"))?, "moved\n");
                fs::write(&real, "new\n").unwrap();
                call!(until_told(news, "created\n"))?;
                fs::write(&real, "more\n").unwrap();
                call!(until_told(news, "modified\n"))?;
                // The link is led elsewhere.
                let other = real.with_file_name("other");
                fs::write(&other, "").unwrap();
                fs::remove_file(&link).unwrap();
                fs::hard_link(&other, &link).unwrap();
                assert!(call!(until_told(news, "created\n"))?.contains("removed\n"));
                Ok(())
            });
            assert_eq!(common::machine().mount(&scratch.0, "/f", true).task(watcher).boot().unwrap().code(), 0, "{at}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_watch_goes_on_in_the_folder_that_takes_the_place_of_its_own() {
        let scratch = Scratch::new();
        let (d, e) = (scratch.at("d"), scratch.at("e"));
        fs::create_dir(&d).unwrap();
        fs::write(d.join("log"), "old\n").unwrap();
        let watcher = task!({
            let news = trap!(yield watch("/f/d/log"))?;
            fs::rename(&d, &e).unwrap();
            fs::create_dir(&d).unwrap();
            fs::write(d.join("log"), "new\n").unwrap();
            assert_eq!(call!(until_told(news, "created\n"))?, "moved\ncreated\n");
            fs::write(e.join("log"), "nobody's\n").unwrap();
            fs::remove_file(d.join("log")).unwrap();
            assert_eq!(call!(until_told(news, "removed\n"))?, "removed\n");
            Ok(())
        });
        assert_eq!(common::machine().mount(&scratch.0, "/f", true).task(watcher).boot().unwrap().code(), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn who_waits_for_news_takes_no_processor_time() {
        use rustix::time::{ClockId, clock_gettime};
        let scratch = Scratch::new();
        fs::write(scratch.at("log"), "old\n").unwrap();
        let used = || {
            let time = clock_gettime(ClockId::ThreadCPUTime);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        };
        let waiter = task!({
            let news = trap!(yield watch("/f/log"))?;
            let before = used();
            let late = timeout!(Duration::from_millis(500), { trap!(yield read(news, 64)) });
            assert_eq!(late, Err(Elapsed));
            let took = used() - before;
            assert!(took < Duration::from_millis(5), "{took:?} of half a second");
            Ok(())
        });
        assert_eq!(common::machine().mount(&scratch.0, "/f", true).task(waiter).boot().unwrap().code(), 0);
    }

    #[test]
    fn a_simulated_world_has_a_copy_of_a_folder_of_the_host() {
        let outside = Scratch::new();
        fs::write(outside.at("secret"), "s").unwrap();
        let scratch = Scratch::new();
        fs::create_dir(scratch.at("d")).unwrap();
        fs::write(scratch.at("d/a"), "text").unwrap();
        symlink("d/a", scratch.at("link")).unwrap();
        symlink(outside.at("secret"), scratch.at("out")).unwrap();
        assert!(Command::new("mkfifo").arg(scratch.at("pipe")).status().unwrap().success());
        let folder = MemoryFolder::copy_of(&scratch.0).unwrap();
        for (path, expected) in [
            ("d/a", None),
            ("link", None),
            ("out", Some(Errno::EACCES)),
            ("pipe", Some(Errno::EOPNOTSUPP)),
            ("d", None),
            ("d/b", Some(Errno::ENOENT)),
        ] {
            assert_eq!(errno_of(&folder, open(format!("/f/{path}"), OpenFlags::READ)), expected, "{path}");
        }
        assert_eq!(folder.read("link").as_deref(), Ok(&b"text"[..]));
        folder.append("d/a", " and more").unwrap();
        assert_eq!(fs::read(scratch.at("d/a")).unwrap(), b"text");
        fs::File::create(scratch.at("large")).unwrap().set_len(65 << 20).unwrap();
        let refused = MemoryFolder::copy_of(&scratch.0).unwrap_err().to_string();
        assert!(refused.starts_with("more than 67108864 bytes"), "{refused}");
    }
}
