"""What the worker knows → the columns of the records."""

from __future__ import annotations

import numpy as np

from detectors.compile import Catalogue
from sensor.beside import END_WORDS, Beside
from sensor.coverage.ledger import CoverageLedger
from sensor.finding_log import FindingLog, OpenFinding, number_finding
from sensor.flow.columns import EndReason
from sensor.flow.table import Flows
from sensor.outbox.batch import Coded, Ragged
from sensor.protocol.codes import Proto
from sensor.protocol.names import NO_NAMES, Names
from sensor.stream.columns import OCTET_REASONS
from sensor.stream.framing_kernels import BY_DATA

INSPECTED, ENCRYPTED = OCTET_REASONS.index("inspected"), OCTET_REASONS.index("encrypted")
REASON_WORDS = [reason.name.lower() for reason in EndReason]
DOMESTIC_WORDS = [END_WORDS[i] for i in range(len(END_WORDS))]
Columns = dict[str, object]


class Seen:
    """Octets and findings of flows' outbound directions, by content entry, since the flow's last report: int64 (entries, 4)."""

    PAYLOAD, INSPECTED, ENCRYPTED, FINDINGS = range(4)

    def __init__(self, entries: int) -> None:
        self.totals = np.zeros((entries, 4), np.int64)


def flow_columns(
    flows: Flows, beside: Beside, names: Names, totals: np.ndarray, messages: np.ndarray, slots: np.ndarray, reasons: np.ndarray
) -> Columns:
    """The flow records of `slots` (n,), which ended for `reasons` (n,); totals are by content entry, messages by direction row."""
    hot, cold = flows.table.hot.take(slots), flows.table.cold.take(slots)
    out = np.where(beside.outbound_of[slots] == 1, 1, 0)
    back, rows = 1 - out, np.arange(len(slots))
    entry = beside.content_of[slots]
    seen = np.where((entry >= 0)[:, None], totals[entry], 0)
    lanes = lane_columns(beside.lane_of[slots], beside.ledger)
    said = [names.by_slot.get(slot, NO_NAMES) for slot in slots.tolist()]
    sizes = cold["sizes"]
    given = sizes != 0
    return {
        "flow_id": flows.numbers(slots),
        "first": hot["first_ns"],
        "last": hot["last_ns"],
        **lanes,
        "domestic_end": Coded(beside.end_of[slots], DOMESTIC_WORDS),
        "place_source": Coded(beside.source_of[slots], beside.source_words),
        "src_ip": np.stack((cold["src_high"], cold["src_low"]), axis=1),
        "dst_ip": np.stack((cold["dst_high"], cold["dst_low"]), axis=1),
        "src_port": cold["sport"],
        "dst_port": cold["dport"],
        "ip_protocol": hot["proto"],
        "vlan": hot["vlan"],
        "mpls": cold["mpls"],
        "octets_out": hot["octets"][rows, out],
        "octets_in": hot["octets"][rows, back],
        "packets_out": hot["packets"][rows, out].astype(np.uint64),
        "packets_in": hot["packets"][rows, back].astype(np.uint64),
        "tcp_flags_out": hot["tcp_flags"][rows, out],
        "tcp_flags_in": hot["tcp_flags"][rows, back],
        "retransmitted_out": cold["again"][rows, out],
        "retransmitted_in": cold["again"][rows, back],
        "handshake_us": cold["handshake_us"],
        "first_sizes": Ragged(sizes[given], given.sum(axis=1)),
        "end_reason": Coded(reasons.copy(), REASON_WORDS),
        "protocol": [s.protocol for s in said],
        "server_name": [s.server_name for s in said],
        "server_names": [s.server_names for s in said],
        "alpn": [s.alpn for s in said],
        "tls_version": [s.tls_version for s in said],
        "ja4": [s.ja4 for s in said],
        "http_method": [s.http_method for s in said],
        "http_path": [s.http_path for s in said],
        "http_status": [s.http_status for s in said],
        "user_agent": [s.user_agent for s in said],
        "content_type": [s.content_type for s in said],
        "requests": np.where(entry >= 0, messages[2 * entry], 0).astype(np.uint32),  # the opener asks; what it is told back is no request
        "payload_out": seen[:, Seen.PAYLOAD].astype(np.uint64),
        "inspected_out": seen[:, Seen.INSPECTED].astype(np.uint64),
        "encrypted_out": seen[:, Seen.ENCRYPTED].astype(np.uint64),
        "findings": seen[:, Seen.FINDINGS].astype(np.uint32),
    }


