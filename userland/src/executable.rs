//! What can be started: programs, and scripts, which a program runs.
//!
//! A name is looked for in the folders of a `PATH`, of which [`PROGRAMS_FOLDER`] has the programs of the machine. A
//! path that leads to none of them leads to a script. Its first line may say which program runs it, `#!/bin/sh`
//! for one: that is the program of the same last name, wherever it is elsewhere, or else a script again.

use crate::{
    limits::{INTERPRETERS, SCRIPT_HEAD_BYTES},
    path::{join, last_part},
};
use alloc::{
    borrow::ToOwned,
    string::{String, ToString},
    vec::Vec,
};
use yieldix_syscalls::{
    Args, Errno, FileInfo, FileKind, OpenFlags, ProgramRequest, Routine, SpawnOptions, Tid, call,
    calls::{getenv, open, read, spawn_program, stat},
    routine, trap, using,
};

/// The folder that has the programs of the machine, and the `PATH` of who has none.
pub const PROGRAMS_FOLDER: &str = "/bin";

/// The exit code for what was not found, as shells have it.
pub const NOT_FOUND_CODE: i32 = 127;

/// The exit code for what is there and could not be started, as shells have it.
pub const NOT_STARTED_CODE: i32 = 126;

/// The exit code of who was to start something, and could not.
pub const fn not_started_code(errno: Errno) -> i32 {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => NOT_FOUND_CODE,
        _ => NOT_STARTED_CODE,
    }
}

/// Why something could not be started, for the user.
pub const fn why_not_started(errno: Errno) -> &'static str {
    match errno {
        Errno::ENOENT | Errno::ENOTDIR => "not found",
        Errno::ENOEXEC => "exec format error",
        // The limit on tasks is the only one that a start with no descriptors to pass can meet, and
        // to try again at once, as the errno has it, does not help.
        Errno::EAGAIN => "too many tasks",
        errno => errno.meaning(),
    }
}

/// What runs a script that does not say what does.
const SHELL: &str = "sh";

/// The folders of this task's `PATH`.
pub fn search_path() -> impl Routine<String> {
    routine!(move -> String {
        trap!(yield getenv("PATH")).unwrap_or_else(|_| PROGRAMS_FOLDER.to_owned())
    })
}

/// The path of what this name starts, found in the folders of `path`. A name with a slash is one.
///
/// Errors: `ENOENT` when it is in none of them, `EACCES` when all there is may not be run.
pub fn find<'a>(name: &'a str, path: &'a str) -> impl Routine<Result<String, Errno>> + 'a {
    routine!(move {
        let folders = if name.contains('/') { "" } else { path };
        let mut refusal = Errno::ENOENT;
        for folder in folders.split(':') {
            let file = if folder.is_empty() { name.to_owned() } else { join(folder, name) };
            match trap!(yield stat(file.as_str())) {
                Ok(info) if is_runnable(&info) => return Ok(file),
                Ok(info) if info.kind == FileKind::Directory => {}
                Ok(_) => refusal = Errno::EACCES,
                Err(_) => {}
            }
        }
        Err(refusal)
    })
}

/// Starts what a name stands for: a program of the machine, or a script.
///
/// Errors: those of [`find`] and of `spawn_program`; `EISDIR` for a directory, `EACCES` for what may not be run,
/// `ENOEXEC` for a file that is no text, `ELOOP` for too many scripts that are run by scripts.
pub fn start<'a>(
    name: &'a str,
    args: Args,
    options: SpawnOptions,
    path: &'a str,
) -> impl Routine<Result<Tid, Errno>> + 'a {
    routine!(move {
        if name.contains('/') {
            return call!(start_at(name.to_owned(), args, options));
        }
        let mut refusal = Errno::ENOENT;
        for folder in path.split(':') {
            if folder.trim_end_matches('/') == PROGRAMS_FOLDER {
                // Its own names are known without their folder, whatever is mounted there.
                match trap!(yield spawn_program(request(name, &args, &options))) {
                    Err(Errno::ENOENT) => continue,
                    started => return started,
                }
            }
            let folder = if folder.is_empty() { "." } else { folder };
            match call!(find(&join(folder, name), "")) {
                Ok(file) => return call!(start_at(file, args, options)),
                Err(Errno::EACCES) => refusal = Errno::EACCES,
                Err(_) => {}
            }
        }
        Err(refusal)
    })
}

fn request(name: &str, args: &Args, options: &SpawnOptions) -> ProgramRequest {
    ProgramRequest { name: name.into(), args: args.clone(), options: options.clone() }
}

/// Starts what is at a path.
fn start_at(path: String, args: Args, options: SpawnOptions) -> impl Routine<Result<Tid, Errno>> {
    routine!(move {
        let (mut path, mut args) = (path, args);
        for _ in 0..INTERPRETERS {
            match trap!(yield spawn_program(request(&path, &args, &options))) {
                // It leads to no program, so to a file.
                Err(Errno::EOPNOTSUPP) => {}
                started => return started,
            }
            let (interpreter, mut words) = call!(command_of(&path))?;
            words.push(path);
            words.append(&mut args);
            match trap!(yield spawn_program(request(last_part(&interpreter), &words, &options))) {
                Err(Errno::ENOENT) if interpreter.contains('/') => (path, args) = (interpreter, words),
                started => return started,
            }
        }
        Err(Errno::ELOOP)
    })
}

fn is_runnable(info: &FileInfo) -> bool {
    info.kind == FileKind::Regular && info.mode & 0o111 != 0
}

