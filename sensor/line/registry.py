"""The registry of lines: a TOML file, checked to the last key."""

from __future__ import annotations

import datetime
import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.schema.jurisdiction import CODES

Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network


def _known_place(code: str) -> str:
    if code not in CODES:
        raise ValueError(f"{code!r} is no ISO 3166 code of a country or region")
    return code


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Holder(_Table):
    """Who uses a line."""

    name: str
    name_en: str = ""
    usci: str = Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="unified social credit identifier, GB 32100")


class LegalBasis(_Table):
    """Why content may be looked into (Telecom Regulations Art. 65)."""

    kind: Literal["holder_consent", "holder_own_sensor", "authority"]
    reference: str = Field(min_length=1)
    since: datetime.date = Field(alias="from")
    until: datetime.date


class Line(_Table):
    """One dedicated line, and how its traffic is told from other traffic."""

    id: str = Field(pattern=r"^[\w.-]{1,64}$")
    carrier: str = ""
    holder: Holder
    far: Annotated[str, AfterValidator(_known_place)] | None = Field(None, description="jurisdiction of the far end")
    interfaces: list[str] = []
    vlans: list[Annotated[int, Field(ge=1, le=4094)]] = []
    mpls: list[Annotated[int, Field(ge=1, lt=1 << 20)]] = []
    domestic: list[Prefix] = []
    foreign: list[Prefix] = []
    any: bool = Field(False, description="takes whatever no other line takes")
    purposes: list[str] = []
    legal_basis: LegalBasis | None = None
    inspection: Literal["metadata", "content"] = "metadata"

    @model_validator(mode="after")
    def _selects_something(self) -> Line:
        if not (self.any or self.interfaces or self.vlans or self.mpls or self.domestic or self.foreign):
            raise ValueError("selects no traffic: give interfaces, vlans, mpls, domestic, foreign or any")
        if self.inspection == "content" and self.legal_basis is None:
            raise ValueError("inspection = \"content\" needs a legal_basis")
        return self


class Registry(_Table):
    """The whole file."""

    line: list[Line] = []

    @model_validator(mode="after")
    def _no_two_claims(self) -> Registry:
        seen: dict[object, str] = {}
        for line in self.line:
            claims: list[object] = [("id", line.id)]
            claims += [("vlan", tuple(line.interfaces), vlan) for vlan in line.vlans]
            claims += [("mpls", tuple(line.interfaces), label) for label in line.mpls]
            claims += [("any",)] if line.any else []
            if not line.vlans and not line.mpls:
                claims += [("prefix", str(prefix)) for prefix in (*line.domestic, *line.foreign) if not line.any]
            for claim in claims:
                if claim in seen:
                    raise ValueError(f"{claim} is claimed by line {seen[claim]} and line {line.id}")
                seen[claim] = line.id
        return self


def read_registry(path: Path) -> Registry:
    """The lines of `path`; ValueError names file and key of what is wrong."""
    try:
        return Registry.model_validate(tomllib.loads(path.read_text("utf-8")))
    except ValidationError as error:
        places = (f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise ValueError("\n".join(places)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None
