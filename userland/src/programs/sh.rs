//! The first shell: runs programs by name, in the foreground and in the background.
//!
//! It reads ahead of what it runs, so input that a program should get cannot follow its command in
//! the same file. Children that run in the background are reported when they have ended, before
//! the next line is read.

mod parse;

use super::init::{NOT_FOUND_CODE, NOT_STARTED_CODE, why_not_started};
use crate::{
    args::{self, USAGE_CODE},
    listing::{listing, names},
    prelude::*,
};
use core::{fmt::Display, mem, ops::ControlFlow};
use parse::Command;

pub(crate) const PROGRAM: Program =
    Program::new("sh", Group::System, "runs commands from standard input or from -c; -i prompts", main)
        .usage("[-i] [-c COMMAND]");

const PROMPT: &str = "$ ";

const HELP: &str = "\
Built-in commands:
  exit [CODE]    leaves the shell, with CODE or else the last status
  help           shows this
  programs       lists the programs, with what they do
  wait [TID...]  waits for these children, or for all in the background
A command is a program's name and arguments. After it, & runs it in the background
and ; begins another. Quote with '...', \"...\" or \\. $? is the last status, # a comment.
What still runs in the background when the first shell ends is ended with the machine,
without a word: wait for it first.

";

struct Options {
    is_interactive: bool,
    command: Option<String>,
}

fn parse_options(args: Args) -> Result<Options, Misuse> {
    let given = Given::parse(args, &["-i"], &["-c"])?.without_operands()?;
    Ok(Options { is_interactive: given.has("-i"), command: given.value("-c")? })
}

fn main(args: Args) -> Task {
    task!({
        let options = call!(or_usage(&PROGRAM, parse_options(args)))?;
        let mut shell = Shell { is_interactive: options.is_interactive, status: 0 };
        let code = match options.command {
            Some(command) => call!(shell.run_text(&command))?,
            None => call!(shell.run_input())?,
        };
        trap!(yield exit(code))
    })
}

/// What a line does to the shell: it goes on, or ends with a code.
type Flow = ControlFlow<i32>;

struct Shell {
    is_interactive: bool,
    /// Of the last command, as `$?` shows it.
    status: i32,
}

impl Shell {
    /// Runs the lines of a text; gives the code to exit with.
    fn run_text(&mut self, text: &str) -> impl Routine<Result<i32, Errno>> {
        routine!(move {
            for line in text.lines() {
                if let Flow::Break(code) = call!(self.run_line(line))? {
                    return Ok(code);
                }
            }
            Ok(self.status)
        })
    }

    /// Runs the lines of standard input; gives the code to exit with.
    fn run_input(&mut self) -> impl Routine<Result<i32, Errno>> {
        routine!(move {
            let mut lines = Lines::new(Fd::STDIN);
            let mut is_first = true;
            loop {
                if self.is_interactive {
                    print!("{PROMPT}")?;
                }
                match call!(lines.read_line()) {
                    Ok(Some(line)) if !self.is_interactive && line.contains('\0') => return call!(self.refuse_binary()),
                    Ok(Some(line)) => {
                        let line = if mem::take(&mut is_first) { without_mark(&line) } else { &line };
                        if let Flow::Break(code) = call!(self.run_line(line))? {
                            return Ok(code);
                        }
                    }
                    Ok(None) => break,
                    Err(Errno::EMSGSIZE) => call!(self.refuse("line too long"))?,
                    // At a terminal a slip of the keyboard; nobody wants to be thrown out for it.
                    Err(Errno::EILSEQ) if self.is_interactive => call!(self.refuse("line is not UTF-8"))?,
                    Err(Errno::EILSEQ) => return call!(self.refuse_binary()),
                    Err(errno) => {
                        // A directory, a terminal that went away: what runs it must tell that from
                        // a script that ended.
                        call!(self.refuse(format!("standard input: {errno}")))?;
                        return Ok(self.status);
                    }
                }
            }
            if self.is_interactive {
                // The next prompt, of whoever started this, should not follow ours.
                println!()?;
            }
            Ok(self.status)
        })
    }

