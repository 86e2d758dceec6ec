"""微网格工作台: what hands a draft out as files, takes it back from QGIS, and publishes all drafts."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html

from dashboard.components.studio import broken_rows, short
from dashboard.components.tables import grid
from dashboard.i18n import _, number
from dashboard.theme import Theme
from data.drawing_return import Returned
from data.drawings import Sheet
from data.readers import Limits
from models.enums import Difference

ENCODING, SHAPEFILE = "studio-encoding", "studio-shapefile"
PAPER, PRINT = "studio-paper", "studio-print"
DOWNLOAD = "studio-files-download"
TOKEN, BOX = "studio-return-token", "studio-return-box"
"""`TOKEN` is the upload under review; ``assets/imports.js`` puts it there."""
TAB, SUMMARY, TABLE = "studio-tab-return", "studio-return-summary", "studio-return-table"
TAKE, LEAVE = "studio-return-take", "studio-return-leave"
ALL, SURE = "studio-publish-all", "studio-publish-all-sure"
ENCODINGS = ("UTF-8", "GBK")
RETURN = "return"
HIDDEN = {"display": "none"}


def controls() -> html.Div:
    """Return the rows beneath the buttons that publish and export a draft."""
    return html.Div(
        [
            dcc.Download(id=DOWNLOAD),
            dcc.Store(id=TOKEN),
            dcc.ConfirmDialog(id=SURE),
            _shapefile(),
            _print(),
            _box(),
        ]
    )


def all_drafts() -> html.Section:
    """Return the panel for all drafts in the reader's area."""
    return html.Section(_button(_("发布全部草稿"), ALL), className="panel")


def _button(text: str, component_id: str, **more: Any) -> dmc.Button:
    return dmc.Button(text, id=component_id, **{"size": "xs", "variant": "default", **more})


def _choice(component_id: str, pairs: list[tuple[str, str]], label: str) -> dmc.SegmentedControl:
    data = [{"value": value, "label": text} for value, text in pairs]
    return dmc.SegmentedControl(
        id=component_id, data=data, value=pairs[0][0], size="xs", **{"aria-label": label}
    )


def _shapefile() -> html.Div:
    pairs = [(one, one) for one in ENCODINGS]
    return html.Div(
        [_button("Shapefile", SHAPEFILE), _choice(ENCODING, pairs, _("Shapefile 文字编码"))],
        className="studio-row",
    )


def _print() -> html.Div:
    return html.Div(
        [_button(_("打印图册"), PRINT), _choice(PAPER, [("a4", "A4"), ("a3", "A3")], _("纸张"))],
        className="studio-row",
    )


def _box() -> html.Div:
    """Return the box that takes a GeoPackage; ``assets/imports.js`` moves it."""
    limit = Limits().file_bytes
    return html.Div(
        [
            html.Div(_("带回在 QGIS 中改过的 GeoPackage"), className="studio-drop-title"),
            html.Div(_("拖到这里，或点击选择；不超过 {n} MB", n=limit // 2**20), className="hint"),
            html.Div(className="import-drop-state", role="status"),
        ],
        id=BOX,
        className="import-drop studio-drop",
        tabIndex="0",
        role="button",
        **{
            "data-url": "/upload",
            "data-store": TOKEN,
            "data-bytes": str(limit),
            "data-accept": ".gpkg",
            "data-sending": _("正在上传"),
            "data-failed": _("上传没有完成，请再试一次。"),
            "data-large": _("文件太大；请只带回本社区导出的 GeoPackage。"),
        },
    )


# --- what was brought back ---


def tab() -> dmc.TabsTab:
    """Return the head of the tab that shows what a file would change."""
    return dmc.TabsTab(_("QGIS 改动"), value=RETURN, id=TAB, style=HIDDEN)


def panel(colours: Theme) -> dmc.TabsPanel:
    """Return the tab that shows what a file would change."""
    columns = [
        {"field": "kind", "headerName": _("改动或问题"), "width": 124, "wrapText": True, "autoHeight": True},
        {"field": "what", "headerName": _("对象"), "width": 92, "tooltipField": "what"},
        {"field": "before", "headerName": _("原来"), "width": 78, "tooltipField": "before"},
        {"field": "after", "headerName": _("改为"), "flex": 1, "wrapText": True, "autoHeight": True},
    ]
    table = grid(
        TABLE,
        columns,
        [],
        colours,
        "import-grid studio-grid",
        getRowId="params.data.id",
        options={"rowHeight": 27, "headerHeight": 30},
        style={"height": "100%"},
    )
    return dmc.TabsPanel(_review(table), value=RETURN)


def _review(table: dag.AgGrid) -> html.Div:
    buttons = html.Div(
        [_button(_("采纳改动"), TAKE, variant="filled"), _button(_("不采纳"), LEAVE)], className="studio-row"
    )
    return html.Div([html.Div(id=SUMMARY, role="status"), buttons, table], className="studio-return")


def rows(found: Returned, sheet: Sheet) -> list[dict[str, Any]]:
    """Return the rows of the tab: changes, what can't be taken, then rules that would be broken."""
    result = []
    for n, line in enumerate(found.lines):
        owners = {sheet.draft.owner[cell] for cell in line.cells} - {None}
        result.append(
            {
                "id": str(n),
                "kind": _(line.kind.label),
                "what": _(short(line.what, sheet.area_code)),
                "before": _codes(line.before, sheet),
                "after": _codes(line.after, sheet),
                "cells": list(line.cells),
                "one": next(iter(owners)) if len(owners) == 1 else None,
                "bounds": _bounds(sheet, line.cells),
            }
        )
    for row in broken_rows(found.broken, sheet):
        about = {
            "kind": row["rule"],
            "what": row["feature"],
            "before": row["severity"],
            "after": row["remedy"],
        }
        place = {"cells": [], "one": row["one"], "bounds": row["bounds"]}
        result.append({"id": f"rule{row['id']}", **about, **place})
    return result


def _codes(text: str, sheet: Sheet) -> str:
    return "、".join(short(one, sheet.area_code) for one in text.split("、"))


def _bounds(sheet: Sheet, cells: tuple[int, ...]) -> list[float] | None:
    if not cells:
        return None
    shape = sheet.degrees(np.array([sheet.draft.fabric.outline(np.array(cells))], dtype=object))[0]
    return list(shape.bounds)


def summary(found: Returned) -> str:
    """Say how much of a file can be taken."""
    doubts = sum(not isinstance(one.kind, Difference) for one in found.lines)
    text = _("可采纳 {n} 处改动。", n=number(found.changes))
    if doubts:
        text += _("{n} 处须留意。", n=number(doubts))
    if len(found.broken):
        text += _("采纳后有 {n} 处违反规则，须改好才能发布。", n=number(len(found.broken)))
    return text


# --- all drafts ---


def left_behind(left: list[list[Any]]) -> html.Details:
    """Return the drafts that were not published, each with its reason."""
    items = [html.Li(_("{name}（方案 {n}）：{why}", name=name, n=n, why=why)) for n, name, why in left]
    return html.Details(
        [html.Summary(_("{n} 份仍为草稿", n=number(len(left)))), html.Ol(items)],
        className="studio-left-over",
        open=True,
    )
