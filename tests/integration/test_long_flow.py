"""A flow that outlives its active time-out is reported in spans: they add up to the flow, and nothing stands in two of them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from pipeline.ingest.body import Identity, decode
from pipeline.schema.outbox import open_outbox
from sensor.command import replay_files
from sensor.settings import SensorSettings

pytestmark = pytest.mark.jit_only
LINES = """
[[line]]
id = "L"
holder = { name = "甲", usci = "91350100M000100Y43" }
far = "SG"
any = true
domestic = ["10.0.0.0/8"]
legal_basis = { kind = "authority", reference = "x", from = 2020-01-01, until = 2030-12-31 }
inspection = "content"
"""
REQUESTS = 12
SPACING_S = 60  # twelve minutes in all: two active time-outs


def make_capture(path: Path) -> int:
    """One connection with a request a minute; octets of payload sent out."""
    frames, seq, at = [], 1000, 1_767_225_600.0
    for _ in range(REQUESTS):
        body = b"POST /x HTTP/1.1\r\nHost: a.example.net\r\nContent-Length: 5\r\n\r\nhello"
        frame = Ether() / IP(src="10.0.0.1", dst="203.0.113.9") / TCP(sport=4000, dport=80, seq=seq, flags="PA") / Raw(body)
        frame.time = at
        frames.append(frame)
        seq, at = seq + len(body), at + SPACING_S
    wrpcap(str(path), frames)
    return seq - 1000


def test_spans_add_up_to_the_flow(tmp_path: Path) -> None:
    from rich.console import Console

    (tmp_path / "lines.toml").write_text(LINES, "utf-8")
    sent = make_capture(tmp_path / "long.pcap")
    with (tmp_path / "screen").open("w") as screen:
        settings = SensorSettings(flows=4096)
        replay_files([tmp_path / "long.pcap"], tmp_path, settings, tmp_path / "lines.toml", False, None, Console(file=screen))
    ask = "SELECT sensor, worker, epoch, sequence, body FROM batch WHERE record = 'flows'"
    rows = [row for outbox in (tmp_path / "outbox").glob("*.sqlite") for row in open_outbox(outbox).execute(ask).fetchall()]
    batches = [decode(Identity("flows", sensor, worker, epoch), sequence, body) for sensor, worker, epoch, sequence, body in rows]
    spans = pa.Table.from_batches(batches).to_pylist()
    assert len(spans) >= 2 and len({span["flow_id"] for span in spans}) == 1
    assert sum(span["packets_out"] for span in spans) == REQUESTS
    assert sum(span["payload_out"] for span in spans) == sent
    assert sum(span["inspected_out"] for span in spans) == sent
    assert sum(span["requests"] for span in spans) == REQUESTS
