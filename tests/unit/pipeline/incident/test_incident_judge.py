"""The verdict on one day's findings, against one holder's permissions: pure functions."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline.incident.claim import category_name, claim, class_name, class_names, explain, signature_name
from pipeline.incident.judge import Judgement, judge
from pipeline.incident.models import Alert
from pipeline.incident.pack import load_pack
from pipeline.incident.seen import Far, Key, Kind, Persons, Seen, narrow
from pipeline.incident.words import CLASS
from pipeline.ledger import pack as law
from pipeline.ledger.obligations import Bounds
from pipeline.registry.models import Holder, Permission

ROOT = Path(__file__).resolve().parents[4]
DAY = datetime.date(2026, 11, 23)
NOON = datetime.datetime(2026, 11, 23, 4, tzinfo=datetime.UTC)
USCI = "91350100M000100Y43"
END = Far("dms.example.net", "::ffff:10.21.7.44", "::ffff:10.121.3.18")
RESIDENT = {"resident_id": Kind("sensitive", "身份", 3, 300, 300, 200)}
MOBILE = {"mobile": Kind("pi", "基本", 3, 300, 300, 200)}
MARK = {"marking": Kind("important", "其他", 3, 2, 2, 1)}


def seen(kinds: dict[str, Kind], **other: Any) -> Seen:
    key = Key(USCI, "L-1", other.pop("destination", "SG"), "seen", other.pop("day", DAY))
    values: dict[str, Any] = {"ends": (END,), "ends_cut": False, "findings": 3, "partial": False, "first": NOON, "last": NOON, **other}
    return Seen(key=key, kinds=kinds, **values)


def permission(**other: Any) -> Permission:
    values: dict[str, Any] = {
        "id": 1, "number": "P-1", "kind": "contract", "destinations": ["SG"], "categories": ["level:pi", "level:sensitive"],
        "recipients": [{"name": "R", "servers": ["example.net"], "prefixes": []}], "persons_pi": None, "persons_sensitive": None,
        "valid_from": datetime.date(2026, 1, 1), "valid_until": datetime.date(2028, 12, 31), "scenario": "", "article": "", **other,
    }
    return Permission(**values)


def persons(pi: int | tuple[int, int] = 0, sensitive: int | tuple[int, int] = 0) -> dict[str | None, Persons]:
    def bounds(n: int | tuple[int, int]) -> Bounds:
        return Bounds(n, n) if isinstance(n, int) else Bounds(*n)

    both = Persons(bounds(pi), bounds(sensitive))
    return {None: both, "SG": both}


def run(found: Seen, permissions: list[Permission], year: dict[str | None, Persons], **holder: bool) -> Judgement:
    flags = {"ciio": False, "ftz": False, **holder}
    return judge(found, Holder(usci=USCI, name="某公司", name_en="Some Co", **flags), permissions, year, law.load_pack(), load_pack())


def test_no_permission_and_sensitive_data() -> None:
    found = run(seen(RESIDENT), [], persons(sensitive=300))
    assert (found.verdict, found.article_en, found.level, found.permission) == ("none", "CAC Order 16 Art. 8", 2, None)
    assert found.article_zh == "《促进和规范数据跨境流动规定》第八条"


@pytest.mark.parametrize(("count", "article", "level"), [
    (999, "CAC Order 16 Art. 8", 2), (1_000, "CAC Order 16 Art. 8", 3), (9_999, "CAC Order 16 Art. 8", 3),
    (10_000, "CAC Order 16 Art. 7(2)", 4),
])
def test_the_level_follows_the_year(count: int, article: str, level: int) -> None:
    found = run(seen(RESIDENT), [], persons(sensitive=count))
    assert (found.verdict, found.article_en, found.level) == ("none", article, level)


def test_ciio_without_permission_is_critical() -> None:
    found = run(seen(MOBILE), [], persons(pi=1), ciio=True)
    assert (found.verdict, found.article_en, found.level) == ("none", "CAC Order 16 Art. 7(1)", 4)


def test_few_persons_without_sensitive_data_are_exempt() -> None:
    found = run(seen(MOBILE), [], persons(pi=99_999))
    assert (found.verdict, found.article_en, found.level) == ("exempt", "CAC Order 16 Art. 5(4)", 1)


def test_what_only_the_upper_bound_obliges_to_is_pending() -> None:
    found = run(seen(MOBILE), [], persons(pi=(99_000, 101_000)))
    assert (found.verdict, found.level) == ("pending", 2)


def test_all_within() -> None:
    found = run(seen({**RESIDENT, **MOBILE}), [permission(persons_sensitive=300)], persons(sensitive=300))
    assert (found.verdict, found.level, found.article_en) == ("permit", 1, "CAC Order 16 Art. 8")
    assert [f.within for f in found.comparison] == [True] * 7


@pytest.mark.parametrize(("changed", "field", "article"), [
    ({"destinations": ["DE"]}, "destination", "CAC Order 13 Art. 8"),
    ({"categories": ["mobile"]}, "categories", "CAC Order 13 Art. 8"),
    ({"recipients": [{"name": "R", "servers": ["other.example"], "prefixes": ["10.9.0.0/16"]}]}, "recipient", "CAC Order 13 Art. 8"),
    ({"persons_sensitive": 299}, "persons_sensitive", "CAC Order 13 Art. 8"),
    ({"valid_until": datetime.date(2026, 11, 22)}, "validity", "CAC Order 13 Art. 8"),
    ({"valid_from": datetime.date(2026, 11, 24)}, "validity", "CAC Order 13 Art. 8"),
    ({"kind": "assessment", "valid_until": datetime.date(2026, 11, 22)}, "validity", "CAC Order 16 Art. 9"),
    ({"kind": "assessment", "persons_sensitive": 299}, "persons_sensitive", "Network Data Security Regulation Art. 38"),
    ({"kind": "certification", "persons_sensitive": 299}, "persons_sensitive", "CAC Order 20 Art. 10"),
])
def test_one_field_exceeded(changed: dict[str, Any], field: str, article: str) -> None:
    found = run(seen({**RESIDENT, **MOBILE}), [permission(**changed)], persons(pi=10, sensitive=300))
    assert found.verdict == "beyond"
    assert [f.field for f in found.comparison if f.within is False] == [field]
    assert found.article_en == article
    assert found.permission is not None and found.permission.number == "P-1"


def test_validity_includes_its_last_day() -> None:
    assert run(seen(RESIDENT), [permission(valid_until=DAY)], persons(sensitive=3)).verdict == "permit"
    assert run(seen(RESIDENT), [permission(valid_from=DAY, valid_until=None)], persons(sensitive=3)).verdict == "permit"


def test_a_contract_is_not_enough_where_an_assessment_is_due() -> None:
    found = run(seen(RESIDENT), [permission()], persons(sensitive=10_000))
    assert (found.verdict, [f.field for f in found.comparison if f.within is False], found.level) == ("beyond", ["mechanism"], 4)
    maybe = run(seen(RESIDENT), [permission()], persons(sensitive=(9_990, 10_010)))
    assert (maybe.verdict, [f.field for f in maybe.comparison if f.within is None]) == ("pending", ["mechanism"])


def test_persons_between_the_bounds_cannot_be_told() -> None:
    found = run(seen(RESIDENT), [permission(persons_sensitive=300)], persons(sensitive=(290, 310)))
    assert (found.verdict, [f.field for f in found.comparison if f.within is None]) == ("pending", ["persons_sensitive"])


def test_a_recipient_filed_by_name_alone_cannot_be_told() -> None:
    bare = permission(recipients=[{"name": "R", "servers": [], "prefixes": []}])
    assert run(seen(RESIDENT), [bare], persons(sensitive=3)).verdict == "pending"


def test_servers_match_whole_labels_and_prefixes_match_mapped_addresses() -> None:
    near = permission(recipients=[{"name": "R", "servers": ["s.example.net"], "prefixes": []}])
    assert run(seen(RESIDENT), [near], persons(sensitive=3)).verdict == "beyond"  # dms.example.net ends in "s.example.net", as text
    by_address = permission(recipients=[{"name": "R", "servers": [], "prefixes": ["10.121.0.0/16"]}])
    assert run(seen(RESIDENT), [by_address], persons(sensitive=3)).verdict == "permit"


def test_two_permissions_may_cover_it_between_them() -> None:
    pair = [permission(categories=["resident_id"]), permission(id=2, number="P-2", categories=["mobile"])]
    assert run(seen({**RESIDENT, **MOBILE}), pair, persons(pi=3, sensitive=3)).verdict == "permit"


def test_a_permission_for_other_data_elsewhere_is_no_permission() -> None:
    other = permission(destinations=["DE"], categories=["plate"])
    found = run(seen(RESIDENT), [other], persons(sensitive=3))
    assert (found.verdict, found.permission) == ("none", None)


def test_exempt_purposes_of_the_registry() -> None:
    waiver = permission(kind="exemption", scenario="human_resources", categories=[])
    found = run(seen(RESIDENT), [waiver], persons(sensitive=50_000))
    assert (found.verdict, found.article_en, found.level) == ("exempt", "CAC Order 16 Art. 5(2)", 1)
    unknown = permission(kind="exemption", scenario="because", categories=[])
    assert run(seen(RESIDENT), [unknown], persons(sensitive=300)).verdict == "beyond"


def test_the_negative_list_is_for_registrants_of_the_zone() -> None:
    use = permission(kind="list", categories=[])
    inside = run(seen(RESIDENT), [use], persons(sensitive=300), ftz=True)
    assert (inside.verdict, inside.article_en) == ("exempt", "CAC Order 16 Art. 6")
    assert run(seen(RESIDENT), [use], persons(sensitive=300)).verdict == "beyond"


def test_candidates_of_important_data_are_suspected_until_matched() -> None:
    found = run(seen(MARK), [], persons())
    assert (found.verdict, found.article_en, found.level) == ("pending", "CAC Order 16 Art. 2", 3)
    blanket = permission(kind="assessment", categories=[])
    assert run(seen(MARK), [blanket], persons()).verdict == "pending"  # not named outright
    named = permission(kind="assessment", categories=["marking"])
    assert run(seen(MARK), [named], persons()).verdict == "permit"
    both = run(seen({**MARK, **RESIDENT}), [], persons(sensitive=3))
    assert (both.verdict, both.level) == ("none", 4)


def alert(judged: Judgement, found: Seen, **other: Any) -> Alert:
    values: dict[str, Any] = {"pi_lower": 0, "pi_upper": 0, "sensitive_lower": 12_480, "sensitive_upper": 12_480, **other}
    return Alert(
        number="A-20261123-0001", verdict=judged.verdict, level=judged.level, article=judged.article_zh, article_en=judged.article_en,
        rule_pack=judged.rule_pack, obligation=judged.obligation.as_dict(), signatures=found.signatures(), partial=found.partial,
        comparison=[f.as_dict() for f in judged.comparison], **found.key._asdict(), **values,
    )


def test_the_claim_says_all_of_it_in_both_languages() -> None:
    holder = Holder(usci=USCI, name="北辰汽车", name_en="Beichen Auto")
    found, filing = seen({**RESIDENT, **MOBILE}), permission(destinations=["DE"])
    made = alert(run(found, [filing], persons(sensitive=12_480)), found)
    zh, en = claim(made, holder, filing, "zh"), claim(made, holder, filing, "en")
    for part in ("北辰汽车", "L-1", "新加坡", "敏感个人信息", "居民身份证号", "12,480 人", "标准合同备案 P-1", "目的国家/地区"):
        assert part in zh
    for part in ("Beichen Auto", "line L-1", "Singapore", "sensitive PI", "resident ID numbers", "12,480 persons", "P-1", "destination"):
        assert part in en
    steps = explain(made, filing, "en")
    assert [s.title for s in steps] == ["Seen", "Persons", "Permission", "Therefore"]
    assert "Art. 7(2)" in steps[1].text and "exceeded in destination" in steps[2].text and "Art. 8" in steps[3].text
    assert len(explain(made, filing, "zh")) == 4


@pytest.mark.parametrize("verdict", ["none", "beyond", "pending", "permit", "exempt"])
def test_every_verdict_has_its_words(verdict: str) -> None:
    cases = {
        "none": (seen(RESIDENT), []), "beyond": (seen(RESIDENT), [permission(destinations=["DE"])]), "pending": (seen(MARK), []),
        "permit": (seen(RESIDENT), [permission()]), "exempt": (seen(MOBILE), []),
    }
    found, filed = cases[verdict]
    judged = run(found, filed, persons(pi=3 if verdict == "exempt" else 0, sensitive=0 if verdict in ("exempt", "pending") else 3))
    assert judged.verdict == verdict
    made = alert(judged, found, sensitive_lower=2, sensitive_upper=3)
    for lang in ("zh", "en"):
        said = claim(made, None, judged.permission, lang)
        assert USCI in said and "{" not in said and "None" not in said
        assert all(step.text for step in explain(made, judged.permission, lang))


def test_every_signature_and_class_of_the_catalogue_has_a_name() -> None:
    signatures = [s for path in sorted((ROOT / "detectors" / "catalogue").glob("*.toml"))
                  for s in tomllib.loads(path.read_text("utf-8")).get("signature", [])]
    ids, classes = [s["id"] for s in signatures], {s["class_35273"] for s in signatures}
    assert len(ids) > 20
    assert [i for i in ids if signature_name(i, "zh") == i] == []
    assert classes == set(CLASS) and all(class_name(one, "en").isascii() for one in classes)


def test_classes_in_a_row_have_an_order() -> None:
    assert class_names(["基本", "健康", "", "身份"], "en") == "identity, basic, 健康"
    assert class_names(["基本", "身份"], "zh") == "身份、基本" and class_names([], "en") == ""


def test_what_a_permission_covers_is_named() -> None:
    assert [category_name(one, "en") for one in ("mobile_cn", "class:身份", "class:健康", "level:sensitive")] == [
        signature_name("mobile_cn", "en"), "identity", "健康", "sensitive PI",
    ]  # fmt: skip


def test_bounds_of_a_part_narrowed_by_the_whole() -> None:
    assert narrow(Bounds(200, 900), 0, Bounds(800, 820)) == Bounds(800, 820)      # alone: it is the whole
    assert narrow(Bounds(200, 900), 500, Bounds(800, 820)) == Bounds(300, 820)    # others may hold 500 of them
    assert narrow(Bounds(200, 900), 5_000, Bounds(800, 820)) == Bounds(200, 820)  # others may hold all of them
    assert narrow(Bounds(200, 900), 0, Bounds(100, 150)) == Bounds(150, 150)      # the ledger knows they are one another's twins
