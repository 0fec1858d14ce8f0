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
from pipeline.bus.settings import BusSettings, ForwarderSettings
from pipeline.ingest.settings import IngestSettings
from pipeline.notice.channels import SmtpSettings, WebhookSettings
from pipeline.store.settings import StoreSettings
from sensor.settings import SensorSettings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Guankou 关口: what leaves over which line, under which permission.",
)
screen = Console(stderr=True)

FILE = "guankou.toml"
NOT_SETTINGS = ("GUANKOU_CORPORA", "GUANKOU_TEST_", "GUANKOU_SETTINGS", "GUANKOU_LAB")


class Settings(BaseSettings):
    """guankou.toml (or the file that GUANKOU_SETTINGS names), then the environment: GUANKOU_DATA, GUANKOU_SENSOR__LINES, …"""

    model_config = SettingsConfigDict(env_prefix="GUANKOU_", env_nested_delimiter="__", extra="forbid", frozen=True)

    data: Path = Field(Path("data"), description="the one directory that holds all state")
    supervision: str = Field("", description="SQLAlchemy URL of the supervision database; empty: a file in the data directory")
    permissions: Path | None = Field(None, description="registry of holders and filings (TOML)")
    sensor: SensorSettings = SensorSettings()
    bus: BusSettings = BusSettings()
    forwarder: ForwarderSettings = ForwarderSettings()
    ingest: IngestSettings = IngestSettings()
    store: StoreSettings = StoreSettings()
    dashboards: DashboardsSettings = DashboardsSettings()
    smtp: SmtpSettings | None = Field(None, description="mail server that takes notices")
    webhook: WebhookSettings | None = Field(None, description="secret that signed notices go out under")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], **sources: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
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


@app.command()
def replay(
    files: Annotated[list[Path], typer.Argument(help="capture files: pcap or pcapng, plain or gzip")],
    speed: Annotated[str, typer.Option(help="max, or real for the speed at which the packets came")] = "max",
    data: Annotated[Path | None, typer.Option(help="data directory")] = None,
    lines: Annotated[Path | None, typer.Option(help="registry of lines, instead of the settings'")] = None,
    report: Annotated[Path | None, typer.Option(help="also write the closing table here, as JSON")] = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="leave the records in the outbox")] = False,
) -> None:
    """Read capture files as if they came over the wire."""
    from sensor.command import replay_files  # kernels are loaded by the commands that need them
    from sensor.shares import WorkerDiedError

    settings = load_settings(data)
    if speed not in ("max", "real"):
        fail(f"--speed: {speed!r} is neither max nor real")
    try:
        replay_files(files, settings.data, settings.sensor, lines or settings.sensor.lines, speed == "real", report, screen)
    except (ValueError, OSError, WorkerDiedError) as error:
        fail(str(error))
    if not (no_store or settings.bus.bootstrap):
        store_if_free(settings)


sensor = typer.Typer(no_args_is_help=True, help="A sensor on live interfaces.")
app.add_typer(sensor, name="sensor")


@sensor.command("run")
def sensor_run(
    interfaces: Annotated[list[str], typer.Argument(help="network interfaces")],
    data: Annotated[Path | None, typer.Option(help="data directory")] = None,
    lines: Annotated[Path | None, typer.Option(help="registry of lines, instead of the settings'")] = None,
    report: Annotated[Path | None, typer.Option(help="write the closing table here, as JSON")] = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="leave the records in the outbox")] = False,
) -> None:
    """Watch interfaces until SIGTERM or Ctrl-C. Running dashboards show what is found as it comes."""
    from sensor.command import run_live

    settings = load_settings(data)
    try:
        run_live(interfaces, settings.data, settings.sensor, lines or settings.sensor.lines, report, screen)
    except (ValueError, OSError) as error:
        fail(str(error))
    if not (no_store or settings.bus.bootstrap):
        store_if_free(settings)


