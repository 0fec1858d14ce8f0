"""What a year's exports oblige a holder to (CAC Order 16, Articles 3 to 9): a pure function of counts and facts.

Order of evaluation: important data, the zone's list, exempt purposes (CIIO too, but for 5(4)), CIIO, thresholds. Each duty is judged at
the lower bounds ("crossed") and at the upper bounds ("may be crossed").
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from pipeline.ledger.pack import RANK, Cited, Duty, Pack, Threshold


class Bounds(NamedTuple):
    """Between how many distinct persons and how many."""

    lower: int
    upper: int


NOBODY = Bounds(0, 0)


class Facts(NamedTuple):
    """What is known of one holder's exports since 1 January, Beijing time; exempt flows are left out of the counts."""

    pi: Bounds = NOBODY                # persons whose PI went, sensitive PI not counted
    sensitive: Bounds = NOBODY         # persons whose sensitive PI went
    important: Literal["none", "suspected", "declared"] = "none"
    ciio: bool = False
    ftz: bool = False                  # registrant of the free-trade zone
    outside_list: bool = False         # all of it lies outside the zone's negative list, as filed
    scenario: str = ""                 # exempt purpose on record


class Reason(NamedTuple):
    """One step of the judgement."""

    status: Literal["crossed", "may_be_crossed", "not_crossed", "applies", "does_not_apply"]
    article_zh: str
    article_en: str
    zh: str
    en: str


