use super::*;

const NOW: Duration = Duration::from_secs(1);
const NEW: OpenFlags = OpenFlags::CREATE_NEW;
const READ: OpenFlags = OpenFlags::READ;

fn ram() -> Ram {
    Ram::new(1000)
}

impl Ram {
    /// A new file of these bytes, closed.
    fn make(&mut self, path: &str, data: &[u8]) -> Inode {
        let inode = self.open(path, OpenFlags::WRITE | NEW, NOW).unwrap();
        if !data.is_empty() {
            assert_eq!(self.write(inode, None, data, NOW).map(|(count, _)| count), Ok(data.len()));
        }
        self.close(inode);
        inode
    }

    fn listed(&self, path: &str) -> Vec<String> {
        let entries = self.entries(self.find(path).unwrap(), None, 99).unwrap();
        entries.iter().map(|entry| entry.name.to_string()).collect()
    }

    fn text(&self, path: &str) -> Result<Buf, Errno> {
        self.read(self.find(path)?, 0, 999)
    }

    fn news(&mut self, device: Device) -> Result<String, Errno> {
        let (text, _) = self.watches.read(device, 64)?;
        Ok(String::from_utf8(text.to_vec()).unwrap())
    }
}

#[test]
fn names_lead_to_files_and_directories() {
    let mut ram = ram();
    ram.mkdir("/a", NOW).unwrap();
    ram.make("/a/b", b"text");
    assert_eq!(ram.text("/a/b").as_deref(), Ok(&b"text"[..]));
    assert_eq!(ram.stat("/a").map(|info| info.kind), Ok(FileKind::Directory));
    assert_eq!(ram.stat("").map(|info| info.kind), Ok(FileKind::Directory));
    let info = ram.stat("/a/b").unwrap();
    assert_eq!((info.kind, info.size, info.modified, info.links), (FileKind::Regular, 4, NOW, 1));
    for (path, errno) in
        [("/b", Errno::ENOENT), ("/b/c", Errno::ENOENT), ("/a/b/c", Errno::ENOTDIR), ("/a/c", Errno::ENOENT)]
    {
        assert_eq!(ram.stat(path).err(), Some(errno), "{path}");
    }
    let long = format!("/{}", "x".repeat(limits::FILE_NAME_BYTES + 1));
    assert_eq!(ram.mkdir(&long, NOW), Err(Errno::ENAMETOOLONG));
    assert_eq!(ram.mkdir(&long[..long.len() - 1], NOW), Ok(()));
}

#[test]
fn a_file_lives_until_it_has_no_name_and_is_not_open() {
    let mut ram = ram();
    let inode = ram.make("/a", b"0123456789");
    assert_eq!(ram.open("/a", READ, NOW), Ok(inode));
    ram.unlink("/a", NOW).unwrap();
    assert_eq!((ram.bytes(), ram.inodes(), ram.info(inode).unwrap().links), (10, 2, 0));
    assert_eq!(ram.read(inode, 8, 9).as_deref(), Ok(&b"89"[..]));
    ram.make("/a", b"another");
    ram.close(inode);
    assert_eq!((ram.bytes(), ram.inodes()), (7, 2));
    assert_eq!(ram.info(inode), Err(Errno::ESTALE));
}

#[test]
fn all_bytes_are_counted_and_given_back() {
    let mut ram = ram();
    let a = ram.make("/a", &[1; 600]);
    let b = ram.open("/b", OpenFlags::WRITE | NEW, NOW).unwrap();
    assert_eq!(ram.write(b, None, &[2; 600], NOW), Ok((400, 400)));
    assert_eq!(ram.write(b, None, b"x", NOW), Err(Errno::ENOSPC));
    assert_eq!(ram.write(a, Some(0), b"in place", NOW), Ok((8, 8)), "what is there takes no room");
    ram.set_length(a, 100, NOW).unwrap();
    assert_eq!((ram.bytes(), ram.write(b, None, b"x", NOW)), (500, Ok((1, 401))));
    ram.make("/c", b"");
    ram.rename("/c", "/a", NOW).unwrap();
    assert_eq!(ram.bytes(), 401);
    ram.unlink("/b", NOW).unwrap();
    assert_eq!(ram.bytes(), 401, "it is open");
    ram.close(b);
    assert_eq!((ram.bytes(), ram.inodes()), (0, 2));
    assert_eq!(ram.write(ram.find("/a").unwrap(), Some(limits::OFFSET_MAX), b"x", NOW), Err(Errno::EFBIG));
}