def store_if_free(settings: Settings) -> None:
    """Take the outbox into the store here, unless another process (the dashboards) holds it and does."""
    from pipeline.ingest.ingest import Ingest
    from pipeline.store.opened import open_configured
    from pipeline.store.store import StoreBusyError

    try:
        store = open_configured(settings.data, settings.store)
    except StoreBusyError as busy:
        screen.print(f"{busy}; it takes the records in", style="dim", highlight=False)
        return
    taken = Ingest(settings.data, store).run_all()
    store.close()
    if taken.batches:
        screen.print(f"stored {taken.rows:,} rows", style="dim", highlight=False)
    if taken.repeated:
        screen.print("this capture was in the store already: nothing counts twice", style="yellow")


@app.command()
def dashboards(
    data: Annotated[Path | None, typer.Option(help="data directory")] = None,
    port: Annotated[int | None, typer.Option(help="port, instead of the settings'")] = None,
) -> None:
    """Serve the pages; takes the outbox in and opens incidents meanwhile."""
    from dashboards.main import run

    settings = load_settings(data)
    web = settings.dashboards if port is None else settings.dashboards.model_copy(update={"port": port})
    try:
        store, engine, work = open_desk(settings)
    except (ValueError, RuntimeError) as error:
        fail(str(error))
    run(settings.data, web, store, engine, work, lambda text: print(text, flush=True))
    store.close()


def open_desk(settings: Settings) -> Any:
    """Store, supervision database and background work of the web process, registries read in."""
    from datetime import UTC, datetime

    from dashboards.background import Work
    from dashboards.correlating import Correlating
    from pipeline.incident.correlate import Correlator
    from pipeline.incident.persons import count_year
    from pipeline.ingest.arrivals import Arrivals
    from pipeline.ingest.ingest import Ingest
    from pipeline.notice.outbox import deliver_due
    from pipeline.registry.load import load_registry
    from pipeline.store.opened import open_configured
    from pipeline.supervision.engine import open_engine, upgrade

    store = open_configured(settings.data, settings.store)
    engine = open_engine(settings.supervision or settings.data)
    upgrade(engine)
    load_registry(engine, settings.sensor.lines, settings.permissions, datetime.now(UTC))
    correlating = Correlating(store, Correlator(store, engine, count_year(store)))
    # Over Kafka the forwarder takes the outbox away and `guankou ingest` fills the store; without it this process does.
    ingest = Arrivals(store).count if settings.bus.bootstrap else lambda ingest=Ingest(settings.data, store): ingest.run_once().rows

    def deliver(now: datetime) -> int:
        done = deliver_due(engine, settings.smtp, settings.webhook, now)
        return done.sent + done.failed

    return store, engine, Work(ingest, correlating.run, deliver)


@app.command()
def detect(
    files: Annotated[list[str], typer.Argument(help="files, or - for standard input")],
    form: Annotated[str, typer.Option("--format", help="table or jsonl")] = "table",
    spans: Annotated[bool, typer.Option(help="jsonl: octet offsets of every hit")] = False,
    catalogue: Annotated[Path | None, typer.Option(help="folder of signatures, instead of the one shipped")] = None,
) -> None:
    """What the signatures find in any file; for people who write them."""
    from detectors.detect import run_detect

    try:
        raise typer.Exit(run_detect(files, form, spans, catalogue))
    except ValueError as error:
        fail(str(error))


@app.command()
def search(
    text: Annotated[str, typer.Argument(metavar="FILTER", help="such as 'dst.ip in 203.0.113.0/24 and tls.sni ~ upload', or @NAME")] = "",
    since: Annotated[str, typer.Option(help="30d, 2h, or a moment; else the last 24 hours that have flows")] = "",
    until: Annotated[str, typer.Option(help="the same; else up to now")] = "",
    limit: Annotated[int, typer.Option(help="rows at most; 0: all")] = 1000,
    form: Annotated[str, typer.Option("--format", help="table, csv, jsonl or parquet")] = "table",
    output: Annotated[Path | None, typer.Option(help="file, instead of standard output")] = None,
    columns: Annotated[str, typer.Option(help="fields to give, by comma, or all")] = "",
    top: Annotated[str, typer.Option(metavar="FIELD", help="instead of flows: the commonest values of a field")] = "",
    every: Annotated[str, typer.Option(metavar="LENGTH", help="instead of flows: their sums over time, such as 1h")] = "",
    count: Annotated[bool, typer.Option("--count", help="instead of flows: their sums")] = False,
    save: Annotated[str, typer.Option(metavar="NAME", help="keep the filter, to be used as @NAME")] = "",
    fields: Annotated[bool, typer.Option("--fields", help="list the fields and their operators")] = False,
    data: Annotated[Path | None, typer.Option(help="data directory")] = None,
) -> None:
    """Search flows by a filter: field names, == != < > in ~, and or not, prefixes, ranges, units."""
    from datetime import UTC, datetime

    from pipeline.search.command import DEFAULT_COLUMNS, Asked, list_fields, run_search
    from pipeline.store.lock import StoreBusyError

    if fields:
        print(list_fields())
        return
    settings = load_settings(data)
    asked = Asked(text, since, until, limit, form, output, columns or DEFAULT_COLUMNS, top, every, count, save)
    language = "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
    try:
        place = settings.supervision or settings.data
        raise typer.Exit(run_search(asked, settings.data, place, datetime.now(UTC), screen, sys.stdout.buffer, language, settings.store))
    except StoreBusyError as busy:
        fail(f"{busy}: one process at a time can read it; search on its pages, or stop it first")
    except (ValueError, OSError) as error:
        fail(str(error))


