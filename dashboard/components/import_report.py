"""What an import found, as tables: columns and fields, first rows, problems, overlaps, a plan's ledger."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
import pandas as pd
from dash import html

from dashboard.components.tables import grid
from dashboard.i18n import _, language, number
from dashboard.theme import Theme
from data.imports.fields import Target
from data.imports.outcome import Outcome, Preview, Report
from data.imports.targets import TARGETS
from data.plans import UNCHANGED
from models.enums import ChangeAction, Datum, Labelled

ENCODINGS = ("UTF-8", "GB18030", "GBK", "BIG5", "UTF-16")
HOW = {
    "given": "由您指定",
    "declared": "文件声明",
    "format": "格式规定",
    "guessed": "按坐标判断",
    "header": "表头注明",
    "unknown": "未知",
}
NOT_IMPORTED = ""
CLASS = "import-grid"
_PAGE_ROWS = 50


def fitting(rows: int, most: int = 10) -> dict[str, Any]:
    """Return the height of a table that shows `rows` rows, and whether it has pages."""
    paged = rows > _PAGE_ROWS
    height = 36 + 30 * min(max(rows, 1), most) + (46 if paged else 0)
    return {
        "style": {"height": f"{height}px"},
        "options": {"pagination": paged, "paginationPageSize": _PAGE_ROWS},
    }


def facts(preview: Preview) -> html.Dl:
    """Return what was found out about the file."""
    datum = f"{_(Datum(preview.datum).label)}（{_(HOW[preview.datum_how])}）" if preview.datum else "—"
    crs = f"{preview.crs}（{_(HOW[preview.crs_how])}）" if preview.crs else _("没有")
    pairs = [
        (_("图层"), preview.layer or "—"),
        (_("记录"), number(preview.read)),
        (_("编码"), preview.encoding or "—"),
        (_("坐标系"), crs),
        (_("坐标基准"), datum),
        (_("表头"), _("第 {n} 行", n=preview.header_row) if preview.header_row else "—"),
    ]
    return html.Dl(
        [html.Div([html.Dt(name), html.Dd(value)]) for name, value in pairs], className="import-facts"
    )


def encodings(preview: Preview) -> html.Div | None:
    """Return how some texts look in each encoding, so that a person can choose."""
    if len(preview.encodings) < 2:  # noqa: PLR2004
        return None
    rows = [
        html.Div([html.Span(name, className="import-encoding"), html.Span("、".join(texts))])
        for name, texts in preview.encodings.items()
    ]
    return html.Div([html.H3(_("各编码下的文字")), *rows], className="import-encodings")


def mapping(preview: Preview, target: Target) -> html.Div:
    """Return the file's columns, each with a select of the field that it becomes."""
    choices = [{"value": NOT_IMPORTED, "label": _("不导入")}] + [
        {"value": one.column, "label": _(one.label) + (" *" if one.required else "")} for one in target.fields
    ]
    rows = [
        html.Div(
            [
                html.Span(one.header, className="import-header", title=one.header),
                html.Span(_("个人信息，不导入"), className="import-personal")
                if one.personal
                else dmc.Select(
                    id={"type": "import-map", "header": one.header},
                    data=choices,
                    value=one.field or NOT_IMPORTED,
                    size="xs",
                    allowDeselect=False,
                    className="import-field",
                    **{"aria-label": _("“{header}”列对应的字段", header=one.header)},
                ),
                html.Span(one.sample or "", className="import-sample", title=one.sample or ""),
            ],
            className="import-column mapped" if one.field else "import-column",
        )
        for one in preview.columns
    ]
    head = html.Div(
        [html.Span(_("文件的列")), html.Span(_("对应字段")), html.Span(_("示例"))],
        className="import-column head",
    )
    return html.Div([head, *rows], className="import-mapping")


