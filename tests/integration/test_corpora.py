"""Every capture of the shared corpora through the whole worker: no crash, no hang, and every octet of the wire has one reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.schema import FLOW
from tests.accuracy.replay import open_worker

pytestmark = [pytest.mark.corpora, pytest.mark.slow, pytest.mark.jit_only]
PARTS = 16  # so that workers of pytest-xdist share them
LEAST = 2400


def captures(corpora: Path) -> list[Path]:
    """All captures, in a fixed order."""
    return sorted(p for folder in ("captures", "pii_traffic") for p in (corpora / folder).rglob("*") if p.is_file() and p.suffix != ".json")


def test_corpora_are_all_there(corpora: Path) -> None:
    assert len(captures(corpora)) >= LEAST


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("every_flow", [True, False], ids=["inspected", "by geography"])
def test_every_capture_is_accounted_for(corpora: Path, part: int, every_flow: bool) -> None:
    for path in captures(corpora)[part::PARTS]:
        worker, outbox = open_worker(path, every_flow=every_flow)
        totals = worker.run()
        worker.source.close()
        name = str(path.relative_to(corpora))
        assert outbox.unexplained == 0, name
        assert outbox.coverage["wire"] == totals.octets, name
        assert worker.ledger.unexplained() == 0, name
        assert totals.flows == outbox.rows[FLOW.name], name
        assert worker.flows.active == 0, name
        assert (worker.engine.streams.directions["flow"] == -1).all(), name
