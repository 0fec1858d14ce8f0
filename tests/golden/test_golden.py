"""Every golden case gives what is expected; `python -m tests.golden rewrite` makes a wanted change the expectation."""

from __future__ import annotations

import pytest

from tests.golden.__main__ import EXPECTED, difference
from tests.golden.cases import CASES

pytestmark = pytest.mark.jit_only


@pytest.mark.parametrize("name", CASES)
def test_outcome_is_as_expected(name: str) -> None:
    _, shown = difference(name)
    assert not shown, f"\n{shown}"


def test_every_expectation_has_its_case() -> None:
    assert {path.stem for path in EXPECTED.iterdir()} == set(CASES)
