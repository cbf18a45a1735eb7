//! `/bin`: the programs of the machine, a file each.
//!
//! Who reads one is told how the program is called; a path that leads here starts it.

use super::{FileSystem, Opened, flat, mount::Location};
use crate::{fd::Object, hardware::Hardware, kernel::Kernel, sched::Policy, stat::OwnDevice};
use yieldix_syscalls::{DirEntry, Errno, FileInfo, FileKind, OpenFlags, Program};

impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// The program that a name of the table, or a path, stands for.
    ///
    /// Errors: `ENOENT` for a name that is none, `EISDIR` for the directory, `EOPNOTSUPP` for a path that leads
    /// elsewhere: what a file holds is for others to read. And those of a path.
    pub(crate) fn program(&self, slot: u32, name: &str) -> Result<Program, Errno> {
        let programs = &self.options.programs;
        if let Ok(at) = programs.binary_search_by_key(&name, |program| program.name) {
            return Ok(programs[at]);
        }
        if !name.contains('/') {
            return Err(Errno::ENOENT);
        }
        let path = self.resolve(slot, name)?;
        match self.fs.mounts.locate(&path) {
            Location { system: FileSystem::Programs, within } => {
                self.find_in_programs(within)?.map(|at| programs[at]).ok_or(Errno::EISDIR)
            }
            _ => Err(Errno::EOPNOTSUPP),
        }
    }

    pub(super) fn stat_in_programs(&mut self, within: &str) -> Result<FileInfo, Errno> {
        let found = self.find_in_programs(within)?;
        Ok(self.info_in_programs(found))
    }

    /// Opens what is told of a program, or the directory to list it.
    pub(super) fn open_in_programs(&mut self, within: &str, path: &str, flags: OpenFlags) -> Result<Object, Errno> {
        let found = flat::to_open(self.find_in_programs(within), flags)?;
        let info = self.info_in_programs(found);
        let opened = match found {
            None if flags.has(OpenFlags::WRITE) => return Err(Errno::EISDIR),
            None => Opened::made_directory(info),
            Some(_) if flags.has(OpenFlags::WRITE) => return Err(Errno::EROFS),
            Some(at) => Opened::made_text(info, told(&self.options.programs[at])),
        };
        Ok(self.open_own(opened, flags, path))
    }

    pub(super) fn entries_in_programs(&self, after: Option<&str>) -> Vec<DirEntry> {
        let mut names = self.program_names();
        // It cannot be opened, so it is not listed.
        names.retain(|name| !name.contains('/'));
        flat::entries(&names, FileKind::Regular, after)
    }

    fn program_names(&self) -> Vec<&'static str> {
        self.options.programs.iter().map(|program| program.name).collect()
    }

    fn find_in_programs(&self, within: &str) -> Result<Option<usize>, Errno> {
        flat::look_up(&self.program_names(), within)
    }

    fn info_in_programs(&mut self, found: Option<usize>) -> FileInfo {
        let (kind, number, size) = match found {
            None => (FileKind::Directory, 0, 0),
            Some(at) => (FileKind::Regular, 1 + at as u64, told(&self.options.programs[at]).len() as u64),
        };
        let id = OwnDevice::Programs.file(number);
        FileInfo { kind, size, id, modified: self.hardware.wall_clock(), mode: 0o555, links: 1 }
    }
}

/// What its file says of a program.
fn told(program: &Program) -> String {
    let Program { name, about, usage, .. } = program;
    let space = if usage.is_empty() { "" } else { " " };
    format!("{name}: {about}\nusage: {name}{space}{usage}\n")
}
