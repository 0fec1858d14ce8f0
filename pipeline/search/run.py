"""A filter asked of the store: rows newest first in bounded memory, counts, counts over time, top values; each can be stopped at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from pipeline.search.compile import compile_filter
from pipeline.search.fields import ALERT_KEYS, BY_NAME, SENT, Field, Kind
from pipeline.search.found import HAVING, look_up
from pipeline.search.period import Period
from pipeline.search.tree import Tree, compares
from pipeline.search.values import BEIJING_NS, NS, Regex
from pipeline.search.verdicts import Verdicts, no_verdicts
from pipeline.search.wrong import FilterError
from pipeline.store.store import Store

PAGE_ROWS = 5_000           # of the first page, so that it comes soon
LONG_PAGE_ROWS = 80_000     # of later ones: each is a question, and millions of rows are wanted in a file
SLICES = 64                 # of a period, to begin with
MOST_SLICES = 256           # however slow the store is
QUICK_S, SLOW_S = 0.2, 1.0  # a slice that took less is followed by a longer one, one that took more by a shorter one
LEAST_GROWTH, MOST_GROWTH = 2, 64
HOUR_NS = 3600 * NS
_WITHIN = "flows.first >= fromUnixTimestamp64Nano({since:Int64}) AND flows.first < fromUnixTimestamp64Nano({until:Int64})"
_NEWEST = "flows.first DESC, flows.flow_id DESC, flows.last DESC"
_KEY = "toUnixTimestamp64Nano(flows.first) AS key_ns, flows.flow_id AS key_flow, toUnixTimestamp64Nano(flows.last) AS key_last"
_AFTER = ("(flows.first, flows.flow_id, flows.last) < "
          "(fromUnixTimestamp64Nano({after_ns:Int64}), {after_flow:UInt64}, fromUnixTimestamp64Nano({after_last_ns:Int64}))")  # fmt: skip
# Whole hours: of all of them no flow is looked at, since the store keeps these sums by line, holder, destination, protocol and hour.
_SINCE_H, _UNTIL_H = "toDateTime({since_s:Int64}, 'UTC')", "toDateTime({until_s:Int64}, 'UTC')"
_HOURS = f"toStartOfHour(flows.first) >= {_SINCE_H} AND toStartOfHour(flows.first) < {_UNTIL_H}"
_BESIDE = f"(flows.first < {_SINCE_H} OR flows.first >= {_UNTIL_H})"
_HOUR_NS = f"toInt64(toUnixTimestamp(toStartOfHour(flows.first))) * {NS}"
_MOMENT_NS = "toUnixTimestamp64Nano(flows.first)"
_SUMS = {  # name of the answer → how its parts are added up, and what a part is
    "flows": ("sum", "count()"),
    "octets.out": ("sum", "sum(flows.octets_out)"),
    "octets.in": ("sum", "sum(flows.octets_in)"),
    "payload.out": ("sum", "sum(flows.payload_out)"),
    "inspected.out": ("sum", "sum(flows.inspected_out)"),
    "encrypted.out": ("sum", "sum(flows.encrypted_out)"),
    "sent.out": ("sum", f"sum(greatest({SENT}, flows.inspected_out + flows.encrypted_out))"),
    "unseen": ("sum", f"countIf(flows.inspected_out < {SENT})"),
    "findings": ("sum", "sum(flows.findings)"),
    "first": ("min", "min(flows.first)"),
    "last": ("max", "max(flows.last)"),
}

OF_FOUND = ("flows", "unseen")
OF_PAIRS = ("flows", "octets.out", "sent.out", "inspected.out", "encrypted.out", "unseen", "findings")
# Data leaves from the end within the territory, whichever of the two opened the flow.
_NEAR = "if(flows.domestic_end = 'dst', flows.dst_ip, flows.src_ip)"
_FAR = "if(flows.domestic_end = 'dst', flows.src_ip, flows.dst_ip)"

Key = tuple[int, int, int]  # of a row: first packet, flow, last packet; a long flow's parts are rows that differ in the last alone


class Page(NamedTuple):
    """Some rows, how much of the period has been looked through, and the last row's key to go on from."""

    rows: pa.Table
    share: float
    key: Key | None = None


