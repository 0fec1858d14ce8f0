"""What `guankou search` does: data on standard output, everything said to the person on the screen (standard error)."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.search.fields import FIELDS, Field, find_field
from pipeline.search.language import parse
from pipeline.search.output import FORMATS, Writer, new_writer, printable
from pipeline.search.period import read_period, stored_period
from pipeline.search.run import Search, new_search
from pipeline.search.saved import expand, save, saved_texts
from pipeline.search.values import EPOCH, read_length
from pipeline.search.verdicts import read_verdicts
from pipeline.search.wrong import FilterError
from pipeline.store.opened import open_configured
from pipeline.store.settings import StoreSettings
from pipeline.supervision.engine import open_engine, upgrade

DEFAULT_COLUMNS = (
    "first,line,src.ip,src.port,dst.ip,dst.port,destination,protocol,server.name,octets.out,octets.in,payload.out,inspected.out,findings,flow"
)
EMBEDDED = StoreSettings.model_validate({})
STOPPED = 130  # as a shell says it of a command ended by Ctrl-C
T = TypeVar("T")


class Asked(NamedTuple):
    """The command line, as it was typed."""

    text: str = ""
    since: str = ""
    until: str = ""
    limit: int = 1000
    form: str = "table"
    output: Path | None = None
    columns: str = DEFAULT_COLUMNS
    top: str = ""
    every: str = ""
    sums: bool = False
    save_as: str = ""


def list_fields() -> str:
    """Every field a filter can name: its two names, its operators, its meaning."""
    lines = []
    for field in FIELDS:
        operators = " ".join(field.operators)
        lines.append(f"{field.name:<20}{field.zh}{' ' * (12 - cell_len(field.zh))}{operators:<32}{field.en}")
    return "\n".join(lines)


def point_at(text: str, error: FilterError, language: str) -> str:
    """The filter with a caret under what is wrong, what is wrong, and what would be right."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    begin = error.column - 1
    caret = " " * cell_len(shown[:begin]) + "^" * max(1, cell_len(shown[begin : begin + error.length]))
    return "\n".join(filter(None, (shown, caret, f"{error.column}: {error.say(language)}", error.hint(language))))


def run_search(
    asked: Asked,
    data: Path,
    place: Path | str,
    now: datetime,
    screen: Console,
    out: IO[bytes],
    language: str,
    servers: StoreSettings = EMBEDDED,
) -> int:
    """The exit code. ValueError and StoreBusyError for what cannot be done as asked; a wrong filter is shown, code 2."""
    now_ns = int((now.astimezone(UTC) - EPOCH).total_seconds()) * 10**9
    ask = _question(asked)
    if not servers.servers and not (data / "store").is_dir():
        raise ValueError(f"{data}: no store here yet")
    engine = open_engine(place)
    upgrade(engine)
    text = asked.text
    try:
        text = expand(text, partial(saved_texts, engine))
        tree = parse(text)
        if asked.save_as:
            replaced = save(engine, asked.save_as, text, getpass.getuser(), now)
            screen.print(f"{'replaced' if replaced else 'saved'}: @{asked.save_as}", style="dim", highlight=False)
        with closing(open_configured(data, servers)) as store:
            stored = stored_period(store)
            if stored is None:
                screen.print("the store has no flows", style="yellow")
                return 0
            period = read_period(asked.since, asked.until, now_ns, stored)
            search = new_search(store, tree, period, partial(read_verdicts, engine))
            return _write(search, ask, asked, screen, out)
    except FilterError as error:
        screen.print(point_at(text, error, language), style="bold red", markup=False, highlight=False, soft_wrap=True)
        return 2


Ask = Callable[[Search, Writer, Progress], int]


