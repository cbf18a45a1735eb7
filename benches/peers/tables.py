"""The tables of docs/performance.md, and the targets in them.

What stands between the markers `<!-- compare: ROW -->` and `<!-- /compare -->` is written anew; the
rest of the page is nobody's but its authors'.
"""
import datetime
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "performance.md"
OURS = "yieldix"
EPOLL_PEERS = ("polling-edge", "polling-level", "tokio", "smol", "monoio-epoll", "may", "go")

METRICS = {
    "ns": "Nanoseconds",
    "bytes": "Bytes a task",
    "cpu_per_fire": "CPU a fire, nanoseconds",
    "cpu_per_fire_net": "CPU a fire net of blocking waits, nanoseconds",
    "fires_per_wait": "Fires a blocking wait",
    "lateness": "Mean lateness, microseconds",
    "to_first_task": "From exec to the first task, milliseconds",
    "resident": "Resident, MiB",
    "server_cpu": "The server's CPU, seconds a million requests",
    "server_user_cpu": "Of that in user mode",
    "p99": "99th percentile, microseconds",
    "requests": "Requests a second",
    "load_busy": "The load's core, per cent busy",
    "memory_per_connection": "User-space memory a connection, bytes",
    "a_request": "Calls to Linux a request",
    "xml": "30 MB of XML",
    "missed": "Requests that were due while their connection still waited",
}
ROUNDS_TO_AGREE = 3
UNTOLD = {"p50", "server_busy"}
PACKAGES = ("tokio", "smol", "monoio", "glommio", "compio", "may", "polling")


class Results:
    """values[metric][case][peer]: a figure a round."""

    def __init__(self, lines):
        self.values = {}
        for line in lines:
            case, peer, metric, value, _unit = (line + " -").split()[:5]
            peers = self.values.setdefault(metric, {}).setdefault(case, {})
            peers.setdefault(peer, []).append(float(value))

    def all(self, case, metric="ns"):
        """The median of each peer."""
        peers = self.values.get(metric, {}).get(case, {})
        return {peer: statistics.median(values) for peer, values in peers.items()}

    def __call__(self, case, metric="ns", peer=OURS):
        """A peer's median. One that is not above zero, as a difference can be, is noise: `ValueError`."""
        figure = self.all(case, metric)[peer]
        if figure <= 0:
            raise ValueError(f"{case}, {peer}: {figure} is no {metric}")
        return figure

    def spread(self, cases, metric="ns"):
        """How many times the smallest of ours the largest is."""
        figures = [self(case, metric) for case in cases]
        return max(figures) / min(figures)


class Target:
    """A figure and the most it may be, both made from results."""

    def __init__(self, claim, figure, limit, unit="ns"):
        self.claim, self.figure, self.limit, self.unit = claim, figure, limit, unit

    def line(self, results):
        try:
            figure, limit = self.figure(results), self.limit(results)
        except (KeyError, ValueError):
            return f"| {self.claim} | | | not measured |"
        shown, at_most = number(figure), number(limit)
        # As exact as the line is: nobody can see why 96.04 is not met where 96.0 is asked.
        is_met = figure <= limit or shown == at_most
        met = "met" if is_met else f"**not met**, {figure / limit:.2f} times that"
        return f"| {self.claim} | {shown} {self.unit} | {at_most} {self.unit} | {met} |"


def times_floor(times, case, of=None):
    """At most so many times what the floor takes for the same, or for `of`."""
    return (lambda r: r(case)), (lambda r: times * r(of or case, peer="floor"))


def ours(case, limit, metric="ns"):
    return (lambda r: r(case, metric)), (lambda r: limit)


def beside(case, metric, times, others):
    """At most so many times the least of some others'."""
    def least(r):
        return times * min(r(case, metric, peer) for peer in r.all(case, metric) if peer in others)
    return (lambda r: r(case, metric)), least


def flat(cases, metric="ns"):
    return (lambda r: r.spread(cases, metric)), (lambda r: 2)


def share(case, program, of):
    """Of another one's, at most all of it."""
    return (lambda r: r(case, "xml", program) / r(case, "xml", of)), (lambda r: 1)


def sizes(case):
    return [f"{case}/{tasks}" for tasks in (100, 10_000, 1_000_000)]


class Anybody:
    """Every peer but ourselves."""

    def __contains__(self, peer):
        return peer != OURS


