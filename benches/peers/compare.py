#!/usr/bin/env python3
"""Measures yieldix beside its peers, and writes the tables of docs/performance.md.

usage: compare.py [--full] [--rounds N] [--seconds S] [ROW...]

A round runs each case on every peer, one after the other, so that the machine's noise meets all alike;
what is told is the median of the rounds, with minimum and maximum. Programs of one thread are pinned
to core 1; servers to core 0, with the load on core 1.

Every program prints lines `case peer metric value unit`. scripts/compare builds them first.
"""
import argparse
import contextlib
import functools
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess
import time

import tables

HERE = pathlib.Path(__file__).resolve().parent
BUILT = HERE / "target" / "release"
OURS = "yieldix"
DESCRIPTORS_MAX = 20_000
CASE_SECONDS_MAX = 90
START_SECONDS_MAX = 20
ENVIRONMENT = {**os.environ, "GOMAXPROCS": "1", "RUST_BACKTRACE": "0"}

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
# Servers of the program `stream`'s requests.
STREAMS = {
    "callbacks": "peer-callbacks callbacks",
    "tasks": "peer-yieldix stream",
    "threads": "peer-callbacks threads",
}
CORES = {"tokio-2": "0,1"}
STACKS_MAX = 20_000  # of may: two memory maps each

CONNECTIONS = (1, 100, 1000, 10_000)
QUIET_CONNECTIONS, QUIET_RATE = 10_000, 10_000


def say(text):
    print(text, flush=True)


class Failed(Exception):
    """Why there is no figure."""


@contextlib.contextmanager
def failures_told(what):
    try:
        yield
    except Failed as failed:
        say(f"FAILED: {what}: {failed}")


class Comparison:
    def __init__(self, options):
        self.options = options
        self.lines = []

    @functools.cached_property
    def runtimes(self):
        return available({**RUNTIMES, **(RUNTIMES_FULL if self.options.full else {})})

    @functools.cached_property
    def servers(self):
        return available({**SERVERS, **(SERVERS_FULL if self.options.full else {})})

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
        environment = {**ENVIRONMENT, "STARTED_NS": str(time.monotonic_ns())}
        words = ["taskset", "-c", CORES.get(peer, "1"), *words_of(command), *case.split()]
        with failures_told(f"{peer} {case}"):
            self.take(words, environment)
            return True
        return False

    def take(self, words, environment=None):
        """Keeps the lines that a program prints."""
        try:
            done = subprocess.run(words, capture_output=True, text=True, timeout=CASE_SECONDS_MAX, env=environment)
        except subprocess.TimeoutExpired:
            raise Failed(f"not done in {CASE_SECONDS_MAX} s") from None
        if done.returncode:
            raise Failed(done.stderr.strip()[:300])
        for line in done.stdout.splitlines():
            self.keep(line)

    def keep(self, line):
        say(line)
        self.lines.append(line)

    def load(self, peer, command, case, connections, *more):
        """A server and the load, until it is over."""
        with failures_told(f"{peer} {case}"), Server(command) as server:
            words = ["taskset", "-c", "1", str(HERE / "target/c/load"), str(server.port), str(connections)]
            words += [str(self.options.seconds), str(server.process.pid), case, peer, *map(str, more)]
            self.take(words)

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
            ("timers-slack 100000 4", [OURS]),
            ("timers 1000000 4", [OURS]),
        ])

    def scale(self):
        times = {"yield": 4, "trap": 4, "spawn": 1, "wake allocation": 1, "wake random": 1}
        self.rounds([
            (f"{case} {tasks} {1_000_000 // tasks * of_a_million}", [OURS])
            for case, of_a_million in times.items()
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

    def callbacks(self):
        streams = available(STREAMS)
        for _ in range(self.options.rounds):
            for connections in CONNECTIONS:
                for style, command in streams.items():
                    self.load(style, command, f"stream/{connections}", connections, 0, "stream")

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
        case = f"syscalls/{connections}"
        with failures_told(f"{peer} {case}"), Server(self.servers[peer]) as server:
            load = ["taskset", "-c", "1", str(HERE / "target/c/load"), str(server.port), str(connections)]
            load += ["60", str(server.process.pid), "-", "-"]
            load = subprocess.Popen(load, stderr=subprocess.PIPE, text=True)
            if load.stderr.readline() != "load: measuring\n":
                raise Failed("the load did not begin")
            trace = ["timeout", "--signal=INT", "2", "strace", "-f", "-c", "-U", "calls,name", "-o", str(log)]
            subprocess.run([*trace, "-p", str(server.process.pid)], stderr=subprocess.DEVNULL)
            load.kill()
            load.communicate()
            counts = {name: int(count) for count, name in re.findall(r"^\s*(\d+)\s+(\w+)$", log.read_text(), re.M)}
            calls = counts.pop("total", 0) or sum(counts.values())
            requests = max(counts.get(name, 0) for name in ("write", "sendto", "sendmsg"))
            if not requests:
                raise Failed("no request was seen")
            self.keep(f"{case} {peer} a_request {calls / requests:.3f} calls")

    def fairness(self):
        for _ in range(self.options.rounds):
            for peer in (OURS, "c-edge", "tokio"):
                command = self.servers[peer]
                self.load(peer, command, "quiet", QUIET_CONNECTIONS, QUIET_RATE)
                self.load(peer, command, "quiet-hot", QUIET_CONNECTIONS, QUIET_RATE, "hot")
            self.load(OURS, "peer-yieldix echo", "calm/100", 100)
            self.load(OURS, "peer-yieldix echo {} busy", "busy/100", 100)


ROWS = ("switch", "call", "spawn", "port", "memory", "timers", "scale", "start", "echo", "callbacks", "syscalls", "fairness")


class Server:
    """A server on core 0, until the block is left."""

    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = command if "{}" in command else command + " {}"
        cores = "0,1" if " two " in command else "0"
        words = ["taskset", "-c", cores, *words_of(command.format(self.port))]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=ENVIRONMENT)

    def __enter__(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        while not self.answers():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise Failed("the server did not come up")
            time.sleep(0.01)
        return self

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


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
