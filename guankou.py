"""The one command; joins the parts, holds no logic."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from rich.console import Console

from dashboards.settings import DashboardsSettings
from sensor.settings import SensorSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Guankou 关口: what leaves over which line, under which permission.")
sensor_app = typer.Typer(no_args_is_help=True, help="Live sensors.")
app.add_typer(sensor_app, name="sensor")
screen = Console(stderr=True)

FILE = "guankou.toml"
NOT_SETTINGS = ("GUANKOU_CORPORA", "GUANKOU_TEST_", "GUANKOU_SETTINGS")


class Settings(BaseSettings):
    """guankou.toml (or the file that GUANKOU_SETTINGS names), then the environment: GUANKOU_DATA, GUANKOU_SENSOR__LINES, …"""

    model_config = SettingsConfigDict(env_prefix="GUANKOU_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="the one directory that holds all state")
    sensor: SensorSettings = SensorSettings()
    dashboards: DashboardsSettings = DashboardsSettings()

    @classmethod
    def settings_customise_sources(cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, Path(os.environ.get("GUANKOU_SETTINGS", FILE)))
        return sources["init_settings"], sources["env_settings"], file


def load_settings(data: Path | None) -> Settings:
    """The settings, or an end of the program that names the place of what is wrong."""
    known = {f"GUANKOU_{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith("GUANKOU_") and not name.startswith(NOT_SETTINGS) and name.split("__")[0] not in known:
            fail(f"environment: {name}: unknown setting (known: {', '.join(sorted(known))})")
    named = os.environ.get("GUANKOU_SETTINGS")
    if named and not Path(named).is_file():
        fail(f"environment: GUANKOU_SETTINGS: no such file: {named}")
    given: dict[str, Any] = {} if data is None else {"data": data}
    try:
        return Settings(**given)
    except ValidationError as error:
        place = named or FILE
        fail("\n".join(f"{place}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    except ValueError as error:  # not TOML at all
        fail(f"{named or FILE}: {error}")


def fail(message: str) -> Any:
    """Say what is wrong and end with exit code 2."""
    screen.print(message, style="bold red", markup=False, highlight=False)
    raise typer.Exit(2)