    /// Runs the commands of a line, then reports the children that have ended.
    fn run_line(&mut self, line: &str) -> impl Routine<Result<Flow, Errno>> {
        routine!(move {
            let commands = match parse::parse(line) {
                Ok(commands) => commands,
                Err(error) => {
                    call!(self.refuse(error))?;
                    Vec::new()
                }
            };
            for command in commands {
                if let Flow::Break(code) = call!(self.run_command(command))? {
                    return Ok(Flow::Break(code));
                }
            }
            // Whoever is in the foreground was waited for by name, so these were in the background.
            while let Ok(Some((child, status))) = trap!(yield try_wait(Children::Any)) {
                println!("[{child}] done: {}", end(&status))?;
            }
            Ok(Flow::Continue(()))
        })
    }

    fn run_command(&mut self, command: Command) -> impl Routine<Result<Flow, Errno>> {
        routine!(move {
            let mut words: Vec<String> = command.words.iter().map(|word| word.expand(self.status)).collect();
            let name = words.remove(0);
            if command.is_background {
                if let Some(child) = call!(self.start(&name, words))? {
                    println!("[{child}]")?;
                    self.status = 0;
                }
                return Ok(Flow::Continue(()));
            }
            match name.as_str() {
                "exit" => return call!(self.exit(words)),
                "help" => {
                    print!("{HELP}{}", names(crate::PROGRAMS))?;
                    self.status = 0;
                }
                "programs" => {
                    print!("{}", listing(crate::PROGRAMS))?;
                    self.status = 0;
                }
                "wait" => call!(self.wait(words))?,
                _ => {
                    // A shell in a shell at a terminal should prompt too, or it looks hung. No call
                    // tells a task whether it reads a terminal; the machine knew, told the first
                    // shell by -i, and so it is handed on.
                    if self.is_interactive && name == PROGRAM.name && words.is_empty() {
                        words.push("-i".to_owned());
                    }
                    if let Some(child) = call!(self.start(&name, words))? {
                        let status = trap!(yield wait(child))?;
                        // A panic has been told by the kernel's log, with its message, and an error
                        // that the program returned likewise.
                        if let ExitStatus::Killed(_) = status {
                            eprintln!("sh: {}: {status}", excerpt(&name))?;
                        }
                        self.status = status.code();
                    }
                }
            }
            Ok(Flow::Continue(()))
        })
    }

    /// Starts a program. One that cannot be started is said on standard error and in the status.
    fn start(&mut self, name: &str, args: Args) -> impl Routine<Result<Option<Tid>, Errno>> {
        routine!(move {
            let request = ProgramRequest { name: name.into(), args, options: SpawnOptions::default() };
            match trap!(yield spawn_program(request)) {
                Ok(child) => return Ok(Some(child)),
                Err(Errno::ENOENT) => {
                    eprintln!("sh: {}: not found", excerpt(name))?;
                    self.status = NOT_FOUND_CODE;
                }
                Err(errno) => {
                    eprintln!("sh: {}: {}", excerpt(name), why_not_started(errno))?;
                    self.status = NOT_STARTED_CODE;
                }
            }
            Ok(None)
        })
    }

    fn exit(&mut self, words: Args) -> impl Routine<Result<Flow, Errno>> {
        routine!(move {
            if words.len() > 1 {
                call!(self.refuse("exit: too many arguments"))?;
                return Ok(Flow::Continue(()));
            }
            let Some(word) = words.first() else { return Ok(Flow::Break(self.status)) };
            let Ok(code) = word.parse() else {
                call!(self.refuse(format!("exit: {}: not a number", excerpt(word))))?;
                return Ok(Flow::Break(USAGE_CODE));
            };
            Ok(Flow::Break(code))
        })
    }

