"""A masked excerpt: offsets at the left, each hit marked with its class. The original never left the sensor."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag
from pipeline.incident.claim import signature_name

HIT = re.compile("\u27e6([^:\u27e7]*):([^\u27e7]*)\u27e7")


def parts(excerpt: str) -> list[tuple[str, str]]:
    """("", text) and (signature, masked value) in order."""
    found: list[tuple[str, str]] = []
    place = 0
    for hit in HIT.finditer(excerpt):
        if hit.start() > place:
            found.append(("", excerpt[place : hit.start()]))
        found.append((hit[1], hit[2]))
        place = hit.end()
    return [*found, *([("", excerpt[place:])] if place < len(excerpt) else [])]


def hits(excerpt: str) -> list[tuple[str, str]]:
    """(signature, masked value) of each hit."""
    return [(signature, text) for signature, text in parts(excerpt) if signature]


def as_shown(signature: str, masked: str) -> str:
    """A hit as it stands in an excerpt."""
    return f"\u27e6{signature}:{masked}\u27e7"


def masked_excerpt(viewer: Viewer, excerpts: Sequence[str], offsets: Sequence[int]) -> None:
    """A line an excerpt; control characters are shown as a middle dot, so that the wire cannot draw on the page."""
    with tag("div", "excerpt", tabindex="0", data_test="excerpt"):
        for excerpt, offset in zip(excerpts, offsets, strict=False):
            with tag("div"):
                tag("span", "at", f"0x{offset:06x}")
                for signature, text in parts(excerpt):
                    shown = "".join(c if c.isprintable() else "·" for c in text)
                    if not signature:
                        tag("span", "", shown)
                        continue
                    with tag("mark"):
                        tag("span", "", shown)
                        tag("small", "", signature_name(signature, viewer.language))
