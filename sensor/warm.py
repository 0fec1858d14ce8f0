"""Compiled kernels are loaded by a few made packets, before the first real one.

Loading takes seconds from numba's cache and minutes without one. A live ring overruns in that time, and a replay's speed would be another.
"""

from __future__ import annotations

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np

from detectors.compile import Catalogue
from detectors.content.look_kernels import reads_as_utf8
from detectors.tokens import FixedKeys
from sensor.flow.share_kernels import copy_share
from sensor.frame.columns import new_frames
from sensor.line.assign import LineBook
from sensor.line.place_kernels import keep_places
from sensor.line.places import Places, no_places
from sensor.line.registry import Registry
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox
from sensor.packet.batch import Packets, new_packets
from sensor.packet.capture import open_capture
from sensor.records import new_records
from sensor.settings import SensorSettings
from sensor.subject_kernels import place_again
from sensor.subject_log import SUBJECT
from sensor.worker import Totals, Worker

AT_NS = 1_767_225_600_000_000_000
LINES = Registry.model_validate({"line": [{
    "id": "warm", "holder": {"name": "warm", "usci": "91350100M000100Y43"}, "far": "SG", "domestic": ["10.0.0.0/8"], "any": True,
    "inspection": "content",
    "legal_basis": {"kind": "holder_own_sensor", "reference": "made packets", "from": "2000-01-01", "until": "2099-12-31"},
}]})
TEXT = '{"姓名":"张三","手机号":"13800138000","note":"\\u8eab\\u4efd","mail":"a@example.com","card":"11010519491231002X"}'
FORM, FORM_GB18030 = b"phone=%2B8613800138000&name=%E5%BC%A0", b"name=%D5%C5%C8%FD%C0%EE%CB%C4"
FORM_TYPE = "Content-Type: application/x-www-form-urlencoded\r\n"
EMPTY_CAPTURES = (
    struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1),
    struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28),
)
HELLO = bytes.fromhex("16030100330100002f0303" + "00" * 32 + "00" + "00021301" + "0100" + "000400170000")  # one cipher, one extension
QUERY = struct.pack(">HHHHHH", 1, 0x100, 1, 0, 0, 0) + b"\x07example\x03com\x00\x00\x01\x00\x01"


class MadePackets:
    """Packets from memory, two batches of them; see `sensor.packet.batch.Source`."""

    interfaces, digest, drops, problem, position = ["warm"], "warm", 0, None, 0

    def __init__(self, frames: list[bytes]) -> None:
        self._starts = np.cumsum([0, *(len(frame) for frame in frames)])
        self._buf = np.frombuffer(bytearray(b"".join(frames) + bytes(64)), np.uint8)
        self.size, self._at = len(self._buf), 0

    @property
    def finished(self) -> bool:
        """All have been read."""
        return self._at >= len(self._starts) - 1

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:  # noqa: ARG002 - memory never waits
        """The next half of them."""
        starts = self._starts[self._at :][: len(self._starts) // 2 + 1]
        n = len(starts) - 1
        packets.start[:n], packets.caplen[:n] = starts[:-1], np.diff(starts)
        packets.wirelen[:n], packets.link[:n], packets.iface[:n], packets.vlan_tci[:n] = packets.caplen[:n], 1, 0, -1
        packets.ts_ns[:n] = AT_NS + np.arange(self._at, self._at + n) * 1_000_000
        self._at += n
        return self._buf, n

    def close(self) -> None:
        """Nothing is held."""


def frame(proto: int, sport: int, dport: int, rest: bytes) -> bytes:
    """An Ethernet frame from the domestic to the far end; `rest` follows the ports. Checksums are not looked at."""
    packet = struct.pack(">HH", sport, dport) + rest
    header = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(packet), 0, 0, 64, proto, 0, 0x0A000001, 0xCB007101)
    return bytes(12) + b"\x08\x00" + header + packet


def segment(sport: int, dport: int, seq: int, flags: int, payload: bytes = b"") -> bytes:
    """A frame with one TCP segment."""
    return frame(6, sport, dport, struct.pack(">IIBBHHH", seq, 0, 0x50, flags, 65535, 0, 0) + payload)


def conversation(sport: int, dport: int, payload: bytes) -> list[bytes]:
    """A flow that sends `payload` in two segments, out of order, and is not closed."""
    half = len(payload) // 2
    late, early = segment(sport, dport, 100, 24, payload[:half]), segment(sport, dport, 100 + half, 24, payload[half:])
    return [segment(sport, dport, 99, 2), early, late]


def upload(body: bytes, more: str = "") -> bytes:
    """An HTTP request."""
    return f"POST /a HTTP/1.1\r\nHost: example.com\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode() + body


def warm(settings: SensorSettings, catalogue: Catalogue) -> Totals:
    """Send made packets through a worker of its own, whose records are thrown away; what they came to."""
    text = TEXT.encode()
    bodies = [upload(text), upload(gzip.compress(text), "Content-Encoding: gzip\r\n"), upload(TEXT.encode("gb18030")),
              upload(TEXT.encode("utf-16-le")), upload(FORM, FORM_TYPE),
              upload(gzip.compress(TEXT.encode("gb18030") * 4), "Content-Encoding: gzip\r\n"), upload(FORM_GB18030, FORM_TYPE),
              HELLO, bytes(range(200)) * 4]
    frames = [packet for i, body in enumerate(bodies) for packet in conversation(2000 + i, 443 if body is HELLO else 80, body)]
    frames.append(frame(17, 3000, 53, struct.pack(">HH", 8 + len(QUERY), 0) + QUERY))
    small = settings.model_copy(update={"flows": 1024})
    source = MadePackets(frames)
    with tempfile.TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder), Identity("warm", 0, 0))
        done = Worker(source, LineBook(LINES, Places(None), source.interfaces), catalogue, FixedKeys(), outbox, small, "warm").run()
        outbox.close()
        _load_the_rest(Path(folder))
    return done


def _load_the_rest(folder: Path) -> None:
    """Kernels that the made packets do not come to."""
    for octets in EMPTY_CAPTURES:
        path = folder / "empty"
        path.write_bytes(octets)
        capture = open_capture(path)
        capture.read(new_packets(1))
        capture.close()
    copy_share(new_packets(1), new_frames(1), 0, 0, 2, np.zeros(8, np.uint64), new_packets(1), new_frames(1))
    place_again(np.full(2, -1), new_records(1, SUBJECT), 0)
    empty = np.zeros(0, np.uint64)
    keep_places(no_places(2), empty, empty, np.zeros(0, np.int16))
    reads_as_utf8(np.zeros(1, np.uint8), 0, 0, np.zeros(6, np.int64))