    fn wait(&mut self, words: Args) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            self.status = 0;
            if words.is_empty() {
                while let Ok((child, status)) = trap!(yield wait_any()) {
                    println!("[{child}] done: {}", end(&status))?;
                }
            }
            for word in words {
                let child: Tid = match args::parse("wait: task", &word) {
                    Ok(child) => child,
                    Err(misuse) => {
                        let Misuse::Wrong(what) = misuse else { return Err(Errno::EPROTO) };
                        call!(self.refuse(what))?;
                        continue;
                    }
                };
                match trap!(yield wait(child)) {
                    Ok(status) => self.status = status.code(),
                    Err(errno) => {
                        eprintln!("sh: wait: {child}: {}", errno.meaning())?;
                        self.status = NOT_FOUND_CODE;
                    }
                }
            }
            Ok(())
        })
    }

    /// Says that the script is none. Whatever its next lines happen to spell, nobody meant it: it
    /// ends here, with this code.
    fn refuse_binary(&mut self) -> impl Routine<Result<i32, Errno>> {
        routine!({
            eprintln!("sh: standard input: not a text in UTF-8")?;
            Ok(NOT_STARTED_CODE)
        })
    }

    /// Says what is wrong with a line that was not run.
    fn refuse(&mut self, what: impl Display + Send) -> impl Routine<Result<(), Errno>> {
        routine!(move {
            self.status = USAGE_CODE;
            eprintln!("sh: {what}")
        })
    }
}

/// How a job ended. What a panic said is left to the kernel's log, which has told it.
fn end(status: &ExitStatus) -> String {
    match status {
        ExitStatus::Panicked(_) => "panicked".to_owned(),
        status => status.to_string(),
    }
}

