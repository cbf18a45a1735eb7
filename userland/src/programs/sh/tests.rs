//! The shell against a scripted kernel: what it asks of it, and what it says.
//!
//! What dash does too is tested beside dash, from outside.

use super::*;
use crate::fake_kernel::{End, Run, run_script};
use alloc::collections::VecDeque;
use core::ops::CoroutineState;

/// Runs a shell on a script of calls and answers. What every shell asks, and subroutines, are answered here.
fn run_shell<const N: usize>(words: &[&str], script: [(&str, Reply); N]) -> Run {
    let mut script = VecDeque::from(script);
    let mut stack = vec![main(words.iter().map(|word| (*word).to_owned()).collect())];
    let mut run = Run::new();
    let mut reply = Reply::Unit;
    loop {
        let task = stack.last_mut().expect("a task runs");
        let call = match task.resume(reply) {
            CoroutineState::Yielded(trap) => trap.call,
            CoroutineState::Complete(result) => {
                run.end = End::Returned(result);
                return run;
            }
        };
        reply = match call {
            Syscall::Subroutine { body } => {
                stack.push(body);
                Reply::Unit
            }
            Syscall::Return { value } => {
                stack.pop();
                Reply::Value(value)
            }
            Syscall::GetTid => Reply::Tid(tid(2)),
            Syscall::GetPpid => Reply::Tid(tid(1)),
            Syscall::GetCwd => Reply::Buf("/".into()),
            Syscall::Environment => Reply::Environment(Box::new(vec![("HOME".into(), "/home".into())])),
            Syscall::CatchSignals { .. } | Syscall::IgnoreSignals { .. } => Reply::Signals(Signals::NONE),
            Syscall::Terminal { .. } => Reply::Err(Errno::ENOTTY),
            Syscall::Fstat { fd } if fd.slot() >= 3 => Reply::Err(Errno::EBADF),
            Syscall::TryTakeSignal if !script.front().is_some_and(|(call, _)| *call == "try_take_signal()") => {
                Reply::Nobody
            }
            call => {
                let exits = matches!(call, Syscall::Exit { .. });
                assert!(!exits || script.is_empty(), "{call} before {script:?}");
                let Some(reply) = run.answer(call, &mut script) else { return run };
                reply
            }
        };
    }
}

fn command<const N: usize>(text: &str, script: [(&str, Reply); N]) -> Run {
    run_shell(&["-c", text], script)
}

fn tid(serial: u64) -> Tid {
    Tid::new(0, serial)
}

fn exited(serial: u64, code: i32) -> Reply {
    Reply::Exited { tid: tid(serial), code }
}

fn started(serial: u64) -> Reply {
    Reply::Tid(tid(serial))
}

#[test]
fn a_program_is_started_and_waited_for() {
    let script = [("spawn_program(\"hello\", [\"a b\", \"c\"])", started(5)), ("wait_change(5, none)", exited(5, 3))];
    assert_eq!(command("hello 'a b' c", script).end, End::Exited(3));
}

#[test]
fn what_is_exported_is_told_to_the_environment_before_a_program_starts() {
    let script = [
        ("setenv(\"x\" (1 byte), \"1\" (1 byte))", Reply::Unit),
        ("setenv(\"y\" (1 byte), \"2\" (1 byte))", Reply::Unit),
        ("spawn_program(\"hello\", [])", started(5)),
        ("wait_change(5, none)", exited(5, 0)),
        ("unsetenv(\"y\")", Reply::Unit),
        ("spawn_program(\"hello\", [])", started(6)),
        ("wait_change(6, none)", exited(6, 0)),
    ];
    assert_eq!(command("export x=1; y=2 hello; hello", script).end, End::Exited(0));
}

#[test]
fn help_of_a_program_is_what_that_program_prints() {
    let strace = crate::PROGRAMS.iter().find(|program| program.name == "strace").unwrap();
    let by_itself = run_script(strace.first_tasks(vec!["--help".to_owned()]).remove(0), []);
    let run = command("help strace", []);
    assert_eq!((run.output.as_str(), run.end), (by_itself.output.as_str(), End::Exited(0)));
    assert!(run.output.contains("\n  -f, --follow-forks  "), "{}", run.output);
    let run = command("help nonesuch cd", []);
    assert!(run.output.starts_with("cd: built into the shell"), "{}", run.output);
    assert_eq!((run.errors.as_str(), run.end), ("sh: 1: help: nonesuch: no such program\n", End::Exited(2)));
}

#[test]
fn an_unknown_command_is_127() {
    let run = command("nonesuch", [("spawn_program(\"nonesuch\", [])", Reply::Err(Errno::ENOENT))]);
    assert_eq!((run.errors.as_str(), run.end), ("sh: 1: nonesuch: not found\n", End::Exited(127)));
}

