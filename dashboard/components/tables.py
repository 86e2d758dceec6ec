"""Tables in the page's theme and language."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag

from dashboard.i18n import _
from dashboard.theme import Theme

GRID_LOOK = {
    "backgroundColor": "var(--panel)",
    "foregroundColor": "var(--text)",
    "headerBackgroundColor": "var(--page)",
    "borderColor": "var(--line)",
    "accentColor": "var(--accent)",
    "cellHorizontalPadding": 8,
}
GRID_TEXTS = {
    "noRowsToShow": "没有记录",
    "loadingOoo": "正在汇总……",
    "page": "第",
    "to": "—",
    "of": "/",
    "pageSizeSelectorLabel": "每页",
    "filterOoo": "筛选……",
    "contains": "包含",
    "notContains": "不包含",
    "equals": "等于",
    "notEqual": "不等于",
    "startsWith": "开头是",
    "endsWith": "结尾是",
    "blank": "空白",
    "notBlank": "非空白",
    "lessThan": "小于",
    "greaterThan": "大于",
    "lessThanOrEqual": "不大于",
    "greaterThanOrEqual": "不小于",
    "inRange": "介于",
    "andCondition": "且",
    "orCondition": "或",
}
"""Texts of the tables themselves, by their key in ag-grid."""


def grid(
    grid_id: Any,
    columns: list[dict[str, Any]],
    rows: list[dict[str, Any]] | None,
    theme: Theme,
    class_name: str,
    **more: Any,
) -> dag.AgGrid:
    """Return a table; None for rows that are to come. `more` goes to AgGrid, `options` over the usual."""
    scheme = {"browserColorScheme": theme.name}
    options = {
        "rowHeight": 30,
        "headerHeight": 32,
        "tooltipShowDelay": 300,
        "enableCellTextSelection": True,
        "ensureDomOrder": True,
        "theme": {"function": f"themeQuartz.withParams({json.dumps(GRID_LOOK | scheme)})"},
        "localeText": {key: _(text) for key, text in GRID_TEXTS.items()},
        **more.pop("options", {}),
    }
    return dag.AgGrid(
        id=grid_id,
        columnDefs=columns,
        rowData=rows,
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressMovable": True,
            "suppressHeaderMenuButton": True,
        },
        dashGridOptions=options,
        className=class_name,
        **more,
    )
