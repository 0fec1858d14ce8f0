"""Why an alert is one: four steps, then what was seen, masked."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.access.viewer import Viewer
from dashboards.reading.findings import Finding
from dashboards.reading.names import Names
from dashboards.shell.markup import card, tag
from dashboards.widgets.decoder_path import decoder_path
from dashboards.widgets.masked_excerpt import masked_excerpt
from dashboards.words.numbers import count
from pipeline.incident.claim import explain, signature_name
from pipeline.incident.models import Alert


def why(viewer: Viewer, names: Names, alert: Alert) -> None:
    """What was seen → how many persons → which permission → therefore."""
    with card(viewer.t("alert.why"), note=viewer.t("alert.rule_pack", pack=alert.rule_pack)), tag("ol", "steps", data_test="why"):
        for step in explain(alert, names.permission(alert), viewer.language):
            with tag("li"):
                tag("div", "caption", step.title)
                tag("p", "", step.text)


def excerpts(viewer: Viewer, findings: Sequence[Finding], alert: Alert) -> None:
    """Decoder path and masked excerpts of the most telling findings."""
    with card(viewer.t("alert.excerpts"), note=viewer.t("alert.sealed")):
        if not findings:
            tag("p", "quiet", viewer.t("alert.no_findings"))
        with tag("div", "stack"):
            for finding in findings:
                one_finding(viewer, finding)
        more = alert.findings - len(findings)
        if more > 0 and findings:
            tag("p", "caption", viewer.t("alert.more_findings", more=count(more)))


def one_finding(viewer: Viewer, finding: Finding) -> None:
    """Its kind and count, the steps to it, the excerpts."""
    with tag("div", "stack").style("gap:6px"):
        with tag("div", "row wide"):
            tag("span", "strong", signature_name(finding.signature, viewer.language))
            tag("span", "quiet", viewer.t("alert.values", count=count(finding.hits)))
            tag("span", "quiet", viewer.t("flow.tier", tier=viewer.t(f"tier.{finding.tier}")))
            if finding.partial:
                tag("span", "tag unseen", viewer.t("alert.partial"))
        if finding.decoder_path:
            decoder_path(finding.decoder_path)
        if finding.excerpts:
            masked_excerpt(viewer, finding.excerpts, finding.offsets)
