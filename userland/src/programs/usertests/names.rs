//! Tests of the name space: paths, `/dev`, `/proc`, the working directory.

use super::{Test, scratch::*, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_path_that_leads_nowhere_is_refused,
    what_is_no_path_is_refused_before_anything_is_opened,
    flags_that_make_no_sense_are_refused,
    the_root_lists_what_is_there,
    what_the_kernel_makes_cannot_be_changed,
    what_is_mounted_stays_where_it_is,
    devices_are_opened_by_their_names,
    a_task_is_told_of_by_the_kernel,
    what_is_told_agrees_with_itself,
    a_task_that_ends_is_told_of_no_more,
    a_text_is_of_the_moment_at_which_it_was_opened,
    a_directory_to_work_in_is_the_tasks_own,
    a_file_in_memory_is_kept_from_folders,
];

const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;
const WRITE: OpenFlags = OpenFlags::WRITE;

fn a_path_that_leads_nowhere_is_refused() -> Task {
    task!({
        for path in ["/nothing/is/here", "nothing/here", "/dev/nothing", "/proc/nothing", "/proc/0", "/proc/01", ""] {
            assert_eq!(trap!(yield open(path, READ)), Err(Errno::ENOENT), "{path:?}");
            assert_eq!(trap!(yield stat(path)), Err(Errno::ENOENT), "{path:?}");
            assert_eq!(trap!(yield watch(path)), Err(Errno::ENOENT), "{path:?}");
        }
        Ok(())
    })
}

fn what_is_no_path_is_refused_before_anything_is_opened() -> Task {
    const LONGEST: usize = 4096;
    task!({
        assert_eq!(trap!(yield stat("/nothing\0")), Err(Errno::EINVAL));
        assert_eq!(trap!(yield open("x".repeat(LONGEST + 1), READ)), Err(Errno::ENAMETOOLONG));
        assert_eq!(trap!(yield open(format!("/{}", "x".repeat(LONGEST)), READ)), Err(Errno::ENAMETOOLONG));
        assert_eq!(trap!(yield open("./".repeat(LONGEST / 2) + "x", READ)), Err(Errno::ENAMETOOLONG));
        assert_eq!(trap!(yield open("./".repeat(LONGEST / 2), READ)).map(drop), Ok(()));
        Ok(())
    })
}

fn flags_that_make_no_sense_are_refused() -> Task {
    task!({
        for flags in [OpenFlags::default(), OpenFlags::CREATE, READ | NEW, READ | OpenFlags::TRUNCATE] {
            assert_eq!(trap!(yield open("/nothing", flags)), Err(Errno::EINVAL), "{flags:?}");
        }
        Ok(())
    })
}

fn the_root_lists_what_is_there() -> Task {
    task!({
        for (directory, within) in [
            ("/", ["bin", "tmp"]),
            ("/", ["dev", "proc"]),
            ("/bin", ["ls", "usertests"]),
            ("/proc", ["self", "stat"]),
            ("/dev", ["null", "zero"]),
        ] {
            let all = call!(names(directory))?;
            assert!(within.iter().all(|name| all.iter().any(|there| there == name)), "{directory}: {all:?}");
            for name in &all {
                // A task may have ended since, but none is here that could.
                let path = format!("{directory}/{name}");
                let told = trap!(yield stat(path.clone()))?;
                let listed = call!(entries(directory))?;
                let kind = listed.iter().find(|entry| *entry.name == **name).map(|entry| entry.kind);
                assert_eq!(kind, Some(told.kind), "{path}");
            }
        }
        Ok(())
    })
}

fn what_the_kernel_makes_cannot_be_changed() -> Task {
    task!({
        for path in ["/dev/new", "/proc/new", "/proc/self/new"] {
            assert_eq!(trap!(yield open(path, WRITE | OpenFlags::CREATE)), Err(Errno::EROFS), "{path}");
            assert_eq!(trap!(yield mkdir(path)), Err(Errno::EROFS), "{path}");
        }
        for path in ["/dev/null", "/proc/self/status", "/proc/uptime"] {
            assert_eq!(trap!(yield open(path, WRITE | NEW)), Err(Errno::EEXIST), "{path}");
            assert_eq!(trap!(yield unlink(path)), Err(Errno::EROFS), "{path}");
            assert_eq!(trap!(yield set_modified(path, Duration::ZERO)), Err(Errno::EROFS), "{path}");
            assert_eq!(trap!(yield watch(path)), Err(Errno::EOPNOTSUPP), "{path}");
            assert_eq!(trap!(yield chdir(path)), Err(Errno::ENOTDIR), "{path}");
            assert_eq!(trap!(yield stat(format!("{path}/x"))), Err(Errno::ENOTDIR), "{path}");
        }
        assert_eq!(trap!(yield open("/proc/uptime", WRITE)), Err(Errno::EROFS));
        assert_eq!(trap!(yield open("/proc/self", WRITE)), Err(Errno::EISDIR));
        assert_eq!(trap!(yield rename("/proc/uptime", "/proc/time")), Err(Errno::EROFS));
        assert_eq!(trap!(yield rename("/proc/uptime", "/uptime")), Err(Errno::EXDEV));
        Ok(())
    })
}

