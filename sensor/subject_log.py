"""Distinct subjects of the open span: who was met on which lane, by which signature and tier, first when."""

from __future__ import annotations

import numpy as np

from sensor.records import new_records
from sensor.subject_kernels import add_subjects, place_again

SUBJECT = np.dtype([("token", np.uint64), ("whose", np.uint64), ("at_ns", np.int64)], align=True)
# `whose`, from its lowest bit: principal 1, tier 3, epoch (a year) 16, signature 14, lane 30.
TIER, EPOCH, SIGNATURE, LANE = 1, 4, 20, 34
LEAST = 1 << 14


def whose_are(lanes: np.ndarray, signatures: np.ndarray, tiers: np.ndarray, epoch: int) -> np.ndarray:
    """What tells the subjects of findings apart beside their tokens, uint64 (n,)."""
    lane, signature, tier = (column.astype(np.uint64) for column in (lanes, signatures, tiers))
    return lane << np.uint64(LANE) | signature << np.uint64(SIGNATURE) | np.uint64(epoch << EPOCH) | tier << np.uint64(TIER)


class SubjectLog:
    """Each (lane, signature, tier, principal, epoch, token) once, with its first time; 24 octets and two slots a subject."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._n = 0
        self._entries, self._slots = new_records(LEAST, SUBJECT), np.full(LEAST * 2, -1, np.int64)

    def add(
        self, whose: np.ndarray, at_ns: np.ndarray, chosen: np.ndarray, starts: np.ndarray, principals: np.ndarray, tokens: np.ndarray
    ) -> None:
        """Take tokens in: those of finding r, starts[r]..starts[r + 1], belong to whose[r] (uint64), were first seen at at_ns[r] and count
        where chosen[r]; principals (uint8, by token) says which stand for a record's person.
        """
        if self._n + len(tokens) > len(self._entries):
            self._grow(self._n + len(tokens))
        self._n = int(add_subjects(self._slots, self._entries, self._n, whose, at_ns, chosen, starts, principals, tokens))

    def _grow(self, least: int) -> None:
        room = 1 << (2 * least - 1).bit_length()
        entries = new_records(room, SUBJECT)
        entries[: self._n] = self._entries[: self._n]
        self._entries, self._slots = entries, np.full(room * 2, -1, np.int64)
        place_again(self._slots, entries, self._n)

    def take(self) -> dict[str, np.ndarray] | None:
        """All of them as columns, and start again; None where there are none."""
        if not self._n:
            return None
        entries = self._entries[: self._n]
        columns = {
            "lane": self._part(LANE, 64),
            "signature": self._part(SIGNATURE, LANE),
            "tier": self._part(TIER, EPOCH),
            "principal": self._part(0, TIER),
            "key_epoch": self._part(EPOCH, SIGNATURE),
            "token": entries["token"].copy(),
            "at": entries["at_ns"].copy(),
        }
        self._start()
        return columns

    def _part(self, low: int, high: int) -> np.ndarray:
        """Bits low..high of `whose`, int64 (n,)."""
        whose = self._entries["whose"][: self._n]
        return (whose >> np.uint64(low) & np.uint64((1 << high - low) - 1)).astype(np.int64)
