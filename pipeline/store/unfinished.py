"""What a killed process left half done in the engine's folder.

MergeTree writes an insert's deduplication token to the table's log first and gives the part its name after that. Killed between the two,
the token is remembered and the rows are not: the batch, tried again, would be taken for one that is there already. Only a log's last
entry can be in that state, because one session writes, one insert at a time.
"""

from __future__ import annotations

import re
from pathlib import Path

PART = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(_\d+)?")
LOG = re.compile(r"deduplication_log_(\d+)\.txt")
ADDED = "1"


def forget_unfinished(store: Path) -> int:
    """Take tokens without rows out of the logs below `store`, which no engine has open; how many there were."""
    return sum(_forget_last(folder) for folder in sorted(store.glob("store/*/*/deduplication_logs")))


def _forget_last(folder: Path) -> int:
    logs = sorted((path for path in folder.iterdir() if LOG.fullmatch(path.name)), key=_number)
    for path in reversed(logs):
        octets = path.read_bytes()
        whole = octets[: octets.rfind(b"\n") + 1]  # the line being written when the process died
        lines = whole.splitlines(keepends=True)
        if lines and not _is_there(folder.parent, lines[-1].decode()):
            whole = whole[: -len(lines[-1])]
        if len(whole) < len(octets):
            with path.open("r+b") as log:
                log.truncate(len(whole))
            return 1
        if lines:
            return 0
    return 0


def _number(path: Path) -> int:
    found = LOG.fullmatch(path.name)
    return int(found[1]) if found else 0


def _is_there(table: Path, line: str) -> bool:
    """Whether the part that a log line names, or one that it was merged into, is in the table's folder."""
    operation, name, *_ = line.rstrip("\n").split("\t")
    part = PART.fullmatch(name)
    if operation != ADDED or part is None:
        return True
    first, last = int(part["first"]), int(part["last"])
    for path in table.iterdir():
        other = PART.fullmatch(path.name)
        if other and other["partition"] == part["partition"] and int(other["first"]) <= first and last <= int(other["last"]):
            return True
    return False
