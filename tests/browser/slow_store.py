"""`guankou`, whose store takes for ever over `server.name == slow.example`, is away for away.example, has much of wide.example."""

from __future__ import annotations

from guankou import main
from pipeline.search.run import Search
from pipeline.store.server import StoreAwayError

ENDLESS = "flows.flow_id IN (SELECT number FROM numbers(1000000000000) WHERE cityHash64(number) = 1)"
quick, counted = Search._bounded, Search.estimate


def bounded(search: Search) -> str:
    if "away.example" in search.parameters.values():
        raise StoreAwayError("the store is away")
    condition = str(quick.fget(search))  # type: ignore[attr-defined]
    return f"{ENDLESS} AND {condition}" if "slow.example" in search.parameters.values() else condition


def estimate(search: Search) -> int:
    return 10**12 if "wide.example" in search.parameters.values() else counted(search)


Search.estimate = estimate  # type: ignore[method-assign]
Search._bounded = property(bounded)  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    main()
