"""A campaign over a real store: drawn once, repeatable, concluded only when everything has its verdict."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.sampling.campaigns import conclude, create, draw, find_campaign, judge, list_campaigns, repeat, result
from pipeline.sampling.models import Campaign
from pipeline.schema import COVERAGE
from pipeline.store.store import ChdbStore
from pipeline.supervision.engine import reading

USCI = "91350100M000100Y43"
NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
NOW = NOON + datetime.timedelta(hours=8)


def make(engine: Engine, **other: Any) -> Campaign:
    values: dict[str, Any] = {
        "name": "十一月抽检", "line": "L-1", "holder": None, "since": NOON, "until": NOON + datetime.timedelta(hours=1),
        "sizes": {"flagged": 3, "unflagged": 6}, "actor": "reg1", "now": NOW, **other,
    }
    return create(engine, **values)


@pytest.fixture
def drawn(engine: Engine, store: ChdbStore, put_flows: Callable[..., None], put: Callable[..., None]) -> Campaign:
    put_flows(USCI, "L-1", 50, 10, NOON)
    put_flows(USCI, "L-2", 20, 20, NOON, start=1_000)                                   # another line
    put_flows(USCI, "L-1", 20, 20, NOON + datetime.timedelta(hours=1), start=2_000)     # after the period
    put_flows("", "L-1", 20, 20, NOON, start=3_000)                                     # nobody's
    put(COVERAGE, [{"minute": NOON, "line": "L-1", "holder": USCI, "direction": "out", "reason": reason, "octets": octets}
                   for reason, octets in (("wire", 1_100), ("headers", 100), ("inspected", 700), ("encrypted", 300))])
    make(engine)
    return draw(engine, store, "S-20261123-0001", NOW, seed="thrown before witnesses")


def test_the_draw_is_kept_with_its_probabilities(engine: Engine, drawn: Campaign) -> None:
    assert [(s["name"], s["size"], s["drawn"], s["probability"]) for s in drawn.strata] == [
        ("flagged", 10, 3, 0.3), ("unflagged", 40, 6, 0.15)]
    assert drawn.coverage["share"] == 0.7
    with reading(engine) as session:
        campaign = find_campaign(session, drawn.number)
        assert campaign is not None
        assert [d.rank for d in campaign.draws] == list(range(1, 10))
        assert all(int(d.flow_id) > 1 << 63 for d in campaign.draws)
        assert {d.probability for d in campaign.draws} == {0.3, 0.15}


def test_anyone_may_repeat_it(engine: Engine, store: ChdbStore, drawn: Campaign, put_flows: Callable[..., None]) -> None:
    assert repeat(engine, store, drawn.number) == (True, True)
    put_flows(USCI, "L-1", 1, 0, NOON, start=9_000)  # came late
    assert repeat(engine, store, drawn.number).frame_same is False


def test_it_is_drawn_once(engine: Engine, store: ChdbStore, drawn: Campaign) -> None:
    with pytest.raises(ValueError, match="a new draw is a new campaign"):
        draw(engine, store, drawn.number, NOW)


def test_verdicts_and_the_result(engine: Engine, drawn: Campaign) -> None:
    with pytest.raises(ValueError, match="9 of 9 flows have no verdict"):
        conclude(engine, drawn.number, NOW)
    with reading(engine) as session:
        campaign = find_campaign(session, drawn.number)
        assert campaign is not None
        flows = [(d.flow_id, d.stratum) for d in campaign.draws]
    for flow, stratum in flows:
        judge(engine, drawn.number, flow, "violation" if stratum == "flagged" else "lawful", "", "reg1", NOW)
    with pytest.raises(ValueError, match="no verdict 'bad'"):
        judge(engine, drawn.number, flows[0][0], "bad", "", "reg1", NOW)
    with pytest.raises(LookupError):
        judge(engine, drawn.number, "1", "lawful", "", "reg1", NOW)
    found = conclude(engine, drawn.number, NOW).result
    assert found is not None
    assert found["whole"]["rate"] == pytest.approx(10 / 50)
    assert found["whole"]["lower"] < 0.2 < found["whole"]["upper"]
    assert found["says_nothing_about"] == pytest.approx(0.3)
    assert found["strata"]["unflagged"]["lower"] == 0.0
    with pytest.raises(ValueError, match="closed"):
        judge(engine, drawn.number, flows[0][0], "lawful", "", "reg1", NOW)


def test_before_any_verdict_the_result_is_unknown(engine: Engine, drawn: Campaign) -> None:
    with reading(engine) as session:
        (campaign,) = list_campaigns(session)
        assert campaign.number == drawn.number
        found = result(campaign)
    assert (found["whole"]["rate"], found["whole"]["lower"], found["whole"]["upper"], found["judged"]) == (None, 0.0, 1.0, 0)


@pytest.mark.parametrize(("other", "said"), [
    ({"until": NOON}, "ends before"), ({"sizes": {"flagged": 0}}, "at least one"), ({"sizes": {"other": 3}}, "sizes"),
    ({"sizes": {"flagged": -1}}, "sizes"), ({"name": " "}, "name"), ({"confidence": 1.0}, "confidence"),
])
def test_what_makes_no_sense(engine: Engine, other: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(engine, **other)


def test_an_empty_frame_and_an_undrawn_campaign(engine: Engine, store: ChdbStore) -> None:
    campaign = make(engine)
    with pytest.raises(ValueError, match="no flow to draw"):
        draw(engine, store, campaign.number, NOW)
    with pytest.raises(ValueError, match="not drawn yet"):
        repeat(engine, store, campaign.number)
    with pytest.raises(LookupError):
        draw(engine, store, "S-20261123-0009", NOW)
