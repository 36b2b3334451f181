"""Measures the chassis against bare axum: requests/s, CPU a request, memory at rest, cold start.

Both servers run at the same time on the same core and are asked in turns, so that whatever else the machine does hits both.
Ratios are taken inside a round and only then summarised. Standard library only.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUTES = {
    "livez": "/livez",
    "mark": "/api/v1/luna/mark/crescent/serenity.svg?seed=1",
}

# Name of the server -> what its environment adds. Limits are on, for the address, the key, the route and the plan, and so high
# that one client who asks more than a thousand people is not refused. Every request to the chassis carries an API key.
LIMITED = {
    "APLOMB_LIMITS__ANONYMOUS_PER_MINUTE": "1000000",
    "APLOMB_LIMITS__USER_PER_HOUR": "10000000",
    "APLOMB_LIMITS__ROUTES": "GET /api/v1/luna/mark/{generator}/{file} 1000000",
    "APLOMB_PLANS": '{"standard": {"requests_per_hour": 100000000}}',
}
CHASSIS = {
    "full log": LIMITED,
    "1 % log": LIMITED | {"APLOMB_TELEMETRY__ACCESS_LOG_SAMPLE": "0.01"},
}

# What has to hold: share of bare axum's requests/s (at least), CPU a request over bare axum's (at most), and at rest.
FLOORS_RATE = {"full log": 0.55, "1 % log": 0.75}
CEILING_CPU = 2.0
CEILING_REST_MB = 80
CEILING_COLD_START_MS = 1000

# Below this share of its core something else was the limit (the load generator, another program), and requests/s say nothing.
SATURATED = 0.9

CONNECTIONS = 32
WARM_UP_S = 1

WRK_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nREPORT {"requests":%d,"duration_us":%d,"failed":%d,"p50_us":%d,"p99_us":%d}\\n',
    summary.requests, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


class Server:
    """A running server on a port of its own, stopped at the end of the `with` block."""

    def __init__(self, name, command, folder, environment, cpu=None):
        self.name, self.folder = name, folder
        self.port = free_port()
        self.command = [part.replace("PORT", str(self.port)) for part in command]
        if cpu is not None:
            self.command = ["taskset", "--cpu-list", str(cpu)] + self.command
        self.environment = os.environ | environment
        self.headers = []

    def __enter__(self):
        self.log = open(self.folder / "log", "wb")
        self.started = time.perf_counter()
        # taskset replaces itself by the server, so the process id is the server's.
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, env=self.environment, stdout=self.log, stderr=self.log
        )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def wait_until_ok(self, path, limit_s=30):
        """Milliseconds from the start of the process until `path` answered 200."""
        while True:
            try:
                if get(self.port, path)[0] == 200:
                    return (time.perf_counter() - self.started) * 1000
            except OSError:
                pass
            if self.process.poll() is not None or time.perf_counter() - self.started > limit_s:
                tail = (self.folder / "log").read_text(errors="replace")[-2000:]
                sys.exit(f"error: {self.name} did not answer {path}:\n{tail}")
            time.sleep(0.001)

    def cpu_s(self):
        """User and system time of the whole process so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path):
    """Status and body of one plain GET."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as stream:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        stream.sendall(request.encode())
        answer = b""
        while part := stream.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        raise OSError("not an HTTP answer")
    return int(head.split()[1]), body


def load(server, path, seconds, script, cpu):
    """One run of wrk against one route: requests/s and the server's CPU time for each of them."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{server.port}{path}"]
    command += [part for header in server.headers for part in ("-H", header)]
    if cpu is not None:
        command = ["taskset", "--cpu-list", str(cpu)] + command
    before = server.cpu_s()
    finished = subprocess.run(command, capture_output=True, text=True)
    cpu_s = server.cpu_s() - before
    found = re.search(r"^REPORT (.*)$", finished.stdout, re.M)
    if finished.returncode != 0 or not found:
        sys.exit(f"error: wrk against {server.name} {path} failed:\n{finished.stdout}{finished.stderr}")
    report = json.loads(found[1])
    if report["failed"]:
        sys.exit(f"error: {report['failed']} of {report['requests']} requests to {server.name} {path} failed")
    elapsed_s = report["duration_us"] / 1e6
    return {
        "requests_per_s": report["requests"] / elapsed_s,
        "cpu_us_per_request": cpu_s * 1e6 / report["requests"],
        "busy": cpu_s / elapsed_s,
        "p50_us": report["p50_us"],
        "p99_us": report["p99_us"],
    }


