"""The verdict on one group: permitted, exempt, beyond its permission, without one, or not yet to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.incident.compare import Field, compare, covers
from pipeline.incident.pack import GRAVITY, Pack, Verdict
from pipeline.incident.seen import Persons, Seen
from pipeline.ledger.obligations import NOBODY, Bounds, Facts, Obligation, oblige
from pipeline.ledger.pack import Pack as LawPack
from pipeline.registry.models import Holder, Permission

WAIVERS = ("exemption", "list")
NO_ONE = Persons(NOBODY, NOBODY)


class Judgement(NamedTuple):
    """What an alert says of the law."""

    verdict: Verdict
    level: int
    article_zh: str
    article_en: str
    rule_pack: str
    permission: Permission | None  # the one that permits, or the nearest one exceeded
    comparison: tuple[Field, ...]
    obligation: Obligation


class Match(NamedTuple):
    """One permission and how the group compares with it."""

    permission: Permission
    fields: list[Field]

    def over(self) -> list[str]:
        """Names of the fields exceeded."""
        return [f.field for f in self.fields if f.within is False]

    def unsure(self) -> bool:
        """Whether some field cannot be told."""
        return any(f.within is None for f in self.fields)


def judge(
    seen: Seen, holder: Holder, permissions: Sequence[Permission], year: Mapping[str | None, Persons], law: LawPack, pack: Pack
) -> Judgement:
    """The verdict; `year` holds the holder's persons of this year by destination, and under None in all."""
    standing = [p for p in permissions if _stands(p, holder, law)]
    duty = oblige(_facts(seen, holder, standing, year), law)
    matches = [Match(p, _compare(seen, p, duty, year, p in standing)) for p in permissions]
    personal = {name for name, kind in seen.kinds.items() if kind.level != "important"}
    verdicts = []
    if personal:
        verdicts.append(_judge_part(seen, personal, matches, duty))
    if len(personal) < len(seen.kinds):
        verdicts.append(_judge_important(seen, matches))
    verdict, match = max(verdicts, key=lambda v: GRAVITY[v[0]])
    zh, en, rule_pack = _cite(verdict, match, duty, law, pack)
    fields = tuple(match.fields) if match else ()
    level = _level(verdict, duty, seen, year.get(None, NO_ONE), pack)
    return Judgement(verdict, level, zh, en, rule_pack, match.permission if match else None, fields, duty)


def _facts(seen: Seen, holder: Holder, permissions: Sequence[Permission], year: Mapping[str | None, Persons]) -> Facts:
    """The holder's year; persons sent under an exemption do not count, so where one is on record the lower bound leaves its places out."""
    waived = [p for p in permissions if p.kind in WAIVERS and p.valid_from <= seen.key.day]
    whole = year.get(None, NO_ONE)
    pi, sensitive = whole.pi, whole.sensitive
    if waived:
        places = [p for place, p in year.items() if place is not None and not any(_waives(w, place) for w in waived)]
        pi = Bounds(max((p.pi.lower for p in places), default=0), pi.upper)
        sensitive = Bounds(max((p.sensitive.lower for p in places), default=0), sensitive.upper)
    important = "suspected" if seen.of_level("important") else "none"
    return Facts(pi, sensitive, important, holder.ciio, holder.ftz)  # type: ignore[arg-type]


def _waives(permission: Permission, place: str) -> bool:
    return not permission.destinations or place in permission.destinations


def _compare(seen: Seen, permission: Permission, duty: Obligation, year: Mapping[str | None, Persons], stands: bool) -> list[Field]:
    fields = compare(seen, permission, duty, year)
    return [f._replace(within=False) if f.field == "mechanism" and not stands else f for f in fields]


def _judge_part(seen: Seen, personal: set[str], matches: list[Match], duty: Obligation) -> tuple[Verdict, Match | None]:
    """Personal information: permitted, if permissions that fit in all else cover every kind between them."""
    fitting = [m for m in matches if set(m.over()) <= {"categories"}]
    left, used = set(personal), []
    for match in sorted(fitting, key=lambda m: len(m.over())):
        covered = {name for name in left if covers(match.permission, name, seen.kinds[name])}
        left -= covered
        if covered:
            used.append(match)
    if not left:
        if any(m.unsure() for m in used):
            return "pending", used[0]
        return ("exempt" if all(m.permission.kind in WAIVERS for m in used) else "permit"), used[0]
    if duty.duty == "none":
        return ("exempt" if duty.possible == "none" else "pending"), None
    nearest = _nearest(seen, personal, matches)
    return ("beyond" if nearest else "none"), nearest


def _stands(permission: Permission, holder: Holder, law: LawPack) -> bool:
    """Whether an exemption or list use is one that the law knows for this holder; other kinds stand by themselves."""
    if permission.kind == "list":
        return holder.ftz
    if permission.kind == "exemption":
        rule = law.exempts(permission.scenario)
        return rule is not None and rule.personal
    return True


def _nearest(seen: Seen, personal: set[str], matches: list[Match]) -> Match | None:
    """The permission that comes nearest, among those that share a kind of data or the destination with what was seen."""
    related = [m for m in matches if seen.key.destination in m.permission.destinations
               or any(covers(m.permission, name, seen.kinds[name]) for name in personal)]
    return min(related, key=lambda m: (len(m.over()), m.permission.number), default=None)


def _judge_important(seen: Seen, matches: list[Match]) -> tuple[Verdict, Match | None]:
    """Candidates of important data stay suspected until matched (Order 16 Art. 2), but for an assessment that names them."""
    names = seen.of_level("important")
    for match in matches:
        named = all(covers(match.permission, name, kind) for name, kind in names.items())
        if named and not match.unsure() and set(match.over()) <= {"categories"}:
            return "permit", match
    return "pending", None


def _cite(verdict: Verdict, match: Match | None, duty: Obligation, law: LawPack, pack: Pack) -> tuple[str, str, str]:
    """Article in both languages, and the rule packs it comes from."""
    if match is not None:
        own = match.permission.article if verdict in ("permit", "exempt") else ""
        for rule in pack.article:
            if rule.verdict == verdict and rule.kind == match.permission.kind and rule.field in (None, *match.over()):
                return rule.zh, rule.en, f"{law.label} {pack.label}"
        exempts = law.exempts(match.permission.scenario)
        if verdict == "exempt" and exempts:
            return f"《促进和规范数据跨境流动规定》{exempts.article_zh}", f"CAC Order 16 {exempts.article_en}", law.label
        if verdict == "exempt" and match.permission.kind == "list":
            return f"《促进和规范数据跨境流动规定》{law.zone_list.article_zh}", f"CAC Order 16 {law.zone_list.article_en}", law.label
        if own:
            return own, own, law.label
    zh, en = duty.article_zh, duty.article_en
    if verdict == "pending" and duty.suspected:
        zh, en = law.important.suspected_zh, law.important.suspected_en
    return f"《促进和规范数据跨境流动规定》{zh}", f"CAC Order 16 {en}", law.label


def _level(verdict: Verdict, duty: Obligation, seen: Seen, whole: Persons, pack: Pack) -> int:
    important = bool(seen.of_level("important"))
    for rule in pack.level:
        held = verdict in rule.verdicts and rule.duty in (None, duty.duty) and rule.important in (None, important)
        enough = whole.sensitive.lower >= (rule.sensitive_from or 0) and whole.pi.lower >= (rule.pi_from or 0)
        if held and enough:
            return rule.level
    raise ValueError(f"{pack.label}: no level rule applies to verdict {verdict!r}")
