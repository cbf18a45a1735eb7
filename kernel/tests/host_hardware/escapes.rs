//! No path leads out of a mounted folder, whatever is asked of it.
//!
//! Every test has a folder that is mounted and one beside it that is not, and which looks the same
//! afterwards.

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use yieldix_kernel::hardware::host::Folder;
use yieldix_kernel::hardware::{Question, Told};
use yieldix_syscalls::{DirEntry, FileInfo, FileKind, OpenFlags};

pub(super) const READ: OpenFlags = OpenFlags::READ;

/// What was there of a file: its kind, its bytes, when it was changed.
type Seen = (bool, Vec<u8>, SystemTime);

/// Two folders, and a host that has the first.
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) host: Host,
    outside: BTreeMap<PathBuf, Seen>,
}

impl Place {
    pub(super) fn new(name: &str) -> Place {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("escapes-{name}"));
        let _ = fs::remove_dir_all(&path);
        for directory in ["inside/dir", "outside/dir"] {
            fs::create_dir_all(path.join(directory)).unwrap();
        }
        for (file, bytes) in [("inside/mine", "inside"), ("inside/dir/secret", "inside"), ("outside/secret", "outside")]
        {
            fs::write(path.join(file), bytes).unwrap();
        }
        fs::write(path.join("outside/dir/kept"), "outside").unwrap();
        let host = host_of(&path.join("inside"));
        let outside = all_below(&path.join("outside"));
        Place { path, host, outside }
    }

    pub(super) fn inside(&self, name: &str) -> PathBuf {
        self.path.join("inside").join(name)
    }

    pub(super) fn link(&self, name: &str, target: impl AsRef<Path>) {
        symlink(target, self.inside(name)).unwrap();
    }

    /// The outside is as it was.
    pub(super) fn end(self) {
        assert_eq!(all_below(&self.path.join("outside")), self.outside);
        assert_eq!(self.host.stats().disk_devices, 0);
        fs::remove_dir_all(&self.path).unwrap();
    }
}

pub(super) fn host_of(folder: &Path) -> Host {
    raise_descriptor_limit();
    let console = ConsoleOptions::Memory(MemoryConsole::default());
    Host::new(HostOptions { console, folders: vec![Folder::open(folder).unwrap()], ..HostOptions::default() }).unwrap()
}

fn all_below(path: &Path) -> BTreeMap<PathBuf, Seen> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(path).unwrap() {
        let entry = entry.unwrap().path();
        let info = fs::symlink_metadata(&entry).unwrap();
        if info.is_dir() {
            found.extend(all_below(&entry));
        }
        let bytes = if info.is_file() { fs::read(&entry).unwrap() } else { Vec::new() };
        found.insert(entry, (info.is_dir(), bytes, info.modified().unwrap()));
    }
    found
}

pub(super) fn ask(host: &mut Host, question: Question) -> Result<Told, Errno> {
    let asked = host.ask(0, question).unwrap();
    let told = wait(host, |host| host.told(asked));
    host.close(asked);
    told
}

pub(super) fn stat(host: &mut Host, path: &str, follows: bool) -> Result<FileInfo, Errno> {
    match ask(host, Question::Stat { path: path.into(), follows })? {
        Told::Info(info) => Ok(info),
        Told::Done => panic!("a stat tells what is known"),
    }
}

pub(super) fn open(host: &mut Host, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
    let file = host.open(0, path, flags).unwrap();
    match wait(host, |host| host.connected(file)) {
        Ok(()) => Ok(file),
        Err(errno) => {
            host.close(file);
            Err(errno)
        }
    }
}

/// Opens and closes.
pub(super) fn try_open(host: &mut Host, path: &str, flags: OpenFlags) -> Result<(), Errno> {
    open(host, path, flags).map(|file| host.close(file))
}

pub(super) fn read(host: &mut Host, path: &str) -> Result<Vec<u8>, Errno> {
    let file = open(host, path, READ)?;
    let bytes = wait(host, |host| host.try_read_at(file, 1, 0, 100)).map(|(bytes, _)| bytes.to_vec());
    host.close(file);
    bytes
}

pub(super) fn read_dir(host: &mut Host, directory: Device, offset: u64) -> Vec<DirEntry> {
    wait(host, |host| host.try_read_dir(directory, offset, offset)).unwrap()
}

pub(super) fn list(host: &mut Host, path: &str) -> BTreeMap<String, FileKind> {
    let directory = open(host, path, READ).unwrap();
    let entries = read_dir(host, directory, 0);
    host.close(directory);
    entries.into_iter().map(|entry| (entry.name.into_string(), entry.kind)).collect()
}

