"""The registry's files, checked to the last key: lines.toml (which the sensor reads too) and permissions.toml."""

from __future__ import annotations

import datetime
import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.registry.usci import is_usci
from pipeline.schema.jurisdiction import CODES

KINDS = ("assessment", "contract", "certification", "exemption", "list", "order")


def _checked_usci(code: str) -> str:
    if not is_usci(code):
        raise ValueError(f"{code!r} is no unified social credit identifier (GB 32100: 18 characters, check digit)")
    return code


def _known_place(code: str) -> str:
    if code not in CODES:
        raise ValueError(f"{code!r} is no ISO 3166 code of a country or region")
    return code


Usci = Annotated[str, AfterValidator(_checked_usci)]
Place = Annotated[str, AfterValidator(_known_place)]
Prefix = ipaddress.IPv4Network | ipaddress.IPv6Network
Category = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]*|class:\S+|level:(pi|sensitive|important))$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LineHolder(_Table):
    """Who uses a line, as its file says."""

    name: str = Field(min_length=1)
    name_en: str = ""
    usci: Usci


class LegalBasis(_Table):
    """Why content may be looked into (Telecom Regulations Art. 65)."""

    kind: Literal["holder_consent", "holder_own_sensor", "authority"]
    reference: str = Field(min_length=1)
    since: datetime.date = Field(alias="from")
    until: datetime.date


class LineEntry(_Table):
    """One dedicated line."""

    id: str = Field(pattern=r"^[\w.-]{1,64}$")
    carrier: str = ""
    holder: LineHolder
    far: Place | None = None
    interfaces: list[str] = []
    vlans: list[int] = []
    mpls: list[int] = []
    domestic: list[Prefix] = []
    foreign: list[Prefix] = []
    any: bool = False
    purposes: list[str] = []
    legal_basis: LegalBasis | None = None
    inspection: Literal["metadata", "content"] = "metadata"


class LinesFile(_Table):
    """lines.toml."""

    line: list[LineEntry] = []

    @model_validator(mode="after")
    def _each_once(self) -> LinesFile:
        _refuse_twins("line id", [line.id for line in self.line])
        names = {(line.holder.usci, line.holder.name) for line in self.line}
        _refuse_twins("holder with two names", [usci for usci, _ in names])
        return self


class HolderEntry(_Table):
    """What the regulator knows of a holder beyond its lines; a name left out stays as its lines give it."""

    usci: Usci
    name: str = ""
    name_en: str = ""
    ciio: bool = False
    ftz: bool = False
    green_channel: bool = False


class Recipient(_Table):
    """Who receives abroad, and by which server names and addresses it is known on the line."""

    name: str = Field(min_length=1)
    servers: list[str] = []
    prefixes: list[Prefix] = []


class Persons(_Table):
    """Persons a year that the filing allows; left out = no number filed."""

    pi: Annotated[int, Field(ge=0)] | None = None
    sensitive: Annotated[int, Field(ge=0)] | None = None


class PermissionEntry(_Table):
    """One assessment, filing, certificate, exemption, list use or order."""

    number: str = Field(min_length=1, max_length=64)
    kind: Literal["assessment", "contract", "certification", "exemption", "list", "order"]
    holder: Usci
    recipient: list[Recipient] = []
    destinations: list[Place] = []
    categories: list[Category] = []
    persons: Persons = Persons()
    since: datetime.date = Field(alias="from")
    until: datetime.date | None = None
    purpose: str = ""
    article: str = ""
    scenario: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> PermissionEntry:
        if self.until is not None and self.until < self.since:
            raise ValueError("until is before from")
        if self.kind == "exemption" and not self.scenario:
            raise ValueError("an exemption names its scenario")
        return self


class PermissionsFile(_Table):
    """permissions.toml."""

    holder: list[HolderEntry] = []
    permission: list[PermissionEntry] = []

    @model_validator(mode="after")
    def _each_once(self) -> PermissionsFile:
        _refuse_twins("holder", [holder.usci for holder in self.holder])
        _refuse_twins("permission number", [permission.number for permission in self.permission])
        return self


def _refuse_twins(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} {name} stands there twice")


File = TypeVar("File", LinesFile, PermissionsFile)


def read_file(path: Path, model: type[File]) -> tuple[File, bytes]:
    """The file's content and its octets; ValueError names file and key of everything that is wrong."""
    try:
        octets = path.read_bytes()
        return model.model_validate(tomllib.loads(octets.decode("utf-8"))), octets
    except ValidationError as error:
        places = (f"{path}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise ValueError("\n".join(places)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ValueError(f"{path}: {error}") from None
