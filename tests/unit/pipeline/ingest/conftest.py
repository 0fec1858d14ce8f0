"""What the tests of ingest share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.made_outbox import fill_outboxes


@pytest.fixture
def fill() -> Callable[..., int]:
    """`fill(data, seed, rounds=3)`: write the outboxes of three workers; how many batches."""
    return fill_outboxes
