"""A live sensor whose host's clock is set, far ahead and back again: packets are stamped by it, and ticks go by it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.utils import PcapWriter

from detectors.tokens import FixedKeys
from sensor.line.places import Places
from sensor.packet.batch import Packets
from sensor.packet.capture import open_capture
from sensor.settings import SensorSettings
from sensor.stream.engine import StreamEngine
from sensor.worker import Worker
from tests.accuracy.replay import EveryFlow, MemoryOutbox, catalogue, measuring_registry

BEGIN_S = 1_790_000_000
DAY_S = 90_000
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


@pytest.mark.parametrize("talking", [True, False], ids=["under traffic", "while nothing comes"])
def test_flows_and_minutes_go_on_when_a_clock_is_set_back(talking: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, outbox = Host(tmp_path), MemoryOutbox()
    monkeypatch.setattr(time, "time_ns", lambda: host.now_s * 1_000_000_000)
    book = EveryFlow(measuring_registry(), Places(), host.interfaces)
    engine = StreamEngine(entries=256, windows=1 << 10, pieces=256, capacity=1 << 10)
    settings = SensorSettings(flows=4096, batch_packets=1024)
    worker = Worker(host, book, catalogue(), FixedKeys(), outbox, settings, "one", True, engine=engine)

    def pass_time(seconds: int) -> None:
        for _ in range(seconds):
            worker.step(0.0)
            host.now_s += 1

    pass_time(5)
    host.now_s += DAY_S
    host.talking = talking
    pass_time(15)
    assert outbox.rows["flows"] == FLOWS  # silent for a day, so the clock says
    host.now_s -= DAY_S
    host.talking = True
    pass_time(5)
    reported = 2 * FLOWS if talking else FLOWS
    assert (outbox.rows["flows"], worker.flows.active) == (reported, FLOWS)  # not again for each packet that came
    host.talking = False
    pass_time(130)
    assert (outbox.rows["flows"], worker.flows.active) == (reported + FLOWS, 0)
    assert outbox.coverage["wire"] == host.sent * OCTETS and outbox.unexplained == 0
