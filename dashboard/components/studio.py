"""微网格工作台 in words and colours: the list of micro-grids, what is wrong with each, the figures."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import numpy as np
from dash import html

from dashboard.components.tables import grid
from dashboard.i18n import _, number, percent
from dashboard.map import encode_group
from dashboard.theme import Theme
from data.drawings import Sheet
from geo.draft import EditRefused, Figures
from geo.edits import MicroGrid
from geo.partition import Band
from models.enums import GridRule

LOOSE, BELOW, WITHIN, ABOVE, EMPTY = range(5)
STATES = {
    WITHIN: ("#7fb8a4", "户数在范围内"),
    BELOW: ("#f0c36d", "低于下限"),
    ABOVE: ("#d9734e", "高于上限"),
    EMPTY: ("#c9c6bf", "无住户"),
    LOOSE: ("#e377c2", "未划入微网格"),
}
"""Colour and name of each state; told apart by lightness too."""
LOCKED = 5
"""Added to a state's code where the micro-grid is locked."""
SELECTED, ACTIVE = "#c2255c", "#1c4fb8"
MAP_COLORS = {
    "selected": SELECTED,
    "draft": SELECTED,
    "related": ACTIVE,
    "grid": "#8e24aa",
    "building": "#ffffff",
    "service": "#111827",
}

REFUSED = {
    "nothing_to_undo": "没有可以撤销的操作。",
    "nothing_to_redo": "没有可以重做的操作。",
    "locked": "{ids} 已锁定，请先解锁。",
    "unknown": "微网格 {ids} 已不存在，请重新选择。",
    "nothing": "没有可以改动的：所选已在该微网格内，或画的线没有把楼栋分开。",
    "other_community": "所选的地块在别的社区，不能划入 {ids}。",
    "apart": "{ids} 不相邻，不能合并；不相连的微网格也不能等分。",
    "too_few": "{ids} 的楼栋（单元）太少，分不成这么多份。",
    "code_used": "这个编码已被使用或曾经使用过；编码终身不变，不能重复。",
    "code_form": "编码只能由数字组成。",
    "no_boundary": "这里不是两个微网格的分界；请拖两个微网格之间的点，三个相接的点不能拖。",
    "out_of_reach": "边界到不了这一点；请拖到分界两侧的微网格之内，近一些。",
    "swallowed": "这样 {ids} 会被整个划走；要合并请用“合并”。",
    "parted": "这样 {ids} 会断成几块，没有改动。",
    "building_cut": "这样会把 {ids} 里一栋楼的几个单元分开；要分开，请点选单元后划入。",
    "no_compound": "本社区没有这个小区的地块，请重新选择。",
    "same_compound": "所选的地块已经在那里了。",
    "compound_emptied": "小区 {ids} 会一块地也不剩；要撤销小区请用数据导入。",
    "compound_apart": "小区 {ids} 会断成几块；请连同中间的地块一起选。",
    "not_moved": "阵地已经在这里，没有挪动。",
    "stale": "状态已变，请刷新页面后重做。",
    "other_cells": "楼栋数据已更新，这份草稿不能继续；请重新打开社区。",
}
"""Why an edit was refused, in a planner's words."""


def refused(error: EditRefused, area_code: str) -> str:
    """Say why an edit can't be done and what to do."""
    ids = "、".join(short(one, area_code) for one in error.ids[:6])
    if len(error.ids) > 6:  # noqa: PLR2004
        ids += _("等 {n} 个", n=len(error.ids))
    return _(REFUSED[error.reason], ids=ids)


def short(code: str, area_code: str) -> str:
    """Return a code without that of the community, which is the same for all."""
    return code.removeprefix(area_code) or code


def state_of(households: float, band: Band) -> int:
    """Return in which state a micro-grid of so many households is."""
    if households <= 0:
        return EMPTY
    return BELOW if households < band.least else ABOVE if households > band.most else WITHIN


def values(sheet: Sheet) -> dict[str, Any]:
    """Return the colour of each cell, that of its micro-grid's state, hatched where it is locked."""
    draft = sheet.draft
    code = {
        one: state_of(figures.households, draft.band) + (LOCKED if one in draft.locked else 0)
        for one, figures in draft.figures.items()
    }
    codes = [code.get(one, LOOSE) for one in draft.owner.tolist()]
    colours = [STATES[n][0] for n in range(5)]
    group = encode_group(
        "cell", ids=np.arange(1, len(codes) + 1), codes=np.array(codes), numbers=draft.fabric.households
    )
    return {
        "layer": "cell",
        "colors": [*colours, *colours],
        "hatched": [LOCKED + n for n in range(5)],
        "label": _("户数"),
        "unit": _("户"),
        "decimals": 0,
        "too_few": _("所在微网格已锁定"),
        "groups": [group],
    }