@dataclass(frozen=True)
class Search:
    """One question; make it by `new_search`."""

    store: Store
    where: str
    parameters: dict[str, object]
    period: Period
    by_hour: bool = False  # `where` names nothing but what the store keeps sums by
    verdicts: Verdicts = no_verdicts
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def _bounded(self) -> str:
        # The mark is what `cancel` knows the query by. It is no comment: with parameters the engine writes the text anew, without them.
        return f"'{self.mark}' != '' AND {_WITHIN} AND {self.where}"

    def _ask(self, sql: str, period: Period, more: Mapping[str, object] = {}) -> pa.Table:  # noqa: B006
        """The answer of the store within `period`; the alerts go along where verdicts are asked for."""
        parameters = {**self.parameters, "since": period.since_ns, "until": period.until_ns, **more}
        return self.store.query(sql, {**parameters, **self.verdicts(period)} if ALERT_KEYS in sql else parameters)

    def rows(
        self, columns: Sequence[Field], limit: int, clock: Callable[[], float] = time.monotonic, after: Key | None = None
    ) -> Iterator[Page]:
        """Pages of rows, newest first, `limit` rows in all; the first page comes even when it is empty.

        The period is gone through in slices, so that the first rows come soon and a page never sorts the whole period. `after` is the
        key of a page asked earlier.
        """
        most = PAGE_ROWS
        longest = PAGE_ROWS if any(column.listed for column in columns) else LONG_PAGE_ROWS  # what is listed is looked up flow by flow
        since, stop, left = self.period.since_ns, self.period.until_ns, limit
        width, begun = max((stop - since) // SLICES, 60 * NS), False
        stop = min(stop, after[0] + 1) if after else stop
        key = after
        least = max((stop - since) // MOST_SLICES, NS)
        while left and (stop > since or not begun):
            begun, start, asked_at = True, max(since, stop - width), clock()
            page = self._page(columns, Period(start, stop), after, min(left, most))
            left -= page.num_rows
            if page.num_rows:
                key = page["key_ns"][-1].as_py(), page["key_flow"][-1].as_py(), page["key_last"][-1].as_py()
            if page.num_rows == most and key:
                after, stop, most = key, key[0] + 1, min(2 * most, longest)
            else:
                after, stop = None, start
                took = clock() - asked_at
                if took < QUICK_S:
                    width *= _growth(min(left, most), page.num_rows, took)
                elif took > SLOW_S:
                    width = max(width // 2, least)
            yield Page(self._told(page, columns), 1 - (stop - since) / max(1, self.period.until_ns - since), key)

    def _page(self, columns: Sequence[Field], period: Period, after: Key | None, most: int) -> pa.Table:
        where, more = self._bounded, {}
        if after:
            where += f" AND {_AFTER}"
            more = {"after_ns": after[0], "after_flow": after[1], "after_last_ns": after[2]}
        return self._ask(f"SELECT {_chosen(columns, True)} FROM flows WHERE {where} ORDER BY {_NEWEST} LIMIT {most:d}", period, more)

    def _told(self, page: pa.Table, columns: Sequence[Field]) -> pa.Table:
        """Its columns in their order, those of findings among them, without keys."""
        listed = [column for column in columns if column.listed]
        for column, lists in zip(listed, look_up(self._ask, self.mark, page, listed) if listed else (), strict=True):
            page = page.append_column(column.name, lists)
        return page.select([column.name for column in columns])

    def largest(self, columns: Sequence[Field], by: Field, most: int) -> pa.Table:
        """At most `most` rows of the whole period, those with the most of `by` first, then the newest: one question that keeps no more."""
        rows = self._ask(
            f"SELECT {_chosen(columns, False)} FROM flows WHERE {self._bounded} "
            f"ORDER BY {by.columns[0]} DESC, flows.first DESC, flows.flow_id DESC LIMIT {most:d}",
            self.period,
        )
        return self._told(rows, columns)

    def count(self) -> pa.Table:
        """One row: flows, octets, how much was inspected, findings, first and last packet."""
        return self._sums({}, "", self.by_hour)

    def over_time(self, width_ns: int) -> pa.Table:
        """The same for each stretch of `width_ns` that has flows, the earliest first; days are Beijing's."""
        by_hour = self.by_hour and width_ns % HOUR_NS == 0
        return self._sums({"start": _start(_HOUR_NS if by_hour else _MOMENT_NS, width_ns)}, "ORDER BY start", by_hour)

    def found(self, width_ns: int | None = None) -> pa.Table:
        """How many flows have findings, and how many of them were not wholly seen, by their alert's verdict and, if asked for, by stretch.

        A question of its own, because such flows are few: with it the sums by hour, which know no verdict, stay of use.
        """
        key = {"verdict": BY_NAME["verdict"].columns[0]} | ({"start": _start(_MOMENT_NS, width_ns)} if width_ns else {})
        return self._sums(key, f"ORDER BY {', '.join(key)}", False, only="flows.findings > 0", names=OF_FOUND)

    def top(self, of: Field, most: int = 20) -> pa.Table:
        """The same for each value of a field, those with the most flows first; a flow with several values counts under each."""
        joined, value = "", shown(of)
        if of.table == "findings":
            value = f"arrayJoin({of.each})" if of.each else value
            found = f"SELECT DISTINCT findings.flow_id AS flow_id, {value} AS one FROM findings"
            joined, value = f" INNER JOIN ({found}) AS found ON found.flow_id = flows.flow_id", "found.one"
        elif of.each or len(of.columns) > 1:
            each = ", ".join(shown(of._replace(columns=(column,))) for column in of.columns)
            value = f"arrayJoin(arrayDistinct(arrayConcat([{each}]{', ' + of.each if of.each else ''})))"
        only = f"flows.protocol = '{of.only}'" if of.only else "1"
        then = f"ORDER BY flows DESC, value LIMIT {most:d}"
        return self._sums({"value": value}, then, self.by_hour and of.by_hour, joined, only)

    def pairs(self, most: int) -> pa.Table:
        """The same for each pair of ends, `near` (within the territory) and `far`, those that sent the most octets out first.

        Each row also says of all pairs together how many they are, how many octets out and, beyond some ten thousands only about, how
        many ends they have. `destination` is one of the pair's.
        """
        parts = ", ".join(f"{_SUMS[name][1]} AS `{name}`" for name in OF_PAIRS)
        groups = f"SELECT {_NEAR} AS a, {_FAR} AS b, any(flows.destination) AS destination, {parts} FROM flows WHERE {self._bounded}"
        of_all = "count() OVER () AS all_pairs, uniqArray([a, b]) OVER () AS all_ends, sum(`octets.out`) OVER () AS all_octets"
        largest = f"SELECT *, {of_all} FROM ({groups} GROUP BY a, b) AS pair ORDER BY `octets.out` DESC, a, b LIMIT {most:d}"
        # Addresses are written out last: there may be millions of pairs.
        return self._ask(f"SELECT {plain_address('a')} AS near, {plain_address('b')} AS far, * EXCEPT (a, b) FROM ({largest})", self.period)

    def _sums(
        self, key: dict[str, str], then: str, by_hour: bool, joined: str = "", only: str = "1", names: Sequence[str] = tuple(_SUMS)
    ) -> pa.Table:
        """The sums `names` by `key` (name → SQL; nothing: one row).

        `by_hour`: flows are looked at in the period's first and last hour alone.
        """
        (since, until), sums = self.period, {name: _SUMS[name] for name in names}
        kept = "".join(f"{name}, " for name in key)
        grouped = f"GROUP BY {', '.join(key)} " if key else ""
        keys = "".join(f"{sql} AS {name}, " for name, sql in key.items())
        parts = ", ".join(f"{part} AS `{name}`" for name, (_, part) in sums.items())
        since_h, until_h = -(-since // HOUR_NS) * HOUR_NS, until // HOUR_NS * HOUR_NS
        if not by_hour or since_h >= until_h:
            return self._ask(f"SELECT {keys}{parts} FROM flows{joined} WHERE {self._bounded} AND {only} {grouped}{then}", self.period)
        hours = {"since_s": since_h // NS, "until_s": until_h // NS}
        marked = f"'{self.mark}' != '' AND {self.where} AND {only}"
        # A sum without rows is a row all the same, whose first packet is of 1970: hence HAVING.
        rows = [f"SELECT {keys}{parts} FROM flows WHERE {within} AND {marked} {grouped}HAVING count() > 0"
                for within in (_HOURS, f"{_WITHIN} AND {_BESIDE}")]  # fmt: skip
        added = ", ".join(f"{how}(part.`{name}`) AS `{name}`" for name, (how, _) in sums.items())
        return self._ask(f"SELECT {kept}{added} FROM ({' UNION ALL '.join(rows)}) AS part {grouped}{then}", self.period, hours)

    def estimate(self) -> int:
        """How many rows the store would look through at most; 0 where it cannot say (it knows its own parts, not other servers')."""
        # A question about findings would be answered, as far as they go, before the estimate: of it the period alone counts.
        where = _WITHIN if "SELECT" in self.where else f"{_WITHIN} AND {self.where}"
        told = self._ask(f"EXPLAIN ESTIMATE SELECT max(flows.octets_out) FROM flows WHERE {where}", self.period)
        return sum(told.column("rows").to_pylist())

    def cancel(self) -> None:
        """Stop what this question is running now, in whatever thread: that call raises RuntimeError."""
        stop_marked(self.store, self.mark)


def _growth(wanted: int, found: int, took_s: float) -> int:
    """How many times as long the next slice should be to hold the rows `wanted`, and not to take longer than SLOW_S.

    What is rare is found soonest by one question over all the rest: most of a slice's time goes into asking at all.
    """
    enough = wanted * 3 // (2 * found) + 1 if found else MOST_GROWTH  # half as much again: what is missed costs another question
    return max(LEAST_GROWTH, min(enough, int(SLOW_S / max(took_s, 1e-6)), MOST_GROWTH))


def stop_marked(store: Store, mark: str) -> None:
    """Stop every query that has `mark` in its text."""
    store.command(f"KILL QUERY WHERE position(query, '{mark}') > 0 AND query NOT LIKE 'KILL%' ASYNC")


def new_search(store: Store, tree: Tree | None, period: Period, verdicts: Verdicts = no_verdicts) -> Search:
    """A search for `tree`; FilterError when the store cannot compile one of its regular expressions."""
    check_expressions(store, tree)
    by_hour = all(compare.field.by_hour for compare in compares(tree)) if tree else True
    return Search(store, *compile_filter(tree), period, by_hour, verdicts)


def check_expressions(store: Store, tree: Tree | None) -> None:
    """FilterError for the first regular expression that the store does not take: it is the one that knows."""
    for compare in compares(tree) if tree else ():
        for item, place in zip(compare.items, compare.places, strict=True):
            if isinstance(item, Regex):
                try:
                    store.query("SELECT match('', {pattern:String}) AS taken", {"pattern": f"(?i){item.pattern}"})
                except RuntimeError as error:
                    if "compile" not in str(error):
                        raise
                    raise FilterError("no_expression", *place, found=item.pattern) from None


def _start(at: str, width_ns: int) -> str:
    """SQL of the moment at which the stretch of `width_ns` begins that `at` (in ns) lies in."""
    return f"fromUnixTimestamp64Nano(intDiv({at} + {BEIJING_NS:d}, {width_ns:d}) * {width_ns:d} - {BEIJING_NS:d}, 'UTC')"


def _chosen(columns: Sequence[Field], keyed: bool) -> str:
    """SQL of an answer's columns, and its keys where they are needed; what findings say is looked up later (found.py)."""
    chosen = [f"{shown(column)} AS `{column.name}`" for column in columns if not column.listed]
    if len(chosen) < len(columns):
        chosen += [_KEY, HAVING]
    elif keyed:
        chosen.append(_KEY)
    return ", ".join(chosen)


def shown(of: Field) -> str:
    """SQL of a field's value as an answer has it: addresses as people write them, lengths of time in seconds."""
    column = of.columns[0]
    if of.kind is Kind.ADDRESS:
        return plain_address(column)
    if of.kind is Kind.LENGTH:
        return f"{column} / 1e9"
    return f"toString({column})" if of.name == "flow" else column  # a JSON reader's numbers may be doubles: an id must not be one


def plain_address(column: str) -> str:
    """SQL of an address as people write it: IPv4 without ::ffff:."""
    return f"replaceRegexpOne(toString({column}), '^::ffff:', '')"
