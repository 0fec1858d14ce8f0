"""What is put on the wire to measure latency: conversations in the background, and probes that each carry one person's identifier.

    python -m tests.bench.wire INTERFACE PACKETS_A_SECOND PROBES

Prints a line of JSON a probe, when its last packet has been sent, and one at the end. The background is uploads of telemetry over HTTP,
CONVERSATIONS at once, without any identifier: from SYN to both FINs, then again from another port.
"""

from __future__ import annotations

import errno
import json
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator
from itertools import islice

import numpy as np

from tests.conftest import ROOT

sys.path.append(str(ROOT / "deploy" / "demo"))
from people import make_persons  # noqa: E402 - the demonstration's made-up persons

CONVERSATIONS, SEGMENTS, SEGMENT = 400, 12, 1_200
PROBE_PORT = 8080
FAR = bytes((198, 51, 100, 1))
ETHERNET = bytes.fromhex("020000000002020000000001") + b"\x08\x00"  # nobody's address: nobody answers
FIN, SYN, PUSH, ACK = 1, 2, 8, 16
TICK_S = 0.001
MOST_BEHIND_S = 0.02  # what could not be sent for longer is not made up for by a burst


def make_frame(src: bytes, dst: bytes, ports: tuple[int, int], sequence: int, flags: int, payload: bytes = b"") -> bytes:
    """Ethernet, IPv4 and TCP; checksums are not made, sensors do not read them."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40 + len(payload), 0, 0x4000, 64, 6, 0, src, dst)
    return ETHERNET + ip + struct.pack("!HHIIBBHHH", *ports, sequence, 1, 0x50, flags, 8192, 0, 0) + payload


def make_upload(body: bytes) -> bytes:
    """One request."""
    return b"POST /t HTTP/1.1\r\nHost: t.example.net\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def telemetry(rng: random.Random, octets: int) -> bytes:
    """Rows of JSON that name nobody."""
    rows = b""
    while len(rows) < octets:
        row = {"host": f"gw{rng.randrange(40)}.dc{rng.randrange(4)}", "rtt_ms": rng.randrange(9000) / 100, "path": "/v1/status", "ok": True}
        rows += json.dumps(row).encode() + b"\n"
    return rows[:octets]


def make_conversation(src: bytes, ports: tuple[int, int], said: bytes) -> list[bytes]:
    """SYN, `said` in segments, FIN with the last of them; then the other end's FIN."""
    pieces = [said[at : at + SEGMENT] for at in range(0, len(said), SEGMENT)]
    frames = [make_frame(src, FAR, ports, 0, SYN)]
    for i, piece in enumerate(pieces):
        frames.append(make_frame(src, FAR, ports, 1 + i * SEGMENT, PUSH | ACK | (FIN if i == len(pieces) - 1 else 0), piece))
    return [*frames, make_frame(FAR, src, (ports[1], ports[0]), 1, FIN | ACK)]


def make_probe(number: int, identifier: str) -> list[bytes]:
    """Three segments, the identifier in the last; 10.77.0.0 + number is its source. The other end does not end it."""
    body = telemetry(random.Random(number), 2 * SEGMENT + 400) + b"\n"
    body += json.dumps({"身份证号": identifier}, ensure_ascii=False).encode()
    return make_conversation(bytes((10, 77, number >> 8, number & 255)), (40_000, PROBE_PORT), make_upload(body))[:-1]


def background() -> Iterator[memoryview]:
    """Frames without end: all conversations in step, and anew from the next port."""
    rng = random.Random(1)
    sources = [bytes((10, 1, i >> 8, i & 255)) for i in range(CONVERSATIONS)]
    head = len(make_upload(bytes(SEGMENT * 10))) - SEGMENT * 10
    talks = [make_conversation(source, (0, 80), make_upload(telemetry(rng, SEGMENTS * SEGMENT - head))) for source in sources]
    frames = [talk[step] for step in range(len(talks[0])) for talk in talks]
    all_of_them = np.frombuffer(bytearray(b"".join(frames)), np.uint8)
    starts = np.cumsum([0, *map(len, frames)])
    last = np.arange(len(frames)) >= len(frames) - CONVERSATIONS
    port_at = starts[:-1] + np.where(last, 36, 34)  # the near end's, which is where the last frame goes
    view = memoryview(all_of_them)
    views = [view[a:b] for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]
    turn = 0
    while True:
        port = 1024 + turn % 60_000
        all_of_them[port_at], all_of_them[port_at + 1] = port >> 8, port & 255
        yield from views
        turn += 1


def send(interface: str, rate: int, probes: int) -> None:
    """A probe at a moment of each second that a seed draws: in step with no clock of a sensor's."""
    rng, persons = random.Random(2), make_persons(probes, 77)
    moments = [second + rng.random() for second in range(probes)]
    frames, refused, sent = background(), 0, 0
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind((interface, 0))
        begun = at = time.monotonic()
        number, due = 0, 0.0
        while number < probes:
            now = time.monotonic()
            due, at = min(due + (now - at) * rate, rate * MOST_BEHIND_S), now
            for frame in islice(frames, int(due)):
                refused += not put(wire, frame)
            sent, due = sent + int(due), due - int(due)
            if now - begun >= moments[number]:
                for one in make_probe(number, persons[number].resident_id):
                    while not put(wire, one):
                        time.sleep(TICK_S)
                print(json.dumps({"probe": number, "sent_ns": time.time_ns()}), flush=True)
                number += 1
            time.sleep(TICK_S)
        took = {"seconds": time.monotonic() - begun, "cpu_seconds": time.process_time()}
        print(json.dumps({"packets": sent - refused, "refused": refused, **took}), flush=True)


def put(wire: socket.socket, frame: bytes | memoryview) -> bool:
    """Whether the system took it."""
    try:
        wire.send(frame)
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
        return False
    return True


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
