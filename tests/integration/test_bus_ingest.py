"""Outboxes → Kafka → ClickHouse: every sum as the embedded way has it, whatever is repeated, reordered, damaged or killed."""

from __future__ import annotations

import itertools
import os
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from prometheus_client import REGISTRY

from deploy.local.lab import bring_down, bring_up
from deploy.local.state import HOST, USER, Shape
from pipeline.bus.message import to_headers, to_key
from pipeline.bus.settings import BusSettings
from pipeline.bus.topics import create_topics, record_topics
from pipeline.ingest import bus_ingest
from pipeline.ingest.again import put_missing
from pipeline.ingest.body import Identity
from pipeline.ingest.bus_ingest import BusIngest
from pipeline.ingest.ingest import Ingest
from pipeline.ingest.settings import IngestSettings
from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, Record
from pipeline.schema.field import TIME
from pipeline.schema.outbox import open_outbox, unsigned
from pipeline.store import nodes
from pipeline.store.opened import open_configured
from pipeline.store.server import ServerStore
from pipeline.store.settings import StoreSettings
from pipeline.store.store import Store, open_store
from sensor.outbox.batch import Identity as Maker
from sensor.outbox.batch import encode, make_batch
from tests.made_outbox import fill_outboxes, make_columns
from tests.services import ClickhouseServer
from tests.store_sums import sums

LIMIT_S = 150
Message = tuple[str, bytes, list[tuple[str, bytes]], bytes]  # record, key, headers, body
ALL = "SELECT record, sensor, worker, epoch, sequence, rows, made_ns, body FROM batch ORDER BY id"


class Kept:
    """Dead letters in memory. One place is one letter, as for `DeadLetters`: a stretch that is done again puts it aside again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[object, ...], tuple[object, ...]] = {}

    def put(self, *letter: object) -> None:
        self._kept[letter[:3]] = letter

    @property
    def letters(self) -> list[tuple[object, ...]]:
        return list(self._kept.values())


@pytest.fixture
def bus(kafka: str) -> BusSettings:
    """Topics of the test's own."""
    made = BusSettings(bootstrap=kafka, prefix=f"t{uuid4().hex[:10]}.")
    create_topics(made)
    return made


@pytest.fixture
def settings(clickhouse: ClickhouseServer) -> Iterator[StoreSettings]:
    address = {"host": clickhouse.host, "port": clickhouse.port}
    who = {"user": clickhouse.user, "password": clickhouse.password}
    made = StoreSettings.model_validate({"servers": [address], **who, "database": f"t{uuid4().hex[:12]}"})
    nodes.migrate_nodes(made, lambda _: None)
    yield made
    with closing(ServerStore(made, "default")) as anywhere:
        anywhere.command(f"DROP DATABASE {made.database} SYNC")


@pytest.fixture
def store(settings: StoreSettings, tmp_path: Path) -> Iterator[Store]:
    with closing(open_configured(tmp_path, settings)) as opened:
        yield opened


@pytest.fixture
def messages(tmp_path: Path) -> list[Message]:
    """What three workers left, in the order of each."""
    fill_outboxes(tmp_path / "sent", seed=21)
    found = []
    for path in sorted((tmp_path / "sent" / "outbox").glob("*.sqlite")):
        with closing(open_outbox(path)) as outbox:
            for record, sensor, worker, epoch, sequence, rows, made_ns, body in outbox.execute(ALL):
                identity = Identity(record, sensor, worker, unsigned(epoch))
                found.append((record, to_key(identity), to_headers(identity, sequence, rows, made_ns), body))
    return found


@pytest.fixture
def wanted(messages: list[Message], tmp_path: Path) -> dict[str, list[object]]:
    """The sums of a store that took the same outboxes in itself."""
    assert messages
    with closing(open_store(tmp_path / "sent")) as alone:
        Ingest(tmp_path / "sent", alone).run_all()
        return sums(alone)


def send(bus: BusSettings, messages: list[Message]) -> None:
    with closing(KafkaProducer(**bus.connection())) as producer:
        for record, key, headers, body in messages:
            producer.send(bus.prefix + record, body, key=key, headers=headers)
        producer.flush()


