"""All that `make test` runs, one after another; the last line counts the tests of every run.

    python tests/run.py [only part of a step's name …]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
TWO = ["-n", "2", "--dist", "loadfile"]
KERNELS = ["tests/unit/sensor", "tests/unit/detectors"]
# numba's cache does not tell these modes apart, so each has its own folder.
BOUNDS = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(ROOT / "build" / "numba-bounds")}

STEPS: tuple[tuple[str, list[str], dict[str, str]], ...] = (
    ("style", [sys.executable, "-m", "ruff", "check", "."], {}),
    ("types", [sys.executable, "-m", "mypy"], {}),
    ("imports", [str(Path(sys.executable).parent / "lint-imports")], {}),
    ("kernels compiled, everything", [*PYTEST, *TWO, "--durations", "12", "tests", "--ignore", "tests/browser"], {}),
    ("pages in Chromium", [*PYTEST, "-p", "no:xdist", "tests/browser"], {}),  # alone: a browser short of time times out
    ("kernels bounds-checked", [*PYTEST, *TWO, *KERNELS], BOUNDS),
    ("kernels as plain Python", [*PYTEST, *TWO, *KERNELS], {"NUMBA_DISABLE_JIT": "1"}),
)


def main(wanted: list[str]) -> int:
    failed, counted = [], {"passed": 0, "failed": 0, "skipped": 0}
    for name, command, environment in STEPS:
        if wanted and not any(part in name for part in wanted):
            continue
        print(f"\n=== {name}", flush=True)
        begun = time.monotonic()
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True) as step:
            assert step.stdout is not None
            for line in step.stdout:
                print(line, end="", flush=True)
                if re.fullmatch(r"=*\s?(\d+ (passed|failed|skipped|xfailed|errors?|warnings?),? ?)+in .*", line.strip()):
                    for count, what in re.findall(r"(\d+) (passed|failed|errors?|skipped)", line):
                        counted["failed" if what.startswith("error") else what] += int(count)
        print(f"=== {name}: {'ok' if step.returncode == 0 else 'FAILED'} in {time.monotonic() - begun:.0f} s", flush=True)
        if step.returncode:
            failed.append(name)
    print(f"\nsteps failed: {', '.join(failed) or 'none'}")
    print(f"{counted['passed']} passed, {counted['failed'] + len(failed)} failed, {counted['skipped']} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
