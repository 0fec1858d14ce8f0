"""Golden cases by hand.

    python -m tests.golden check [case …]      shows what differs; exit status 1 if anything does
    python -m tests.golden rewrite [case …]    shows it, and makes it what is expected: read the difference before it is committed
"""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from tests.golden.cases import CASES
from tests.golden.outcome import run_case

EXPECTED = Path(__file__).parent / "expected"


def path_of(name: str) -> Path:
    """Where a case's expected outcome is kept."""
    return EXPECTED / f"{name}.jsonl"


def difference(name: str) -> tuple[str, str]:
    """The outcome now, and how it differs from what is expected (empty if it does not)."""
    path = path_of(name)
    wanted, got = path.read_text("utf-8") if path.exists() else "", run_case(CASES[name])
    lines = difflib.unified_diff(wanted.splitlines(True), got.splitlines(True), f"expected/{path.name}", "now", n=1)
    return got, "".join(lines)


def main(words: list[str]) -> int:
    """Compare, and rewrite where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden", description="Golden cases: what is expected, and what is so now.")
    parser.add_argument("what", choices=("check", "rewrite"))
    parser.add_argument("case", nargs="*", choices=[[], *CASES], help="only these")  # type: ignore[list-item]
    given = parser.parse_args(words)
    EXPECTED.mkdir(exist_ok=True)
    changed = 0
    for name in given.case or CASES:
        got, shown = difference(name)
        if shown or not path_of(name).exists():
            changed += 1
            print(shown, end="")
            if given.what == "rewrite":
                path_of(name).write_text(got, "utf-8")
    if given.what == "rewrite" and not given.case:
        for path in EXPECTED.iterdir():
            if path.stem not in CASES:
                changed += 1
                print(f"{path.name}: no such case any more")
                path.unlink()
    print(f"{changed} of {len(given.case or CASES)} cases differ{', rewritten' if given.what == 'rewrite' and changed else ''}")
    return 1 if changed and given.what == "check" else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
