"""`guankou`, whose store takes for ever over the filter `server.name == slow.example`: pages must live with slow questions."""

from __future__ import annotations

from guankou import main
from pipeline.search.run import Search

ENDLESS = "flows.flow_id IN (SELECT number FROM numbers(1000000000000) WHERE cityHash64(number) = 1)"
quick = Search._bounded


def bounded(search: Search) -> str:
    condition = str(quick.fget(search))  # type: ignore[attr-defined]
    return f"{ENDLESS} AND {condition}" if "slow.example" in search.parameters.values() else condition


Search._bounded = property(bounded)  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    main()
