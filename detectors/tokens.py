"""The keys that tokens are made with: one a year, in a file only its owner reads."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import numpy as np

BEIJING = timezone(timedelta(hours=8))


class TokenKey(NamedTuple):
    """A year's key."""

    epoch: int         # year, Beijing time
    words: np.ndarray  # uint64 (2,)


def year_of(at_ns: int) -> int:
    """Year of a packet in Beijing time: keys change, and counts begin anew, on 1 January."""
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).astimezone(BEIJING).year


class TokenKeys:
    """Keys under `folder`, made when first needed: token-<year>.key, 16 random octets, mode 0600."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[int, TokenKey] = {}

    def at(self, at_ns: int) -> TokenKey:
        """The key for a packet seen at `at_ns`."""
        year = year_of(at_ns)
        if year not in self.known:
            octets = self.load(self.folder / f"token-{year}.key")
            self.known[year] = TokenKey(year, np.frombuffer(octets, "<u8").astype(np.uint64))
        return self.known[year]

    def prepare(self, at_ns: int) -> None:
        """Make the key for `at_ns` and next year's, which is needed at a moment when the disk may be full; OSError where it is now."""
        year = self.at(at_ns).epoch
        self.load(self.folder / f"token-{year + 1}.key")

    def load(self, path: Path) -> bytes:
        """The key at `path`; a missing one is made, whoever of several processes comes first."""
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.make(path)
        octets = path.read_bytes()
        if len(octets) != 16:
            raise ValueError(f"{path}: a token key is 16 octets, this file has {len(octets)}")
        return octets

    def make(self, path: Path) -> None:
        """Write a new key completely, then give it its name, unless another process was faster."""
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(16))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()


class FixedKeys(TokenKeys):
    """One key for every year, never on disk: for `detect`, whose tokens are only compared within one run."""

    def __init__(self, octets: bytes | None = None) -> None:
        super().__init__(Path())
        self.words = np.frombuffer(octets or os.urandom(16), "<u8").astype(np.uint64)

    def at(self, at_ns: int) -> TokenKey:
        return TokenKey(year_of(at_ns), self.words)
