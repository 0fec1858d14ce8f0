"""The house's incident rules, read from TOML and checked to the last key."""

from __future__ import annotations

import datetime
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RULES = Path(__file__).parent / "rules"
NAME = "incident-2026.toml"
Verdict = Literal["none", "beyond", "pending", "permit", "exempt"]
GRAVITY: dict[str, int] = {"exempt": 0, "permit": 1, "pending": 2, "beyond": 3, "none": 4}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LevelRule(_Table):
    """When all conditions given hold, this level; numbers are lower bounds of persons this year."""

    level: int = Field(ge=1, le=4)
    verdicts: list[Verdict]
    duty: Literal["none", "contract", "assessment"] | None = None
    important: bool | None = None
    sensitive_from: int | None = None
    pi_from: int | None = None


class ArticleRule(_Table):
    """Which article a verdict cites, by kind of permission and, where given, the field exceeded."""

    verdict: Verdict
    kind: str
    field: str | None = None
    zh: str
    en: str


class ClockRule(_Table):
    """A limit: whose duty, by which rule, from which moment until which, how long."""

    key: str
    house: bool
    level: int | None = None
    who_zh: str
    who_en: str
    what_zh: str
    what_en: str
    rule_zh: str
    rule_en: str
    start: Literal["told", "created", "awaiting", "closed"] = Field(alias="from")
    until: Literal["reviewed", "answered"] | None = None
    minutes: int = Field(ge=0)
    ciio: bool | None = None
    persons_from: int | None = None


class Pack(_Table):
    """The whole pack."""

    id: str
    version: str
    effective: datetime.date
    level: list[LevelRule]
    article: list[ArticleRule]
    clock: list[ClockRule]

    @property
    def label(self) -> str:
        """Name and version, as alerts keep it."""
        return f"{self.id}/{self.version}"


@cache
def load_pack(path: Path = RULES / NAME) -> Pack:
    """The incident rules at `path`."""
    return Pack.model_validate(tomllib.loads(path.read_text("utf-8")))
