//! Programs of the host, run by tasks: in a simulated world, and on this host.
#![feature(coroutines, coroutine_trait)]

mod common;

use common::run;
use std::time::Duration;
use yieldix::{
    Ended, HostProgram, Machine,
    syscalls::{calls::*, *},
};

fn command(program: &str) -> HostCommand {
    HostCommand { program: program.into(), args: Vec::new() }
}

fn succeeds(machine: Machine) {
    let (ended, witness) = run(machine);
    assert_eq!(ended, Ended::Finished(ExitStatus::Exited(0)), "{}", witness.errors());
}

#[test]
fn nobody_runs_programs_of_the_host_unless_the_machine_allows_it() {
    succeeds(common::machine().host_program("cat", HostProgram::default()).task(task!({
        assert_eq!(trap!(yield host_exec(command("cat"))), Err(Errno::EPERM));
        Ok(())
    })));
}

#[test]
fn a_program_is_four_descriptors_and_each_does_what_it_is_for() {
    let cat = HostProgram { echoes: true, ..HostProgram::default() };
    succeeds(common::machine().host_exec(true).host_program("cat", cat).task(task!({
        let before = trap!(yield sysinfo())?.files;
        let HostProcess { process, stdin, stdout, stderr } = trap!(yield host_exec(command("cat")))?;
        assert_eq!(trap!(yield sysinfo())?.files, before + 4);
        assert_eq!(trap!(yield write(stdin, "hello"))?, 5);
        trap!(yield read_wait(stdout))?;
        assert_eq!(&*trap!(yield read(stdout, 100))?, b"hello");
        for (fd, errno) in [(stdin, Errno::EBADF), (process, Errno::EOPNOTSUPP)] {
            assert_eq!(trap!(yield read(fd, 1)), Err(errno));
        }
        for (fd, errno) in [(stdout, Errno::EBADF), (stderr, Errno::EBADF), (process, Errno::EOPNOTSUPP)] {
            assert_eq!(trap!(yield write(fd, "x")), Err(errno));
        }
        for fd in [stdin, stdout, Fd::STDIN] {
            assert_eq!(trap!(yield host_wait(fd)), Err(Errno::EINVAL));
            assert_eq!(trap!(yield host_kill(fd, Signal::Term)), Err(Errno::EINVAL));
        }
        assert_eq!(trap!(yield recv(stdout, 1)), Err(Errno::ENOTSOCK));
        let both = vec![Interest::Read(stdout), Interest::Read(process)];
        assert!(trap!(yield poll(both.clone(), Duration::from_millis(1)))?.is_empty());
        trap!(yield close(stdin))?;
        assert_eq!(trap!(yield poll(both, Duration::MAX))?.len(), 1);
        assert_eq!(trap!(yield host_wait(process))?, ExitStatus::Exited(0));
        assert!(trap!(yield read(stdout, 1))?.is_empty());
        for fd in [process, stdout, stderr] {
            trap!(yield close(fd))?;
        }
        assert_eq!(trap!(yield sysinfo())?.files, before);
        Ok(())
    })));
}

#[test]
fn a_wait_for_a_program_ends_at_its_deadline_and_a_signal_ends_the_program() {
    let long = HostProgram { takes: Duration::from_secs(3600), ..HostProgram::default() };
    succeeds(common::machine().host_exec(true).host_program("sleep", long).task(task!({
        let process = trap!(yield host_exec(command("sleep")))?.process;
        let waited = timeout!(Duration::from_secs(1), { trap!(yield host_wait(process)) });
        assert!(waited.is_err());
        trap!(yield host_kill(process, Signal::Chld))?;
        trap!(yield host_kill(process, Signal::Term))?;
        assert_eq!(trap!(yield host_wait(process))?, ExitStatus::Killed(Signal::Term));
        Ok(())
    })));
}

#[test]
fn a_task_that_ends_takes_its_programs_along_also_those_being_started() {
    let long = HostProgram { takes: Duration::from_secs(3600), ..HostProgram::default() };
    succeeds(common::machine().host_exec(true).host_program("sleep", long).task(task!({
        let before = trap!(yield sysinfo())?.files;
        let runner = task!({
            trap!(yield host_exec(command("sleep")))?;
            trap!(yield sleep(Duration::MAX))
        });
        let starter = task!({
            trap!(yield host_exec(command("sleep")))?;
            Ok(())
        });
        for (task, moment, files) in [(runner, Duration::from_millis(1), 4), (starter, Duration::ZERO, 1)] {
            let tid = trap!(yield spawn(task))?;
            trap!(yield yield_now())?;
            trap!(yield sleep(moment))?;
            assert_eq!(trap!(yield sysinfo())?.files, before + files);
            trap!(yield kill(tid, Signal::Kill))?;
            assert_eq!(trap!(yield sysinfo())?.files, before);
        }
        Ok(())
    })));
}

