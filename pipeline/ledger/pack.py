"""A rule pack of Order 16, read from TOML and checked to the last key."""

from __future__ import annotations

import datetime
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RULES = Path(__file__).parent / "rules"
NAME = "order16-2024.toml"
Duty = Literal["none", "contract", "assessment"]  # in rising order; contract stands for "standard contract or certification"
RANK: dict[str, int] = {"none": 0, "contract": 1, "assessment": 2}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cited(_Table):
    """A rule with its article in both languages."""

    article_zh: str
    article_en: str


class Threshold(Cited):
    """From this many persons of this counter on, this duty."""

    counter: Literal["pi", "sensitive"]
    least: int = Field(alias="from", ge=1)
    duty: Duty


class Important(Cited):
    """Important data; suspected until declared or published."""

    duty: Duty
    suspected_zh: str
    suspected_en: str


class Ciio(Cited):
    """Operators of critical information infrastructure."""

    duty: Duty


class Small(Cited):
    """The exemption of few persons without sensitive PI."""

    below: int


class Exemption(Cited):
    """One exempt purpose."""

    scenario: str
    personal: bool
    zh: str
    en: str


class Pack(_Table):
    """The whole rule pack."""

    id: str
    version: str
    effective: datetime.date
    zh: str
    en: str
    threshold: list[Threshold]
    important: Important
    ciio: Ciio
    small: Small
    zone_list: Cited
    exemption: list[Exemption]

    @property
    def label(self) -> str:
        """Name and version, as alerts keep it."""
        return f"{self.id}/{self.version}"

    def exempts(self, scenario: str) -> Exemption | None:
        """The exempt purpose of that name."""
        return next((rule for rule in self.exemption if rule.scenario == scenario), None)


@cache
def load_pack(path: Path = RULES / NAME) -> Pack:
    """The rule pack at `path`."""
    return Pack.model_validate(tomllib.loads(path.read_text("utf-8")))