fn what_is_mounted_stays_where_it_is() -> Task {
    task!({
        for path in ["/", "/dev", "/proc"] {
            assert_eq!(trap!(yield rmdir(path)), Err(Errno::EBUSY), "{path}");
            assert_eq!(trap!(yield unlink(path)), Err(Errno::EISDIR), "{path}");
            assert_eq!(trap!(yield mkdir(path)), Err(Errno::EEXIST), "{path}");
            assert_eq!(trap!(yield rename(path, "/elsewhere")), Err(Errno::EBUSY), "{path}");
            assert_eq!(trap!(yield rename("/nothing", path)), Err(Errno::EBUSY), "{path}");
        }
        Ok(())
    })
}

fn devices_are_opened_by_their_names() -> Task {
    task!({
        let flags = READ | WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let null = trap!(yield open("/dev/null", flags))?;
        assert_eq!(trap!(yield write(null, "gone"))?, 4);
        assert!(trap!(yield read(null, 9))?.is_empty());
        let zero = trap!(yield open("/dev/zero", READ))?;
        assert_eq!(&*trap!(yield read(zero, 3))?, b"\0\0\0");
        let full = trap!(yield open("/dev/full", READ | WRITE))?;
        assert_eq!(trap!(yield write(full, "no room")), Err(Errno::ENOSPC));
        assert_eq!(&*trap!(yield read(full, 3))?, b"\0\0\0");
        let random = trap!(yield open("/dev/random", READ))?;
        assert_ne!(trap!(yield read(random, 16))?, trap!(yield read(random, 16))?);
        assert_eq!(trap!(yield stat("/dev/null"))?.kind, FileKind::Device);
        for fd in [null, zero, full, random] {
            assert_eq!(trap!(yield fstat(fd))?.kind, FileKind::Device);
            trap!(yield close(fd))?;
        }
        Ok(())
    })
}

/// A file of the kernel's, split into its lines, and these at their TABs.
fn table(path: impl Into<Box<str>>) -> impl Routine<Result<Vec<Vec<String>>, Errno>> {
    let path = path.into();
    routine!(move {
        let fd = trap!(yield open(path, READ))?;
        let bytes = call!(super::files::read_all(fd))?;
        trap!(yield close(fd))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect())
    })
}

/// The value that a table has of a name.
fn value<'a>(table: &'a [Vec<String>], name: &str) -> &'a str {
    table.iter().find(|line| line[0] == name).map_or("none", |line| &line[1])
}

fn a_task_is_told_of_by_the_kernel() -> Task {
    task!({
        let me = trap!(yield gettid())?;
        let child = trap!(yield spawn(sleeper()).name("a child"))?;
        call!(until_blocked(child))?;
        let told = call!(table(format!("/proc/{child}/status")))?;
        assert_eq!(value(&told, "name"), "a child");
        assert_eq!(value(&told, "tid"), child.to_string());
        assert_eq!(value(&told, "parent"), me.to_string());
        assert_eq!(value(&told, "state"), "blocked");
        assert_eq!(value(&told, "traps"), "1");
        assert!(value(&told, "at").contains("support.rs:"), "{told:?}");
        assert_eq!(value(&call!(table("/proc/self/status"))?, "state"), "running");
        assert_eq!(value(&call!(table("/proc/self/status"))?, "tid"), me.to_string());
        assert_eq!(call!(table("/proc/self/children"))?, [[child.to_string()]]);
        let fds = call!(table("/proc/self/fd"))?;
        assert_eq!(fds.iter().map(|line| line[0].as_str()).collect::<Vec<_>>(), ["0", "1", "2"], "{fds:?}");
        trap!(yield setenv("GREETING", "two\nlines"))?;
        assert_eq!(call!(table("/proc/self/environ"))?, [["GREETING", "two\\nlines"]]);
        assert!(call!(table("/proc/self/limits"))?.iter().all(|line| line.len() == 3));
        trap!(yield kill(child, Signal::Kill))?;
        trap!(yield wait(child))?;
        Ok(())
    })
}

