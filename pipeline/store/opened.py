"""The store that the settings name, ready for use."""

from __future__ import annotations

from pathlib import Path

from pipeline.store.migrate import pending
from pipeline.store.server import open_database
from pipeline.store.settings import StoreSettings
from pipeline.store.store import Store, open_store


def open_configured(data: Path, settings: StoreSettings) -> Store:
    """chDB in `data`, migrated, or the servers' database; StoreBusyError when another process holds the folder.

    Servers are migrated by `guankou store migrate` alone, as a user who may: RuntimeError when that is still to be done.
    """
    if not settings.servers:
        return open_store(data)
    store = open_database(settings, settings.database)
    if not settings.cluster and (left := pending(store)):
        store.close()
        raise RuntimeError(f"the store has to be migrated ({', '.join(one.name for one in left)}): run guankou store migrate")
    return store