def summary(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def span(values, digits):
    s = summary(values)
    return f"{s['median']:,.{digits}f} ({s['lowest']:,.{digits}f} to {s['highest']:,.{digits}f})"


def about_the_machine():
    def said(*command):
        try:
            return subprocess.run(command, capture_output=True, text=True).stdout.strip()
        except FileNotFoundError:
            return ""

    cpu = re.search(r"^(?:model name|Model)\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    dirty = " with changes" if said("git", "status", "--porcelain", "--untracked-files=no") else ""
    return {
        "machine": f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": (said("git", "rev-parse", "--short=12", "HEAD") or "unknown") + dirty,
        "rustc": said("rustc", "--version"),
        "load_average_before": os.getloadavg()[0],
    }


def cold_starts(aplomb, scratch, times):
    """Milliseconds from an empty folder to the first 200 of /readyz, and the resident memory two seconds later."""
    starts_ms, rest_mb = [], []
    for number in range(times):
        folder = scratch / f"cold-{number}"
        folder.mkdir()
        command = [aplomb, "serve", "--listen", "127.0.0.1:PORT", "--data", str(folder / "data")]
        with Server("aplomb", command, folder, {}) as server:
            starts_ms.append(server.wait_until_ok("/readyz"))
            if number < 3:
                time.sleep(2)
                rest_mb.append(server.resident_mb())
    return starts_ms, rest_mb


def paired_rounds(options, scratch, server_cpu, client_cpu):
    """samples[route][server] is a list with one measurement a round."""
    script = scratch / "report.lua"
    script.write_text(WRK_REPORT)
    servers = []
    for name in ["bare", *CHASSIS]:
        folder = scratch / name.replace(" ", "-").replace("%", "percent")
        folder.mkdir()
        if name == "bare":
            command, environment = [options.bare, "127.0.0.1:PORT"], {}
        else:
            command = [options.aplomb, "serve", "--listen", "127.0.0.1:PORT", "--data", str(folder / "data")]
            environment = CHASSIS[name]
        servers.append(Server(name, command, folder, environment, server_cpu))

    samples = {route: {server.name: [] for server in servers} for route in ROUTES}
    with servers[0], servers[1], servers[2]:
        for server in servers:
            server.wait_until_ok("/livez" if server.name == "bare" else "/readyz")
        for server in servers[1:]:
            make = [options.aplomb, "key", "create", "--data", str(server.folder / "data"), "--name", "bench", "--scopes", "luna:read"]
            made = subprocess.run(make, capture_output=True, text=True, env=server.environment)
            if made.returncode != 0:
                sys.exit(f"error: no key for {server.name}: {made.stderr}")
            server.headers = [f"Authorization: Bearer {made.stdout.strip()}"]
        # The peer is sent the same bytes.
        servers[0].headers = servers[1].headers
        for route, path in ROUTES.items():
            bodies = {server.name: get(server.port, path) for server in servers}
            if any(status != 200 for status, _ in bodies.values()):
                sys.exit(f"error: {path} did not answer 200 everywhere: {[(n, s) for n, (s, _) in bodies.items()]}")
            sizes = {name: len(body) for name, (_, body) in bodies.items()}
            if len({body for _, body in bodies.values()}) > 1:
                print(f"note: the bodies of {path} differ, sizes {sizes}", file=sys.stderr)
            for server in servers:
                load(server, path, WARM_UP_S, script, client_cpu)
            for number in range(options.rounds):
                # Another one goes first each time: what a round does to the machine is shared out.
                turn = number % len(servers)
                for server in servers[turn:] + servers[:turn]:
                    measured = load(server, path, options.seconds, script, client_cpu)
                    samples[route][server.name].append(measured)
                    print(
                        f"  {route:6} round {number + 1}/{options.rounds} {server.name:9}"
                        f" {measured['requests_per_s']:10,.0f}/s {measured['cpu_us_per_request']:8.2f} us CPU",
                        file=sys.stderr,
                    )
    return samples


def report(samples):
    """Prints the table, and returns it with the verdicts for the JSON file."""
    table, verdicts = {}, []
    print(f"\n{'route':6} {'server':9} {'requests/s':>32} {'CPU us a request':>26} {'busy':>5} {'p99 us':>7}")
    for route, servers in samples.items():
        for name, rounds in servers.items():
            rate = [r["requests_per_s"] for r in rounds]
            cpu = [r["cpu_us_per_request"] for r in rounds]
            busy = statistics.median(r["busy"] for r in rounds)
            p99 = statistics.median(r["p99_us"] for r in rounds)
            print(f"{route:6} {name:9} {span(rate, 0):>32} {span(cpu, 2):>26} {busy:5.0%} {p99:7,.0f}")
            row = {"requests_per_s": summary(rate), "cpu_us_per_request": summary(cpu), "busy": busy, "p99_us": p99}
            table.setdefault(route, {})[name] = row

    print("\nover bare axum, paired by round: median (lowest to highest)")
    for route, servers in samples.items():
        for name in CHASSIS:
            pairs = list(zip(servers[name], servers["bare"]))
            rate = [mine["requests_per_s"] / theirs["requests_per_s"] for mine, theirs in pairs]
            # A run too short for the kernel's 10 ms ticks says nothing about CPU.
            cpu = [mine["cpu_us_per_request"] / theirs["cpu_us_per_request"] for mine, theirs in pairs if theirs["cpu_us_per_request"]]
            table[route][name] |= {"rate_over_bare": summary(rate), "cpu_over_bare": summary(cpu) if cpu else None}
            print(f"{route:6} {name:9} requests/s x {span(rate, 2)}   CPU a request x {span(cpu, 2) if cpu else 'not measured'}")
            waited = [n for n in (name, "bare") if table[route][n]["busy"] < SATURATED]
            if waited:
                print(f"       {' and '.join(waited)} did not fill the core (wrk's limit, or a busy machine): only the CPU ratio counts")
                verdicts.append((f"{route}, {name}: share of requests/s", None, ">=", FLOORS_RATE[name]))
            else:
                verdicts.append((f"{route}, {name}: share of requests/s", statistics.median(rate), ">=", FLOORS_RATE[name]))
            if cpu:
                verdicts.append((f"{route}, {name}: CPU a request", statistics.median(cpu), "<=", CEILING_CPU))
    return table, verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--aplomb", required=True)
    parser.add_argument("--bare", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--cold-starts", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    for binary in (options.aplomb, options.bare):
        if not os.access(binary, os.X_OK):
            sys.exit(f"error: {binary} is not there: build it first (bench/http/run.sh does)")
    options.aplomb, options.bare = os.path.abspath(options.aplomb), os.path.abspath(options.bare)

    about = about_the_machine()
    cores = sorted(os.sched_getaffinity(0))
    pinned = len(cores) > 1 and shutil.which("taskset") is not None
    server_cpu, client_cpu = cores[:2] if pinned else (None, None)
    about["pinning"] = f"servers on core {server_cpu}, wrk on core {client_cpu}" if pinned else "none"

    with tempfile.TemporaryDirectory(prefix="aplomb-bench-") as scratch:
        scratch = Path(scratch)
        starts_ms, rest_mb = cold_starts(options.aplomb, scratch, options.cold_starts)
        samples = paired_rounds(options, scratch, server_cpu, client_cpu)

    for key, value in about.items():
        print(f"{key.replace('_', ' '):20} {value}")
    print(f"{'rounds':20} {options.rounds} of {options.seconds} s, {CONNECTIONS} connections, one after the other in turns")
    table, verdicts = report(samples)
    print(f"\ncold start, empty folder to /readyz 200   {span(starts_ms, 0)} ms, {len(starts_ms)} starts")
    print(f"resident memory at rest                   {span(rest_mb, 1)} MB")
    verdicts.append(("cold start, ms", statistics.median(starts_ms), "<=", CEILING_COLD_START_MS))
    verdicts.append(("memory at rest, MB", statistics.median(rest_mb), "<=", CEILING_REST_MB))

    print()
    for what, measured, sign, limit in verdicts:
        if measured is None:
            print(f"{'NOT MEASURED':14} {what}, required {sign} {limit:g}")
            continue
        held = measured >= limit if sign == ">=" else measured <= limit
        print(f"{'holds' if held else 'DOES NOT HOLD':14} {what} = {measured:.2f}, required {sign} {limit:g}")

    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        rest = {"cold_start_ms": summary(starts_ms), "resident_mb": summary(rest_mb)}
        raw = {"about": about, "table": table, "at_rest": rest, "samples": samples}
        options.json.write_text(json.dumps(raw, indent=2) + "\n")
        print(f"\nraw samples: {os.path.relpath(options.json)}", file=sys.stderr)


if __name__ == "__main__":
    main()
