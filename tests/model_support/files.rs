//! The part of the account that is about files in memory: names, bytes, and the places that those who share an
//! open file share. Nothing here waits, so every answer is foretold whole.

use super::{descriptors::Is, world::World};
use std::collections::BTreeMap;
use yieldix::syscalls::*;

/// All the names that there may be.
const NAMES: [&str; 4] = ["/m0", "/m1", "/m2", "/m3"];

/// How long a file gets: over the border of the pieces that the kernel keeps.
const LENGTHS: [u64; 7] = [0, 1, 50, 4_000, 65_530, 65_540, 150_000];

/// The files of a machine.
#[derive(Debug, Default)]
pub struct Files {
    named: BTreeMap<&'static str, usize>,
    /// Of each file that there was.
    bytes: Vec<Vec<u8>>,
    opened: Vec<Opened>,
    /// The byte that the next write consists of.
    next_byte: u8,
}

#[derive(Clone, Copy, Debug)]
struct Opened {
    file: usize,
    place: u64,
    flags: OpenFlags,
}

/// What is done with files.
#[derive(Clone, Debug)]
pub enum FileAct {
    Open(&'static str, OpenFlags),
    Read(Fd, u32),
    /// So many of this byte.
    Write(Fd, u8, usize),
    Seek(Fd, SeekFrom),
    Truncate(Fd, u64),
    Unlink(&'static str),
    Rename(&'static str, &'static str),
    Stat(&'static str),
    Fstat(Fd),
}

/// What is answered: descriptors, counts and lengths, bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum FileAnswer {
    Done,
    Opened(Fd),
    Count(u64),
    /// Runs of the same byte, since a text of what is compared is made of each answer.
    Bytes(Vec<(u8, usize)>),
    /// Length, and names.
    Info(u64, u32),
}

impl FileAnswer {
    /// These bytes.
    pub fn bytes(bytes: &[u8]) -> FileAnswer {
        FileAnswer::Bytes(bytes.chunk_by(|one, next| one == next).map(|run| (run[0], run.len())).collect())
    }
}

impl World {
    /// Something to do with files for `me`.
    pub fn choose_file_act(&mut self, me: u64) -> FileAct {
        let fd = self.descriptor_of(me, |is| matches!(is, Is::File(_)));
        let [name, other] = [self.pick(&NAMES), self.pick(&NAMES)];
        let length = self.pick(&LENGTHS);
        let act = self.chance(20);
        let is = self.what_is(me, fd);
        match act {
            // Mostly something is open that it can be done with.
            _ if !matches!(is, Is::File(_)) && !act.is_multiple_of(4) => FileAct::Open(name, self.open_flags()),
            // What may wait elsewhere is others' matter.
            1..12 | 19 if !matches!(is, Is::File(_) | Is::Closed) => FileAct::Stat(name),
            0 => FileAct::Open(name, self.open_flags()),
            1..7 => FileAct::Read(fd, length as u32),
            7..12 => {
                self.files.next_byte = self.files.next_byte.wrapping_add(1);
                FileAct::Write(fd, self.files.next_byte, length as usize)
            }
            12 => FileAct::Seek(fd, SeekFrom::Start(length)),
            13 => FileAct::Seek(fd, SeekFrom::Current(500 - length as i64)),
            14 => FileAct::Seek(fd, SeekFrom::End(20 - length as i64)),
            15 => FileAct::Truncate(fd, self.pick(&[length, length, length, 1 << 63])),
            16 => FileAct::Unlink(name),
            17 => FileAct::Rename(name, other),
            18 => FileAct::Stat(name),
            _ => FileAct::Fstat(fd),
        }
    }

    fn open_flags(&mut self) -> OpenFlags {
        const READ: OpenFlags = OpenFlags::READ;
        const WRITE: OpenFlags = OpenFlags::WRITE;
        let both = READ | WRITE;
        let flags = [both | OpenFlags::CREATE, both | OpenFlags::CREATE_NEW, READ | OpenFlags::APPEND, both];
        let others = [READ, WRITE | OpenFlags::TRUNCATE, READ | OpenFlags::CREATE, OpenFlags::APPEND];
        if self.chance(2) == 0 { self.pick(&flags) } else { self.pick(&others) }
    }

    /// What `me` is answered.
    pub fn act_on_files(&mut self, me: u64, act: &FileAct) -> Result<FileAnswer, Errno> {
        match *act {
            FileAct::Open(name, flags) => self.open_file(me, name, flags),
            FileAct::Read(fd, max) => {
                let Opened { file, place, .. } = *self.opened_for(me, fd, OpenFlags::READ)?;
                let bytes = &self.files.bytes[file];
                let from = bytes.len().min(place as usize);
                let read = &bytes[from..bytes.len().min(from + max as usize)];
                let (answer, count) = (FileAnswer::bytes(read), read.len() as u64);
                self.opened_for(me, fd, OpenFlags::READ)?.place += count;
                Ok(answer)
            }
            FileAct::Write(fd, byte, count) => self.write_file(me, fd, &vec![byte; count]),
            FileAct::Seek(fd, to) => {
                let opened = self.open_file_of(me, fd, Errno::ESPIPE)?;
                let length = self.files.bytes[self.files.opened[opened].file].len() as u64;
                let opened = &mut self.files.opened[opened];
                let to = match to {
                    SeekFrom::Start(place) => Some(place),
                    SeekFrom::Current(span) => opened.place.checked_add_signed(span),
                    SeekFrom::End(span) => length.checked_add_signed(span),
                };
                opened.place = to.ok_or(Errno::EINVAL)?;
                Ok(FileAnswer::Count(opened.place))
            }
            FileAct::Truncate(fd, length) => {
                let opened = self.open_file_of(me, fd, Errno::EINVAL)?;
                let Opened { file, flags, .. } = self.files.opened[opened];
                if !flags.has(OpenFlags::WRITE) {
                    return Err(Errno::EBADF);
                }
                if length > i64::MAX as u64 {
                    return Err(Errno::EINVAL);
                }
                self.files.bytes[file].resize(length as usize, 0);
                Ok(FileAnswer::Done)
            }
            FileAct::Unlink(name) => {
                self.files.named.remove(name).ok_or(Errno::ENOENT)?;
                Ok(FileAnswer::Done)
            }
            FileAct::Rename(from, to) => {
                let file = *self.files.named.get(from).ok_or(Errno::ENOENT)?;
                self.files.named.remove(from);
                self.files.named.insert(to, file);
                Ok(FileAnswer::Done)
            }
            FileAct::Stat(name) => {
                let file = *self.files.named.get(name).ok_or(Errno::ENOENT)?;
                Ok(FileAnswer::Info(self.files.bytes[file].len() as u64, 1))
            }
            FileAct::Fstat(fd) => {
                let opened = self.open_file_of(me, fd, Errno::EINVAL)?;
                let file = self.files.opened[opened].file;
                let names = self.files.named.values().filter(|&&named| named == file).count() as u32;
                Ok(FileAnswer::Info(self.files.bytes[file].len() as u64, names))
            }
        }
    }

    fn open_file(&mut self, me: u64, name: &'static str, flags: OpenFlags) -> Result<FileAnswer, Errno> {
        self.next_fd(me)?;
        if !flags.is_sound() {
            return Err(Errno::EINVAL);
        }
        let file = match self.files.named.get(name) {
            Some(_) if flags.has(OpenFlags::CREATE_NEW) => return Err(Errno::EEXIST),
            Some(&file) => file,
            None if !flags.has(OpenFlags::CREATE) => return Err(Errno::ENOENT),
            None => {
                self.files.bytes.push(Vec::new());
                self.files.named.insert(name, self.files.bytes.len() - 1);
                self.files.bytes.len() - 1
            }
        };
        if flags.has(OpenFlags::TRUNCATE) {
            self.files.bytes[file].clear();
        }
        self.files.opened.push(Opened { file, place: 0, flags });
        let object = self.add_object(Is::File(self.files.opened.len() - 1));
        Ok(FileAnswer::Opened(self.put_next(me, object)))
    }

    fn write_file(&mut self, me: u64, fd: Fd, data: &[u8]) -> Result<FileAnswer, Errno> {
        let Opened { file, place, flags } = *self.opened_for(me, fd, OpenFlags::WRITE)?;
        if !data.is_empty() {
            let bytes = &mut self.files.bytes[file];
            let from = if flags.has(OpenFlags::APPEND) { bytes.len() } else { place as usize };
            let end = from + data.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[from..end].copy_from_slice(data);
            self.opened_for(me, fd, OpenFlags::WRITE)?.place = end as u64;
        }
        Ok(FileAnswer::Count(data.len() as u64))
    }

    /// The open file that `fd` is to `me`; `otherwise` if it is something else.
    fn open_file_of(&mut self, me: u64, fd: Fd, otherwise: Errno) -> Result<usize, Errno> {
        match self.what_is(me, fd) {
            Is::File(opened) => Ok(opened),
            Is::Closed => Err(Errno::EBADF),
            _ => Err(otherwise),
        }
    }

    /// The same, if it was opened for this.
    fn opened_for(&mut self, me: u64, fd: Fd, wants: OpenFlags) -> Result<&mut Opened, Errno> {
        let opened = self.open_file_of(me, fd, Errno::EOPNOTSUPP)?;
        Some(&mut self.files.opened[opened]).filter(|opened| opened.flags.has(wants)).ok_or(Errno::EBADF)
    }
}
