"""A disk so small that it fills: a tmpfs, where one may mount."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

FILLER = "filler"


def mount(place: Path, size: str) -> bool:
    """A disk of its own at `place`; `size` as mount(8) has it. Whether one may."""
    place.mkdir(parents=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "guankou", str(place)]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def unmount(place: Path) -> None:
    """Take it away, even if somebody still has a file of it."""
    subprocess.run(["umount", "-l", str(place)], check=False)


@contextmanager
def small_disk(place: Path, size: str = "64m") -> Iterator[Path]:
    """A small disk for a test, which is skipped where one may not mount."""
    if not mount(place, size):
        pytest.skip("a small disk needs root")
    try:
        yield place
    finally:
        unmount(place)


def fill_disk(place: Path) -> Path:
    """Take all that is left of a small disk; the file to take away again."""
    filler = place / FILLER
    with filler.open("wb") as file, suppress(OSError):
        left = shutil.disk_usage(place).free
        os.posix_fallocate(file.fileno(), 0, max(1, left))
    return filler


def describe(place: Path) -> str:
    """What is on the disk, largest first: for the message of a test that failed."""
    usage = shutil.disk_usage(place)
    files: list[tuple[int, Path]] = []
    for file in place.rglob("*"):
        with suppress(FileNotFoundError):  # taken away meanwhile
            if not file.is_dir():
                files.append((file.lstat().st_size, file))
    lines = [f"{size:12,d} {file.relative_to(place)}" for size, file in sorted(files, reverse=True)[:24]]
    return "\n".join([f"--- {place.name}: {usage.free:,} of {usage.total:,} octets free", *lines])