def first_rows(preview: Preview, theme: Theme) -> dag.AgGrid:
    """Return the first rows as they would be stored."""
    fields = TARGETS[preview.target].columns
    extra = {"area_code": _("区划代码"), "code": _("编码"), "name": _("名称"), "initials": _("拼音首字母")}
    names = list(preview.rows[0]) if preview.rows else []
    shown = [one for one in names if one in fields or one in extra]
    columns = [
        {"field": one, "headerName": _(fields[one].label) if one in fields else extra[one], "minWidth": 110}
        for one in shown
    ]
    rows = [
        {one: _shown(row[one], fields[one].choices if one in fields else None) for one in shown}
        for row in preview.rows
    ]
    return grid("import-rows", columns, rows, theme, CLASS, columnSize="autoSize", **fitting(len(rows), 6))


def _shown(value: Any, choices: type[Labelled] | None) -> Any:
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return None
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if choices is not None:
        return _(choices(value).label)
    return value if isinstance(value, int | float | str) else str(value)


def summary(outcome: Outcome) -> html.Div:
    """Return the counts, and in one sentence what they mean."""
    warnings = len(outcome.problems) - outcome.errors
    tiles = [
        (_("读取"), outcome.read, ""),
        (_("可导入"), outcome.good, "good"),
        (_("有错误的行"), outcome.rejected, "bad" if outcome.rejected else ""),
        (_("错误"), outcome.errors, "bad" if outcome.errors else ""),
        (_("提示"), warnings, ""),
        (_("重叠（对）"), len(outcome.overlaps), ""),
    ]
    return html.Div(
        [
            html.Div(
                [html.Div(name, className="kpi-label"), html.Div(number(value), className="kpi-value")],
                className=f"kpi {kind}",
            )
            for name, value, kind in tiles
        ],
        className="import-counts",
    )


def verdict(outcome: Outcome) -> html.P:
    """Say what can be done now."""
    if isinstance(outcome, Report) and not outcome.stopped:
        return html.P(done(outcome), className="import-verdict good")
    if not outcome.stopped:
        first = isinstance(outcome, Preview) and outcome.first
        how = _("这一图层还没有数据，导入后直接发布。") if first else _("导入后与已有数据比对。")
        if TARGETS[outcome.target].boundary and not first:
            how = _("导入后生成草稿方案，列出变更，由您发布或放弃。")
        return html.P(_("可以导入 {n} 行。", n=number(outcome.good)) + how, className="import-verdict good")
    if outcome.only_as_whole:
        return html.P(_("还不能导入：请先解决下表中针对整个文件的错误。"), className="import-verdict bad")
    return html.P(
        _("有错误的行，暂不导入。请改正文件，或勾选“只导入没有错误的行”。"), className="import-verdict bad"
    )


def done(report: Report) -> str:
    """Say what an import did."""
    if report.plan_id is not None:
        return _(
            "已生成草稿方案 {n}：{counts}。请在下方台账核对后发布或放弃。",
            n=report.plan_id,
            counts=counts(report.changes),
        )
    if report.changes:
        return _("与已有数据相同，没有变化（{counts}）。", counts=counts(report.changes))
    return _("已导入 {n} 行为{target}。", n=number(report.stored), target=_(TARGETS[report.target].label))


def counts(changes: Any) -> str:
    """Return the number of lines of a ledger by action, in words."""
    labels = {action.value: action.label for action in ChangeAction} | {UNCHANGED: "不变"}
    return "、".join(f"{_(labels[action])} {number(count)}" for action, count in changes.items())


def problems(outcome: Outcome, theme: Theme, grid_id: str) -> dag.AgGrid:
    """Return every problem with its place."""
    rows = [
        {
            "level": _("错误") if one.severity == "error" else _("提示"),
            "file": one.file,
            "row": one.row,
            "column": one.column,
            "message": one.message(language()),
        }
        for one in outcome.problems
    ]
    columns = [
        {
            "field": "level",
            "filter": True,
            "headerName": _("级别"),
            "width": 84,
            "cellClassRules": {"import-error": f"params.value === {json.dumps(_('错误'))}"},
        },
        {"field": "file", "filter": True, "headerName": _("文件"), "width": 190, "tooltipField": "file"},
        {"field": "row", "headerName": _("行"), "width": 84, "type": "rightAligned"},
        {"field": "column", "filter": True, "headerName": _("列"), "width": 110, "tooltipField": "column"},
        {
            "field": "message",
            "filter": True,
            "headerName": _("问题与处理"),
            "flex": 1,
            "minWidth": 320,
            "tooltipField": "message",
        },
    ]
    return grid(
        grid_id,
        columns,
        rows,
        theme,
        CLASS,
        **fitting(len(rows)),
    )