def table(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the list of micro-grids."""
    right = {"type": "rightAligned"}
    bad = {"studio-bad": "params.data.state && !params.data.fine"}
    columns = [
        {"field": "code", "headerName": _("编号"), "width": 84, "pinned": "left", "tooltipField": "full"},
        {"field": "households", "headerName": _("户数"), "width": 62, "cellClassRules": bad, **right},
        {"field": "buildings", "headerName": _("楼栋"), "width": 58, **right},
        {"field": "warning", "headerName": _("提示"), "width": 108, "tooltipField": "warning"},
        {"field": "locked", "headerName": _("锁"), "width": 52},
        {"field": "compactness", "headerName": _("紧凑度"), "width": 70, **right},
        {"field": "name", "headerName": _("名称"), "width": 110, "tooltipField": "name"},
        {"field": "responsible", "headerName": _("责任单位"), "width": 140, "tooltipField": "responsible"},
    ]
    many = {"mode": "multiRow", "checkboxes": True, "headerCheckbox": True, "enableClickSelection": False}
    return grid(
        grid_id,
        columns,
        [],
        theme,
        "import-grid studio-grid",
        getRowId="params.data.id",
        options={
            "rowHeight": 27,
            "headerHeight": 30,
            "rowSelection": many,
            "selectionColumnDef": {"width": 34, "pinned": "left"},
        },
        style={"height": "100%"},
    )


def grids_of(sheet: Sheet) -> dict[str | None, set[str]]:
    """Return the grids that each micro-grid lies in."""
    found: dict[str | None, set[str]] = {}
    for one, grid_ in zip(sheet.draft.owner.tolist(), sheet.cells.grid.tolist(), strict=True):
        if grid_ is not None:
            found.setdefault(one, set()).add(grid_)
    return found


def warning(sheet: Sheet, one: str, grids: dict[str | None, set[str]]) -> str:
    """Return what is wrong with a micro-grid at a glance; nothing where all is well.

    Parameters
    ----------
    grids
        As `grids_of` returns them.
    """
    figures = sheet.draft.figures[one]
    state = state_of(figures.households, sheet.draft.band)
    found = []
    if figures.parts > 1:
        found.append(_("分成 {n} 块", n=figures.parts))
    if state != WITHIN:
        found.append(_(STATES[state][1]))
    if len(grids.get(one, ())) > 1:
        found.append(_("跨 {n} 个网格", n=len(grids[one])))
    return "，".join(found)


def rows(sheet: Sheet) -> list[dict[str, Any]]:
    """Return the rows of `table`, by code."""
    draft, grids = sheet.draft, grids_of(sheet)
    ordered = sorted(draft.grids.values(), key=lambda one: one.code)
    return [_row(sheet, one, draft.figures[one.id], grids) for one in ordered]


def _row(sheet: Sheet, one: MicroGrid, figures: Figures, grids: dict[str | None, set[str]]) -> dict[str, Any]:
    load = round(figures.households)
    return {
        "id": one.id,
        "code": short(one.code, sheet.area_code),
        "full": one.code,
        "name": one.name or None,
        "households": load,
        "buildings": figures.buildings,
        "compactness": round(figures.compactness, 2),
        "responsible": sheet.responsible.get(one.id),
        "locked": _("已锁") if one.id in sheet.draft.locked else "",
        "warning": warning(sheet, one.id, grids),
        "fine": figures.in_band,
        "state": state_of(load, sheet.draft.band) != EMPTY,
    }


def totals(sheet: Sheet, workers: int) -> html.Dl:
    """Return the figures of the whole draft."""
    whole, band = sheet.draft.totals(), sheet.draft.band
    lived = [one for one in sheet.draft.figures.values() if one.households > 0]
    moved = sheet.moved()
    left, had = (sum(pair[n] for pair in moved.values()) for n in (0, 1))
    load = float(sheet.draft.fabric.households.sum())
    facts = [
        (_("微网格"), _("{n} 个（有住户 {k} 个）", n=number(whole.micro_grids), k=number(len(lived)))),
        (
            _("{a}–{b} 户之内", a=number(band.least), b=number(band.most)),
            f"{number(whole.in_band)}（{percent(100 * whole.in_band / max(len(lived), 1))}）",
        ),
        (_("户数"), _("{n} 户，{a}–{b}", n=number(load), a=number(whole.least), b=number(whole.most))),
        (_("未划入"), _("{n} 块，{k} 户", n=whole.unassigned_cells, k=number(whole.unassigned_households))),
        (_("不相连"), _("{n} 个", n=len(whole.disconnected))),
        (
            _("变动住户"),
            _("{n} 户（{p}）", n=number(left), p=percent(100 * left / max(had, 1))) if had else _("首次划分"),
        ),
        (
            _("专职网格员"),
            _("{n} 人，人均 {k} 户", n=number(workers), k=number(load / workers)) if workers else _("未录入"),
        ),
    ]
    if sheet.draft.sited:
        facts.append((_("服务阵地"), _("挪动 {n} 处", n=number(len(sheet.draft.sited)))))
    return _facts(facts)


def chosen(sheet: Sheet, cells: list[int], one: str | None) -> list[Any]:
    """Return the figures of what is chosen: cells, and the micro-grid in hand."""
    draft = sheet.draft
    parts: list[Any] = []
    if one in draft.grids and one is not None:
        figures, grid_ = draft.figures[one], draft.grids[one]
        facts = [
            (_("微网格"), f"{short(grid_.code, sheet.area_code)} {grid_.name}".strip()),
            (_("户数"), _("{n} 户", n=number(figures.households))),
            (_("楼栋"), _("{n} 栋", n=figures.buildings)),
            (_("面积"), _("{n} 平方米", n=number(figures.area_m2))),
            (_("紧凑度"), number(figures.compactness, 2)),
        ]
        note = warning(sheet, one, grids_of(sheet))
        if note:
            facts.append((_("提示"), note))
        parts.append(_facts(facts))
    if cells:
        fabric = draft.fabric
        load = float(fabric.households[cells].sum())
        count = len({name for name in fabric.building[cells] if name is not None})
        text = _("已选 {k} 块：{n} 栋，{m} 户", k=len(cells), n=count, m=number(load))
        parts.append(html.P(text, className="studio-picked"))
    if not parts:
        parts.append(html.P(_("在地图上点选楼栋，或在列表中点选微网格。"), className="hint"))
    return parts


def _facts(facts: list[tuple[str, Any]]) -> html.Dl:
    return html.Dl(
        [part for name, value in facts for part in (html.Dt(name), html.Dd(value))], className="studio-facts"
    )


def legend() -> html.Div:
    """Return what the colours mean."""
    keys = [
        html.Div(
            [html.Span(className="align-key fill", style={"background": colour}), html.Span(_(label))],
            className="legend-row",
        )
        for colour, label in STATES.values()
    ]
    lines = [
        ("#2b3440", _("微网格")),
        (MAP_COLORS["grid"], _("网格")),
        (ACTIVE, _("当前微网格")),
        (SELECTED, _("草稿试改的小区、阵地")),
    ]
    keys += [
        html.Div(
            [html.Span(className="align-key line", style={"borderColor": colour}), html.Span(label)],
            className="legend-row",
        )
        for colour, label in lines
    ]
    return html.Div(keys, className="legend")


def broken_table(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of broken rules."""
    columns = [
        {"field": "severity", "headerName": _("级别"), "width": 52},
        {"field": "rule", "headerName": _("规则"), "width": 112, "tooltipField": "rule"},
        {"field": "feature", "headerName": _("微网格"), "width": 66},
        {"field": "remedy", "headerName": _("怎么办"), "flex": 1, "wrapText": True, "autoHeight": True},
    ]
    options = {"rowHeight": 27, "headerHeight": 30}
    return grid(
        grid_id,
        columns,
        [],
        theme,
        "import-grid studio-grid",
        getRowId="params.data.id",
        options=options,
        style={"height": "100%"},
    )


def broken_rows(found: Any, sheet: Sheet) -> list[dict[str, Any]]:
    """Return the rows of `broken_table`, errors first; each knows its place on the map."""
    result = []
    places = sheet.degrees(np.asarray(found.geometry.values, dtype=object))
    for n, (row, place) in enumerate(zip(found.itertuples(index=False), places, strict=True)):
        rule = GridRule(row.rule)
        grid_ = sheet.draft.grids.get(str(row.feature_id))
        result.append(
            {
                "id": str(n),
                "severity": _("错误") if row.severity == "error" else _("提醒"),
                "rank": row.severity != "error",
                "rule": _(rule.label),
                "feature": short(grid_.code, sheet.area_code) if grid_ else str(row.feature_id or ""),
                "one": grid_.id if grid_ else None,
                "remedy": _(rule.remedy),
                "bounds": None if place is None or place.is_empty else list(place.bounds),
            }
        )
    return sorted(result, key=lambda one: one["rank"])
