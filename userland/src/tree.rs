//! Whole trees of files: removed, and copied.
//!
//! What cannot be done with one file is told by the tool and does not keep it from the next; a directory that is
//! not empty for that reason is left without another word. Links are never followed. The directories above the
//! one at hand lie in a list and not on a stack, so a tree may be as deep as paths go.

use crate::{
    directory::{check_name_of_file, entries},
    limits::PIECE_BYTES,
    path::join,
    prelude::*,
    quoting::quoted,
    write_all,
};

/// What is told of each file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Only what goes wrong.
    Quiet,
    /// What has been done, too.
    Verbose,
}

/// A directory amid its removal or its copying.
struct Level {
    from: String,
    /// Where its copy is.
    to: String,
    /// What is still to be done, the next last.
    left: Vec<DirEntry>,
    is_whole: bool,
    modified: Duration,
}

/// How a tool removes.
#[derive(Clone, Copy, Debug)]
pub struct Removal {
    /// What is told.
    pub telling: Telling,
}

impl Removal {
    /// Removes the file at `path`, or the directory with all that is in it. False when something is left, which has
    /// been told.
    pub fn tree<'a>(self, tool: &'a mut Tool, path: &'a str, kind: FileKind) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if kind != FileKind::Directory {
                return call!(self.file(tool, path));
            }
            let Some(first) = call!(self.level(tool, path.to_owned()))? else { return Ok(false) };
            let mut levels = vec![first];
            let mut is_whole = true;
            while let Some(level) = levels.last_mut() {
                let Some(entry) = level.left.pop() else {
                    is_whole = level.is_whole && call!(self.directory(tool, &level.from))?;
                    levels.pop();
                    if let Some(above) = levels.last_mut() {
                        above.is_whole &= is_whole;
                    }
                    continue;
                };
                let path = join(&level.from, &entry.name);
                if entry.kind == FileKind::Directory {
                    let below = call!(self.level(tool, path))?;
                    level.is_whole &= below.is_some();
                    levels.extend(below);
                } else {
                    level.is_whole &= call!(self.file(tool, &path))?;
                }
            }
            Ok(is_whole)
        })
    }

    fn level(self, tool: &mut Tool, path: String) -> impl Routine<Result<Option<Level>, Errno>> {
        routine!(move {
            match call!(entries(&path)) {
                Ok(mut left) => {
                    left.reverse();
                    let (to, modified) = (String::new(), Duration::ZERO);
                    Ok(Some(Level { from: path, to, left, is_whole: true, modified }))
                }
                Err(errno) => {
                    call!(tool.complain(&path, errno))?;
                    Ok(None)
                }
            }
        })
    }

    /// Removes what is no directory. False when it cannot, which has been told.
    pub fn file<'a>(self, tool: &'a mut Tool, path: &'a str) -> impl Routine<Result<bool, Errno>> {
        routine!(move { call!(self.done(tool, path, "", trap!(yield unlink(path)))) })
    }

    /// Removes an empty directory. False when it cannot, which has been told.
    pub fn directory<'a>(self, tool: &'a mut Tool, path: &'a str) -> impl Routine<Result<bool, Errno>> {
        routine!(move { call!(self.done(tool, path, "directory ", trap!(yield rmdir(path)))) })
    }

    fn done<'a>(
        self,
        tool: &'a mut Tool,
        path: &'a str,
        kind: &'static str,
        result: Result<(), Errno>,
    ) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            match result {
                Ok(()) if self.telling == Telling::Verbose => {
                    tool.out.extend(format!("removed {kind}{}\n", quoted(path)).bytes());
                }
                Ok(()) => {}
                Err(errno) => call!(tool.complain(path, errno))?,
            }
            Ok(result.is_ok())
        })
    }
}

/// How a tool copies.
#[derive(Clone, Copy, Debug)]
pub struct Copying {
    /// What is told.
    pub telling: Telling,
    /// Has a copy the time at which its original was changed?
    pub keeps_time: bool,
    /// Is a file that is there already left alone?
    pub spares_existing: bool,
}

