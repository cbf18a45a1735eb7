//! `/proc`: what the kernel tells of its tasks and of itself, as files.
//!
//! A text is made when its file is opened, and is of that moment as a whole. It has a line for each thing, and
//! a TAB between the columns.

use super::{Opened, flat, path::parts};
use crate::{
    environment::Environment, fd::Object, hardware::Hardware, info::Stats, kernel::Kernel, limits, one_line::OneLine,
    sched::Policy, stat::OwnDevice,
};
use std::{
    fmt::{self, Write},
    time::Duration,
};
use yieldix_syscalls::{DirEntry, Errno, FileInfo, FileKind, OpenFlags, TaskInfo, TaskState, Tid, Time};

/// The directory of the task that asks.
const SELF: &str = "self";

/// Files of the machine, in order.
const OF_MACHINE: [&str; 8] = ["flight", "mounts", "sched", "stat", "tasks", "timers", "uptime", "version"];

/// The place of the file whose being open has the kernel measured.
const SCHED: usize = 2;
const _: () = assert!(matches!(OF_MACHINE[SCHED].as_bytes(), b"sched"));

/// Files of each task, in order.
const OF_TASK: [&str; 7] = ["children", "cwd", "environ", "fd", "limits", "status", "where"];

/// What a path names here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// All of it.
    Root,
    /// The file of the machine with this place among them.
    Machine(usize),
    /// The directory of the task in this slot.
    Task(u32),
    /// A file of that.
    OfTask(u32, usize),
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    pub(super) fn stat_in_proc(&mut self, slot: u32, within: &str) -> Result<FileInfo, Errno> {
        let found = self.find_in_proc(slot, within)?;
        Ok(self.info_in_proc(found))
    }

    /// Opens a file, whose text is made now, or a directory to list it. Gives its plain path too, without
    /// `self` in it.
    pub(super) fn open_in_proc(
        &mut self,
        slot: u32,
        within: &str,
        path: &str,
        flags: OpenFlags,
    ) -> Result<(Opened, String), Errno> {
        let found = flat::to_open(self.find_in_proc(slot, within), flags)?;
        let info = self.info_in_proc(found);
        let text = match found {
            Found::Root | Found::Task(_) if flags.has(OpenFlags::WRITE) => return Err(Errno::EISDIR),
            Found::Root => return Ok((Opened::made_directory(info), path.to_owned())),
            Found::Task(of) => {
                let place = &path[..path.len() - within.len()];
                return Ok((Opened::made_directory(info), format!("{place}/{}", self.table.tid(of))));
            }
            _ if flags.has(OpenFlags::WRITE) => return Err(Errno::EROFS),
            Found::Machine(SCHED) => {
                let text = self.text_of_sched();
                return Ok((Opened::measured_text(info, text, self.lease.clone()), path.to_owned()));
            }
            Found::Machine(file) => self.text_of_machine(OF_MACHINE[file]),
            Found::OfTask(of, file) => self.text_of_task(of, OF_TASK[file]),
        };
        Ok((Opened::made_text(info, text), path.to_owned()))
    }

    /// Entries of a directory behind the name `after`, at most `max`. The tasks come last, oldest first; one
    /// that has ended since its directory was opened has none left.
    pub(super) fn entries_in_proc(
        &self,
        within: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<DirEntry>, Errno> {
        if within.is_empty() {
            let last = after.and_then(|after| after.parse::<u64>().ok());
            let mut entries = Vec::new();
            if last.is_none() {
                let files = OF_MACHINE.iter().map(|&name| (name, FileKind::Regular));
                let mut names: Vec<_> = files.chain([(SELF, FileKind::Directory)]).collect();
                names.sort_unstable_by_key(|(name, _)| *name);
                entries.extend(named(&names, after));
            }
            let serials = self.table.tids().into_iter().map(|tid| tid.serial());
            let more = serials.filter(|serial| last.is_none_or(|last| *serial > last)).take(max - entries.len());
            entries.extend(more.map(|serial| entry(&serial.to_string(), FileKind::Directory)));
            return Ok(entries);
        }
        match self.find_in_proc(0, within) {
            Ok(Found::Task(_)) => Ok(named(&OF_TASK.map(|name| (name, FileKind::Regular)), after)),
            _ => Ok(Vec::new()),
        }
    }

    fn find_in_proc(&self, slot: u32, within: &str) -> Result<Found, Errno> {
        let mut parts = parts(within);
        let found = match (parts.next(), parts.next()) {
            (None, _) => return Ok(Found::Root),
            (Some(name), rest) => {
                if let Some(file) = OF_MACHINE.iter().position(|known| *known == name) {
                    return if rest.is_some() { Err(Errno::ENOTDIR) } else { Ok(Found::Machine(file)) };
                }
                let of = if name == SELF { slot } else { self.task_named(name).ok_or(Errno::ENOENT)? };
                match rest {
                    None => return Ok(Found::Task(of)),
                    Some(file) => {
                        let file = OF_TASK.iter().position(|known| *known == file).ok_or(Errno::ENOENT)?;
                        Found::OfTask(of, file)
                    }
                }
            }
        };
        if parts.next().is_some() { Err(Errno::ENOTDIR) } else { Ok(found) }
    }

    /// The slot of the task that this is the number of, as it is shown.
    fn task_named(&self, name: &str) -> Option<u32> {
        let tid: Tid = name.parse().ok()?;
        if tid.to_string() == name { self.table.find(tid) } else { None }
    }

    fn info_in_proc(&mut self, found: Found) -> FileInfo {
        let serial = |slot| self.table.tid(slot).serial();
        let (kind, number) = match found {
            Found::Root => (FileKind::Directory, 0),
            Found::Machine(file) => (FileKind::Regular, 1 + file as u64),
            Found::Task(of) => (FileKind::Directory, serial(of) << 8),
            Found::OfTask(of, file) => (FileKind::Regular, serial(of) << 8 | (1 + file as u64)),
        };
        let mode = if kind == FileKind::Directory { 0o555 } else { 0o444 };
        let modified = self.hardware.wall_clock();
        FileInfo { kind, size: 0, id: OwnDevice::Tasks.file(number), modified, mode, links: 1 }
    }

    fn text_of_machine(&mut self, file: &str) -> String {
        match file {
            "flight" => {
                self.charge_for_the_table();
                self.operations += limits::FLIGHT_RECORDS as u32 / limits::SLOTS_PER_OPERATION;
                self.flight()
            }
            "mounts" => self.text_of_mounts(),
            "stat" => text_of_stats(&self.stats()),
            "tasks" => {
                self.charge_for_the_table();
                self.tasks().iter().fold(TASKS_HEAD.to_owned(), |text, task| text + &line_of(task))
            }
            "timers" => {
                self.charge_for_the_table();
                self.text_of_timers()
            }
            "uptime" => format!("{}\n", seconds(self.now().since(Time::BOOT))),
            _ => format!("yieldix {}\n", env!("CARGO_PKG_VERSION")),
        }
    }

    fn text_of_mounts(&self) -> String {
        let mut text = String::new();
        for (place, system) in self.fs.mounts.iter() {
            let place = if place.is_empty() { "/" } else { place };
            let mode = if system.is_read_only() { "ro" } else { "rw" };
            line(&mut text, &[&OneLine(place), &system.name(), &mode]);
        }
        text
    }

    /// Every timer and alarm by its moment, whose it is, and which of both.
    fn text_of_timers(&self) -> String {
        let timer = |(slot, _)| Some((self.timers.at(slot)?, self.table.tid(slot), "wait"));
        let mut timers: Vec<(Time, Tid, &str)> = self.table.iter().filter_map(timer).collect();
        timers.extend(self.alarms.iter().map(|(at, tid)| (*at, *tid, "alarm")));
        timers.sort_unstable();
        let mut text = String::new();
        for (at, tid, kind) in timers {
            line(&mut text, &[&seconds(at.since(Time::BOOT)), &tid, &kind]);
        }
        text
    }

    fn text_of_task(&mut self, of: u32, file: &str) -> String {
        let mut text = String::new();
        match file {
            "children" => {
                self.charge_for_the_table();
                let parent = self.table.tid(of);
                let is_child = |tid: &Tid| self.parent_of(self.slot_of(*tid)) == parent;
                for tid in self.table.tids().iter().filter(|tid| is_child(tid)) {
                    line(&mut text, &[tid]);
                }
            }
            "cwd" => line(&mut text, &[&OneLine(self.directory_of(of))]),
            "environ" => {
                let environment = self.table.inherited(of).environment.as_deref();
                for (name, value) in environment.into_iter().flat_map(Environment::iter) {
                    line(&mut text, &[&OneLine(name), &OneLine(value)]);
                }
            }
            "fd" => {
                for (fd, object) in self.fds_of(of) {
                    match object {
                        Object::File(file) => line(&mut text, &[&fd, &self.file(file).kind, &file]),
                        Object::Sender(port) => line(&mut text, &[&fd, &"sender", &port]),
                        Object::Receiver(port) => line(&mut text, &[&fd, &"receiver", &port]),
                    }
                }
            }
            "limits" => {
                let (cold, rare) = (self.table.cold(of), self.table.rare(of));
                let fds = cold.map_or(0, |cold| cold.fds.open());
                let scopes = rare.map_or(0, |rare| rare.deadlines.len());
                let depth = rare.map_or(0, |rare| rare.callers.len());
                line(&mut text, &[&"fds", &fds, &self.options.fds_per_task]);
                line(&mut text, &[&"deadlines", &scopes, &limits::DEADLINE_SCOPES]);
                line(&mut text, &[&"subroutines", &depth, &limits::SUBROUTINE_DEPTH]);
                line(&mut text, &[&"quantum", &self.table.quantum_of(of), &limits::QUANTUM_MAX]);
            }
            "where" => {
                text = self.whereabouts(of).to_string();
            }
            _ => text_of_status(&mut text, &self.task_info(self.table.tid(of))),
        }
        text
    }
}