def echo_targets():
    for count in (100, 1000, 10_000):
        case, of = f"echo/{count}", f"{count:,} connections"
        yield Target(f"CPU, {of}: 1.03 times C's", *beside(case, "server_cpu", 1.03, ("c-edge",)), "s/M")
        yield Target(f"CPU, {of}: the best epoll peer's", *beside(case, "server_cpu", 1, EPOLL_PEERS), "s/M")
        yield Target(f"user CPU, {of}", *ours(case, 0.25, "server_user_cpu"), "s/M")
        yield Target(f"p99, {of}: 1.1 times the best", *beside(case, "p99", 1.1, Anybody()), "µs")


TARGETS = {
    "switch": [
        Target(f"switch, {tasks:,} tasks: 1.5 times the floor", *times_floor(1.5, f"yield/{tasks}"))
        for tasks in (2, 1000, 100_000, 1_000_000)
    ],
    "call": [
        Target("null call, typed: 1.1 times the floor", *times_floor(1.1, "null")),
        Target("null call, raw: 1.1 times the floor", *times_floor(1.1, "null-raw", of="null")),
        Target("eight mixed calls, each: 1.5 times the floor", *times_floor(1.5, "asking", of="null")),
        Target("a level of `call!`", *ours("call!", 3)),
        *(
            Target(f"null call, trampoline depth {depth:,}: 1.1 times the null call",
                   lambda r, depth=depth: r(f"trampoline/{depth}"), lambda r: 1.1 * r("null"))
            for depth in (1, 10, 10_000)
        ),
    ],
    "spawn": [
        Target("spawn, run, join, all at once: 2 times the floor", *times_floor(2, "spawn/1000000")),
        Target("spawn, run, join, one by one: 2 times the floor", *times_floor(2, "spawn-each")),
    ],
    "port": [
        Target("round trip of two tasks", *ours("pingpong", 60)),
        Target("hop in a ring of 1,000", *ours("ring/1000", 30)),
    ],
    "memory": [
        Target("a parked task, of a million", *ours("memory-parked/1000000", 96, "bytes"), "B"),
        Target("a sleeping task, of a million", *ours("memory-sleeping/1000000", 116, "bytes"), "B"),
    ],
    "timers": [
        Target("CPU a fire net of waits, 100,000 tasks", *ours("timers/100000", 300, "cpu_per_fire_net")),
        Target("the same from 100 to 1,000,000 tasks: largest over smallest",
               *flat([f"timers/{tasks}" for tasks in (100, 100_000, 1_000_000)], "cpu_per_fire_net"), "times"),
        Target("mean lateness, 100,000 tasks", *ours("timers/100000", 100, "lateness"), "µs"),
        Target("CPU a fire at a slack of 1 ms: tokio's", lambda r: r("timers-slack/100000", "cpu_per_fire"),
               lambda r: r("timers/100000", "cpu_per_fire", "tokio")),
        Target("mean lateness at a slack of 1 ms", *ours("timers-slack/100000", 1200, "lateness"), "µs"),
    ],
    "scale": [
        Target(f"{name}, 100 to 1,000,000 tasks: largest over smallest", *flat(sizes(case)), "times")
        for case, name in {
            "yield": "switch",
            "trap": "trap",
            "spawn": "spawn",
            "wake": "wake, in order of allocation",
            "wake-random": "wake, in random order",
        }.items()
    ],
    "start": [
        Target("from exec to the first task", *ours("start", 5, "to_first_task"), "ms"),
        Target("an idle machine", *ours("idle", 4, "resident"), "MiB"),
    ],
    "echo": [
        *echo_targets(),
        Target("memory a connection, 10,000 connections", *ours("echo/10000", 300, "memory_per_connection"), "B"),
    ],
    "syscalls": [
        Target(f"calls to Linux a request, {count:,} connections", *ours(f"syscalls/{count}", limit, "a_request"), "calls")
        for count, limit in {1: 3, 100: 2.10, 1000: 2.05, 10_000: 2.05}.items()
    ],
    "xml": [
        *(
            Target(f"`{program}`: of {peer}'s {name}", *share(case, program, peer), "of it")
            for program, peer in (("buses", "expat"), ("cxml", "expat-bare"))
            for case, name in (("seconds", "time"), ("CPU-seconds", "CPU"))
        ),
        Target("the most that one of ours takes of memory", lambda r: max(
            r("peak-MiB", "xml", program) for program in ("cxml", "coexpat", "buses", "buses2", "iterbus")),
            lambda r: 16, "MiB"),
    ],
    "fairness": [
        Target("p99 of 10,000 quiet connections beside a hot one: 2 times that without",
               lambda r: r("quiet-hot", "p99"), lambda r: 2 * r("quiet", "p99"), "µs"),
        Target("p99 of 100 clients beside a task that yields for ever: 2 times that without",
               lambda r: r("busy/100", "p99"), lambda r: 2 * r("calm/100", "p99"), "µs"),
    ],
}


