//! One name space: what is mounted where, and files in memory at their bounds.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::run;
use yieldix::{
    BootError, Ended, Machine, MemoryFolder,
    syscalls::{calls::*, *},
};

const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;

#[track_caller]
fn runs_well(machine: Machine) {
    let (ended, seen) = run(machine);
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", seen.text());
}

/// The names in a directory, in order.
fn names(directory: &str) -> impl Routine<Result<Vec<String>, Errno>> {
    let directory: Box<str> = directory.into();
    routine!(move {
        let fd = trap!(yield open(directory, READ))?;
        let mut names = Vec::new();
        loop {
            let entries = trap!(yield readdir(fd))?;
            if entries.is_empty() {
                break;
            }
            names.extend(entries.into_iter().map(|entry| entry.name.into_string()));
        }
        trap!(yield close(fd))?;
        names.sort();
        Ok(names)
    })
}

#[test]
fn what_is_mounted_is_listed_where_it_is() {
    let (outer, inner, deep) = (MemoryFolder::new(), MemoryFolder::new(), MemoryFolder::new());
    for (folder, name) in [(&outer, "of outer"), (&inner, "of inner"), (&deep, "of deep")] {
        folder.append(name, "x").unwrap();
    }
    outer.append("inner", "what the mount hides").unwrap();
    let task = task!({
        assert_eq!(call!(names("/"))?, ["a", "bin", "dev", "outer", "proc", "tmp"]);
        assert_eq!(call!(names("/a"))?, ["deep"]);
        assert_eq!(call!(names("/a/deep"))?, ["of deep"]);
        assert_eq!(call!(names("/outer"))?, ["inner", "of outer"]);
        assert_eq!(call!(names("/outer/inner"))?, ["of inner"]);
        for (path, errno) in [("/a", Errno::EBUSY), ("/outer", Errno::EBUSY), ("/outer/inner", Errno::EBUSY)] {
            assert_eq!(trap!(yield rmdir(path)), Err(errno), "{path}");
            assert_eq!(trap!(yield rename(path, "/b")), Err(errno), "{path}");
        }
        let fd = trap!(yield open("/a/file", WRITE | NEW))?;
        trap!(yield close(fd))?;
        assert_eq!(trap!(yield rename("/a/file", "/outer/file")), Err(Errno::EXDEV));
        assert_eq!(trap!(yield rename("/outer/of outer", "/outer/inner/file")), Err(Errno::EXDEV));
        assert_eq!(call!(names("/a"))?, ["deep", "file"]);
        Ok(())
    });
    let machine = common::machine().mount(outer, "/outer", false).mount(inner, "/outer/inner", false);
    runs_well(machine.mount(deep, "/a/deep", true).task(task));
}

#[test]
fn a_program_is_a_file_that_is_listed_read_and_started_and_never_changed() {
    let task = task!({
        let all = call!(names("/bin"))?;
        assert_eq!(all.len(), yieldix::userland::PROGRAMS.len());
        assert!(all.is_sorted());
        let info = trap!(yield stat("/bin/true"))?;
        let fd = trap!(yield open("/bin/true", READ))?;
        let text = trap!(yield read(fd, 4096))?;
        assert!(text.starts_with(b"true: "), "{text:?}");
        assert_eq!((info.kind, info.mode, info.size), (FileKind::Regular, 0o555, text.len() as u64));
        trap!(yield close(fd))?;
        trap!(yield chdir("/bin"))?;
        for (path, code) in [("true", 0), ("/bin/false", 1), ("./false", 1), ("../bin/true", 0)] {
            let request = ProgramRequest { name: path.into(), args: Args::new(), options: SpawnOptions::default() };
            let child = trap!(yield spawn_program(request))?;
            assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(code), "{path}");
        }
        for (path, errno) in [
            ("/bin/nothing", Errno::ENOENT),
            ("nothing", Errno::ENOENT),
            ("/bin/true/x", Errno::ENOTDIR),
            ("/bin", Errno::EISDIR),
            ("/dev/null", Errno::EOPNOTSUPP),
            ("/nothing", Errno::EOPNOTSUPP),
        ] {
            let request = ProgramRequest { name: path.into(), args: Args::new(), options: SpawnOptions::default() };
            assert_eq!(trap!(yield spawn_program(request)), Err(errno), "{path}");
        }
        assert_eq!(trap!(yield open("/bin/true", WRITE)), Err(Errno::EROFS));
        assert_eq!(trap!(yield open("/bin/new", WRITE | NEW)), Err(Errno::EROFS));
        assert_eq!(trap!(yield open("/bin/true", WRITE | NEW)), Err(Errno::EEXIST));
        assert_eq!(trap!(yield unlink("/bin/true")), Err(Errno::EROFS));
        assert_eq!(trap!(yield open("/bin", WRITE)), Err(Errno::EISDIR));
        assert_eq!(trap!(yield watch("/bin/true")), Err(Errno::EOPNOTSUPP));
        Ok(())
    });
    runs_well(common::machine().programs(yieldix::userland::PROGRAMS).task(task));
}

