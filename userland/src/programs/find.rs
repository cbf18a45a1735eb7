//! Files below directories, and what is to be done with them.
//!
//! The directories above the file at hand lie in a list and not on a stack, so a tree may be as deep as paths go. No
//! link is followed.

mod expression;

use crate::{
    child,
    directory::{entries, look_at},
    path::last_part,
    prelude::*,
};
use expression::{Action, Batch, Request, Step, Test, parse};

pub(crate) const PROGRAM: Program = Program::new(
    "find",
    Group::Tools,
    "finds files below directories: -name, -path, -type, -size, -newer, -empty; -exec runs a program, -delete removes",
    main,
)
.usage("[PATH...] [EXPRESSION]");

/// Bytes of paths that one program of `-exec ... +` is given.
const BATCH_BYTES: usize = 128 * 1024;

/// A file that was found.
struct Found<'a> {
    path: &'a str,
    kind: FileKind,
}

/// What is below a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Visited,
    Spared,
}

/// A directory amid its visit.
struct Level {
    path: String,
    /// What is still to be visited, the next last.
    left: Vec<DirEntry>,
}

struct Search {
    tool: Tool,
    request: Request,
    /// When the references were changed.
    moments: Vec<Duration>,
    visited: usize,
}

fn main(args: Args) -> Task {
    task!({
        let mut tool = Tool::new(&PROGRAM);
        let mut request = call!(tool.or_usage(parse(args)))?;
        let mut moments = Vec::new();
        for reference in &request.references {
            match call!(look(reference)) {
                Ok(info) => moments.push(info.modified),
                Err(errno) => {
                    call!(tool.complain(reference, errno))?;
                    return call!(tool.finish());
                }
            }
        }
        let paths = core::mem::take(&mut request.paths);
        let mut search = Search { tool, request, moments, visited: 0 };
        for path in paths {
            match call!(look(&path)) {
                Ok(info) => call!(search.walk(path, info.kind))?,
                Err(errno) => call!(search.tool.complain(&path, errno))?,
            }
        }
        for number in 0..search.request.batches.len() {
            call!(search.run_batch(number))?;
        }
        call!(search.tool.finish())
    })
}

