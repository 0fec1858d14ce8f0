"""The address of a flow search: its URL is its whole state, and what changes the state is a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from pipeline.search.language import keep
from pipeline.search.values import write_text


class FlowAddress(NamedTuple):
    """The filter, the period's ends as they were typed, the columns, one more field with its top values, the flow that is open."""

    q: str = ""
    since: str = ""
    until: str = ""
    cols: str = ""
    top: str = ""
    flow: str = ""
    wide: str = ""  # asked for although it is wide

    def query(self) -> str:
        """What stands behind the `?`."""
        names = {"since": "from", "until": "to"}
        return urlencode({names.get(name, name): value for name, value in self._asdict().items() if value})

    def url(self, **changes: str) -> str:
        """The page's address with some things changed; an open flow stays behind."""
        query = self._replace(**{"flow": "", "wide": "", **changes}).query()
        return "/flows?" + query if query else "/flows"

    def narrowed(self, field: str, operator: str, value: str) -> str:
        """The address of the same with one comparison more."""
        return self.url(q=keep(self.q, f"{field} {operator} {write_text(value)}"))


def address_of(query: Mapping[str, str], text: str) -> FlowAddress:
    """Of a URL's query; `text` is the filter as it was understood."""
    return FlowAddress(text, query.get("from", ""), query.get("to", ""), *(query.get(name, "") for name in ("cols", "top", "flow", "wide")))