/// A script's first line without the byte order mark that some editors begin a file with.
fn without_mark(line: &str) -> &str {
    line.strip_prefix('\u{feff}').unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake_kernel::{End, Run, run, run_script};

    type Script<const N: usize> = [(&'static str, Reply); N];

    fn command<const N: usize>(text: &str, script: Script<N>) -> Run {
        run_script(main(vec!["-c".to_owned(), text.to_owned()]), script)
    }

    fn tid(serial: u64) -> Tid {
        Tid::new(0, serial)
    }

    fn exited(serial: u64, code: i32) -> Reply {
        Reply::Exited { tid: tid(serial), code }
    }

    fn no_children() -> (&'static str, Reply) {
        ("try_wait(Any)", Reply::Err(Errno::ECHILD))
    }

    #[test]
    fn a_program_is_started_and_waited_for() {
        let script = [
            ("spawn_program(\"echo\", [\"a b\", \"c\"])", Reply::Tid(tid(5))),
            ("wait(5)", exited(5, 3)),
            no_children(),
        ];
        assert_eq!(command("echo 'a b' c", script).end, End::Exited(3));
    }

    #[test]
    fn the_status_reaches_the_next_command() {
        let script = [
            ("spawn_program(\"false\", [])", Reply::Tid(tid(5))),
            ("wait(5)", exited(5, 1)),
            ("spawn_program(\"echo\", [\"1\"])", Reply::Tid(tid(6))),
            ("wait(6)", exited(6, 0)),
            no_children(),
        ];
        assert_eq!(command("false; echo $?", script).end, End::Exited(0));
    }

    #[test]
    fn an_unknown_command_is_127() {
        let run = command("nonesuch", [("spawn_program(\"nonesuch\", [])", Reply::Err(Errno::ENOENT)), no_children()]);
        assert_eq!((run.errors.as_str(), run.end), ("sh: nonesuch: not found\n", End::Exited(127)));
    }

    #[test]
    fn a_command_past_the_most_tasks_is_126_and_says_so() {
        let script = [("spawn_program(\"hello\", [])", Reply::Err(Errno::EAGAIN)), no_children()];
        let run = command("hello", script);
        assert_eq!((run.errors.as_str(), run.end), ("sh: hello: too many tasks\n", End::Exited(126)));
    }

    #[test]
    fn what_a_script_holds_does_not_reach_the_terminal_raw() {
        let script = [("spawn_program(\"\\u{1b}c\", [])", Reply::Err(Errno::ENOENT)), no_children()];
        let run = command("\u{1b}c", script);
        assert_eq!(run.errors, "sh: \\u{1b}c: not found\n");
        assert_eq!(command("exit \u{1b}c", []).errors, "sh: exit: \\u{1b}c: not a number\n");
    }

    #[test]
    fn a_killed_program_is_told_and_has_a_status_above_128() {
        let script = [
            ("spawn_program(\"sleep\", [\"9\"])", Reply::Tid(tid(5))),
            ("wait(5)", Reply::Killed { tid: tid(5), signal: Signal::Kill }),
            no_children(),
        ];
        let run = command("sleep 9", script);
        assert_eq!((run.errors.as_str(), run.end), ("sh: sleep: killed by SIGKILL\n", End::Exited(137)));
    }

    #[test]
    fn a_panic_is_101_and_left_to_the_log_to_tell() {
        let panicked = || Reply::Panicked(Box::new((tid(5), "so be it".into())));
        let start = || ("spawn_program(\"panic\", [])", Reply::Tid(tid(5)));
        let run = command("panic", [start(), ("wait(5)", panicked()), no_children()]);
        assert_eq!((run.output.as_str(), run.errors.as_str(), run.end), ("", "", End::Exited(101)));
        let run = command("panic &", [start(), ("try_wait(Any)", panicked()), no_children()]);
        assert_eq!((run.output.as_str(), run.errors.as_str()), ("[5]\n[5] done: panicked\n", ""));
    }

    #[test]
    fn a_background_job_shows_its_number_and_later_its_end() {
        let script = [
            ("spawn_program(\"sleep\", [\"1\"])", Reply::Tid(tid(5))),
            ("try_wait(Any)", Reply::Nobody),
            ("spawn_program(\"true\", [])", Reply::Tid(tid(6))),
            ("wait(6)", exited(6, 0)),
            ("try_wait(Any)", exited(5, 0)),
            no_children(),
        ];
        let run = command("sleep 1 &\ntrue", script);
        assert_eq!((run.output.as_str(), run.end), ("[5]\n[5] done: exited with 0\n", End::Exited(0)));
    }

    #[test]
    fn wait_without_a_number_waits_for_all() {
        let script = [
            ("wait_any()", exited(5, 0)),
            ("wait_any()", exited(6, 4)),
            ("wait_any()", Reply::Err(Errno::ECHILD)),
            no_children(),
        ];
        let run = command("wait", script);
        assert_eq!(run.output, "[5] done: exited with 0\n[6] done: exited with 4\n");
        assert_eq!(run.end, End::Exited(0));
    }

    #[test]
    fn wait_with_a_number_gives_that_status() {
        assert_eq!(command("wait 5", [("wait(5)", exited(5, 9)), no_children()]).end, End::Exited(9));
        let stranger = command("wait 5", [("wait(5)", Reply::Err(Errno::ECHILD)), no_children()]);
        assert_eq!((stranger.errors.as_str(), stranger.end), ("sh: wait: 5: no such child\n", End::Exited(127)));
        assert_eq!(command("wait five", [no_children()]).end, End::Exited(2));
    }

    #[test]
    fn a_syntax_error_runs_nothing_and_is_2() {
        let run = command("true; echo 'oops", [no_children()]);
        assert_eq!((run.errors.as_str(), run.end), ("sh: syntax error: unterminated quote '\n", End::Exited(2)));
    }

    #[test]
    fn exit_takes_a_code_or_the_last_status() {
        assert_eq!(command("exit 7\ntrue", []).end, End::Exited(7));
        let fails = [("spawn_program(\"x\", [])", Reply::Err(Errno::ENOENT))];
        assert_eq!(command("x; exit", fails).end, End::Exited(127));
        assert_eq!(command("exit seven", []).end, End::Exited(2));
        assert_eq!(command("exit 1 2", [no_children()]).end, End::Exited(2));
    }

    #[test]
    fn help_tells_of_programs_and_programs_lists_them() {
        let help = command("help", [no_children()]).output;
        assert!(help.starts_with(HELP) && help.ends_with(&names(crate::PROGRAMS)), "{help}");
        assert_eq!(command("programs", [no_children()]).output, listing(crate::PROGRAMS));
    }

    #[test]
    fn a_prompt_comes_only_when_asked_for() {
        let input = || [("read(0, 4096)", Reply::Buf(Buf::from("# nothing\n"))), no_children()];
        let end = || ("read(0, 4096)", Reply::Buf(Buf::EMPTY));
        let [line, reap] = input();
        let quiet = run_script(main(vec![]), [line, reap, end()]);
        assert_eq!((quiet.output.as_str(), quiet.end), ("", End::Exited(0)));
        let [line, reap] = input();
        let prompting = run_script(main(vec!["-i".to_owned()]), [line, reap, end()]);
        assert_eq!(prompting.output, "$ $ \n");
    }

    #[test]
    fn a_shell_that_prompts_has_a_shell_in_it_prompt_too() {
        let starts = |given: &[&str], line: &str| {
            let args = given.iter().chain(&["-c", line]).map(|word| (*word).to_owned()).collect();
            run(main(args)).end
        };
        let asks = |args: &str| End::Asks(format!("spawn_program({args})"));
        assert_eq!(starts(&["-i"], "sh"), asks("\"sh\", [\"-i\"]"));
        assert_eq!(starts(&["-i"], "sh -c true"), asks("\"sh\", [\"-c\", \"true\"]"));
        assert_eq!(starts(&["-i"], "sh &"), asks("\"sh\", []"));
        assert_eq!(starts(&[], "sh"), asks("\"sh\", []"));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_refused_and_the_next_is_run() {
        let script = [("read(0, 4096)", Reply::Buf(Buf::from(b"\xff\nexit\n")))];
        let run = run_script(main(vec!["-i".to_owned()]), script);
        assert_eq!((run.errors.as_str(), run.end), ("sh: line is not UTF-8\n", End::Exited(2)));
        let long = "x".repeat(limits::LINE_BYTES_MAX + 1) + "\nexit\n";
        let run = run_script(main(vec![]), [("read(0, 4096)", Reply::Buf(Buf::from(long)))]);
        assert_eq!((run.errors.as_str(), run.end), ("sh: line too long\n", End::Exited(2)));
    }

    #[test]
    fn a_binary_script_ends_at_its_first_such_line_with_126() {
        for bytes in [&b"\x7fELF\0\n\xff\nexit\n"[..], b"\xff\n\xff\nexit\n"] {
            let run = run_script(main(vec![]), [("read(0, 4096)", Reply::Buf(Buf::from(bytes.to_vec())))]);
            let told = "sh: standard input: not a text in UTF-8\n";
            assert_eq!((run.errors.as_str(), run.end), (told, End::Exited(126)));
        }
    }

    #[test]
    fn input_that_cannot_be_read_is_told_and_is_2() {
        let run = run_script(main(vec![]), [("read(0, 4096)", Reply::Err(Errno::EISDIR))]);
        let told = "sh: standard input: EISDIR: is a directory\n";
        assert_eq!((run.errors.as_str(), run.end), (told, End::Exited(2)));
    }

    #[test]
    fn a_script_may_begin_with_a_byte_order_mark_and_end_lines_as_windows_does() {
        let text = "\u{feff}true\r\n\u{feff}true\r\n";
        let script = [
            ("read(0, 4096)", Reply::Buf(Buf::from(text))),
            ("spawn_program(\"true\", [])", Reply::Tid(tid(5))),
            ("wait(5)", exited(5, 0)),
            no_children(),
            ("spawn_program(\"\\u{feff}true\", [])", Reply::Err(Errno::ENOENT)),
            no_children(),
            ("read(0, 4096)", Reply::Buf(Buf::EMPTY)),
        ];
        assert_eq!(run_script(main(vec![]), script).end, End::Exited(127));
    }

    #[test]
    fn operands_are_refused() {
        assert_eq!(run(main(vec!["script".to_owned()])).end, End::Exited(2));
    }
}
