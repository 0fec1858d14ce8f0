"""Order 16, boundary by boundary: 以上 includes the number, 不满 does not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ledger.obligations import Bounds, Facts, oblige
from pipeline.ledger.pack import RANK, load_pack

PACK = load_pack()


@dataclass
class Case:
    pi: int
    sensitive: int
    duty: str
    article: str
    exempt: bool = False


@pytest.mark.parametrize("case", [
    Case(99_999, 0, "none", "Art. 5(4)", exempt=True),
    Case(100_000, 0, "contract", "Art. 8"),
    Case(999_999, 0, "contract", "Art. 8"),
    Case(1_000_000, 0, "assessment", "Art. 7(2)"),
    Case(0, 1, "contract", "Art. 8"),           # no floor for sensitive PI
    Case(99_999, 1, "contract", "Art. 8"),      # 5(4) does not cover sensitive PI
    Case(0, 9_999, "contract", "Art. 8"),
    Case(0, 10_000, "assessment", "Art. 7(2)"),
    Case(999_999, 9_999, "contract", "Art. 8"),
    Case(1, 0, "none", "Art. 5(4)", exempt=True),
])
def test_boundaries(case: Case) -> None:
    found = oblige(Facts(Bounds(case.pi, case.pi), Bounds(case.sensitive, case.sensitive)), PACK)
    assert (found.duty, found.possible, found.article_en, found.exempt) == (case.duty, case.duty, case.article, case.exempt)


def test_crossed_and_may_be_crossed() -> None:
    found = oblige(Facts(Bounds(99_000, 101_000)), PACK)
    assert (found.duty, found.possible, found.exempt) == ("none", "contract", False)
    (reason,) = [r for r in found.reasons if r.status == "may_be_crossed"]
    assert "100,000" in reason.en and "99,000" in reason.zh
    certain = oblige(Facts(Bounds(100_000, 100_500)), PACK)
    assert [r.status for r in certain.reasons if "100,000 persons" in r.en] == ["crossed"]


def test_ciio_has_no_floor_and_no_small_exemption() -> None:
    one = oblige(Facts(Bounds(1, 1), ciio=True), PACK)
    assert (one.duty, one.article_en, one.exempt) == ("assessment", "Art. 7(1)", False)
    maybe = oblige(Facts(Bounds(0, 3), ciio=True), PACK)
    assert (maybe.duty, maybe.possible) == ("none", "assessment")


@pytest.mark.parametrize(("scenario", "article"), [
    ("collected_abroad", "Art. 4"), ("contract_with_individual", "Art. 5(1)"), ("human_resources", "Art. 5(2)"), ("emergency", "Art. 5(3)"),
])
@pytest.mark.parametrize("ciio", [False, True])
def test_exempt_purposes_come_before_ciio_and_thresholds(scenario: str, article: str, ciio: bool) -> None:
    found = oblige(Facts(Bounds(5_000_000, 5_000_000), Bounds(50_000, 50_000), ciio=ciio, scenario=scenario), PACK)
    assert (found.duty, found.exempt, found.article_en) == ("none", True, article)


def test_no_exempt_purpose_covers_important_data() -> None:
    found = oblige(Facts(Bounds(1, 1), important="declared", scenario="emergency", ftz=True, outside_list=True), PACK)
    assert (found.duty, found.exempt, found.article_en) == ("assessment", False, "Art. 7")


def test_candidates_of_important_data_oblige_to_nothing_yet() -> None:
    found = oblige(Facts(important="suspected"), PACK)
    assert (found.duty, found.suspected, found.exempt) == ("none", True, False)
    assert found.reasons[0].article_en == "Art. 2"


def test_article_3_falls_with_the_first_person() -> None:
    assert oblige(Facts(scenario="no_personal"), PACK).article_en == "Art. 3"
    found = oblige(Facts(sensitive=Bounds(1, 1), scenario="no_personal"), PACK)
    assert (found.duty, found.exempt) == ("contract", False)
    assert any(r.article_en == "Art. 3" and r.status == "does_not_apply" for r in found.reasons)


def test_the_list_is_for_registrants_of_the_zone() -> None:
    facts = Facts(Bounds(2_000_000, 2_000_000), outside_list=True)
    assert oblige(facts._replace(ftz=True), PACK).article_en == "Art. 6"
    stranger = oblige(facts, PACK)
    assert (stranger.duty, stranger.exempt) == ("assessment", False)
    assert any(r.article_en == "Art. 6" and r.status == "does_not_apply" for r in stranger.reasons)


def test_an_unknown_scenario_exempts_nothing() -> None:
    assert oblige(Facts(sensitive=Bounds(5, 5), scenario="because"), PACK).duty == "contract"


def test_every_reason_speaks_both_languages() -> None:
    found = oblige(Facts(Bounds(99_000, 101_000), Bounds(1, 20_000)), PACK)
    assert found.rule_pack == "order16-2024/1"
    assert all(r.zh and r.en and r.article_zh and r.article_en for r in found.reasons)
    assert found.as_dict()["reasons"][0]["status"]


def naive(pi: int, sensitive: int) -> str:
    """Articles 5(4), 7 and 8 for a non-CIIO, as one would read them aloud."""
    if pi >= 1_000_000 or sensitive >= 10_000:
        return "assessment"
    if pi >= 100_000 or sensitive >= 1:
        return "contract"
    return "none"


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000), st.integers(0, 20_000), st.integers(0, 20_000))
def test_bounds_mean_the_duty_at_each_end(a: int, b: int, c: int, d: int) -> None:
    pi, sensitive = Bounds(min(a, b), max(a, b)), Bounds(min(c, d), max(c, d))
    found = oblige(Facts(pi, sensitive), PACK)
    assert found.duty == naive(pi.lower, sensitive.lower)
    assert found.possible == naive(pi.upper, sensitive.upper)
    assert RANK[found.possible] >= RANK[found.duty]
    assert found.exempt == (found.possible == "none")