#[test]
fn a_file_in_memory_that_says_what_runs_it_may_be_run() {
    let task = task!({
        let fd = trap!(yield open("/file", WRITE | NEW))?;
        assert_eq!(trap!(yield stat("/file"))?.mode, 0o644);
        trap!(yield write(fd, "#!/bin/sh\n"))?;
        assert_eq!(trap!(yield stat("/file"))?.mode, 0o755);
        trap!(yield truncate(fd, 1))?;
        assert_eq!(trap!(yield stat("/file"))?.mode, 0o644);
        Ok(())
    });
    runs_well(common::machine().task(task));
}

#[test]
fn the_first_tasks_have_the_variables_of_the_machine() {
    let task = task!({
        assert_eq!(trap!(yield getenv("A"))?, "1");
        let child = trap!(
            yield spawn(task!({
                assert_eq!(trap!(yield getenv("A"))?, "1");
                Ok(())
            }))
        )?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        Ok(())
    });
    runs_well(common::machine().variable("A", "1").task(task));
    let refused = common::machine().simulate(0).variable("A=", "1").task(task!({ Ok(()) })).boot();
    assert!(matches!(refused, Err(BootError::Refused(Errno::EINVAL))), "{refused:?}");
}

#[test]
fn a_folder_at_the_root_takes_the_place_of_memory() {
    let folder = MemoryFolder::new();
    folder.append("file", "of the folder").unwrap();
    let task = task!({
        assert_eq!(call!(names("/"))?, ["bin", "dev", "file", "proc"]);
        trap!(yield mkdir("/d"))?;
        trap!(yield chdir("/d"))?;
        let fd = trap!(yield open("../file", READ))?;
        assert_eq!(&*trap!(yield read(fd, 99))?, b"of the folder");
        assert_eq!(trap!(yield chdir("../file")), Err(Errno::ENOTDIR));
        assert_eq!(trap!(yield getcwd())?, "/d");
        Ok(())
    });
    runs_well(common::machine().mount(folder, "/", false).task(task));
}

#[test]
fn memory_that_is_full_loses_nothing_and_takes_more_when_there_is_room() {
    const BYTES: u64 = 100_000;
    let task = task!({
        let (fd, other) = (trap!(yield open("a", READ | WRITE | NEW))?, trap!(yield open("b", WRITE | NEW))?);
        assert_eq!(trap!(yield write(other, vec![b'b'; 30_000]))?, 30_000);
        let mut written = 0;
        let full = loop {
            match trap!(yield write(fd, vec![b'a'; 999])) {
                Ok(count) => written += count,
                Err(errno) => break errno,
            }
        };
        assert_eq!((full, written), (Errno::ENOSPC, 70_000), "the last write is as long as there is room");
        assert_eq!(trap!(yield sysinfo())?.ram_bytes, BYTES);
        assert_eq!(trap!(yield write(other, "x")), Err(Errno::ENOSPC));
        trap!(yield seek(fd, SeekFrom::Start(10)))?;
        assert_eq!(trap!(yield write(fd, "in place"))?, 8, "what is there can be written over");
        assert_eq!(trap!(yield fstat(fd))?.size, 70_000);
        trap!(yield truncate(fd, 1 << 40))?;
        trap!(yield truncate(fd, 70_000))?;
        trap!(yield unlink("b"))?;
        assert_eq!(trap!(yield write(fd, "x"))?, 1);
        trap!(yield seek(fd, SeekFrom::End(0)))?;
        assert_eq!(trap!(yield write(fd, "more")), Err(Errno::ENOSPC), "it is still open");
        trap!(yield close(other))?;
        assert_eq!(trap!(yield write(fd, "more"))?, 4);
        assert_eq!(trap!(yield sysinfo())?.ram_bytes, 70_004);
        Ok(())
    });
    runs_well(common::machine().ram_bytes(BYTES).task(task));
}

#[test]
fn a_task_that_is_killed_gives_back_the_files_that_only_it_had_open() {
    let task = task!({
        let before = trap!(yield sysinfo())?;
        let child = task!({
            let fd = trap!(yield open("file", WRITE | NEW))?;
            trap!(yield write(fd, vec![7; 5000]))?;
            trap!(yield unlink("file"))?;
            trap!(yield sleep(std::time::Duration::MAX))
        });
        let child = trap!(yield spawn(child))?;
        trap!(yield yield_now())?;
        trap!(yield yield_now())?;
        let meanwhile = trap!(yield sysinfo())?;
        assert_eq!((meanwhile.ram_bytes, meanwhile.ram_inodes), (5000, before.ram_inodes + 1));
        trap!(yield kill(child, Signal::Kill))?;
        let after = trap!(yield sysinfo())?;
        assert_eq!((after.ram_bytes, after.ram_inodes), (0, before.ram_inodes));
        trap!(yield wait(child)).map(drop)
    });
    runs_well(common::machine().task(task));
}
