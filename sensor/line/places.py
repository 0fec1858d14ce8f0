"""Addresses → jurisdiction codes, with the name and age of the source."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import geoip2.database
import geoip2.errors
import iptocc
import maxminddb
import numpy as np

from pipeline.schema.jurisdiction import CODES

MOST_REMEMBERED = 1 << 20
UNKNOWN = 0  # index of "" in `codes`


class Places:
    """Jurisdiction of addresses, in batches; looked up once an address."""

    def __init__(self, mmdb: Path | None = None) -> None:
        """ValueError when the database cannot be read."""
        self.codes: list[str] = ["", *sorted(CODES)]
        self._index = {code: i for i, code in enumerate(self.codes)}
        self._mmdb, self._stamp = mmdb, 0.0
        self._seen: dict[tuple[int, int], int] = {}
        self.source = ""
        self._look: Callable[[str], str | None] = iptocc.country_code
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
            self._look("8.8.8.8")
        except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
            raise ValueError(f"{self._mmdb}: no usable geography database: {error}") from None
        built = datetime.datetime.fromtimestamp(min(meta.build_epoch, 4102444800), datetime.UTC).date()
        self.source, self._stamp = f"{meta.database_type} {built}", stamp
        self._seen.clear()
        return True

    def look_up(self, high: np.ndarray, low: np.ndarray) -> np.ndarray:
        """uint64 (n,) twice, v4 as v4-mapped → index into `codes`, int16 (n,)."""
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.clear()
        found = np.zeros(len(high), np.int16)
        for i, key in enumerate(zip(high.tolist(), low.tolist(), strict=True)):
            place = self._seen.get(key)
            if place is None:
                place = self._seen[key] = self._ask(*key)
            found[i] = place
        return found

    def _ask(self, high: int, low: int) -> int:
        mapped = high == 0 and low >> 32 == 0xFFFF
        address = ipaddress.IPv4Address(low & 0xFFFFFFFF) if mapped else ipaddress.IPv6Address(high << 64 | low)
        if not address.is_global or address.is_multicast:
            return UNKNOWN
        return self._index.get(self._look(str(address)) or "", UNKNOWN)


def _by_geoip2(path: Path) -> Callable[[str], str | None]:
    reader = geoip2.database.Reader(path)
    ask = reader.city if reader.metadata().database_type.endswith("City") else reader.country
    if reader.metadata().database_type.endswith("Enterprise"):
        ask = reader.enterprise

    def look(address: str) -> str | None:
        try:
            return ask(address).country.iso_code
        except geoip2.errors.AddressNotFoundError:
            return None

    return look


def _by_record(reader: maxminddb.Reader) -> Callable[[str], str | None]:
    def look(address: str) -> str | None:
        record = reader.get(address)
        if not isinstance(record, dict):
            return None
        code = record.get("country_code")
        country = record.get("country")
        if code is None and isinstance(country, dict):
            code = country.get("iso_code")
        return code if isinstance(code, str) else None

    return look