impl Copying {
    /// Copies the file at `from`, or the directory with all that is in it, to `to`, which becomes a file or a directory
    /// of that name, or is one. False when something was not copied, which has been told.
    pub fn tree<'a>(
        self,
        tool: &'a mut Tool,
        from: &'a str,
        to: &'a str,
        info: FileInfo,
    ) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if info.kind != FileKind::Directory {
                return call!(self.file(tool, from, to, info));
            }
            let Some(first) = call!(self.level(tool, from.to_owned(), to.to_owned(), info))? else { return Ok(false) };
            let mut levels = vec![first];
            let mut is_whole = true;
            while let Some(level) = levels.last_mut() {
                let Some(entry) = level.left.pop() else {
                    // Only now: what was made in it has changed it.
                    if self.keeps_time && let Err(errno) = trap!(yield set_modified(level.to.clone(), level.modified)) {
                        call!(tool.complain(&level.to, errno))?;
                        level.is_whole = false;
                    }
                    is_whole &= level.is_whole;
                    levels.pop();
                    continue;
                };
                let (from, to) = (join(&level.from, &entry.name), join(&level.to, &entry.name));
                let info = match trap!(yield lstat(from.as_str())) {
                    Ok(info) => info,
                    Err(errno) => {
                        call!(tool.complain(&from, errno))?;
                        level.is_whole = false;
                        continue;
                    }
                };
                if info.kind == FileKind::Directory {
                    let below = call!(self.level(tool, from, to, info))?;
                    level.is_whole &= below.is_some();
                    levels.extend(below);
                } else {
                    level.is_whole &= call!(self.file(tool, &from, &to, info))?;
                }
            }
            Ok(is_whole)
        })
    }

    fn level(
        self,
        tool: &mut Tool,
        from: String,
        to: String,
        info: FileInfo,
    ) -> impl Routine<Result<Option<Level>, Errno>> {
        routine!(move {
            // Before the copy is made: what is copied into itself would never end.
            let mut left = match call!(entries(&from)) {
                Ok(left) => left,
                Err(errno) => {
                    call!(tool.complain(&from, errno))?;
                    return Ok(None);
                }
            };
            left.reverse();
            match trap!(yield mkdir(to.as_str())) {
                Ok(()) => self.tell(tool, &from, &to),
                Err(Errno::EEXIST) if call!(crate::directory::is_directory(&to)) => {}
                Err(errno) => {
                    call!(tool.complain(&to, errno))?;
                    return Ok(None);
                }
            }
            Ok(Some(Level { from, to, left, is_whole: true, modified: info.modified }))
        })
    }

    fn tell(self, tool: &mut Tool, from: &str, to: &str) {
        if self.telling == Telling::Verbose {
            tool.out.extend(format!("{} -> {}\n", quoted(from), quoted(to)).bytes());
        }
    }

    /// Copies the bytes of what is no directory. False when they were not all copied, which has been told.
    fn file<'a>(
        self,
        tool: &'a mut Tool,
        from: &'a str,
        to: &'a str,
        info: FileInfo,
    ) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if info.kind == FileKind::Link {
                // There is no call that makes one.
                call!(tool.complain(from, "a symbolic link, which cannot be copied"))?;
                return Ok(false);
            }
            match trap!(yield stat(to)) {
                Ok(_) if self.spares_existing => return Ok(true),
                Ok(there) if there.id == info.id => {
                    call!(tool.complain(from, format!("the same file as {}", excerpt(to))))?;
                    return Ok(false);
                }
                Ok(there) if there.kind == FileKind::Directory => {
                    call!(tool.complain(to, Errno::EISDIR))?;
                    return Ok(false);
                }
                _ => {}
            }
            // Before it is tried, as elsewhere.
            self.tell(tool, from, to);
            let wrong = match call!(copy_bytes(from, to)) {
                Ok(()) if self.keeps_time => trap!(yield set_modified(to.to_owned(), info.modified)).err().map(|errno| (to, errno)),
                Ok(()) => None,
                Err((is_source, errno)) => Some((if is_source { from } else { to }, errno)),
            };
            if let Some((path, errno)) = wrong {
                call!(tool.complain(path, errno))?;
            }
            Ok(wrong.is_none())
        })
    }
}

/// Copies the bytes of a file. An error says whether it is the source's.
fn copy_bytes<'a>(from: &'a str, to: &'a str) -> impl Routine<Result<(), (bool, Errno)>> {
    routine!(move -> Result<(), (bool, Errno)> {
        call!(check_name_of_file(to)).map_err(|errno| (false, errno))?;
        let source = trap!(yield open(from, OpenFlags::READ)).map_err(|errno| (true, errno))?;
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let copied = match trap!(yield open(to, flags)) {
            Ok(copy) => {
                let copied = loop {
                    match trap!(yield read(source, PIECE_BYTES)) {
                        Ok(data) if data.is_empty() => break Ok(()),
                        Ok(data) => {
                            if let Err(errno) = write_all!(copy, data) {
                                break Err((false, errno));
                            }
                        }
                        Err(errno) => break Err((true, errno)),
                    }
                };
                copied.and(trap!(yield close(copy)).map_err(|errno| (false, errno)))
            }
            Err(errno) => Err((false, errno)),
        };
        // It was only read: what its close has to say changes nothing.
        let _ = trap!(yield close(source));
        copied
    })
}
