//! What happens to a mounted folder meanwhile leads no path out of it, and keeps nobody waiting; nor do
//! the links and the devices that only Linux has.

use super::escapes::*;
use super::*;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mknodat, renameat_with};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use yieldix_kernel::hardware::{Question, Told};
use yieldix_syscalls::{Buf, FileKind, OpenFlags};

/// How long a race may take until both sides have won often enough.
const RACE: Duration = Duration::from_secs(60);

/// Exchanges two names of a folder until it is dropped.
struct Swapping {
    is_over: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Swapping {
    fn begin(one: PathBuf, other: PathBuf) -> Swapping {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        Swapping { is_over, thread: Some(thread) }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn a_link_that_is_swapped_meanwhile_never_leads_out() {
    /// How often each of the two has to be met.
    const TIMES: usize = 100;
    let mut place = Place::new("race");
    place.link("other", "../outside");
    place.link("alias", "swing");
    fs::create_dir(place.inside("swing")).unwrap();
    for name in ["secret", "dir"] {
        let from = place.inside("swing").join(name);
        if name == "dir" {
            fs::create_dir(from).unwrap()
        } else {
            fs::write(from, "inside").unwrap()
        };
    }
    let swapping = Swapping::begin(place.inside("swing"), place.inside("other"));
    let (mut met_inside, mut was_refused, began) = (0, 0, Instant::now());
    while met_inside < TIMES || was_refused < TIMES {
        assert!(began.elapsed() < RACE, "{met_inside} times inside, {was_refused} times refused");
        let host = &mut place.host;
        for way in ["swing", "alias"] {
            match read(host, &format!("{way}/secret")) {
                Ok(bytes) => {
                    assert_ne!(bytes, b"outside");
                    met_inside += 1;
                }
                Err(Errno::EACCES) => was_refused += 1,
                // One of the questions has taken it away.
                Err(errno) => assert_eq!(errno, Errno::ENOENT),
            }
            everything_below(host, way);
            if let Ok(directory) = open(host, way, READ) {
                let names: Vec<_> = read_dir(host, directory, 0).into_iter().map(|entry| entry.name).collect();
                assert!(!names.contains(&"kept".into()), "{names:?}");
                host.close(directory);
            }
        }
        // What these made and took away inside is put back, under whichever name that has now.
        let _ = ask(host, Question::Unlink("stolen".into()));
        for name in ["mine", "swing/secret", "other/secret"] {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
            if let Ok(file) = open(host, name, flags) {
                let bytes = Buf::copy_from(b"inside");
                wait(host, |host| host.try_write_at(file, 1, 0, &bytes)).unwrap();
                host.close(file);
            }
        }
    }
    drop(swapping);
    place.end();
}

#[test]
fn a_directory_that_a_link_replaces_while_it_is_listed_is_listed_on() {
    const MANY: usize = 3_000;
    let mut place = Place::new("listing");
    place.link("other", "../outside");
    fs::create_dir(place.inside("listed")).unwrap();
    let names: BTreeSet<Box<str>> = (0..MANY).map(|number| format!("{number}").into()).collect();
    for name in &names {
        fs::write(place.inside("listed").join(&**name), "").unwrap();
    }
    let host = &mut place.host;
    let directory = open(host, "listed", READ).unwrap();
    let mut listed = Vec::new();
    loop {
        let more = read_dir(host, directory, listed.len() as u64);
        if more.is_empty() {
            break;
        }
        listed.extend(more);
        let inside = place.path.join("inside");
        renameat_with(CWD, inside.join("listed"), CWD, inside.join("other"), RenameFlags::EXCHANGE).unwrap();
    }
    assert!(listed.iter().all(|entry| entry.kind == FileKind::Regular));
    assert_eq!(listed.len(), MANY);
    assert_eq!(listed.into_iter().map(|entry| entry.name).collect::<BTreeSet<_>>(), names);
    host.close(directory);
    place.end();
}

#[test]
fn a_pipe_is_told_of_and_never_opened() {
    let mut place = Place::new("pipe");
    mknodat(CWD, place.inside("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let host = &mut place.host;
    for flags in [READ, OpenFlags::WRITE, OpenFlags::WRITE | OpenFlags::CREATE, OpenFlags::APPEND] {
        assert_eq!(try_open(host, "pipe", flags), Err(Errno::EOPNOTSUPP), "{flags:?}");
    }
    assert_eq!(stat(host, "pipe", true).map(|info| info.kind), Ok(FileKind::Pipe));
    assert_eq!(list(host, ".").get("pipe"), Some(&FileKind::Pipe));
    let moment = Some(Duration::from_secs(7));
    assert_eq!(ask(host, Question::SetModified { path: "pipe".into(), moment }), Ok(Told::Done));
    assert_eq!(stat(host, "pipe", true).map(|info| info.modified), Ok(Duration::from_secs(7)));
    let swapping = Swapping::begin(place.inside("pipe"), place.inside("mine"));
    let host = &mut place.host;
    let (mut opened, mut refused, began) = (0, 0, Instant::now());
    while opened < 100 || refused < 100 {
        assert!(began.elapsed() < RACE, "{opened} times opened, {refused} times refused");
        for flags in [READ, OpenFlags::WRITE] {
            match try_open(host, "pipe", flags) {
                Ok(()) => opened += 1,
                Err(errno) => {
                    assert_eq!(errno, Errno::EOPNOTSUPP);
                    refused += 1;
                }
            }
        }
    }
    drop(swapping);
    assert_eq!(ask(&mut place.host, Question::Unlink("pipe".into())), Ok(Told::Done));
    place.end();
}

#[test]
fn the_hosts_own_ways_out_of_a_folder_are_no_ways_out() {
    let mut host = host_of(Path::new("/proc/self"));
    for way in ["root", "cwd", "root/etc", "root/proc/self", "fd/1", "exe"] {
        assert_eq!(stat(&mut host, way, true).map(drop), Err(Errno::ELOOP), "{way}");
        assert_eq!(try_open(&mut host, way, READ), Err(Errno::ELOOP), "{way}");
    }
    let mut host = host_of(Path::new("/dev"));
    assert_eq!(stat(&mut host, "null", true).map(|info| info.kind), Ok(FileKind::Device));
    for flags in [READ, OpenFlags::WRITE] {
        assert_eq!(try_open(&mut host, "null", flags), Err(Errno::EOPNOTSUPP), "{flags:?}");
    }
}
