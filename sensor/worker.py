"""The only loop: packets → frames → flows → lines → streams → detectors → records."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from detectors.compile import Catalogue
from detectors.detector import Detector
from detectors.tokens import TokenKeys
from pipeline.schema import COVERAGE, FINDING, FLOW, SENSOR_REPORT, SUBJECT
from pipeline.schema.codes import Reason
from sensor.beside import Beside
from sensor.coverage.ledger import COLUMN, CoverageLedger
from sensor.coverage.ledger_kernels import account_frames
from sensor.finding_log import FindingLog
from sensor.flow.columns import EndReason, Touch
from sensor.flow.table import Flows
from sensor.frame.columns import new_frames
from sensor.frame.decode_kernels import decode_frames
from sensor.frame.status import Status
from sensor.line.assign import Fresh, LineBook
from sensor.outbox.queue import Outbox
from sensor.outbox.rows import PROTOCOL_WORDS, Seen, finding_columns, flow_columns, subject_columns
from sensor.packet.batch import Source, new_packets
from sensor.packet.ring import LiveSource
from sensor.packet.shared import SharedFeed
from sensor.protocol.names import Names
from sensor.settings import SensorSettings
from sensor.stream.columns import OCTET_REASONS
from sensor.stream.engine import StreamEngine

log = logging.getLogger(__name__)
MINUTE_NS = 60_000_000_000
SET_BACK_NS = 60_000_000_000  # a live host's clock behind the packets by so much was set; less is a daemon's small step
VERSION = "0.1.0"
MOST_SPANS = 64  # minutes told apart in one batch; a capture with more jumps in it is rounded
UNITS_AT_ONCE = 512  # units looked into together in a replay: each batch of them has a price of its own
FLOWS_AT_ONCE = 512  # likewise flows that are over
REPORT_WITHIN_NS = 60_000_000_000
REPLAY_FLUSH_MINUTES = 10
ACTIVE = int(EndReason.ACTIVE)  # an enumeration's member costs numpy more than the comparison
STREAM_COLUMNS = np.array([COLUMN[reason] for reason in OCTET_REASONS], np.int64)


class Share(NamedTuple):
    """The part of a source's flows that a worker takes."""

    number: int
    of: int


class Totals(NamedTuple):
    """What a worker has done since its start."""

    packets: int
    octets: int
    flows: int
    findings: int
    hits: int
    coverage: dict[str, int]  # octets out by reason
    status: dict[str, int]  # frames by status
    seconds: float