def overlaps(outcome: Outcome, theme: Theme) -> dag.AgGrid | None:
    """Return the overlapping pairs, largest first."""
    if outcome.overlaps.empty:
        return None
    columns: list[dict[str, Any]] = []
    for end in ("1", "2"):
        columns += [
            {"field": f"row_{end}", "headerName": _("行"), "width": 84, "type": "rightAligned"},
            {"field": f"code_{end}", "headerName": _("编码"), "flex": 1},
            {"field": f"name_{end}", "headerName": _("名称"), "flex": 1, "tooltipField": f"name_{end}"},
        ]
    columns.append(
        {
            "field": "area_m2",
            "headerName": _("重叠（平方米）"),
            "width": 140,
            "type": "rightAligned",
            "valueFormatter": {"function": "d3.format(',.2f')(params.value)"},
        }
    )
    rows = outcome.overlaps.head(5000).to_dict("records")
    return grid("import-overlaps", columns, rows, theme, CLASS, **fitting(len(rows), 6))


LEDGER_COLUMNS = (("code", "编码"), ("name", "名称"), ("action", "变更"), ("changed", "内容"))


def ledger(frame: pd.DataFrame, theme: Theme, grid_id: str, *, editable: bool) -> dag.AgGrid:
    """Return a plan's ledger; where it is a draft, lines are accepted or refused by their box."""
    columns: list[dict[str, Any]] = [
        {
            "field": "accepted",
            "headerName": _("采纳"),
            "width": 84,
            "editable": editable,
            "cellDataType": "boolean",
        },
        {"field": "code", "filter": True, "headerName": _("编码"), "width": 150},
        {
            "field": "name",
            "filter": True,
            "headerName": _("名称"),
            "flex": 1,
            "minWidth": 120,
            "tooltipField": "name",
        },
        {"field": "action", "filter": True, "headerName": _("变更"), "width": 84},
        {"field": "area_m2", "headerName": _("面积变化（平方米）"), "width": 150, **_decimal(1)},
        {"field": "displacement_m", "headerName": _("最大位移（米）"), "width": 130, **_decimal(2)},
        {"field": "households", "headerName": _("户数"), "width": 84, **_decimal(0)},
        {"field": "changed", "headerName": _("内容"), "flex": 1, "minWidth": 160, "tooltipField": "changed"},
    ]
    rows = [
        {
            "id": str(line["id"]),
            "accepted": bool(line["accepted"]),
            "code": line["code"],
            "name": line["name"],
            "action": _(ChangeAction(line["action"]).label),
            "area_m2": _none(line["area_m2"]),
            "displacement_m": _none(line["displacement_m"]),
            "households": _none(line["households"]),
            "changed": _changed(line["attributes"]) if line["action"] == ChangeAction.CHANGE else "",
        }
        for line in frame.astype(object).to_dict("records")
    ]
    return grid(
        grid_id,
        columns,
        rows,
        theme,
        CLASS,
        getRowId="params.data.id",
        **fitting(len(rows)),
    )


def _changed(attributes: dict[str, list[Any]]) -> str:
    labels = {one.column: one.label for target in TARGETS.values() for one in target.fields}
    parts = [
        f"{_(labels.get(name, name))}：{'—' if old is None else old} → {'—' if new is None else new}"
        for name, (old, new) in attributes.items()
    ]
    return "；".join(parts)


def _none(value: Any) -> Any:
    return None if value is None or value != value else value  # noqa: PLR0124  (NaN)


def _decimal(digits: int) -> dict[str, Any]:
    form = f"params.value == null ? '—' : d3.format(',.{digits}f')(params.value)"
    return {"type": "rightAligned", "valueFormatter": {"function": form}}
