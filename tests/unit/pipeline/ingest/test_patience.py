"""What waiting says: enough to see it begin and end, and little for days."""

from __future__ import annotations

import pytest

from pipeline.ingest.patience import FIRST_WAIT_S, MOST_WAIT_S, Patience


def test_trouble_that_lasts_is_said_while_waits_grow_then_only_what_is_new(caplog: pytest.LogCaptureFixture) -> None:
    patience = Patience()
    waits = [patience.fail("the store is away") for _ in range(1000)]
    assert waits[0] == FIRST_WAIT_S and waits[-1] == MOST_WAIT_S and sorted(waits) == waits
    grown = sum(wait < MOST_WAIT_S for wait in waits)
    assert [one.getMessage() for one in caplog.records] == [f"the store is away; trying again in {wait:.1f} s" for wait in waits[:grown]]
    caplog.clear()
    patience.fail("the store refuses")
    patience.fail("the store refuses")
    patience.end()
    assert [one.getMessage().split(" after ")[0] for one in caplog.records] == ["the store refuses; trying again in 10.0 s", "it goes on"]
    caplog.clear()
    patience.end()
    assert not caplog.records
    assert patience.fail("again") == FIRST_WAIT_S
