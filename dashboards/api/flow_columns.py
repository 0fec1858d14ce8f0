"""What a column of the flows' grid is made of: fields of the filter language, most shown as they are, some put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from dashboards.access.viewer import Viewer
from dashboards.reading.flow_search import cover_of_row
from dashboards.reading.names import Names
from dashboards.widgets.coverage_chip import coverage_cell
from dashboards.widgets.flow_card import address
from dashboards.widgets.verdict_tag import verdict_cell
from dashboards.words.moments import stamp
from dashboards.words.numbers import count, octets
from pipeline.incident.claim import class_names
from pipeline.search.fields import BY_NAME, FIELDS, Field, Kind

Row = dict[str, Any]
Cell = Callable[[Viewer, Names, Row], object]
# At 1440 px the last two lie behind the edge; where a scroll bar takes more, it is the end of a long name and nothing that is counted.
DEFAULT = "first,verdict,class,line,source,answer,destination,octets.out,coverage,server.name,protocol,packets"
ALWAYS = ("first", "flow")  # what a row is known by
TITLES = {
    "first": "flows.time",
    "verdict": "flows.verdict",
    "class": "flows.class",
    "line": "flows.line",
    "source": "flows.source",
    "answer": "flows.answer",
    "destination": "flows.destination",
    "octets.out": "flows.octets",
    "coverage": "flows.coverage",
    "findings": "flows.findings",
    "protocol": "flows.protocol",
    "server.name": "flows.server_name",
    "packets": "flows.packets",
}


class Column(NamedTuple):
    """One column: the fields it needs, the cell of a row (moments in ns), its width in px (in Chinese), the renderer of gk.js."""

    name: str
    fields: tuple[str, ...]
    cell: Cell
    width: int
    renderer: str = ""
    right: bool = False
    zh_width: int = 0

    def width_for(self, viewer: Viewer) -> int:
        """Its width in the reader's language."""
        return self.zh_width if self.zh_width and viewer.language == "zh" else self.width

    def title(self, viewer: Viewer) -> str:
        """Its head: our words, else the field's Chinese name, or in English the field as a filter has it."""
        if self.name in TITLES:
            return viewer.t(TITLES[self.name])
        field = BY_NAME[self.name]
        return field.zh if viewer.language == "zh" else field.name

    def meaning(self, viewer: Viewer) -> str:
        """What the head means, where its words do not say it."""
        field = BY_NAME.get(self.fields[0] if len(self.fields) == 1 else self.name)
        return field.en if field and viewer.language == "en" else ""


def _of_field(field: Field) -> Column:
    name = field.name
    cells: dict[Kind, tuple[Cell, int, str, bool]] = {
        Kind.ADDRESS: (lambda _v, _n, row: row[name], 150, "mono", False),
        Kind.NUMBER: (lambda _v, _n, row: count(int(row[name])) if int(row[name]) else "", 90, "", True),
        Kind.PORT: (lambda _v, _n, row: str(row[name]), 80, "", True),
        Kind.OCTETS: (lambda _v, _n, row: octets(row[name]), 88, "", True),
        Kind.LENGTH: (lambda _v, _n, row: f"{row[name]:,.6g} s" if row[name] else "", 92, "", True),
        Kind.TIME: (lambda _v, _n, row: stamp(row[name], milliseconds=True)[5:], 184, "mono", False),
    }
    cell, width, renderer, right = cells.get(field.kind, (lambda _v, _n, row: row[name], 110, "", False))
    return Column(name, (name,), cell, width, renderer, right)


def _time(_v: Viewer, _n: Names, row: Row) -> object:
    return {"text": stamp(row["first"], milliseconds=True)[5:], "href": f"/flows/{row['flow']}", "mono": True}


def _cover(_v: Viewer, _n: Names, row: Row) -> object:
    return coverage_cell(cover_of_row(row))


COLUMNS: dict[str, Column] = {field.name: _of_field(field) for field in FIELDS if field.one}
COLUMNS["first"] = Column("first", ALWAYS, _time, 144, "link")
COLUMNS["flow"] = Column("flow", ("flow",), lambda _v, _n, row: row["flow"], 180, "mono")
COLUMNS["verdict"] = Column("verdict", ("verdict",), lambda v, _n, row: verdict_cell(v, row["verdict"]), 138, "verdict", zh_width=98)
# No field of this name: a filter says finding.class, since a flow may have several, which the search looks up beside its rows.
COLUMNS["class"] = Column("class", ("finding.class",), lambda v, _n, row: class_names(row["finding.class"], v.language), 88)
COLUMNS["line"] = COLUMNS["line"]._replace(width=74)
COLUMNS["source"] = Column("source", ("src.ip", "src.port"), lambda _v, _n, row: address(row["src.ip"], row["src.port"]), 136, "mono")
COLUMNS["answer"] = Column("answer", ("dst.ip", "dst.port"), lambda _v, _n, row: address(row["dst.ip"], row["dst.port"]), 116, "mono")
COLUMNS["destination"] = Column("destination", ("destination",), lambda v, n, row: n.place(v, row["destination"]), 140, zh_width=128)
COLUMNS["holder"] = Column("holder", ("holder",), lambda v, names, row: names.holder(v, row["holder"]), 180)
COLUMNS["coverage"] = Column("coverage", ("sent.out", "inspected.out", "encrypted.out"), _cover, 87, "cover")
COLUMNS["findings"] = COLUMNS["findings"]._replace(width=58)
COLUMNS["octets.out"] = COLUMNS["octets.out"]._replace(width=58, zh_width=64)
COLUMNS["protocol"] = COLUMNS["protocol"]._replace(width=70)
COLUMNS["server.name"] = COLUMNS["server.name"]._replace(width=136)
COLUMNS["packets"] = COLUMNS["packets"]._replace(width=70)


def read_columns(text: str) -> list[Column]:
    """The columns that `first,line,…` names, each once; of names that are none nothing, and without any the usual ones."""
    names = dict.fromkeys(name.strip() for name in text.split(","))
    return [COLUMNS[name] for name in names if name in COLUMNS] or read_columns(DEFAULT)


def fields_of(columns: Sequence[Column]) -> list[Field]:
    """What must be asked of the store for these columns."""
    names = dict.fromkeys([name for column in columns for name in column.fields] + list(ALWAYS))
    return [BY_NAME[name] for name in names]
