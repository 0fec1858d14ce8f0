"""TCP's order against its plain twin: whatever way a stream is cut, mixed, doubled and lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sensor.stream.wire import ACK, BACK, FIN, MS, OUT, RST, SYN, Segment, Wire, first_copies, runs_of, segments_of

CUTS = st.lists(st.integers(0, 5000), max_size=12)
RAW = st.binary(max_size=3000).map(lambda data: b"\0" + data)  # nothing that begins so is recognised


@given(data=RAW, cuts=CUTS, again=CUTS, isn=st.sampled_from([0, 1000, 2**31 - 50, 2**32 - 1, 2**32 - 700]), mix=st.randoms())
def test_every_cut_and_mixture_gives_the_stream(data: bytes, cuts: list[int], again: list[int], isn: int, mix) -> None:  # type: ignore[no-untyped-def]
    sent = segments_of(data, cuts) + (segments_of(data, again) if again else [])
    mix.shuffle(sent)
    wire = Wire(isn=(isn, 7))
    wire.send([Segment(OUT, 0, flags=SYN), *sent])
    wire.close()
    wire.check()
    assert wire.shown() == [data]
    total = sum(len(s.data) for s in sent)
    assert wire.octets(OUT) == {k: n for k, n in {"inspected": len(data), "duplicate": total - len(data)}.items() if n}


@given(pieces=st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=200)), min_size=1, max_size=20))
def test_of_octets_that_came_twice_the_first_count(pieces: list[tuple[int, bytes]]) -> None:
    whole = b"\0" * 700
    sent = [Segment(OUT, at, data) for at, data in pieces]
    filling = [Segment(OUT, 0, b"\0")] + segments_of(whole, [100, 333, 500])[::-1]
    wire = Wire()
    wire.send([Segment(OUT, 0, flags=SYN), Segment(OUT, 0, b"\0"), *sent, *filling])
    wire.close()
    wire.check()
    seen = first_copies([Segment(OUT, 0, b"\0"), *sent, *filling])
    assert b"".join(wire.shown()) == b"".join(runs_of(seen))


@given(data=st.binary(min_size=400, max_size=3000).map(lambda d: b"\0" + d), cuts=st.lists(st.integers(1, 3000), min_size=3, max_size=12),
       lost=st.sets(st.integers(1, 12), min_size=1, max_size=4), mix=st.randoms())
def test_lost_segments_part_the_stream(data: bytes, cuts: list[int], lost: set[int], mix) -> None:  # type: ignore[no-untyped-def]
    sent = segments_of(data, cuts)
    kept = [s for i, s in enumerate(sent) if i not in lost]
    shuffled = kept[:1] + mix.sample(kept[1:], len(kept) - 1)
    wire = Wire()
    wire.send([Segment(OUT, 0, flags=SYN), *shuffled])
    wire.close()
    wire.check()
    seen = first_copies(kept)
    assert wire.shown() == runs_of(seen)
    assert wire.octets(OUT).get("missed", 0) == max(seen) + 1 - len(seen)
    assert [m.gap for _, m in sorted(wire.messages.items())] == [False] + [True] * (len(runs_of(seen)) - 1)


@given(data=st.binary(min_size=400, max_size=2000).map(lambda d: b"\0" + d), cuts=CUTS,
       snapped=st.sets(st.integers(0, 12), max_size=4), mix=st.randoms())
def test_octets_that_were_not_captured_part_the_stream(data: bytes, cuts: list[int], snapped: set[int], mix) -> None:  # type: ignore[no-untyped-def]
    sent = [
        s._replace(data=s.data[: len(s.data) // 2], snapped=len(s.data) - len(s.data) // 2) if i in snapped else s
        for i, s in enumerate(segments_of(data, cuts))
    ]
    mix.shuffle(sent)
    wire = Wire()
    wire.send([Segment(OUT, 0, flags=SYN), *sent])
    wire.close()
    wire.check()
    seen = first_copies(sent)
    assert b"".join(wire.shown()) == b"".join(runs_of(seen))
    assert wire.octets(OUT).get("truncated", 0) == sum(s.snapped for s in sent)
    assert bool(wire.shown()[1:]) <= any(s.snapped for s in sent)
    assert "missed" not in wire.octets(OUT)


@given(data=st.binary(min_size=1, max_size=400).map(lambda d: (b"\0" + d) * 120), cuts=st.lists(st.integers(0, 50000), max_size=40),
       when=st.sets(st.integers(0, 40)), mix=st.randoms())
def test_long_streams_through_few_windows_flushed_at_any_time(data: bytes, cuts: list[int], when: set[int], mix) -> None:  # type: ignore[no-untyped-def]
    sent = segments_of(data, cuts)
    for i in range(0, len(sent) - 3, 3):
        sent[i : i + 3] = mix.sample(sent[i : i + 3], 3)
    wire = Wire(windows=700, capacity=641)
    for i, segment in enumerate(sent):
        wire.send([segment._replace(flags=SYN | ACK) if segment.at == 0 else segment])
        if i in when:
            wire.flush()
    wire.close()
    wire.check()
    assert b"".join(wire.shown()) == data if sent[0].at == 0 else data.endswith(b"".join(wire.shown()))


def test_an_acknowledged_hole_will_not_be_filled() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0before", ts_ns=0), Segment(OUT, 20, b"behind", ts_ns=MS)])
    wire.send([Segment(BACK, 0, ack=26, ts_ns=2 * MS)])
    wire.flush()
    assert wire.shown() == [b"\0before"]  # the capture may be out of order: wait a moment
    wire.send([Segment(BACK, 0, ack=26, ts_ns=100 * MS)])
    wire.flush()
    assert wire.shown() == [b"\0before", b"behind"]
    wire.close()
    wire.check()


def test_an_old_hole_is_given_up() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0before"), Segment(OUT, 20, b"behind", ts_ns=MS), Segment(OUT, 26, b".", ts_ns=4000 * MS)])
    wire.flush()
    assert wire.shown() == [b"\0before", b"behind."]


@pytest.mark.parametrize("flags", [FIN | ACK, RST])
def test_an_end_that_came_early_ends_nothing(flags: int) -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one"), Segment(OUT, 8, flags=flags), Segment(OUT, 4, b" two")])
    wire.flush()
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0one two"]


def test_an_end_in_order_ends_the_message() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one", flags=FIN | ACK)])
    wire.look()
    assert [m.last for m in wire.messages.values()] == [True]


def test_probes_of_a_live_connection_are_duplicates() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one"), Segment(OUT, 3, b"e"), Segment(OUT, 3), Segment(OUT, 4, b"two")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0onetwo"]
    assert wire.octets(OUT) == {"inspected": 7, "duplicate": 1}


def test_a_stray_reset_before_the_stream_says_nothing_about_its_order() -> None:
    wire = Wire()
    wire.send([Segment(OUT, -(2**30), flags=RST), Segment(OUT, 0, b"\0one"), Segment(OUT, 4, b"two")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0onetwo"]


@pytest.mark.parametrize("jump", [2**27, 2**30, 2**31, 2**31 + 2**30, 2**32 - 2**27])
def test_one_far_segment_is_a_stray_two_are_another_connection(jump: int) -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one"), Segment(OUT, jump, b"stray"), Segment(OUT, 4, b"two")])
    wire.send([Segment(OUT, jump + 100, b"lost, "), Segment(OUT, jump + 106, b"\0found"), Segment(OUT, jump + 112, b" again")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0onetwo", b"\0found again"]
    assert wire.octets(OUT) == {"inspected": 19, "undecodable": 11}


@pytest.mark.parametrize("jump", [5000, 2**31, 2**32 - 5000])
def test_a_new_handshake_is_another_connection(jump: int) -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, flags=SYN), Segment(OUT, 0, b"\0one"), Segment(OUT, jump, flags=SYN), Segment(OUT, jump, b"\0two")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0one", b"\0two"]


def test_a_late_copy_of_the_handshake_changes_nothing() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, flags=SYN), Segment(OUT, 0, b"\0one"), Segment(OUT, 0, flags=SYN), Segment(OUT, 4, b"two")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0onetwo"]


def test_data_in_the_handshake_is_data() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one", flags=SYN), Segment(OUT, 4, b"two")])
    wire.close()
    wire.check()
    assert wire.shown() == [b"\0onetwo"]


def test_more_than_can_be_held_back_gives_the_hole_up() -> None:
    wire = Wire(pieces=8)
    sent = [Segment(OUT, 100 + 50 * i, b"%050d" % i) for i in range(20)]
    wire.send([Segment(OUT, 0, b"\0" * 60), *sent])
    wire.close()
    wire.check()
    assert b"".join(wire.shown()) == b"\0" * 60 + b"".join(s.data for s in sent)
    assert wire.octets(OUT) == {"inspected": 1060, "missed": 40}


def test_what_comes_in_is_ordered_but_not_looked_into() -> None:
    wire = Wire()
    wire.send([Segment(BACK, 0, b"\0abc"), Segment(BACK, 2, b"bcd"), Segment(BACK, 20, b"x")])
    wire.close()
    wire.check()
    assert wire.shown(BACK) == []
    assert wire.octets(BACK) == {"not_outbound": 8, "missed": 15}


def test_a_fragment_of_a_segment_is_a_hole_and_undecodable() -> None:
    wire = Wire()
    wire.send([Segment(OUT, 0, b"\0one"), Segment(OUT, 4, b"frag", fragment=1), Segment(OUT, 8, b"two")])
    wire.close()
    wire.check()
    assert wire.octets(OUT) == {"inspected": 7, "undecodable": 4, "missed": 4}