/// Entries of these names and kinds behind the name `after`.
fn named(names: &[(&str, FileKind)], after: Option<&str>) -> Vec<DirEntry> {
    let left = names.iter().filter(|(name, _)| after.is_none_or(|after| *name > after));
    left.map(|(name, kind)| entry(name, *kind)).collect()
}

fn entry(name: &str, kind: FileKind) -> DirEntry {
    DirEntry { name: name.into(), kind }
}

/// A line of these columns.
fn line(text: &mut String, columns: &[&dyn fmt::Display]) {
    for (index, column) in columns.iter().enumerate() {
        // To write to a string does not fail.
        let _ = write!(text, "{}{column}", if index > 0 { "\t" } else { "" });
    }
    text.push('\n');
}

/// A span, or a moment since boot, in seconds.
fn seconds(span: Duration) -> String {
    format!("{}.{:09}", span.as_secs(), span.subsec_nanos())
}

/// The state in one word, and what is waited on.
fn state(task: &TaskInfo) -> (&'static str, String) {
    match task.state {
        TaskState::Ready => ("ready", String::new()),
        TaskState::Running => ("running", String::new()),
        TaskState::Blocked(on) => ("blocked", on.to_string()),
        TaskState::Stopped => ("stopped", String::new()),
        TaskState::Zombie => ("zombie", String::new()),
    }
}

