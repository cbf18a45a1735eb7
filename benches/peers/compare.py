#!/usr/bin/env python3
"""Measures yieldix beside its peers, and writes the tables of docs/performance.md.

usage: compare.py [--full] [--rounds N] [--seconds S] [ROW...]

A round runs each case on every peer, one after the other, so that the machine's noise meets all alike;
what is told is the median of the rounds, with minimum and maximum. Programs of one thread are pinned
to core 1; servers to core 0, with the load on core 1.

Every program prints lines `case peer metric value unit`. scripts/compare builds them first.
"""
import argparse
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time

import tables

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE / "target" / "release"
OURS = "yieldix"
DESCRIPTORS_MAX = 20_000
CASE_SECONDS_MAX = 90

# Commands that take `CASE ...`; those of --full apart.
RUNTIMES = {
    "floor": "floor",
    OURS: "peer-yieldix",
    "tokio": "peer-tokio one",
    "smol": "peer-smol",
    "monoio-epoll": "peer-monoio epoll",
}
RUNTIMES_FULL = {
    "tokio-2": "peer-tokio two",
    "monoio-uring": "peer-monoio uring",
    "glommio": "peer-glommio",
    "compio": "peer-compio",
    "may": "peer-may",
    "go": "peer-go",
}
# Commands that serve; the port comes last, or where {} stands.
SERVERS = {
    "c-edge": "echo_epoll {} edge",
    "polling-edge": "peer-polling edge echo",
    **{peer: command + " echo" for peer, command in RUNTIMES.items() if peer != "floor"},
}
SERVERS_FULL = {
    "c-level": "echo_epoll {} level",
    "polling-level": "peer-polling level echo",
    **{peer: command + " echo" for peer, command in RUNTIMES_FULL.items()},
}
CORES = {"tokio-2": "0,1"}
STACKS_MAX = 20_000  # of may: two memory maps each

CONNECTIONS = (1, 100, 1000, 10_000)
QUIET_CONNECTIONS, QUIET_RATE = 10_000, 10_000


def say(text):
    print(text, flush=True)


