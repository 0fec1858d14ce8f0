"""Bounds hold where the sketch is no longer exact, and nothing is widened where it is."""

from __future__ import annotations

import pytest

from pipeline.ledger.obligations import Bounds, Facts, oblige
from pipeline.ledger.pack import load_pack
from pipeline.ledger.sketch import EXACT, bound_persons, widen
from pipeline.store.store import ChdbStore


def count(store: ChdbStore, n: int, salt: int) -> int:
    sql = "SELECT uniqCombined64(17)(sipHash64(number, {salt:UInt8})) AS n FROM numbers({n:UInt64})"
    return int(store.query(sql, {"n": n, "salt": salt}).column("n")[0].as_py())


@pytest.mark.parametrize("n", [0, 1, 999, 4_000])
def test_small_counts_are_exact(store: ChdbStore, n: int) -> None:
    assert widen(count(store, n, 1)) == Bounds(n, n)


@pytest.mark.parametrize("n", [EXACT, EXACT + 1, 9_999, 10_000, 99_999, 100_000, 1_000_000])
def test_the_truth_lies_between(store: ChdbStore, n: int) -> None:
    for salt in range(8):
        bounds = widen(count(store, n, salt))
        assert bounds.lower <= n <= bounds.upper
        assert bounds.upper - bounds.lower < 0.025 * n


def test_noise_never_crosses_a_threshold() -> None:
    near = bound_persons([10_050])
    found = oblige(Facts(sensitive=near), load_pack())
    assert (near.lower < 10_000 <= near.upper, found.duty, found.possible) == (True, "contract", "assessment")


def test_kinds() -> None:
    assert bound_persons([]) == Bounds(0, 0)
    assert bound_persons([240, 230]) == Bounds(240, 470)
