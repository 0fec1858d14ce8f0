"""What a message on the bus is: the outbox body unchanged, who made it in the headers, the sensor's worker as the key.

One worker's batches of a record stay in order, because they have one key and so one partition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.ingest.body import Identity, PoisonError, Reason

Headers = Sequence[tuple[str, bytes]]
_NUMBER = re.compile(rb"[0-9]{1,20}")
MOST = {"worker": (1 << 16) - 1, "epoch": (1 << 64) - 1, "sequence": (1 << 64) - 1}


def to_key(identity: Identity) -> bytes:
    """What decides the partition."""
    return f"{identity.sensor}/{identity.worker}".encode()


def to_headers(identity: Identity, sequence: int, rows: int, made_ns: int) -> list[tuple[str, bytes]]:
    """The headers of a batch; the record is the topic's."""
    told = {**identity._asdict(), "sequence": sequence, "rows": rows, "made_ns": made_ns}
    del told["record"]
    return [(name, str(value).encode()) for name, value in told.items()]


def read_headers(record: str, headers: Headers) -> tuple[Identity, int]:
    """Who made the batch, and its sequence number; PoisonError (HEADERS) where they do not say. Headers not known are passed over."""
    given = dict(headers)
    if len(given) < len(headers):
        raise PoisonError(Reason.HEADERS, "one stands twice")
    try:
        sensor = given["sensor"].decode()
    except KeyError:
        raise PoisonError(Reason.HEADERS, "no sensor") from None
    except (UnicodeDecodeError, AttributeError):
        raise PoisonError(Reason.HEADERS, "sensor is no text") from None
    numbers = {name: _number(given.get(name), name, most) for name, most in MOST.items()}
    return Identity(record, sensor, numbers["worker"], numbers["epoch"]), numbers["sequence"]


def _number(value: bytes | None, name: str, most: int) -> int:
    if value is None or not _NUMBER.fullmatch(value) or int(value) > most:
        raise PoisonError(Reason.HEADERS, f"{name}: {value!r} is no number up to {most}")
    return int(value)
