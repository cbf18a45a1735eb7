//! A lesson that listens, as a process of the host: its clients are no tasks.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, ChildStderr, ChildStdout, Stdio},
};

/// `yieldix run LESSON`, killed when it is dropped.
pub struct Served {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it prints.
    pub printed: BufReader<ChildStdout>,
    /// Kept open, so that the machine can go on writing to it.
    _log: BufReader<ChildStderr>,
}

impl Served {
    /// Runs it until it listens, on a port of the host's choice.
    pub fn run(lesson: &str) -> Served {
        let mut process = super::yieldix()
            .args(["--log", "yieldix::io=debug", "run", lesson, "--addr", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the machine starts");
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let printed = BufReader::new(process.stdout.take().unwrap());
        // Only the log knows the port.
        let address = log.by_ref().lines().map_while(Result::ok).find_map(|line| {
            let (_, address) = line.split_once("opened: listener ")?;
            Some(address.trim().parse().expect("an address"))
        });
        Served { process, address: address.expect("the lesson listens"), printed, _log: log }
    }

    /// The next line that does not say that somebody is alive.
    pub fn line(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.printed.read_line(&mut line).expect("what is printed is text");
            if line != "I'm alive!\n" {
                return line;
            }
        }
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        let process = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(process, rustix::process::Signal::INT).expect("it runs");
    }

    /// Waits for its end; none if a signal ended it.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().expect("it is our child").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
