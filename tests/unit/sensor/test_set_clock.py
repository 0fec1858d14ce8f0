"""A live sensor whose host's clock is set, far ahead and back again: packets are stamped by it, and ticks go by it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.accuracy.replay import MemoryOutbox
from tests.unit.sensor.made_host import FLOWS, OCTETS, Host, live_worker

DAY_S = 90_000


@pytest.mark.parametrize("talking", [True, False], ids=["under traffic", "while nothing comes"])
def test_flows_and_minutes_go_on_when_a_clock_is_set_back(talking: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host, outbox = Host(tmp_path), MemoryOutbox()
    monkeypatch.setattr(time, "time_ns", lambda: host.now_s * 1_000_000_000)
    worker = live_worker(host, outbox)

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