/// What runs the script at a path, and the words that it wants before the path.
fn command_of(path: &str) -> impl Routine<Result<(String, Args), Errno>> {
    routine!(move {
        match trap!(yield stat(path)) {
            Ok(info) if is_runnable(&info) => {}
            Ok(info) if info.kind == FileKind::Directory => return Err(Errno::EISDIR),
            Ok(_) => return Err(Errno::EACCES),
            Err(errno) => return Err(errno),
        }
        using!(file = trap!(yield open(path, OpenFlags::READ))?, {
            let mut head: Vec<u8> = Vec::new();
            while head.len() < SCRIPT_HEAD_BYTES && !head.contains(&b'\n') {
                let more = trap!(yield read(file, (SCRIPT_HEAD_BYTES - head.len()) as u32))?;
                if more.is_empty() {
                    break;
                }
                head.extend_from_slice(&more);
            }
            read_head(&head)
        })
    })
}

/// What the beginning of a script says of who runs it. `ENOEXEC` for what is none, or says so in too many bytes.
fn read_head(head: &[u8]) -> Result<(String, Args), Errno> {
    let end = head.iter().position(|&byte| byte == b'\n');
    let line = &head[..end.unwrap_or(head.len())];
    if line.contains(&0) {
        return Err(Errno::ENOEXEC);
    }
    let Some(line) = line.strip_prefix(b"#!") else { return Ok(shell()) };
    if end.is_none() && head.len() >= SCRIPT_HEAD_BYTES {
        return Err(Errno::ENOEXEC);
    }
    let line = str::from_utf8(line).map_err(|_| Errno::ENOEXEC)?;
    let blanks = [' ', '\t', '\r'];
    let line = line.trim_matches(blanks);
    let (name, rest) = line.split_once(blanks).unwrap_or((line, ""));
    if name.is_empty() {
        return Ok(shell());
    }
    // All that follows is one word, as on Linux.
    let rest = rest.trim_start_matches(blanks);
    Ok((name.to_owned(), (!rest.is_empty()).then(|| rest.to_string()).into_iter().collect()))
}

fn shell() -> (String, Args) {
    (SHELL.to_owned(), ["--".to_owned()].into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fake_kernel::{End, run_script},
        prelude::{println, task},
    };
    use alloc::{boxed::Box, vec};
    use core::time::Duration;
    use yieldix_syscalls::{Buf, Fd, FileId, Reply};

    #[test]
    fn a_head_names_what_runs_a_script_and_one_word_for_it() {
        let read = |head: &str| read_head(head.as_bytes()).map(|(name, args)| (name, args.join("|")));
        let is = |name: &str, args: &str| Ok((name.to_owned(), args.to_owned()));
        assert_eq!(read("#!/bin/sh\necho"), is("/bin/sh", ""));
        assert_eq!(read("#! /usr/bin/env  sh -x \n"), is("/usr/bin/env", "sh -x"));
        assert_eq!(read("#!cat"), is("cat", ""));
        for plain in ["", "echo hi\n", "#!\n", "#! \n", "# !/bin/cat\n", "echo\n\0"] {
            assert_eq!(read(plain), is("sh", "--"), "{plain:?}");
        }
    }

    #[test]
    fn what_is_no_text_in_its_first_line_is_no_script() {
        let long = [b"#!".as_slice(), &[b'x'; SCRIPT_HEAD_BYTES]].concat();
        for head in [b"\x7fELF\0\n".as_slice(), b"#!/bin/\xff\n", &long[..SCRIPT_HEAD_BYTES]] {
            assert_eq!(read_head(head), Err(Errno::ENOEXEC));
        }
    }

    fn info(kind: FileKind, mode: u16) -> Reply {
        let id = FileId::new(1, 1);
        Reply::File(Box::new(FileInfo { kind, size: 0, id, modified: Duration::ZERO, mode, links: 1 }))
    }

    fn started<const N: usize>(name: &'static str, path: &'static str, script: [(&str, Reply); N]) -> (String, End) {
        let task = task!({
            let started = call!(start(name, vec!["a".to_owned()], SpawnOptions::default(), path));
            println!("{}", started.map_or_else(|errno| errno.name().to_owned(), |tid| tid.to_string()))
        });
        let run = run_script(task, script);
        (run.output, run.end)
    }

    #[test]
    fn the_first_folder_that_has_it_is_the_one() {
        let script = [
            ("stat(\"/a/x\")", Reply::Err(Errno::ENOENT)),
            ("stat(\"/b/x\")", info(FileKind::Regular, 0o644)),
            ("spawn_program(\"x\", [\"a\"])", Reply::Err(Errno::ENOENT)),
            ("stat(\"/c/x\")", info(FileKind::Directory, 0o755)),
        ];
        assert_eq!(started("x", "/a:/b:/bin:/c", script).0, "EACCES\n");
        let own = [("spawn_program(\"x\", [\"a\"])", Reply::Tid(Tid::new(0, 7)))];
        assert_eq!(started("x", "/bin/:/a", own).0, "7\n");
    }

    #[test]
    fn a_script_is_run_by_a_program_of_the_name_that_its_first_line_ends_with() {
        let script = [
            ("spawn_program(\"./x\", [\"a\"])", Reply::Err(Errno::EOPNOTSUPP)),
            ("stat(\"./x\")", info(FileKind::Regular, 0o755)),
            ("open(\"./x\", READ)", Reply::Fd(Fd::new(3, 0))),
            ("read(3, 256)", Reply::Buf(Buf::from("#!/usr/bin/env sh\n"))),
            ("close(3)", Reply::Unit),
            ("spawn_program(\"env\", [\"sh\", \"./x\", \"a\"])", Reply::Tid(Tid::new(0, 7))),
        ];
        assert_eq!(started("./x", "", script).0, "7\n");
    }
}
