"""The flow table as the worker sees it."""

from __future__ import annotations

import secrets as random_secrets

import numpy as np

from sensor.flow.columns import LOOK, SET, Ended, EndReason, FlowTable, Touch, new_table, new_touch
from sensor.flow.table_kernels import (
    ACTIVE_FLOWS,
    EVICTIONS,
    HAND,
    MICRO,
    NOW,
    end_all,
    evict,
    evict_for,
    number_flows,
    release,
    sweep,
    update_flows,
)
from sensor.packet.batch import Packets
from sensor.records import new_records

FULL = 0.85            # of the slots; beyond this both sets of a flow may be full
SWEEP_NS = 6_000_000_000  # the hand goes once round in this much packet time


class Flows:
    """Flows by slot; time is packet time, given or taken from the packets."""

    def __init__(self, capacity: int, limits_s: tuple[float, float, float] = (120.0, 60.0, 300.0), secrets: np.ndarray | None = None):
        """Room for `capacity` flows; limits_s: idle of TCP, idle of anything else, active; secrets uint64 (8,), random unless given.

        Where a flow lies decides when the hand meets it: a replay that must repeat itself gives its secrets.
        """
        if secrets is None:
            secrets = np.frombuffer(bytearray(random_secrets.token_bytes(64)), np.uint64)
        self.table: FlowTable = new_table(int(capacity / FULL) + SET, secrets)
        self._limits = np.array([int(s * 1e9) for s in limits_s], np.int64)
        self._ended = Ended(np.zeros(1 << 16, np.int64), np.zeros(1 << 16, np.uint8))
        self._touch = new_touch(0)
        self._looks = new_records(MICRO, LOOK)
        self._n_ended = 0
        self._swept_ns = 0

    @property
    def slots(self) -> int:
        """Size of any column kept beside the table."""
        return len(self.table.tags)

    @property
    def active(self) -> int:
        """Flows in the table."""
        return int(self.table.clock[ACTIVE_FLOWS])

    @property
    def evictions(self) -> int:
        """Flows evicted since the start."""
        return int(self.table.clock[EVICTIONS])

    @property
    def now_ns(self) -> int:
        """The latest packet time met."""
        return int(self.table.clock[NOW])

    def update(self, packets: Packets, frames: np.ndarray, begin: int, n: int) -> tuple[Touch, int]:
        """Take rows begin..n in; the touch columns and the row to go on at.

        When that row is before `n`, take the ended flows (`take_ended`), release them, and call again from it.
        """
        if len(self._touch.slot) < len(packets.start):
            self._touch = new_touch(len(packets.start))
        if self.active > FULL * self.slots:
            hand = int(self.table.clock[HAND])
            self._n_ended = evict(self.table, hand, max(64, self.slots // 50), 4, self._ended, self._n_ended)
            if self._n_ended:
                return self._touch, begin
        done, self._n_ended = update_flows(self.table, packets, frames, begin, n, self._touch, self._looks, self._ended, self._n_ended)
        if done < n and self._n_ended == 0:
            self._n_ended = evict_for(self.table, frames[done], self._ended, 0)
        return self._touch, int(done)

    def sweep(self, now_ns: int) -> None:
        """Look for flows that are over; a whole turn of the hand takes six seconds of `now_ns`, however it is called."""
        passed = max(0, now_ns - self._swept_ns)
        self._swept_ns = max(self._swept_ns, now_ns)
        count = min(self.slots, int(self.slots * (min(passed, SWEEP_NS) / SWEEP_NS)) + 1)
        self._n_ended = sweep(self.table, now_ns, count, self._limits, self._ended, self._n_ended)

    def forget_time(self) -> None:
        """The next packet's time is the latest, whatever was met before; for an empty table."""
        self.table.clock[NOW] = 0
        self._swept_ns = 0

    def end_all(self, first: int = 0) -> int:
        """End every flow from slot `first` on, as many as fit; the slot to go on at, `slots` when done."""
        at, self._n_ended = end_all(self.table, int(EndReason.END), first, self._ended)
        return int(at)

    def take_ended(self) -> tuple[np.ndarray, np.ndarray]:
        """Slots and reasons (EndReason) of flows to be reported; their rows stay as they are until `release`."""
        return self._ended.slot[: self._n_ended], self._ended.reason[: self._n_ended]

    def release(self) -> None:
        """All of `take_ended` has been reported: free the slots."""
        release(self.table, self._ended, self._n_ended)
        self._n_ended = 0

    def numbers(self, slots: np.ndarray) -> np.ndarray:
        """flow_id of each slot, uint64 (n,)."""
        out = np.zeros(len(slots), np.uint64)
        number_flows(self.table.hot, self.table.cold, slots, out)
        return out
