"""What Wireshark says of a frame, as `make explain` shows it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from tests.accuracy.explain import read_frames


@pytest.mark.skipif(shutil.which("tshark") is None, reason="no tshark: deploy/setup.sh explain")
def test_a_request_is_shown_with_its_ends_and_value(tmp_path: Path) -> None:
    said = b"GET /a?b HTTP/1.1\r\nHost: h.example.net\r\n\r\n"
    request = Ether() / IP(src="10.0.0.1", dst="203.0.113.9") / TCP(sport=4000, dport=80, seq=1, flags="PA") / Raw(said)
    wrpcap(str(tmp_path / "a.pcap"), [Ether() / IP() / TCP(), request])
    asyncio.run(asyncio.sleep(0))  # leaves the thread without an event loop, as any test before this one may
    (frame,) = read_frames(tmp_path / "a.pcap", "http_requests.host")
    assert (frame.number, frame.ends) == ("2", ("10.0.0.1", "4000", "203.0.113.9", "80"))
    assert frame.values[0].startswith("h.example.net")
