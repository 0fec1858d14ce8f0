"""A capture replayed by several processes at once, each reading all of it and taking its share of the flows."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

from sensor.worker import Share, Totals, Worker

# Not a setting, nor the number of cores: batches are cut share by share, so another number would make batches that the store does not
# know, and count a capture replayed before a second time (decision 0004).
SHARES = 2
PR_SET_PDEATHSIG = 1
FORK = multiprocessing.get_context("fork")  # compiled kernels are loaded once, in the parent


class WorkerDiedError(RuntimeError):
    """A worker process ended without having been asked to."""


class Part(NamedTuple):
    """What one process did."""

    totals: Totals
    problem: str | None  # where the capture broke


class SharedReplay:
    """Worker processes over one capture. They end with this process, however it ends."""

    def __init__(self, build: Callable[[Share], Worker]) -> None:
        """Start them; `build` is called in each, and may raise ValueError."""
        self.stopped = False
        self._positions = FORK.RawArray("q", SHARES)
        self._answers: list[Connection] = []
        self._processes = []
        for number in range(SHARES):
            answer, say = FORK.Pipe(duplex=False)
            process = FORK.Process(target=self._run, args=(build, Share(number, SHARES), say, os.getpid()), daemon=True)
            process.start()
            say.close()
            self._answers.append(answer)
            self._processes.append(process)

    def _run(self, build: Callable[[Share], Worker], share: Share, say: Connection, parent: int) -> None:
        """In the new process."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it died before it could be watched
        asked: list[bool] = []  # to stop, while the worker is being built
        stop_on_signals(lambda: asked.append(True))  # not the parent's handler, which came along
        try:
            worker = build(share)
            stop_on_signals(worker.stop)
            if asked:
                worker.stop()

            def progress(position: int) -> None:
                self._positions[share.number] = position

            totals = worker.run(progress)
            worker.outbox.close()
            worker.source.close()
            say.send(Part(totals, worker.source.problem))
        except ValueError as error:
            say.send(error)

    def stop(self) -> None:
        """Let them end early; what they have read is still reported."""
        self.stopped = True
        for process in self._processes:
            process.terminate()

    def run(self, progress: Callable[[int], None]) -> Part:
        """Wait for all of them. ValueError from building one, WorkerDiedError when one died."""
        parts: list[Part] = []
        waiting = list(zip(self._answers, self._processes, strict=True))
        while waiting:
            ready = wait([answer for answer, _ in waiting], 0.1)
            for answer, process in [pair for pair in waiting if pair[0] in ready]:
                waiting.remove((answer, process))
                try:
                    said: Part | ValueError = answer.recv()
                except EOFError:
                    process.join()
                    self.stop()
                    died = f"worker process {process.pid} died (exit code {process.exitcode}): what it wrote is kept"
                    raise WorkerDiedError(f"{died}, replay again to complete it") from None
                if isinstance(said, ValueError):
                    self.stop()
                    raise said
                parts.append(said)
            progress(sum(self._positions) // SHARES)
        for process in self._processes:
            process.join()
        return Part(add_up([part.totals for part in parts]), next((part.problem for part in parts if part.problem), None))


def add_up(parts: list[Totals]) -> Totals:
    """The totals of all shares together; the slowest one's seconds, as they run side by side."""
    packets, octets, flows, findings, hits = (sum(column) for column in zip(*(part[:5] for part in parts), strict=True))
    coverage, status = Counter[str](), Counter[str]()
    for part in parts:
        coverage.update(part.coverage)
        status.update(part.status)
    return Totals(packets, octets, flows, findings, hits, dict(coverage), dict(status), max(part.seconds for part in parts))


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on SIGTERM and Ctrl-C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
