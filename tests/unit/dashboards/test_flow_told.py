"""What is told of one flow: its verdict is the one that a search gives it, and its alert the one that the verdict is of."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from dashboards.desk import Desk
from dashboards.reading.flow import tell_flow
from dashboards.settings import DashboardsSettings
from dashboards.words.moments import NS
from pipeline.schema import FINDING, FLOW
from pipeline.store.store import ChdbStore
from tests.unit.pipeline.search.test_search_verdicts import ALERTS, BEGIN, FLOWS, engine, filled

__all__ = ["engine", "filled"]


def test_a_flow_has_the_verdict_that_a_search_gives_it_and_its_alert(filled: ChdbStore, engine: Engine, tmp_path: Path) -> None:
    desk = Desk(tmp_path, DashboardsSettings(), filled, engine)
    told = [tell_flow(desk, n) for n in range(len(FLOWS))]
    assert [one and one.verdict for one in told] == [flow[-1] for flow in FLOWS]
    days = [one.alert and one.alert.day.day for one in told if one]
    assert days == [23, 24, None, 23, 23, 23, 24, None, None, None]
    for one, flow in zip(told, FLOWS, strict=True):
        assert one is not None
        if one.alert is not None:
            key = (one.alert.holder, one.alert.line, one.alert.destination, one.alert.day.day, "seen", one.verdict)
            assert key in ALERTS and key[:3] == flow[:3]
    assert tell_flow(desk, 999) is None


def test_a_flow_of_parts_has_the_verdict_of_the_whole(filled: ChdbStore, engine: Engine, tmp_path: Path, put_into) -> None:  # noqa: ANN001
    put, desk = put_into(filled), Desk(tmp_path, DashboardsSettings(), filled, engine)
    put(FLOW, [{"flow_id": 500, "first": BEGIN, "last": BEGIN, "holder": "H1", "line": "L|1", "destination": "SG", "findings": 0}])
    assert (told := tell_flow(desk, 500)) and told.verdict == "nothing"
    put(FINDING, [{"finding_id": 1, "flow_id": 500, "first": BEGIN, "tier": 1}])
    assert (told := tell_flow(desk, 500)) and told.verdict == "nothing" and len(told.findings) == 1, "low tier is counted, not judged"
    put(FINDING, [{"finding_id": 2, "flow_id": 500, "first": BEGIN, "tier": 2}])
    assert (told := tell_flow(desk, 500)) and told.verdict == "beyond" and told.alert is not None


def test_a_flow_of_parts_is_told_as_a_whole(filled: ChdbStore, engine: Engine, tmp_path: Path, put_into) -> None:  # noqa: ANN001
    """Each part has the first packet of the whole, its own last packet, and counts what is its own."""
    put, desk = put_into(filled), Desk(tmp_path, DashboardsSettings(), filled, engine)
    whole = {"flow_id": 501, "first": BEGIN, "line": "L", "protocol": "tls"}
    parts = [
        {"octets_out": 100, "payload_out": 90, "inspected_out": 90, "packets_out": 2, "handshake_us": 700, "end_reason": "active"},
        {"octets_out": 300, "payload_out": 250, "inspected_out": 50, "packets_out": 3, "end_reason": "fin"},
    ]
    ends = [BEGIN + timedelta(minutes=5 * n) for n in (1, 2)]
    names = (["a.example"], ["a.example", "b.example"])
    rows = [{**whole, **part, "last": end, "server_names": said} for part, end, said in zip(parts, ends, names, strict=True)]
    put(FLOW, rows[::-1])
    told = tell_flow(desk, 501)
    assert told is not None and told.verdict == "unseen"
    wanted = {
        "parts": 2, "octets_out": 400, "payload_out": 340, "sent_out": 340, "inspected_out": 140, "packets_out": 5, "handshake_us": 700,
        "end_reason": "fin", "first_ns": int(BEGIN.timestamp()) * NS, "last_ns": int(ends[1].timestamp()) * NS, "protocol": "tls",
    }  # fmt: skip
    assert {name: told.one[name] for name in wanted} == wanted
    assert sorted(told.one["server_names"]) == ["a.example", "b.example"]
    assert (alone := tell_flow(desk, 0)) and not alone.one["parts"]
