"""What a lab is, as `lab.json` in its folder keeps it."""

from __future__ import annotations

import datetime
import random
import socket
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

HOST = "127.0.0.1"
FILE = "lab.json"
USER = "guankou"


class Shape(BaseModel):
    """What was asked for; a folder keeps its shape, because its data has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    brokers: Literal[1, 3] = 1
    shards: Literal[1, 2] = 1
    secure: bool = False

    def __str__(self) -> str:
        return f"brokers: {self.brokers}, shards: {self.shards}, {'secure' if self.secure else 'open'}"


class Service(BaseModel):
    """One server process. Its folder has its configuration, data and log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    folder: Path
    ports: dict[str, int]  # by listener: PLAINTEXT, CONTROLLER, SASL, SSL, MTLS; tcp, http
    pid: int | None = None  # None: was not started
    since: datetime.datetime | None = None

    @property
    def log(self) -> Path:
        """What the process has printed."""
        return self.folder / "output.log"


class Lab(BaseModel):
    """All of one folder; `mark` is in the environment of each of its processes and nowhere else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mark: str
    shape: Shape
    password: str  # of USER; of Kafka's SASL listener, and of ClickHouse where the lab is secure
    kafka: tuple[Service, ...]
    clickhouse: tuple[Service, ...]

    @property
    def services(self) -> tuple[Service, ...]:
        """Brokers, then shards."""
        return self.kafka + self.clickhouse

    @property
    def clickhouse_password(self) -> str:
        """What USER signs in with; empty in an open lab."""
        return self.password if self.shape.secure else ""

    def bootstrap(self, listener: str = "PLAINTEXT") -> str:
        """Kafka's addresses, joined by commas."""
        return ",".join(f"{HOST}:{broker.ports[listener]}" for broker in self.kafka)


def read_lab(folder: Path) -> Lab | None:
    """The lab of `folder`, or None; RuntimeError when the file is not ours."""
    file = folder / FILE
    try:
        return Lab.model_validate_json(file.read_text("utf-8")) if file.exists() else None
    except ValidationError as error:
        raise RuntimeError(f"{file}: {error}") from None


def write_lab(folder: Path, lab: Lab) -> None:
    """Keep `lab`: whole or not at all, and for the owner's eyes, as it holds a password."""
    part = folder / f"{FILE}.part"
    part.unlink(missing_ok=True)
    part.touch(0o600)
    part.write_text(lab.model_dump_json(indent=1) + "\n", "utf-8")
    part.replace(folder / FILE)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on. Below 32768, where Linux begins to take the ports of outgoing connections."""
    found: list[int] = []
    for port in random.sample(range(20_000, 32_000), 2_000):
        if len(found) == count:
            break
        if is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Whether one may listen on `port`; a connection that was closed just now does not count."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HOST, port))
        except OSError:
            return False
    return True
