"""Units in, hits out: what can be scanned where it lies is; the rest goes through the reader first."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.compile import Catalogue
from detectors.content.reader import Reader
from detectors.content.state import Piece
from detectors.content.step import Step
from detectors.detector_kernels import CLOSED, GARBLED, PLAIN, WORK, sort_units
from detectors.masks import Masks
from detectors.scan import TextScan
from detectors.token_kernels import LONGEST, make_tokens, mark_principals, settle_hits
from detectors.tokens import TokenKeys
from detectors.units import Hits, Units, Verdict, new_hits

# Scans bounds[row, 0]..bounds[row, 3] of a text for each of `rows`; appends to the hits from a row on; returns the new end.
Scan = Callable[[np.ndarray, np.ndarray, np.ndarray, Hits, int], int]
LEAST = 6  # octets of the shortest value: bounds the hits of a batch


class Inspected(NamedTuple):
    """What a batch of units held. Its arrays and texts are reused by the next call."""

    hits: Hits
    n_hits: int
    texts: tuple[np.ndarray, np.ndarray]  # the units' own buffer, and the texts that were decoded
    split: int                 # hits before this row lie in texts[0], the others in texts[1]
    bounds: np.ndarray         # int64 (n, 4): start of the unit's text, border, border, stop (content/escape_kernels.py)
    base: np.ndarray           # int64 (n,), octets of the message's text before bounds[:, 0] where a decoder counts them, else -1
    verdict: np.ndarray        # uint8 (n,), Verdict
    decoded_octets: np.ndarray  # int64 (n,), octets of text that no unit showed before
    steps: np.ndarray          # uint32 (n,), Step bits
    why: dict[int, str]        # of undecodable units: coding, damaged, ratio, beginning, gap, charset, room
    key_epoch: int             # year whose key made the tokens


class Detector:
    """One catalogue over batches of units. Not for two threads at once."""

    def __init__(self, catalogue: Catalogue, keys: TokenKeys, reader: Reader | None = None, scan: Scan | None = None) -> None:
        self.catalogue = catalogue
        self.keys = keys
        self.reader = reader or Reader()
        self.scan = scan or TextScan(catalogue)
        self.masks = Masks(catalogue)
        self.hits = new_hits(0)
        self.tally = np.zeros(6, np.int64)
        self.scratch = np.zeros(8 + LONGEST, np.uint8)
        self.last_seen = np.zeros(len(catalogue.signatures), np.int64)
        self.rows(64)

    def rows(self, n: int) -> None:
        """Columns for `n` units."""
        self.kinds, self.charsets, self.verdict = np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
        self.bounds, self.base = np.zeros((n, 4), np.int64), np.zeros(n, np.int64)
        self.decoded, self.steps = np.zeros(n, np.int64), np.zeros(n, np.uint32)

    def forget(self, stream: int) -> None:
        """Drop what is kept of a stream that ended without LAST."""
        self.reader.forget(stream)

    def inspect(self, units: Units, n: int, at_ns: int | None = None) -> Inspected:
        """Look into units[:n]; `at_ns` is the time of their packets and chooses the key, now if None."""
        if self.kinds.size < n:
            self.rows(n * 2)
        self.reader.arena.clear()
        self.kinds[:n] = PLAIN
        if self.reader.states:
            self.kinds[:n][np.isin(units.stream[:n], np.fromiter(self.reader.states, np.int64))] = WORK
        sort_units(units, n, self.kinds, self.charsets, self.bounds, self.tally, self.reader.trial)
        self.base[:n], self.steps[:n] = -1, 0
        self.decoded[:n] = np.maximum(0, units.stop[:n] - units.start[:n] - units.carried[:n])
        self.verdict[:n] = np.where(self.kinds[:n] == CLOSED, Verdict.OPAQUE, Verdict.INSPECTED)
        why = self.read_coded(units, n)
        garbled = np.flatnonzero(self.kinds[:n] == GARBLED)
        self.kinds[garbled], self.verdict[garbled], self.steps[garbled] = PLAIN, Verdict.UNDECODABLE, Step.DAMAGED
        why.update(dict.fromkeys(garbled.tolist(), "charset"))
        self.make_room(n)
        key = self.keys.at(time.time_ns() if at_ns is None else at_ns)
        split = self.scan_text(units.buf, np.flatnonzero(self.kinds[:n] == PLAIN), 0, key.words)
        n_hits = self.scan_text(self.reader.arena.text, np.flatnonzero(self.kinds[:n] == WORK), split, key.words)
        return Inspected(self.hits, n_hits, (units.buf, self.reader.arena.text), split, self.bounds[:n], self.base[:n], self.verdict[:n],
                         self.decoded[:n], self.steps[:n], why, key.epoch)

    def read_coded(self, units: Units, n: int) -> dict[int, str]:
        """Read the units that need it, in order; why some could not be."""
        why: dict[int, str] = {}
        work, at = np.flatnonzero(self.kinds[:n] == WORK), 0
        while at < work.size:
            row, stream = int(work[at]), int(units.stream[work[at]])
            known = stream in self.reader.states
            piece = self.reader.read(units, row, int(self.charsets[row]))
            at += 1
            if not known and stream in self.reader.states:  # a state was opened: it must see the stream's later units too
                self.kinds[row + 1:n][units.stream[row + 1:n] == stream] = WORK
                work, at = row + 1 + np.flatnonzero(self.kinds[row + 1:n] == WORK), 0
            self.take(units, row, piece)
            if piece.why:
                why[row] = piece.why
        return why

    def take(self, units: Units, row: int, piece: Piece) -> None:
        """Note what the reader made of a unit."""
        self.bounds[row] = piece.bounds + (units.start[row] if piece.lies else 0)
        self.kinds[row] = PLAIN if piece.lies else WORK
        self.steps[row], self.verdict[row] = piece.steps, piece.verdict
        self.decoded[row], self.base[row] = piece.decoded, piece.base

    def make_room(self, n: int) -> None:
        """Room for as many hits as the texts can hold."""
        most = int((self.bounds[:n, 3] - self.bounds[:n, 0]).sum()) // LEAST + 64
        if self.hits.unit.size < most:
            self.hits = new_hits(most * 3 // 2)

    def scan_text(self, text: np.ndarray, rows: np.ndarray, first: int, key: np.ndarray) -> int:
        """Scan the units `rows`, whose texts lie in `text`; hits from row `first` on, complete. Return the new end."""
        if not rows.size:
            return first
        hits, masks = self.hits, self.masks
        end = self.scan(text, self.bounds, rows, hits, first)
        end = settle_hits(self.bounds, self.steps, hits, (first, end))
        make_tokens(text, hits, (first, end), key, masks.domains, masks.rules, self.scratch)
        mark_principals(text, hits, (first, end), masks.ranks, self.last_seen)
        return int(end)