def run_until(members: list[BusIngest], done: Callable[[], bool]) -> None:
    """Step them in turn; where that comes to nothing, what took longest and how they stand is said."""
    until, slowest = time.monotonic() + LIMIT_S, dict.fromkeys(("done", "step"), 0.0)
    while True:
        asked = time.monotonic()
        is_done = done()
        slowest["done"] = max(slowest["done"], time.monotonic() - asked)
        if is_done:
            return
        if time.monotonic() > until:
            stand = [(sorted(m._consumer.assignment()), {p: len(of) for p, of in m._waiting.items()}, m._done) for m in members]
            raise AssertionError(f"ingest did not come to it; slowest, s: {slowest}; assigned, waiting, done: {stand}")
        for member in members:
            asked = time.monotonic()
            member.step(50)
            slowest["step"] = max(slowest["step"], time.monotonic() - asked)


def behind(bus: BusSettings) -> Callable[[], bool]:
    """Whether the group has committed all there is, asked of the broker now and then."""
    turn = itertools.count()

    def is_done() -> bool:
        if next(turn) % 10 != 9:
            return False
        with closing(KafkaConsumer(**bus.connection(), group_id=f"{bus.prefix}ingest", enable_auto_commit=False)) as asking:
            places = [TopicPartition(topic, p) for topic in record_topics(bus) for p in asking.partitions_for_topic(topic)]
            ends = asking.end_offsets(places)
            return all((asking.committed(place) or 0) >= ends[place] for place in places if ends[place])

    return is_done


def test_sums_are_those_of_the_embedded_way(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]]
) -> None:
    send(bus, messages)
    with closing(BusIngest(bus, store, Kept(), IngestSettings(stretch_seconds=0.1))) as member:
        run_until([member], behind(bus))
    assert sums(store) == wanted