def lane_columns(lanes: np.ndarray, ledger: CoverageLedger) -> Columns:
    """Line, holder and destination of the lanes (n,)."""
    return {"line": Coded(lanes, ledger.lines), "holder": Coded(lanes, ledger.holders), "destination": Coded(lanes, ledger.destinations)}


def finding_columns(
    taken: list[tuple[tuple[int, int, int], OpenFinding]],
    flows: Flows,
    beside: Beside,
    names: Names,
    directions: np.ndarray,
    catalogue: Catalogue,
) -> Columns:
    """The finding records of what the log gave up."""
    rows = np.array([key[0] for key, _ in taken], np.int64)
    slots = directions["flow"][rows]
    cold, numbers = flows.table.cold.take(slots), flows.numbers(slots).tolist()
    lanes = lane_columns(beside.lane_of[slots], beside.ledger)
    said = [names.by_slot.get(slot, NO_NAMES) for slot in slots.tolist()]
    signatures = [catalogue.signatures[key[1]] for key, _ in taken]
    found = [finding for _, finding in taken]
    return {
        "finding_id": np.array(
            [number_finding(n, key[1], key[2], f.first_ns) for n, (key, f) in zip(numbers, taken, strict=True)], np.uint64
        ),
        "flow_id": np.array(numbers, np.uint64),
        "first": np.array([f.first_ns for f in found]),
        "last": np.array([f.last_ns for f in found]),
        **lanes,
        "src_ip": np.stack((cold["src_high"], cold["src_low"]), axis=1),
        "dst_ip": np.stack((cold["dst_high"], cold["dst_low"]), axis=1),
        "dst_port": cold["dport"],
        "server_name": [s.server_name for s in said],
        "signature": [s.id for s in signatures],
        "level": [str(s.level) for s in signatures],
        "class": [s.class_35273 for s in signatures],
        "tag_45574": [s.tag_45574 for s in signatures],
        "tier": np.array([key[2] for key, _ in taken], np.uint8),
        "evidence": "seen",
        "count": np.array([f.count for f in found], np.uint64),
        "subjects": np.array([_distinct(f.tokens) for f in found], np.uint32),
        "excerpts": [f.excerpts for f in found],
        "offsets": [f.offsets for f in found],
        "decoder_path": [[*s.decoder_path, *f.path] for s, f in zip(said, found, strict=True)],
        "partial": (directions["partial"][rows] != 0) | (directions["started"][rows] == BY_DATA),
        "catalogue": catalogue.version,
    }


def _distinct(tokens: list[np.ndarray]) -> int:
    """Tokens without repeats; each array has none in itself."""
    return len(tokens[0]) if len(tokens) == 1 else len(np.unique(np.concatenate(tokens)))


def subject_columns(log: FindingLog, ledger: CoverageLedger) -> tuple[Columns, int]:
    """The subject records of the span, and how many."""
    taken = log.take_subjects()
    if taken is None:
        return {}, 0
    lanes, signature = lane_columns(taken["lane"], ledger), taken["signature"]
    return {
        "at": taken["at"],
        **lanes,
        "level": Coded(signature, log.levels),
        "signature": Coded(signature, log.ids),
        "tier": taken["tier"].astype(np.uint8),
        "principal": taken["principal"] != 0,
        "key_epoch": taken["key_epoch"].astype(np.uint16),
        "token": taken["token"],
    }, len(signature)


PROTOCOL_WORDS = [Proto(i).record_name for i in range(len(Proto))]
