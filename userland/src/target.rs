//! Where `cp` and `mv` put files: under another name, or into a directory.
//!
//! What one call has put there is not lost to another file of the same call, and a file that was named twice goes once.

use crate::{
    directory::look_at,
    excerpt::excerpt,
    path::{join, last_part},
    prelude::*,
};

/// Where files go.
#[derive(Debug)]
pub struct Target {
    path: String,
    is_directory: bool,
    /// Only of several files does one stand in the way of another.
    has_several: bool,
    /// What was to go, by what it is and its name.
    taken: Vec<(FileId, String)>,
    made: Vec<FileId>,
}

impl Target {
    /// The target at `path` of so many files; `None` when it is no directory and has to be one, which has been told.
    pub fn find(tool: &mut Tool, path: String, sources: usize) -> impl Routine<Result<Option<Target>, Errno>> {
        routine!(move {
            let has_several = sources > 1;
            let info = trap!(yield stat(path.as_str()));
            let is_directory = matches!(info, Ok(FileInfo { kind: FileKind::Directory, .. }));
            if has_several && !is_directory {
                call!(tool.complain(&path, info.err().unwrap_or(Errno::ENOTDIR)))?;
                return Ok(None);
            }
            Ok(Some(Target { path, is_directory, has_several, taken: Vec::new(), made: Vec::new() }))
        })
    }

    /// The name that the file at `from` gets.
    pub fn of(&self, from: &str) -> String {
        match last_part(from) {
            // Not into what the target lies in.
            ".." => self.path.clone(),
            name if self.is_directory => join(&self.path, name),
            _ => self.path.clone(),
        }
    }

    /// May the file at `from` go? Not when it has gone already, nor when another has that went there, nor to below what
    /// is no directory; which is told.
    pub fn takes<'a>(
        &'a mut self,
        tool: &'a mut Tool,
        from: &'a str,
        info: FileInfo,
        spares_existing: bool,
    ) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            let to = self.of(from);
            if let Err(errno @ Errno::ENOTDIR) = call!(look_at(&to, true)) {
                call!(tool.complain(&to, errno))?;
                return Ok(false);
            }
            if !self.has_several {
                return Ok(true);
            }
            let name = last_part(from);
            if self.taken.iter().any(|(id, taken)| (*id, taken.as_str()) == (info.id, name)) {
                call!(tool.tell(from, "named more than once"))?;
                return Ok(false);
            }
            self.taken.push((info.id, name.to_owned()));
            if info.kind == FileKind::Directory || spares_existing {
                return Ok(true);
            }
            let Ok(there) = trap!(yield lstat(to.as_str())) else { return Ok(true) };
            if there.kind == FileKind::Directory || !self.made.contains(&there.id) {
                return Ok(true);
            }
            call!(tool.complain(from, format!("would overwrite {}, which was just made", excerpt(&to))))?;
            Ok(false)
        })
    }

    /// A file has arrived at `to`.
    pub fn has_taken(&mut self, to: &str) -> impl Routine<()> {
        routine!(move -> () {
            if self.has_several && let Ok(info) = trap!(yield lstat(to)) {
                self.made.push(info.id);
            }
        })
    }
}
