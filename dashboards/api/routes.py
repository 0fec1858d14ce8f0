"""All routes that give rows or files."""

from __future__ import annotations

from fastapi import FastAPI

from dashboards.desk import Desk


def add_api(app: FastAPI, desk: Desk) -> None:
    """Register them all."""