#[test]
fn a_command_past_the_most_tasks_is_126_and_says_so() {
    let run = command("hello", [("spawn_program(\"hello\", [])", Reply::Err(Errno::EAGAIN))]);
    assert_eq!((run.errors.as_str(), run.end), ("sh: 1: hello: too many tasks\n", End::Exited(126)));
}

#[test]
fn a_folder_and_what_is_no_program_are_126() {
    let info = |kind, mode| FileInfo { kind, size: 0, id: FileId::new(1, 1), modified: Duration::ZERO, mode, links: 1 };
    for (kind, mode) in [(FileKind::Directory, 0o755), (FileKind::Regular, 0o644)] {
        let script = [
            ("spawn_program(\"./x\", [])", Reply::Err(Errno::EOPNOTSUPP)),
            ("stat(\"./x\")", Reply::File(Box::new(info(kind, mode)))),
        ];
        let run = command("./x", script);
        assert_eq!(run.end, End::Exited(126), "{}", run.errors);
    }
}

#[test]
fn what_a_script_holds_does_not_reach_the_terminal_raw() {
    let script = [("spawn_program(\"\\u{1b}c\", [])", Reply::Err(Errno::ENOENT))];
    assert_eq!(command("\u{1b}c", script).errors, "sh: 1: \\u{1b}c: not found\n");
    assert_eq!(command("exit \u{1b}c", []).errors, "sh: 1: illegal number: \\u{1b}c\n");
    assert_eq!(command("fi \u{1b}c", []).errors, "sh: syntax error: line 1, column 1: unexpected fi\n");
}

#[test]
fn a_killed_program_is_told_and_has_a_status_above_128() {
    let script = || {
        let killed = Reply::Killed { tid: tid(5), signal: Signal::Kill };
        [("spawn_program(\"sleep\", [\"9\"])", started(5)), ("wait_change(5, none)", killed)]
    };
    let run = command("sleep 9", script());
    assert_eq!((run.errors.as_str(), run.end), ("sh: 1: sleep 9: killed by SIGKILL\n", End::Exited(137)));
    let run = command("exec sleep 9", script());
    assert_eq!((run.errors.as_str(), run.end), ("", End::Exited(137)));
}

#[test]
fn a_panic_is_101_and_left_to_the_log_to_tell() {
    let panicked = Reply::Panicked(Box::new((tid(5), "so be it".into())));
    let run = command("panic", [("spawn_program(\"panic\", [])", started(5)), ("wait_change(5, none)", panicked)]);
    assert_eq!((run.output.as_str(), run.errors.as_str(), run.end), ("", "", End::Exited(101)));
}

#[test]
fn a_wait_that_a_signal_ends_goes_on_and_its_trap_is_run_behind_the_command() {
    let script = [
        ("spawn_program(\"hello\", [])", started(5)),
        ("wait_change(5, none)", Reply::Err(Errno::EINTR)),
        ("try_take_signal()", Reply::Signal(Signal::Usr1)),
        ("wait_change(5, none)", exited(5, 3)),
    ];
    let run = command("trap 'help >&-; programs=$?' USR1; hello; exit $programs", script);
    // The trap's redirection asks for the descriptor first.
    assert_eq!(run.end, End::Asks("dup(1)".to_owned()));
}

fn input<const N: usize>(words: &[&str], pieces: [&[u8]; N]) -> Run {
    run_shell(words, pieces.map(|piece| ("read(0, 4096)", Reply::Buf(Buf::copy_from(piece)))))
}

#[test]
fn commands_are_put_together_from_any_pieces() {
    let run = input(&[], [b"if tr", b"ue\nthen", b"\nprograms >&2\n", b"fi; ex", b"it 4\n"]);
    assert_eq!(run.end, End::Asks("dup(2)".to_owned()));
    assert_eq!(input(&[], [b"x=4", b"2\nexit $", b"x", b""]).end, End::Exited(42));
}

#[test]
fn a_script_that_is_no_text_ends_where_it_is_none() {
    for bytes in [&b"\xff\xfe\nexit 3\n"[..], b"\x7fELF\0\nexit 3\n"] {
        let run = input(&[], [bytes]);
        assert_eq!((run.errors.as_str(), run.end), ("sh: standard input: not a text in UTF-8\n", End::Exited(126)));
    }
}

#[test]
fn a_mark_before_the_first_line_is_none_of_it() {
    assert_eq!(input(&[], ["\u{feff}exit 3\n".as_bytes()]).end, End::Exited(3));
}

#[test]
fn an_input_that_cannot_be_read_is_2_and_told() {
    let run = run_shell(&[], [("read(0, 4096)", Reply::Err(Errno::EISDIR))]);
    assert_eq!((run.errors.as_str(), run.end), ("sh: standard input: EISDIR: is a directory\n", End::Exited(2)));
}

