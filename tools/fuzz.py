"""Look for examples that break a property: run the property tests with new seeds until time is up.

Usage: python tools/fuzz.py [--minutes N] [--workers N] [PATH ...]

`make test` draws the same examples in every run, so that a stranger's run is CI's run. This draws
other ones. It stops at the first failure and prints how to see it again: put that example into the
suite, with hypothesis's ``@example``, before you mend what it shows.
"""

import argparse
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
NO_TESTS = 5  # pytest's exit status


def command(seed: int, workers: int, paths: list[str]) -> list[str]:
    """Return the command that runs every property test once with a seed."""
    return [
        *(sys.executable, "-m", "pytest", "-m", "hypothesis", "-q", "-p", "no:cacheprovider"),
        *("--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}"),
        *(f"--numprocesses={workers}", "--dist=loadfile", "--maxfail=1", *(paths or ["tests"])),
    ]


def main() -> int:
    """Run until the minutes are over; return 0, or pytest's exit status where something failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files of tests; default: all")
    options = parser.parse_args()
    end, rounds = time.monotonic() + 60 * options.minutes, 0
    while (left := end - time.monotonic()) > 0:
        seed = secrets.randbelow(2**32)
        print(f"round {rounds + 1}, seed {seed}", flush=True)
        run = subprocess.Popen(command(seed, options.workers, options.paths), cwd=ROOT)
        try:
            status = run.wait(timeout=left)
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)
            run.wait()
            break
        if status:
            print("nothing to run" if status == NO_TESTS else f"broken by seed {seed}, see above")
            return status
        rounds += 1
    print(f"{rounds} whole rounds in {options.minutes:g} minutes, nothing broken")
    return 0


if __name__ == "__main__":
    sys.exit(main())
