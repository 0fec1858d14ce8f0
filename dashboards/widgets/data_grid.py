"""AG Grid as the pages use it: cells are DOM nodes made by gk.js, never HTML of strings; words in the reader's language."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from dashboards.access.viewer import Viewer

LOCALE = {
    "zh": {
        "noRowsToShow": "没有行",
        "loadingOoo": "读取中…",
        "searchOoo": "查找…",
        "filterOoo": "筛选…",
        "contains": "包含",
        "equals": "等于",
        "blank": "为空",
        "notBlank": "不为空",
        "notContains": "不含",
        "notEqual": "不等于",
        "startsWith": "开头是",
        "endsWith": "结尾是",
        "andCondition": "且",
        "orCondition": "或",
        "loadingError": "读取失败",
        "ariaSortableColumn": "按 ENTER 排序",
    },
    "en": {},
}


def column(viewer: Viewer, key: str, field: str, width: int, cell: str = "", **more: Any) -> dict[str, Any]:
    """One column: `key` of its title's words, `cell` the renderer of gk.js."""
    return titled(viewer.t(key), field, width, cell, **more)


def titled(title: str, field: str, width: int, cell: str = "", **more: Any) -> dict[str, Any]:
    """The same with the title itself."""
    made: dict[str, Any] = {"headerName": title, "field": field, "width": width, "suppressMovable": True, **more}
    if cell:
        made |= {":cellRenderer": f"gk.{cell}"}
        if cell in ("level", "verdict", "evidence", "cover", "two", "link", "said"):
            made |= {":comparator": "gk.rank", ":valueFormatter": "() => ''"}
    return made


def data_grid(viewer: Viewer, columns: list[dict[str, Any]], name: str, **options: Any) -> ui.aggrid:
    """The grid fills its parent; `options` give rows or a source."""
    grid = ui.aggrid(
        {
            "columnDefs": columns,
            "rowHeight": 30,
            "headerHeight": 32,
            "suppressCellFocus": False,
            "animateRows": False,
            "localeText": LOCALE[viewer.language],
            "suppressDragLeaveHidesColumns": True,
            "defaultColDef": {"sortable": True, "resizable": True},
            **options,
        },
        theme="quartz",
        auto_size_columns=False,
    )
    grid.props["data-test"] = name
    return grid
