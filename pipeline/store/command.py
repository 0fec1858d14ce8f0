"""What `guankou store` does, as the terminal shows it."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from pipeline.store.nodes import backup, check_nodes, migrate_nodes, restore
from pipeline.store.settings import StoreSettings

EMBEDDED = "store.servers: none are set; the embedded store is migrated when it is opened, and backed up by copying its folder"


def run_migrate(settings: StoreSettings, screen: Console) -> None:
    """Migrate every node. ValueError without servers, RuntimeError names the node and what is wrong."""
    _need_servers(settings)
    migrate_nodes(settings, lambda text: screen.print(text, highlight=False))


def run_check(settings: StoreSettings, screen: Console) -> bool:
    """Print each node's state; whether all are as they should be."""
    _need_servers(settings)
    table, good = Table("node", "migrations", "state"), True
    for state in check_nodes(settings):
        good &= not state.problems
        table.add_row(str(state.address), str(state.migrations), "\n".join(state.problems) or "as it should be")
    screen.print(table)
    return good


def run_backup(settings: StoreSettings, name: str, screen: Console) -> None:
    """Back up every shard."""
    _need_servers(settings)
    with screen.status("backing up"):
        backup(settings, name, lambda text: screen.print(text, highlight=False))


def run_restore(settings: StoreSettings, name: str, screen: Console) -> None:
    """Fill empty servers."""
    _need_servers(settings)
    with screen.status("restoring"):
        restore(settings, name, lambda text: screen.print(text, highlight=False))


def _need_servers(settings: StoreSettings) -> None:
    if not settings.servers:
        raise ValueError(EMBEDDED)
