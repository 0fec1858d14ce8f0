"""A capture read by one process and replayed by several others at once, each taking its share of the flows."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

import numpy as np

from sensor.packet.batch import Source
from sensor.packet.shared import Filler, Ring, SharedFeed
from sensor.worker import Share, Totals, Worker

# Not a setting, nor the number of cores: batches are cut share by share, so another number would make batches that the store does not
# know, and count a capture replayed before a second time (decision 0004).
SHARES = 2
PR_SET_PDEATHSIG = 1
FORK = multiprocessing.get_context("fork")  # compiled kernels are loaded once, in the parent


class WorkerDiedError(RuntimeError):
    """A worker process ended without having been asked to."""


class Part(NamedTuple):
    """What came of it."""

    totals: Totals
    problem: str | None  # where the capture broke


class SharedReplay:
    """Worker processes over one capture, which this process reads. They end with this process, however it ends."""

    def __init__(self, source: Source, secrets: np.ndarray, build: Callable[[SharedFeed, Share], Worker]) -> None:
        """Start them; `build` is called in each, may raise ValueError, OSError. `secrets`, uint64 (8,), decide who gets which flow."""
        self.stopped = False
        self._source, self._ring = source, Ring(FORK, SHARES)
        self._filler = Filler(self._ring, source, secrets)
        self._waiting: dict[Connection, Any] = {}  # processes that have not answered yet, by their answer's way
        self._processes = []
        for number in range(SHARES):
            answer, say = FORK.Pipe(duplex=False)
            process = FORK.Process(target=self._run, args=(build, Share(number, SHARES), say, os.getpid()), daemon=True)
            process.start()
            say.close()
            self._waiting[answer] = process
            self._processes.append(process)
        self._parts: list[Totals] = []
        self._wrong: Exception | None = None

    def _run(self, build: Callable[[SharedFeed, Share], Worker], share: Share, say: Connection, parent: int) -> None:
        """In the new process. Signals are the parent's to heed: it stops reading, and what has been read is taken in."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be watched
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        try:
            worker = build(SharedFeed(self._ring, share.number), share)
            totals = worker.run()
            worker.outbox.close()
            say.send(totals)
        except (ValueError, OSError) as error:
            say.send(error)

    def stop(self) -> None:
        """Read no more; what has been read is still reported."""
        self.stopped = True

    def run(self, progress: Callable[[int], None]) -> Part:
        """Read the capture and wait for the workers. ValueError from building one, OSError from writing, WorkerDiedError when one died."""
        while not (self._source.finished or self.stopped or self._wrong):
            self._filler.fill(self._wait_for)
            progress(self._source.position)
        self._filler.end()
        while self._waiting:
            self._hear(0.1)
        for process in self._processes:
            process.join()
        if self._wrong:
            raise self._wrong
        return Part(add_up(self._parts), self._source.problem)

    def _wait_for(self, share: int) -> bool:
        """Until this worker has a free slot; whether it still runs."""
        while not self._ring.free[share].acquire(timeout=0.1):
            self._hear(0)
            if self._processes[share] not in self._waiting.values():
                return False
        return True

    def _hear(self, seconds: float) -> None:
        """Take the answers that come within `seconds`."""
        ready = wait(list(self._waiting), seconds)
        for answer in [answer for answer in self._waiting if answer in ready]:
            process = self._waiting.pop(answer)
            try:
                said: Totals | Exception = answer.recv()
            except EOFError:
                process.join()
                died = f"worker process {process.pid} died (exit code {process.exitcode}): what it wrote is kept"
                said = WorkerDiedError(f"{died}, replay again to complete it")
            if isinstance(said, Totals):
                self._parts.append(said)
            else:
                self._wrong = self._wrong or said


def add_up(parts: list[Totals]) -> Totals:
    """The totals of all shares together; the slowest one's seconds, as they run side by side."""
    packets, octets, flows, findings, hits = (sum(column) for column in zip(*(part[:5] for part in parts), strict=True))
    coverage, status = Counter[str](), Counter[str]()
    for part in parts:
        coverage.update(part.coverage)
        status.update(part.status)
    return Totals(packets, octets, flows, findings, hits, dict(coverage), dict(status), max(part.seconds for part in parts))


@contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` on SIGTERM and Ctrl-C, for a while: who runs after us in this process has them as they were."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