#[test]
fn inodes_are_bounded() {
    let mut ram = ram();
    for number in 1..limits::RAM_INODES {
        ram.make(&format!("/{number}"), b"");
    }
    assert_eq!(ram.open("/more", OpenFlags::WRITE | NEW, NOW), Err(Errno::ENOSPC));
    assert_eq!(ram.mkdir("/more", NOW), Err(Errno::ENOSPC));
    ram.unlink("/1", NOW).unwrap();
    assert_eq!(ram.mkdir("/more", NOW), Ok(()));
}

#[test]
fn directories_are_removed_when_they_are_empty() {
    let mut ram = ram();
    ram.mkdir("/a", NOW).unwrap();
    ram.make("/a/b", b"");
    assert_eq!(ram.mkdir("/a", NOW), Err(Errno::EEXIST));
    assert_eq!(ram.mkdir("", NOW), Err(Errno::EEXIST));
    assert_eq!(ram.mkdir("/x/y", NOW), Err(Errno::ENOENT));
    assert_eq!(ram.rmdir("/a", NOW), Err(Errno::ENOTEMPTY));
    assert_eq!(ram.rmdir("/a/b", NOW), Err(Errno::ENOTDIR));
    assert_eq!(ram.unlink("/a", NOW), Err(Errno::EISDIR));
    assert_eq!(ram.rmdir("", NOW), Err(Errno::EBUSY));
    assert_eq!(ram.unlink("", NOW), Err(Errno::EISDIR));
    let open = ram.open("/a", READ, NOW).unwrap();
    ram.unlink("/a/b", NOW).unwrap();
    ram.rmdir("/a", NOW).unwrap();
    assert_eq!(ram.entries(open, None, 9), Ok(Vec::new()), "who has it open lists nothing");
    ram.close(open);
    assert_eq!(ram.inodes(), 1);
}

#[test]
fn what_is_mounted_stays() {
    let mut ram = ram();
    ram.pin_directory("/a/b").unwrap();
    ram.mkdir("/c", NOW).unwrap();
    ram.make("/a/file", b"");
    for path in ["/a", "/a/b"] {
        assert_eq!(ram.rmdir(path, NOW), Err(Errno::EBUSY), "{path}");
        assert_eq!(ram.rename(path, "/d", NOW), Err(Errno::EBUSY), "{path}");
        assert_eq!(ram.rename("/c", path, NOW), Err(Errno::EBUSY), "{path}");
    }
    ram.unlink("/a/file", NOW).unwrap();
    assert_eq!(ram.listed(""), ["a", "c"]);
}

