"""The topics: what they should be, making them, and comparing them with what there is."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any, NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError, for_code

from pipeline.bus.connect import open_admin
from pipeline.bus.settings import BusSettings
from pipeline.schema import RECORDS

DEAD_LETTERS = "dead-letters"
BODY_OCTETS = 32 << 20            # the largest batch: 32,768 flows are some MB, of long names many
MESSAGE_OCTETS = BODY_OCTETS + (64 << 10)  # with key, headers and Kafka's own; a dead letter has more headers
MOST_COPIES = 3


class Topic(NamedTuple):
    """One topic as it should be."""

    record: str  # or DEAD_LETTERS
    name: str
    partitions: int
    configuration: dict[str, str]


class Difference(NamedTuple):
    """Something of a topic that is not as it should be."""

    topic: str
    what: str
    found: str
    wanted: str


def topic_name(bus: BusSettings, record: str) -> str:
    """The topic of a record, or of DEAD_LETTERS."""
    return bus.prefix + record


def record_topics(bus: BusSettings) -> dict[str, str]:
    """Topic → record, of those that carry records."""
    return {topic_name(bus, record.name): record.name for record in RECORDS}


def wanted_topics(bus: BusSettings, copies: int) -> list[Topic]:
    """All topics, with `copies` of each partition; an acknowledged message survives the loss of one copy where there are three."""
    declared: dict[str, Any] = tomllib.loads(files(__package__).joinpath("topics.toml").read_text("utf-8"))
    return [
        Topic(
            record,
            topic_name(bus, record),
            one["partitions"],
            {
                "cleanup.policy": "delete",
                "retention.ms": str(one["retention_hours"] * 3_600_000),
                "retention.bytes": "-1",
                "max.message.bytes": str(MESSAGE_OCTETS),
                "min.insync.replicas": str(max(1, copies - 1)),
                "compression.type": "producer",
                # By a sender's clock, a broker refuses what is an hour ahead and deletes at once what is years old.
                "message.timestamp.type": "LogAppendTime",
            },
        )
        for record, one in declared.items()
    ]


def create_topics(bus: BusSettings) -> list[str]:
    """Make the topics that are missing, and say which; what is there stays as it is. BusError when that cannot be done."""
    with open_admin(bus) as admin:
        copies, there = _copies(bus, admin), set(admin.list_topics())
        missing = [topic for topic in wanted_topics(bus, copies) if topic.name not in there]
        for topic in missing:
            wanted = {"num_partitions": topic.partitions, "replication_factor": copies, "configs": topic.configuration}
            try:
                admin.create_topics({topic.name: wanted})
            except TopicAlreadyExistsError:  # somebody was faster
                continue
        admin.wait_for_topics([topic.name for topic in missing])
    return [topic.name for topic in missing]


def check_topics(bus: BusSettings) -> list[Difference]:
    """What is not as it should be. BusError when the broker does not answer."""
    with open_admin(bus) as admin:
        copies = _copies(bus, admin)
        wanted = wanted_topics(bus, copies)
        found = {topic["name"]: topic for topic in admin.describe_topics([topic.name for topic in wanted]) if not topic["error_code"]}
        there = [topic for topic in wanted if topic.name in found]
        differences = [Difference(topic.name, "topic", "missing", "there") for topic in wanted if topic.name not in found]
        configurations = _configurations(admin, [topic.name for topic in there])
        for topic in there:
            differences += _compare(topic, found[topic.name]["partitions"], configurations[topic.name], copies)
    return differences


def _compare(topic: Topic, partitions: list[dict[str, Any]], configuration: dict[str, str], copies: int) -> list[Difference]:
    pairs = [("partitions", str(len(partitions)), str(topic.partitions))]
    pairs += [("copies", str(n), str(copies)) for n in sorted({len(one["replica_nodes"]) for one in partitions})]
    pairs += [(key, configuration.get(key, "?"), value) for key, value in topic.configuration.items()]
    for one in partitions:
        number, code = one["partition_index"], one["error_code"]
        pairs.append((f"leader of partition {number}", "none" if one["leader_id"] < 0 else "there", "there"))
        pairs.append((f"copies in step, partition {number}", str(len(one["isr_nodes"])), str(len(one["replica_nodes"]))))
        if code:
            pairs.append((f"partition {number}", for_code(code).__name__, "well"))
    return [Difference(topic.name, *pair) for pair in pairs if pair[1] != pair[2]]


def _configurations(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answer = admin.describe_configs(asked, config_filter="all")
    return {name: {key: str(one["value"]) for key, one in values.items()} for name, values in answer["topic"].items()}


def _copies(bus: BusSettings, admin: KafkaAdminClient) -> int:
    return bus.copies or min(MOST_COPIES, len(admin.describe_cluster()["brokers"]))