#[test]
fn a_program_that_finds_no_room_for_its_descriptors_is_not_started() {
    let machine = common::machine().host_exec(true).host_program("cat", HostProgram::default()).max_fds(3);
    succeeds(machine.task(task!({
        assert_eq!(trap!(yield host_exec(command("cat"))), Err(Errno::EMFILE));
        Ok(())
    })));
}

#[test]
fn what_can_be_no_command_is_refused() {
    succeeds(common::machine().host_exec(true).task(task!({
        for (program, errno) in [("", Errno::ENOENT), ("nonesuch", Errno::ENOENT), ("a\0b", Errno::EINVAL)] {
            assert_eq!(trap!(yield host_exec(command(program))), Err(errno), "{program:?}");
        }
        let args = vec!["a\0b".to_owned()];
        assert_eq!(trap!(yield host_exec(HostCommand { program: "cat".into(), args })), Err(Errno::EINVAL));
        Ok(())
    })));
}

#[test]
fn more_programs_than_there_may_be_are_refused() {
    let cat = HostProgram { echoes: true, ..HostProgram::default() };
    succeeds(common::machine().host_exec(true).host_program("cat", cat).max_fds(5000).task(task!({
        let mut started = 0;
        let refused = loop {
            match trap!(yield host_exec(command("cat"))) {
                Ok(_) => started += 1,
                Err(errno) => break errno,
            }
        };
        assert_eq!((started, refused), (yieldix_kernel::limits::HOST_PROGRAMS, Errno::EAGAIN));
        Ok(())
    })));
}

#[test]
fn the_program_host_sends_on_the_signals_that_it_is_sent_and_ends_as_its_program_did() {
    let long = HostProgram { takes: Duration::from_secs(3600), ..HostProgram::default() };
    let machine = common::machine().programs(yieldix_userland::PROGRAMS).host_exec(true).host_program("sleep", long);
    succeeds(machine.task(task!({
        for (signal, status) in [
            (Signal::Term, ExitStatus::Exited(128 + 15)),
            (Signal::Usr1, ExitStatus::Exited(128 + 10)),
            (Signal::Kill, ExitStatus::Killed(Signal::Kill)),
        ] {
            let before = trap!(yield sysinfo())?;
            let (name, args) = ("host".into(), vec!["sleep".to_owned()]);
            let host = trap!(yield spawn_program(ProgramRequest { name, args, options: SpawnOptions::default() }))?;
            trap!(yield sleep(Duration::from_secs(1)))?;
            trap!(yield kill(host, signal))?;
            assert_eq!(trap!(yield wait(host))?, status);
            let after = trap!(yield sysinfo())?;
            assert_eq!((after.files, after.tasks), (before.files, before.tasks), "{signal}");
        }
        Ok(())
    })));
}

#[cfg(unix)]
mod on_this_host {
    use crate::common::{fed, yieldix};
    use std::process::Output;

    fn host(args: &[&str], input: &[u8]) -> Output {
        fed(yieldix().args(args), input)
    }

    #[test]
    fn the_program_host_copies_both_ways_and_ends_as_its_program_did() {
        let input: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let output = host(&["--host-exec", "run", "host", "cat"], &input);
        assert!(output.stdout == input, "{} bytes came back", output.stdout.len());
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
        let output = host(&["--host-exec", "run", "host", "sh", "-c", "echo out; echo err >&2; exit 7"], b"");
        assert_eq!((&*output.stdout, &*output.stderr), (&b"out\n"[..], &b"err\n"[..]));
        assert_eq!(output.status.code(), Some(7));
        let output = host(&["--host-exec", "run", "host", "sh", "-c", "kill -TERM $$"], b"");
        assert_eq!(output.status.code(), Some(128 + 15));
    }

    #[test]
    fn what_cannot_be_run_is_told_as_a_shell_tells_it() {
        for (args, code, words) in [
            (&["run", "host", "cat"][..], 126, "--host-exec"),
            (&["--host-exec", "run", "host", "/no/such/program"], 127, "ENOENT"),
            (&["--host-exec", "run", "host", "/"], 126, "EACCES"),
            (&["--host-exec", "run", "host"], 2, "no program"),
        ] {
            let output = host(args, b"");
            let errors = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(code), "{errors}");
            assert!(errors.contains(words), "{errors}");
        }
    }
}
