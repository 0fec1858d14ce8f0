"""Findings against permissions, into alerts and incidents. Running it again on the same findings changes nothing."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipeline.incident import pack as incident_pack
from pipeline.incident.compare import plain
from pipeline.incident.gather import Queries, gather
from pipeline.incident.judge import NO_ONE, Judgement, judge
from pipeline.incident.models import Alert, Incident
from pipeline.incident.opening import attach, refresh
from pipeline.incident.seen import Key, Persons, Seen, narrow
from pipeline.ledger import pack as law_pack
from pipeline.ledger.obligations import Bounds
from pipeline.registry.models import Holder, LineRecord, Permission
from pipeline.supervision.engine import writing
from pipeline.supervision.number import beijing_day, next_number

CountYear = Callable[[int, str], Mapping[str | None, Persons]]
SHOWN = 20
SETTLED = ("permit", "exempt")
OPENS = ("none", "beyond")


class Correlated(NamedTuple):
    """What one run did."""

    alerts_new: int
    alerts_changed: int
    incidents_new: int
    unknown_holders: int  # groups whose holder the registry does not know: not alerted, and said so


class Correlator:
    """Joins the store's findings with the registry; `count_year` gives a holder's persons by destination, None for all of them."""

    def __init__(self, store: Queries, engine: Engine, count_year: CountYear) -> None:
        self.store, self.engine, self.count_year = store, engine, count_year
        self.law, self.pack = law_pack.load_pack(), incident_pack.load_pack()

    def run_once(self, now: datetime.datetime, since: datetime.datetime | None = None) -> Correlated:
        """Judge every group with findings on or after `since`'s Beijing day, in one transaction."""
        groups = gather(self.store, since)
        first_day = beijing_day(since) if since else datetime.date.min
        judged = [g for g in groups if g.key.day >= first_day or beijing_day(g.last) >= first_day]
        asked = {(g.key.holder, g.key.year) for g in judged}  # far fewer than groups, and each costs the store a query
        years = {(holder, year): self.count_year(year, holder) for holder, year in sorted(asked)}
        with writing(self.engine) as session:
            return _Run(session, self, groups, years, now).judge_all(judged)