class Counting(Store):
    """The store, and how many rows of coverage each insert had."""

    def __init__(self, store: Store) -> None:
        self._store, self.inserted = store, list[int]()

    def query(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        return self._store.query(sql, parameters)

    def insert(self, table: str, rows: pa.Table | pa.RecordBatch, token: str) -> None:
        self.inserted.extend([rows.num_rows] if table == COVERAGE.name else [])
        self._store.insert(table, rows, token)


def coverage_batch(sensor: str, sequence: int, rows: int) -> Message:
    identity = Identity(COVERAGE.name, sensor, 0, 7)
    made = make_batch(COVERAGE, Maker(sensor, 0, 7), sequence, make_columns(random.Random(sequence), COVERAGE, rows), rows)
    return COVERAGE.name, to_key(identity), to_headers(identity, sequence, rows, 1), encode(made)


def test_a_backlog_is_stored_in_long_stretches(bus: BusSettings, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes in several polls and is stored in one insert; when nothing more is there, what came is stored at once."""
    monkeypatch.setattr(bus_ingest, "LONG_STRETCH", 100_000)
    counting = Counting(store)
    send(bus, [coverage_batch("beijing", sequence, 3) for sequence in range(1, 601)])
    with closing(BusIngest(bus, counting, Kept(), IngestSettings(stretch_seconds=0.001))) as member:
        run_until([member], behind(bus))
        assert counting.inserted == [1800]
        send(bus, [coverage_batch("beijing", 601, 3)])
        begun = time.monotonic()
        run_until([member], lambda: len(counting.inserted) > 1)
        assert time.monotonic() - begun < 10


def test_what_waits_of_all_partitions_together_is_bounded(bus: BusSettings, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However patient each of them could be: the fullest is stored first, and the others go on gathering."""
    monkeypatch.setattr(bus_ingest, "LONG_STRETCH", 100_000)
    counting, most, largest = Counting(store), 2 << 20, 0
    sent = [coverage_batch(f"sensor-{sensor}", sequence, 100) for sequence in range(1, 201) for sensor in range(8)]
    octets = sum(len(body) for *_, body in sent)
    send(bus, sent)
    done = behind(bus)
    with closing(BusIngest(bus, counting, Kept(), IngestSettings(waiting_mebibytes=2))) as member:
        while not done():
            member.step(50)
            waiting = sum(len(message.value) for messages in member._waiting.values() for message in messages)
            largest = max(largest, waiting)
    assert sum(counting.inserted) == 100 * len(sent)
    assert octets / 3 > most > octets * 200 / len(sent)  # a poll takes 200 messages
    assert most // 4 < largest <= most
    assert len(counting.inserted) < len(sent) / 20


@pytest.mark.parametrize("seed", range(3))
def test_repeated_reordered_and_damaged_batches(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]], seed: int
) -> None:
    """Each once, whatever the order; what is no batch is put aside with its reason, and blocks nothing."""
    rng, kept = random.Random(seed), Kept()
    mixed = [*messages, *rng.sample(messages, len(messages) // 2)]
    rng.shuffle(mixed)
    record, key, headers, body = messages[0]
    mixed.insert(3, (record, key, headers, body[:-200] + bytes(200)))
    mixed.insert(9, (record, key, [], body))
    mixed.insert(12, (record, key, [*headers[:3], ("sequence", b"-7")], body))
    send(bus, mixed)
    with closing(BusIngest(bus, store, kept, IngestSettings(stretch_rows=rng.choice((40, 150, 10**6)), stretch_seconds=0.05))) as member:
        run_until([member], behind(bus))
    assert sums(store) == wanted
    assert sorted(str(letter[6]) for letter in kept.letters) in (["headers", "headers", "unreadable"], ["headers", "headers"])


def test_killed_between_any_two_acts_nothing_is_lost_or_doubled(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]]
) -> None:
    """A member dies before or after its commit, rows and marks, again and again; the next one goes on."""

    class Killed(BaseException):
        pass

    rng = random.Random(5)

    class Dying:
        """The store, until its time has come."""

        def __init__(self) -> None:
            self.left = rng.randrange(1, 6)

        def query(self, *words: object) -> object:
            return store.query(*words)  # type: ignore[arg-type]

        def insert(self, table: str, batch: object, token: str) -> None:
            self.left -= 1
            before = rng.random() < 0.5
            if self.left <= 0 and before:
                raise Killed
            store.insert(table, batch, token)  # type: ignore[arg-type]
            if self.left <= 0:
                raise Killed

    send(bus, messages)
    deaths, done = 0, False
    while deaths < 6 and not done:
        member = BusIngest(bus, Dying(), Kept(), IngestSettings(stretch_rows=150, stretch_seconds=0.0, session_seconds=6))  # type: ignore[arg-type]
        try:
            run_until([member], behind(bus))
            done = True
        except Killed:
            deaths += 1
        finally:
            member._consumer.close(autocommit=False)  # it says nothing more
    with closing(BusIngest(bus, store, Kept(), IngestSettings(stretch_seconds=0.05))) as last:
        run_until([last], behind(bus))
    assert deaths
    assert sums(store) == wanted


@pytest.mark.parametrize("record", ["flows", "findings", "coverage", "sensor_reports"])
def test_a_token_that_is_remembered_without_its_rows(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]], record: str
) -> None:
    """As a server leaves it that was killed while it stored the first stretch of `record`, and the member with it."""

    class Killed(BaseException):
        pass

    class Forgetful:
        def query(self, *words: object) -> object:
            return store.query(*words)  # type: ignore[arg-type]

        def insert(self, table: str, batch: object, token: str) -> None:
            store.insert(table, batch, token)  # type: ignore[arg-type]
            if table == record:
                store.command(f"ALTER TABLE {record} DELETE WHERE 1 SETTINGS mutations_sync = 2")
                raise Killed

    send(bus, messages)
    member = BusIngest(bus, Forgetful(), Kept(), IngestSettings(stretch_rows=150, stretch_seconds=0.0, session_seconds=6))  # type: ignore[arg-type]
    with pytest.raises(Killed):
        run_until([member], behind(bus))
    member._consumer.close(autocommit=False)
    assert not store.query(f"SELECT count() AS n FROM {record}").to_pylist()[0]["n"]
    with closing(BusIngest(bus, store, Kept(), IngestSettings(stretch_seconds=0.05))) as last:
        run_until([last], behind(bus))
    assert sums(store) == wanted