class Comparison:
    def __init__(self, options):
        self.options = options
        full = options.full
        self.runtimes = available({**RUNTIMES, **(RUNTIMES_FULL if full else {})})
        self.servers = available({**SERVERS, **(SERVERS_FULL if full else {})})
        self.lines = []

    def rounds(self, cases):
        """Runs [(case, peers)], every peer of a case after the other, so many rounds."""
        failed = set()
        for _ in range(self.options.rounds):
            for case, peers in cases:
                for peer in peers:
                    if peer in self.runtimes and (case, peer) not in failed and not self.run(case, peer):
                        failed.add((case, peer))

    def run(self, case, peer, command=None):
        command = command or self.runtimes[peer]
        environment = {**os.environ, "GOMAXPROCS": "1", "STARTED_NS": str(time.monotonic_ns())}
        words = ["taskset", "-c", CORES.get(peer, "1"), *words_of(command), *case.split()]
        return self.take(words, f"{peer} {case}", environment)

    def take(self, words, what, environment=None):
        """Keeps the lines that a program prints; false when it failed."""
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=CASE_SECONDS_MAX, env=environment)
        except subprocess.TimeoutExpired:
            say(f"FAILED: {what}: not done in {CASE_SECONDS_MAX} s")
            return False
        if done.returncode:
            say(f"FAILED: {what}: {done.stderr.strip()[-300:]}")
            return False
        for line in done.stdout.splitlines():
            say(line)
            self.lines.append(line)
        return True

    def load(self, peer, command, case, connections, *more):
        """A server and the load, until it is over."""
        with Server(command) as server:
            words = ["taskset", "-c", "1", str(HERE / "target/c/load"), str(server.port), str(connections)]
            words += [str(self.options.seconds), str(server.process.pid), case, peer, *map(str, more)]
            self.take(words, f"{peer} {case}")

    # Rows.

    def switch(self):
        peers = [OURS, "floor", "tokio", "smol", *RUNTIMES_FULL]
        # Its tasks that wake themselves go to the front of the queue, so that no other has a turn.
        peers = [peer for peer in peers if peer != "monoio-uring"]
        large = [peer for peer in peers if peer != "may"]
        few = [("yield 2 5000000", peers), ("yield 1000 10000", peers), (f"yield {STACKS_MAX} 200", ["may"])]
        self.rounds([*few, ("yield 100000 100", large), ("yield 1000000 20", [OURS, "floor"])])

    def call(self):
        self.rounds([
            ("null 10000000", [OURS, "floor", "tokio"]),
            ("null-raw 10000000", [OURS]),
            ("asking 8000000", [OURS]),
            ("acting 2000000", [OURS]),
            ("levels 5000000", [OURS]),
            *((f"trampoline {depth} 5000000", [OURS]) for depth in (1, 10, 10_000)),
        ])
        for _ in range(self.options.rounds):
            self.run("2000000", "linux", "trap")

    def spawn(self):
        peers = [*RUNTIMES, *RUNTIMES_FULL]
        all_at_once = [peer for peer in peers if peer != "may"]
        self.rounds([
            ("spawn 1000000 1", all_at_once),
            (f"spawn {STACKS_MAX} 1", ["may"]),
            ("spawn-each 1000000", [peer for peer in peers if peer not in ("compio", "may")]),
            ("spawn-each 100000", ["compio", "may"]),
        ])

    def port(self):
        peers = [peer for peer in (*RUNTIMES, *RUNTIMES_FULL) if peer != "floor"]
        self.rounds([("pingpong 1000000", peers), ("ring 1000 5000000", peers)])

    def memory(self):
        peers = [*RUNTIMES, *RUNTIMES_FULL]
        self.rounds([
            ("memory parked 1000000", [peer for peer in peers if peer != "may"]),
            ("memory sleeping 1000000", [peer for peer in peers if peer not in ("may", "floor")]),
            (f"memory parked {STACKS_MAX}", ["may"]),
            (f"memory sleeping {STACKS_MAX}", ["may"]),
        ])

    def timers(self):
        peers = [OURS, "tokio", "smol", "monoio-epoll", *RUNTIMES_FULL]
        self.rounds([
            ("timers 100 4", [OURS]),
            ("timers 100000 4", [peer for peer in peers if peer != "may"]),
            (f"timers {STACKS_MAX} 4", ["may"]),
            ("timers 1000000 4", [OURS]),
        ])

    def scale(self):
        self.rounds([
            (f"{case} {tasks} {1_000_000 // tasks * 4}", [OURS])
            for case in ("yield", "trap", "spawn", "wake allocation", "wake random")
            for tasks in (100, 10_000, 1_000_000)
        ])

    def start(self):
        for _ in range(3 * self.options.rounds):
            self.run("start", OURS)
            self.run("idle", OURS)

    def echo(self):
        for _ in range(self.options.rounds):
            for connections in CONNECTIONS:
                for peer, command in self.servers.items():
                    self.load(peer, command, f"echo/{connections}", connections)

    def syscalls(self):
        if not shutil.which("strace"):
            say("SKIPPED: syscalls: strace is not installed")
            return
        for connections in CONNECTIONS:
            for peer in (OURS, "c-edge", "polling-edge", "tokio"):
                self.count_syscalls(peer, connections)

    def count_syscalls(self, peer, connections):
        """For two seconds in the midst of the load; one reply is one request."""
        log = HERE / "target" / "strace"
        with Server(self.servers[peer]) as server:
            load = ["taskset", "-c", "1", str(HERE / "target/c/load"), str(server.port), str(connections)]
            load = subprocess.Popen([*load, "6", str(server.process.pid), "-", "-"], stdout=subprocess.DEVNULL)
            wait_for(lambda: requests_flow(server.process.pid), "the load")
            trace = ["timeout", "--signal=INT", "2", "strace", "-f", "-c", "-U", "calls,name", "-o", str(log)]
            subprocess.run([*trace, "-p", str(server.process.pid)], stderr=subprocess.DEVNULL)
            load.send_signal(signal.SIGKILL)
            load.wait()
        counts = {name: int(count) for count, name in re.findall(r"^\s*(\d+)\s+(\w+)$", log.read_text(), re.M)}
        counts.pop("total", None)
        requests = max(counts.get(name, 0) for name in ("write", "sendto", "sendmsg"))
        if not requests:
            say(f"FAILED: {peer} syscalls/{connections}: no request was seen")
            return
        line = f"syscalls/{connections} {peer} a_request {sum(counts.values()) / requests:.3f} calls"
        say(line)
        self.lines.append(line)

    def fairness(self):
        for _ in range(self.options.rounds):
            for peer in (OURS, "c-edge", "tokio"):
                command = self.servers[peer]
                self.load(peer, command, "quiet", QUIET_CONNECTIONS, QUIET_RATE)
                self.load(peer, command, "quiet-hot", QUIET_CONNECTIONS, QUIET_RATE, "hot")
            self.load(OURS, "peer-yieldix echo", "calm/100", 100)
            self.load(OURS, "peer-yieldix echo {} busy", "busy/100", 100)


ROWS = ("switch", "call", "spawn", "port", "memory", "timers", "scale", "start", "echo", "syscalls", "fairness")


class Server:
    """A server on core 0, until the block is left."""

    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = command if "{}" in command else command + " {}"
        cores = "0,1" if " two " in command else "0"
        words = ["taskset", "-c", cores, *words_of(command.format(self.port))]
        environment = {**os.environ, "GOMAXPROCS": "1"}
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=environment)

    def __enter__(self):
        wait_for(self.answers, "the server")
        return self

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def requests_flow(pid):
    """Has the process had a second of processor time? Then all are connected."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) > os.sysconf("SC_CLK_TCK") // 2


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"compare: {what} did not come up in 20 s")
        time.sleep(0.02)


def words_of(command):
    program, *rest = command.split()
    for folder in (BUILT, HERE / "target/c", HERE / "target/go"):
        if (folder / program).exists():
            return [str(folder / program), *rest]
    raise FileNotFoundError(program)


def available(commands):
    found = {}
    for peer, command in commands.items():
        try:
            words_of(command)
            found[peer] = command
        except FileNotFoundError:
            say(f"SKIPPED: {peer}: it was not built")
    return found


def main():
    parser = argparse.ArgumentParser(prog="scripts/compare")
    parser.add_argument("--full", action="store_true", help="all peers, not only the strongest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load on a server (2)")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = DESCRIPTORS_MAX if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS_MAX)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    for row in options.rows or ROWS:
        comparison = Comparison(options)
        began = time.monotonic()
        say(f"== {row}")
        getattr(comparison, row)()
        tables.write(row, comparison.lines, options.rounds)
        say(f"== {row}: {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
