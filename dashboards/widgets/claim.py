"""The sentence that an alert is: who, over which line, to where, what data, how many persons, which permission."""

from __future__ import annotations

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names
from dashboards.shell.markup import tag
from dashboards.widgets.person_range import bounds, most_persons
from dashboards.widgets.signature_name import signature_names
from pipeline.incident.models import Alert

NAMED = 3


def claim_text(viewer: Viewer, names: Names, alert: Alert) -> str:
    """The whole claim; **strong** marks what decides it."""
    kinds = sorted(alert.signatures, key=lambda s: (-alert.signatures[s].get("subjects", 0), s))
    what = signature_names(viewer, kinds[:NAMED])
    if len(kinds) > NAMED:
        what = viewer.t("claim.more", what=what, more=len(kinds) - NAMED)
    lower, upper = most_persons(alert)
    return viewer.t(
        "claim.seen" if alert.evidence == "seen" else "claim.inferred", holder=names.holder(viewer, alert.holder), line=names.line(viewer, alert.line),
        place=names.place(viewer, alert.destination), what=what, persons=bounds(viewer, lower, upper), verdict=viewer.t(f"claim.verdict.{alert.verdict}"),
    )


def plain(claim: str) -> str:
    """The claim for grids and files, without marks."""
    return claim.replace("**", "")


def claim(viewer: Viewer, names: Names, alert: Alert) -> None:
    """Drawn as a title; the strong parts take the verdict's colour."""
    with tag("h1", f"claim {alert.verdict}", id="title", tabindex="-1", data_test="claim").style("white-space:normal"):
        for place, part in enumerate(claim_text(viewer, names, alert).split("**")):
            if part:
                tag("em" if place % 2 else "span", "", part)
