"""What `guankou replay` and `guankou sensor run` do: build a worker, show its progress, print its closing table."""

from __future__ import annotations

import hashlib
import json
import time
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.status import Status
from rich.table import Table

from detectors.compile import load_catalogue
from detectors.tokens import TokenKeys
from pipeline.schema.codes import Reason
from sensor.line.assign import LineBook
from sensor.line.places import Places
from sensor.line.registry import Registry, read_registry
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox, OutboxError
from sensor.packet.batch import Source
from sensor.packet.capture import open_capture
from sensor.packet.paced import Paced
from sensor.packet.ring import LiveSource
from sensor.packet.shared import SharedFeed
from sensor.settings import SensorSettings
from sensor.shares import SharedReplay, stop_on_signals
from sensor.warm import warm
from sensor.worker import Share, Totals, Worker


def build_worker(
    source: Source | SharedFeed,
    data: Path,
    settings: SensorSettings,
    lines: Path | None,
    identity: Identity,
    name: str,
    live: bool,
    share: Share | None = None,
    secrets: np.ndarray | None = None,
) -> Worker:
    """A worker over `source`; ValueError names what is wrong with registry, catalogue or geography, OSError what cannot be written."""
    registry = read_registry(lines) if lines is not None else Registry()
    book = LineBook(registry, Places(settings.mmdb), source.interfaces)
    outbox = Outbox(data / "outbox", identity, patient=live)
    catalogue, keys = load_catalogue(settings.catalogue), TokenKeys(data / "keys")
    if live:
        keys.prepare(time.time_ns())
    if secrets is None and not live:
        secrets = secrets_of(source)
    return Worker(source, book, catalogue, keys, outbox, settings, name, live, secrets, share=share)


def secrets_of(capture: Source | SharedFeed) -> np.ndarray:
    """Secret words of the flow hash, uint64 (8,): the same for the same capture, so that its records are too (decision 0004)."""
    return np.frombuffer(bytearray(hashlib.sha512(capture.digest.encode()).digest()), np.uint64)


def replay_files(
    files: list[Path], data: Path, settings: SensorSettings, lines: Path | None, real: bool, report: Path | None, screen: Console
) -> list[Totals]:
    """Replay each file, and print one closing table; a signal ends it, with what has been read by then."""
    for path in files:
        if not path.is_file():
            raise ValueError(f"{path}: no such file")
    done: list[Totals] = []
    problems: list[str] = []
    with screen.status("loading"):
        warm(settings, load_catalogue(settings.catalogue))
    for path in files:

        capture = open_capture(path)
        secrets = secrets_of(capture)

        def build(feed: SharedFeed, share: Share, digest: str = capture.digest, name: str = path.name, own: np.ndarray = secrets) -> Worker:
            identity = Identity(f"replay-{digest}", share.number, int(digest[:15], 16))
            return build_worker(feed, data, settings, lines, identity, name, False, share, own)

        shared = SharedReplay(Paced(capture) if real else capture, secrets, build)
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        with stop_on_signals(shared.stop), Progress(*columns, console=screen, transient=True) as bar:
            task = bar.add_task(path.name, total=path.stat().st_size)
            part = shared.run(partial(_show, bar, task))
        capture.close()
        done.append(part.totals)
        problems += [part.problem] if part.problem else []
        if shared.stopped:
            break
    print_closing(screen, files[: len(done)], done)
    for problem in problems:
        screen.print(problem, style="yellow", markup=False, highlight=False)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps([totals._asdict() for totals in done], indent=1))
    return done


