"""What an operator may set about ingest; unknown keys and bad values are refused."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class IngestSettings(BaseModel):
    """The `[ingest]` table of guankou.toml: of `guankou ingest`, which takes records from Kafka."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stretch_rows: int = Field(1_000_000, ge=1, le=4_000_000, description="rows stored in one insert at most")
    stretch_mebibytes: int = Field(96, ge=1, le=512, description="compressed octets in one insert at most")
    waiting_mebibytes: int = Field(256, ge=1, le=8192, description="compressed octets of all partitions that wait for their stretch")
    # Flows five times as long; while more lies on the bus, ten times.
    stretch_seconds: float = Field(1.0, ge=0, le=60, description="what came is stored after this long, few rows or many")
    session_seconds: float = Field(10.0, ge=1, le=300, description="a process silent for so long loses its partitions")
    metrics_port: int = Field(0, ge=0, le=65535, description="port on 127.0.0.1 for Prometheus; 0: none")