def test_a_server_killed_between_a_token_and_its_part(tmp_path: Path) -> None:
    """What such a server has on its disk when it comes again: the stretch is refused, and the month that is missing put in otherwise."""
    months = [datetime(2026, month, 3, tzinfo=UTC) for month in (9, 10)]
    columns = make_columns(random.Random(3), FLOW, 60)
    lines = pa.array([f"L-{n % 3}" for n in range(60)]).dictionary_encode()
    columns |= {"first": pa.array([months[n % 2] for n in range(60)], TIME), "line": lines}
    rows = pa.Table.from_batches([make_batch(FLOW, Maker("one", 0, 7), 1, columns, 60)])
    folder = tmp_path / "lab"

    def open_server() -> ServerStore:
        lab, _ = bring_up(folder, Shape(), os.getpid())
        servers = [{"host": HOST, "port": lab.clickhouse[0].ports["tcp"]}]
        made = StoreSettings.model_validate({"servers": servers, "user": USER, "password": lab.clickhouse_password})
        nodes.migrate_nodes(made, lambda _: None)
        return ServerStore(made)

    try:
        with closing(open_server()) as store:
            store.insert("flows", rows, "t-1")
            (part,) = store.query("SELECT path FROM system.parts WHERE table = 'flows' AND active AND partition = '202610'").to_pylist()
        bring_down(folder)
        shutil.rmtree(part["path"])
        with closing(open_server()) as store:
            there = "SELECT toYYYYMM(first) AS month, count() AS n FROM flows GROUP BY month ORDER BY month"
            store.insert("flows", rows, "t-1")
            assert store.query(there).to_pylist() == [{"month": 202609, "n": 30}]
            assert [put_missing(store, "flows", rows, "t-1") for _ in range(2)] == [30, 0]
            assert store.query(there).to_pylist() == [{"month": 202609, "n": 30}, {"month": 202610, "n": 30}]
    finally:
        bring_down(folder)


@pytest.mark.parametrize("year", [1969, 1970, 2105, 2120, 2261])
@pytest.mark.parametrize("record", [FLOW, FINDING, COVERAGE, SENSOR_REPORT])
def test_what_is_there_is_not_missing_whatever_its_time(store: Store, record: Record, year: int) -> None:
    """A capture's clock may say anything; what were thought missing would be stored twice."""
    columns = make_columns(random.Random(3), record, 5)
    time = next(field.name for field in record.fields if field.arrow == TIME)
    columns[time] = pa.array([datetime(year, 2, day, 23, 59, tzinfo=UTC) for day in range(1, 6)], TIME)
    rows = pa.Table.from_batches([make_batch(record, Maker("one", 0, 7), 1, columns, 5)])
    store.insert(record.name, rows, "t-3")
    assert put_missing(store, record.name, rows, "t-3") == 0


