"""The address of a flow search: its URL is its whole state, and what changes the state is a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from pipeline.search.language import keep
from pipeline.search.values import write_text

FLOWS, GRAPH = "/flows", "/flows/graph"


class FlowAddress(NamedTuple):
    """The filter, the period's ends as they were typed, columns and order, one more field with its top values, the open flow; the page."""

    q: str = ""
    since: str = ""
    until: str = ""
    cols: str = ""
    sort: str = ""  # the column that the rows come by; time where it is none
    top: str = ""
    flow: str = ""
    wide: str = ""  # asked for although it is wide
    page: str = FLOWS

    def query(self) -> str:
        """What stands behind the `?`."""
        names = {"since": "from", "until": "to"}
        return urlencode({names.get(name, name): value for name, value in self._asdict().items() if value and name != "page"})

    def url(self, **changes: str) -> str:
        """The page's address with some things changed; an open flow stays behind."""
        query = self._replace(**{"flow": "", "wide": "", **changes}).query()
        return f"{self.page}?{query}" if query else self.page

    def on(self, page: str) -> FlowAddress:
        """The same filter and period on another page."""
        return self._replace(page=page, flow="", wide="")

    def narrowed(self, field: str, operator: str, *values: str) -> str:
        """The address of the same with one comparison more for each value."""
        text = self.q
        for value in values:
            text = keep(text, f"{field} {operator} {write_text(value)}")
        return self.url(q=text)


def address_of(query: Mapping[str, str], text: str, page: str = FLOWS) -> FlowAddress:
    """Of a URL's query; `text` is the filter as it was understood."""
    rest = {name: query.get(name, "") for name in ("cols", "sort", "top", "flow", "wide")}
    return FlowAddress(text, query.get("from", ""), query.get("to", ""), **rest, page=page)
