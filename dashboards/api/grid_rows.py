"""Alerts as rows: for the grid and, the same, for people's spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.access.viewer import Viewer
from dashboards.reading.names import Names
from dashboards.summary import Cover
from dashboards.widgets.coverage_chip import coverage_cell, coverage_words
from dashboards.widgets.evidence_mark import evidence_cell
from dashboards.widgets.level_tag import level_cell
from dashboards.widgets.person_range import most_persons
from dashboards.widgets.verdict_tag import verdict_cell
from dashboards.words.moments import moment_ns, stamp
from dashboards.words.numbers import count
from pipeline.incident.claim import signature_name
from pipeline.incident.models import Alert

FILE_COLUMNS = (
    "number",
    "level",
    "claim",
    "verdict",
    "evidence",
    "holder",
    "holder_name",
    "line",
    "destination",
    "sensitive_lower",
    "sensitive_upper",
    "pi_lower",
    "pi_upper",
    "coverage",
    "article",
    "rule_pack",
    "state",
    "incident",
    "assignee",
    "first",
    "last",
)


def fits(viewer: Viewer, names: Names, alert: Alert, query: Mapping[str, str]) -> bool:
    """Whether the alert is among those that `q`, `state`, `level` and `verdict` ask for."""
    if query.get("state") and alert.state != query["state"]:
        return False
    if query.get("level") and str(alert.level) != query["level"]:
        return False
    if query.get("verdict") and alert.verdict != query["verdict"]:
        return False
    words = query.get("q", "").lower().split()
    text = " ".join((alert.number, alert.line, alert.holder, names.claim(viewer, alert), alert.assignee or "")).lower()
    return all(word in text for word in words)


def grid_row(viewer: Viewer, names: Names, alert: Alert, covers: Mapping[str, Cover]) -> dict[str, Any]:
    """One row; every cell that is more than text says how to sort it."""
    incident = alert.incident.number if alert.incident else ""
    return {
        "number": {
            "text": alert.number,
            "href": f"/alerts/{alert.number}",
            "mono": True,
            "sub": stamp(alert.last)[5:],
            "order": moment_ns(alert.last),
        },
        "level": level_cell(viewer, alert.level),
        "claim": {
            "main": f"{names.holder(viewer, alert.holder)} → {names.place(viewer, alert.destination)}",
            "sub": f"{alert.line} · {_kinds(viewer, alert)}",
            "title": names.claim(viewer, alert),
        },
        "verdict": verdict_cell(viewer, alert.verdict),
        "evidence": evidence_cell(viewer, alert.evidence),
        "line": alert.line,
        "persons": _persons(viewer, alert),
        "coverage": coverage_cell(covers.get(alert.line, Cover())),
        "state": {"main": viewer.t(f"state.{alert.state}"), "sub": incident, "order": alert.id},
        "assignee": alert.assignee or "",
    }


def _kinds(viewer: Viewer, alert: Alert) -> str:
    ranked = sorted(alert.signatures, key=lambda s: (-alert.signatures[s]["subjects"], s))
    return viewer.t("list.comma").join(signature_name(signature, viewer.language) for signature in ranked)


def _persons(viewer: Viewer, alert: Alert) -> dict[str, Any]:
    """Sensitive PI and PI on a line each, never added."""
    kinds = (("sensitive", alert.sensitive_lower, alert.sensitive_upper), ("pi", alert.pi_lower, alert.pi_upper))
    lines = [
        f"{viewer.t('kind.' + kind)} {count(lower)}{f' – {count(upper)}' if upper > lower else ''}" for kind, lower, upper in kinds if upper
    ]
    return {
        "main": lines[0] if lines else viewer.t("persons.nobody"),
        "sub": lines[1] if len(lines) > 1 else "",
        "order": most_persons(alert)[1],
    }


def file_row(viewer: Viewer, names: Names, alert: Alert, covers: Mapping[str, Cover]) -> Sequence[object]:
    """The same for a file, in FILE_COLUMNS' order; numbers stay numbers, moments are Beijing's with their offset."""
    article = alert.article if viewer.language == "zh" else alert.article_en
    return (
        alert.number,
        viewer.t(f"level.{alert.level}"),
        names.claim(viewer, alert),
        viewer.t(f"verdict.{alert.verdict}"),
        viewer.t(f"evidence.{alert.evidence}"),
        alert.holder,
        names.holder(viewer, alert.holder),
        alert.line,
        names.place(viewer, alert.destination),
        alert.sensitive_lower,
        alert.sensitive_upper,
        alert.pi_lower,
        alert.pi_upper,
        coverage_words(viewer, covers.get(alert.line, Cover())),
        article,
        alert.rule_pack,
        viewer.t(f"state.{alert.state}"),
        alert.incident.number if alert.incident else "",
        alert.assignee or "",
        stamp(alert.first) + "+08:00",
        stamp(alert.last) + "+08:00",
    )