class _Run:
    """One run's transaction."""

    def __init__(
        self, session: Session, made: Correlator, groups: list[Seen], years: dict[tuple[str, int], Mapping[str | None, Persons]],
        now: datetime.datetime,
    ) -> None:
        self.session, self.made, self.groups, self.years, self.now = session, made, groups, years, now
        self.holders = {h.usci: h for h in session.scalars(select(Holder))}
        self.domestic = {row.line: row.domestic for row in session.scalars(select(LineRecord))}
        self.permissions: dict[int, list[Permission]] = {}
        for permission in session.scalars(select(Permission).where(Permission.current)):
            self.permissions.setdefault(permission.holder_id, []).append(permission)
        self.outside = _uppers(groups)

    def judge_all(self, groups: Sequence[Seen]) -> Correlated:
        new = changed = opened = 0
        touched: dict[int, Incident] = {}
        known = [g for g in groups if g.key.holder in self.holders]
        for seen in known:
            alert, fresh, differs = self._put(seen)
            new, changed = new + fresh, changed + (differs and not fresh)
            if alert.verdict in OPENS and alert.state != "false":
                incident, is_new = attach(self.session, alert, grew=fresh or differs, now=self.now)
                opened += is_new
                touched[incident.id] = incident
            elif alert.incident is not None:  # its verdict may have softened: the case stays, its figures follow
                touched[alert.incident.id] = alert.incident
        for incident in touched.values():
            refresh(self.session, incident, self._incident_persons(incident), self.now)
        return Correlated(new, changed, opened, len(groups) - len(known))

    def _put(self, seen: Seen) -> tuple[Alert, bool, bool]:
        """The alert of this group; whether it is new; whether anything in it changed."""
        holder = self.holders[seen.key.holder]
        year = self.years[seen.key.holder, seen.key.year]
        judged = judge(seen, holder, self.permissions.get(holder.id, []), year, self.made.law, self.made.pack)
        alert = self.session.scalar(select(Alert).filter_by(**seen.key._asdict()))
        if alert is not None and alert.findings > seen.findings:
            return alert, False, False  # the store has let old findings go: what was known stays known
        fresh = alert is None
        if alert is None:
            number = next_number(self.session, Alert.number, "A", seen.key.day)
            alert = Alert(number=number, created_at=self.now, state="new", state_reason="", **seen.key._asdict())
            self.session.add(alert)
        risen = not fresh and judged.level > alert.level
        differs = _set(alert, self._values(seen, judged, year))
        if fresh or differs:
            alert.updated_at = self.now
        _settle(alert, fresh, risen)
        self.session.flush()
        return alert, fresh, differs

    def _values(self, seen: Seen, judged: Judgement, year: Mapping[str | None, Persons]) -> dict[str, Any]:
        persons = self._persons(seen, year)
        return {
            "verdict": judged.verdict, "level": judged.level, "article": judged.article_zh, "article_en": judged.article_en,
            "rule_pack": judged.rule_pack, "obligation": judged.obligation.as_dict(), "signatures": seen.signatures(),
            "servers": sorted({end.server for end in seen.ends if end.server})[:SHOWN],
            "addresses": sorted({self._far(seen.key.line, end.src, end.dst) for end in seen.ends})[:SHOWN],
            "pi_lower": persons.pi.lower, "pi_upper": persons.pi.upper,
            "sensitive_lower": persons.sensitive.lower, "sensitive_upper": persons.sensitive.upper,
            "findings": seen.findings, "partial": seen.partial, "first": seen.first, "last": seen.last,
            "permission_id": judged.permission.id if judged.permission else None,
            "comparison": [field.as_dict() for field in judged.comparison],
        }

    def _far(self, line: str, src: str, dst: str) -> str:
        """The end that the line's registry does not call domestic; the answering one where it says nothing."""
        inside = any(_within(src, prefix) for prefix in self.domestic.get(line, []))
        answered = any(_within(dst, prefix) for prefix in self.domestic.get(line, []))
        return str(plain(src if answered and not inside else dst))

    def _persons(self, seen: Seen, year: Mapping[str | None, Persons]) -> Persons:
        """Persons of this one alert, from its findings and the ledger's count of holder and destination."""
        ledger = year.get(seen.key.destination, NO_ONE)
        rest_pi, rest_sensitive = self._rest([seen.key])
        return Persons(narrow(seen.reach("pi"), rest_pi, ledger.pi), narrow(seen.reach("sensitive"), rest_sensitive, ledger.sensitive))

    def _rest(self, keys: list[Key]) -> tuple[int, int]:
        """Upper bounds of the persons in all other groups of the same holder, destination and year."""
        place = (keys[0].holder, keys[0].destination, keys[0].year)
        others = [bounds for key, bounds in self.outside.get(place, {}).items() if key not in keys]
        return sum(pi for pi, _ in others), sum(sensitive for _, sensitive in others)

    def _incident_persons(self, incident: Incident) -> Persons:
        """Persons of all its alerts in the year of its newest one; persons of several years do not add up."""
        alerts = list(self.session.scalars(select(Alert).where(Alert.incident_id == incident.id)))
        year = max(alert.day for alert in alerts).year
        alerts = [alert for alert in alerts if alert.day.year == year]
        keys = [Key(a.holder, a.line, a.destination, a.evidence, a.day) for a in alerts]
        counted = self.years.get((incident.holder, year)) or self.made.count_year(year, incident.holder)
        ledger = counted.get(incident.destination, NO_ONE)
        rest_pi, rest_sensitive = self._rest(keys)
        pi = Bounds(max(a.pi_lower for a in alerts), sum(a.pi_upper for a in alerts))
        sensitive = Bounds(max(a.sensitive_lower for a in alerts), sum(a.sensitive_upper for a in alerts))
        return Persons(narrow(pi, rest_pi, ledger.pi), narrow(sensitive, rest_sensitive, ledger.sensitive))


def _uppers(groups: list[Seen]) -> dict[tuple[str, str, int], dict[Key, tuple[int, int]]]:
    found: dict[tuple[str, str, int], dict[Key, tuple[int, int]]] = {}
    for seen in groups:
        place = (seen.key.holder, seen.key.destination, seen.key.year)
        found.setdefault(place, {})[seen.key] = (seen.reach("pi").upper, seen.reach("sensitive").upper)
    return found


def _set(row: Any, values: dict[str, Any]) -> bool:
    """Put the values; whether any of them was another before."""
    differs = False
    for key, value in values.items():
        if getattr(row, key) != value:
            setattr(row, key, value)
            differs = True
    return differs


def _settle(alert: Alert, fresh: bool, risen: bool) -> None:
    """What needs nobody is triaged at once; what grew worse after triage comes back."""
    if fresh and alert.verdict in SETTLED:
        alert.state, alert.state_reason = "triaged", "settled"
    elif risen and alert.state in ("triaged", "false"):
        alert.state, alert.state_reason = "new", "level rose"


def _within(address: str, prefix: str) -> bool:
    return plain(address) in ipaddress.ip_network(prefix)
