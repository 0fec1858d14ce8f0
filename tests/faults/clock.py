"""Wall clocks that are set while everything runs: one a host, seen by all processes of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

SOURCE = Path(__file__).parent / "clock.c"


def build_clock(folder: Path) -> Path:
    """Compile what is loaded before libc. CalledProcessError with the compiler's words on stderr."""
    library = folder / "clock.so"
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(library), str(SOURCE)], check=True)
    return library


class Clock:
    """One host's wall clock; right until it is set."""

    def __init__(self, file: Path, library: Path) -> None:
        self._file = file
        self.set(0)
        self.environment = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(file)}

    def set(self, wrong_s: int) -> None:
        """Let it go wrong by so many seconds from now on; processes have the file mapped, so it is written in place."""
        self.wrong_s = wrong_s
        content = wrong_s.to_bytes(8, "little", signed=True)
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(content)
