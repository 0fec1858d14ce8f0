"""What was seen, set against one permission, field by field."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.incident.seen import Far, Kind, Persons, Seen
from pipeline.ledger.obligations import Bounds, Obligation
from pipeline.registry.models import Permission

SUBSTITUTES = ("contract", "certification")  # what Article 8 asks for; never enough where Article 7 asks for an assessment


class Field(NamedTuple):
    """One compared field; `within` is None where it cannot be told."""

    field: str  # validity, destination, recipient, categories, persons_pi, persons_sensitive, mechanism
    seen: Any
    permitted: Any
    within: bool | None
    exceeding: list[str] = []

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON, as alerts keep it."""
        return self._asdict()


def compare(seen: Seen, permission: Permission, duty: Obligation, year: Mapping[str | None, Persons]) -> list[Field]:
    """All fields; `year` holds the holder's persons of this year by destination, and under None in all."""
    persons = _persons_under(seen, permission, year)
    return [
        _validity(seen, permission),
        _destination(seen, permission),
        _recipient(seen, permission),
        _categories(seen, permission),
        _persons("persons_pi", persons.pi, permission.persons_pi),
        _persons("persons_sensitive", persons.sensitive, permission.persons_sensitive),
        _mechanism(permission, duty),
    ]


def covers(permission: Permission, signature: str, kind: Kind) -> bool:
    """Whether the permission's categories take in this signature; important data only where named outright."""
    named = signature in permission.categories or f"level:{kind.level}" in permission.categories
    if kind.level == "important":
        return named and permission.kind in ("assessment", "order")
    return named or f"class:{kind.klass}" in permission.categories or not permission.categories


def _validity(seen: Seen, permission: Permission) -> Field:
    until = permission.valid_until
    within = permission.valid_from <= seen.key.day and (until is None or seen.key.day <= until)
    permitted = [permission.valid_from.isoformat(), until.isoformat() if until else None]
    return Field("validity", seen.key.day.isoformat(), permitted, within)


def _destination(seen: Seen, permission: Permission) -> Field:
    within = not permission.destinations or seen.key.destination in permission.destinations
    return Field("destination", seen.key.destination, permission.destinations, within)


def _categories(seen: Seen, permission: Permission) -> Field:
    over = sorted(name for name, kind in seen.kinds.items() if not covers(permission, name, kind))
    return Field("categories", sorted(seen.kinds), permission.categories, not over, over)


def _persons(name: str, persons: Bounds, limit: int | None) -> Field:
    within = None if limit is not None and persons.upper > limit else True
    if limit is not None and persons.lower > limit:
        within = False
    return Field(name, [persons.lower, persons.upper], limit, within)


def _persons_under(seen: Seen, permission: Permission, year: Mapping[str | None, Persons]) -> Persons:
    """Persons of this year sent to the destinations that the permission names (else to the one seen, else to all)."""
    nobody = Persons(Bounds(0, 0), Bounds(0, 0))
    if not permission.destinations:
        return year.get(None, nobody)
    places = permission.destinations if seen.key.destination in permission.destinations else [seen.key.destination]
    parts = [year.get(place, nobody) for place in places]
    whole = year.get(None, nobody)
    return Persons(_union([p.pi for p in parts], whole.pi), _union([p.sensitive for p in parts], whole.sensitive))


def _union(parts: list[Bounds], whole: Bounds) -> Bounds:
    return Bounds(max(p.lower for p in parts), min(sum(p.upper for p in parts), whole.upper))


def _mechanism(permission: Permission, duty: Obligation) -> Field:
    within: bool | None = True
    if permission.kind in SUBSTITUTES:
        within = False if duty.duty == "assessment" else None if duty.possible == "assessment" else True
    return Field("mechanism", duty.duty, permission.kind, within)


def _recipient(seen: Seen, permission: Permission) -> Field:
    named = sorted({end.server or end.dst for end in seen.ends})[:20]
    permitted = [r["name"] for r in permission.recipients]
    if not permission.recipients:
        return Field("recipient", named, permitted, True)
    if not any(r["servers"] or r["prefixes"] for r in permission.recipients):
        return Field("recipient", named, permitted, None)  # filed by name alone: the line shows addresses
    over = sorted({end.server or end.dst for end in seen.ends if not any(_receives(r, end) for r in permission.recipients)})
    within = False if over else None if seen.ends_cut else True
    return Field("recipient", named, permitted, within, over[:20])


def _receives(recipient: Mapping[str, Any], end: Far) -> bool:
    server = end.server.lower().rstrip(".")
    if server and any(server == name.lower() or server.endswith("." + name.lower()) for name in recipient["servers"]):
        return True
    networks = [ipaddress.ip_network(prefix) for prefix in recipient["prefixes"]]
    return any(address in network for address in (plain(end.src), plain(end.dst)) for network in networks)


def plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address, v4-mapped ones as IPv4."""
    parsed = ipaddress.ip_address(address)
    return parsed.ipv4_mapped or parsed if isinstance(parsed, ipaddress.IPv6Address) else parsed