class Worker:
    """One source, one flow table, one outbox. Packet time is the only clock of a replay; a live source adds ticks."""

    def __init__(
        self,
        source: Source | SharedFeed,
        book: LineBook,
        catalogue: Catalogue,
        keys: TokenKeys,
        outbox: Outbox,
        settings: SensorSettings,
        name: str,
        live: bool = False,
        flow_secrets: np.ndarray | None = None,
        engine: StreamEngine | None = None,
        share: Share | None = None,
    ) -> None:
        share = share or Share(0, 1)
        self.source, self.book, self.outbox, self.settings, self.name, self.live = source, book, outbox, settings, name, live
        limits = (settings.idle_after_s, settings.datagram_idle_after_s, settings.active_after_s)
        self.packets, self.frames = new_packets(settings.batch_packets), new_frames(settings.batch_packets)
        self.flows = Flows(settings.flows // share.of, limits, flow_secrets)
        self.ledger = CoverageLedger()
        self.beside = Beside(self.flows.slots, book, self.ledger)
        self.engine = engine or StreamEngine()
        self.detector = Detector(catalogue, keys)
        self.log = FindingLog(catalogue, self.detector.masks)
        self.names = Names()
        self.seen = Seen(len(self.engine.streams.directions) // 2)
        self.catalogue = catalogue
        self.tap: Callable[[np.ndarray, np.ndarray], None] | None = None  # shown events and pool before they are settled: for measuring
        self._minute = -1
        self._flushed_minute = 0
        self._reported_ns = self._ticked_ns = 0
        self._flushed_at = 0.0
        self._status = np.zeros(len(Status), np.int64)
        self._counted = self._octets = self._ended = self._findings = 0
        self._reported = np.zeros(4, np.int64)
        self._out: dict[str, int] = {}
        self._shown_drops = 0
        self.stopping = False

    def stop(self) -> None:
        """Read no more, and let `run` end."""
        self.stopping = True

    def run(self, progress: Callable[[int], None] | None = None) -> Totals:
        """Until the source is finished or `stopping` is set; everything that was read is reported."""
        begun = time.monotonic()
        while not self.source.finished and not self.stopping:
            self.step(0.1 if self.live else 0.0)
            if progress is not None:
                progress(self.source.position)
        if isinstance(self.source, LiveSource):
            self.source.stop()
            while not (self.source.finished or self.outbox.is_stuck):  # what is in the rings was sent before the end
                self.step(0.1)
        self.finish()
        return self.totals(time.monotonic() - begun)

    def step(self, wait_s: float) -> None:
        """One batch, or one tick where none came."""
        if self.outbox.is_stuck:  # what the rings cannot take meanwhile is dropped by the kernel, and counted
            time.sleep(wait_s)
            self.outbox.flush()
            return
        buf, n = self._fetch(wait_s)
        if self.live and (ahead_ns := self._ticked_ns - time.time_ns()) > SET_BACK_NS:
            log.warning("the clock was set back by about %.0f s: flows are reported and begin anew", ahead_ns / 1e9)
            self._begin_anew()
        if n:
            self._status += np.bincount(self.frames["status"][:n], minlength=len(Status))
            self._counted += n
            self._octets += int(self.packets.wirelen[:n].sum())
            for begin, end, minute in self._spans(n):
                self._turn_minute(minute)
                self._take(buf, begin, end)
        if self.live:
            now = self._ticked_ns = max(self.flows.now_ns, time.time_ns())
            self._turn_minute(now // MINUTE_NS)
            self._sweep(now)
            if time.monotonic() - self._flushed_at >= self.settings.flush_after_s:
                self._flush()

    def _fetch(self, wait_s: float) -> tuple[np.ndarray, int]:
        """The next packets and their frames; the buffer they lie in, and how many."""
        if isinstance(self.source, SharedFeed):
            buf, self.packets, self.frames, n = self.source.take(self.settings.batch_packets)
        else:
            buf, n = self.source.read(self.packets, wait_s)
            decode_frames(buf, self.packets, n, self.frames)
        return buf, n

    def _spans(self, n: int) -> list[tuple[int, int, int]]:
        """Rows of the same packet minute: (begin, end, minute)."""
        times = self.packets.ts_ns[:n]
        first = int(times[0]) // MINUTE_NS
        if first * MINUTE_NS <= int(times.min()) and int(times.max()) < (first + 1) * MINUTE_NS:
            return [(0, n, first)]
        minutes = np.maximum.accumulate(times // MINUTE_NS)
        cuts = np.flatnonzero(np.diff(minutes)) + 1
        if len(cuts) > MOST_SPANS:
            cuts = cuts[:: len(cuts) // MOST_SPANS + 1]
        edges = [0, *cuts.tolist(), n]
        return [(a, b, int(minutes[b - 1])) for a, b in zip(edges[:-1], edges[1:], strict=True)]

    def _take(self, buf: np.ndarray, begin: int, end: int) -> None:
        """Rows begin..end through the table and the streams."""
        at = begin
        while at < end:
            first = at
            touch, at = self.flows.update(self.packets, self.frames, first, end)
            self._meet(touch, first, at)
            p, f, b = self.packets, self.frames, self.beside
            account_frames(
                p.wirelen,
                f["payload_wire"],
                touch.slot,
                touch.direction,
                b.lane_of,
                b.outbound_of,
                b.content_of,
                (first, at),
                self.ledger.octets,
                self.ledger.packets,
            )
            row = first
            while row < at:
                done = self.engine.order(buf, f, p.ts_ns, touch, b.content_of, row, at)
                if done < at:
                    self._look()
                    if done == row:
                        self._relieve()
                row = done
            if at < end:  # there was no room for a flow
                self._report_ended()
        self._sweep(self.flows.now_ns)
        if self.live or len(self.engine.unit_rows()) >= UNITS_AT_ONCE or len(self.engine.events()) >= UNITS_AT_ONCE:
            self._look()

    def _meet(self, touch: Touch, first: int, at: int) -> None:
        """Assign lines to new flows; open content entries where content may be read."""
        rows = first + np.flatnonzero(touch.fresh[first:at])
        if not len(rows):
            return
        slots = touch.slot[rows]
        hot, cold = self.flows.table.hot.take(slots), self.flows.table.cold.take(slots)
        fresh = Fresh(
            cold["iface"], hot["vlan"], cold["mpls"], cold["src_high"], cold["src_low"], cold["dst_high"], cold["dst_low"], hot["first_ns"]
        )
        given = self.book.assign(fresh)
        self.beside.meet(slots, given)
        may = np.flatnonzero(given.content)
        if len(may):
            chosen = slots[may]
            entries = self.engine.open(chosen, self.beside.outbound_of[chosen], hot["proto"][may], cold["dport"][may])
            self.beside.content_of[chosen] = entries
            self.seen.totals[entries[entries >= 0]] = 0

    def _look(self) -> None:
        """Events to names, units to the detectors, octets to the ledger."""
        directions = self.engine.streams.directions
        events = self.engine.events()
        if len(events):
            rows = events["direction"]
            if self.tap is not None:
                self.tap(events, self.engine.streams.pool)
            self.names.read(events, directions["flow"][rows], directions["outbound"][rows] != 0, self.engine.streams.pool)
            self.engine.settle_events()
        units, n = self.engine.units()
        if n:
            own = self.engine.unit_rows()
            rows, times = own["direction"].astype(np.int64), own["ts_ns"].copy()
            inspected = self.detector.inspect(units, n, int(times.max()))
            if inspected.n_hits:
                self.log.add(inspected, rows, times, self.beside.lane_of[directions["flow"][rows]].astype(np.int64))
                strong = inspected.hits.tier[: inspected.n_hits] >= 2
                counts = np.bincount(inspected.hits.unit[: inspected.n_hits][strong], minlength=n)
                np.add.at(self.seen.totals[:, Seen.FINDINGS], rows // 2, counts)
            self.engine.settle_units(inspected.verdict.astype(np.uint8))

    def _relieve(self) -> None:
        """Windows run short although nothing is ready: make directions give theirs up."""
        at = 0
        while at >= 0:
            at = self.engine.flush(at, forget=True)
            self._look()

    def _sweep(self, now_ns: int) -> None:
        self.flows.sweep(now_ns)
        if self.live or self._is_time_to_report(now_ns):
            self._report_ended()

    def _is_time_to_report(self, now_ns: int) -> bool:
        """A replay reports many flows at once; one that goes on is reported at once, before the hand comes round to it again."""
        slots, reasons = self.flows.take_ended()
        if not len(slots):
            self._reported_ns = now_ns
            return False
        late = now_ns - self._reported_ns > REPORT_WITHIN_NS
        return late or len(slots) >= FLOWS_AT_ONCE or bool((reasons == ACTIVE).any())

    def _report_ended(self) -> None:
        """Report the flows that are over, then let their slots go."""
        slots, reasons = self.flows.take_ended()
        self._reported_ns = self.flows.now_ns
        if not len(slots):
            return
        over = reasons != ACTIVE
        held = over & (self.beside.content_of[slots] >= 0)
        entries = self.beside.content_of[slots[held]]
        at = 0
        while at < len(entries):
            done = self.engine.close(entries, at)
            if done < len(entries):
                self._look()
                if done == at:
                    self._relieve()
            at = done
        kept = self.beside.content_of[slots].astype(np.int64)
        kept = kept[kept >= 0]
        if len(kept):
            self._look()
            self._drain(kept)
        self._put_findings(self.log.take(set((entries * 2).tolist()) | set((entries * 2 + 1).tolist())) if len(entries) else [])
        messages = self.engine.streams.directions["messages"]
        self._name_protocols(slots)
        self.outbox.put(FLOW, flow_columns(self.flows, self.beside, self.names, self.seen.totals, messages, slots, reasons), len(slots))
        self._ended += len(slots)
        for slot in slots[over].tolist():
            self.names.by_slot.pop(slot, None)
        self.seen.totals[kept] = 0
        self.engine.begin_span(kept)
        self.engine.release(entries)
        self.beside.content_of[slots[over]] = -1
        self.flows.release()

    def _name_protocols(self, slots: np.ndarray) -> None:
        """Flows whose protocol was recognised but said no name."""
        entries = self.beside.content_of[slots]
        slots, entries = slots[entries >= 0], entries[entries >= 0]
        proto = self.engine.streams.directions["proto"]
        codes = np.maximum(proto[2 * entries], proto[2 * entries + 1])
        known = codes > 1
        for slot, code in zip(slots[known].tolist(), codes[known].tolist(), strict=True):
            if slot not in self.names.by_slot:
                self.names.of(slot).protocol = PROTOCOL_WORDS[code]

    def _drain(self, entries: np.ndarray) -> None:
        """Octets of these entries to the ledger, and to the totals of their flows."""
        directions = self.engine.streams.directions
        flows = directions["flow"][entries * 2]
        outbound = self.beside.outbound_of[flows]
        rows = entries * 2 + np.where(outbound == 1, 1, 0)
        octets = directions["octets"][rows]
        self.seen.totals[entries, Seen.PAYLOAD] = directions["payload"][rows]
        self.seen.totals[entries, Seen.INSPECTED] += octets[:, OCTET_REASONS.index("inspected")]
        self.seen.totals[entries, Seen.ENCRYPTED] += octets[:, OCTET_REASONS.index("encrypted")]
        self.engine.drain(entries, self.beside.lane_of[flows], outbound, self.ledger.octets, STREAM_COLUMNS)

    def _turn_minute(self, minute: int) -> None:
        """A new packet minute: what the last one left open is looked into and accounted under it."""
        if minute <= self._minute:
            return
        if self._minute >= 0:
            self._end_minute()
            if minute - self._flushed_minute >= REPLAY_FLUSH_MINUTES:
                self._flush()
                self._flushed_minute = minute
        else:
            self._flushed_minute = minute
        self._minute = minute

    def _end_minute(self) -> None:
        at = 0
        while at >= 0:
            at = self.engine.flush(at, now_ns=self.flows.now_ns)
            self._look()
        live = self.beside.content_of[self.beside.content_of >= 0]
        if len(live):
            self._drain(live.astype(np.int64))
        columns = self.ledger.drain()
        for way, reason, octets in zip(columns["direction"], columns["reason"], columns["octets"], strict=True):  # type: ignore[call-overload]
            if way == "out":
                self._out[reason] = self._out.get(reason, 0) + int(octets)
        self._add_drops(columns)
        rows = len(columns["reason"])  # type: ignore[arg-type]
        self.outbox.put(COVERAGE, {"minute": np.full(rows, self._minute * MINUTE_NS, np.int64), **columns}, rows)

    def _add_drops(self, columns: dict[str, object]) -> None:
        """Packets the kernel dropped, their octets taken from the mean packet."""
        fresh = self.source.drops - self._shown_drops
        if fresh <= 0:
            return
        self._shown_drops = self.source.drops
        mean = self._octets // max(1, self._counted)
        for name, value in (("line", ""), ("holder", ""), ("destination", ""), ("direction", "other"), ("reason", str(Reason.KERNEL_LOST))):
            columns[name].append(value)  # type: ignore[attr-defined]
        columns["octets"] = np.append(columns["octets"], fresh * mean)  # type: ignore[call-overload]
        columns["packets"] = np.append(columns["packets"], fresh)  # type: ignore[call-overload]

    def _flush(self) -> None:
        """Findings, subjects and a report to the outbox."""
        self._flushed_at = time.monotonic()
        if self.live:
            at = 0
            while at >= 0:
                at = self.engine.flush(at, now_ns=self.flows.now_ns)
                self._look()
        self._put_findings(self.log.take())
        columns, rows = subject_columns(self.log, self.ledger)
        self.outbox.put(SUBJECT, columns, rows)
        self._put_report()
        self.outbox.flush()

    def _put_findings(self, taken: list) -> None:  # type: ignore[type-arg]
        if taken:
            columns = finding_columns(taken, self.flows, self.beside, self.names, self.engine.streams.directions, self.catalogue)
            self.outbox.put(FINDING, columns, len(taken))
            self._findings += len(taken)

    def _put_report(self) -> None:
        now = np.array([self._counted, self._octets, self.source.drops, self.flows.evictions], np.int64)
        since = now - self._reported
        if not self.live and not since.any():
            return
        self._reported = now
        counters = {f"frame_status{{{status.name.lower()}}}": int(self._status[status]) for status in Status} | self.engine.counters
        self.outbox.put(
            SENSOR_REPORT,
            {
                "at": np.array([time.time_ns() if self.live else self.flows.now_ns], np.int64),
                "source": self.name,
                "version": VERSION,
                "catalogue": self.catalogue.version,
                "packets": int(since[0]),
                "octets": int(since[1]),
                "kernel_drops": int(since[2]),
                "flows_active": self.flows.active,
                "flows_evicted": int(since[3]),
                "outbox_octets": self.outbox.octets,
                "counters": [list(counters.items())],
            },
            1,
        )

    def finish(self) -> None:
        """Nothing more comes: end every flow, and report all that is known."""
        self._report_ended()
        at = 0
        while at < self.flows.slots:
            at = self.flows.end_all(at)
            self._report_ended()
        self._look()
        if self._minute >= 0:
            self._end_minute()
        self._flush()

    def _begin_anew(self) -> None:
        """Let time be what the next packet says: by the latest met, no flow and no minute would end until the clock is there again."""
        self.finish()
        self.flows.forget_time()
        self._minute, self._reported_ns, self._ticked_ns = -1, 0, 0

    def totals(self, seconds: float) -> Totals:
        """What has been done so far."""
        status = {s.name.lower(): int(self._status[s]) for s in Status if self._status[s]}
        return Totals(self._counted, self._octets, self._ended, self._findings, self.log.hits, dict(self._out), status, seconds)
