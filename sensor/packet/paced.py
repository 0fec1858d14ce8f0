"""A capture at the speed at which its packets came."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sensor.packet.batch import Packets, Source, new_packets

LONGEST_WAIT_S = 0.2  # then the worker gets its turn


class Paced:
    """`source`, held back so that packet time and clock run alike."""

    drops = 0

    def __init__(self, source: Source, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep) -> None:
        self._source, self._clock, self._sleep = source, clock, sleep
        self.interfaces, self.digest, self.size = source.interfaces, source.digest, source.size
        self._ahead, self._buf, self._at, self._rows = new_packets(), np.zeros(0, np.uint8), 0, 0
        self._began: tuple[float, int] | None = None

    def read(self, packets: Packets, wait_s: float = 0.0) -> tuple[np.ndarray, int]:
        """The packets whose moment has come; at most LONGEST_WAIT_S is waited for the next one."""
        if self._at == self._rows:
            self._buf, self._rows = self._source.read(self._ahead, wait_s)
            self._at = 0
            if self._rows == 0:
                return self._buf, 0
        times = self._ahead.ts_ns[: self._rows]
        begun, first_ns = self._began = self._began or (self._clock(), int(times[0]))
        due = begun + (int(times[self._at]) - first_ns) / 1e9 - self._clock()
        if due > 0:
            self._sleep(min(due, LONGEST_WAIT_S))
        if due > LONGEST_WAIT_S:
            return self._buf, 0
        now_ns = first_ns + int((self._clock() - begun) * 1e9)
        late = np.flatnonzero(times[self._at :] > now_ns)
        stop = max(self._at + 1, self._at + int(late[0]) if len(late) else self._rows)
        stop = min(stop, self._at + len(packets.start))
        for column, ahead in zip(packets, self._ahead, strict=True):
            column[: stop - self._at] = ahead[self._at : stop]
        n, self._at = stop - self._at, stop
        return self._buf, n

    @property
    def finished(self) -> bool:
        """See `Source`."""
        return self._source.finished and self._at == self._rows

    @property
    def position(self) -> int:
        """See `Source`."""
        return self._source.position

    @property
    def problem(self) -> str | None:
        """See `Source`."""
        return self._source.problem

    def close(self) -> None:
        """See `Source`."""
        self._source.close()
