"""Flow search: what a URL asks for, as one filter and one period, and the search of the store that answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboards.summary import Cover
from dashboards.words.dictionary import say
from pipeline.search.fields import VERDICTS, find_field
from pipeline.search.language import parse, rewrite
from pipeline.search.output import in_ns, plain_rows
from pipeline.search.period import Period, stored_period
from pipeline.search.run import Search, new_search
from pipeline.search.saved import expand
from pipeline.search.tree import Tree
from pipeline.search.values import BEIJING_NS, NS, read_moment, write_text
from pipeline.search.verdicts import read_verdicts
from pipeline.search.wrong import FilterError

if TYPE_CHECKING:
    from dashboards.desk import Desk

# What other pages' links and callers of the API may ask for by a name of its own, and the comparison it stands for.
ENTRIES = {"address": "ip in", "port": "port ==", "server": "server.name ~", "line": "line ==", "destination": "destination =="}
# Steps of a histogram in seconds: about sixty fit a period, and all begin at times that people name.
WIDTHS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 7 * 86_400, 30 * 86_400)
STEPS = 60

_BARE = re.compile(r"[0-9A-Fa-f:]+(\.[0-9A-Fa-f:]+)*(/[0-9]+)?")  # addresses need no quotes


class Wrong(NamedTuple):
    """Something typed that is not understood: in which entry, the text there, and the error that says where and why."""

    entry: str
    text: str
    error: FilterError


def said(language: str, wrong: Wrong) -> dict[str, Any]:
    """The error in the reader's words, for a page's script; `instead` are texts any of which may replace the wrong part."""
    error = wrong.error
    instead = error.expected if error.code.startswith("no_") else ()
    fields = [field.name for text in instead if (field := find_field(text))] if error.code == "no_field" else instead
    return {
        "entry": wrong.entry,
        "text": wrong.text,
        "column": error.column,
        "length": error.length,
        "place": say(language, "flows.wrong", column=error.column, message=error.say(language)),
        "hint": "" if instead else error.hint(language),
        "instead": list(dict.fromkeys(fields)),
    }


class Question(NamedTuple):
    """What is asked: the filter as text and tree, the ends of the period where they are given; `wrong` is what was not understood."""

    text: str
    tree: Tree | None
    since_ns: int | None
    until_ns: int | None
    wrong: tuple[Wrong, ...]

    @property
    def key(self) -> tuple[str, int | None, int | None]:
        """What its last answer is kept by."""
        return self.text, self.since_ns, self.until_ns


def filter_text(text: str, query: Mapping[str, str]) -> str:
    """The filter `text` with fields by their first names, and the entries beside it written as a part of it."""
    text = rewrite(text)
    given = [(beginning, query[entry].strip()) for entry, beginning in ENTRIES.items() if query.get(entry, "").strip()]
    parts = [f"{beginning} {value if _BARE.fullmatch(value) else write_text(value)}" for beginning, value in given]
    return " and ".join([f"({text})" if text and parts else text, *parts] if text else parts)


def read_question(query: Mapping[str, str], saved: Callable[[], Mapping[str, str]] = dict) -> Question:
    """The question of a URL, `saved` searches in it written out; what cannot be understood is named, not guessed."""
    wrong: list[Wrong] = []
    text, tree = query.get("q", "").strip(), None
    try:
        text = filter_text(expand(text, saved), query)
        tree = parse(text)
    except FilterError as error:
        wrong.append(Wrong("q", text, error))
    ends: list[int | None] = []
    for entry in ("from", "to"):
        typed, end = query.get(entry, "").strip(), None
        try:
            end = read_moment(typed) if typed else None
        except (ValueError, OverflowError):
            wrong.append(Wrong(entry, typed, FilterError("no_time", 1, len(typed), found=typed)))
        ends.append(end)
    return Question(text, tree, ends[0], ends[1], tuple(wrong))


def open_search(desk: Desk, question: Question) -> Search | Wrong | None:
    """The search that answers it, within what is stored; None where nothing is stored. Call it inside `ask`.

    The regular expressions are tried by the store, which alone knows them: `Wrong` where it takes one not.
    """
    stored = stored_period(desk.store)
    if stored is None:
        return None
    since = max(stored.since_ns, question.since_ns if question.since_ns is not None else stored.since_ns)
    until = min(stored.until_ns, question.until_ns if question.until_ns is not None else stored.until_ns)
    try:
        return new_search(desk.store, question.tree, Period(since, max(since, until)), partial(read_verdicts, desk.engine))
    except FilterError as error:
        return Wrong("q", question.text, error)


class Over(NamedTuple):
    """Flows over time: when each step begins in ns, and by step how many flows it has and how many of them were not wholly seen."""

    starts: list[int]
    sums: dict[int, dict[str, Any]]


def width_of(period: Period) -> int:
    """The width in ns of a step of a histogram over `period`."""
    least = (period.until_ns - period.since_ns) / STEPS
    return next((width * NS for width in WIDTHS_S if width * NS >= least), WIDTHS_S[-1] * NS)


def count_over(search: Search) -> Over:
    """Steps from the period's begin to its end; only those that have flows have sums."""
    period, width = search.period, width_of(search.period)
    first = (period.since_ns + BEIJING_NS) // width * width - BEIJING_NS
    starts = list(range(first, max(period.until_ns, first + 1), width))
    return Over(starts, {row["start"]: row for row in plain_rows(search.over_time(width), in_ns)})


def over_by_verdict(over: Over, found: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Flows by step under each verdict that any has, the gravest first; `found` as `found_over` gives it."""
    of_step: dict[int, list[Mapping[str, Any]]] = {}
    for row in found:
        of_step.setdefault(row["start"], []).append(row)
    counts = [by_verdict(over.sums[start], of_step.get(start, [])) if start in over.sums else {} for start in over.starts]
    return {code: [one.get(code, 0) for one in counts] for code in VERDICTS if any(code in one for one in counts)}


def found_over(search: Search) -> list[dict[str, Any]]:
    """Flows with findings, by verdict and the steps of `count_over`; of 100 million flows two seconds, so apart from what is quick."""
    return plain_rows(search.found(width_of(search.period)), in_ns)


def by_verdict(sums: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Flows by verdict, none that is under no flow: of all, and of those with findings by the verdict of their alert.

    A flow with findings has that verdict even where it was not seen to its end; of the others, what was not wholly seen has none.
    """
    counts = dict.fromkeys(VERDICTS, 0)
    for row in found:
        counts[row["verdict"]] += int(row["flows"])
    counts["unseen"] = int(sums["unseen"]) - sum(int(row["unseen"]) for row in found)
    counts["nothing"] = int(sums["flows"]) - sum(counts.values())
    return {code: counts[code] for code in VERDICTS if counts[code] > 0}


def cover_of_row(row: Mapping[str, Any]) -> Cover:
    """What of the payload sent out was seen; of one flow or of sums over many."""
    seen, sealed = int(row["inspected.out"]), int(row["encrypted.out"])
    return Cover(seen, sealed, max(0, int(row["sent.out"]) - seen - sealed))
