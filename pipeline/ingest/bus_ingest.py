"""Taking batches from Kafka into the store, each once, however often this process or another dies.

Messages of a partition are stored in stretches, many batches in one insert. Before a stretch is stored, its first and last offset are
committed to the consumer group, which refuses a process that the partition was taken from. So whoever has the partition next stores the
same stretch again under the same deduplication token, which adds what is missing and nothing else, and goes on behind it. A batch that
stands twice on the bus is known by its identity.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata
from prometheus_client import Counter, Gauge, Histogram

from pipeline.bus.connect import BusError, connect
from pipeline.bus.dead import DeadLetters
from pipeline.bus.message import read_headers
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import record_topics
from pipeline.ingest.again import put_missing
from pipeline.ingest.aside import DROPPED
from pipeline.ingest.body import Identity, PoisonError, decode
from pipeline.ingest.marks import Marks
from pipeline.ingest.patience import Patience
from pipeline.ingest.settings import IngestSettings
from pipeline.schema import FLOW

if TYPE_CHECKING:
    from pipeline.store.store import Store


log = logging.getLogger(__name__)
GROUP = "ingest"
STORED = Counter("ingest_rows_total", "rows taken into the store", ["record"])
REPEATED = Counter("ingest_repeated_total", "batches passed over: the store had them", ["record"])
BEHIND = Gauge("ingest_behind_messages", "messages on the bus that are not in the store yet, of this process's partitions")
REFUSED = Counter("ingest_refused_total", "times the store was away or refused an insert")
TOOK = Histogram("ingest_stretch_seconds", "time to store one stretch")
FLOWS_WAIT = 5  # times `stretch_seconds`: they are the most, each insert of them is a part to merge, and alerts do not wait for them
LONG_STRETCH = 10  # times `stretch_seconds`: so long a stretch is added to while more of it lies on the bus
METADATA_MS = 10_000  # so soon are topics and partitions seen that were not there, or not known of, when partitions were dealt out


class Stretch(NamedTuple):
    """Messages of one partition that are stored together."""

    partition: TopicPartition
    messages: list[Any]  # ConsumerRecord
    again: bool = False  # somebody may have stored it

    @property
    def first(self) -> int:
        """Offset of the first message."""
        return int(self.messages[0].offset)

    @property
    def last(self) -> int:
        """Offset of the last message."""
        return int(self.messages[-1].offset)


class BusIngest(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of the consumer group."""

    def __init__(self, bus: BusSettings, store: Store, dead: DeadLetters, how: IngestSettings) -> None:
        """Connect; BusError when no broker answers."""
        self._store, self._dead, self._how = store, dead, how
        self._marks = Marks(store)
        self._waiting: dict[TopicPartition, list[Any]] = {}
        self._since: dict[TopicPartition, float] = {}
        self._again: dict[TopicPartition, int] = {}  # a stretch begun by somebody: its last offset
        self._done: dict[TopicPartition, int] = {}   # stored up to here, not committed yet
        self._fresh: set[TopicPartition] = set()
        self._topics = record_topics(bus)  # topic → record
        self._consumer = connect(
            KafkaConsumer,
            bus,
            group_id=f"{bus.prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
            fetch_max_bytes=64 << 20,
            max_partition_fetch_bytes=32 << 20,
            max_poll_records=200,
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            session_timeout_ms=int(how.session_seconds * 1000),
            heartbeat_interval_ms=int(how.session_seconds * 1000 / 4),
            max_poll_interval_ms=int(how.session_seconds * 6000),  # the others wait so long for a busy one
        )
        for topic in self._topics:
            # Asked before: a member that deals partitions out without knowing of any deals out none, and thinks nothing of it.
            self._consumer.partitions_for_topic(topic)
        self._consumer.subscribe(list(self._topics), listener=self)
        self._for_store = Patience()  # kept while brokers are away too: each of their failures begins anew
        self.rows = 0

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Forget what was read of them: the next one begins where the group's offsets say."""
        for partition in revoked:
            self._forget(partition)

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """They are looked at after the poll that this is called in."""
        self._fresh |= set(assigned)

    def run(self, stopping: Callable[[], bool]) -> None:
        """Until `stopping`; what has been read by then is stored. Trouble with broker or store is waited out."""
        patience = Patience()
        while not stopping():
            try:
                self.step()
                patience.end()
            except (KafkaError, BusError) as error:
                self._start_over()
                time.sleep(patience.fail(f"bus: {type(error).__name__}: {error}"))

    def step(self, wait_ms: int = 200) -> int:
        """One poll, and what became due by it; how many rows were stored."""
        got = self._consumer.poll(timeout_ms=wait_ms)
        if self._fresh:
            got = {partition: records for partition, records in got.items() if partition not in self._fresh}
            self._begin_partitions()
        now = time.monotonic()
        for partition, records in got.items():
            self._waiting.setdefault(partition, []).extend(records)
            self._since.setdefault(partition, now)
        crowding = self._crowding()
        due = [
            stretch
            for partition in list(self._waiting)
            for stretch in self._take_due(partition, float("inf") if partition in crowding else now)
        ]
        before = self.rows
        for stretch in due:
            if self._is_ours(stretch.partition):
                self._commit({stretch.partition: OffsetAndMetadata(stretch.first, str(stretch.last), -1)})
                self._store_stretch(stretch)
        if self._done and not due and not self._waiting:
            self._commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in self._done.items()})
            self._done.clear()
        self._measure()
        return self.rows - before

    def close(self) -> None:
        """Store what was read, say how far it is, and leave the group."""
        try:
            for partition in list(self._waiting):
                for stretch in self._take_due(partition, float("inf")):
                    self._commit({partition: OffsetAndMetadata(stretch.first, str(stretch.last), -1)})
                    self._store_stretch(stretch, patient=False)
            if self._done:
                self._commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in self._done.items()})
        except (KafkaError, RuntimeError) as error:
            log.warning("left to the next one: %s", error)
        self._consumer.close(autocommit=False)

    def _begin_partitions(self) -> None:
        """Go to where the group says; a stretch that was begun there comes first, as it was."""
        fresh, self._fresh = self._fresh & set(self._consumer.assignment()), set()
        self._patiently(self._marks.reload)
        for partition in fresh:
            self._forget(partition)
            committed = self._consumer.committed(partition, metadata=True)
            if committed is None or committed.offset is None or committed.offset < 0:
                self._consumer.seek_to_beginning(partition)
                continue
            self._consumer.seek(partition, committed.offset)
            if committed.metadata:
                self._again[partition] = int(committed.metadata)

    def _take_due(self, partition: TopicPartition, now: float) -> list[Stretch]:
        """Stretches of `partition` whose time has come, oldest first; the rest stays waiting."""
        waiting, due = self._waiting[partition], []
        if partition in self._again:
            last = self._again[partition]
            inside = [record for record in waiting if record.offset <= last]
            if len(inside) == len(waiting) and self._consumer.position(partition) <= last:
                return []  # not all of it has come
            if inside:
                due.append(Stretch(partition, inside, again=True))
            waiting = waiting[len(inside) :]
            del self._again[partition]
        while waiting:
            size = _size(waiting, self._how)
            if size == len(waiting) and now - self._since[partition] < self._wait_s(partition) and not _is_full(waiting, self._how):
                break
            due.append(Stretch(partition, waiting[:size]))
            waiting = waiting[size:]
        if waiting:
            self._waiting[partition] = waiting
        else:
            del self._waiting[partition], self._since[partition]
        return due

    def _wait_s(self, partition: TopicPartition) -> float:
        """How long a stretch of it is added to. A backlog is stored in long ones, however slowly it comes: each is a part to merge."""
        if not self._has_all(partition):
            return self._how.stretch_seconds * LONG_STRETCH
        return self._how.stretch_seconds * (FLOWS_WAIT if self._topics[partition.topic] == FLOW.name else 1)

    def _crowding(self) -> set[TopicPartition]:
        """The partitions with the most waiting, as many as must be stored now for the others to fit into `waiting_mebibytes`."""
        octets = {partition: _octets(waiting) for partition, waiting in self._waiting.items()}
        over, crowding = sum(octets.values()) - (self._how.waiting_mebibytes << 20), set()
        for partition in sorted(octets.keys() - self._again.keys(), key=octets.__getitem__, reverse=True):
            if over > 0:
                crowding.add(partition)
                over -= octets[partition]
        return crowding

    def _has_all(self, partition: TopicPartition) -> bool:
        """Whether everything that the bus is known to hold of it has been read."""
        end = self._consumer.highwater(partition)
        return end is None or self._consumer.position(partition) >= end

    def _store_stretch(self, stretch: Stretch, patient: bool = True) -> None:
        """Store its batches in one insert, then mark them."""
        begun = time.monotonic()
        batches, taken, token = self._read(stretch)
        if batches:
            rows = pa.Table.from_batches(batches)
            if rows.num_rows:
                record, again = self._topics[stretch.partition.topic], stretch.again

                def put() -> None:
                    nonlocal again
                    before, again = again, True
                    self._store.insert(record, rows, token)
                    if before:
                        put_missing(self._store, record, rows, token)

                (self._patiently if patient else _at_once)(put)
                self.rows += rows.num_rows
                STORED.labels(record).inc(rows.num_rows)
            (self._patiently if patient else _at_once)(lambda: self._marks.note(taken, token))
        if self._is_ours(stretch.partition):
            self._done[stretch.partition] = stretch.last + 1
        TOOK.observe(time.monotonic() - begun)

    def _is_ours(self, partition: TopicPartition) -> bool:
        """Whether we have had it without a break: while the store was waited for, another one may have got it, or we anew.

        The brokers take a member's commit for any partition, its own or not.
        """
        return partition in self._consumer.assignment() and partition not in self._fresh

    def _read(self, stretch: Stretch) -> tuple[list[pa.RecordBatch], dict[Identity, list[int]], str]:
        """The batches that are not in the store yet, who made them, and the token: the first of them and the stretch's ends."""
        batches: list[pa.RecordBatch] = []
        taken: dict[Identity, list[int]] = {}
        token = ""
        record = self._topics[stretch.partition.topic]
        for message in stretch.messages:
            try:
                identity, sequence = read_headers(record, message.headers)
                if self._marks.is_stored(identity, sequence) or sequence in taken.get(identity, ()):
                    REPEATED.labels(record).inc()
                    continue
                batches.append(decode(identity, sequence, message.value or b""))
            except PoisonError as poison:
                self._put_aside(message, poison)
                continue
            taken.setdefault(identity, []).append(sequence)
            token = token or "-".join(map(str, (*identity, sequence, stretch.first, stretch.last)))
        return batches, taken, token

    def _put_aside(self, message: Any, poison: PoisonError) -> None:
        DROPPED.labels(poison.reason).inc()
        log.warning("%s %d at %d put aside: %s", message.topic, message.partition, message.offset, poison)
        place = (message.topic, message.partition, message.offset)
        self._dead.put(*place, message.key, message.headers, message.value or b"", poison.reason, str(poison))

    def _patiently(self, act: Callable[[], None]) -> None:
        """Do it, however long the store is away or refuses: nothing more is read meanwhile, and the group is kept."""
        while True:
            try:
                act()
                self._for_store.end()
                return
            except RuntimeError as error:  # the store's: away, or its refusal
                REFUSED.inc()
                wait_s = self._for_store.fail(str(error))
            partitions = self._consumer.assignment()
            self._consumer.pause(*partitions)
            self._consumer.poll(timeout_ms=int(wait_s * 1000))
            self._consumer.resume(*(self._consumer.assignment() & partitions))

    def _commit(self, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """KafkaError when the group does not have us any more: whatever was about to be stored is another one's."""
        self._consumer.commit(dict(offsets), timeout_ms=30_000)
        for partition in offsets:
            self._done.pop(partition, None)

    def _start_over(self) -> None:
        """Read everything again from where the group says."""
        self._fresh |= set(self._consumer.assignment())
        for partition in list(self._waiting):
            self._forget(partition)

    def _forget(self, partition: TopicPartition) -> None:
        for kept in (self._waiting, self._since, self._again, self._done):
            kept.pop(partition, None)  # type: ignore[attr-defined]

    def _measure(self) -> None:
        behind = 0
        for partition in self._consumer.assignment():
            end = self._consumer.highwater(partition)
            waiting = self._waiting.get(partition)
            if end is not None:
                behind += max(0, end - (waiting[0].offset if waiting else self._consumer.position(partition)))
        BEHIND.set(behind)


def _at_once(act: Callable[[], None]) -> None:
    act()


def _rows(message: Any) -> int:
    """What the message says it holds; a message that says nothing counts as one."""
    for name, value in message.headers:
        if name == "rows" and value.isdigit() and len(value) < 10:
            return int(value)
    return 1


def _size(waiting: list[Any], how: IngestSettings) -> int:
    """How many messages fit into one stretch: at least one."""
    rows = octets = 0
    for i, message in enumerate(waiting):
        rows, octets = rows + _rows(message), octets + len(message.value or b"")
        if i and (rows > how.stretch_rows or octets > how.stretch_mebibytes << 20):
            return i
    return len(waiting)


def _is_full(waiting: list[Any], how: IngestSettings) -> bool:
    return sum(map(_rows, waiting)) >= how.stretch_rows or _octets(waiting) >= how.stretch_mebibytes << 20


def _octets(messages: list[Any]) -> int:
    return sum(len(message.value or b"") for message in messages)
