"""Capture files that somebody damaged on purpose: the walk ends, rows lie inside the buffer, only the wrong magic is refused."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sensor.packet.batch import new_packets
from sensor.packet.capture import open_capture
from tests.unit.sensor.packet.test_capture import block, pcap, pcapng

WHOLE = [pcap("<", False), pcap(">", True), pcapng("<"), pcapng(">")]
LENGTHS = st.sampled_from([0, 1, 3, 8, 11, 12, 27, 28, 31, 32, 0xFFFF, 262144, 262145, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A whole capture with numbers put where lengths may stand, octets changed, cut out or put in."""
    octets = bytearray(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(0, len(octets) - 1)))
        match draw(st.integers(0, 3)):
            case 0:
                at -= at % 4
                octets[at : at + 4] = struct.pack(draw(st.sampled_from("<>")) + "I", draw(LENGTHS))
            case 1:
                octets[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
            case 2:
                del octets[at : at + draw(st.integers(1, 40))]
            case _:
                octets[at:at] = draw(st.binary(max_size=40))
    return bytes(octets)


def walk(octets: bytes) -> None:
    """Read it all, in small batches."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hostile"
        path.write_bytes(octets)
        try:
            source = open_capture(path)
        except ValueError as error:
            assert str(path) in str(error)
            return
        packets, rows = new_packets(3), 0
        while not source.finished:
            buf, n = source.read(packets)
            for i in range(n):
                start, caplen = int(packets.start[i]), int(packets.caplen[i])
                assert start >= 0 and 0 <= caplen <= packets.wirelen[i] and start + caplen <= len(buf)
                assert int(packets.iface[i]) < max(1, len(source.interfaces))
            rows += n
            assert rows <= len(octets), "the walk does not move on"
        source.close()


@given(damaged())
def test_damaged_captures_are_walked_to_an_end(octets: bytes) -> None:
    walk(octets)


@given(st.sampled_from("<>"), st.lists(st.tuples(st.sampled_from([1, 2, 3, 5, 6, 0x0A0D0D0A, 0xBAD]), st.binary(max_size=60)), max_size=8))
def test_any_blocks_behind_a_section_are_walked_to_an_end(order: str, blocks: list[tuple[int, bytes]]) -> None:
    section = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    walk(section + b"".join(block(order, kind, body) for kind, body in blocks))
