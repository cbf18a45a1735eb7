//! What the tests do with the disk, each until it is done.

use crate::bench::{Bench, Direction};
use yieldix_kernel::hardware::{Device, Hardware, Question, Told};
use yieldix_syscalls::{Buf, DirEntry, Errno, FileInfo, FileKind, OpenFlags};

pub const READ: OpenFlags = OpenFlags::READ;

/// An empty file of this name, open to read and to write.
pub fn open_empty<H: Hardware>(bench: &mut Bench<H>, name: &str) -> Device {
    let flags = READ | OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
    open(bench, name, flags).expect("it is opened")
}

/// The answer to a question.
pub fn ask<H: Hardware>(bench: &mut Bench<H>, question: Question) -> Result<Told, Errno> {
    let asked = bench.hardware.ask(0, question).expect("it is asked");
    let told = bench.until_done(asked, Direction::Write, |hardware| hardware.told(asked));
    bench.hardware.close(asked);
    told
}

pub fn mkdir<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Mkdir(path.into()))
}

pub fn unlink<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Unlink(path.into()))
}

pub fn rmdir<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<Told, Errno> {
    ask(bench, Question::Rmdir(path.into()))
}

pub fn rename<H: Hardware>(bench: &mut Bench<H>, from: &str, to: &str) -> Result<Told, Errno> {
    ask(bench, Question::Rename { from: from.into(), to: to.into() })
}

pub fn stat<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Result<FileInfo, Errno> {
    match ask(bench, Question::Stat { path: path.into(), follows: true })? {
        Told::Info(info) => Ok(info),
        Told::Done => panic!("a stat tells what is known"),
    }
}

pub fn open<H: Hardware>(bench: &mut Bench<H>, path: &str, flags: OpenFlags) -> Result<Device, Errno> {
    let file = bench.hardware.open(0, path, flags)?;
    match bench.until_done(file, Direction::Write, |hardware| hardware.connected(file)) {
        Ok(()) => Ok(file),
        Err(errno) => {
            bench.hardware.close(file);
            Err(errno)
        }
    }
}

/// An empty file of this name, closed.
pub fn make<H: Hardware>(bench: &mut Bench<H>, path: &str) {
    let file = open_empty(bench, path);
    bench.hardware.close(file);
}

pub fn read_dir<H: Hardware>(bench: &mut Bench<H>, directory: Device, ticket: u64, offset: u64) -> Vec<DirEntry> {
    let read = |hardware: &mut H| hardware.try_read_dir(directory, ticket, offset);
    bench.until_done(directory, Direction::Read, read).expect("it is read")
}

/// The names in an open directory, in order, with what they are.
pub fn list_open<H: Hardware>(bench: &mut Bench<H>, directory: Device) -> Vec<(String, FileKind)> {
    let mut all = Vec::new();
    loop {
        let more = read_dir(bench, directory, all.len() as u64, all.len() as u64);
        if more.is_empty() {
            all.sort_by(|one: &(String, _), other| one.0.cmp(&other.0));
            return all;
        }
        all.extend(more.into_iter().map(|entry| (entry.name.into_string(), entry.kind)));
    }
}

pub fn list<H: Hardware>(bench: &mut Bench<H>, path: &str) -> Vec<(String, FileKind)> {
    let directory = open(bench, path, READ).expect("a directory");
    let all = list_open(bench, directory);
    bench.hardware.close(directory);
    all
}

pub fn write_at<H: Hardware>(bench: &mut Bench<H>, file: Device, ticket: u64, offset: u64, data: &str) -> (usize, u64) {
    let data = Buf::copy_from(data.as_bytes());
    let write = |hardware: &mut H| hardware.try_write_at(file, ticket, offset, &data);
    bench.until_done(file, Direction::Write, write).expect("it is written")
}
