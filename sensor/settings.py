"""What an operator may set about a sensor; unknown keys and bad values are refused."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class SensorSettings(BaseModel):
    """The `[sensor]` table of guankou.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("sensor", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="name on every record a live sensor makes")
    lines: Path | None = Field(None, description="registry of lines (TOML); without it nothing is looked into")
    mmdb: Path | None = Field(None, description="geography database; without it registry data from the iptocc wheel")
    catalogue: Path | None = Field(None, description="folder of signatures; without it the one shipped")
    flows: int = Field(1 << 19, ge=1024, le=1 << 26, description="flows held at once; the oldest is evicted beyond")
    batch_packets: int = Field(8192, ge=64, le=1 << 16, description="packets in one batch")
    idle_after_s: float = Field(120.0, gt=0, description="a TCP flow ends after this silence")
    datagram_idle_after_s: float = Field(60.0, gt=0, description="any other flow ends after this silence")
    active_after_s: float = Field(300.0, gt=0, description="a flow is reported at least this often")
    ring_mebibytes: int = Field(64, ge=2, le=4096, description="live: ring of each interface; what comes while it is full is lost")
    ring_block_ms: int = Field(50, ge=1, le=1000, description="live: packets are handed over at least this often")
    flush_after_s: float = Field(1.0, gt=0, description="live: findings reach the outbox at least this often")
