"""The flow table against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sensor.flow.columns import EndReason
from sensor.flow.table import Flows
from sensor.frame.columns import new_frames
from sensor.packet.batch import new_packets

SECRETS = np.arange(1, 9, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
FIN, SYN, RST, ACK = 1, 2, 4, 16
S = 1_000_000_000


def batch(rows: list[tuple[int, int, int, int, int, int]]):  # type: ignore[no-untyped-def]
    """rows: (source, destination, source port, destination port, flags, time in s) of TCP packets with ten octets of payload."""
    packets, frames = new_packets(max(1, len(rows))), new_frames(max(1, len(rows)))
    for i, (src, dst, sport, dport, flags, at) in enumerate(rows):
        packets.wirelen[i], packets.ts_ns[i] = 64, at * S
        for field, value in (("src_low", 0xFFFF00000000 + src), ("dst_low", 0xFFFF00000000 + dst), ("sport", sport), ("dport", dport),
                             ("proto", 6), ("tcp_flags", flags), ("payload_wire", 10), ("tcp_seq", 10 * i)):
            frames[field][i] = value
    return packets, frames


def run(flows: Flows, rows: list[tuple[int, int, int, int, int, int]]) -> list[tuple[int, int, int]]:
    """(slot, direction, fresh) of each row; what is evicted on the way is released."""
    packets, frames = batch(rows)
    at, seen = 0, []
    while at < len(rows):
        begin = at
        touch, at = flows.update(packets, frames, begin, len(rows))
        seen += list(zip(touch.slot[begin:at].tolist(), touch.direction[begin:at].tolist(), touch.fresh[begin:at].tolist(), strict=True))
        flows.release()
    return seen


ends = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(2000, 2003), st.integers(80, 82), st.just(ACK), st.just(1))


@given(st.lists(ends, max_size=60))
def test_groups_packets_as_a_dictionary_would(rows: list[tuple[int, int, int, int, int, int]]) -> None:
    flows = Flows(1024, secrets=SECRETS)
    slots: dict[frozenset[tuple[int, int]], int] = {}
    counts: dict[int, int] = {}
    for (src, dst, sport, dport, _, _), (slot, _, fresh) in zip(rows, run(flows, rows), strict=True):
        key = frozenset({(src, sport), (dst, dport)})
        assert fresh == (key not in slots)
        assert slots.setdefault(key, slot) == slot
        counts[slot] = counts.get(slot, 0) + 1
    assert flows.active == len(slots)
    for slot, count in counts.items():
        assert int(flows.table.hot["packets"][slot].sum()) == count
        assert int(flows.table.hot["octets"][slot].sum()) == 64 * count


def test_the_opener_is_src_whoever_is_seen_first() -> None:
    flows = Flows(1024, secrets=SECRETS)
    (slot, way, _), (same, back, _) = run(flows, [(2, 1, 443, 5000, SYN | ACK, 1), (1, 2, 5000, 443, ACK, 1)])
    assert slot == same and (way, back) == (1, 0)
    assert flows.table.cold["sport"][slot] == 5000


def test_ends_by_silence_fin_and_reset() -> None:
    flows = Flows(1024, secrets=SECRETS)
    run(flows, [(1, 9, 1001, 80, ACK, 1), (2, 9, 1002, 80, FIN | ACK, 1), (9, 2, 80, 1002, FIN | ACK, 2), (3, 9, 1003, 80, RST, 1)])
    reasons: list[int] = []
    for second in range(2, 140, 3):
        flows.sweep(second * S)
        reasons += flows.take_ended()[1].tolist()
        flows.release()
    assert sorted(reasons) == sorted([EndReason.IDLE, EndReason.FIN, EndReason.RST])
    assert flows.active == 0


def test_a_fresh_syn_after_the_end_is_a_new_flow() -> None:
    flows = Flows(1024, secrets=SECRETS)
    (first, _, _), _, (second, _, fresh) = run(flows, [(1, 9, 1001, 80, SYN, 1), (1, 9, 1001, 80, RST, 2), (1, 9, 1001, 80, SYN, 3)])
    assert fresh == 1 and second != first


def test_a_flood_of_new_flows_is_bounded_and_counted() -> None:
    flows = Flows(1024, secrets=SECRETS)
    run(flows, [(k, 9, 1000 + k % 60000, 80, SYN, 1 + k // 1000) for k in range(5000)])
    assert flows.active <= flows.slots
    assert flows.evictions >= 5000 - flows.slots


def test_numbers_do_not_depend_on_secrets() -> None:
    numbers = []
    for secrets in (SECRETS, SECRETS * np.uint64(3)):
        flows = Flows(1024, secrets=secrets)
        seen = run(flows, [(1, 9, 1001, 80, SYN, 1), (2, 9, 1001, 80, SYN, 1)])
        numbers.append(flows.numbers(np.array([slot for slot, _, _ in seen])).tolist())
    assert numbers[0] == numbers[1] and numbers[0][0] != numbers[0][1]
