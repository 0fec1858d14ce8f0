"""Search by address, against nfdump, and by a part of a name, over months of the same flows; octets a flow at rest of both.

    python -m tests.bench --only search [--rows 100000000]

Addresses are drawn half by flow (those that talk much come more often) and half by address (most are rare), names likewise, each without
its last two letters. Each is asked once, so that nothing the engine keeps of a question helps the next. Pages are what the flow search
shows first: the newest 200 flows.
"""

from __future__ import annotations

import os
import random
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, USER, Shape
from pipeline.search.fields import BY_NAME
from pipeline.search.language import parse
from pipeline.search.period import Period
from pipeline.search.run import Search, new_search
from pipeline.store import nodes
from pipeline.store.server import ServerStore
from pipeline.store.settings import StoreSettings
from tests.bench.made_flows import BEGIN_NS, DAY_NS, DAYS, make_flows
from tests.bench.peer_nfdump import Nfcapd, find
from tests.conftest import ROOT

ROWS = 100_000_000
PAGE = 200
ASKED = 120  # addresses for each question; half as many parts of names
PEER_ASKED = 3  # of nfdump: each reads everything
SETTLE_S = 600
COLUMNS = "first,line,src.ip,src.port,dst.ip,dst.port,destination,protocol,server.name,octets.out,payload.out,inspected.out,findings,flow"
SEEN = (
    "SELECT DISTINCT replaceOne(toString(one), '::ffff:', '') AS address FROM "
    "(SELECT arrayJoin([src_ip, dst_ip]) AS one FROM flows WHERE flow_id % 997 = 0) WHERE startsWith(toString(one), '::ffff:')"
)
NAMED = "SELECT server_name AS name FROM flows WHERE flow_id % 997 = 0 AND server_name != ''"
WHOLE = Period(BEGIN_NS, BEGIN_NS + DAYS * DAY_NS)


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Milliseconds of both, their ratio, octets a flow."""
    folder = ROOT / "build" / "bench-search"
    shutil.rmtree(folder, ignore_errors=True)
    with _store(folder / "lab") as store:
        peer, begun = Nfcapd(folder / "nfdump"), time.monotonic()
        for number, made in enumerate(make_flows(rows)):
            store.insert("flows", made.batch, f"made-{number}")
            peer.send(made.netflow)
        peer.close()
        filled_s = time.monotonic() - begun
        settled_s = _settle(store)
        result = {"rows": rows, "filled_s": round(filled_s), "settled_s": settled_s, **_at_rest(store, peer, rows), **_ask(store, peer)}
    shutil.rmtree(folder, ignore_errors=True)
    return result


def show(result: dict[str, Any]) -> None:
    """A line each."""
    for name, value in result.items():
        print(f"{name:<28}{value}")


@contextmanager
def _store(place: Path) -> Iterator[ServerStore]:
    lab, _ = bring_up(place, Shape(), os.getpid())
    try:
        servers = [{"host": HOST, "port": lab.clickhouse[0].ports["tcp"]}]
        settings = StoreSettings.model_validate({"servers": servers, "user": USER, "database": "guankou"})
        nodes.migrate_nodes(settings, lambda _: None)
        with closing(ServerStore(settings)) as store:
            yield store
    finally:
        bring_down(place)


def _settle(store: ServerStore) -> int:
    """Wait until the engine has merged what it wants to; seconds it took."""
    begun = quiet = time.monotonic()
    while time.monotonic() - quiet < 5 and time.monotonic() - begun < SETTLE_S:
        if store.query("SELECT count() AS n FROM system.merges").to_pylist()[0]["n"]:
            quiet = time.monotonic()
        time.sleep(0.5)
    return round(time.monotonic() - begun)


def _at_rest(store: ServerStore, peer: Nfcapd, rows: int) -> dict[str, Any]:
    sums = "sum(bytes_on_disk) AS octets, sum(secondary_indices_compressed_bytes) AS indexes, count() AS parts, sum(rows) AS rows"
    there = store.query(f"SELECT {sums} FROM system.parts WHERE active AND table = 'flows' AND database = currentDatabase()").to_pylist()[0]
    columns = store.query(
        "SELECT column, round(sum(column_data_compressed_bytes) / sum(rows), 2) AS each FROM system.parts_columns "
        "WHERE active AND table = 'flows' AND database = currentDatabase() GROUP BY column ORDER BY each DESC LIMIT 12"
    ).to_pylist()
    return {
        "rows there": there["rows"],
        "parts": there["parts"],
        "octets a flow": round(there["octets"] / rows, 1),
        "of which indexes": round(there["indexes"] / rows, 1),
        "largest columns": ", ".join(f"{row['column']} {row['each']}" for row in columns),
        "nfdump's octets a flow": round(peer.octets / rows, 1),
    }


def _ask(store: ServerStore, peer: Nfcapd) -> dict[str, Any]:
    common = [row["address"] for row in store.query(SEEN.replace("DISTINCT ", "") + " LIMIT 100000").to_pylist()]
    rare = store.query(SEEN).column("address").to_pylist()
    rng = random.Random(1)
    drawn = [rng.choice(of) for _ in range(ASKED) for of in (common, rare)]
    names = store.query(f"{NAMED} LIMIT 100000").column("name").to_pylist()
    named = [f'server.name ~ "{rng.choice(of)[:-2]}"' for _ in range(ASKED // 4) for of in (names, sorted(set(names)))]
    fields = [BY_NAME[name] for name in COLUMNS.split(",")]
    pages = _times(store, [f"ip == {one}" for one in drawn[:ASKED]], lambda search: list(search.rows(fields, PAGE)))
    sums = _times(store, [f"ip == {one}" for one in drawn[ASKED:]], lambda search: search.count())
    name_pages = _times(store, named, lambda search: list(search.rows(fields, PAGE)))
    every = [find(peer.folder, address) for address in drawn[:PEER_ASKED]]
    peer_ms = statistics.median(seconds for seconds, _ in every) * 1000
    return {
        "page p50, p95, max ms": _percentiles(pages),
        "sums p50, p95, max ms": _percentiles(sums),
        "page of a part of a name": _percentiles(name_pages),
        "nfdump ms, flows found": ", ".join(f"{seconds * 1000:.0f} ({found})" for seconds, found in every),
        "page, nfdump's ratio": round(peer_ms / statistics.median(pages)),
        "sums, nfdump's ratio": round(peer_ms / statistics.median(sums)),
    }


def _times(store: ServerStore, filters: list[str], ask: Callable[[Search], object]) -> list[float]:
    """Milliseconds of each; three questions before warm the connection."""
    took = []
    for number, text in enumerate(["ip == 192.0.2.1"] * 3 + filters):
        search = new_search(store, parse(text), WHOLE)
        begun = time.monotonic()
        ask(search)
        if number >= 3:
            took.append((time.monotonic() - begun) * 1000)
    return took


def _percentiles(took: list[float]) -> str:
    ordered = sorted(took)
    return ", ".join(f"{ordered[min(len(ordered) - 1, int(len(ordered) * share))]:.0f}" for share in (0.5, 0.95, 1))
