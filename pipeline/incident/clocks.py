"""The limits of an incident: whose duty, by which rule, since when, until when, and why one does not run."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from pipeline.incident.models import Incident, IncidentEvent
from pipeline.incident.pack import ClockRule, Pack, load_pack


class Clock(NamedTuple):
    """One limit at one moment."""

    key: str
    house: bool  # the house's own limit, not the law's
    who_zh: str
    who_en: str
    what_zh: str
    what_en: str
    rule_zh: str
    rule_en: str
    running: bool
    start: datetime.datetime | None
    due: datetime.datetime | None   # equal to start: "immediately"
    met: datetime.datetime | None   # when what it asks for was done
    why_zh: str                     # why it runs from that moment, or why it does not run
    why_en: str


_START = {
    "told": ("自通报送达使用单位起", "since a notice reached the holder", "通报尚未送达使用单位", "no notice has reached the holder yet"),
    "created": ("自事件建立起", "since the incident was opened", "", ""),
    "awaiting": ("自要求说明起", "since the holder was asked", "尚未要求使用单位说明", "the holder has not been asked"),
    "closed": ("自处置结束起", "since handling ended", "处置尚未结束", "handling has not ended"),
}


def clocks(incident: Incident, ciio: bool, now: datetime.datetime, pack: Pack | None = None) -> list[Clock]:
    """All limits that may concern this incident (with its events loaded): running ones first, the nearest due first."""
    rules = [rule for rule in (pack or load_pack()).clock if rule.level in (None, incident.level)]
    found = [_clock(rule, incident, ciio) for rule in rules]
    late = now + datetime.timedelta(days=36500)
    return sorted(found, key=lambda c: (not c.running, c.due or late, c.key))


def nearest(found: list[Clock]) -> Clock | None:
    """The running limit that falls first."""
    return next((clock for clock in found if clock.running), None)


def _clock(rule: ClockRule, incident: Incident, ciio: bool) -> Clock:
    since_zh, since_en, not_zh, not_en = _START[rule.start]
    bar = _barred(rule, incident, ciio)
    start = None if bar else _start(rule, incident)
    met = _met(rule, incident, start) if start else None
    due = start + datetime.timedelta(minutes=rule.minutes) if start else None
    zh, en = bar or ((since_zh, since_en) if start else (not_zh, not_en))
    return Clock(rule.key, rule.house, rule.who_zh, rule.who_en, rule.what_zh, rule.what_en, rule.rule_zh, rule.rule_en,
                 start is not None and met is None, start, due, met, zh, en)


def _barred(rule: ClockRule, incident: Incident, ciio: bool) -> tuple[str, str] | None:
    """Why the rule does not concern this incident at all."""
    if rule.ciio is not None and rule.ciio != ciio:
        return ("不适用：使用单位不是关键信息基础设施运营者", "does not apply: the holder is no CII operator") if rule.ciio else (
            "不适用：关键信息基础设施运营者另有时限", "does not apply: a CII operator has its own limit")
    lower = max(incident.pi_lower, incident.sensitive_lower)
    if rule.persons_from is not None and lower < rule.persons_from:
        upper = max(incident.pi_upper, incident.sensitive_upper)
        zh = f"未启动：须 {rule.persons_from:,} 人以上，本事件至少 {lower:,} 人"
        en = f"not running: needs {rule.persons_from:,} persons, this has {lower:,}"
        if upper >= rule.persons_from:
            zh, en = f"{zh}，至多 {upper:,} 人：可能启动", f"{en} for certain and at most {upper:,}: it may"
        return zh, en
    return None


def _start(rule: ClockRule, incident: Incident) -> datetime.datetime | None:
    if rule.start == "told":
        return incident.holder_told_at
    if rule.start == "created":
        return incident.created_at
    if rule.start == "closed":
        return incident.closed_at
    return _last_move(incident, "awaiting")


def _met(rule: ClockRule, incident: Incident, start: datetime.datetime) -> datetime.datetime | None:
    """The first step after `start` by which the rule's own end was reached; without such an end it runs until people see to it."""
    if rule.until == "reviewed":
        return next((e.at for e in _moves(incident) if e.before == "new"), None)
    if rule.until == "answered":
        return next((e.at for e in _moves(incident) if e.before == "awaiting" and e.at >= start), None)
    return None


def _moves(incident: Incident) -> list[IncidentEvent]:
    return [event for event in incident.events if event.kind == "moved"]


def _last_move(incident: Incident, to: str) -> datetime.datetime | None:
    return next((event.at for event in reversed(_moves(incident)) if event.after == to), None)
