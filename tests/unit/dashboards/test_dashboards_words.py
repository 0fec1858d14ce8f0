"""Both languages say everything, with the same blanks, and the code asks for nothing they do not have."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dashboards.words.dictionary import say, words
from dashboards.words.moments import NS, length, moment_ns, parse, span, stamp, utc
from dashboards.words.numbers import octets, percent, short_count

FOLDER = Path(__file__).resolve().parents[3] / "dashboards"


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_blanks() -> None:
    zh, en = words("zh"), words("en")
    assert set(zh) == set(en)
    assert {key for key in zh if blanks(zh[key]) != blanks(en[key])} <= {"incident.persons"}
    assert all(text.count("**") % 2 == 0 for text in (*zh.values(), *en.values()))


def test_every_key_the_code_names_is_there() -> None:
    asked = {key for file in FOLDER.rglob("*.py") for key in re.findall(r'\bt\(\s*"([a-z_]+(?:\.[a-z_0-9]+)+)"', file.read_text("utf-8"))}
    assert len(asked) > 100
    assert asked <= set(words("en"))


def test_every_key_made_from_a_code_is_there() -> None:
    from dashboards.access.viewer import ALLOWED
    from dashboards.pages.coverage import ORDER
    from dashboards.widgets.verdict_tag import GLYPHS
    from pipeline.incident.cases import CLOSE_OUT, STATES
    from pipeline.registry.files import KINDS
    from pipeline.schema.codes import Reason

    made = (
        {f"verdict.{v}" for v in GLYPHS}
        | {f"state.{s}" for s in STATES}
        | {f"permitkind.{k}" for k in KINDS}
        | {f"incident.{k}" for k in CLOSE_OUT}
    )
    made |= {f"{group}.{reason}" for group in ("reason", "owner", "remedy") for reason in Reason} | {f"role.{role}" for role in ALLOWED}
    made |= {f"nav.{page}" for pages in ALLOWED.values() for page in pages} | {f"level.{level}" for level in range(1, 5)}
    assert made <= set(words("zh"))
    assert set(ORDER) == set(Reason)


def test_a_missing_key_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        say("en", "no.such_key")


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (84_612_000, "84.6 MB"), (999_600, "1.00 MB"), (5 * 10**18, "5.00 EB")],
)
def test_octets_are_decimal_with_three_digits(number: int, text: str) -> None:
    assert octets(number) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0.0%"), (0.0004, "<0.1%"), (0.713, "71.3%"), (0.9999, ">99.9%"), (1, "100.0%")])
def test_a_share_never_rounds_to_none_or_all(share: float, text: str) -> None:
    assert percent(share) == text


def test_axes_count_in_the_readers_units() -> None:
    assert [short_count(n, "en") for n in (500, 10_000, 1_000_000)] == ["500", "10 k", "1 M"]
    assert [short_count(n, "zh") for n in (500, 10_000, 1_000_000, 2e8)] == ["500", "1 万", "100 万", "2 亿"]


def test_moments_are_beijings_with_utc_in_reach() -> None:
    moment = moment_ns(datetime(2026, 11, 23, 16, 30, 4, 885_000, tzinfo=UTC))
    assert stamp(moment, milliseconds=True) == "2026-11-24 00:30:04.885"
    assert stamp(moment_ns(datetime(2026, 1, 1, tzinfo=UTC)), milliseconds=True) == "2026-01-01 08:00:00.000"
    assert utc(moment) == "2026-11-23 16:30:04 UTC"
    assert parse("2026-11-24") == parse("2026-11-23T16:00+00:00") == moment // (86_400 * NS) * 86_400 * NS + 16 * 3600 * NS
    assert parse("yesterday") is None


@pytest.mark.parametrize(
    ("ns", "en", "zh"),
    [
        (412_000, "0.412 ms", "0.412 毫秒"),
        (20_400_000, "20.4 ms", "20.4 毫秒"),
        (1_204_000_000, "1.204 s", "1.204 秒"),
        (90 * NS, "1 min 30 s", "1 分 30 秒"),
        (0, "0 ms", "0 毫秒"),
    ],
)
def test_a_short_length_is_as_exact_as_it_is_told_apart(ns: int, en: str, zh: str) -> None:
    assert (length(ns, "en"), length(ns, "zh")) == (en, zh)


def test_a_span_names_its_two_largest_units() -> None:
    assert span(6_540, "en") == "1 h 49 min" and span(6_540, "zh") == "1 小时 49 分" and span(0, "en") == "0 s"
