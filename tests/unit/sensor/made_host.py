"""A live source whose time is set by a test, and a live worker over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapWriter

from detectors.tokens import FixedKeys
from sensor.line.places import Places
from sensor.outbox.queue import Outbox
from sensor.packet.batch import Packets
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from sensor.stream.engine import StreamEngine
from sensor.worker import Worker
from tests.accuracy.replay import EveryFlow, catalogue, measuring_registry

BEGIN_S = 1_790_000_000
FLOWS = 20
OCTETS = len(Ether() / IP() / UDP() / bytes(100))


class Host:
    """A source of what comes at the host's time, which may be set; every fetch gives a datagram of each flow that is talking."""

    interfaces, size, digest, drops, finished, position, problem = ["one"], 0, "", 0, False, 0, None

    def __init__(self, folder: Path) -> None:
        self._folder, self.now_s, self.talking, self.sent = folder, BEGIN_S, True, 0

    def read(self, packets: Packets, _wait_s: float = 0.0) -> tuple[np.ndarray, int]:
        if not self.talking:
            return np.zeros(0, np.uint8), 0
        path = self._folder / "now.pcap"
        with PcapWriter(str(path)) as writer:
            for i in range(FLOWS):
                frame = Ether() / IP(src="10.0.0.1", dst="192.0.2.1") / UDP(sport=20_000 + i, dport=9999) / bytes(100)
                frame.time = self.now_s
                writer.write(frame)
        source = open_capture(path)
        found = source.read(packets)
        source.close()
        self.sent += FLOWS
        return found

    def close(self) -> None:
        pass


def live_worker(host: Host, outbox: Outbox) -> Worker:
    """A small one."""
    book = EveryFlow(measuring_registry(), Places(), host.interfaces)
    engine = StreamEngine(entries=256, windows=1 << 10, pieces=256, capacity=1 << 10)
    return Worker(host, book, catalogue(), FixedKeys(), outbox, SensorSettings(flows=4096, batch_packets=1024), "one", True, engine=engine)