fn try_watch(host: &mut Host, path: &str) -> Result<(), Errno> {
    let watch = host.watch(0, path)?;
    let begun = wait(host, |host| host.connected(watch));
    host.close(watch);
    begun
}

/// Everything that can be asked of what is below a directory that is not in the folder, with what came
/// of it.
pub(super) fn everything_below(host: &mut Host, directory: &str) -> Vec<(&'static str, Result<(), Errno>)> {
    let at = |name: &str| -> Box<str> { format!("{directory}/{name}").into() };
    let write = OpenFlags::WRITE;
    let mut done = |question| ask(host, question).map(drop);
    let mut answers = vec![
        ("stat", done(Question::Stat { path: at("secret"), follows: true })),
        ("lstat", done(Question::Stat { path: at("secret"), follows: false })),
        ("mkdir", done(Question::Mkdir(at("new")))),
        ("mkdir of what is there", done(Question::Mkdir(at("dir")))),
        ("unlink", done(Question::Unlink(at("secret")))),
        ("rmdir", done(Question::Rmdir(at("dir")))),
        ("rename out of it", done(Question::Rename { from: at("secret"), to: "stolen".into() })),
        ("rename into it", done(Question::Rename { from: "mine".into(), to: at("planted") })),
        ("rename over", done(Question::Rename { from: "mine".into(), to: at("secret") })),
        ("rename within", done(Question::Rename { from: at("secret"), to: at("moved") })),
        ("set now", done(Question::SetModified { path: at("secret"), moment: None })),
        ("set a moment", done(Question::SetModified { path: at("secret"), moment: Some(Duration::ZERO) })),
    ];
    answers.extend([
        ("open to read", try_open(host, &at("secret"), READ)),
        ("open to write", try_open(host, &at("secret"), write)),
        ("open to append", try_open(host, &at("secret"), OpenFlags::APPEND)),
        ("open to empty", try_open(host, &at("secret"), write | OpenFlags::TRUNCATE)),
        ("open to make", try_open(host, &at("new"), write | OpenFlags::CREATE)),
        ("open to make anew", try_open(host, &at("new"), write | OpenFlags::CREATE_NEW)),
        ("open to list", try_open(host, &at("dir"), READ)),
        ("list itself", try_open(host, &at("."), READ)),
    ]);
    if cfg!(target_os = "linux") {
        answers.push(("watch", try_watch(host, &at("secret"))));
    }
    answers
}

#[test]
fn nothing_below_a_way_out_can_be_seen_or_changed() {
    let mut place = Place::new("below");
    let outside = place.path.join("outside");
    place.link("absolute", &outside);
    place.link("up", "../outside");
    place.link("far-up", "../../../../../../../../../../../../../../..");
    place.link("chain", "link-to-up");
    place.link("link-to-up", "dir/../up");
    place.link("dir/middle", "../../outside");
    place.link("dir/absolute-middle", &outside);
    place.link("root", "/proc/self/root");
    place.link("cwd", "/proc/self/cwd");
    let in_root = format!("root{}", outside.display());
    let itself = place.path.join("inside/up");
    place.link("home-and-out", &itself);
    for way in [
        "..",
        "../outside",
        "dir/../../outside",
        "./.././outside",
        "absolute",
        "up",
        "far-up",
        "chain",
        "link-to-up",
        "dir/middle",
        "dir/absolute-middle",
        "root",
        "cwd",
        "home-and-out",
        &in_root,
        outside.to_str().unwrap(),
        "/",
    ] {
        for (what, answer) in everything_below(&mut place.host, way) {
            assert_eq!(answer, Err(Errno::EACCES), "{what} below {way}");
        }
    }
    assert_eq!(fs::read(place.inside("mine")).unwrap(), b"inside");
    place.end();
}

