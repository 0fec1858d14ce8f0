"""The streams as the worker sees them."""

from __future__ import annotations

import numpy as np

from detectors.units import PAD, Units
from sensor.flow.columns import Touch
from sensor.stream.columns import CARRY_DROPPED, EVENTS, GAPS, OCTET_REASONS, SLOT, UNITS, new_streams
from sensor.stream.entry_kernels import close_entries, drain_octets, flush_pending, open_entries, settle_events, settle_units
from sensor.stream.order_kernels import order_packets
from sensor.stream.window_kernels import HEADROOM

NOBODY = 2  # outbound direction of a flow none of whose ends sends out


class StreamEngine:
    """Entries of flows that may be looked into. `take_units` and `take_events` must be emptied whenever a call stops early."""

    def __init__(self, entries: int = 1 << 16, windows: int = 1 << 13, pieces: int = 1 << 15, capacity: int = 1 << 13) -> None:
        if min(windows, capacity) <= 4 * HEADROOM:
            raise ValueError(f"more than {4 * HEADROOM} windows, units and events are needed")
        self.streams = new_streams(entries, windows, pieces, capacity)
        self._free = list(range(entries - 1, -1, -1))
        self._used = 0  # entries that have ever been in use: those behind them need not be looked at
        self._pool_stop = windows * SLOT
        self.refused = 0

    def open(self, flows: np.ndarray, outbound: np.ndarray, protocols: np.ndarray, ports: np.ndarray) -> np.ndarray:
        """Entries of new flows, int32 (n,), -1 where none is left; arrays (n,).

        flows  slot in the flow table; outbound  the direction that goes out (NOBODY: none); protocols, ports  IP protocol, answering port
        """
        n = min(len(flows), len(self._free))
        entries = np.full(len(flows), -1, np.int32)
        entries[:n] = self._free[len(self._free) - n :]
        del self._free[len(self._free) - n :]
        self.refused += len(flows) - n
        self._used = max(self._used, int(entries.max(initial=-1)) + 1)
        open_entries(self.streams, entries[:n], flows[:n], outbound[:n], protocols[:n], ports[:n])
        return entries

    def order(
        self, buf: np.ndarray, frames: np.ndarray, times: np.ndarray, touch: Touch, content_of: np.ndarray, begin: int, n: int
    ) -> int:
        """Take the payload of rows begin..n; the row to go on at.

        Before `n`: settle units and events, `relieve` if there were none, and call again.
        """
        return int(order_packets(self.streams, buf, frames, times, touch.slot, touch.direction, content_of, begin, n))

    def close(self, entries: np.ndarray, first: int = 0) -> int:
        """These flows are over: what is open becomes units; the index to go on at. An entry stays until `release`."""
        return int(close_entries(self.streams, entries, first))

    def flush(self, first: int = 0, forget: bool = False, now_ns: int = 0) -> int:
        """Hand on what is open; the direction row to go on at, or -1 when done.

        forget  windows are short: carried tails are given up, and where that is not enough what gathers
        now_ns  packet time: holes that are too old by then are given up
        """
        rows = 2 * self._used
        at = int(flush_pending(self.streams, first, rows, forget, now_ns))
        return -1 if at >= rows else at

    def begin_span(self, entries: np.ndarray) -> None:
        """These flows have been reported, and may go on: count payload and messages from zero, or the next report repeats them."""
        for row in (entries * 2, entries * 2 + 1):
            self.streams.directions["payload"][row] = 0
            self.streams.directions["messages"][row] = 0

    def release(self, entries: np.ndarray) -> None:
        """Nothing refers to these entries any more."""
        self.streams.directions["flow"][entries * 2] = -1
        self.streams.directions["flow"][entries * 2 + 1] = -1
        self._free.extend(entries.tolist())

    def units(self) -> tuple[Units, int]:
        """The units that are ready, as the detectors take them, and their number."""
        n = int(self.streams.control[UNITS])
        rows = self.streams.units[:n]
        base = rows["window"].astype(np.int64) * SLOT
        buf = self.streams.pool[: self._pool_stop + PAD]
        return Units(buf, base + rows["start"], base + rows["stop"], rows["stream"].copy(), rows["coding"].copy(), rows["charset"].copy(),
                     rows["media"].copy(), rows["marks"].copy(), rows["carried"].copy()), n

    def unit_rows(self) -> np.ndarray:
        """The same units' own rows (UNIT): which direction, which moment."""
        return self.streams.units[: int(self.streams.control[UNITS])]

    def settle_units(self, verdicts: np.ndarray) -> None:
        """The units have been looked into, with these verdicts, uint8 (n,)."""
        settle_units(self.streams, verdicts, len(verdicts))

    def events(self) -> np.ndarray:
        """The events that are ready (EVENT); offsets are into `pool`."""
        return self.streams.events[: int(self.streams.control[EVENTS])]

    def settle_events(self) -> None:
        """The events have been read."""
        settle_events(self.streams)

    def drain(self, entries: np.ndarray, lanes: np.ndarray, outbound: np.ndarray, ledger: np.ndarray, columns: np.ndarray) -> None:
        """Move the octets of `entries` (n,) to the coverage ledger: lane of each, outbound direction of each, ledger columns by reason."""
        for way in range(2):
            out = np.where(outbound == NOBODY, 2, np.where(outbound == way, 0, 1))
            drain_octets(self.streams.directions, entries * 2 + way, lanes, out, ledger, columns)

    @property
    def counters(self) -> dict[str, int]:
        """What moved since the start."""
        control = self.streams.control
        return {"stream_gaps": int(control[GAPS]), "stream_carry_dropped": int(control[CARRY_DROPPED]), "stream_refused": self.refused}


__all__ = ["NOBODY", "OCTET_REASONS", "StreamEngine"]