class Obligation(NamedTuple):
    """The duty that is certain, the one that is possible, and why."""

    duty: Duty         # at the lower bounds
    possible: Duty     # at the upper bounds; never less than `duty`
    exempt: bool       # certain to be exempt: an exemption applies and no duty can arise
    suspected: bool    # important-data candidates wait for matching (Art. 2)
    article_zh: str    # of `duty`, or of the exemption
    article_en: str
    rule_pack: str
    reasons: tuple[Reason, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as alerts keep it."""
        return {**self._asdict(), "reasons": [reason._asdict() for reason in self.reasons]}


def oblige(facts: Facts, pack: Pack) -> Obligation:
    """What `facts` oblige to under `pack`."""
    reasons = [*_important(facts, pack)]
    suspected = facts.important == "suspected"
    if facts.important == "declared":
        rule = pack.important
        return _result(rule.duty, rule.duty, rule, pack, reasons, exempt=False, suspected=False)
    waived = _list_use(facts, pack) or _purpose(facts, pack)
    if waived:
        reasons.append(waived)
        if waived.status == "applies":
            cited = Cited(article_zh=waived.article_zh, article_en=waived.article_en)
            return _result("none", "none", cited, pack, reasons, exempt=True, suspected=suspected)
    return _by_counts(facts, pack, reasons, suspected)


def _important(facts: Facts, pack: Pack) -> list[Reason]:
    rule = pack.important
    if facts.important == "declared":
        zh, en = "含已告知或公布的重要数据", "holds data declared or published as important"
        return [Reason("applies", rule.article_zh, rule.article_en, zh, en)]
    if facts.important == "suspected":
        zh, en = "疑似重要数据，未经告知或公布，待与目录核对", "important-data candidate, not declared or published: to be matched"
        return [Reason("does_not_apply", rule.suspected_zh, rule.suspected_en, zh, en)]
    return []


def _list_use(facts: Facts, pack: Pack) -> Reason | None:
    if not facts.outside_list:
        return None
    rule = pack.zone_list
    if not facts.ftz:
        zh, en = "非自贸试验区登记单位，负面清单不适用", "no registrant of the zone: its list does not apply"
        return Reason("does_not_apply", rule.article_zh, rule.article_en, zh, en)
    return Reason("applies", rule.article_zh, rule.article_en, "属于负面清单外的数据", "outside the zone's negative list")


def _purpose(facts: Facts, pack: Pack) -> Reason | None:
    rule = pack.exempts(facts.scenario) if facts.scenario else None
    if rule is None:
        return None
    anyone = facts.pi.upper > 0 or facts.sensitive.upper > 0
    if not rule.personal and (anyone or facts.important != "none"):
        zh = f"不适用：所见数据含个人信息或疑似重要数据（{rule.zh}）"
        en = f"does not apply, PI or an important-data candidate was seen ({rule.en})"
        return Reason("does_not_apply", rule.article_zh, rule.article_en, zh, en)
    return Reason("applies", rule.article_zh, rule.article_en, rule.zh, rule.en)


def _by_counts(facts: Facts, pack: Pack, reasons: list[Reason], suspected: bool) -> Obligation:
    if facts.ciio:
        return _ciio(facts, pack, reasons, suspected)
    reasons += [_threshold(rule, facts) for rule in pack.threshold]
    certain = _strictest(pack, facts.pi.lower, facts.sensitive.lower)
    possible = _strictest(pack, facts.pi.upper, facts.sensitive.upper)
    small = facts.pi.upper < pack.small.below and facts.sensitive.upper == 0
    if small and facts.pi.upper > 0:
        zh = f"累计不满 {pack.small.below:,} 人且不含敏感个人信息"
        en = f"fewer than {pack.small.below:,} persons, no sensitive PI"
        reasons.append(Reason("applies", pack.small.article_zh, pack.small.article_en, zh, en))
    cited: Cited = certain or (pack.small if small else possible or pack.small)
    return _result(certain.duty if certain else "none", possible.duty if possible else "none", cited, pack, reasons,
                   exempt=small and not suspected, suspected=suspected)


def _ciio(facts: Facts, pack: Pack, reasons: list[Reason], suspected: bool) -> Obligation:
    certain = facts.pi.lower > 0 or facts.sensitive.lower > 0
    possible = facts.pi.upper > 0 or facts.sensitive.upper > 0
    rule = pack.ciio
    zh = "关键信息基础设施运营者向境外提供个人信息，人数不限"
    en = "an operator of critical information infrastructure exports PI, of any number of persons"
    status: Literal["crossed", "may_be_crossed", "not_crossed"] = "crossed" if certain else "may_be_crossed" if possible else "not_crossed"
    reasons.append(Reason(status, rule.article_zh, rule.article_en, zh, en))
    duty: Duty = rule.duty if certain else "none"
    return _result(duty, rule.duty if possible else "none", rule, pack, reasons, exempt=False, suspected=suspected)


def _threshold(rule: Threshold, facts: Facts) -> Reason:
    seen = facts.pi if rule.counter == "pi" else facts.sensitive
    status: Literal["crossed", "may_be_crossed", "not_crossed"]
    status = "crossed" if seen.lower >= rule.least else "may_be_crossed" if seen.upper >= rule.least else "not_crossed"
    what_zh, what_en = ("个人信息", "PI") if rule.counter == "pi" else ("敏感个人信息", "sensitive PI")
    many_zh, many_en = f" {rule.least:,} 人以上", f"{rule.least:,} persons or more"
    if rule.least == 1:
        many_zh, many_en = "人数不限", "any number of persons"
    zh = f"{what_zh}{many_zh}；当年累计下限 {seen.lower:,} · 上限 {seen.upper:,}"
    en = f"{what_en} of {many_en}; this year between {seen.lower:,} and {seen.upper:,}"
    return Reason(status, rule.article_zh, rule.article_en, zh, en)


def _strictest(pack: Pack, pi: int, sensitive: int) -> Threshold | None:
    met = [rule for rule in pack.threshold if (pi if rule.counter == "pi" else sensitive) >= rule.least]
    return max(met, key=lambda rule: RANK[rule.duty], default=None)


def _result(
    duty: Duty, possible: Duty, cited: Cited, pack: Pack, reasons: list[Reason], *, exempt: bool, suspected: bool
) -> Obligation:
    return Obligation(duty, possible, exempt, suspected, cited.article_zh, cited.article_en, pack.label, tuple(reasons))