@app.command()
def ingest(
    data: Annotated[Path | None, typer.Option(help="data directory, where the store is embedded")] = None,
    metrics: Annotated[int | None, typer.Option(help="serve metrics on this port of 127.0.0.1")] = None,
) -> None:
    """Take records from Kafka into the store until SIGTERM or Ctrl-C; as many processes as there are partitions."""
    from pipeline.ingest.command import run_ingest

    settings = load_settings(data)
    how = settings.ingest if metrics is None else settings.ingest.model_copy(update={"metrics_port": metrics})
    try:
        run_ingest(settings.data, settings.bus, settings.store, how)
    except (ValueError, RuntimeError) as error:
        fail(str(error))


store = typer.Typer(no_args_is_help=True, help="The store on ClickHouse servers.")
app.add_typer(store, name="store")
DataOption = Annotated[Path | None, typer.Option(help="data directory")]


def keep_store(act: str, data: Path | None, *more: Any) -> Any:
    """One act of `guankou store`, its errors told."""
    from pipeline.store import command

    try:
        return getattr(command, f"run_{act}")(load_settings(data).store, *more, screen)
    except (ValueError, RuntimeError) as error:
        fail(str(error))


@store.command("migrate")
def store_migrate(data: DataOption = None) -> None:
    """Make or renew the tables on every node; again does nothing."""
    keep_store("migrate", data)


@store.command("check")
def store_check(data: DataOption = None) -> None:
    """Compare every node's tables with what this version wants; exit code 1 when one differs."""
    if not keep_store("check", data):
        raise typer.Exit(1)


@store.command("backup")
def store_backup(name: Annotated[str, typer.Argument(help="name of the backup")], data: DataOption = None) -> None:
    """Have the servers back their tables up, to where store.backup_to says."""
    keep_store("backup", data, name)


@store.command("restore")
def store_restore(name: Annotated[str, typer.Argument(help="name of the backup")], data: DataOption = None) -> None:
    """Fill empty servers from a backup."""
    keep_store("restore", data, name)


@app.command()
def forward(
    data: Annotated[Path | None, typer.Option(help="data directory")] = None,
    once: Annotated[bool, typer.Option("--once", help="send what is there, and end; exit code 1 unless all of it was sent")] = False,
    limit: Annotated[float, typer.Option(help="with --once: seconds at most")] = 60.0,
    metrics: Annotated[int | None, typer.Option(help="port on 127.0.0.1 for Prometheus, instead of the settings'; 0: none")] = None,
) -> None:
    """Send the outbox to Kafka until SIGTERM or Ctrl-C; runs beside the sensor."""
    from pipeline.bus.forward_command import run_forwarder

    settings = load_settings(data)
    how = settings.forwarder if metrics is None else settings.forwarder.model_copy(update={"metrics_port": metrics})
    try:
        code = run_forwarder(settings.data, settings.bus, how, once, limit if once else float("inf"), screen)
    except (RuntimeError, OSError) as error:
        fail(str(error))
    raise typer.Exit(code)


