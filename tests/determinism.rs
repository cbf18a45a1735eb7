//! A simulation is its seed: the same one writes the same log to the last byte, another one does
//! not. Each run is a process of its own, with addresses of its own.

mod common;

use std::process::Output;

/// What a run prints and logs.
fn run(seed: u64, format: &str, program: &[&str]) -> Output {
    let seed = seed.to_string();
    let mut command = common::yieldix();
    command.args(["--simulate", "--seed", &seed, "--log", "trace", "--log-format", format, "run"]).args(program);
    command.output().expect("the machine's binary starts")
}

#[test]
fn one_seed_gives_one_log() {
    for (format, program) in [("text", "storm"), ("json", "storm"), ("text", "philosophers"), ("text", "cothread")] {
        let [first, second] = [(); 2].map(|()| run(7, format, &[program]));
        assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stdout));
        assert!(first.stdout == second.stdout, "two runs of one seed printed different texts");
        let logs = [&first, &second].map(|output| String::from_utf8_lossy(&output.stderr));
        let differs = logs[0].lines().zip(logs[1].lines()).find(|(one, other)| one != other);
        assert_eq!(differs, None, "two runs of one seed logged different lines");
        assert!(first.stderr == second.stderr, "one log goes on where the other ends");
    }
}

#[test]
fn the_log_is_of_a_run_that_could_have_been_another() {
    let log = String::from_utf8(run(7, "text", &["storm"]).stderr).unwrap();
    for sign in ["accept(", "tcp_connect(", "getrandom(", "sleep(", "killed by SIGKILL", "timer fired", "may be ready"]
    {
        assert!(log.contains(sign), "nothing of {sign:?} in the log of the run that is to prove determinism");
    }
}

#[test]
fn another_seed_gives_another_log() {
    assert!(run(7, "text", &["storm"]).stderr != run(8, "text", &["storm"]).stderr);
}
