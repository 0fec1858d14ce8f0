"""What must hold of deploy/compose.yaml beyond its schema; each rule yields what is wrong, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
SHAPES = ("single", "cluster")
CAPABILITIES = {"sensor": ["NET_RAW"]}  # who may add what
Compose = dict[str, Any]


def read_compose(shape: str) -> Compose:
    """The file as COMPOSE_PROFILES=shape makes it, every other variable left to its default."""
    text = (DEPLOY / "compose.yaml").read_text("utf-8").replace("${COMPOSE_PROFILES:-single}", shape)
    made: Compose = yaml.safe_load(re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text))
    return made


def services(compose: Compose, shape: str) -> dict[str, Any]:
    """The services that run in this shape."""
    return {name: one for name, one in compose["services"].items() if shape in one.get("profiles", [shape])}


def environment(service: dict[str, Any]) -> dict[str, str]:
    """The variables a container of ours gets, those of its files first."""
    lines = [line for file in service.get("env_file", []) for line in (DEPLOY / file).read_text("utf-8").splitlines()]
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#")) | service.get("environment", {})


def guarded(compose: Compose, shape: str) -> Iterator[str]:
    """Nobody is root, nobody writes to a root, nobody has more rights than named here."""
    for name, one in services(compose, shape).items():
        if str(one.get("user", "root")).split(":")[0] in ("root", "0"):
            yield f"{name}: runs as root"
        if one.get("read_only") is not True:
            yield f"{name}: its root can be written"
        if one.get("cap_drop") != ["ALL"] or one.get("cap_add", []) != CAPABILITIES.get(name, []) or one.get("privileged"):
            yield f"{name}: has capabilities"
        if "no-new-privileges:true" not in one.get("security_opt", []) and name not in CAPABILITIES:
            yield f"{name}: may gain privileges"


def bounded(compose: Compose, shape: str) -> Iterator[str]:
    """Each has limits, and a way to see that it lives; what runs once ends instead."""
    for name, one in services(compose, shape).items():
        yield from (f"{name}: no {limit}" for limit in ("mem_limit", "cpus", "pids_limit") if not one.get(limit))
        if one.get("restart") != "no" and not one.get("healthcheck", {}).get("test"):
            yield f"{name}: no health check"


def enclosed(compose: Compose, shape: str) -> Iterator[str]:
    """Only the pages can be reached, from this host alone; only they and the sensor reach out."""
    for name, one in services(compose, shape).items():
        for port in one.get("ports", []):
            if name != "dashboards" or not str(port).startswith("127.0.0.1:"):
                yield f"{name}: publishes {port}"
        if one.get("network_mode") and name != "sensor":
            yield f"{name}: network {one['network_mode']}"
        for network in one.get("networks", []):
            if not compose["networks"][network].get("internal") and name != "dashboards":
                yield f"{name}: {network} is not internal"


def pinned(compose: Compose, shape: str) -> Iterator[str]:
    """Images have a whole version, and no host of a registry."""
    for name, one in services(compose, shape).items():
        if not re.fullmatch(r"[a-z-]+(/[a-z-]+)?:\d+\.\d+[.\d]*(-[a-z]+)?", one["image"]):
            yield f"{name}: image {one['image']}"


def declared(compose: Compose, shape: str) -> Iterator[str]:  # noqa: ARG001 - what a shape leaves out is declared all the same
    """Secrets, configs, volumes and networks: whatever is used is declared, and the reverse."""
    for kind in ("secrets", "configs", "volumes", "networks"):
        used: set[str] = set()
        for one in compose["services"].values():
            for entry in one.get(kind, []):
                name = entry["source"] if isinstance(entry, dict) else entry.split(":")[0] if kind == "volumes" else entry
                used |= set() if name.startswith((".", "/")) else {name}
        yield from (f"{kind}: {name} is not declared" for name in sorted(used - compose[kind].keys()))
        yield from (f"{kind}: {name} is not used" for name in sorted(compose[kind].keys() - used))


def there(compose: Compose, shape: str) -> Iterator[str]:
    """Files that are mounted or read stand in the tree; those of secrets are made by a script of ours."""
    files = [entry.split(":")[0] for one in services(compose, shape).values() for entry in one.get("volumes", [])]
    files += [file for one in services(compose, shape).values() for file in one.get("env_file", [])]
    files += [one["file"] for one in compose["configs"].values()]
    named = {file for file in files if file.startswith(".") or "/" in file}
    yield from (f"no such file: {file}" for file in sorted(named) if not (DEPLOY / file).exists())


def hidden(compose: Compose, shape: str) -> Iterator[str]:
    """No password in an environment: `docker inspect` shows it."""
    for name, one in services(compose, shape).items():
        for variable in environment(one):
            if re.search(r"PASSWORD|SECRET|TOKEN", variable) and not variable.endswith(("_FILE", "_SECRETS")):
                yield f"{name}: {variable} in the environment"


def ordered(compose: Compose, shape: str) -> Iterator[str]:
    """What is waited for can come to be, in this shape."""
    running = services(compose, shape)
    for name, one in running.items():
        for other, how in one.get("depends_on", {}).items():
            if other not in running:
                if how.get("required", True) or other not in compose["services"]:
                    yield f"{name}: waits for {other}, which does not run"
            elif how["condition"] == "service_completed_successfully" and running[other].get("restart") != "no":
                yield f"{name}: waits for the end of {other}, which does not end"


def answered(compose: Compose, shape: str) -> Iterator[str]:
    """Variables that mounted configurations ask for are set where they are read."""
    texts = {"kafka": ["kafka/server.properties"], "keeper": ["clickhouse/keeper.xml"]}
    texts["clickhouse"] = [f"clickhouse/{shape}.xml", "clickhouse/users.d/access.xml", "clickhouse/config.d/server.xml"]
    for name, one in services(compose, shape).items():
        for file in texts.get(name.split("-")[0], []):
            asked = re.findall(r'from_env="(\w+)"|\$\{env:(\w+)\}', (DEPLOY / file).read_text("utf-8"))
            yield from (f"{name}: {file} asks for {a or b}" for a, b in asked if not environment(one).get(a or b))


def agreed(compose: Compose, shape: str) -> Iterator[str]:
    """Nodes know each other by the names and places they have here."""
    running = services(compose, shape)
    brokers = {f"{environment(one)['KAFKA_NODE']}@{name}:9093" for name, one in running.items() if name.startswith("kafka-")}
    for name, one in running.items():
        known = environment(one)
        if name.startswith("kafka-") and (set(known["KAFKA_VOTERS"].split(",")) != brokers or known["KAFKA_HOST"] != name):
            yield f"{name}: voters {known['KAFKA_VOTERS']}, host {known['KAFKA_HOST']}"
        if name.startswith("clickhouse-"):
            place = f"clickhouse-{known['CLICKHOUSE_SHARD']}-{known['CLICKHOUSE_REPLICA']}"
            if name != place or known["CLICKHOUSE_HOST"] != name:
                yield f"{name}: is told it is {place}, {known['CLICKHOUSE_HOST']}"
    if shape == "cluster":
        told = ElementTree.parse(DEPLOY / "clickhouse" / "cluster.xml")
        shards = [[host.text for host in shard.iter("host")] for shard in told.iter("shard") if shard.find("replica") is not None]
        wanted = [[f"clickhouse-{shard}-{replica}" for replica in (1, 2)] for shard in (1, 2)]
        keepers = {host.text for node in told.iter("node") for host in node.iter("host")}
        ids = {f"keeper-{environment(one)['KEEPER_ID']}" for name, one in running.items() if name.startswith("keeper-")}
        raft = {f"keeper-{s.findtext('id')}" for s in ElementTree.parse(DEPLOY / "clickhouse" / "keeper.xml").iter("server")}
        if shards != wanted or not {*wanted[0], *wanted[1], *keepers} <= running.keys() or not keepers == ids == raft:
            yield f"clickhouse/cluster.xml and keeper.xml: {shards}, {sorted(keepers)}, {sorted(ids)}, {sorted(raft)}"


RULES: tuple[Callable[[Compose, str], Iterator[str]], ...] = (
    guarded, bounded, enclosed, pinned, declared, there, hidden, ordered, answered, agreed,
)  # fmt: skip


def problems(compose: Compose, shape: str) -> list[str]:
    """All that is wrong."""
    return [problem for rule in RULES for problem in rule(compose, shape)]