#[test]
fn the_prompt_shows_the_last_failure_and_a_mistake_ends_only_its_line() {
    let script = [
        ("read(0, 4096)", Reply::Buf("false\n".into())),
        ("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD)),
        ("read(0, 4096)", Reply::Buf("echo ${x?}; exit 3\n".into())),
        ("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD)),
        ("read(0, 4096)", Reply::Buf("fi\n".into())),
        ("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD)),
        ("read(0, 4096)", Reply::Buf("true 'a\n".into())),
        ("read(0, 4096)", Reply::Buf("b'\n".into())),
        ("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD)),
        ("read(0, 4096)", Reply::Buf(Buf::EMPTY)),
    ];
    let first = [("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD))];
    let script: Vec<_> = first.into_iter().chain(script).collect();
    let run = run_shell(&["-i"], <[_; 11]>::try_from(script).expect("as many"));
    let told = "$ [1] $ sh: 2: x: parameter not set\n\
                [2] $ sh: syntax error: line 3, column 1: unexpected fi\n[2] $ > $ \n";
    assert_eq!((run.output.as_str(), run.errors.as_str()), ("", told));
    assert_eq!(run.end, End::Exited(0));
}

#[test]
fn a_key_that_interrupts_a_line_begins_another() {
    let none = || ("wait_change(any, NOHANG|STOPPED|CONTINUED)", Reply::Err(Errno::ECHILD));
    let script = [
        none(),
        ("read(0, 4096)", Reply::Err(Errno::EINTR)),
        ("try_take_signal()", Reply::Signal(Signal::Int)),
        none(),
        ("read(0, 4096)", Reply::Buf(Buf::EMPTY)),
    ];
    let run = run_shell(&["-i"], script);
    assert_eq!((run.output.as_str(), run.errors.as_str(), run.end), ("", "$ \n[130] $ \n", End::Exited(130)));
}

#[test]
fn a_mistake_is_told_with_its_line_and_column_and_is_2() {
    for (script, told) in [
        ("echo $(", "line 1, column 7: unterminated $("),
        ("true\n  fi", "line 2, column 3: unexpected fi"),
        ("true && ;", "line 1, column 9: unexpected ;"),
        ("if true\nthen true\n", "line 3, column 1: unexpected end of file (expected fi)"),
        ("x='a\nb", "line 1, column 3: unterminated '"),
        ("true\n x=\"a", "line 2, column 4: unterminated \""),
        ("case x in a", "line 1, column 12: unexpected end of file"),
        ("for 1 in a; do :; done", "bad name of a for loop's variable"),
        ("( true", "unexpected end of file"),
        ("true >", "unexpected end of file"),
        ("true >\n", "line 1, column 7: unexpected end of line"),
        ("$((1", "line 1, column 4: unterminated $(("),
    ] {
        let run = command(script, []);
        assert!(run.errors.starts_with("sh: syntax error: ") && run.errors.contains(told), "{script}: {}", run.errors);
        assert_eq!(run.end, End::Exited(2), "{script}");
    }
}

#[test]
fn what_is_nested_too_deep_is_refused_and_not_the_stack_exhausted() {
    for open in ["(", "{ ", "if ", "$(", "${x:-", "\"$(", "`\\`", "x() ", "case x in x) "] {
        let run = command(&open.repeat(50_000), []);
        assert!(run.errors.starts_with("sh: syntax error: "), "{open}: {}", run.errors);
        assert_eq!(run.end, End::Exited(2), "{open}");
    }
    let run = command(&format!("echo $(({}", "(".repeat(50_000)), []);
    assert_eq!(run.end, End::Exited(2));
}

#[test]
fn what_calls_itself_for_ever_is_ended_with_a_word() {
    for script in ["f() { f; }; f", "f() { eval f; }; f", "x='eval \"$x\"'; eval \"$x\""] {
        let run = command(script, []);
        assert_eq!(run.errors, "sh: 1: commands lie too deep in each other\n", "{script}");
        assert_eq!(run.end, End::Exited(2));
    }
}

#[test]
fn functions_call_each_other_two_thousand_deep() {
    let script = "f() { if [ $1 -gt 0 ]; then f $(($1 - 1)); else exit 7; fi; }; f 2000";
    assert_eq!(command(script, []).end, End::Exited(7));
}

#[test]
fn a_wrong_call_is_refused() {
    for (words, says) in [
        (&["-c"][..], "sh: -c needs a value\n"),
        (&["-z"], "sh: set: illegal option -z\n"),
        (&["-o"], "sh: -o needs a value\n"),
    ] {
        let run = run_shell(words, []);
        assert!(run.errors.starts_with(says), "{words:?}: {}", run.errors);
        assert_eq!(run.end, End::Exited(2));
    }
    let run = run_shell(&["--help"], []);
    assert!(run.output.starts_with("usage: sh "), "{}", run.output);
}
