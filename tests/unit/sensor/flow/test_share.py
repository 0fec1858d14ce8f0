"""Shares divide a batch: every packet in one of them, both directions of a flow in the same, order kept."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensor.flow.share_kernels import copy_share
from sensor.frame.columns import new_frames
from sensor.packet.batch import new_packets

SECRETS = np.arange(1, 9, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
ENDS = st.tuples(st.integers(0, 2), st.integers(0, 300))


@given(st.lists(st.tuples(ENDS, ENDS), max_size=60), st.integers(1, 5))
def test_every_packet_is_in_one_share_and_its_answer_in_the_same(pairs: list[tuple[tuple[int, int], tuple[int, int]]], shares: int) -> None:
    n = len(pairs)
    found: dict[int, int] = {}
    for share in range(shares):
        packets, frames, own, own_frames = new_packets(64), new_frames(64), new_packets(64), new_frames(64)
        for row, ((high, low), (other_high, other_low)) in enumerate(pairs):
            frame = frames[row]
            frame["src_high"], frame["src_low"], frame["dst_high"], frame["dst_low"] = high, low, other_high, other_low
            frame["tcp_seq"] = row
            for column in packets:
                column[row] = row
        kept = copy_share(packets, frames, n, share, shares, SECRETS, own, own_frames)
        rows = own_frames["tcp_seq"][:kept].tolist()
        assert rows == sorted(rows)
        for column in own:
            assert column[:kept].tolist() == rows
        assert not found.keys() & set(rows)
        found.update(dict.fromkeys(rows, share))
    assert len(found) == n
    by_ends = {frozenset(pair): found[row] for row, pair in enumerate(pairs)}
    assert all(by_ends[frozenset(pair)] == found[row] for row, pair in enumerate(pairs))


def test_shares_are_of_like_size() -> None:
    packets, frames = new_packets(4096), new_frames(4096)
    frames["src_low"], frames["dst_low"] = 0xFFFF0A000001, np.arange(4096) + 0xFFFFCB007100
    assert 1800 < copy_share(packets, frames, 4096, 0, 2, SECRETS, new_packets(4096), new_frames(4096)) < 2300