impl Search {
    /// Visits a file and all below it.
    fn walk(&mut self, path: String, kind: FileKind) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let mut levels: Vec<Level> = Vec::new();
            let mut next = Some((path, kind));
            loop {
                if let Some((path, kind)) = next.take() {
                    let is_first = kind != FileKind::Directory || !self.request.is_contents_first;
                    let found = Found { path: &path, kind };
                    let below = if is_first { call!(self.visit(found, levels.len()))? } else { Below::Visited };
                    let is_deep = self.request.depth_max.is_some_and(|max| levels.len() >= max);
                    if kind == FileKind::Directory && below == Below::Visited {
                        let left = if is_deep { Vec::new() } else { call!(self.left_in(&path))? };
                        levels.push(Level { path, left });
                    }
                }
                let Some(level) = levels.last_mut() else { return Ok(()) };
                if let Some(entry) = level.left.pop() {
                    next = Some((below(&level.path, &entry.name), entry.kind));
                } else if let Some(level) = levels.pop()
                    && self.request.is_contents_first
                {
                    let found = Found { path: &level.path, kind: FileKind::Directory };
                    call!(self.visit(found, levels.len()))?;
                }
            }
        })
    }

    /// What is in a directory, the first last. One that cannot be read is told, and has nothing in it.
    fn left_in(&mut self, path: &str) -> impl Routine<Result<Vec<DirEntry>, Errno>> {
        routine!(move {
            match call!(entries(path)) {
                Ok(mut left) => {
                    left.reverse();
                    Ok(left)
                }
                Err(errno) => {
                    call!(self.tool.complain(path, errno))?;
                    Ok(Vec::new())
                }
            }
        })
    }

    /// Asks of one file what is to be asked, and does what is to be done.
    fn visit(&mut self, found: Found<'_>, depth: usize) -> impl Routine<Result<Below, Errno>> {
        routine!(move {
            self.visited += 1;
            if self.visited.is_multiple_of(limits::FILES_PER_TURN) {
                trap!(yield yield_now())?;
            }
            let (mut below, mut answer, mut at) = (Below::Visited, true, 0);
            if depth < self.request.depth_min {
                return Ok(below);
            }
            while let Some(step) = self.request.steps.get(at) {
                at += 1;
                answer = match step {
                    Step::Not => !answer,
                    Step::SkipIf { answer: decided, to } => {
                        if answer == *decided {
                            at = *to;
                        }
                        answer
                    }
                    Step::Test(Test::Constant(constant)) => *constant,
                    Step::Test(Test::Name(glob)) => glob.matches(last_part(found.path)),
                    Step::Test(Test::Path(glob)) => glob.matches(found.path),
                    Step::Test(Test::Kind(kinds)) => kinds.contains(&found.kind),
                    Step::Test(Test::Empty) if found.kind == FileKind::Directory => {
                        let result = call!(is_empty(found.path));
                        call!(self.or_told(&found, result))?
                    }
                    Step::Test(Test::Empty) => {
                        let info = call!(look(found.path));
                        call!(self.or_told(&found, info.map(|info| info.kind == FileKind::Regular && info.size == 0)))?
                    }
                    Step::Test(Test::Size(blocks)) => {
                        let blocks = *blocks;
                        let info = call!(look(found.path));
                        call!(self.or_told(&found, info.map(|info| blocks.holds_of(info.size))))?
                    }
                    Step::Test(Test::Newer(reference)) => {
                        let since = self.moments[*reference];
                        let info = call!(look(found.path));
                        call!(self.or_told(&found, info.map(|info| info.modified > since)))?
                    }
                    Step::Action(Action::Print(end)) => {
                        self.tool.out.extend_from_slice(found.path.as_bytes());
                        self.tool.out.push(*end);
                        call!(self.tool.flush_if_full())?;
                        true
                    }
                    Step::Action(Action::Prune) => {
                        below = Below::Spared;
                        true
                    }
                    Step::Action(Action::Delete) => call!(self.delete(&found))?,
                    Step::Action(Action::Run(command)) => {
                        let words = command.iter().map(|word| word.replace("{}", found.path)).collect();
                        call!(self.run(words))?
                    }
                    Step::Action(Action::Gather(number)) => {
                        let number = *number;
                        let batch = &mut self.request.batches[number];
                        batch.paths.push(found.path.to_owned());
                        batch.paths_bytes += found.path.len() + 1;
                        if batch.paths_bytes >= BATCH_BYTES {
                            call!(self.run_batch(number))?;
                        }
                        true
                    }
                };
            }
            Ok(below)
        })
    }

    /// The answer; where something keeps from it, that is told, and the answer is no.
    fn or_told(&mut self, found: &Found<'_>, answer: Result<bool, Errno>) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            if let Err(errno) = answer {
                call!(self.tool.complain(found.path, errno))?;
            }
            Ok(answer.unwrap_or(false))
        })
    }

    fn delete(&mut self, found: &Found<'_>) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            // Where it stands itself it stays.
            if found.path == "." {
                return Ok(true);
            }
            let removed = match found.kind {
                FileKind::Directory => trap!(yield rmdir(found.path)),
                _ => trap!(yield unlink(found.path)),
            };
            call!(self.or_told(found, removed.map(|()| true)))
        })
    }

    /// Runs a program, and says whether it ended well.
    fn run(&mut self, words: Vec<String>) -> impl Routine<Result<bool, Errno>> {
        routine!(move {
            call!(self.tool.flush())?;
            let name = words.first().cloned().unwrap_or_default();
            match call!(child::run(words)) {
                Ok(status) => Ok(status == ExitStatus::Exited(0)),
                Err(errno) => {
                    call!(self.tool.tell(&name, errno))?;
                    Ok(false)
                }
            }
        })
    }

    /// Runs the program of a batch with what was gathered, if there is something.
    fn run_batch(&mut self, number: usize) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            let Batch { command, paths, paths_bytes } = &mut self.request.batches[number];
            if paths.is_empty() {
                return Ok(());
            }
            *paths_bytes = 0;
            let words = command.iter().cloned().chain(core::mem::take(paths)).collect();
            if !call!(self.run(words))? {
                self.tool.code = crate::args::FAILED_CODE;
            }
            Ok(())
        })
    }
}

/// The path of what is in a directory, whose slashes stay as they were named.
fn below(directory: &str, name: &str) -> String {
    let slash = if directory.ends_with('/') { "" } else { "/" };
    format!("{directory}{slash}{name}")
}

/// What is known of a file. Of a link it is what the link is, unless a slash stands behind it.
fn look(path: &str) -> impl Routine<Result<FileInfo, Errno>> {
    look_at(path, path.ends_with('/'))
}

/// Is nothing in this directory?
fn is_empty(path: &str) -> impl Routine<Result<bool, Errno>> {
    routine!(move {
        using!(directory = trap!(yield open(path, OpenFlags::READ))?, { Ok(trap!(yield readdir(directory))?.is_empty()) })
    })
}
