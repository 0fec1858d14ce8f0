"""Whatever comes, in whatever order: no octet without a reason, no window or piece lost, no hang."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sensor.stream.wire import ACK, BACK, FIN, OUT, RST, SYN, Segment, Wire

SAYINGS = st.sampled_from([
    b"GET / HTTP/1.1\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"5\r\nabcde\r\n",
    b"0\r\n\r\n",
    b"ffffffffffffffffffff\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 101 Up\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"Content-Encoding: gzip\r\n",
    b"Content-Type: image/png\r\n",
    b"SSH-2.0-x\r\n",
    b"\x16\x03\x01\0\x05\1\0\0\1\0",
    b"\x16\x03\x03\x40\0" + bytes(400),
    b"\x17\x03\x03\0\x20" + bytes(32),
    b"\x15\x03\x03\0\2\1\1",
    b"\0\x0c" + bytes(12),
    b"A" * 700,
    bytes(5),
])
SEGMENTS = st.lists(
    st.builds(
        Segment,
        way=st.sampled_from([OUT, BACK]),
        at=st.one_of(st.integers(-20, 3000), st.sampled_from([0, 2**26, 2**31, 2**32 - 9, 5_000_000_000])),
        data=st.one_of(st.lists(SAYINGS, max_size=6).map(b"".join), st.binary(max_size=60)),
        flags=st.sampled_from([ACK, ACK, ACK, SYN, FIN | ACK, RST, SYN | FIN]),
        ack=st.integers(0, 3000),
        snapped=st.sampled_from([0, 0, 0, 7, 1500]),
        ts_ns=st.integers(0, 9_000_000_000),
        proto=st.sampled_from([6, 6, 6, 6, 17, 50, 132]),
        ports=st.sampled_from([(40000, 9999), (40000, 53), (443, 40000)]),
        fragment=st.sampled_from([0, 0, 0, 0, 1, 2]),
        flow=st.just(0),
    ),
    max_size=40,
)


@given(sent=SEGMENTS, breaks=st.sets(st.integers(0, 40)), outbound=st.sampled_from([OUT, BACK, 2]), port=st.sampled_from([80, 53]))
def test_every_octet_has_a_reason(sent: list[Segment], breaks: set[int], outbound: int, port: int) -> None:
    wire = Wire(outbound=outbound, port=port, pieces=24)
    for i, segment in enumerate(sent):
        wire.send([segment])
        if i in breaks:
            wire.flush(forget=bool(i & 1), now_ns=segment.ts_ns)
    wire.close()
    wire.check()


@given(sayings=st.lists(SAYINGS, min_size=1, max_size=20), cut=st.integers(1, 50))
def test_what_is_said_in_order_is_all_shown(sayings: list[bytes], cut: int) -> None:
    """Of a direction in order nothing is lost but what frames: heads, sizes, handshakes, and what is opaque."""
    stream = b"".join(sayings)
    wire = Wire()
    wire.send([Segment(OUT, at, stream[at : at + cut]) for at in range(0, len(stream), cut)])
    wire.close()
    wire.check()
    assert sum(wire.octets(OUT).values()) == len(stream)
    assert set(wire.octets(OUT)) <= {"inspected", "encrypted", "undecodable"}


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nX: half a head", b"\x16\x03\x01\x02\0\1\0", b"AB"])
def test_more_half_said_heads_than_windows_stop_nothing(said: bytes) -> None:
    wire = Wire(flows=1500)
    wire.send([Segment(OUT, 0, said, flow=i) for i in range(1500)])
    wire.send([Segment(OUT, len(said), b"\0" * 20, flow=i) for i in range(1500)])
    wire.close()
    wire.check()
    assert wire.relieved > 0
    assert all("shed" not in wire.octets(OUT, i) for i in range(1500))


def test_more_open_bodies_than_windows_are_looked_into_all_the_same() -> None:
    wire = Wire(flows=1500)
    for at in range(0, 30, 10):
        wire.send([Segment(OUT, at, b"\0" * 10, flow=i) for i in range(1500)])
    wire.close()
    wire.check()
    assert all(wire.octets(OUT, i) == {"inspected": 30} for i in range(1500))


def test_all_that_was_held_back_fits_when_its_hole_is_filled() -> None:
    wire = Wire(pieces=1024, windows=641, capacity=641)
    sent = [Segment(OUT, 1 + 1500 * i, b"\0" * 1500) for i in range(1024)]
    wire.send([Segment(OUT, 0, flags=SYN), *sent, Segment(OUT, 0, b"\0")])
    wire.close()
    wire.check()
    assert wire.octets(OUT) == {"inspected": 1 + 1500 * 1024}


def test_pieces_are_shared_and_given_back() -> None:
    wire = Wire(pieces=24, flows=10)
    wire.send([Segment(OUT, 0, flags=SYN, flow=f) for f in range(10)])
    wire.send([Segment(OUT, 10 * i, b"%010d" % i, flow=f) for f in range(10) for i in range(9, 0, -1)])
    wire.close()
    wire.check()
    for f in range(10):
        counted = wire.octets(OUT, f)
        assert counted["inspected"] + counted.get("duplicate", 0) == 90


def test_flows_that_cannot_be_had_are_refused_and_counted() -> None:
    wire = Wire(flows=3)
    assert wire.content_of.tolist().count(-1) == 0
    more = wire.engine.open(wire.content_of.astype("i8"), wire.content_of, wire.content_of, wire.content_of)
    assert more.tolist() == [-1, -1, -1]
    assert wire.engine.counters["stream_refused"] == 3