def run_live(
    interfaces: list[str], data: Path, settings: SensorSettings, lines: Path | None, report: Path | None, screen: Console
) -> Totals:
    """Watch interfaces until a signal comes; what is in the rings then is still taken in.

    ValueError says what does not open, OSError what cannot be written.
    """
    with screen.status("loading"):
        warm(settings, load_catalogue(settings.catalogue))
    source = LiveSource(interfaces, settings.ring_mebibytes, settings.ring_block_ms)
    identity = Identity(settings.name, 0, time.time_ns())
    worker = build_worker(source, data, settings, lines, identity, ", ".join(interfaces), live=True)
    with stop_on_signals(worker.stop), screen.status("no packets yet") as status:
        screen.print(f"listening on {', '.join(interfaces)}", highlight=False)
        said = Said(worker, screen, status)
        done = worker.run(said.progress)
    drops, lost = source.drops, None
    try:
        worker.outbox.close()
    except OutboxError as error:
        lost = error
    source.close()
    print_closing(screen, [Path(worker.name)], [done], drops)
    if source.problem:
        screen.print(source.problem, style="yellow", markup=False, highlight=False)
    if source.damaged:
        screen.print(f"ring blocks that did not add up: {source.damaged}", style="bold red", highlight=False)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps([{**done._asdict(), "drops": drops}], indent=1))
    if lost is not None:
        raise lost
    return done


def _show(bar: Progress, task: TaskID, position: int) -> None:
    bar.update(task, completed=position)


class Said:
    """What a live sensor says meanwhile: a line that changes each second, or one a minute where nobody looks at a terminal."""

    def __init__(self, worker: Worker, screen: Console, status: Status) -> None:
        self._worker, self._screen, self._status = worker, screen, status
        self._next, self._packets, self._at, self._problem = 0.0, 0, time.monotonic(), ""

    def progress(self, position: int) -> None:  # noqa: ARG002 - an interface has no end to be near to
        """Called after each batch."""
        now = time.monotonic()
        problem = "; ".join(filter(None, (self._worker.source.problem, self._worker.outbox.problem)))
        if problem != self._problem:
            self._problem = problem
            self._screen.print(problem, style="yellow", markup=False, highlight=False)
        if now < self._next:
            return
        done = self._worker.totals(now)
        rate = (done.packets - self._packets) / max(1e-9, now - self._at)
        text = (f"{done.packets:,} packets, {rate:,.0f}/s, {self._worker.flows.active:,} flows open, {done.findings:,} findings, "
                f"{self._worker.source.drops:,} dropped, outbox {self._worker.outbox.octets / 1e6:,.1f} MB")
        self._packets, self._at = done.packets, now
        if self._screen.is_terminal:
            self._status.update(text)
            self._next = now + 1
        else:
            self._screen.print(text, highlight=False)
            self._next = now + 60


def print_closing(screen: Console, names: list[Path], done: list[Totals], drops: int = 0) -> None:
    """Packets, flows, findings, coverage and speed of each source."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("source", overflow="fold")
    for title in ("packets", "flows", "findings", "out\ninspected", "encrypted", "not\nseen", "packets/s", "Gbit/s"):
        table.add_column(title, justify="right", no_wrap=True)  # on a narrow terminal names fold, numbers stay whole
    for name, t in zip(names, done, strict=True):
        payload = t.coverage.get("wire", 0) - t.coverage.get(str(Reason.HEADERS), 0)
        inspected, encrypted = t.coverage.get(str(Reason.INSPECTED), 0), t.coverage.get(str(Reason.ENCRYPTED), 0)
        rest = payload - inspected - encrypted
        seconds = max(t.seconds, 1e-9)
        table.add_row(
            name.name,
            f"{t.packets:,}",
            f"{t.flows:,}",
            f"{t.findings:,}",
            share(inspected, payload),
            share(encrypted, payload),
            share(rest, payload),
            f"{t.packets / seconds:,.0f}",
            f"{t.octets * 8 / seconds / 1e9:.2f}",
        )
    screen.print(table)
    odd = {name: count for t in done for name, count in t.status.items() if name != "ok"}
    if odd:
        screen.print("frames not used: " + ", ".join(f"{name} {count:,}" for name, count in odd.items()), style="dim", highlight=False)
    if drops:
        screen.print(f"dropped by the kernel: {drops:,} packets", style="bold red", highlight=False)


def share(part: int, whole: int) -> str:
    """A percentage that never rounds to 0 or 100 unless it is."""
    if whole <= 0:
        return "–"
    value = 100 * part / whole
    if 0 < value < 0.1:
        return "<0.1%"
    return ">99.9%" if 99.9 < value < 100 else f"{value:.1f}%"