bus = typer.Typer(no_args_is_help=True, help="Kafka's topics and dead letters.")
app.add_typer(bus, name="bus")
letters = typer.Typer(no_args_is_help=True, help="Messages that ingest could not take.")
bus.add_typer(letters, name="dead-letters")


def on_bus(act: Any) -> None:
    """Do it with the settings of the bus; end with its exit code, 1 where the broker does not answer."""
    from pipeline.bus.connect import BusError

    try:
        raise typer.Exit(act(load_settings(None).bus))
    except BusError as error:
        screen.print(str(error), style="bold red", markup=False, highlight=False)
        raise typer.Exit(1) from None
    except (ValueError, OSError) as error:
        fail(str(error))


@bus.command("create")
def bus_create() -> None:
    """Make the topics that are missing; exit code 1 unless all are as they should be."""
    from pipeline.bus.command import create

    on_bus(lambda settings: create(settings, screen))


@bus.command("check")
def bus_check() -> None:
    """Say what of the topics is not as it should be; exit code 1 if anything."""
    from pipeline.bus.command import check

    on_bus(lambda settings: check(settings, screen))


@letters.command("list")
def letters_list(form: Annotated[str, typer.Option("--format", help="table or json")] = "table") -> None:
    """All dead letters, with their numbers and reasons."""
    from pipeline.bus.command import list_letters

    on_bus(lambda settings: list_letters(settings, form, screen, Console()))


@letters.command("show")
def letters_show(
    number: Annotated[int, typer.Argument(help="from the list")],
    output: Annotated[Path | None, typer.Option(help="write the message's value to this file")] = None,
) -> None:
    """One dead letter with its headers, as JSON."""
    from pipeline.bus.command import show_letter

    on_bus(lambda settings: show_letter(settings, number, output, Console()))


@letters.command("re-feed")
def letters_re_feed(
    numbers: Annotated[list[int] | None, typer.Argument(help="from the list")] = None,
    every: Annotated[bool, typer.Option("--all", help="every one that was not fed again yet")] = False,
) -> None:
    """Send dead letters to their topics again, as they were."""
    from pipeline.bus.command import feed_letters

    on_bus(lambda settings: feed_letters(settings, numbers or [], every, screen))


lab = typer.Typer(no_args_is_help=True, help="Kafka and ClickHouse on this machine, without containers.")
app.add_typer(lab, name="lab")


@lab.command("up")
def lab_up(
    data: Annotated[Path | None, typer.Option(help="data directory; the lab is its folder lab")] = None,
    brokers: Annotated[int, typer.Option(help="Kafka brokers, 1 or 3")] = 1,
    shards: Annotated[int, typer.Option(help="ClickHouse shards, 1 or 2")] = 1,
    secure: Annotated[bool, typer.Option("--secure", help="also SASL, TLS and mutual TLS listeners; a password for ClickHouse")] = False,
    owner: Annotated[int | None, typer.Option(help="process whose end is the lab's end, as in --owner $$")] = None,
) -> None:
    """Start the services, wait until each answers, print their addresses; lab.json holds them too."""
    from deploy.local import command
    from deploy.local.state import Shape

    settings = load_settings(data)
    try:
        command.up(settings.data / "lab", Shape(brokers=brokers, shards=shards, secure=secure), owner, screen)  # type: ignore[arg-type]
    except ValidationError as error:
        fail("\n".join(f"--{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()))
    except RuntimeError as error:
        fail(str(error))


@lab.command("status")
def lab_status(data: Annotated[Path | None, typer.Option(help="data directory")] = None) -> None:
    """What runs of the lab; exit code 1 unless all of it does."""
    from deploy.local import command

    try:
        runs = command.status(load_settings(data).data / "lab", screen)
    except RuntimeError as error:
        fail(str(error))
    if not runs:
        raise typer.Exit(1)


@lab.command("down")
def lab_down(data: Annotated[Path | None, typer.Option(help="data directory")] = None) -> None:
    """End the lab's services for certain; their data stays."""
    from deploy.local import command

    try:
        command.down(load_settings(data).data / "lab", screen)
    except RuntimeError as error:
        fail(str(error))


def main() -> None:
    """Entry point of the `guankou` command."""
    app()


if __name__ == "__main__":
    sys.exit(app())
