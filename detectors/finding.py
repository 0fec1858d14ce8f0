"""From hits to findings: what was found in whose content, how often, whose tokens, and masked excerpts to show."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from detectors.content.step import words_of
from detectors.detector import Inspected
from detectors.finding_kernels import SHOWN, add_up, order_entries
from detectors.mask_kernels import put_excerpts
from detectors.masks import Masks


class Groups(NamedTuple):
    """A row for each group, signature and tier that had hits."""

    group: np.ndarray      # int64, dense number
    signature: np.ndarray  # int16
    tier: np.ndarray       # uint8
    hits: np.ndarray       # int64, how many
    distinct: np.ndarray   # int64, distinct tokens
    path: np.ndarray       # uint32, Step bits
    shown: np.ndarray      # int64 (n, SHOWN), hits to make excerpts of


class Entries(NamedTuple):
    """A row for each distinct token of a group's row."""

    row: np.ndarray        # int64
    token: np.ndarray      # uint64
    principal: np.ndarray  # uint8


class Finding(NamedTuple):
    """Values of one signature and tier in one group of units. Never a value in clear."""

    group: int               # the caller's number
    signature: int           # index in the catalogue
    tier: int
    hits: int                # how many
    tokens: np.ndarray       # uint64, the distinct ones
    principals: np.ndarray   # uint8, whether the token stood for a record's person at least once
    excerpts: list[str]      # masked, at most three, of distinct values
    offsets: list[int]       # octets of the message's decoded content before each
    path: tuple[str, ...]    # decoder path in words


class Gathered(NamedTuple):
    """Findings of a batch as columns, in the order in which they were first seen."""

    names: np.ndarray         # int64 (g,), the caller's number of each group
    dense: np.ndarray         # int64 (units,), each unit's group as index into names
    groups: Groups            # (n,), each finding's
    starts: np.ndarray        # int64 (n + 1,): the tokens of finding r lie in starts[r]..starts[r + 1]
    tokens: np.ndarray        # uint64, distinct within a finding
    principals: np.ndarray    # uint8, whether a token stood for a record's person at least once
    excerpts: list[list[str]]  # of each, masked, at most SHOWN, of distinct values
    offsets: list[list[int]]   # of each, octets of the message's decoded content before each excerpt


def gather(
    inspected: Inspected, group_of: np.ndarray, masks: Masks, excerpts: int = SHOWN, position: np.ndarray | None = None,
) -> list[Finding]:
    """Findings of a batch by the caller's group of each unit (int64 (n,)), in the order in which they were first seen.

    excerpts  how many to make; position  int64 (n,), octets of the message before each unit, 0 if None
    """
    if inspected.n_hits == 0:
        return []
    names, _, groups, starts, tokens, principals, texts, offsets = gather_columns(inspected, group_of, masks, excerpts, position)
    return [
        Finding(int(names[groups.group[r]]), int(groups.signature[r]), int(groups.tier[r]), int(groups.hits[r]),
                tokens[starts[r]:starts[r + 1]], principals[starts[r]:starts[r + 1]], texts[r], offsets[r], words_of(int(groups.path[r])))
        for r in range(len(starts) - 1)
    ]


def gather_columns(
    inspected: Inspected, group_of: np.ndarray, masks: Masks, excerpts: int = SHOWN, position: np.ndarray | None = None,
) -> Gathered:
    """`gather` of a batch with hits, as columns."""
    n = inspected.n_hits
    names, dense = np.unique(group_of, return_inverse=True)
    dense = dense.reshape(-1)
    most = min(n, names.size * masks.ranks.size * 4)
    groups = Groups(np.zeros(most, np.int64), np.zeros(most, np.int16), np.zeros(most, np.uint8), np.zeros(most, np.int64),
                    np.zeros(most, np.int64), np.zeros(most, np.uint32), np.full((most, SHOWN), -1, np.int64))
    entries = Entries(np.zeros(n, np.int64), np.zeros(n, np.uint64), np.zeros(n, np.uint8))
    row_of = np.full((names.size, masks.ranks.size, 4), -1, np.int32)
    slots = np.full(1 << (n + n // 2).bit_length(), -1, np.int32)
    rows, distinct = add_up(inspected.hits, n, dense, row_of, groups, entries, slots)
    groups = Groups(*(column[:rows] for column in groups))
    starts = np.zeros(rows + 1, np.int64)
    np.cumsum(groups.distinct, out=starts[1:])
    tokens, principals = np.zeros(distinct, np.uint64), np.zeros(distinct, np.uint8)
    order_entries(entries, distinct, starts, tokens, principals)
    texts, offsets = show(inspected, groups.shown[:, :excerpts], masks, position)
    return Gathered(names, dense, groups, starts, tokens, principals, texts, offsets)


def places_of(inspected: Inspected, hits: np.ndarray, position: np.ndarray | None) -> np.ndarray:
    """Octets of the message's decoded content before each of `hits` (int64 (k,)); escapes before the unit are counted as they lay."""
    unit = inspected.hits.unit[hits]
    before = inspected.base[unit]
    given = np.zeros(unit.size, np.int64) if position is None else position[unit]
    return np.asarray(inspected.hits.start[hits] - inspected.bounds[unit, 0] + np.where(before < 0, given, before))


def show(inspected: Inspected, shown: np.ndarray, masks: Masks, position: np.ndarray | None) -> tuple[list[list[str]], list[list[int]]]:
    """Masked excerpts, and their offsets, of the hits `shown` (int64 (rows, k), -1 none)."""
    focuses = shown[shown >= 0]
    out, ends = np.empty((focuses.size, 2048), np.uint8), np.zeros(focuses.size, np.int64)
    for text, span in zip(inspected.texts, ((0, inspected.split), (inspected.split, inspected.n_hits)), strict=True):
        put_excerpts(text, inspected.bounds, inspected.hits, span, focuses, masks.tables, out, ends)
    places = places_of(inspected, focuses, position)
    texts: list[list[str]] = [[] for _ in range(len(shown))]
    offsets: list[list[int]] = [[] for _ in range(len(shown))]
    rows = np.nonzero(shown >= 0)[0].tolist()
    for row, written, end, place in zip(rows, out, ends.tolist(), places.tolist(), strict=True):
        texts[row].append(written[:end].tobytes().decode("utf-8", "replace"))
        offsets[row].append(place)
    return texts, offsets