def beside_callbacks(results, style):
    """Which of the two is faster by the server's CPU a request, and by how much."""
    told = []
    for case, styles in results.values.get("server_cpu", {}).items():
        connections = f"{int(case.partition('/')[2]):,}"
        # Round by round: what disturbs one disturbs the other.
        times = [one / other for one, other in zip(styles.get(style, []), styles.get("callbacks", [])) if other > 0]
        if len(times) < ROUNDS_TO_AGREE:
            told.append(f"at {connections} it was not measured in {ROUNDS_TO_AGREE} rounds")
            continue
        faster = f"{style} are" if max(times) < 1 else "callbacks are" if min(times) > 1 else "neither is"
        told.append(f"{statistics.median(times):.2f} at {connections} ({min(times):.2f} to {max(times):.2f} from "
                    f"round to round: {faster} faster)")
    return f"The server's CPU a request of {style}, in times of that of callbacks, by connections: {'; '.join(told)}."


# What is said of a row without targets.
VERDICTS = {
    "callbacks": lambda r: [beside_callbacks(r, "tasks"), beside_callbacks(r, "threads")],
}


def number(value):
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def cell(values):
    if not values:
        return ""
    median = number(statistics.median(values))
    return median if len(values) == 1 else f"{median} ({number(min(values))} to {number(max(values))})"


def figures(results):
    """A table a metric: a line a peer, a column a case."""
    for metric, cases in results.values.items():
        if metric in UNTOLD:
            continue
        peers = dict.fromkeys(peer for values in cases.values() for peer in values)
        yield f"| {METRICS[metric]} | " + " | ".join(cases) + " |"
        yield "| --- |" + " ---: |" * len(cases)
        for peer in peers:
            yield f"| {peer} | " + " | ".join(cell(values.get(peer)) for values in cases.values()) + " |"
        yield ""


def write(row, lines, rounds):
    """Replaces a row's block in the page, and the machine's."""
    results = Results(lines)
    if not results.values:
        return
    if row in VERDICTS:
        told = "\n\n".join(VERDICTS[row](results)).split("\n")
    else:
        told = ["| target | figure | at most | |", "| --- | ---: | ---: | --- |"]
        told += [target.line(results) for target in TARGETS[row]]
    day = datetime.date.today().isoformat()
    told = [*told, "", *figures(results), f"Measured on {day}, rounds: {rounds}; {host()}, {said('rustc', '--version')}."]
    page = PAGE.read_text()
    page = replaced(page, row, "\n".join(told))
    page = replaced(page, "machine", "\n".join(machine()))
    PAGE.write_text(page)


def replaced(page, name, text):
    block = re.compile(rf"(<!-- compare: {name} -->\n).*?(<!-- /compare -->)", re.S)
    page, count = block.subn(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
    if count != 1:
        raise SystemExit(f"compare: {PAGE.name} has {count} blocks for {name}, not one")
    return page


def host():
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", info, re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    name = model[1] if model else "processor unknown"
    return f"{name}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {os.uname().release}"


def machine():
    """What the last run measured on, and with."""
    lock = tomllib.loads((HERE / "Cargo.lock").read_text())
    versions = {package["name"]: package["version"] for package in lock["package"]}
    yield f"- {host()}"
    yield f"- {said('rustc', '--version')}; {said('cc', '--version')}"
    go = HERE / "target/go/toolchain/bin/go"
    yield "- " + ", ".join(f"{name} {versions[name]}" for name in PACKAGES) + (f", {said(go, 'version')}" if go.exists() else "")


def said(*command):
    if not shutil.which(command[0]):
        return f"no {command[0]}"
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE).stdout.splitlines()[0]