#[test]
fn a_link_that_leads_out_is_a_link_and_nothing_more() {
    let mut place = Place::new("links");
    let secret = place.path.join("outside/secret");
    for (name, target) in [
        ("absolute", secret.as_path()),
        ("up", Path::new("../outside/secret")),
        ("folder", Path::new("../outside/dir")),
        ("chain", Path::new("up")),
        ("dangling", Path::new("../outside/new")),
        ("home", &place.inside("mine")),
    ] {
        place.link(name, target);
        let host = &mut place.host;
        for flags in [
            READ,
            OpenFlags::WRITE,
            OpenFlags::WRITE | OpenFlags::CREATE,
            OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE,
        ] {
            assert_eq!(try_open(host, name, flags), Err(Errno::EACCES), "{name} {flags:?}");
        }
        assert_eq!(try_open(host, name, OpenFlags::WRITE | OpenFlags::CREATE_NEW), Err(Errno::EEXIST), "{name}");
        assert_eq!(stat(host, name, true).map(drop), Err(Errno::EACCES), "{name}");
        assert_eq!(stat(host, name, false).map(|info| info.kind), Ok(FileKind::Link), "{name}");
        assert_eq!(list(host, ".").get(name), Some(&FileKind::Link), "{name}");
        for moment in [None, Some(Duration::ZERO)] {
            let set = Question::SetModified { path: name.into(), moment };
            assert_eq!(ask(host, set), Err(Errno::EACCES), "{name}");
        }
        assert_eq!(ask(host, Question::Mkdir(name.into())), Err(Errno::EEXIST), "{name}");
        assert_eq!(ask(host, Question::Rmdir(name.into())), Err(Errno::ENOTDIR), "{name}");
    }
    let host = &mut place.host;
    for name in ["absolute", "up", "folder", "dangling", "home"] {
        let rename = Question::Rename { from: name.into(), to: "renamed".into() };
        assert_eq!(ask(host, rename), Ok(Told::Done), "{name}: the link has another name");
        assert_eq!(stat(host, "renamed", false).map(|info| info.kind), Ok(FileKind::Link), "{name}");
        let over = Question::Rename { from: "mine".into(), to: "renamed".into() };
        assert_eq!(ask(host, over), Ok(Told::Done), "{name}: the link is replaced");
        assert_eq!(read(host, "renamed").as_deref(), Ok(&b"inside"[..]));
        assert_eq!(ask(host, Question::Rename { from: "renamed".into(), to: "mine".into() }), Ok(Told::Done));
    }
    assert_eq!(ask(host, Question::Unlink("chain".into())), Ok(Told::Done));
    assert_eq!(stat(host, "chain", false).map(drop), Err(Errno::ENOENT));
    place.end();
}

#[test]
fn links_that_stay_inside_are_followed() {
    let mut place = Place::new("followed");
    place.link("to-dir", "dir");
    place.link("dir/to-mine", "../mine");
    place.link("loop", "loop");
    place.link("new-name", "dir/made");
    let host = &mut place.host;
    assert_eq!(read(host, "to-dir/to-mine").as_deref(), Ok(&b"inside"[..]));
    assert_eq!(stat(host, "to-dir", true).map(|info| info.kind), Ok(FileKind::Directory));
    assert_eq!(list(host, "to-dir").get("to-mine"), Some(&FileKind::Link));
    assert_eq!(stat(host, "loop", true).map(drop), Err(Errno::ELOOP));
    assert_eq!(try_open(host, "loop", READ), Err(Errno::ELOOP));
    assert_eq!(try_open(host, "new-name", OpenFlags::WRITE | OpenFlags::CREATE), Ok(()));
    let moment = Some(Duration::from_secs(7));
    assert_eq!(ask(host, Question::SetModified { path: "to-dir/to-mine".into(), moment }), Ok(Told::Done));
    assert_eq!(stat(host, "mine", true).map(|info| info.modified), Ok(Duration::from_secs(7)));
    assert_eq!(ask(host, Question::Unlink("to-dir/to-mine".into())), Ok(Told::Done));
    assert_eq!(read(host, "mine").as_deref(), Ok(&b"inside"[..]), "the link is gone, not the file");
    assert!(place.inside("dir/made").is_file());
    place.end();
}

#[test]
fn a_name_that_is_not_utf8_is_shown_and_cannot_be_opened() {
    let mut place = Place::new("names");
    let name = place.inside("").join(std::ffi::OsStr::from_bytes(b"bad\xff"));
    if fs::write(&name, "").is_err() {
        // Some hosts have no such names.
        return place.end();
    }
    let host = &mut place.host;
    let shown = list(host, ".").into_keys().find(|name| name.starts_with("bad")).unwrap();
    assert_eq!(shown, "bad\u{fffd}");
    assert_eq!(try_open(host, &shown, READ), Err(Errno::ENOENT));
    assert_eq!(ask(host, Question::Unlink(shown.into())), Err(Errno::ENOENT));
    place.end();
}

#[test]
fn what_is_made_has_the_mode_that_the_process_gives() {
    let mut place = Place::new("modes");
    let host = &mut place.host;
    try_open(host, "file", OpenFlags::WRITE | OpenFlags::CREATE).unwrap();
    ask(host, Question::Mkdir("folder".into())).unwrap();
    fs::write(place.path.join("file"), "").unwrap();
    fs::create_dir(place.path.join("folder")).unwrap();
    for name in ["file", "folder"] {
        let expected = fs::metadata(place.path.join(name)).unwrap().permissions().mode();
        let made = fs::metadata(place.inside(name)).unwrap();
        assert_eq!(made.mode(), expected, "{name}");
        assert_eq!(stat(&mut place.host, name, true).map(|info| u32::from(info.mode)), Ok(expected & 0o777), "{name}");
    }
    place.end();
}
