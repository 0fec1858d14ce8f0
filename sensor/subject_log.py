"""Distinct subjects of the open span: who was met on which lane, by which signature and tier, first when."""

from __future__ import annotations

import numpy as np

from sensor.records import new_records
from sensor.subject_kernels import add_subjects, place_again

SUBJECT = np.dtype([("token", np.uint64), ("whose", np.uint64), ("at_ns", np.int64)], align=True)
# `whose`, from its lowest bit: principal 1, tier 3, epoch (a year) 16, signature 14, lane 30.
TIER, EPOCH, SIGNATURE, LANE = 1, 4, 20, 34
LEAST = 1 << 14


class SubjectLog:
    """Each (lane, signature, tier, principal, epoch, token) once, with its first time; 24 octets and two slots a subject."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._n = 0
        self._entries, self._slots = new_records(LEAST, SUBJECT), np.full(LEAST * 2, -1, np.int64)

    def add(self, lane: int, signature: int, tier: int, epoch: int, at_ns: int, principals: np.ndarray, tokens: np.ndarray) -> None:
        """Take tokens (uint64 (k,)) of one lane, signature and tier in; principals (uint8 (k,)) says which stand for a record's person."""
        if self._n + len(tokens) > len(self._entries):
            self._grow(self._n + len(tokens))
        whose = np.uint64(lane << LANE | signature << SIGNATURE | epoch << EPOCH | tier << TIER)
        self._n = int(add_subjects(self._slots, self._entries, self._n, whose, at_ns, principals, tokens))

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
