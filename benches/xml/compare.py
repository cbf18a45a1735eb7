#!/usr/bin/env python3
"""Times the course's XML programs beside Python's parsers, and writes a table of docs/performance.md.

usage: compare.py [--bytes N] [--rounds N]

A round runs every program on the same file, one after the other, so that the machine's noise meets all
alike. A time is that of the whole process, its start too. scripts/compare-xml builds ours first.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.append(str(ROOT / "benches/peers"))
import peers
import tables

YIELDIX = str(ROOT / "target/release/yieldix")
NAME = "allroutes.xml"
OURS = ("cxml", "coexpat", "buses", "buses2", "iterbus")


def command(program, folder):
    if program in (*OURS, "busgen"):
        return [YIELDIX, "--mount", f"{folder}:/data", "run", program, f"/data/{NAME}"]
    return [sys.executable, str(HERE / "peers.py"), program, os.path.join(folder, NAME)]


def run(program, folder):
    """Its rows, and lines of what it took."""
    peak = pathlib.Path(folder, "peak")
    # A small parent: what a process has taken at most begins with what its parent had.
    timed = ["/usr/bin/time", "--format", "%M", "--output", str(peak), *command(program, folder)]
    with tempfile.TemporaryFile() as printed:
        begun = time.perf_counter()
        child = subprocess.Popen(timed, stdin=subprocess.DEVNULL, stdout=printed)
        _, status, used = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - begun
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"compare: {program} ended with {child.returncode}")
        printed.seek(0)
        rows = printed.read().decode().splitlines()
    figures = {"seconds": seconds, "CPU-seconds": used.ru_utime + used.ru_stime, "peak-MiB": int(peak.read_text()) / 1024}
    return rows, [f"{case} {program} xml {value}" for case, value in figures.items()]


def route_first(row):
    """A row as all but iterbus print it."""
    identity, route, rest = row.split(",", 2)
    return ",".join((route, identity, rest))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bytes", default="30M")
    options.add_argument("--rounds", type=int, default=9)
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*command("busgen", folder)[:-1], "--bytes", options.bytes, f"/data/{NAME}"], check=True)
        expected, lines = None, []
        for round_ in range(options.rounds):
            for program in (*OURS, *peers.PEERS):
                rows, figures = run(program, folder)
                lines += figures
                if program == "expat-bare":
                    continue
                if program == "iterbus":
                    rows = [route_first(row) for row in rows]
                expected = rows if expected is None else expected
                if not rows or rows != expected:
                    raise SystemExit(f"compare: {program} found {len(rows)} rows, and not those of {OURS[0]}")
            print(f"round {round_ + 1}: {len(expected)} rows from each", file=sys.stderr)
    tables.write("xml", lines, options.rounds)


if __name__ == "__main__":
    main()
