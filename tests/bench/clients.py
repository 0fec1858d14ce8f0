"""Clients of the dashboards' API: each asks, reads the answer, waits a second, and asks again, a seeded mix of routes."""

from __future__ import annotations

import gzip
import http.client
import json
import random
import threading
import time
import urllib.parse
from contextlib import closing
from http.cookies import SimpleCookie
from typing import NamedTuple

from deploy.local.state import HOST
from tests.bench.stock import Asked

BETWEEN_S, LIMIT_S = 1.0, 120
FILTER = "dst.port == 443 and octets.out > 100kB"
MIX = {  # route → how often of a hundred
    "/api/flows": 30,
    "/api/flows?address=": 20,
    "/api/flows?server=": 20,
    "/api/flows?after=": 10,
    "/api/flows?q=": 5,
    "/api/flows.csv?address=": 1,
    "/api/alerts": 10,
    "/api/alerts.csv": 2,
    "/api/notices/preview": 2,
}


class Answer(NamedTuple):
    """One request's end; `error` is empty where all was well."""

    begun: float  # monotonic, s
    route: str
    ms: float
    octets: int  # of its content, uncompressed: whether there was much to find
    error: str


class Client(threading.Thread):
    """One person at the pages, until `over`."""

    def __init__(self, port: int, session: str, number: int, asked: Asked, notice: str, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self._server = http.client.HTTPConnection(HOST, port, timeout=LIMIT_S)
        self._session, self._rng, self._asked, self._notice, self._over = session, random.Random(number), asked, notice, over
        self._following = ""
        self.answers: list[Answer] = []

    def run(self) -> None:
        """The first question within a second, so that not all ask at once."""
        wait_s = self._rng.random()
        while not self._over.wait(wait_s):
            route = self._rng.choices(list(MIX), list(MIX.values()))[0]
            begun, error, body = time.monotonic(), "", b""
            try:
                status, body = ask(self._server, self._session, self._path(route))
                error = "" if status == 200 else f"{status}: {body[:200]!r}"
            except (OSError, http.client.HTTPException) as trouble:
                self._server.close()
                error = f"{type(trouble).__name__}: {trouble}"
            ms = (time.monotonic() - begun) * 1000
            self.answers.append(Answer(begun, route, ms, len(body), error))
            if route == "/api/flows" and not error:
                self._following = json.loads(body)["next"]
            wait_s = BETWEEN_S
        self._server.close()

    def _path(self, route: str) -> str:
        if route == "/api/notices/preview":
            return f"/api/notices/{self._notice}/{self._rng.choice(('zh', 'en'))}/preview"
        given = {
            "address": lambda: self._rng.choice(self._asked.addresses),
            "server": lambda: self._rng.choice(self._asked.servers),
            "after": lambda: self._following,
            "q": lambda: FILTER,
        }
        path, _, entry = route.partition("?")
        return path + (f"?{entry}{urllib.parse.quote(given[entry[:-1]]())}" if entry else "")


def ask(server: http.client.HTTPConnection, session: str, path: str) -> tuple[int, bytes]:
    """Status and content of a GET."""
    server.request("GET", path, headers={"Cookie": session, "Accept-Encoding": "gzip"})
    answer = server.getresponse()
    body = answer.read()
    return answer.status, gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body


def is_up(port: int) -> bool:
    try:
        return ask(http.client.HTTPConnection(HOST, port, timeout=5), "", "/health")[0] == 200
    except OSError:
        return False


def sign_in(port: int, name: str, password: str) -> str:
    """A new session of the account, as a cookie."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=LIMIT_S)) as server:
        server.request("POST", "/sign-in", urllib.parse.urlencode({"name": name, "password": password}))
        answer = server.getresponse()
        assert answer.status == 303, answer.status
        cookie = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie", [])))
    return f"guankou={cookie['guankou'].value}"
