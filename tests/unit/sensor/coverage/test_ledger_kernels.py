"""The ledger's additions against the obvious sums; lengths as a hostile header may claim them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensor.coverage.ledger import DIRECTIONS, REASONS
from sensor.coverage.ledger_kernels import NOBODY, STAYS, account_frames

LANES, FLOWS = 3, 5
WIRE, HEADERS, SKIPPED, NOT_OUTBOUND = (REASONS.index(word) for word in ("wire", "headers", "skipped_policy", "not_outbound"))
ROWS = st.lists(st.tuples(st.integers(0, 70_000), st.integers(-5, 2**31 - 1), st.integers(-1, FLOWS - 1), st.integers(0, 1)), max_size=30)
FLOW = st.tuples(st.integers(0, LANES - 1), st.sampled_from([0, 1, NOBODY, STAYS]), st.sampled_from([-1, 7]))  # lane, outbound, entry


def columns(rows: list, kinds: tuple[type, ...]) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Rows of tuples as columns."""
    return [np.array([row[i] for row in rows], kind) for i, kind in enumerate(kinds)]


@given(ROWS, st.lists(FLOW, min_size=FLOWS, max_size=FLOWS))
def test_every_octet_has_a_reason_or_is_left_to_the_streams(rows: list[tuple[int, ...]], known: list[tuple[int, ...]]) -> None:
    wire, payload, slots, ways = columns(rows, (np.int32, np.int32, np.int64, np.uint8))
    lanes, outbound, content = columns(known, (np.int32, np.uint8, np.int32))
    octets, counts = np.zeros((LANES, 3, len(REASONS)), np.int64), np.zeros((LANES, 3, len(REASONS)), np.int64)
    account_frames(wire, payload, slots, ways, lanes, outbound, content, (0, len(rows)), octets, counts)
    wanted = np.zeros_like(octets)
    left = 0
    for length, claimed, slot, way in rows:
        lane, out, entry = known[slot] if slot >= 0 else (0, NOBODY, -1)
        within = max(0, min(claimed, length)) if slot >= 0 else 0
        direction = DIRECTIONS.index("other") if out >= NOBODY else DIRECTIONS.index("out" if out == way else "in")
        wanted[lane, direction, WIRE] += length
        wanted[lane, direction, HEADERS] += length - within
        if entry >= 0:
            left += within
        else:
            stays = out == STAYS or direction == DIRECTIONS.index("in")
            wanted[lane, direction, NOT_OUTBOUND if stays else SKIPPED] += within
    assert (octets == wanted).all()
    assert octets[..., WIRE].sum() == octets.sum() - octets[..., WIRE].sum() + left
    assert counts[..., WIRE].sum() == len(rows)