def _question(asked: Asked) -> Ask:
    """What is wanted of the flows; ValueError before any store is opened."""
    if asked.form not in FORMATS:
        raise ValueError(f"--format: {asked.form!r} is none of {', '.join(FORMATS)}")
    if asked.limit < 0:
        raise ValueError("--limit: a number of rows, 0 for all")
    if sum(map(bool, (asked.top, asked.every, asked.sums))) > 1:
        raise ValueError("--top, --every and --count are three questions: ask one")
    most = asked.limit or 2**31
    if asked.top:
        of = _field(asked.top, "--top")
        return lambda search, writer, _: _whole(search, writer, lambda: search.top(of, min(most, 1000)))
    if asked.every:
        try:
            width = read_length(asked.every)
        except ValueError:
            width = 0
        if width < 10**9:
            raise ValueError(f"--every: {asked.every!r} is no length of time of a second or more (10m, 1h, 1d)")
        return lambda search, writer, _: _whole(search, writer, lambda: search.over_time(width))
    if asked.sums:
        return lambda search, writer, _: _whole(search, writer, search.count)
    columns = _columns(asked.columns)
    return lambda search, writer, progress: _rows(search, writer, columns, most, progress)


def _columns(names: str) -> list[Field]:
    if names == "all":
        return [field for field in FIELDS if field.one]
    columns = {field.name: field for field in (_field(name.strip(), "--columns") for name in names.split(","))}
    for name, column in columns.items():
        if not column.one and not column.listed:
            raise ValueError(f"--columns: a flow has more than one {name}")
    return list(columns.values())


def _field(name: str, option: str) -> Field:
    field = find_field(name)
    if field is None:
        raise ValueError(f"{option}: no field {name!r}; guankou search --fields lists them")
    return field


def _write(search: Search, ask: Ask, asked: Asked, screen: Console, out: IO[bytes]) -> int:
    screen.print(f"first packets {search.period}", style="dim", highlight=False, soft_wrap=True)
    with ExitStack() as files:
        to = files.enter_context(asked.output.open("wb")) if asked.output else out
        writer = new_writer(asked.form, to)
        bar = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:.0%}"), TimeElapsedColumn()
        progress = files.enter_context(Progress(*bar, console=screen, transient=True, disable=not screen.is_terminal))
        try:
            given = ask(search, writer, progress)
            writer.close()
        except KeyboardInterrupt:
            writer.close()  # what came so far is whole rows, also in Parquet
            screen.print("stopped", style="yellow")
            return STOPPED
        except BrokenPipeError:  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
            return 0
        except RuntimeError as error:
            screen.print(_of_store(error), style="bold red", markup=False, highlight=False)
            return 1
    more = f", stopped there by --limit {asked.limit}" if asked.limit and given == asked.limit else ""
    screen.print(f"{given:,} rows{more}", style="dim", highlight=False)
    return 0


def _of_store(error: RuntimeError) -> str:
    if "TIMEOUT_EXCEEDED" in str(error):
        return "the store gave up: that takes too long; narrow the period or the filter"
    return "the store: " + printable(str(error).splitlines()[0][:300])


def _rows(search: Search, writer: Writer, columns: list[Field], most: int, progress: Progress) -> int:
    task, given = progress.add_task("searching", total=1.0), 0
    pages = search.rows(columns, most)
    while page := stoppable(search, lambda: next(pages, None)):
        if page.rows.num_rows or not given:
            writer.write(page.rows)
        given += page.rows.num_rows
        progress.update(task, completed=page.share, description=f"{given:,} rows")
    return given


def _whole(search: Search, writer: Writer, ask: Callable[[], object]) -> int:
    table = stoppable(search, ask)
    writer.write(table)
    return int(table.num_rows)  # type: ignore[attr-defined]


def stoppable(search: Search, work: Callable[[], T]) -> T:
    """`work` in a thread; Ctrl-C here stops the store's query there and is raised on."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            return future.result()
        except KeyboardInterrupt:
            while not future.done():
                search.cancel()
                wait([future], timeout=0.05)
            raise
