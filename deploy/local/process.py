"""Processes of one lab: started detached, known by the lab's mark in their environment, ended for certain.

Not by numbers written down: a start killed half-way has not written its numbers, and numbers are used again. An environment is given at
the start, goes on to children, and nobody else's holds our mark.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

VARIABLE = "GUANKOU_LAB"
GONE = (ProcessLookupError, FileNotFoundError, PermissionError)  # the last: somebody else's


def spawn(mark: str, command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to `log`."""
    with log.open("ab") as out:
        return subprocess.Popen(
            command, env={**os.environ, VARIABLE: mark}, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def find_marked(mark: str) -> set[int]:
    """Process ids that bear the mark; dead ones that nobody has waited for do not."""
    return {int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal() and _bears(int(entry.name), mark)}


def end_marked(mark: str, grace_s: float = 20.0) -> int:
    """SIGTERM to all that bear the mark but ourselves, SIGKILL to those that stay; how many there were."""
    ended: set[int] = set()
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, grace_s)):
        handles = dict(_open_handles(find_marked(mark) - {os.getpid()}, mark))
        for handle in handles.values():
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
        _wait(set(handles.values()), wait_s)
        ended |= handles.keys()
        for handle in handles.values():
            os.close(handle)
    if left := find_marked(mark) - {os.getpid()}:
        raise RuntimeError(f"processes that SIGKILL does not end: {sorted(left)}")
    return len(ended)


def wait_for_end(pid: int) -> None:
    """Return when process `pid`, anyone's, has ended."""
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        _wait({handle}, None)
        os.close(handle)


def _bears(pid: int, mark: str) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except GONE:
        return False
    return f"{VARIABLE}={mark}".encode() in environment.split(b"\0")


def _open_handles(pids: Iterable[int], mark: str) -> Iterable[tuple[int, int]]:
    """Process and handle; looked at again once the handle is held, for the number may have come to mean another process."""
    for pid in pids:
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            if _bears(pid, mark):
                yield pid, handle
            else:
                os.close(handle)


def _wait(handles: set[int], limit_s: float | None) -> None:
    """Return when every process has ended, or after `limit_s`."""
    poll, until = select.poll(), None if limit_s is None else time.monotonic() + limit_s
    for handle in handles:
        poll.register(handle, select.POLLIN)
    while handles:
        left = None if until is None else max(0.0, until - time.monotonic())
        ready = poll.poll(None if left is None else left * 1000)
        if not ready:
            return
        for handle, _ in ready:
            poll.unregister(handle)
            handles.discard(handle)
