"""Hits added up by group, signature and tier; their distinct tokens; the first few to show."""

import numpy as np

from detectors.kernel import kernel

SHOWN = 3
MIX, ONE = np.uint64(0x9E3779B97F4A7C15), np.uint64(1)


@kernel
def slot_of(slots, rows, tokens, row, token):
    """Slot of (row, token) in the open table `slots` (int32 (2^k,), -1 free; entry numbers of `rows` and `tokens`)."""
    mask = np.uint64(slots.size - 1)
    mixed = (token ^ (np.uint64(row) * MIX)) * MIX
    at = (mixed ^ (mixed >> np.uint64(32))) & mask
    while slots[at] >= 0 and (rows[slots[at]] != row or tokens[slots[at]] != token):
        at = (at + ONE) & mask
    return at


@kernel
def add_up(hits, n, group_of, row_of, groups, entries, slots):
    """Give each (group, signature, tier) a row, each distinct token of it an entry; return (rows, entries).

    group_of  int64 (units,): dense number of the unit's group
    row_of    int32 (groups, signatures, 4), -1: filled with rows
    groups    Groups columns; entries  Entries columns; slots  int32 (2^k > n,), -1
    """
    n_rows, n_entries = 0, 0
    for h in range(n):
        group, signature, tier = group_of[hits.unit[h]], hits.signature[h], hits.tier[h]
        row = row_of[group, signature, tier]
        if row < 0:
            row = n_rows
            row_of[group, signature, tier] = row
            groups.group[row], groups.signature[row], groups.tier[row] = group, signature, tier
            n_rows += 1
        groups.hits[row] += 1
        groups.path[row] |= hits.path[h]
        at = slot_of(slots, entries.row, entries.token, row, hits.token[h])
        if slots[at] < 0:
            slots[at] = n_entries
            entries.row[n_entries], entries.token[n_entries], entries.principal[n_entries] = row, hits.token[h], 0
            shown = groups.distinct[row]
            if shown < SHOWN:
                groups.shown[row, shown] = h
            groups.distinct[row] += 1
            n_entries += 1
        entries.principal[slots[at]] |= hits.principal[h]
    return n_rows, n_entries


@kernel
def order_entries(entries, n, starts, tokens, principals):
    """Bring entries together by row: those of row r end up at starts[r]..starts[r + 1]; `starts` (int64 (rows + 1,)) holds the starts."""
    for e in range(n):
        row = entries.row[e]
        at = starts[row]
        tokens[at], principals[at] = entries.token[e], entries.principal[e]
        starts[row] += 1
    for row in range(starts.size - 1, 0, -1):
        starts[row] = starts[row - 1]
    starts[0] = 0
