"""Campaigns in people's hands: set up, drawn once, judged flow by flow, concluded, repeated by whoever doubts."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, selectinload

from pipeline.sampling import drawing
from pipeline.sampling.estimate import Estimate, Judged, estimate, estimate_stratum
from pipeline.sampling.frame import STRATA, Queries, read_coverage, read_frame
from pipeline.sampling.models import Campaign, Draw
from pipeline.supervision.engine import reading, writing
from pipeline.supervision.number import beijing_day, next_number

VERDICTS = ("violation", "lawful", "unclear")


class Repeated(NamedTuple):
    """What came of drawing again."""

    frame_same: bool  # the store still holds the same frame (flows arrive late and are kept for a time only)
    draw_same: bool   # the same flows were drawn from it


def create(
    engine: Engine, *, name: str, since: datetime.datetime, until: datetime.datetime, sizes: Mapping[str, int], actor: str,
    now: datetime.datetime, line: str | None = None, holder: str | None = None, confidence: float = 0.95,
) -> Campaign:
    """A campaign to be drawn. ValueError: a frame or size that makes no sense."""
    if not name.strip():
        raise ValueError("a campaign needs a name")
    if since >= until:
        raise ValueError("the period ends before it begins")
    if set(sizes) - set(STRATA) or any(n < 0 for n in sizes.values()) or not sum(sizes.values()):
        raise ValueError(f"sizes: how many flows of {' and '.join(STRATA)}, at least one in all")
    if not 0.5 <= confidence < 1:
        raise ValueError("confidence lies between 0.5 and 1")
    with writing(engine) as session:
        campaign = Campaign(
            number=next_number(session, Campaign.number, "S", beijing_day(now)), name=name.strip(), line=line, holder=holder,
            since=since, until=until, sizes={stratum: sizes.get(stratum, 0) for stratum in STRATA}, confidence=confidence, state="open",
            strata=[], coverage={}, created_by=actor, created_at=now,
        )
        session.add(campaign)
    return campaign


def draw(engine: Engine, store: Queries, number: str, now: datetime.datetime, seed: str | None = None) -> Campaign:
    """Draw the campaign, once: seed, frame digest and inclusion probabilities are fixed with it.

    A seed may be given (thrown before witnesses); else it comes from the system's random source. ValueError: drawn already, or empty frame.
    """
    seed = secrets.token_hex(16) if seed is None else seed
    with writing(engine) as session:
        campaign = _campaign(session, number)
        if campaign.state != "open":
            raise ValueError(f"{number} is drawn already: a new draw is a new campaign")
        drawn = drawing.draw(seed, read_frame(store, campaign), campaign.sizes)
        if not drawn.picks:
            raise ValueError(f"{number}: no flow to draw in this frame")
        campaign.seed, campaign.frame_digest, campaign.draw_digest = seed, drawn.frame_digest, drawn.draw_digest
        campaign.strata = [{"name": s.name, "size": s.size, "drawn": s.drawn, "probability": s.probability} for s in drawn.strata]
        campaign.coverage = read_coverage(store, campaign)
        campaign.state, campaign.drawn_at = "drawn", now
        campaign.draws = [Draw(rank=p.rank, flow_id=str(p.flow_id), stratum=p.stratum, probability=p.probability) for p in drawn.picks]
    return campaign


def judge(engine: Engine, number: str, flow_id: str, verdict: str, note: str, actor: str, now: datetime.datetime) -> Draw:
    """The verdict on one drawn flow; it may be changed until the campaign is concluded."""
    if verdict not in VERDICTS:
        raise ValueError(f"no verdict {verdict!r}: {', '.join(VERDICTS)}")
    with writing(engine) as session:
        campaign = _campaign(session, number)
        if campaign.state != "drawn":
            raise ValueError(f"{number} is {campaign.state}: no verdicts now")
        drawn = session.scalar(select(Draw).where(Draw.campaign_id == campaign.id, Draw.flow_id == flow_id))
        if drawn is None:
            raise LookupError(f"{number} did not draw flow {flow_id}")
        drawn.verdict, drawn.note, drawn.judged_by, drawn.judged_at = verdict, note.strip(), actor, now
    return drawn


def conclude(engine: Engine, number: str, now: datetime.datetime) -> Campaign:
    """Close the worklist and keep the result. ValueError: flows without verdict are left."""
    with writing(engine) as session:
        campaign = _campaign(session, number)
        if campaign.state != "drawn":
            raise ValueError(f"{number} is {campaign.state}")
        left = sum(d.verdict is None for d in campaign.draws)
        if left:
            raise ValueError(f"{left} of {len(campaign.draws)} flows have no verdict yet")
        campaign.result = {**result(campaign), "at": now.isoformat()}
        campaign.state = "closed"
    return campaign


def result(campaign: Campaign) -> dict[str, Any]:
    """What the verdicts so far say, as JSON: the whole, each stratum, and what it says nothing about."""
    judged = [_judged(campaign, stratum) for stratum in campaign.strata]
    strata = {j.name: {**_plain(estimate_stratum(j, campaign.confidence)), **j._asdict()} for j in judged}
    share = campaign.coverage.get("share")
    return {
        "whole": _plain(estimate(judged, campaign.confidence)),
        "strata": strata,
        "judged": sum(j.judged for j in judged),
        "drawn": len(campaign.draws),
        "inspected_share": share,
        "says_nothing_about": None if share is None else 1 - share,
    }


def _judged(campaign: Campaign, stratum: Mapping[str, Any]) -> Judged:
    verdicts = [d.verdict for d in campaign.draws if d.stratum == stratum["name"]]
    return Judged(stratum["name"], stratum["size"], *(verdicts.count(v) for v in VERDICTS))


def _plain(found: Estimate) -> dict[str, Any]:
    return found._asdict()


def repeat(engine: Engine, store: Queries, number: str) -> Repeated:
    """Draw again from the stored seed and the store's present frame; nothing is changed."""
    with reading(engine) as session:
        campaign = _campaign(session, number)
        if campaign.seed is None:
            raise ValueError(f"{number} is not drawn yet")
        again = drawing.draw(campaign.seed, read_frame(store, campaign), campaign.sizes)
        return Repeated(again.frame_digest == campaign.frame_digest, again.draw_digest == campaign.draw_digest)


def list_campaigns(session: Session) -> Sequence[Campaign]:
    """All campaigns with their draws, the newest first."""
    return session.scalars(select(Campaign).options(selectinload(Campaign.draws)).order_by(Campaign.id.desc())).all()


def find_campaign(session: Session, number: str) -> Campaign | None:
    """The campaign with this number, with its draws."""
    return session.scalar(select(Campaign).options(selectinload(Campaign.draws)).where(Campaign.number == number))


def _campaign(session: Session, number: str) -> Campaign:
    campaign = find_campaign(session, number)
    if campaign is None:
        raise LookupError(f"no campaign {number}")
    return campaign
