"""A filter asked of the store: rows newest first in bounded memory, counts, counts over time, top values; each can be stopped at once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from pipeline.search.compile import compile_filter
from pipeline.search.fields import SENT, Field, Kind
from pipeline.search.period import Period
from pipeline.search.tree import Tree, compares
from pipeline.search.values import NS, Regex
from pipeline.search.wrong import FilterError
from pipeline.store.store import Store

PAGE_ROWS = 5_000
SLICES = 64                 # of a period, to begin with
MOST_SLICES = 256           # however slow the store is
QUICK_S, SLOW_S = 0.2, 1.0  # a slice that took less is followed by a longer one, one that took more by a shorter one
EMPTY_GROWTH = 8            # after a slice that had nothing and took no time: what is looked for is rare
BEIJING_NS = 8 * 3600 * NS
_WITHIN = "flows.first >= fromUnixTimestamp64Nano({since:Int64}) AND flows.first < fromUnixTimestamp64Nano({until:Int64})"
_AFTER = "(flows.first, flows.flow_id) < (fromUnixTimestamp64Nano({after_ns:Int64}), {after_flow:UInt64})"
_SUMS = (
    "count() AS flows, sum(flows.octets_out) AS `octets.out`, sum(flows.octets_in) AS `octets.in`, "
    "sum(flows.payload_out) AS `payload.out`, sum(flows.inspected_out) AS `inspected.out`, sum(flows.encrypted_out) AS `encrypted.out`, "
    f"sum(greatest({SENT}, flows.inspected_out + flows.encrypted_out)) AS `sent.out`, countIf(flows.inspected_out < {SENT}) AS unseen, "
    "sum(flows.findings) AS findings, min(flows.first) AS first, max(flows.last) AS last"
)

Key = tuple[int, int]  # of a row: nanoseconds and flow id


class Page(NamedTuple):
    """Some rows, how much of the period has been looked through, and the last row's key (moment and number) to go on from."""

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
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def _bounded(self) -> str:
        # The mark is what `cancel` knows the query by. It is no comment: with parameters the engine writes the text anew, without them.
        return f"'{self.mark}' != '' AND {_WITHIN} AND {self.where}"

    def rows(
        self, columns: Sequence[Field], limit: int, clock: Callable[[], float] = time.monotonic, after: Key | None = None
    ) -> Iterator[Page]:
        """Pages of at most PAGE_ROWS rows, newest first, `limit` rows in all; the first page comes even when it is empty.

        The period is gone through in slices, so that the first rows come soon and a page never sorts the whole period. `after` is the
        key of a page asked earlier.
        """
        since, stop, left = self.period.since_ns, self.period.until_ns, limit
        width, begun = max((stop - since) // SLICES, 60 * NS), False
        stop = min(stop, after[0] + 1) if after else stop
        key = after
        least = max((stop - since) // MOST_SLICES, NS)
        while left and (stop > since or not begun):
            begun, start, asked_at = True, max(since, stop - width), clock()
            page = self._page(columns, Period(start, stop), after, min(left, PAGE_ROWS))
            left -= page.num_rows
            if page.num_rows:
                key = page["key_ns"][-1].as_py(), page["key_flow"][-1].as_py()
            if page.num_rows == PAGE_ROWS and key:
                after, stop = key, key[0] + 1
            else:
                after, stop = None, start
                took = clock() - asked_at
                if took < QUICK_S:
                    width *= 2 if page.num_rows else EMPTY_GROWTH
                elif took > SLOW_S:
                    width = max(width // 2, least)
            yield Page(page.drop_columns(["key_ns", "key_flow"]), 1 - (stop - since) / max(1, self.period.until_ns - since), key)

    def _page(self, columns: Sequence[Field], period: Period, after: tuple[int, int] | None, most: int) -> pa.Table:
        parameters = {**self.parameters, "since": period.since_ns, "until": period.until_ns}
        where = self._bounded
        if after:
            where += f" AND {_AFTER}"
            parameters |= {"after_ns": after[0], "after_flow": after[1]}
        chosen = "".join(f"{shown(column)} AS `{column.name}`, " for column in columns)
        return self.store.query(
            f"SELECT {chosen}toUnixTimestamp64Nano(flows.first) AS key_ns, flows.flow_id AS key_flow FROM flows "
            f"WHERE {where} ORDER BY flows.first DESC, flows.flow_id DESC LIMIT {most:d}",
            parameters,
        )

    def count(self) -> pa.Table:
        """One row: flows, octets, how much was inspected, findings, first and last packet."""
        return self._sums(f"{_SUMS} FROM flows", "1", "")

    def over_time(self, width_ns: int) -> pa.Table:
        """The same for each stretch of `width_ns` that has flows, the earliest first; days are Beijing's."""
        start = f"intDiv(toUnixTimestamp64Nano(flows.first) + {BEIJING_NS:d}, {width_ns:d}) * {width_ns:d} - {BEIJING_NS:d}"
        chosen = f"fromUnixTimestamp64Nano({start}, 'UTC') AS start, {_SUMS} FROM flows"
        return self._sums(chosen, "1", "GROUP BY start ORDER BY start")

    def top(self, of: Field, most: int = 20) -> pa.Table:
        """The same for each value of a field, those with the most flows first; a flow with several values counts under each."""
        joined, value = "", shown(of)
        if of.table == "findings":
            found = f"SELECT DISTINCT findings.flow_id AS flow_id, {value} AS one FROM findings"
            joined, value = f" INNER JOIN ({found}) AS found ON found.flow_id = flows.flow_id", "found.one"
        elif of.each or len(of.columns) > 1:
            each = ", ".join(shown(of._replace(columns=(column,))) for column in of.columns)
            value = f"arrayJoin(arrayDistinct(arrayConcat([{each}]{', ' + of.each if of.each else ''})))"
        only = f"flows.protocol = '{of.only}'" if of.only else "1"
        chosen = f"{value} AS value, {_SUMS} FROM flows{joined}"
        return self._sums(chosen, only, f"GROUP BY value ORDER BY flows DESC, value LIMIT {most:d}")

    def _sums(self, chosen: str, where: str, then: str) -> pa.Table:
        parameters = {**self.parameters, "since": self.period.since_ns, "until": self.period.until_ns}
        return self.store.query(f"SELECT {chosen} WHERE {self._bounded} AND {where} {then}", parameters)

    def estimate(self) -> int:
        """How many rows the store would look through at most; 0 where it cannot say (it knows its own parts, not other servers')."""
        parameters = {**self.parameters, "since": self.period.since_ns, "until": self.period.until_ns}
        # A question about findings would be answered, as far as they go, before the estimate: of it the period alone counts.
        where = _WITHIN if "SELECT" in self.where else f"{_WITHIN} AND {self.where}"
        told = self.store.query(f"EXPLAIN ESTIMATE SELECT max(flows.octets_out) FROM flows WHERE {where}", parameters)
        return sum(told.column("rows").to_pylist())

    def cancel(self) -> None:
        """Stop what this question is running now, in whatever thread: that call raises RuntimeError."""
        stop_marked(self.store, self.mark)


def stop_marked(store: Store, mark: str) -> None:
    """Stop every query that has `mark` in its text."""
    store.command(f"KILL QUERY WHERE position(query, '{mark}') > 0 AND query NOT LIKE 'KILL%' ASYNC")


def new_search(store: Store, tree: Tree | None, period: Period) -> Search:
    """A search for `tree`; FilterError when the store cannot compile one of its regular expressions."""
    check_expressions(store, tree)
    return Search(store, *compile_filter(tree), period)


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


def shown(of: Field) -> str:
    """SQL of a field's value as an answer has it: addresses as people write them, lengths of time in seconds."""
    column = of.columns[0]
    if of.kind is Kind.ADDRESS:
        return f"replaceRegexpOne(toString({column}), '^::ffff:', '')"
    if of.kind is Kind.LENGTH:
        return f"{column} / 1e9"
    return f"toString({column})" if of.name == "flow" else column  # a JSON reader's numbers may be doubles: an id must not be one
