"""The last answer to the same search, shown with its moment while the store is away."""

from __future__ import annotations

from dashboards.api.flow_columns import read_columns
from dashboards.api.flows import read_sort
from dashboards.pages.flow_found import draw_found
from dashboards.pages.flow_grid import kept_grid
from dashboards.pages.flow_view import View
from dashboards.shell.markup import sentence, tag
from dashboards.words.moments import stamp, utc
from dashboards.words.numbers import count


def last_answer(view: View, cols: str) -> bool:
    """Draw what is kept of it: the sums, and the first rows if they had these columns; False where it was never answered here."""
    viewer, last, key, columns = view.viewer, view.desk.last, view.question.key, read_columns(cols)
    sums = last.find(key)
    if sums is None:
        return False
    rows = last.find((*key, read_sort(view.address.sort), *(column.name for column in columns)))
    with tag("div", "warning", role="status", data_test="last-answer"):
        sentence(viewer.t("flows.last", at=stamp(sums.at_ns), zone=viewer.t("zone"))).props["title"] = utc(sums.at_ns)
        if rows is not None and rows.rows:
            tag("p", "caption", viewer.t("flows.last_rows", rows=count(len(rows.rows)), at=stamp(rows.at_ns)), title=utc(rows.at_ns))
        tag("p", "caption", viewer.t("flows.last_only"))
    with tag("div", "row wide"):
        draw_found(view, sums.rows[0])
    if rows is not None and rows.rows:
        with tag("div", "tall"):
            kept_grid(view, columns, rows.rows)
    return True
