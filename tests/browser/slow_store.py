"""`guankou`, whose store takes for ever over `server.name == slow.example`, is away for away.example, has much of wide.example.

For `server.name !~ leaving.example` it goes away when the file `away` is in the home directory: "asked" in it says that it breaks off when
it is asked, "opened" that it does not answer at all.
"""

from __future__ import annotations

from pathlib import Path

from dashboards.reading import flow_search
from guankou import main
from pipeline.search.run import Search, new_search
from pipeline.store.server import StoreAwayError

ENDLESS = "flows.flow_id IN (SELECT number FROM numbers(1000000000000) WHERE cityHash64(number) = 1)"
quick, counted = Search._bounded, Search.estimate
AWAY = Path.home() / "away"


def has_left(search: Search, how: str) -> bool:
    return "%leaving.example%" in search.parameters.values() and AWAY.exists() and AWAY.read_text("utf-8") == how


def opened(*asked: object) -> Search:
    search = new_search(*asked)  # type: ignore[arg-type]
    if has_left(search, "opened"):
        raise StoreAwayError("the store is away")
    return search


def bounded(search: Search) -> str:
    if "away.example" in search.parameters.values() or has_left(search, "asked"):
        raise StoreAwayError("the store is away")
    condition = str(quick.fget(search))  # type: ignore[attr-defined]
    return f"{ENDLESS} AND {condition}" if "slow.example" in search.parameters.values() else condition


def estimate(search: Search) -> int:
    return 10**12 if "wide.example" in search.parameters.values() else counted(search)


Search.estimate = estimate  # type: ignore[method-assign]
flow_search.new_search = opened
Search._bounded = property(bounded)  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    main()
