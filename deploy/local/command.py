"""What `guankou lab` does: up, status, down, as the terminal shows them."""

from __future__ import annotations

import logging
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deploy.local.lab import bring_down, bring_up, look
from deploy.local.state import HOST, USER, Lab, Shape


def up(folder: Path, shape: Shape, owner: int | None, screen: Console) -> None:
    """Start what does not run, wait until each service answers, print the addresses; RuntimeError when one does not."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # that nobody answers yet is no news
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    with screen.status("starting ClickHouse and Kafka (the first time they are fetched, half a minute)"):
        lab, is_new = bring_up(folder, shape, owner, lambda text: screen.print(text, style="dim", highlight=False))
    screen.print(f"a lab {'runs now' if is_new else 'runs already'} in {folder.resolve()}", highlight=False)
    _print_addresses(lab, folder.resolve(), screen)


def status(folder: Path, screen: Console) -> bool:
    """Print what runs; whether all of the lab does."""
    seen = look(folder)
    if seen is None:
        screen.print(f"no lab in {folder.resolve()}", highlight=False)
        return False
    lab, running = seen
    table = Table("service", "state", "pid", "addresses", "since (UTC)", "folder")
    for service in lab.services:
        state = "runs" if service.pid in running else "stopped" if service.pid is None else "ended by itself"
        addresses = "\n".join(f"{name} {HOST}:{port}" for name, port in service.ports.items())
        since = f"{service.since:%Y-%m-%d %H:%M:%S}" if service.since else ""
        table.add_row(service.name, state, str(service.pid or ""), addresses, since, str(service.folder))
    screen.print(table)
    return all(service.pid in running for service in lab.services)


def down(folder: Path, screen: Console) -> None:
    """End all of the lab's processes; RuntimeError when one cannot be ended."""
    with screen.status("ending the lab"):
        ended = bring_down(folder)
    screen.print(f"{ended} processes ended" if ended else f"no lab runs in {folder.resolve()}", highlight=False)


def _print_addresses(lab: Lab, folder: Path, screen: Console) -> None:
    rows = [(f"kafka {listener}", lab.bootstrap(listener)) for listener in lab.kafka[0].ports if listener != "CONTROLLER"]
    rows += [(one.name, f"{HOST}:{one.ports['tcp']} native, {HOST}:{one.ports['http']} HTTP, user {USER}") for one in lab.clickhouse]
    if lab.shape.secure:
        rows += [("user, password", f"{USER}, {lab.password}"), ("certificates", str(folder / "tls"))]
    for name, value in rows:
        screen.print(f"  {name:<16} {value}", highlight=False, soft_wrap=True)