#[test]
fn a_rename_replaces_what_may_be_replaced() {
    let mut ram = ram();
    for directory in ["/empty", "/full", "/moved"] {
        ram.mkdir(directory, NOW).unwrap();
    }
    let file = ram.make("/file", b"1");
    ram.make("/full/file", b"22");
    for (from, to, errno) in [
        ("/file", "/empty", Errno::EISDIR),
        ("/empty", "/file", Errno::ENOTDIR),
        ("/empty", "/full", Errno::ENOTEMPTY),
        ("/full", "/full/inside", Errno::EINVAL),
        ("/full", "/full/file/x", Errno::ENOTDIR),
        ("/full/file", "/full", Errno::EISDIR),
        ("/none", "/file", Errno::ENOENT),
        ("/file", "/none/file", Errno::ENOENT),
        ("/file", "", Errno::EBUSY),
        ("", "/x", Errno::EBUSY),
    ] {
        assert_eq!(ram.rename(from, to, NOW), Err(errno), "{from} to {to}");
    }
    assert_eq!(ram.rename("/file", "/file", NOW), Ok(()));
    ram.rename("/file", "/full/file", NOW).unwrap();
    assert_eq!((ram.find("/full/file"), ram.bytes()), (Ok(file), 1));
    ram.rename("/full", "/empty", NOW).unwrap();
    ram.rename("/empty", "/fuller", NOW).unwrap();
    assert_eq!((ram.listed(""), ram.listed("/fuller")), (vec!["fuller".into(), "moved".into()], vec!["file".into()]));
}

#[test]
fn a_directory_is_listed_in_pieces() {
    let mut ram = ram();
    for name in ["b", "a", "c"] {
        ram.make(&format!("/{name}"), b"");
    }
    let names = |after, max| {
        let entries = ram.entries(Inode::ROOT, after, max).unwrap();
        entries.iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names(None, 2), ["a", "b"]);
    assert_eq!(names(Some("b"), 2), ["c"]);
    assert_eq!(names(Some("c"), 2), [""; 0]);
    assert_eq!(names(Some("aa"), 9), ["b", "c"], "the last one may be gone by now");
}

const WATCH: Device = Device { index: 7, generation: 0 };

#[test]
fn a_watch_follows_the_name_from_file_to_file() {
    let mut ram = ram();
    ram.make("/log", b"x");
    ram.watch("/log", WATCH).unwrap();
    assert_eq!(ram.news(WATCH), Err(Errno::EAGAIN));
    ram.rename("/log", "/log.1", NOW).unwrap();
    assert_eq!((ram.news(WATCH).as_deref(), ram.watches.take_told()), (Ok("moved\n"), vec![WATCH]));
    let old = ram.find("/log.1").unwrap();
    ram.write(old, None, b"the old one", NOW).unwrap();
    assert_eq!(ram.news(WATCH).as_deref(), Ok("modified\n"));
    let new = ram.make("/log", b"");
    assert_eq!(ram.news(WATCH).as_deref(), Ok("created\n"));
    ram.write(old, None, b"nobody's", NOW).unwrap();
    assert_eq!(ram.news(WATCH), Err(Errno::EAGAIN));
    ram.write(new, None, b"the new one", NOW).unwrap();
    ram.unlink("/log", NOW).unwrap();
    assert_eq!(ram.news(WATCH).as_deref(), Ok("modified\nremoved\n"));
    ram.watches.end(WATCH);
    ram.make("/log", b"");
    assert_eq!(ram.news(WATCH), Err(Errno::ESTALE));
}

#[test]
fn a_watch_of_a_directory_that_goes_is_told_or_lost() {
    let mut ram = ram();
    for directory in ["/a", "/b", "/c"] {
        ram.mkdir(directory, NOW).unwrap();
    }
    ram.make("/b/log", b"x");
    ram.watch("/a/log", WATCH).unwrap();
    ram.rename("/b", "/a", NOW).unwrap();
    assert_eq!(ram.news(WATCH).as_deref(), Ok("created\n"), "the directory in its place has one");
    ram.rename("/a", "/d", NOW).unwrap();
    assert_eq!(ram.news(WATCH), Err(Errno::ENOENT));
    let other = Device { index: 8, generation: 0 };
    ram.watch("/c/log", other).unwrap();
    ram.rmdir("/c", NOW).unwrap();
    assert!(ram.watches.is_readable(other));
    assert_eq!(ram.news(other), Err(Errno::ENOENT));
    assert_eq!(ram.watch("/d", other), Err(Errno::EISDIR));
    assert_eq!(ram.watch("/none/log", other), Err(Errno::ENOENT));
}
