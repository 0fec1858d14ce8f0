"""Draws anyone can repeat, and intervals that cover as often as they say."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, hypergeom

from pipeline.sampling.drawing import digest_frame, draw
from pipeline.sampling.estimate import Judged, clopper_pearson, estimate, estimate_stratum

FRAME = {"flagged": list(range(100, 140)), "unflagged": list(range(1000, 1500))}


def test_the_draw_by_hand() -> None:
    drawn = draw("seed", FRAME, {"flagged": 5, "unflagged": 7})
    for name, n in (("flagged", 5), ("unflagged", 7)):
        by_hand = sorted(FRAME[name], key=lambda flow: hashlib.sha256(f"seed|{name}|{flow}".encode()).hexdigest())[:n]  # noqa: B023
        assert {p.flow_id for p in drawn.picks if p.stratum == name} == set(by_hand)
    assert [s.probability for s in drawn.strata] == [5 / 40, 7 / 500]
    assert [p.rank for p in drawn.picks] == list(range(1, 13))


@given(st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_and_twins_of_the_frame_do_not_matter(seed: int, rng: random.Random) -> None:
    shuffled = {name: rng.sample(ids, len(ids)) + ids[:3] for name, ids in FRAME.items()}
    assert draw(str(seed), shuffled, {"flagged": 5, "unflagged": 7}) == draw(str(seed), FRAME, {"flagged": 5, "unflagged": 7})


def test_other_seeds_and_other_frames_show() -> None:
    sizes = {"flagged": 5, "unflagged": 7}
    first = draw("a", FRAME, sizes)
    assert draw("b", FRAME, sizes).draw_digest != first.draw_digest
    less = {**FRAME, "unflagged": FRAME["unflagged"][:-1]}
    assert draw("a", less, sizes).frame_digest != first.frame_digest
    moved = {"flagged": [*FRAME["flagged"], 1000], "unflagged": FRAME["unflagged"][1:]}
    assert digest_frame(moved) != first.frame_digest


def test_a_stratum_smaller_than_asked_is_taken_whole() -> None:
    drawn = draw("a", {"flagged": [1, 2], "unflagged": []}, {"flagged": 5, "unflagged": 7})
    assert [(s.size, s.drawn, s.probability) for s in drawn.strata] == [(2, 2, 1.0), (0, 0, 0.0)]


def test_every_flow_is_drawn_as_often_as_its_probability_says() -> None:
    times = np.zeros(20)
    for seed in range(2_000):
        for pick in draw(str(seed), {"unflagged": range(20)}, {"unflagged": 5}).picks:
            times[pick.flow_id] += 1
    # 2,000 tries at 1/4: six standard deviations are 116, so that this fails by chance once in 10^7.
    assert np.all(np.abs(times - 500) < 116)


@pytest.mark.parametrize(("hits", "tries"), [(0, 10), (1, 10), (5, 10), (10, 10), (3, 200), (0, 1)])
def test_clopper_pearson_is_scipys_exact_interval(hits: int, tries: int) -> None:
    expected = binomtest(hits, tries).proportion_ci(0.95, "exact")
    assert clopper_pearson(hits, tries, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_nothing_judged_says_nothing() -> None:
    assert estimate([Judged("flagged", 10, 0, 0, 0)], 0.95)[:3] == (None, 0.0, 1.0)
    assert estimate([], 0.95)[:3] == (None, 0.0, 1.0)


def test_a_frame_judged_whole_is_known() -> None:
    found = estimate([Judged("flagged", 4, 3, 1, 0), Judged("unflagged", 6, 0, 6, 0)], 0.95)
    assert (found.rate, found.lower, found.upper) == pytest.approx((0.3, 0.3, 0.3))


def test_cannot_tell_widens_both_ways() -> None:
    clear = estimate_stratum(Judged("unflagged", 1_000, 2, 38, 0), 0.95)
    doubtful = estimate_stratum(Judged("unflagged", 1_000, 2, 28, 10), 0.95)
    assert doubtful.lower <= clear.lower and doubtful.upper > clear.upper
    assert doubtful.rate == pytest.approx(2 / 30)


def chance_to_cover(size: int, bad: int, drawn: int, confidence: float) -> float:
    """Exact, by all outcomes of drawing without replacement."""
    total = 0.0
    for hits in range(min(bad, drawn) + 1):
        found = estimate_stratum(Judged("s", size, hits, drawn - hits, 0), confidence)
        if found.lower - 1e-12 <= bad / size <= found.upper + 1e-12:
            total += float(hypergeom.pmf(hits, size, bad, drawn))
    return total


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_one_stratum_covers_at_every_rate(confidence: float) -> None:
    assert min(chance_to_cover(120, bad, 30, confidence) for bad in range(121)) >= confidence


@pytest.mark.parametrize("rates", [(0.0, 0.0), (0.02, 0.6), (0.5, 0.5), (0.001, 0.9), (1.0, 0.0)])
def test_two_strata_cover(rates: tuple[float, float]) -> None:
    """Exact over both strata's outcomes, with replacement (the wider case)."""
    sizes, drawn = (9_000, 1_000), (25, 15)
    truth = sum(n * rate for n, rate in zip(sizes, rates, strict=True)) / sum(sizes)
    total = 0.0
    for a in range(drawn[0] + 1):
        for b in range(drawn[1] + 1):
            found = estimate([Judged("a", sizes[0], a, drawn[0] - a, 0), Judged("b", sizes[1], b, drawn[1] - b, 0)], 0.95)
            if found.lower - 1e-12 <= truth <= found.upper + 1e-12:
                total += float(binom.pmf(a, drawn[0], rates[0]) * binom.pmf(b, drawn[1], rates[1]))
    assert total >= 0.95


def test_the_whole_way_covers_in_simulation() -> None:
    """Draw by seed, judge truly, estimate: the interval misses no more often than it says."""
    rng = random.Random(7)
    bad = set(rng.sample(FRAME["flagged"], 30)) | set(rng.sample(FRAME["unflagged"], 12))
    truth, covered = len(bad) / 540, 0
    for seed in range(300):
        drawn = draw(str(seed), FRAME, {"flagged": 10, "unflagged": 40})
        judged = []
        for stratum in drawn.strata:
            hits = sum(p.flow_id in bad for p in drawn.picks if p.stratum == stratum.name)
            judged.append(Judged(stratum.name, stratum.size, hits, stratum.drawn - hits, 0))
        found = estimate(judged, 0.95)
        covered += found.lower <= truth <= found.upper
    assert covered >= 285
