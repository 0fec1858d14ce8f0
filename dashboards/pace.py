"""How often something slow may be done: so that it takes no more than its share of the time, however slow it gets."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

REST = 9.0


class Pace:
    """After each turn it rests REST times as long as the turn took."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_s = clock()

    def is_due(self) -> bool:
        """Whether it has rested enough."""
        return self._clock() >= self._next_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """What is done inside is the turn; one that fails may be tried again at once."""
        begun = self._clock()
        yield
        ended = self._clock()
        self._next_s = ended + REST * (ended - begun)