/// Where the last trap stands, if there was one.
fn place(task: &TaskInfo) -> String {
    task.at.map_or("-".to_owned(), |at| format!("{}:{}:{}", at.file(), at.line(), at.column()))
}

/// The columns of [`line_of`].
const TASKS_HEAD: &str = "tid\tparent\tgroup\tstate\twaits\tturns\ttraps\tfds\tname\tat\n";

fn line_of(task: &TaskInfo) -> String {
    let TaskInfo { tid, parent, group, name, turns, traps, fds, .. } = task;
    let (word, on) = state(task);
    let mut text = String::new();
    line(&mut text, &[tid, parent, group, &word, &on, turns, traps, fds, name, &place(task)]);
    text
}

fn text_of_status(text: &mut String, task: &TaskInfo) {
    let (word, on) = state(task);
    line(text, &[&"name", &task.name]);
    line(text, &[&"tid", &task.tid]);
    line(text, &[&"parent", &task.parent]);
    line(text, &[&"group", &task.group]);
    line(text, &[&"state", &word, &on]);
    line(text, &[&"turns", &task.turns]);
    line(text, &[&"traps", &task.traps]);
    line(text, &[&"ran", &seconds(task.ran)]);
    line(text, &[&"waited", &seconds(task.waited)]);
    line(text, &[&"fds", &task.fds]);
    line(text, &[&"at", &place(task)]);
}

fn text_of_stats(stats: &Stats) -> String {
    let mut text = String::new();
    for (name, value) in stats.by_name() {
        line(&mut text, &[&name, &value]);
    }
    text
}
