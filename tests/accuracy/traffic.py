"""How many of the values planted in labelled traffic are found by a whole worker, and what is found where nothing may be.

Values that no decoder of this version reaches, and kinds that it has no signature for, are listed apart with the reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from detectors.detector import Inspected
from detectors.units import Units
from tests.accuracy.replay import open_worker
from tests.accuracy.text import Hit, covers, fold

GEOGRAPHY = "geo/geo-whois-asn-country.mmdb"
# The corpora's words for kinds of values, and the signatures that answer for them.
ANSWERS: dict[str, tuple[str, ...]] = {
    "person_name": ("name",), "id_card": ("resident_id",), "mobile": ("mobile",), "address": ("address",), "bank_card": ("bank_card",),
    "email": ("email",), "passport": ("passport",), "imei": ("imei",), "vin": ("vin",), "gps": ("coordinates",), "plate": ("plate",),
}
NO_SIGNATURE = "no such signature in this catalogue"
# What lies behind a decoder that is still to come, or in no form the catalogue claims: file (empty: any), kinds (empty: any),
# expression over the value, reason.
UNREACHED: tuple[tuple[str, tuple[str, ...], str, str], ...] = (
    ("http_json_base64_payload.pcap", (), "", "base64 inside JSON: no decoder yet"),
    ("http_put_xlsx.pcap", (), "", "office document: no decoder yet"),
    ("http_multipart_docx.pcap", (), "", "office document: no decoder yet"),
    ("http_put_pdf.pcap", (), "", "PDF: no decoder yet"),
    ("http_response_br.pcap", (), "", "brotli: no decoder yet"),
    ("http_response_zstd.pcap", (), "", "zstd: no decoder yet"),
    ("websocket_json.pcap", (), "", "WebSocket masking: no decoder yet"),
    ("smtp_attachment.pcap", (), "", "base64 in mail: no decoder yet"),
    ("jt808_terminal.pcap", (), "", "JT/T 808 fields, BCD and binary, without labels: no decoder yet"),
    ("gbt32960_vehicle.pcap", ("gps",), "", "GB/T 32960 binary numbers: no decoder yet"),
    ("iso8583_auth.pcap", ("bank_card",), "", "ISO 8583: numbers run into the fields beside them, no decoder yet"),
    ("redis_set.pcap", ("person_name",), "", "RESP: lengths between label and name, no decoder yet"),
    ("", ("email",), r"@(mail\.)?example\.", "documentation domain"),
)
# Values that published frames inside a file carry, which nobody labelled.
UNLABELLED = {"gbt32960_vehicle.pcap": ("89860117795950089298",)}


class Recorder:
    """Stands before a detector and keeps the values of its hits, in memory."""

    def __init__(self, inspect: Any, names: list[str]) -> None:
        self._inspect, self._names = inspect, names
        self.hits: list[Hit] = []

    def __call__(self, units: Units, n: int, at_ns: int | None = None) -> Inspected:
        """See `Detector.inspect`."""
        seen: Inspected = self._inspect(units, n, at_ns)
        for h in range(seen.n_hits):
            octets = seen.texts[h >= seen.split][seen.hits.start[h] : seen.hits.stop[h]].tobytes()
            self.hits.append(Hit(self._names[seen.hits.signature[h]], int(seen.hits.tier[h]), fold(decode(octets))))
        return seen


def decode(octets: bytes) -> str:
    """Text of a hit that lies in its own charset."""
    for charset in ("utf-8", "gb18030"):
        try:
            return octets.decode(charset)
        except UnicodeDecodeError:
            continue
    return octets.decode("latin-1")


def look_at_capture(path: Path, geography: Path | None) -> list[Hit]:
    """The hits in the capture at `path`, as a replay finds them."""
    worker, _ = open_worker(path, geography)
    recorder = Recorder(worker.detector.inspect, [s.id for s in worker.catalogue.signatures])
    worker.detector.inspect = recorder  # type: ignore[method-assign]
    worker.run()
    worker.source.close()
    return recorder.hits


def measure_file(label: dict[str, Any], hits: list[Hit]) -> dict[str, Any]:
    """Planted, found, low and false by signature; what is not reached by kind and reason; what was missed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    missed: list[str] = []
    for item in label["items"] if label["outbound_from_CN"] else ():
        answers = ANSWERS.get(item["type"], ())
        found = [hit for hit in hits if hit.signature in answers and stands_for(hit, item)]
        best = max((hit.tier for hit in found), default=0)
        reason = unreached(label["file"], item) if answers else NO_SIGNATURE
        if reason and best < 2:
            left_out[f"{item['type']}: {reason}"] += 1
            continue
        counts[answers[0]].update(planted=1, found=best >= 2, low=best == 1)
        if best < 2:
            missed.append(f"{answers[0]} {item['value']}")
    strong = [hit for hit in hits if hit.tier >= 2 and hit.value not in UNLABELLED.get(label["file"], ())]
    false = [hit for hit in strong if not label["outbound_from_CN"] or not any(stands_for(hit, item) for item in label["items"])]
    for hit in false:
        counts[hit.signature].update(false=1)
    return {
        "signatures": {name: {key: int(c[key]) for key in ("planted", "found", "low", "false")} for name, c in sorted(counts.items())},
        "left_out": dict(left_out), "missed": missed, "false": [f"{h.signature} {h.value}" for h in false],
    }


def unreached(file: str, item: dict[str, str]) -> str:
    """Why this version does not claim to find a value; empty if it does."""
    for where, kinds, expression, why in UNREACHED:
        if where in ("", file) and (not kinds or item["type"] in kinds) and re.search(expression, item["value"]):
            return why
    return ""


def stands_for(hit: Hit, item: dict[str, str]) -> bool:
    """Whether a hit shows the labelled value; of coordinates either number will do."""
    if item["type"] == "gps":
        return any(len(part) >= 5 and part in hit.value for part in map(fold, item["value"].split(",")))
    return covers(hit.value, fold(item["value"]))


def measure_traffic(corpora: Path) -> dict[str, Any]:
    """All labelled captures of `corpora`: by file, and in sum by signature."""
    labels = json.loads((corpora / "pii_traffic" / "labels.json").read_text("utf-8"))
    geography = corpora / GEOGRAPHY
    files: dict[str, Any] = {}
    total: dict[str, Counter[str]] = defaultdict(Counter)
    left_out: Counter[str] = Counter()
    for label in labels:
        hits = look_at_capture(corpora / "pii_traffic" / label["file"], geography if geography.is_file() else None)
        part = files[label["file"]] = {"outbound": label["outbound_from_CN"], **measure_file(label, hits)}
        left_out.update(part["left_out"])
        for signature, counts in part["signatures"].items():
            total[signature].update(counts)
    return {"files": files, "signatures": {name: dict(c) for name, c in sorted(total.items())}, "left_out": dict(left_out)}
