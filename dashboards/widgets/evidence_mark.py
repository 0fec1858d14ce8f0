"""A filled ring was seen in content, an open ring is inferred from metadata; the two are never summed."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.shell.markup import tag


def evidence_mark(viewer: Viewer, evidence: str) -> None:
    """`seen` or `inferred`."""
    with tag("span", f"evidence {evidence}"):
        tag("i", aria_hidden="true")
        tag("span", "", viewer.t(f"evidence.{evidence}"))


def evidence_cell(viewer: Viewer, evidence: str) -> dict[str, object]:
    """The same for a grid's cell (gk.evidence)."""
    return {"code": evidence, "word": viewer.t(f"evidence.{evidence}"), "order": int(evidence == "seen")}
