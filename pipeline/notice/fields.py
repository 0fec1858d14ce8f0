"""A notice's fields, filled from its incident; each says where it comes from, and what nobody can know from traffic stays empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.incident.claim import claim, holder_name, signature_name
from pipeline.incident.models import Alert, Incident
from pipeline.notice.words import DEMAND, FIELDS, HARM, SELF_HELP, Words
from pipeline.registry.models import Holder, Permission
from pipeline.supervision.number import BEIJING

BY_HAND = ("remedy", "contact")  # the drafter's: no record of ours holds them


def fill_fields(
    incident: Incident, alerts: Sequence[Alert], holder: Holder | None, permissions: Mapping[int, Permission], share: float | None
) -> dict[str, Any]:
    """All fields in the order of the page: {field: {"zh", "en", "source"}}; an empty text is missing."""
    claims = [tuple(claim(a, holder, permissions.get(a.permission_id or 0), lang) for lang in ("zh", "en")) for a in alerts]
    levels = {kind["level"] for a in alerts for kind in a.signatures.values()}
    signatures = sorted({name for a in alerts for name in a.signatures})
    whence = f"incident {incident.number}"
    texts: dict[str, tuple[Words, str]] = {
        "holder": (_holder(incident, holder), "registry"),
        "what": (("；".join(zh for zh, _ in claims) + "。", "; ".join(en for _, en in claims) + "."), whence),
        "when": (_period(incident), whence),
        "types": (_types(signatures), whence),
        "cause": (_cause(incident), whence),
        "harm": (_joined([HARM[level] for level in HARM if level in levels]), "template"),
        "remedy": (("", ""), ""),
        "self_help": (_joined([SELF_HELP[s] for s in SELF_HELP if s in signatures] + [SELF_HELP["any"]]), "template"),
        "contact": (("", ""), ""),
        "law": (_law(incident), f"rule pack {incident.rule_pack}"),
        "demand": (DEMAND, "template"),
        "coverage": (_coverage(share), "coverage ledger"),
    }
    return {field: {"zh": texts[field][0][0], "en": texts[field][0][1], "source": texts[field][1]} for field in FIELDS}


def missing(fields: Mapping[str, Any]) -> list[str]:
    """Fields that still lack their text in one of the languages."""
    return [field for field in FIELDS if not all(fields.get(field, {}).get(lang, "").strip() for lang in ("zh", "en"))]


def _holder(incident: Incident, holder: Holder | None) -> Words:
    if holder is None:
        return "", ""  # nobody to address: missing, and blocking
    names = [holder_name(holder, incident.holder, lang) for lang in ("zh", "en")]
    return f"{names[0]}（统一社会信用代码 {holder.usci}）", f"{names[1]} (USCI {holder.usci})"


def _period(incident: Incident) -> Words:
    first, last = (moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S") for moment in (incident.first, incident.last))
    return f"{first} 至 {last}（北京时间）", f"{first} to {last} (UTC+8)"


def _types(signatures: Sequence[str]) -> Words:
    return "、".join(signature_name(s, "zh") for s in signatures), ", ".join(signature_name(s, "en") for s in signatures)


def _cause(incident: Incident) -> Words:
    causes: dict[str, Words] = {
        "none": ("向境外提供个人信息，登记库中没有相应许可", "personal information was provided abroad with no permission on record"),
        "beyond": ("向境外提供个人信息超出许可的目的、方式、范围、种类或者规模",
                   "personal information was provided abroad beyond the permitted purpose, mode, scope, type or scale"),
        "pending": ("向境外提供的数据疑似须取得许可，待核实", "data was provided abroad that may need a permission: to be verified"),
    }
    return causes.get(incident.verdict, ("", ""))


def _law(incident: Incident) -> Words:
    return f"{incident.article}；《个人信息保护法》第五十七条", f"{incident.article_en}; PIPL Art. 57"


def _coverage(share: float | None) -> Words:
    if share is None:
        return "覆盖率不详；未检内容不在本通报之内", "coverage unknown; what was not inspected is outside this notice"
    return (f"该时段出境载荷已检 {share:.1%}；未检部分不在本通报之内",
            f"{share:.1%} of the payload sent out in the period was inspected; the rest is outside this notice")


def _joined(parts: Sequence[Words]) -> Words:
    return "".join(zh for zh, _ in parts), " ".join(en for _, en in parts)
