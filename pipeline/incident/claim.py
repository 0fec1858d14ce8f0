"""An alert in words: the whole claim in one sentence, and the four steps behind it; Chinese and English, pure functions."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pipeline.incident.models import Alert
from pipeline.incident.pack import RULES
from pipeline.incident.words import CLASS, DUTY, FIELD, KIND, LEVEL, STATUS, say
from pipeline.registry.models import Holder, Permission
from pipeline.schema.jurisdiction import label, name

KINDS_SHOWN = 3


class Step(NamedTuple):
    """One step of the reasoning."""

    title: str
    text: str


@cache
def _signatures() -> dict[str, list[str]]:
    return tomllib.loads((RULES / "signatures.toml").read_text("utf-8"))


def signature_name(signature: str, lang: str) -> str:
    """What a signature finds."""
    return say(_signatures().get(signature, [signature, signature.replace("_", " ")]), lang)


def class_name(code: str, lang: str) -> str:
    """A class of GB/T 35273; one without words is named by its code."""
    return say(CLASS.get(code, (code, code)), lang)


def category_name(category: str, lang: str) -> str:
    """What a permission covers: a signature, `class:` one of GB/T 35273, or `level:` one of personal information."""
    kind, _, code = category.rpartition(":")
    named: dict[str, Callable[[str, str], str]] = {"class": class_name, "level": lambda level, lang: say(LEVEL[level], lang)}
    return named.get(kind, signature_name)(code, lang)


def class_names(codes: Iterable[str], lang: str) -> str:
    """Several of them in a row."""
    order = list(CLASS)
    ranked = sorted(filter(None, codes), key=lambda code: (order.index(code) if code in CLASS else len(order), code))
    return ("、" if lang == "zh" else ", ").join(class_name(code, lang) for code in ranked)


def holder_name(holder: Holder | None, usci: str, lang: str) -> str:
    """The holder's name in this language, else its identifier."""
    if holder is None:
        return usci
    return holder.name if lang == "zh" else holder.name_en or holder.name


def person_range(lower: int, upper: int, lang: str) -> str:
    """Persons with their bounds."""
    if lower == upper:
        return f"{lower:,} 人" if lang == "zh" else f"{lower:,} {'person' if lower == 1 else 'persons'}"
    return f"{lower:,} 至 {upper:,} 人" if lang == "zh" else f"between {lower:,} and {upper:,} persons"


def claim(alert: Alert, holder: Holder | None, permission: Permission | None, lang: str) -> str:
    """Who, over which line, to where, what data, how many persons, which permission."""
    who, what = holder_name(holder, alert.holder, lang), _data(alert, lang)
    place, allowed = name(alert.destination, lang), _permission_clause(alert, permission, lang)
    if lang == "zh":
        return f"{who}经专线 {alert.line} 向{place}提供{what}，{allowed}"
    return f"{who} sent {what} over line {alert.line} to {place}, {allowed}"


def _data(alert: Alert, lang: str) -> str:
    """Kinds of data and persons, sensitive and other PI apart."""
    parts = []
    for level, lower, upper in (
        ("sensitive", alert.sensitive_lower, alert.sensitive_upper), ("pi", alert.pi_lower, alert.pi_upper), ("important", 0, 0),
    ):
        kinds = {s: d for s, d in alert.signatures.items() if d["level"] == level}
        if kinds:
            parts.append(_part(level, kinds, lower, upper, lang))
    return ("以及" if lang == "zh" else " and ").join(parts)


def _part(level: str, kinds: Mapping[str, Any], lower: int, upper: int, lang: str) -> str:
    ranked = sorted(kinds, key=lambda s: (-kinds[s]["subjects"], s))
    shown = ("、" if lang == "zh" else ", ").join(signature_name(s, lang) for s in ranked[:KINDS_SHOWN])
    more = len(ranked) - KINDS_SHOWN
    if more > 0:
        shown += f"等 {len(ranked)} 类" if lang == "zh" else f" and {more} more"
    if level == "important":
        values = sum(d["count"] for d in kinds.values())
        return f"疑似重要数据（{shown}）{values:,} 处" if lang == "zh" else f"{values:,} candidates of important data ({shown})"
    if upper == 0:  # every person among them is counted with sensitive PI, by a stronger identifier
        return f"其他{say(LEVEL[level], lang)}（{shown}）" if lang == "zh" else f"other {say(LEVEL[level], lang)} ({shown})"
    persons = person_range(lower, upper, lang)
    if lang == "zh":
        return f" {persons}的{say(LEVEL[level], lang)}（{shown}）"
    return f"{say(LEVEL[level], lang)} ({shown}) of {persons}"


