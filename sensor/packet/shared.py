"""A capture read and decoded once, by the process that holds it, for workers in other processes: slots in shared memory, in turn."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.context import ForkContext
from typing import NamedTuple

import numpy as np

from sensor.flow.share_kernels import copy_share
from sensor.frame.columns import FRAME, new_frames
from sensor.frame.decode_kernels import decode_frames
from sensor.packet.batch import Packets, Source, new_packets
from sensor.packet.capture import MOST_MEMORY, WINDOW, CaptureFile
from sensor.packet.walk_kernels import MAX_INTERFACES
from sensor.records import new_shared

SLOTS = 8  # windows between the reader and the slowest worker
ROWS = WINDOW // 16  # records of a window, of which the smallest is a header of 16 octets
LONGEST_NAME = 256  # octets of an interface's name; a longer one is cut


class Slot(NamedTuple):
    """One window and its frames, by share."""

    memory: np.ndarray         # uint8 (MOST_MEMORY,); what is not written to takes no memory
    packets: tuple[Packets, ...]
    frames: tuple[np.ndarray, ...]  # FRAME (ROWS,)
    rows: np.ndarray           # int64 (shares,)


class Ring:
    """Slots, made before the workers are forked. One process fills them; each worker takes its share of each, in order."""

    def __init__(self, context: ForkContext, shares: int) -> None:
        self.shares = shares
        self.slots = [_new_slot(shares) for _ in range(SLOTS)]
        self.filled = [context.Semaphore(0) for _ in range(shares)]
        self.free = [context.Semaphore(SLOTS) for _ in range(shares)]
        self.counts = new_shared(2, np.int64)  # slots filled since the start; interfaces named
        self.names = new_shared(MAX_INTERFACES, np.dtype((np.bytes_, LONGEST_NAME)))


class Filler:
    """The side that reads: `fill` takes the next window of `source` into the ring."""

    def __init__(self, ring: Ring, source: Source, secrets: np.ndarray) -> None:
        self._ring, self._source, self._secrets = ring, source, secrets
        self._packets, self._frames = new_packets(ROWS), new_frames(ROWS)

    def fill(self, wait_for: Callable[[int], bool]) -> None:
        """One window, if one comes. `wait_for(share)` waits until that worker has a free slot, and is false where the worker is gone."""
        ring, number = self._ring, int(self._ring.counts[0])
        there = [wait_for(share) for share in range(ring.shares)]
        slot = ring.slots[number % SLOTS]
        if isinstance(self._source, CaptureFile):
            self._source.use(slot.memory)
        buf, n = self._source.read(self._packets)
        packets = self._into(slot.memory, buf, n)
        decode_frames(slot.memory, packets, n, self._frames)
        for share in range(ring.shares):
            own = slot.packets[share], slot.frames[share]
            slot.rows[share] = copy_share(packets, self._frames, n, share, ring.shares, self._secrets, *own)
        known = self._source.interfaces
        for i in range(int(ring.counts[1]), len(known)):
            ring.names[i] = known[i].encode()[:LONGEST_NAME]
        ring.counts[:] = number + 1, len(known)
        for share in range(ring.shares):
            if there[share]:
                ring.filled[share].release()

    def end(self) -> None:
        """Nothing more comes."""
        for filled in self._ring.filled:
            filled.release()

    def _into(self, memory: np.ndarray, buf: np.ndarray, n: int) -> Packets:
        """The packets as they lie in `memory`: mostly they do already."""
        packets = self._packets
        if n and buf.ctypes.data != memory.ctypes.data:
            first, stop = int(packets.start[:n].min()), int((packets.start[:n] + packets.caplen[:n]).max())
            memory[: stop - first] = buf[first:stop]
            packets.start[:n] -= first
        return packets


class SharedFeed:
    """One worker's side: its share of each window, as packets and frames. See `sensor.packet.batch.Source` for the rest."""

    digest, drops, size, problem = "", 0, 0, None

    def __init__(self, ring: Ring, share: int) -> None:
        self._ring, self._share = ring, share
        self._taken, self._at, self._rows = 0, 0, 0
        self.interfaces: list[str] = []
        self.finished, self.position = False, 0

    def take(self, most: int) -> tuple[np.ndarray, Packets, np.ndarray, int]:
        """Buffer, packets, frames and their number, at most `most`; 0 at the end. Valid until the next call. Waits until there are some."""
        ring = self._ring
        while self._at == self._rows and not self.finished:
            self._next()
        slot = ring.slots[(self._taken - 1) % SLOTS]
        begin, self._at = self._at, min(self._rows, self._at + most)
        part = slice(begin, self._at)
        packets = Packets(*(column[part] for column in slot.packets[self._share]))
        return slot.memory, packets, slot.frames[self._share][part], self._at - begin

    def _next(self) -> None:
        """Give the slot back and wait for the next one."""
        ring = self._ring
        if self._taken:
            ring.free[self._share].release()
        ring.filled[self._share].acquire()
        self.finished = self._taken == ring.counts[0]
        if self.finished:
            self._at = self._rows = 0
            return
        self._at, self._rows = 0, int(ring.slots[self._taken % SLOTS].rows[self._share])
        self._taken += 1
        self.interfaces += [name.decode("utf-8", "replace") for name in ring.names[len(self.interfaces) : int(ring.counts[1])]]

    def close(self) -> None:
        """The memory goes with the processes."""


def _new_slot(shares: int) -> Slot:
    packets = tuple(Packets(*(new_shared(ROWS, column.dtype) for column in new_packets(1))) for _ in range(shares))
    frames = tuple(new_shared(ROWS, FRAME) for _ in range(shares))
    return Slot(new_shared(MOST_MEMORY, np.uint8), packets, frames, new_shared(shares, np.int64))
