//! `tail -f log | grep python` of the shell, as a process on the host: through a rotation, and at rest without any work.
#![cfg(target_os = "linux")]

mod common;

use std::{
    fs::{self, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Stdio,
    time::Duration,
};

/// For how long it is watched at rest.
const REST: Duration = Duration::from_millis(500);

/// How often the process has been given a processor because something came that it waited for, and the ticks of
/// processor time that it has used.
fn work_of(process: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // What stands behind the name, which may have blanks in it, begins with the third field.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |field: usize| fields[field - 3].parse::<u64>().unwrap();
    (switches.trim().parse().unwrap(), ticks(14) + ticks(15))
}

#[test]
fn a_filtered_log_is_followed_through_rotation_and_costs_nothing_at_rest() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("follow_pipeline");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("log"), "python 0\n").unwrap();
    let mut process = common::yieldix()
        .arg("--mount")
        .arg(format!("{}:/host:ro", folder.display()))
        .args(["run", "sh", "-c", "tail -f /host/log | grep python"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut next = || printed.next().expect("it prints on").unwrap();
    let append = |text: &str| {
        let mut log = OpenOptions::new().append(true).create(true).open(folder.join("log")).unwrap();
        log.write_all(text.as_bytes()).unwrap();
    };
    assert_eq!(next(), "python 0");
    append("other\npython 1\n");
    assert_eq!(next(), "python 1");
    fs::rename(folder.join("log"), folder.join("log.1")).unwrap();
    append("not this\npython 2\n");
    assert_eq!(next(), "python 2");
    // What is left to do after the last line is done within a few rests; then there is nothing any more.
    let mut before = work_of(process.id());
    let is_at_rest = (0..20).any(|_| {
        std::thread::sleep(REST);
        let earlier = std::mem::replace(&mut before, work_of(process.id()));
        before == earlier
    });
    let _ = process.kill();
    let _ = process.wait();
    assert!(is_at_rest, "it works while nothing is written");
}