def _permission_clause(alert: Alert, permission: Permission | None, lang: str) -> str:
    chinese = lang == "zh"
    over = say_fields([f for f in alert.comparison if f["within"] is False], lang)
    number = f"{say(KIND[permission.kind], lang)} {permission.number}" if permission else ""
    if alert.verdict == "beyond":
        return f"超出{number}（{over}）" if chinese else f"beyond {number} ({over})"
    if alert.verdict == "permit":
        return f"在{number}范围内" if chinese else f"within {number}"
    if alert.verdict == "exempt":
        return f"依{alert.article}豁免" if chinese else f"exempt under {alert.article_en}"
    if alert.verdict == "pending":
        return _pending(alert, number, lang)
    return "无许可" if chinese else "with no permission on record"


def _pending(alert: Alert, number: str, lang: str) -> str:
    doubt = say_fields([f for f in alert.comparison if f["within"] is None], lang)
    chinese = lang == "zh"
    if number:
        return f"是否在{number}范围内待核实（{doubt}）" if chinese else f"to be verified against {number} ({doubt})"
    if alert.obligation["suspected"]:
        return "是否属于重要数据待核对" if chinese else "to be matched with the catalogue of important data"
    return "是否须取得许可待核实" if chinese else "whether a permission is needed is to be verified"


def say_fields(fields: list[dict[str, Any]], lang: str) -> str:
    """Names of compared fields, in a row."""
    return ("、" if lang == "zh" else ", ").join(say(FIELD[f["field"]], lang) for f in fields)


def explain(alert: Alert, permission: Permission | None, lang: str) -> list[Step]:
    """What was seen, how many persons, which permission, therefore what."""
    chinese = lang == "zh"
    titles = ("所见", "人数", "许可", "结论") if chinese else ("Seen", "Persons", "Permission", "Therefore")
    texts = (_seen(alert, lang), _persons(alert, lang), _compared(alert, permission, lang), _therefore(alert, lang))
    return [Step(title, text) for title, text in zip(titles, texts, strict=True)]


def _seen(alert: Alert, lang: str) -> str:
    chinese = lang == "zh"
    kinds = ("，" if chinese else "; ").join(
        f"{signature_name(s, lang)} {d['count']:,} 处" if chinese else f"{signature_name(s, lang)}: {d['count']:,}"
        for s, d in sorted(alert.signatures.items(), key=lambda item: (-item[1]["count"], item[0]))
    )
    place = label(alert.destination, lang)
    text = f"In content sent out: {kinds}. Destination (country/region): {place}."
    if chinese:
        text = f"在出境内容中看到：{kinds}；目的国家/地区：{place}。"
    if alert.partial:
        text += "部分内容缺失，判定不完整。" if chinese else " Octets were missing in part of it: partial."
    return text


def _persons(alert: Alert, lang: str) -> str:
    chinese = lang == "zh"
    sensitive = person_range(alert.sensitive_lower, alert.sensitive_upper, lang)
    pi = person_range(alert.pi_lower, alert.pi_upper, lang)
    text = f"敏感个人信息 {sensitive}；其他个人信息 {pi}。" if chinese else f"Sensitive PI: {sensitive}. Other PI: {pi}."
    notable = [r for r in alert.obligation["reasons"] if r["status"] != "not_crossed"]
    for reason in notable:
        article = reason["article_zh" if chinese else "article_en"]
        words, status = reason["zh" if chinese else "en"], say(STATUS[reason["status"]], lang)
        text += f"{article}：{words}（{status}）。" if chinese else f" {article}: {words} ({status})."
    return text


def _compared(alert: Alert, permission: Permission | None, lang: str) -> str:
    chinese = lang == "zh"
    if permission is None:
        return "登记库中没有与所见数据或目的地相关的许可。" if chinese else "No permission on record for this kind of data or destination."
    over = say_fields([f for f in alert.comparison if f["within"] is False], lang)
    doubt = say_fields([f for f in alert.comparison if f["within"] is None], lang)
    head = f"{say(KIND[permission.kind], lang)} {permission.number}"
    if chinese:
        return f"{head}：" + (f"超出{over}。" if over else "各项均未超出。") + (f"无法判断{doubt}。" if doubt else "")
    return f"{head}: " + (f"exceeded in {over}." if over else "nothing exceeded.") + (f" Cannot be told: {doubt}." if doubt else "")


def _therefore(alert: Alert, lang: str) -> str:
    duty = say(DUTY[alert.obligation["duty"]], lang)
    possible = say(DUTY[alert.obligation["possible"]], lang)
    chinese = lang == "zh"
    need = duty if duty == possible else f"{duty}，可能为{possible}" if chinese else f"{duty}, possibly {possible}"
    if chinese:
        return f"依据{alert.article}；本年度义务：{need}；规则包 {alert.rule_pack}。"
    return f"By {alert.article_en}; duty of this year: {need}; rule pack {alert.rule_pack}."
