"""Measures our load generator against wrk: the p99 that both see of a server whose latency does not depend on its load.

Both ask the same server in turns, so that whatever else the machine does hits both. Ratios are taken inside a round and only then
summarised. Ours is measured twice: with its open loop, which is what the drills use, and with a closed one, which is wrk's way.
Standard library only.
"""

import argparse
import datetime
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONNECTIONS = 16
# About what 16 connections get of this server in a closed loop is 2,000; the open loop asks for half of it.
RATE_PER_S = 1000
OPEN_CONNECTIONS = 64
# What has to hold: p99 of ours over that of wrk.
SPREAD = 0.15

WRK_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nREPORT {"requests":%d,"duration_us":%d,"failed":%d,"p50_us":%d,"p99_us":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


def wrk(base, seconds, script):
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, base]
    finished = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"^REPORT (.*)$", finished.stdout, re.M)
    if finished.returncode != 0 or not found:
        sys.exit(f"error: wrk failed:\n{finished.stdout}{finished.stderr}")
    report = json.loads(found[1])
    if report["failed"]:
        sys.exit(f"error: {report['failed']} of {report['requests']} requests of wrk failed")
    rate = report["requests"] * 1e6 / report["duration_us"]
    return {"rate": rate, "p50_ms": report["p50_us"] / 1000, "p99_ms": report["p99_us"] / 1000, "late_p99_ms": None}


def ours(binary, base, seconds, how):
    finished = subprocess.run([binary, base, "--seconds", str(seconds), *how], capture_output=True, text=True)
    if finished.returncode != 0:
        sys.exit(f"error: our generator failed:\n{finished.stdout}{finished.stderr}")
    report = json.loads(finished.stdout)
    if report["failed"] or report["unsent"]:
        sys.exit(f"error: of {report['due']} requests of ours failed: {report['faults']}")
    latency = report["latency_ms"]
    return {
        "rate": report["achieved_per_s"],
        "p50_ms": latency["p50"],
        "p99_ms": latency["p99"],
        "late_p99_ms": report["late_ms"]["p99"],
    }


def wait_until_open(port, process):
    for _ in range(500):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    sys.exit("error: the server of known latency does not answer")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def about_the_machine():
    cpu = re.search(r"^(?:model name|Model)\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    return {
        "machine": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": commit or "unknown",
        "load_average_before": os.getloadavg()[0],
    }


def span(values, digits):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--known", required=True)
    parser.add_argument("--load", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    about = about_the_machine()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    samples = {"wrk": [], "ours, open": [], "ours, closed": []}
    with tempfile.TemporaryDirectory(prefix="aplomb-bench-") as scratch:
        script = Path(scratch) / "report.lua"
        script.write_text(WRK_REPORT)
        generators = {
            "wrk": lambda: wrk(base, options.seconds, str(script)),
            "ours, open": lambda: ours(
                options.load, base, options.seconds, ["--rate", str(RATE_PER_S), "--connections", str(OPEN_CONNECTIONS)]
            ),
            "ours, closed": lambda: ours(options.load, base, options.seconds, ["--closed", "--connections", str(CONNECTIONS)]),
        }
        with subprocess.Popen([options.known, f"127.0.0.1:{port}"]) as server:
            try:
                wait_until_open(port, server)
                wrk(base, 1, str(script))
                for number in range(options.rounds):
                    # Another one goes first each time: what a round does to the machine is shared out.
                    names = list(generators)
                    turn = number % len(names)
                    for name in names[turn:] + names[:turn]:
                        measured = generators[name]()
                        samples[name].append(measured)
                        print(
                            f"  round {number + 1}/{options.rounds} {name:13} {measured['rate']:8,.0f}/s"
                            f" p50 {measured['p50_ms']:6.2f} ms p99 {measured['p99_ms']:6.2f} ms",
                            file=sys.stderr,
                        )
            finally:
                server.terminate()

    for key, value in about.items():
        print(f"{key.replace('_', ' '):20} {value}")
    print(f"{'rounds':20} {options.rounds} of {options.seconds} s, one after the other in turns")
    print(f"\n{'generator':14} {'requests/s':>26} {'p50 ms':>24} {'p99 ms':>24}")
    for name, rounds in samples.items():
        column = lambda key, digits: span([one[key] for one in rounds], digits)
        print(f"{name:14} {column('rate', 0):>26} {column('p50_ms', 2):>24} {column('p99_ms', 2):>24}")
    print()
    held = True
    for name in ["ours, open", "ours, closed"]:
        ratios = [mine["p99_ms"] / other["p99_ms"] for mine, other in zip(samples[name], samples["wrk"])]
        within = abs(statistics.median(ratios) - 1) <= SPREAD
        held = held and within
        verdict = "holds" if within else "DOES NOT HOLD"
        print(f"{verdict:14} p99 of {name} over wrk's = {span(ratios, 3)}, required within {SPREAD:.0%}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"about": about, "samples": samples}, indent=2) + "\n")
        print(f"\nraw samples: {os.path.relpath(options.json)}", file=sys.stderr)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
