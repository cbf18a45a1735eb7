//! Tests of the shell at a terminal: jobs, keys, prompts. What scripts do is tested from outside.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_key_stops_a_job_and_fg_goes_on_with_it,
    a_stopped_job_takes_nothing_of_what_is_typed_for_the_shell,
    a_key_ends_the_job_in_front_and_not_the_shell,
    a_job_behind_goes_on_and_is_told_of_at_the_next_prompt,
    a_job_behind_that_reads_the_terminal_is_stopped_and_fg_gives_it_what_is_typed,
    a_stopped_job_that_is_told_to_end_ends,
    a_pipeline_runs_and_leaves_no_descriptor_open,
];

/// Reads what the keyboard's side of a terminal shows, up to and with these words; what follows them is left in
/// `shown`. `ECONNRESET` if it ends before.
fn until_shown(master: Fd, words: &str, shown: &mut String) -> impl Routine<Result<(), Errno>> {
    routine!(move {
        loop {
            if let Some(at) = shown.find(words) {
                shown.drain(..at + words.len());
                return Ok(());
            }
            let data = trap!(yield read(master, limits::READ_BYTES))?;
            if data.is_empty() {
                return Err(Errno::ECONNRESET);
            }
            *shown += &String::from_utf8_lossy(&data);
        }
    })
}

/// Types each line once what was awaited before it is shown: a key is for a job that has said a word, which is
/// not spelt so in the line that starts it. Gives the code with which the shell then ends.
///
/// The last line is to end the shell. A minute is more than any of this takes.
fn typed(dialogue: &'static [(&'static str, &'static str)]) -> impl Routine<Result<i32, Errno>> {
    routine!(move {
        timeout!(Duration::from_secs(60), {
            let (master, terminal) = trap!(yield pty())?;
            let streams = [trap!(yield dup(terminal))?, trap!(yield dup(terminal))?, terminal];
            let fds = streams.into_iter().zip(0..).map(|(fd, slot)| FdGrant::PassAs(fd, slot)).collect();
            let options = SpawnOptions { fds, group: Some(Tid::NONE), ..SpawnOptions::default() };
            let request = ProgramRequest { name: "sh".into(), args: vec!["-i".to_owned()], options };
            let shell = trap!(yield spawn_program(request))?;
            let mut shown = String::new();
            for (awaited, line) in dialogue {
                call!(until_shown(master, awaited, &mut shown))?;
                write_all!(master, Buf::from(*line))?;
            }
            let status = trap!(yield wait(shell))?;
            trap!(yield close(master))?;
            Ok(status.code())
        })?
    })
}

fn a_key_stops_a_job_and_fg_goes_on_with_it() -> Task {
    task!({
        let code = call!(typed(&[
            ("$ ", "(trap 'exit 5' USR1; echo u''p; while :; do :; done)\n"),
            ("up", "\x1a"),
            ("Stopped", ""),
            ("[148] $ ", "jobs\n"),
            ("[1] + Stopped", ""),
            ("$ ", "kill -USR1 %1; fg\n"),
            ("[5] $ ", "exit $?\n"),
        ]))?;
        assert_eq!(code, 5);
        Ok(())
    })
}

fn a_stopped_job_takes_nothing_of_what_is_typed_for_the_shell() -> Task {
    task!({
        let code = call!(typed(&[
            ("$ ", "(echo u''p; read x; [ \"$x\" = line ] && exit 7)\n"),
            ("up", "\x1ajobs\n"),
            ("Stopped", ""),
            ("Stopped", ""),
            ("$ ", "fg\n"),
            ("(echo", "line\n"),
            ("[7] $ ", "exit $?\n"),
        ]))?;
        assert_eq!(code, 7);
        Ok(())
    })
}

fn a_key_ends_the_job_in_front_and_not_the_shell() -> Task {
    task!({
        let code = call!(typed(&[
            ("$ ", "(read x) | (echo u''p >&2; read y)\n"),
            ("up", "\x03"),
            ("[130] $ ", "type type; while :; do :; done\n"),
            ("shell builtin", "\x03"),
            ("[130] $ ", "exit 3\n"),
        ]))?;
        assert_eq!(code, 3);
        Ok(())
    })
}

fn a_job_behind_goes_on_and_is_told_of_at_the_next_prompt() -> Task {
    task!({
        let code = call!(typed(&[
            // In one line: a job that has ended by the next prompt is told of there, and then forgotten.
            ("$ ", "(exit 4) & wait $!; x=$?\n"),
            ("[1] ", ""),
            ("$ ", "sleep 0 & wait\n"),
            ("$ ", "exit $x\n"),
        ]))?;
        assert_eq!(code, 4);
        Ok(())
    })
}

fn a_job_behind_that_reads_the_terminal_is_stopped_and_fg_gives_it_what_is_typed() -> Task {
    task!({
        let code = call!(typed(&[
            ("$ ", "(read x; exit $x) &\n"),
            ("[1] ", ""),
            ("$ ", "wait %1\n"),
            ("[149] $ ", "jobs\n"),
            ("[1] + Stopped (tty input)", ""),
            ("$ ", "bg; wait %1\n"),
            ("[149] $ ", "fg\n"),
            ("(read", "7\n"),
            ("[7] $ ", "exit $?\n"),
        ]))?;
        assert_eq!(code, 7);
        Ok(())
    })
}

fn a_stopped_job_that_is_told_to_end_ends() -> Task {
    task!({
        let code = call!(typed(&[
            ("$ ", "(echo u''p; while :; do :; done)\n"),
            ("up", "\x1a"),
            ("[148] $ ", "kill %1; wait %1\n"),
            ("[143] $ ", "exit $?\n"),
        ]))?;
        assert_eq!(code, 143);
        Ok(())
    })
}

fn a_pipeline_runs_and_leaves_no_descriptor_open() -> Task {
    task!({
        let script = "f() { read x; echo $x; }; echo 7 | f | { read y; exit $y; }; x=$(echo a | f); \
                      exec 3<<E\nthree\nE\nread z <&3; exec 3<&-; [ \"$(f <<E\n$x$z\nE\n)\" = athree ]";
        let before = trap!(yield sysinfo())?;
        let args = vec!["-c".to_owned(), script.to_owned()];
        let request = ProgramRequest { name: "sh".into(), args, options: SpawnOptions::default() };
        let shell = trap!(yield spawn_program(request))?;
        assert_eq!(trap!(yield wait(shell))?, ExitStatus::Exited(0));
        let after = trap!(yield sysinfo())?;
        assert_eq!((before.tasks, before.files), (after.tasks, after.files));
        Ok(())
    })
}
