"""Measures `aplomb nightscan` from file to table, with one thread: how many times faster than the sound lasts, how much memory a long
file takes, and how long a spectrogram takes. Whole processes are measured, their start included. Standard library only.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What has to hold.
WAVE_RATE = 1000
FLAC_RATE = 200
MEMORY_MB = 200
SPECTROGRAM_MS = 30


def run(command):
    """Wall and CPU seconds, and the most memory in megabytes, of one process."""
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            sys.exit(f"error: {' '.join(map(str, command))}:\n{said.read().decode()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def analyze(aplomb, sound, folder, *more):
    out = Path(folder) / "out"
    return run([aplomb, "nightscan", "analyze", sound, "--out", out, "--threads", "1", "--fresh", *more])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--aplomb", required=True)
    parser.add_argument("--sounds", required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--hours", type=int, required=True)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        subprocess.run([options.sounds, folder, str(options.hours)], check=True)
        rows = []

        def row(name, unit, values, bar, is_least):
            middle = statistics.median(values)
            holds = middle >= bar if is_least else middle <= bar
            rows.append(
                {"what": name, "unit": unit, "median": middle, "least": min(values), "most": max(values), "bar": bar, "holds": holds}
            )
            sign = ">=" if is_least else "<="
            print(
                f"{name:58} {middle:9.1f} {unit:11} ({min(values):.1f} to {max(values):.1f}), wanted {sign} {bar}: "
                + ("holds" if holds else "DOES NOT HOLD"),
                flush=True,
            )

        def rates(sound, seconds, *more):
            measured = [analyze(options.aplomb, place / sound, folder, *more) for _ in range(options.rounds)]
            # Processor time: what else runs on the machine does not count.
            return [seconds / cpu for _, cpu, _ in measured]

        row("16 kHz WAV, no overlap, one hour", "x real time", rates("hour_16k.wav", 3600), WAVE_RATE, True)
        flac = rates("ten_minutes_48k.flac", 600, "--overlap", "0.5")
        row("48 kHz FLAC, 50 % overlap, ten minutes", "x real time", flac, FLAC_RATE, True)
        memory = analyze(options.aplomb, place / "long_16k.wav", folder)[2]
        row(f"memory, {options.hours} h in one file", "MB", [memory], MEMORY_MB, False)
        picture = [options.aplomb, "nightscan", "spectrogram", place / "minute_16k.wav", "--width", "1200", "--out", place / "s.png"]
        times = [run(picture)[1] * 1000 for _ in range(options.rounds * 3)]
        row("spectrogram of 60 s, 1,200 px, with the process's start", "CPU ms", times, SPECTROGRAM_MS, False)

    options.json.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}",
        "rounds": options.rounds,
        "rows": rows,
    }
    options.json.write_text(json.dumps(report, indent=2) + "\n")
    sys.exit(0 if all(one["holds"] for one in rows) else 1)


main()
