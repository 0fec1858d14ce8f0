"""Batches that can never be stored: kept for a person to look at, each with its reason beside it; they block nothing."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path

from prometheus_client import Counter

from pipeline.ingest.body import Identity, PoisonError

log = logging.getLogger(__name__)
DROPPED = Counter("ingest_dropped_total", "batches put aside by ingest", ["reason"])
MISSING = Counter("ingest_missing_total", "batches that never came: holes in a worker's numbers, and what was put aside")
UNREAD = Counter("ingest_unread_total", "times an outbox file could not be read")


def put_aside(folder: Path, identity: Identity, sequence: int, body: bytes, poison: PoisonError) -> None:
    """Write the batch and its reason under `folder`; the same batch again writes the same files."""
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(map(str, (*identity, sequence))))[:200]
    (folder / f"{name}.arrow").write_bytes(body)
    told = {**identity._asdict(), "sequence": sequence, "reason": poison.reason, "detail": str(poison)}
    (folder / f"{name}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", "utf-8")
    DROPPED.labels(poison.reason).inc()
    log.warning("batch %s put aside: %s", name, poison.reason)
