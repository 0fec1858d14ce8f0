"""`make accuracy`: text, traffic and protocol fields of a folder of corpora, as one table and as build/accuracy.json.

    python -m tests.accuracy [--corpora folder] [--output file] [-v]
    python -m tests.accuracy explain [--corpora folder] [part of a capture's path …]    (see explain.py)

The exit status is 1 where the folder holds no corpora; the numbers themselves are for people and CI to judge.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.accuracy.explain import main as explain
from tests.accuracy.fields import measure_fields
from tests.accuracy.text import measure_text
from tests.accuracy.traffic import measure_traffic

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = ("planted", "found", "low", "false")


def main(words: list[str]) -> int:
    """Measure, print, write."""
    if words[:1] == ["explain"]:
        return explain(words[1:])
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy", description="Accuracy over a folder laid out as the shared corpora.")
    parser.add_argument("--corpora", type=Path, default=Path(os.environ.get("GUANKOU_CORPORA", ROOT.parent / "shared" / "corpora")))
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "accuracy.json")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what was missed, false or different")
    given = parser.parse_args(words)
    if not (given.corpora / "MANIFEST.tsv").is_file():
        print(f"{given.corpora}: no corpora here (no MANIFEST.tsv); name their folder with --corpora", file=sys.stderr)
        return 1
    report = {"traffic": measure_traffic(given.corpora), "text": measure_text(given.corpora), "fields": measure_fields(given.corpora)}
    given.output.parent.mkdir(parents=True, exist_ok=True)
    given.output.write_text(json.dumps(summary(report), ensure_ascii=False, indent=1))
    show(report, Console(), given.verbose)
    return 0


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """The report as it is kept: counts and reasons, no values."""
    kept = ("signatures", "left_out")
    fields = report["fields"]
    return {
        "traffic": {
            **{key: report["traffic"][key] for key in kept},
            "files": {name: {key: part[key] for key in kept} for name, part in report["traffic"]["files"].items()},
        },
        "text": {name: {key: part[key] for key in kept} for name, part in report["text"]["labelled"].items()},
        "negatives": report["text"]["negatives"],
        "fields": {key: fields[key] for key in ("fields", "protocols", "left_out", "different")},
    }


def show(report: dict[str, Any], screen: Console, verbose: bool) -> None:
    """The tables for people."""
    sets = {"traffic": report["traffic"], **report["text"]["labelled"]}
    table = Table("set", "signature", *COLUMNS, "recall", title="values", title_justify="left", box=None)
    for name, part in sets.items():
        for signature, counts in part["signatures"].items():
            table.add_row(name, signature, *(str(counts.get(key, 0)) for key in COLUMNS), share(counts.get("found", 0), counts["planted"]))
    screen.print(table)
    table = Table("set", "not covered, and why", "values", title="values apart", title_justify="left", box=None)
    for name, part in sets.items():
        for why, count in part["left_out"].items():
            table.add_row(name, why, str(count))
    screen.print(table)
    show_negatives(report["text"]["negatives"], screen)
    show_fields(report["fields"], screen)
    if verbose:
        for name, part in report["traffic"]["files"].items():
            screen.print(name, "missed", part["missed"], "false", part["false"], markup=False)
        screen.print("\n".join(report["fields"]["details"]), markup=False, highlight=False)


def show_negatives(negatives: dict[str, dict[str, int]], screen: Console) -> None:
    """Findings of each negative file that has some."""
    table = Table("file", "high", "medium", "low", title="negatives", title_justify="left", box=None)
    for name, tiers in negatives.items():
        if any(tiers.get(tier) for tier in ("high", "medium", "low")):
            table.add_row(name, *(str(tiers.get(tier, 0)) for tier in ("high", "medium", "low")))
    table.add_row(f"all {len(negatives)}", *(str(sum(t.get(tier, 0) for t in negatives.values())) for tier in ("high", "medium", "low")))
    screen.print(table)


def show_fields(fields: dict[str, Any], screen: Console) -> None:
    """Fields, what they differ in, and what is apart."""
    table = Table("field", "expected", "equal", "different", "share", title="protocol fields", title_justify="left", box=None)
    for name, c in (*fields["fields"].items(), *((f"all {name}", c) for name, c in fields["protocols"].items())):
        table.add_row(name, str(c["expected"]), str(c["equal"]), str(c["different"]), share(c["equal"], c["expected"]))
    screen.print(table)
    for title, key in (("fields that differ, and why", "different"), ("fields not covered, and why", "left_out")):
        table = Table("field and reason", "values", title=title, title_justify="left", box=None)
        for why, count in fields[key].items():
            table.add_row(why, str(count))
        screen.print(table)


def share(part: int, whole: int) -> str:
    """A share with four digits."""
    return f"{part / whole:.4f}" if whole else "–"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
