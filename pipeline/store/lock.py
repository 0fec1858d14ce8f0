"""One process at a time holds the store's folder, and says who it is."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path


class StoreBusyError(Exception):
    """Another process holds the store; says which."""


class StoreLock:
    """Held from construction until `release`, or the process's end, however that comes."""

    def __init__(self, data: Path) -> None:
        """Take `<data>/store.lock`; StoreBusyError when somebody else has it."""
        data.mkdir(parents=True, exist_ok=True)
        self._file = (data / "store.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "another process"
            self._file.close()
            raise StoreBusyError(f"{data / 'store'} is held by {holder}") from None
        self._file.truncate(0)
        self._file.write(f"process {os.getpid()} ({' '.join([Path(sys.argv[0]).name, *sys.argv[1:2]])})")
        self._file.flush()

    def release(self) -> None:
        """Let the folder go; again does nothing."""
        self._file.close()  # the lock goes with it
