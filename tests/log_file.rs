//! The files that the command writes beside a machine: a log, a timeline. They are whole when they can be, nothing is
//! destroyed for them, and what is lost is told by the exit code.

mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
};
#[cfg(target_os = "linux")]
use std::{net::TcpListener, os::fd::AsFd, process::Child};

/// A folder of one test, which is empty.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("log-file-{name}-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    /// The command, with its files here.
    fn yieldix(&self, args: &[&str]) -> Command {
        let mut command = common::yieldix();
        command.args(args).current_dir(&self.0).stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Output {
        self.yieldix(args).output().expect("the command runs")
    }

    /// A complete log of a pipeline.
    fn log(&self, name: &str) -> String {
        let log = ["--simulate", "--log", "yieldix=trace", "--log-format", "json", "--log-file", name];
        let output = self.run(&[&log[..], &["-c", "seq 100 | sort -r | head -n 3"]].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        self.text(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Ends with `code`, and complains in a line that holds `words`.
#[track_caller]
fn complains(output: &Output, code: i32, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(words), "{said:?} has no {words:?}");
}

#[test]
fn a_log_is_not_drawn_over_itself() {
    let folder = Folder::new("itself");
    let log = folder.log("log");
    fs::hard_link(folder.0.join("log"), folder.0.join("hard")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("log", folder.0.join("soft")).unwrap();
    let names = folder.names();
    for place in names.iter().map(String::as_str).chain(["./log"]) {
        for form in ["--chrome", "--html"] {
            complains(&folder.run(&["timeline", "log", form, place]), 2, "the log itself");
        }
    }
    // The shell's `>> log`, and `< log` too.
    #[cfg(unix)]
    for (read, place) in [("log", "-"), ("log", "/dev/stdout"), ("-", "-"), ("hard", "-")] {
        for form in ["--chrome", "--html"] {
            let file = |options: &mut fs::OpenOptions| options.open(folder.0.join("log")).unwrap();
            let mut command = folder.yieldix(&["timeline", read, form, place]);
            command.stdin(file(fs::File::options().read(true))).stdout(file(fs::File::options().append(true)));
            complains(&command.output().unwrap(), 2, "the log itself");
        }
    }
    assert_eq!((folder.text("log"), folder.names()), (log, names));
}

#[test]
#[cfg(unix)]
fn a_log_comes_and_its_timeline_goes_through_one_socket() {
    use std::{
        io::{Read, Write},
        net::Shutdown,
        os::{fd::OwnedFd, unix::net::UnixStream},
    };
    let folder = Folder::new("socket");
    let log = folder.log("log");
    let expected = folder.run(&["timeline", "log", "--chrome", "-"]).stdout;
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut command = folder.yieldix(&["timeline", "-", "--chrome", "-"]);
    command.stdin(OwnedFd::from(theirs.try_clone().unwrap())).stdout(OwnedFd::from(theirs));
    let mut running = Running(command.spawn().unwrap());
    // It has its ends of the socket for as long as it is there.
    drop(command);
    let mut to = ours.try_clone().unwrap();
    let writing = thread::spawn(move || {
        // What refuses the log has told it by its code.
        let _ = to.write_all(log.as_bytes()).and_then(|()| to.shutdown(Shutdown::Write));
    });
    let mut drawn = Vec::new();
    let read = ours.read_to_end(&mut drawn);
    writing.join().unwrap();
    assert_eq!((running.0.wait().unwrap().code(), read.is_ok() && drawn == expected), (Some(0), true));
}

#[test]
fn a_log_that_is_refused_leaves_what_was_there() {
    let folder = Folder::new("refused");
    let log = folder.log("log");
    fs::write(folder.0.join("hole"), log.lines().filter(|line| !line.contains("\"seq\":40,")).collect::<String>())
        .unwrap();
    fs::write(folder.0.join("there"), "before").unwrap();
    for form in ["--chrome", "--html"] {
        for place in ["there", "new"] {
            assert_eq!(folder.run(&["timeline", "hole", form, place]).status.code(), Some(1));
        }
    }
    assert_eq!((&*folder.text("there"), folder.names()), ("before", ["hole", "log", "there"].map(String::from).into()));
    complains(&folder.run(&["timeline", "log", "--html", "no/such"]), 74, "no/such: No such file");
}

#[test]
fn two_forms_are_not_drawn_over_each_other() {
    let folder = Folder::new("over");
    let log = folder.log("log");
    #[cfg(unix)]
    std::os::unix::fs::symlink("new", folder.0.join("soft")).unwrap();
    let names = folder.names();
    let other = if cfg!(unix) { "soft" } else { "./new" };
    for (one, other) in [("new", "new"), ("new", "./new"), ("new", other), ("-", "-")] {
        complains(&folder.run(&["timeline", "log", "--chrome", one, "--html", other]), 2, "over the other");
    }
    assert_eq!((folder.text("log"), folder.names()), (log, names));
    // The shell's `> new`, and a pipe.
    #[cfg(unix)]
    for (one, other) in [("-", "new"), ("new", "-"), ("-", "soft"), ("-", "/dev/stdout"), ("/dev/stdout", "-")] {
        let draw = || folder.yieldix(&["timeline", "log", "--chrome", one, "--html", other]);
        let output = draw().stdout(fs::File::create(folder.0.join("new")).unwrap()).output().unwrap();
        complains(&output, 2, "over the other");
        assert_eq!(folder.text("new"), "");
        if [one, other].contains(&"/dev/stdout") {
            complains(&draw().output().unwrap(), 2, "over the other");
        }
    }
    let apart = folder.run(&["timeline", "log", "--chrome", "other", "--html", "-"]);
    assert_eq!(apart.status.code(), Some(0));
    assert!(folder.text("other").starts_with('[') && apart.stdout.starts_with(b"<!"));
}

/// What reads a log.
const READERS: [&[&str]; 6] = [
    &["log", "state"],
    &["sched", "latency"],
    &["sched", "map"],
    &["sched", "timehist"],
    &["timeline", "--chrome", "drawn"],
    &["timeline", "--html", "drawn"],
];

#[test]
fn every_reader_refuses_a_garbled_field_though_it_has_no_use_for_it() {
    let folder = Folder::new("garbled");
    let log = folder.log("log");
    let fields = [("answer", "tid"), ("descriptor opened", "fd"), ("turn over", "ran_ns"), ("answer", "after_ns")];
    for ((message, field), garble) in fields.into_iter().flat_map(|field| [(field, "\"x\",\"y\":"), (field, "-1")]) {
        let at = log.lines().position(|line| line.contains(&format!("\"message\":\"{message}\""))).expect(message);
        let garbled = log.lines().enumerate().map(|(index, line)| match index == at {
            true => line.replace(&format!("\"{field}\":"), &format!("\"{field}\":{garble}")) + "\n",
            false => line.to_owned() + "\n",
        });
        fs::write(folder.0.join("garbled"), garbled.collect::<String>()).unwrap();
        let why = format!("garbled: line {} is no event: its field \"{field}\" is not a number from 0 on", at + 1);
        for reader in READERS {
            complains(&folder.run(&[reader, &["garbled"]].concat()), 1, &why);
        }
    }
    assert_eq!(folder.names(), ["garbled", "log"]);
}

#[test]
fn a_log_in_text_is_told_how_it_would_be_in_json() {
    let folder = Folder::new("text");
    let log = ["--simulate", "--log", "yieldix=trace", "--log-file", "log"];
    assert_eq!(folder.run(&[&log[..], &["run", "true"]].concat()).status.code(), Some(0));
    let why = "it is a log in text: a whole log is needed (--log yieldix=trace --log-format json --log-file FILE)";
    for reader in READERS {
        complains(&folder.run(&[reader, &["log"]].concat()), 1, why);
    }
}

#[test]
fn of_a_log_that_is_cut_the_whole_lines_can_be_kept() {
    let folder = Folder::new("cut");
    let log = folder.log("log");
    let lines = log.lines().count();
    fs::write(folder.0.join("cut"), &log[..log.len() - 9]).unwrap();
    let before = lines - 1;
    let kept: String = log.lines().take(before).map(|line| format!("{line}\n")).collect();
    fs::write(folder.0.join("kept"), kept).unwrap();
    fs::write(folder.0.join("blank"), log + "\n").unwrap();
    for reader in READERS {
        let run = |name| folder.run(&[reader, &[name]].concat());
        complains(&run("cut"), 1, &format!("the {before} before it are whole (head -n {before} keeps them)"));
        // The state says it itself.
        let is_state = reader[0] == "log";
        complains(&run("kept"), 0, if is_state { "" } else { "before its machine has ended\n" });
        let says_ended = |name| {
            let printed = String::from_utf8(run(name).stdout).unwrap();
            printed.lines().next().is_some_and(|line| line.ends_with("; the machine has ended"))
        };
        assert_eq!((says_ended("kept"), says_ended("log")), (false, is_state), "{reader:?}");
        for whole in ["log", "blank"] {
            let output = run(whole);
            assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()), "{reader:?} {whole}");
        }
    }
}

#[test]
fn a_stroke_stands_for_standard_input_and_output() {
    let folder = Folder::new("stroke");
    let log = folder.log("log");
    let piped = |args: &[&str]| common::fed(&mut folder.yieldix(args), log.as_bytes());
    let from_file = |args: &[&str]| {
        let file = fs::File::open(folder.0.join("log")).unwrap();
        folder.yieldix(args).stdin(file).output().unwrap()
    };
    for &reader in &READERS[..4] {
        let expected = folder.run(&[reader, &["log"]].concat()).stdout;
        assert!(!expected.is_empty());
        for output in [piped(&[reader, &["-"][..]].concat()), from_file(&[reader, &["-"][..]].concat())] {
            assert_eq!((output.status.code(), output.stdout == expected), (Some(0), true), "{reader:?}");
        }
    }
    let drawn = ["timeline", "-", "--chrome", "chrome", "--html", "html"];
    assert_eq!(folder.run(&["timeline", "log", "--chrome", "chrome"]).status.code(), Some(0));
    let chrome = folder.text("chrome");
    // A page has the name of its log.
    fs::copy(folder.0.join("log"), folder.0.join("standard input")).unwrap();
    let page = String::from_utf8(folder.run(&["timeline", "standard input", "--html", "-"]).stdout).unwrap();
    for draw in [&piped as &dyn Fn(&[&str]) -> Output, &from_file] {
        fs::write(folder.0.join("chrome"), "").unwrap();
        assert_eq!(draw(&drawn).status.code(), Some(0));
        assert!(folder.text("chrome") == chrome && folder.text("html") == page);
        assert!(draw(&["timeline", "-", "--chrome", "-"]).stdout == chrome.as_bytes());
    }
    complains(&piped(&["timeline", "-", "--chrome", "no/such"]), 74, "no/such: No such file");
    let half = common::fed(&mut folder.yieldix(&["sched", "map", "-"]), &log.as_bytes()[..log.len() / 2]);
    complains(&half, 1, "standard input: its last line is cut");
}

#[test]
fn a_size_below_the_smallest_is_refused_and_empties_no_log() {
    let folder = Folder::new("smallest");
    let log = folder.log("log");
    for size in ["0", "1", "3999"] {
        let refused = folder.run(&["--log-file", "log", "--log-size", size, "run", "true"]);
        complains(&refused, 2, "the smallest is 4K");
    }
    assert_eq!(folder.text("log"), log);
    assert_eq!(folder.run(&["--log-file", "log", "--log-size", "4000", "run", "true"]).status.code(), Some(0));
}

#[test]
fn reading_a_log_never_empties_it() {
    let folder = Folder::new("read");
    let log = folder.log("log");
    let output = folder.run(&["--log-file", "log", "log", "state", "log"]);
    assert_eq!((output.status.code(), folder.text("log")), (Some(0), log));
}

#[test]
fn a_refused_filter_empties_no_log() {
    let folder = Folder::new("filter");
    let log = folder.log("log");
    complains(
        &folder.run(&["--log", "sched=loud", "--log-file", "log", "run", "true"]),
        2,
        "\"sched=loud\" is not LEVEL",
    );
    assert_eq!(folder.text("log"), log);
}

#[test]
fn both_forms_of_a_timeline_are_drawn_at_once() {
    let folder = Folder::new("both");
    folder.log("log");
    assert_eq!(folder.run(&["timeline", "log", "--chrome", "json", "--html", "html"]).status.code(), Some(0));
    assert!(folder.text("json").starts_with('[') && folder.text("html").starts_with("<!"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_or_timeline_that_a_full_disk_loses_is_74_and_told() {
    let folder = Folder::new("full");
    for lost in [
        ["--log=info", "--log-file=/dev/full"],
        ["--log=trace", "--log-file=/dev/full"],
        ["--log=warn", "--trace=/dev/full"],
    ] {
        let output = folder.run(&[&lost[..], &["run", "true"]].concat());
        complains(
            &output,
            74,
            if lost[1].starts_with("--trace") { "/dev/full: No space" } else { "could not be logged" },
        );
        assert_eq!(folder.run(&[&lost[..], &["run", "false"]].concat()).status.code(), Some(1));
    }
    let log = folder.log("log");
    complains(&folder.run(&["timeline", "log", "--chrome", "/dev/full"]), 74, "/dev/full: No space");
    for printed in [&["sched", "map", "log"][..], &["log", "state", "log"], &["timeline", "log", "--html", "-"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        complains(&folder.yieldix(printed).stdout(full).output().unwrap(), 74, "yieldix: standard output: No space");
    }
    assert_eq!(folder.text("log"), log);
}

#[test]
fn a_log_of_a_size_is_its_end_and_is_refused_by_who_needs_it_whole() {
    let folder = Folder::new("size");
    let log = ["--simulate", "--log", "yieldix=trace", "--log-format", "json", "--log-file", "log", "--log-size", "4K"];
    assert_eq!(folder.run(&[&log[..], &["-c", "seq 100 | sort -r | wc -l"]].concat()).status.code(), Some(0));
    let files = ["log.1", "log"].map(|name| folder.text(name));
    assert!(files.iter().all(|file| (1..=4096).contains(&file.len())), "{:?}", files.map(|file| file.len()));
    let seqs: Vec<u64> = files.concat().lines().map(seq_of).collect();
    assert!(seqs.len() > 20 && seqs.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{seqs:?}");
    complains(&folder.run(&["log", "state", "log"]), 1, "are missing");
}

#[test]
fn the_flight_recorder_is_appended_to_its_file_and_stands_between_no_lines_of_json() {
    let folder = Folder::new("flight");
    let said = |options: &[&str]| {
        let output = folder.run(&[options, &["--simulate", "run", "deadlock"]].concat());
        assert_eq!(output.status.code(), Some(70), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for _ in 0..2 {
        assert!(!said(&["--flight", "flight"]).contains("flight recorder"));
    }
    assert_eq!(folder.text("flight").matches("flight recorder (deadlock):\n").count(), 2);
    assert!(said(&[]).contains("flight recorder (deadlock), the last 32 events at most:\n"));
    assert!(!said(&["--log-format", "json"]).contains("flight recorder"));
}

/// The number of the event in a line of JSON.
fn seq_of(line: &str) -> u64 {
    let event: serde_json::Value = serde_json::from_str(line).expect(line);
    event["seq"].as_u64().expect(line)
}

/// Waits until there is something to be read of it.
#[cfg(target_os = "linux")]
#[track_caller]
fn until_readable(source: impl AsFd, what: &str) {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    /// What comes at once on a host that is not busy.
    const PATIENCE: Timespec = Timespec { tv_sec: 60, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(&source, PollFlags::IN)], Some(&PATIENCE)).unwrap();
    assert_eq!(ready, 1, "{what}");
}

/// Waits until the log has a line with these words.
#[cfg(target_os = "linux")]
#[track_caller]
fn until_logged(folder: &Folder, words: &str) -> String {
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};
    let changes = init(CreateFlags::CLOEXEC).unwrap();
    add_watch(&changes, &folder.0, WatchFlags::MODIFY).unwrap();
    loop {
        let text = folder.text("log");
        if text.contains(words) {
            return text;
        }
        until_readable(&changes, &format!("no {words:?} in {text}"));
        rustix::io::read(&changes, &mut [0; 4096]).unwrap();
    }
}

/// Ends it if the test does not.
#[cfg(target_os = "linux")]
struct Running(Child);

#[cfg(target_os = "linux")]
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_log_file_is_whole_while_its_machine_waits() {
    for (filter, last) in [("yieldix=trace", "waits for the hardware"), ("yieldix::task=info", "2 cat        spawned")]
    {
        let folder = Folder::new("waits");
        let mut command = folder.yieldix(&["--log", filter, "--log-file", "log", "run", "cat"]);
        let _running = Running(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
        let text = until_logged(&folder, last);
        assert!(text.ends_with('\n') && text.lines().last().is_some_and(|line| line.contains(last)), "{text}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_was_logged_is_in_the_file_when_a_second_signal_ends_the_process() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::Read;
    let folder = Folder::new("signal");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    // More than the console takes, which nobody reads.
    let word = "x".repeat(100_000);
    let script = format!("sleep 1000 | nc 127.0.0.1 {port} & echo $1 $1 $1 $1 $1");
    let log = ["--log", "warn,yieldix::sched=debug,yieldix::signal=info", "--log-file", "log"];
    let mut command = folder.yieldix(&[&log[..], &["run", "sh", "-c", &script, "sh", &word]].concat());
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    until_readable(&listener, "it does not connect");
    let (mut connection, _) = listener.accept().unwrap();
    until_logged(&folder, "waits: write 1");
    let pid = Pid::from_child(&running.0);
    kill_process(pid, Signal::TERM).unwrap();
    // The connection ends with the tasks, and then the machine waits for its console.
    connection.read_to_end(&mut Vec::new()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(129));
    assert!(folder.text("log").contains("TERM from the host"), "{}", folder.text("log"));
}
