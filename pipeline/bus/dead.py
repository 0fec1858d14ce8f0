"""Dead letters: messages that ingest could not take, each with its reason, kept on a topic of their own until a person decides.

A letter is known by where the message stood (topic, partition, offset): the same one kept twice is one letter. Its number is the offset of
the first copy. A mark on the same topic says that it was fed to its topic again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from pipeline.bus.connect import CONNECT_WITHIN_MS, BusError, connect, explain
from pipeline.bus.link import Link
from pipeline.bus.message import Headers
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import DEAD_LETTERS, topic_name

WITHIN_S = 30.0
KEPT = "kept-"       # begins the names of the message's own headers
KEY = "message-key"  # the message's own key; missing where it had none
FED = "fed-again"    # a mark: when


class Origin(NamedTuple):
    """Where the message stood."""

    topic: str
    partition: int
    offset: int


class Letter(NamedTuple):
    """A dead letter without its value."""

    number: int
    origin: Origin
    reason: str
    detail: str
    at: str         # when it was put here, UTC
    octets: int
    key: bytes | None
    headers: list[tuple[str, bytes]]
    times: int = 1  # how often it was put here
    fed: str = ""   # when it was fed again, UTC


class DeadLetters:
    """The topic of dead letters; connects when it is first needed. BusError when it cannot be reached."""

    def __init__(self, bus: BusSettings) -> None:
        self._bus = bus
        self._topic = topic_name(bus, DEAD_LETTERS)
        self._link: Link | None = None

    def put(
        self,
        topic: str,
        partition: int,
        offset: int,
        key: bytes | None,
        headers: Headers,
        value: bytes | None,
        reason: str,
        detail: str,
    ) -> None:
        """Keep the message and why; the broker has it when this returns."""
        told = {"reason": reason, "detail": detail[:2000], "topic": topic, "partition": partition, "offset": offset, "at": _now()}
        own = [(name, str(one).encode()) for name, one in told.items()]
        own += [(KEY, key)] if key is not None else []
        self._send(self._topic, _key(Origin(topic, partition, offset)), [*own, *((KEPT + name, one) for name, one in headers)], value)

    def letters(self) -> list[Letter]:
        """All letters, oldest first, each once."""
        found: dict[Origin, Letter] = {}
        for message in self._read():
            letter = _letter(message)
            if letter is None:
                continue
            known = found.get(letter.origin)
            if letter.fed:
                found |= {letter.origin: known._replace(fed=letter.fed)} if known else {}
            else:
                found[letter.origin] = known._replace(times=known.times + 1, fed="") if known else letter
        return list(found.values())

    def value(self, letter: Letter) -> bytes | None:
        """The message's value."""
        message = next(self._read(letter.number, letter.number + 1), None)
        if message is None or message.offset != letter.number:
            raise BusError(f"dead letter {letter.number} is not there any more")
        return None if message.value is None else bytes(message.value)

    def feed(self, letter: Letter) -> None:
        """Send the message to its topic again as it was, and mark the letter. Done twice, it stands there twice, which ingest knows."""
        self._send(letter.origin.topic, letter.key, letter.headers, self.value(letter))
        told = {**letter.origin._asdict(), FED: _now()}
        self._send(self._topic, _key(letter.origin), [(name, str(one).encode()) for name, one in told.items()], b"")

    def close(self) -> None:
        """Everything put is safe already."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _send(self, topic: str, key: bytes | None, headers: Headers, value: bytes | None) -> None:
        if self._link is None:
            self._link = Link(self._bus, [self._topic])
        future = self._link.send(topic, key, value, headers)
        try:
            if future is None:
                raise self._link.broken or BusError("the bus is gone")
            future.get(WITHIN_S)
        except KafkaError as error:
            self.close()
            raise BusError(explain(error, "", self._bus)) from error

    def _read(self, first: int = 0, end: int | None = None) -> Iterator[Any]:
        """Messages of the topic from offset `first` to before `end`, or to the end of now."""
        place = TopicPartition(self._topic, 0)
        more = {"enable_auto_commit": False, "group_id": None, "bootstrap_timeout_ms": CONNECT_WITHIN_MS, "fetch_max_bytes": 64 << 20}
        consumer = connect(KafkaConsumer, self._bus, **more, max_partition_fetch_bytes=40 << 20, auto_offset_reset="earliest")
        try:
            consumer.assign([place])
            begin, last = consumer.beginning_offsets([place])[place], consumer.end_offsets([place])[place]
            last = last if end is None else min(end, last)
            consumer.seek(place, max(first, begin))
            while consumer.position(place) < last:
                for message in consumer.poll(timeout_ms=500, max_records=20).get(place, []):
                    if message.offset < last:
                        yield message
        except KafkaError as error:
            raise BusError(f"topic {self._topic}: {explain(error, '', self._bus)}") from error
        finally:
            consumer.close()


def _letter(message: Any) -> Letter | None:
    """A letter, or the mark of one (`fed`); None for what is neither."""
    headers: Sequence[tuple[str, bytes]] = message.headers
    said = dict(headers)
    try:
        origin = Origin(said["topic"].decode(), int(said["partition"]), int(said["offset"]))
        texts = {name: said.get(name, b"").decode("utf-8", "replace") for name in ("reason", "detail", "at", FED)}
    except (KeyError, ValueError):
        return None
    own = [(name.removeprefix(KEPT), value) for name, value in headers if name.startswith(KEPT)]
    size = len(message.value or b"")
    return Letter(message.offset, origin, texts["reason"], texts["detail"], texts["at"], size, said.get(KEY), own, fed=texts[FED])


def _key(origin: Origin) -> bytes:
    return f"{origin.topic}/{origin.partition}/{origin.offset}".encode()


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
