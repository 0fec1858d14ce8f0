"""The dashboards' API with many clients, from a full ClickHouse, while ingest goes on.

    python -m tests.bench --only pages [--rows 5000000] [--rows-a-second 20000] [--clients 50] [--seconds 120]

Each client signs in, then asks, reads the answer, waits a second, and asks again: a seeded mix of every route of `dashboards/api` but the
PDF of a signed notice. Five clients share an account, as one person's open pages do: searches of one account take turns. Answers come
compressed, as browsers have them; their time is until the last octet. With slow answers the clients ask less often: look at requests a
second too.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from dashboards.access.sessions import add_account
from deploy.local.state import HOST, free_ports
from pipeline.bus.link import Link
from pipeline.bus.message import to_headers, to_key
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import topic_name
from pipeline.notice.drafting import draft
from pipeline.schema import FLOW
from pipeline.store.server import ServerStore
from pipeline.supervision.engine import open_engine
from tests.bench.clients import LIMIT_S, MIX, Answer, Client, ask, is_up, sign_in
from tests.bench.house import House, open_house, quantiles, shares
from tests.bench.stock import MESSAGES_A_SECOND, fill, make_messages

ROWS, ROWS_A_SECOND, CLIENTS, SECONDS = 5_000_000, 20_000, 50, 120
CLIENTS_AN_ACCOUNT = 5
LEAD_S, SPARE_S = 5, 60  # clients ask before it counts; flows for so much longer than it counts


class Feeder(threading.Thread):
    """Messages to the bus at their pace, until `over` or there are no more."""

    def __init__(self, bus: BusSettings, messages: list[Any], over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._bus, self._messages, self._over = bus, messages, over
        self.rows = 0  # sent

    def run(self) -> None:
        """Late ones go at once."""
        topic = topic_name(self._bus, FLOW.name)
        link, begun = Link(self._bus, [topic]), time.monotonic()
        for i, (identity, sequence, rows, body) in enumerate(self._messages):
            if self._over.wait(max(0.0, begun + i / MESSAGES_A_SECOND - time.monotonic())):
                break
            link.send(topic, to_key(identity), body, to_headers(identity, sequence, rows, time.time_ns()))
            self.rows += rows
        link.close(60)


def measure(rows: int = ROWS, rows_a_second: int = ROWS_A_SECOND, clients: int = CLIENTS, seconds: int = SECONDS) -> dict[str, Any]:
    """Milliseconds by route, requests a second, errors, cores by process, and how ingest kept up."""
    with open_house("pages") as house, closing(ServerStore(house.store)) as store:
        asked = fill(store, rows)
        house.wait_for(lambda: not number(store, "SELECT count() AS n FROM system.merges"), "merges of what was filled in", 600)
        messages = make_messages(rows_a_second, seconds + LEAD_S + SPARE_S)
        port = free_ports(1)[0]
        house.start("ingest", "guankou", "ingest")
        told = {"GUANKOU_SENSOR__LINES": "deploy/demo/lines.toml", "GUANKOU_PERMISSIONS": "deploy/demo/permissions.toml"}
        house.start("dashboards", "guankou", "dashboards", "--port", str(port), told=told)
        house.wait_for(lambda: is_up(port), "the pages")
        accounts = make_accounts(house, -(-clients // CLIENTS_AN_ACCOUNT))
        sessions = [sign_in(port, *accounts[i // CLIENTS_AN_ACCOUNT]) for i in range(clients)]
        notice = draft_notice(house, port, sessions[0])
        over = threading.Event()
        feeder = Feeder(house.bus, messages, over)
        people = [Client(port, session, i, asked, notice, over) for i, session in enumerate(sessions)]
        try:
            feeder.start()
            house.wait_for(lambda: number(store, "SELECT count() AS n FROM flows") > rows, "the first flows that ingest took")
            for one in people:
                one.start()
            time.sleep(LEAD_S)
            before, begun, had = house.cpu_seconds(), time.monotonic(), number(store, "SELECT count() AS n FROM flows")
            time.sleep(seconds)
            cores, ended = shares(before, house.cpu_seconds(), time.monotonic() - begun), time.monotonic()
            has, sent = number(store, "SELECT count() AS n FROM flows"), feeder.rows
        finally:
            over.set()
        for one in (feeder, *people):
            one.join(2 * LIMIT_S)
        answers = [answer for one in people for answer in one.answers if begun <= answer.begun < ended]
        said = house.log("dashboards")[-2000:] if any(answer.error for answer in answers) else ""
    stored = {"stored_a_second": round((has - had) / (ended - begun)), "behind_rows": rows + sent - has}
    given = {"rows": rows, "clients": clients, "seconds": seconds, "rows_a_second": rows_a_second}
    return given | summed(answers, ended - begun) | stored | {"cores": cores, "dashboards_said": said}


def summed(answers: list[Answer], seconds: float) -> dict[str, Any]:
    """By route, and all together."""
    by_route = {route: [one for one in answers if one.route == route and not one.error] for route in MIX}
    return {
        "requests_a_second": round(len(answers) / seconds, 1),
        "errors": dict(Counter(f"{one.route}: {one.error}" for one in answers if one.error)),
        "ms": {
            route: {"n": len(good), "kB": round(sum(one.octets for one in good) / len(good) / 1000, 1),
                    **quantiles([one.ms for one in good], (50, 95, 99))}
            for route, good in {**by_route, "all": sum(by_route.values(), [])}.items() if good
        },
    }


def show(result: dict[str, Any]) -> None:
    """A line a route; then what else there is to say."""
    print(f"{result['clients']} clients for {result['seconds']} s, {result['rows']:,} flows and {result['stored_a_second']:,} more "
          f"a second ({result['rows_a_second']:,} sent, {result['behind_rows']:,} rows behind at the end)")
    for route, told in result["ms"].items():
        times = "".join(f"{name:>5} {value:>9,.1f}" for name, value in told.items() if name not in ("n", "kB"))
        print(f"{route:<26}{told['n']:>6} answers of {told['kB']:>6} kB{times} ms")
    print(f"{result['requests_a_second']} requests/s; errors: {sum(result['errors'].values())}")
    for error, count in result["errors"].items():
        print(f"  {count} × {error}")
    if result["dashboards_said"]:
        print(result["dashboards_said"])
    print("CPU, cores: " + ", ".join(f"{name} {share}" for name, share in result["cores"].items()))


def number(store: ServerStore, sql: str) -> int:
    return int(store.query(sql).to_pylist()[0]["n"])


def make_accounts(house: House, count: int) -> list[tuple[str, str]]:
    """Names and passwords of new accounts of the one role that may ask every route."""
    engine = open_engine(house.folder / "data")
    made = [(name, add_account(engine, name, "regulator")) for name in (f"bench-{i + 1}" for i in range(count))]
    engine.dispose()
    return made


def draft_notice(house: House, port: int, session: str) -> str:
    """The number of a notice of the first incident, which correlation opens soon after the start."""
    server = http.client.HTTPConnection(HOST, port, timeout=LIMIT_S)

    def incidents() -> list[str]:
        rows = json.loads(ask(server, session, "/api/alerts")[1])["rows"]
        return [row["state"]["sub"] for row in rows if row["state"]["sub"]]

    house.wait_for(incidents, "an incident")
    notice: str = draft(open_engine(house.folder / "data"), incidents()[0], "bench", datetime.now(UTC)).number
    server.close()
    return notice
