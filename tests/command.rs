//! The command: what it prints where, and the code it ends with.

mod common;

use std::process::{Command, Output, Stdio};

fn yieldix(args: &[&str], input: &str) -> Output {
    common::fed(common::yieldix().args(args), input.as_bytes())
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn error(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

/// Ends with `code`, prints nothing, and complains in one line that holds `words`.
#[track_caller]
fn complains(args: &[&str], code: i32, words: &[&str]) {
    let output = yieldix(args, "");
    assert_eq!(output.status.code(), Some(code), "{}", error(&output));
    assert_eq!(out(&output), "");
    assert_eq!(error(&output).lines().count(), 1, "{}", error(&output));
    for word in words {
        assert!(error(&output).contains(word), "{:?} has no {word:?}", error(&output));
    }
}

#[test]
fn a_log_counts_one_turn_and_several_turns() {
    let output = yieldix(&["--simulate", "--log", "task=info", "run", "sh", "-c", "hello"], "");
    let exits: Vec<&str> = error(&output).lines().filter(|line| line.contains("exited with 0, after ")).collect();
    assert_eq!(exits.len(), 3, "{}", error(&output));
    assert!(exits[0].contains(" hello ") && exits[0].ends_with(", after 1 turn and 1 trap"), "{}", exits[0]);
    assert!(
        exits[1].contains(" sh ") && exits[1].contains(" turns and ") && exits[1].ends_with(" traps"),
        "{}",
        exits[1]
    );
}

#[test]
fn a_script_on_standard_input_gives_its_last_status() {
    let output = yieldix(&[], "hello\nps\nexit 3\n");
    assert_eq!(output.status.code(), Some(3));
    let mut lines = out(&output).lines();
    assert_eq!(lines.next(), Some("Hello, world!"));
    assert!(lines.next().is_some_and(|header| header.starts_with("TID")), "{}", out(&output));
    assert_eq!(lines.filter(|line| line.ends_with(" sh") || line.ends_with(" init")).count(), 2);
    assert_eq!(error(&output), "");
}

#[test]
fn a_job_still_running_at_the_end_of_a_script_is_ended_as_the_help_says() {
    let output = yieldix(&[], "sleep 3600 &\nhelp\n");
    assert_eq!(output.status.code(), Some(0));
    assert!(out(&output).contains("is ended with the machine,\nwithout a word: wait for it first.\n"));
}

#[test]
#[cfg(unix)]
fn a_directory_as_standard_input_is_2_and_told() {
    let directory = std::fs::File::open(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let mut shell = common::yieldix();
    let output = shell.stdin(directory).output().expect("the command runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(error(&output), "sh: standard input: EISDIR: is a directory\n");
}

#[test]
fn a_program_run_by_name_gives_its_code() {
    for (program, code) in [("true", 0), ("false", 1)] {
        assert_eq!(yieldix(&["run", program], "").status.code(), Some(code));
    }
}

#[test]
fn a_lesson_run_by_name_is_alone_and_counts_from_one() {
    let output = yieldix(&["run", "pyos3"], "");
    assert!(out(&output).ends_with("Task 1 terminated\n"), "{}", out(&output));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_lesson_in_the_shell_counts_on() {
    let output = yieldix(&[], "pyos6\n");
    let last = out(&output).lines().last().unwrap_or_default();
    assert!(last.starts_with("Task ") && last.ends_with(" terminated") && last != "Task 1 terminated", "{last}");
}

#[test]
fn an_unknown_program_is_127() {
    complains(&["run", "nosuch"], 127, &["nosuch", "no such program"]);
}

#[test]
fn a_program_in_the_place_of_a_command_is_told_of_run() {
    let told = |word: &str| {
        let output = yieldix(&[word], "");
        assert_eq!(output.status.code(), Some(2), "{}", error(&output));
        error(&output).contains(&format!("yieldix run {word}"))
    };
    assert!(told("countdown"));
    assert!(!told("nosuch"), "only what is a program can be run");
}

/// A file of this host for one test, whose name is its own; gives its path.
fn host_file(name: &str, content: &[u8]) -> String {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, content).expect("a file");
    path
}

#[test]
fn a_text_is_run_with_its_name_and_arguments_whatever_they_look_like() {
    let output = yieldix(&["-c", "echo \"$0|$*\"; cat; exit 3", "name", "--log", "list"], "in\n");
    assert_eq!((out(&output), output.status.code()), ("name|--log list\nin\n", Some(3)));
    assert_eq!(yieldix(&["-c"], "").status.code(), Some(2));
}

#[test]
fn a_script_of_the_host_is_run_with_its_path_and_arguments() {
    let path =
        host_file("told.sh", "\u{feff}#!/bin/sh\necho \"$0|$*\"\nread line; echo \"<$line>\"\nexit 4\n".as_bytes());
    let output = yieldix(&[&path, "-x", "--help", "list"], "in\n");
    assert_eq!((out(&output), error(&output)), (format!("{path}|-x --help list\n<in>\n").as_str(), ""));
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn what_is_no_script_of_the_host_is_refused() {
    complains(&[&host_file("binary", b"\x7fELF\0\n")], 2, &["binary", "not a script"]);
    complains(&[&host_file("latin", b"echo \xe9\n")], 2, &["latin", "UTF-8"]);
    complains(&[env!("CARGO_TARGET_TMPDIR")], 2, &["directory"]);
    complains(&["./nosuch.sh", "x"], 2, &["./nosuch.sh", "no such command or file"]);
}

#[test]
fn a_commands_name_is_that_command_even_where_a_file_has_it() {
    let folder = format!("{}/names", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for name in ["list", "hello"] {
        std::fs::write(format!("{folder}/{name}"), "echo the file").expect("a file");
    }
    let run = |word: &str| {
        let mut command = common::yieldix();
        command.arg(word).current_dir(&folder).output().expect("the command runs")
    };
    assert!(out(&run("list")).starts_with("System\n"), "{}", out(&run("list")));
    assert_eq!(out(&run("hello")), "the file\n");
}

#[test]
fn a_user_finds_a_home_a_path_and_a_place_for_files() {
    let output =
        yieldix(&["-c", "env | sort; cd /tmp && pwd; cd; pwd; echo ~; ls -A /tmp; echo x >/tmp/x && cat /tmp/x"], "");
    let variables = "HOME=/\nLOGNAME=root\nPATH=/bin\nPWD=/\nSHELL=/bin/sh\nUSER=root\n";
    assert_eq!((out(&output), error(&output)), (format!("{variables}/tmp\n/\n/\nx\n").as_str(), ""));
}

#[test]
fn programs_are_files_to_the_shell_and_its_tools() {
    let script =
        "/bin/ls -d /bin; cd /bin; ./echo hi; which ls nosuch sh; type ls; command -v cd; command -v ls; test -x ls && echo runs
        cat /bin/true | head -n 1; /bin/nosuch; echo $?; /bin; echo $?; env /bin/echo a; echo b | xargs ./echo";
    let output = yieldix(&["-c", script], "");
    let told = "/bin\nhi\n/bin/ls\n/bin/sh\nls is /bin/ls\ncd\n/bin/ls\nruns\ntrue: does nothing, successfully\n127\n126\na\nb\n";
    assert_eq!(out(&output), told, "{}", error(&output));
}

#[test]
#[cfg(unix)]
fn what_the_host_could_run_and_this_machine_cannot_is_126() {
    use std::os::unix::fs::PermissionsExt;
    let folder = format!("{}/foreign", env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, content) in [("elf", b"\x7fELF\0\0\n".as_slice()), ("by-elf", b"#!/f/elf\n"), ("plain", b"echo hi $1\n")]
    {
        let path = format!("{folder}/{name}");
        std::fs::write(&path, content).expect("a file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    let mount = format!("{folder}:/f:ro");
    let output =
        yieldix(&["--mount", &mount, "-c", "/f/elf; echo $?; /f/by-elf; echo $?; /f/plain a; PATH=/f plain b"], "");
    assert_eq!(out(&output), "126\n126\nhi a\nhi b\n", "{}", error(&output));
    assert_eq!(error(&output), "sh: 1: /f/elf: exec format error\nsh: 1: /f/by-elf: exec format error\n");
}

#[test]
fn what_follows_a_program_is_its_own_even_if_the_machine_has_an_option_of_that_name() {
    let help = yieldix(&["run", "follow", "--help"], "");
    assert!(out(&help).starts_with("usage: follow [FILE]\n"), "{}", out(&help));
    let [one, other, same] =
        ["7", "8", "7"].map(|seed| yieldix(&["run", "busgen", "--seed", seed, "--bytes", "900"], "").stdout);
    assert!(one != other && one == same);
    let refused = yieldix(&["run", "sleep", "--log", "warn"], "");
    assert!(error(&refused).starts_with("sleep: unknown option --log\n"), "{}", error(&refused));
}

#[test]
fn a_name_that_would_act_on_the_terminal_is_told_escaped_and_cut() {
    let long = format!("\u{1b}[31m{}", "x".repeat(60_000));
    let output = yieldix(&[], &format!("{long}\ninit '{long}'\n"));
    assert_eq!(output.status.code(), Some(127));
    assert_eq!(error(&output).matches("\\u{1b}[31mxxx").count(), 2, "{}", error(&output));
    assert!(!error(&output).contains('\u{1b}') && error(&output).len() < 500, "{}", error(&output));
}

#[test]
fn an_unknown_log_target_is_told_with_the_known_ones() {
    complains(&["--log", "yieldix::shed=debug", "run", "true"], 2, &["yieldix::shed", "yieldix::sched"]);
}

#[test]
fn a_timer_slack_is_a_duration() {
    let refused = yieldix(&["--timer-slack", "soon", "run", "true"], "");
    assert_eq!(refused.status.code(), Some(2));
    assert!(error(&refused).contains("not a duration"), "{}", error(&refused));
    let output = yieldix(&["--simulate", "--timer-slack", "1ms", "run", "sleep", "1h"], "");
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
}

#[test]
fn a_log_filter_of_another_language_is_refused() {
    complains(&["--log", "loud", "run", "true"], 2, &["loud", "LEVEL"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_complaint_that_cannot_be_written_leaves_the_code() {
    for (args, code) in [
        (["--log=loud", "run", "true"], 2),
        // The log is lost as well.
        (["--log=trace", "run", "true"], 74),
        (["--log=trace", "run", "false"], 1),
        (["--log=warn", "run", "nosuch"], 127),
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut command = common::yieldix();
        let status = command.args(args).stdout(Stdio::null()).stderr(full).status().expect("the command runs");
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn a_bad_address_is_a_usage_error_of_the_program() {
    let output = yieldix(&["run", "echod", "--addr", "nowhere"], "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(out(&output), "");
    assert!(error(&output).contains("nowhere"), "{}", error(&output));
    assert!(error(&output).contains("names are not resolved"), "{}", error(&output));
}

#[test]
fn a_port_in_use_is_told_by_name() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    complains(&["run", "echod", "--addr", &address], 1, &["address in use"]);
}

#[test]
fn no_number_is_too_small_to_be_refused() {
    for args in [["--quantum", "0"], ["--max-tasks", "0"], ["--seed", "seven"]] {
        let output = yieldix(&[args[0], args[1], "run", "true"], "");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(error(&output).contains(args[0]), "{}", error(&output));
    }
}

#[test]
fn a_program_past_the_most_tasks_is_126_and_told_so() {
    complains(&["--max-tasks", "1", "run", "hello"], 126, &["hello: too many tasks"]);
}

#[test]
fn a_deadlock_is_70_and_names_the_cycle() {
    let output = yieldix(&["run", "deadlock"], "");
    assert_eq!(output.status.code(), Some(70));
    assert!(error(&output).contains("(deadlock) waits for 3 (joiner) waits for 2"), "{}", error(&output));
    assert!(error(&output).contains("deadlock.rs:"), "{}", error(&output));
}

#[test]
fn a_panic_is_101_and_told_once() {
    let output = yieldix(&["run", "panic", "so", "be", "it"], "");
    assert_eq!(output.status.code(), Some(101));
    assert_eq!(error(&output).matches("so be it").count(), 1, "{}", error(&output));
}

#[test]
fn a_panic_in_the_shell_is_one_line_and_the_next_command_is_run() {
    let output = yieldix(&[], "panic so be it\necho $?\n");
    assert_eq!(out(&output), "101\n");
    assert_eq!(error(&output).lines().count(), 1, "{}", error(&output));
    assert!(error(&output).contains("PANIC: so be it"), "{}", error(&output));
}

#[test]
fn the_log_goes_to_standard_error_in_either_format() {
    let output = yieldix(&["--log", "yieldix::task=info", "run", "hello"], "");
    assert_eq!(out(&output), "Hello, world!\n");
    assert!(error(&output).contains("INFO  task   2 hello      spawned by 1 init"), "{}", error(&output));
    let output = yieldix(&["--log", "yieldix::task=info", "--log-format", "json", "run", "hello"], "");
    assert!(error(&output).lines().all(|line| line.starts_with('{') && line.ends_with('}')), "{}", error(&output));
}

/// Runs `args` with a full disk for a standard output.
#[cfg(target_os = "linux")]
fn yieldix_on_a_full_disk(args: &[&str]) -> Output {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let mut command = common::yieldix();
    command.args(args).stdin(Stdio::null()).stdout(full).output().expect("the command runs")
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_a_full_disk_loses_is_74_and_told() {
    let output = yieldix_on_a_full_disk(&["run", "hello"]);
    assert_eq!(output.status.code(), Some(74));
    assert!(error(&output).contains("are lost"), "{}", error(&output));
    assert!(error(&output).contains("14 bytes for stdout are lost: ENOSPC"), "{}", error(&output));
    assert_eq!(yieldix_on_a_full_disk(&["run", "false"]).status.code(), Some(1));
    // There the writer itself is told.
    assert_eq!(yieldix_on_a_full_disk(&["--simulate", "run", "hello"]).status.code(), Some(1));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let (reader, stdout) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = common::yieldix();
    let output = command.args(["run", "hello"]).stdout(stdout).output().expect("it runs");
    assert_eq!((output.status.code(), error(&output)), (Some(0), ""));
}

/// A command whose standard output nobody reads, with more to say than it and the console hold.
#[cfg(unix)]
struct Stalled {
    child: std::process::Child,
    log: std::io::BufReader<std::process::ChildStderr>,
}

#[cfg(unix)]
impl Stalled {
    /// It echoes `size` bytes.
    fn echo(log: &str, size: usize) -> Stalled {
        let word = "x".repeat(size / 5);
        let mut child = common::yieldix()
            .args(["--log", log, "run", "echo", &word, &word, &word, &word, &word])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let log = std::io::BufReader::new(child.stderr.take().expect("a pipe"));
        Stalled { child, log }
    }

    /// Reads the log up to the line that has `words`.
    #[track_caller]
    fn expect(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            let count = std::io::BufRead::read_line(&mut self.log, &mut line).expect("text");
            assert!(count > 0, "the log ended before {words:?}");
        }
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).expect("it has not been waited for");
    }

    fn code(mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_machine_whose_output_stalls() {
    let mut stalled = Stalled::echo("warn,yieldix::sched=debug", 500_000);
    stalled.expect("waits: write");
    stalled.signal(rustix::process::Signal::TERM);
    stalled.expect("are lost");
    assert_eq!(stalled.code(), Some(143));
}

#[test]
#[cfg(unix)]
fn a_second_signal_of_another_kind_ends_the_process_at_once() {
    let mut stalled = Stalled::echo("warn,yieldix::sched=debug,yieldix::signal=info", 500_000);
    stalled.expect("waits: write");
    stalled.signal(rustix::process::Signal::TERM);
    stalled.expect("from the host");
    stalled.signal(rustix::process::Signal::HUP);
    assert_eq!(stalled.code(), Some(129));
}

#[test]
#[cfg(unix)]
fn a_signal_cuts_the_last_flush_short() {
    // As much as the console takes, so that the program ends well and only the flush stalls.
    let mut stalled = Stalled::echo("warn,yieldix::task=info", 200_000);
    stalled.expect("1 init       exited with");
    stalled.signal(rustix::process::Signal::TERM);
    stalled.expect("ETIMEDOUT");
    assert_eq!(stalled.code(), Some(74));
}

#[test]
#[cfg(unix)]
fn with_few_descriptors_a_machine_says_all_or_does_not_boot() {
    let script = "ulimit -n $0; printf 'hello\\nexit 3\\n' | \"$1\"";
    for limit in 4..24 {
        let output = Command::new("sh")
            .args(["-c", script, &limit.to_string(), env!("CARGO_BIN_EXE_yieldix")])
            .env(common::REFUSE_LINTS.0, common::REFUSE_LINTS.1)
            .env_remove("YIELDIX_LOG")
            .output()
            .expect("a shell");
        match output.status.code() {
            Some(3) => assert_eq!(out(&output), "Hello, world!\n", "{limit} descriptors"),
            Some(71) => assert_eq!(error(&output).lines().count(), 1, "{limit} descriptors: {}", error(&output)),
            // Too few even for the host to start a process.
            _ => assert!(limit < 8 && !error(&output).is_empty(), "{limit} descriptors: {output:?}"),
        }
    }
}

#[test]
fn a_folder_that_is_mounted_is_changed_by_the_host_and_not_by_a_simulation() {
    let folder = std::env::temp_dir().join(format!("yieldix-mount-{}", std::process::id()));
    std::fs::create_dir(&folder).expect("a folder");
    // A directory is made there and removed again, which changes when the folder was changed.
    let changed = || std::fs::metadata(&folder).and_then(|info| info.modified()).expect("a folder");
    let before = changed();
    let run = |at: &str, before: &[&str]| {
        let mount = format!("{}:{at}", folder.display());
        let rest = ["--mount", &mount, "run", "usertests", "-q", "a_file_is_written_and_read_back"];
        yieldix(&[before, &rest].concat(), "")
    };
    let simulated = run("/scratch", &["--simulate"]);
    assert_eq!((simulated.status.code(), changed()), (Some(0), before), "{}", out(&simulated));
    let read_only = run("/scratch:ro", &[]);
    assert_eq!((read_only.status.code(), changed()), (Some(1), before));
    assert!(out(&read_only).contains("EROFS"), "{}", out(&read_only));
    let written = run("/scratch", &[]);
    assert_eq!((written.status.code(), changed() != before), (Some(0), true), "{}", out(&written));
    assert_eq!(out(&written), "usertests: 2 passed, 0 failed\n", "in memory and there");
    std::fs::remove_dir_all(&folder).expect("a folder of ours");
}

#[test]
fn a_mount_that_cannot_be_is_told() {
    for bad in ["", "folder", ":/f", "/tmp:f", "/tmp:", "/tmp:ro", "/tmp:/f:rw"] {
        let output = yieldix(&["--mount", bad, "run", "true"], "");
        assert_eq!(output.status.code(), Some(2), "{bad}: {}", error(&output));
        assert!(error(&output).contains("HOST:GUEST"), "{}", error(&output));
    }
    complains(&["--mount", "/:/a", "--mount", "/:/a/", "run", "true"], 2, &["cannot mount at /a/", "another folder"]);
    complains(&["--mount", "/no/such:/a", "run", "true"], 71, &["cannot mount at /a", "/no/such", "No such file"]);
    complains(
        &["--mount", "/no/such:/a", "--simulate", "run", "true"],
        71,
        &["cannot mount at /a", "/no/such", "No such file"],
    );
}

#[test]
fn usertests_say_what_they_leave_out() {
    let output = yieldix(&["--simulate", "run", "usertests", "-q", "a_file_is_written_and_read_back"], "");
    assert_eq!(out(&output), "usertests: 1 passed, 0 failed\n");
    assert!(error(&output).contains("in memory only; no folder is mounted at /scratch"), "{}", error(&output));
}

#[test]
fn a_simulated_hour_takes_no_time() {
    let output = yieldix(&["--simulate", "--log", "yieldix::boot=info", "run", "sleep", "3600"], "");
    assert_eq!(output.status.code(), Some(0));
    assert!(error(&output).contains(" 3600."), "{}", error(&output));
}

#[test]
fn programs_calls_and_events_are_listed() {
    let lists = [("list", "pyos6"), ("syscalls", "deadline_push"), ("events", "yieldix::sched")];
    for (list, entry) in lists {
        let output = yieldix(&[list], "");
        assert_eq!(output.status.code(), Some(0));
        assert!(out(&output).contains(entry), "{list}");
    }
}

#[test]
fn the_help_of_strace_has_its_options_beside_those_of_the_machine() {
    for help in [["help", "strace"], ["strace", "--help"]] {
        let output = yieldix(&help, "");
        for option in ["\n  -f, --follow-forks  ", "\n  -e, --trace CALL,...  ", "%desc %file"] {
            assert!(out(&output).contains(option), "{help:?}: {}", out(&output));
        }
    }
}

#[test]
fn the_version_is_told() {
    assert_eq!(out(&yieldix(&["--version"], "")), concat!("yieldix ", env!("CARGO_PKG_VERSION"), "\n"));
}
