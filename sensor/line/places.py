"""Addresses → jurisdiction codes, with the name and age of the source."""

from __future__ import annotations

import datetime
import secrets
import socket
from collections.abc import Callable
from importlib.metadata import version
from ipaddress import ip_network
from pathlib import Path
from typing import NamedTuple

import geoip2.database
import geoip2.errors
import iptocc
import maxminddb
import numpy as np

from pipeline.schema.jurisdiction import CODES
from sensor.line.place_kernels import FREE, find_places, keep_places
from sensor.line.prefixes import prefix_table

MOST_REMEMBERED = 1 << 20
FIRST_ROOM = 1 << 12
Look = Callable[[list[str]], list[str | None]]  # codes of addresses
UNKNOWN = 0  # index of "" in `codes`
# Addresses that lie nowhere: private, shared, local, for documentation, multicast. Source: IANA's special-purpose address registries
# (RFC 6890) of IPv4 and IPv6; multicast (RFC 5771, RFC 4291) and IPv4's reserved last block.
NOWHERE = prefix_table(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    "::/127", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "ff00::/8",
)))


class KnownPlaces(NamedTuple):
    """Addresses whose place is known; open addressing, arrays (2^k,)."""

    high: np.ndarray     # uint64
    low: np.ndarray      # uint64
    place: np.ndarray    # int16, index into Places.codes, FREE where the slot is
    secrets: np.ndarray  # uint64 (2,)


def no_places(room: int) -> KnownPlaces:
    """An empty table of `room` slots (a power of two)."""
    words = np.frombuffer(bytearray(secrets.token_bytes(16)), np.uint64)
    return KnownPlaces(np.zeros(room, np.uint64), np.zeros(room, np.uint64), np.full(room, FREE, np.int16), words)


class Places:
    """Jurisdiction of addresses, in batches; looked up once an address."""

    def __init__(self, mmdb: Path | None = None) -> None:
        """ValueError when the database cannot be read."""
        self.codes: list[str] = ["", *sorted(CODES)]
        self._index = {code: i for i, code in enumerate(self.codes)}
        self._mmdb, self._stamp = mmdb, 0.0
        self._known, self._n_known = no_places(FIRST_ROOM), 0
        self.source = ""
        self._look: Look = iptocc.country_code
        self.reload()

    def reload(self) -> bool:
        """Open the database again if its file has changed; whether it had."""
        if self._mmdb is None:
            self.source = self.source or f"iptocc {version('iptocc')}"
            return False
        try:
            stamp = self._mmdb.stat().st_mtime
            if stamp == self._stamp:
                return False
            reader = maxminddb.open_database(self._mmdb)
            meta = reader.metadata()
            self._look = _by_geoip2(self._mmdb) if meta.database_type.endswith(("City", "Country", "Enterprise")) else _by_record(reader)
            self._look(["8.8.8.8"])
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ValueError(f"{self._mmdb}: no usable geography database: {error}") from None
        built = datetime.datetime.fromtimestamp(min(meta.build_epoch, 4102444800), datetime.UTC).date()
        self.source, self._stamp = f"{meta.database_type} {built}", stamp
        self._known, self._n_known = no_places(FIRST_ROOM), 0
        return True

    def look_up(self, high: np.ndarray, low: np.ndarray) -> np.ndarray:
        """uint64 (n,) twice, v4 as v4-mapped → index into `codes`, int16 (n,)."""
        found, missing = np.zeros(len(high), np.int16), np.zeros(len(high), np.int64)
        n = find_places(self._known, NOWHERE, high, low, found, missing)
        if n:
            rows = missing[:n]
            high, low = high[rows], low[rows]
            found[rows] = [self._index.get(code or "", UNKNOWN) for code in self._look(texts_of(high, low))]
            self._make_room(n)
            self._n_known += keep_places(self._known, high, low, found[rows])
        return found

    def _make_room(self, more: int) -> None:
        """Half of the slots stay free; beyond MOST_REMEMBERED all is forgotten."""
        old, least = self._known, 2 * (self._n_known + more)
        if least <= len(old.place):
            return
        if self._n_known > MOST_REMEMBERED:
            self._n_known = 0
            old.place.fill(FREE)
        self._known = no_places(1 << (2 * (self._n_known + more)).bit_length())
        taken = old.place != FREE
        keep_places(self._known, old.high[taken], old.low[taken], old.place[taken])


def texts_of(high: np.ndarray, low: np.ndarray) -> list[str]:
    """Addresses, uint64 (n,) twice, as text, v4-mapped ones as v4; the standard library's objects take ten times as long."""
    octets = np.stack((high, low), axis=1).astype(">u8").tobytes()
    mapped = ((high == 0) & (low >> np.uint64(32) == 0xFFFF)).tolist()
    return [
        socket.inet_ntoa(octets[at + 12 : at + 16]) if v4 else socket.inet_ntop(socket.AF_INET6, octets[at : at + 16])
        for at, v4 in zip(range(0, len(octets), 16), mapped, strict=True)
    ]


def _by_geoip2(path: Path) -> Look:
    reader = geoip2.database.Reader(path)
    ask = reader.city if reader.metadata().database_type.endswith("City") else reader.country
    if reader.metadata().database_type.endswith("Enterprise"):
        ask = reader.enterprise

    def look(address: str) -> str | None:
        try:
            return ask(address).country.iso_code
        except geoip2.errors.AddressNotFoundError:
            return None

    return lambda addresses: [look(address) for address in addresses]


def _by_record(reader: maxminddb.Reader) -> Look:
    def look(address: str) -> str | None:
        record = reader.get(address)
        if not isinstance(record, dict):
            return None
        code = record.get("country_code")
        country = record.get("country")
        if code is None and isinstance(country, dict):
            code = country.get("iso_code")
        return code if isinstance(code, str) else None

    return lambda addresses: [look(address) for address in addresses]
