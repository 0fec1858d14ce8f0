"""Sensors: is every line watched, and will it stay so? The last report of each; the web changes no sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.access.viewer import Viewer
from dashboards.shell.frame import heading
from dashboards.shell.markup import tag
from dashboards.shell.page import Asked
from dashboards.words.moments import stamp, utc
from dashboards.words.numbers import count, octets

if TYPE_CHECKING:
    from dashboards.desk import Desk

COLUMNS = ("name", "source", "last", "packets", "octets", "drops", "evicted", "outbox", "version", "catalogue", "counters")
NUMBERS = ("packets", "octets", "drops", "evicted", "outbox")
# A sensor has one or more workers, each with an outbox of its own.
_LAST = (
    "SELECT name, argMax(source, last) AS source, toUnixTimestamp64Nano(max(last)) AS last_ns, sum(packets) AS packets, "
    "sum(octets) AS octets, sum(drops) AS drops, sum(evicted) AS evicted, sum(outbox) AS outbox, argMax(version, last) AS version, "
    "argMax(catalogue, last) AS catalogue, "
    "arraySort(arrayFilter(pair -> pair.2 > 0, arrayZip(mapKeys(sumMap(counted)), mapValues(sumMap(counted))))) AS counters "
    "FROM (SELECT sensor AS name, worker, argMax(source, at) AS source, max(at) AS last, sum(packets) AS packets, sum(octets) AS octets, "
    "sum(kernel_drops) AS drops, sum(flows_evicted) AS evicted, argMax(outbox_octets, at) AS outbox, argMax(version, at) AS version, "
    "argMax(catalogue, at) AS catalogue, sumMap(counters) AS counted FROM sensor_reports GROUP BY sensor, worker) "
    "GROUP BY name ORDER BY last_ns DESC LIMIT 500"
)


def read_sensors(desk: Desk) -> list[dict[str, Any]]:
    """A row a sensor or replayed source, summed over its reports."""
    return desk.rows(_LAST)


async def sensors(desk: Desk, viewer: Viewer, _: Asked) -> None:
    """The page."""
    found = await desk.ask(read_sensors, desk)
    last = stamp(found[0]["last_ns"]) if found else viewer.t("sensors.no_report")
    heading(
        viewer.t("nav.sensors"), viewer.t("sensors.sentence", count=len(found), last=last, drops=count(sum(row["drops"] for row in found)))
    )
    with tag("div", "card scroll"):
        if not found:
            tag("p", "quiet", viewer.t("sensors.none"), data_test="empty")
            return
        with tag("table", "table"):
            with tag("thead"), tag("tr"):
                for column in COLUMNS:
                    tag("th", "num" if column in NUMBERS else "", viewer.t(f"sensors.{column}"))
            with tag("tbody"):
                for row in found:
                    _row(row)


def _row(row: dict[str, Any]) -> None:
    with tag("tr"):
        tag("td", "mono nowrap", row["name"])
        tag("td", "", row["source"])
        tag("td", "nowrap", stamp(row["last_ns"]), title=utc(row["last_ns"]))
        tag("td", "num", count(row["packets"]))
        tag("td", "num", octets(row["octets"]), title=count(row["octets"]))
        tag("td", "num", count(row["drops"]))
        tag("td", "num", count(row["evicted"]))
        tag("td", "num", octets(row["outbox"]))
        tag("td", "nowrap", row["version"])
        tag("td", "", row["catalogue"])
        with tag("td"):
            pairs = [tuple(pair.values()) if isinstance(pair, dict) else pair for pair in row["counters"]]
            tag("span", "caption mono", "  ".join(f"{name} {count(int(number))}" for name, number in pairs))
