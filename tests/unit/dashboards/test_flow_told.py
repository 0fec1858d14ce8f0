"""What is told of one flow: its verdict is the one that a search gives it, and its alert the one that the verdict is of."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from dashboards.desk import Desk
from dashboards.reading.flow import tell_flow
from dashboards.settings import DashboardsSettings
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