def test_rows_that_do_not_stay_are_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no third try adds to them."""
    tried: list[object] = []
    monkeypatch.setattr(store, "insert", lambda *words: tried.append(words[2]))
    rows = pa.Table.from_batches([make_batch(COVERAGE, Maker("one", 0, 7), 1, make_columns(random.Random(3), COVERAGE, 6), 6)])
    with pytest.raises(RuntimeError, match="coverage: 6 rows under t-2 do not stay"):
        put_missing(store, "coverage", rows, "t-2")
    assert tried == ["t-2-again-1", "t-2-again-2"]


@pytest.mark.parametrize("fails", [False, True])
def test_an_outbox_taken_in_without_a_bus_is_looked_after_too(
    tmp_path: Path, store: Store, wanted: dict[str, list[object]], fails: bool
) -> None:
    """Its first batch, after a start and after an insert that failed, may be one whose token alone is remembered."""

    def lose(table: str, batch: pa.RecordBatch, token: str) -> None:
        ServerStore.insert(store, table, batch, token)  # type: ignore[arg-type]
        if table == "flows":
            store.command("ALTER TABLE flows DELETE WHERE 1 SETTINGS mutations_sync = 2")
            raise RuntimeError("away")

    fill_outboxes(tmp_path, seed=21)
    ingest = Ingest(tmp_path, store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "insert", lose)
        with pytest.raises(RuntimeError, match="away"):
            ingest.run_once()
    (ingest if fails else Ingest(tmp_path, store)).run_all()
    assert sums(store) == wanted


def test_members_come_and_go(bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]]) -> None:
    send(bus, messages[::2])
    first = BusIngest(bus, store, Kept(), IngestSettings(stretch_rows=100, stretch_seconds=0.0))
    for _ in range(10):
        first.step(50)
    second = BusIngest(bus, store, Kept(), IngestSettings(stretch_rows=100, stretch_seconds=0.0))
    stop = threading.Event()
    threads = [threading.Thread(target=member.run, args=(stop.is_set,)) for member in (first, second)]
    for thread in threads:
        thread.start()
    send(bus, messages[1::2])
    done = behind(bus)
    until = time.monotonic() + LIMIT_S
    while not done() and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    for thread, member in zip(threads, (first, second), strict=True):
        thread.join()
        member.close()
    assert sums(store) == wanted


def test_a_store_that_is_away_holds_everything_up_and_loses_nothing(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]]
) -> None:
    class Refusing:
        refused = 0

        def query(self, *words: object) -> object:
            return store.query(*words)  # type: ignore[arg-type]

        def insert(self, table: str, batch: object, token: str) -> None:
            if self.refused < 4:
                self.refused += 1
                raise RuntimeError("no space left on device")
            store.insert(table, batch, token)  # type: ignore[arg-type]

    before = REGISTRY.get_sample_value("ingest_refused_total") or 0.0
    send(bus, messages)
    with closing(BusIngest(bus, Refusing(), Kept(), IngestSettings(stretch_seconds=0.1))) as member:  # type: ignore[arg-type]
        run_until([member], behind(bus))
    assert sums(store) == wanted
    assert REGISTRY.get_sample_value("ingest_refused_total") == before + 4


def test_partitions_that_went_to_another_while_the_store_was_waited_for_are_left_to_it(
    bus: BusSettings, store: Store, messages: list[Message], wanted: dict[str, list[object]]
) -> None:
    """A member commits nothing, and stores nothing more, of what it has not had without a break."""
    stop, begun = threading.Event(), threading.Event()
    how = IngestSettings(stretch_rows=60, stretch_seconds=0.0)

    class Refusing:
        """Refuses until another member has partitions."""

        def query(self, *words: object) -> object:
            return store.query(*words)  # type: ignore[arg-type]

        def insert(self, table: str, batch: object, token: str) -> None:
            begun.set()
            if not others_have_some():
                raise RuntimeError("not now")
            store.insert(table, batch, token)  # type: ignore[arg-type]

    others: list[BusIngest] = []

    def others_have_some() -> bool:
        return bool(others and others[0]._consumer.assignment())

    def run_other() -> None:
        begun.wait(LIMIT_S)
        others.append(BusIngest(bus, store, Kept(), how))
        others[0].run(stop.is_set)

    send(bus, messages)
    first = BusIngest(bus, Refusing(), Kept(), how)  # type: ignore[arg-type]
    committed: list[tuple[bool, object]] = []
    commit = first._commit

    def watched(offsets: dict[TopicPartition, object]) -> None:
        committed.extend((first._is_ours(partition), partition) for partition in offsets)
        commit(offsets)  # type: ignore[arg-type]

    first._commit = watched  # type: ignore[method-assign, assignment]
    other = threading.Thread(target=run_other)
    other.start()
    run_until([first], others_have_some)
    run_until([first], behind(bus))
    stop.set()
    other.join()
    for member in (first, *others):
        member.close()
    assert all(ours for ours, _ in committed), committed
    assert sums(store) == wanted
