"""A flow's verdict: that of the alert its findings belong to. Alerts are in another database, so a question brings them to the store."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, select

from pipeline.incident.models import Alert
from pipeline.schema.codes import Evidence
from pipeline.search.period import Period
from pipeline.search.values import BEIJING, NS
from pipeline.supervision.engine import reading

DAY = datetime.timedelta(days=1)
Verdicts = Callable[[Period], Mapping[str, object]]


def no_verdicts(_: Period) -> Mapping[str, object]:
    """Parameters for a question where no alerts are known: every flow with findings is pending."""
    return {"verdict_keys": [], "verdict_codes": []}


def read_verdicts(engine: Engine, period: Period) -> Mapping[str, object]:
    """Parameters of VERDICT (fields.py) for the flows that begin within `period`; those may end a day later."""
    first, last = (datetime.datetime.fromtimestamp(at_ns // NS, BEIJING).date() for at_ns in period)
    columns = (Alert.holder, Alert.line, Alert.destination, Alert.day, Alert.verdict)
    with reading(engine) as db:
        rows = db.execute(select(*columns).where(Alert.evidence == Evidence.SEEN.value, Alert.day.between(first, last + DAY))).all()
    keys = ["|".join((holder, line, destination, day.isoformat())) for holder, line, destination, day, _ in rows]
    return {"verdict_keys": keys, "verdict_codes": [row[-1] for row in rows]}
