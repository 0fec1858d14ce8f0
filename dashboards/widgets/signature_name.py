"""The catalogue's signatures in words; one that the words do not know yet keeps its own id."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.words.dictionary import words


def signature_name(viewer: Viewer, signature: str) -> str:
    """`resident_id` → `resident ID`."""
    return words(viewer.language).get(f"signature.{signature}", signature)


def signature_names(viewer: Viewer, signatures: dict[str, object] | list[str]) -> str:
    """Several, as a list in prose."""
    return viewer.t("list.comma").join(signature_name(viewer, signature) for signature in signatures)
