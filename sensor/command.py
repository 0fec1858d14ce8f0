"""What `guankou replay` and `guankou sensor run` do: build a worker, show its progress, print its closing table."""

from __future__ import annotations

import hashlib
import json
import signal
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.table import Table

from detectors.compile import load_catalogue
from detectors.tokens import TokenKeys
from pipeline.schema.codes import Reason
from sensor.line.assign import LineBook
from sensor.line.places import Places
from sensor.line.registry import Registry, read_registry
from sensor.outbox.batch import Identity
from sensor.outbox.queue import Outbox
from sensor.packet.batch import Source
from sensor.packet.capture import open_capture
from sensor.packet.paced import Paced
from sensor.settings import SensorSettings
from sensor.warm import warm
from sensor.worker import Totals, Worker


def build_worker(
    source: Source, data: Path, settings: SensorSettings, lines: Path | None, identity: Identity, name: str, live: bool
) -> Worker:
    """A worker over `source`; ValueError names what is wrong with registry, catalogue or geography."""
    registry = read_registry(lines) if lines is not None else Registry()
    book = LineBook(registry, Places(settings.mmdb), source.interfaces)
    outbox = Outbox(data / "outbox", identity)
    secrets = None if live else np.frombuffer(hashlib.sha512(source.digest.encode()).digest(), np.uint64)
    return Worker(source, book, load_catalogue(settings.catalogue), TokenKeys(data / "keys"), outbox, settings, name, live, secrets)


def replay_files(
    files: list[Path], data: Path, settings: SensorSettings, lines: Path | None, real: bool, report: Path | None, screen: Console
) -> list[Totals]:
    """Replay each file, and print one closing table."""
    for path in files:
        if not path.is_file():
            raise ValueError(f"{path}: no such file")
    done: list[Totals] = []
    problems: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        loading = bar.add_task("loading", total=None)
        warm(settings, load_catalogue(settings.catalogue))
        bar.remove_task(loading)
        for path in files:
            source = open_capture(path)
            task = bar.add_task(path.name, total=source.size)
            identity = Identity(f"replay-{source.digest}", 0, int(source.digest[:15], 16))
            paced: Source = Paced(source) if real else source
            worker = build_worker(paced, data, settings, lines, identity, path.name, live=False)
            _stop_on_signals(worker)
            done.append(worker.run(lambda position, task=task: bar.update(task, completed=position)))  # type: ignore[misc]
            worker.outbox.close()
            source.close()
            problems += [source.problem] if source.problem else []
    print_closing(screen, files, done)
    for problem in problems:
        screen.print(problem, style="yellow", markup=False, highlight=False)
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps([totals._asdict() for totals in done], indent=1))
    return done


def _stop_on_signals(worker: Worker) -> None:
    def stop(number: int, frame: object) -> None:  # noqa: ARG001
        worker.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def print_closing(screen: Console, names: list[Path], done: list[Totals], drops: int = 0) -> None:
    """Packets, flows, findings, coverage and speed of each source."""
    table = Table(box=None, header_style="bold")
    for title in ("source", "packets", "flows", "findings", "out inspected", "encrypted", "not seen", "packets/s", "Gbit/s"):
        table.add_column(title, justify="left" if title == "source" else "right")
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
