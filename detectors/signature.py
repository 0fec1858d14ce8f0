"""What a catalogue file says of a signature; unknown keys and bad values are refused."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.schema.codes import Level


class Signature(BaseModel):
    """One kind of value. `id` also names the kernel that verifies it (detectors/kinds.py)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    zh: str
    en: str
    level: Level
    class_35273: str
    tag_45574: str = ""
    person_rank: int = Field(ge=0, le=100, description="the higher, the more surely it stands for a person; 0 never does")
    mask: Literal["identifier", "phone", "name", "address", "email", "coordinates", "secret"]
    expression: str = Field(description="the form alone, for people, the twin and the peer; kernels check what `check` says besides")
    check: str
    examples: list[tuple[str, int]] = Field(description="text, and the tier this signature must reach in it (0: nothing)")
    counterexamples: list[tuple[str, str]] = Field(description="text in which it must not reach medium, and why")


class Family(BaseModel):
    """One catalogue file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    signature: list[Signature]
