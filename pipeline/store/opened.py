"""The store that the settings name, ready for use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.store.migrate import pending
from pipeline.store.server import open_database
from pipeline.store.settings import StoreSettings

if TYPE_CHECKING:
    from pipeline.store.store import Store


def open_configured(data: Path, settings: StoreSettings) -> Store:
    """chDB in `data`, migrated, or the servers' database; StoreBusyError when another process holds the folder.

    Servers are migrated by `guankou store migrate` alone, as a user who may: RuntimeError when that is still to be done.
    """
    if not settings.servers:
        from pipeline.store.store import open_store  # the engine in this process: half a second and 200 MB that a client needs not

        return open_store(data)
    store = open_database(settings, settings.database)
    if not settings.cluster and (left := pending(store)):
        store.close()
        raise RuntimeError(f"the store has to be migrated ({', '.join(one.name for one in left)}): run guankou store migrate")
    return store