fn what_is_told_agrees_with_itself() -> Task {
    task!({
        let zombie = trap!(yield spawn(exits(3)))?;
        let sleeping = trap!(yield spawn(sleeper()))?;
        call!(until_blocked(sleeping))?;
        let (told, all, lines) = (call!(table("/proc/stat"))?, trap!(yield tasks())?, call!(table("/proc/tasks"))?);
        let zombies = all.iter().filter(|task| task.state == TaskState::Zombie).count();
        let counted = [value(&told, "tasks"), value(&told, "zombies")];
        assert_eq!(counted, [all.len() - zombies, zombies].map(|count| count.to_string()));
        assert_eq!(lines.len(), all.len() + 1, "a line each, and the names of the columns");
        for (line, task) in lines[1..].iter().zip(&all) {
            assert_eq!(line[0], task.tid.to_string());
            assert_eq!(line[1], task.parent.to_string());
            let state = call!(table(format!("/proc/{}/status", task.tid)))?;
            assert_eq!(line[3], value(&state, "state"));
        }
        assert_eq!(value(&call!(table(format!("/proc/{zombie}/status")))?, "state"), "zombie");
        trap!(yield kill(sleeping, Signal::Kill))?;
        trap!(yield wait(sleeping))?;
        trap!(yield wait(zombie))?;
        Ok(())
    })
}

fn a_task_that_ends_is_told_of_no_more() -> Task {
    task!({
        let child = trap!(yield spawn(sleeper()))?;
        let directory = trap!(yield open(format!("/proc/{child}"), READ))?;
        assert!(call!(names("/proc"))?.contains(&child.to_string()));
        trap!(yield kill(child, Signal::Kill))?;
        assert!(call!(names("/proc"))?.contains(&child.to_string()), "a zombie is still told of");
        trap!(yield wait(child))?;
        assert!(!call!(names("/proc"))?.contains(&child.to_string()));
        assert_eq!(trap!(yield stat(format!("/proc/{child}"))), Err(Errno::ENOENT));
        assert_eq!(trap!(yield readdir(directory))?, []);
        Ok(())
    })
}

fn a_text_is_of_the_moment_at_which_it_was_opened() -> Task {
    task!({
        let fd = trap!(yield open("/proc/self/status", READ))?;
        let first = trap!(yield read(fd, 10))?;
        trap!(yield spawn(exits(0)).detach())?;
        trap!(yield yield_now())?;
        let whole = call!(super::files::contents(fd))?;
        assert!(whole.starts_with(&first));
        assert_eq!(trap!(yield fstat(fd))?.size, whole.len() as u64);
        assert_eq!(call!(super::files::contents(fd))?, whole);
        assert_eq!(trap!(yield write(fd, "x")), Err(Errno::EBADF));
        Ok(())
    })
}

fn a_directory_to_work_in_is_the_tasks_own() -> Task {
    task!({
        assert_eq!(trap!(yield getcwd())?, "/");
        trap!(yield chdir("proc/self"))?;
        let told = trap!(yield getcwd())?;
        assert_eq!(told, "/proc/self");
        let child = task!({
            assert_eq!(trap!(yield getcwd())?, "/proc/self", "it is inherited");
            let told = call!(table("status"))?;
            assert_eq!(value(&told, "tid"), trap!(yield gettid())?.to_string());
            trap!(yield chdir("../../dev/."))?;
            assert_eq!(trap!(yield getcwd())?, "/dev");
            assert_eq!(call!(table("/proc/self/cwd"))?, [["/dev"]]);
            Ok(())
        });
        let child = trap!(yield spawn(child))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield getcwd())?, "/proc/self", "a child's change is its own");
        for (path, errno) in [("status", Errno::ENOTDIR), ("nothing", Errno::ENOENT), ("", Errno::ENOENT)] {
            assert_eq!(trap!(yield chdir(path)), Err(errno), "{path:?}");
        }
        assert_eq!(trap!(yield getcwd())?, "/proc/self", "a change that fails changes nothing");
        trap!(yield chdir("../../../.."))?;
        assert_eq!(trap!(yield getcwd())?, "/");
        Ok(())
    })
}

fn a_file_in_memory_is_kept_from_folders() -> Task {
    task!({
        let directory = call!(enter(PLACES[0]))?;
        let fd = trap!(yield open("file", WRITE | NEW))?;
        assert_eq!(trap!(yield rename("file", "/dev/file")), Err(Errno::EXDEV));
        let long = "x".repeat(256);
        assert_eq!(trap!(yield mkdir(long.clone())), Err(Errno::ENAMETOOLONG));
        assert_eq!(trap!(yield open(long.clone(), WRITE | NEW)), Err(Errno::ENAMETOOLONG));
        assert_eq!(trap!(yield rename("file", long)), Err(Errno::ENAMETOOLONG));
        trap!(yield close(fd))?;
        call!(leave(directory))
    })
}
