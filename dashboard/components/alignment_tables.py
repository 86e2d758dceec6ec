"""Tables of 拉平对齐, and what findings, moves, refusals and relations are in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import dash_ag_grid as dag
import pandas as pd

from dashboard.components.tables import grid
from dashboard.i18n import _, number
from dashboard.theme import Theme
from models.enums import (
    ChangeAction,
    FindingKind,
    MoveReason,
    OrganisationRank,
    OverlapCase,
    RefusalReason,
    RefusalStep,
    Structure,
)

CLASS = "import-grid align-grid"
LAYERS = {
    "community": "社区",
    "compound": "小区",
    "grid": "网格",
    "micro_grid": "微网格",
    "building": "楼栋",
}
OPEN_LAND = "公共用地"
"""What a compound gains land from, or loses it to, where that is no compound."""
NOBODY = "无归属"
MOST_ROWS = 20_000
_MANY = {"mode": "multiRow", "checkboxes": True, "headerCheckbox": True, "selectAll": "filtered"}
_CHECKED = {"selectionColumnDef": {"width": 40, "pinned": "left", "sortable": True}}
_ROWS = {"rowHeight": 28, "headerHeight": 30}

WHY = {
    RefusalReason.WIDE_OVERLAP: "同一块地被两方划入，宽 {needed} 米，超过容差，不是描画误差。",
    RefusalReason.WIDE_GAP: "有一块地没有划给任何一方，宽 {needed} 米，超过容差，不是描画误差。",
    RefusalReason.NOT_NESTED: "网格切开了这个小区，又伸进别的小区，容差以内无法相互套准。",
    RefusalReason.OVER_COMMUNITY: "伸出本社区 {needed} 米，超过容差；社区界线不能移动。",
    RefusalReason.DISPLACEMENT: "要拉平，边界须移动 {needed} 米，超过容差。",
    RefusalReason.ATOM: "一栋楼压在固定的社区界线上，或两层图形都切开了它；楼栋不能切开，保持原样。",
    RefusalReason.NOT_LEVELLED: "围墙与网格边相距至多 {needed} 米，却移不到一起。",
    RefusalReason.COVERAGE: "与相邻图形还有细小的重叠、缝隙或顶点不齐。",
    RefusalReason.FAILED: "这个社区没有算成，图形都保持原样。",
}
REMEDY = {
    RefusalReason.WIDE_OVERLAP: "点开后指定归哪一方。",
    RefusalReason.WIDE_GAP: "点开后指定归哪一方。",
    RefusalReason.NOT_NESTED: "边界须移动 {needed} 米才能套准；不是描画误差的，请改划网格。",
    RefusalReason.OVER_COMMUNITY: "核对它属于哪个社区，或重新描画后再导入。",
    RefusalReason.DISPLACEMENT: "核对图形；确属同一条界线的，把容差调到 {needed} 米以上重算。",
    RefusalReason.ATOM: "核对社区界线或楼栋轮廓。",
    RefusalReason.NOT_LEVELLED: "手工把网格边描到围墙上，或保持原样。",
    RefusalReason.COVERAGE: "放大核对这一处，改画后重算。",
    RefusalReason.FAILED: "把该社区的图形导出，交技术支持核对。",
}


def layer_label(layer: str) -> str:
    """Return the name of a layer in the reader's language."""
    return _(LAYERS[layer])


def nobody(layer: str) -> str:
    """Return what land of no feature of a layer is called."""
    return _(OPEN_LAND) if layer == "compound" else _(NOBODY)


def said(texts: Mapping[RefusalReason, str], reason: str, needed: Any) -> str:
    """Return a sentence on a refusal in the reader's language."""
    known = needed is not None and needed == needed  # noqa: PLR0124  (NaN)
    return _(texts[RefusalReason(reason)], needed=number(needed, 1) if known else "—")


def _decimal(digits: int) -> dict[str, Any]:
    form = f"params.value == null ? '—' : d3.format(',.{digits}f')(params.value)"
    return {"type": "rightAligned", "valueFormatter": {"function": form}, "filter": "agNumberColumnFilter"}


def _text(field: str, name: str, **more: Any) -> dict[str, Any]:
    return {"field": field, "headerName": name, "filter": True, "tooltipField": field, **more}


def _table(
    grid_id: str, columns: list[dict[str, Any]], theme: Theme, *, many: bool = False, **more: Any
) -> dag.AgGrid:
    options = _ROWS | ({"rowSelection": _MANY, **_CHECKED} if many else {}) | more.pop("options", {})
    return grid(grid_id, columns, [], theme, CLASS, getRowId="params.data.id", options=options, **more)


def communities(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of communities, each with how many findings it has."""
    bad = {"align-bad": "params.value > 0 && !params.data.outdated"}
    columns = [
        {"field": "name", "headerName": _("社区"), "flex": 1, "minWidth": 96, "tooltipField": "where"},
        {"field": "where", "headerName": _("街道"), "width": 78, "tooltipField": "county"},
        {"field": "findings", "headerName": _("问题"), "width": 58, "cellClassRules": bad, **_decimal(0)},
        {"field": "state", "headerName": _("状态"), "width": 70},
    ]
    columns[2]["filter"] = False
    return _table(grid_id, columns, theme, many=True, style={"height": "100%", "flex": 1, "minHeight": 0})


def community_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `communities`, those with most findings first."""
    frame = frame.sort_values("finding_count", ascending=False, kind="stable")
    rows = []
    for one in frame.astype(object).where(frame.notna(), None).to_dict("records"):
        count = one["finding_count"]
        state = _("未检查") if count is None else _("已过期") if one["outdated"] else _("已检查")
        rows.append(
            {
                "id": one["code"],
                "name": one["name"],
                "where": one["subdistrict"],
                "county": one["county"],
                "findings": None if count is None else int(count),
                "outdated": bool(one["outdated"]),
                "state": state,
            }
        )
    return rows


def findings(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of findings."""
    columns = [
        _text("kind", _("问题"), width=130),
        _text("layer", _("图层"), width=84),
        _text("names", _("涉及"), flex=2, minWidth=200),
        {"field": "area_m2", "headerName": _("面积（平方米）"), "width": 140, **_decimal(2)},
        {"field": "length_m", "headerName": _("长度（米）"), "width": 110, **_decimal(1)},
        _text("community", _("社区"), width=130),
    ]
    return _table(grid_id, columns, theme)


def finding_rows(
    frame: pd.DataFrame, names: Mapping[str, str], areas: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of `findings`."""
    rows = []
    for one in frame.to_dict("records"):
        codes = [code for code in str(one["codes"]).split(",") if code]
        known = [names.get(code, code) for code in codes[:6]]
        rows.append(
            {
                "id": str(one["id"]),
                "kind": _(FindingKind(one["kind"]).label),
                "layer": layer_label(one["layer"]),
                "names": "、".join(known) + ("……" if len(codes) > len(known) else ""),
                "area_m2": _none(one["area_m2"]),
                "length_m": _none(one["length_m"]),
                "community": areas.get(one["area_code"], one["area_code"]),
            }
        )
    return rows


def moves(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the ledger: one row for each piece that moves."""
    columns = [
        _text("state", _("采纳"), width=110, cellClassRules={"align-off": "!params.data.accepted"}),
        _text("layer", _("图层"), width=84),
        _text("start", _("原属"), flex=1, minWidth=140),
        _text("end", _("现属"), flex=1, minWidth=140),
        {"field": "area_m2", "headerName": _("面积（平方米）"), "width": 130, "sort": "desc", **_decimal(1)},
        {"field": "households", "headerName": _("户数"), "width": 84, **_decimal(0)},
        {"field": "displacement_m", "headerName": _("最大位移（米）"), "width": 130, **_decimal(2)},
        _text("reason", _("原因"), width=130),
        _text("community", _("社区"), width=130),
    ]
    return _table(grid_id, columns, theme, many=True)


def move_rows(
    frame: pd.DataFrame, names: Mapping[str, str], areas: Mapping[str, str], left_out: frozenset[str]
) -> list[dict[str, Any]]:
    """Return the rows of `moves`; `left_out` are communities whose changes are refused as a whole."""
    rows = []
    for one in frame.astype(object).to_dict("records"):
        out = one["area_code"] in left_out
        taken = bool(one["accepted"]) and not out
        rows.append(
            {
                "id": str(one["id"]),
                "accepted": taken,
                "state": _("采纳") if taken else _("社区不采纳") if out else _("不采纳"),
                "layer": layer_label(one["layer"]),
                "start": _name(one["from_code"], names, nobody(one["layer"])),
                "end": _name(one["to_code"], names, nobody(one["layer"])),
                "area_m2": _none(one["area_m2"]),
                "households": _none(one["households"]),
                "displacement_m": _none(one["displacement_m"]),
                "reason": _(MoveReason(one["reason"]).label),
                "decided": one["reason"] == MoveReason.DECIDED,
                "area": one["area_code"],
                "community": areas.get(one["area_code"], one["area_code"]),
            }
        )
    return rows


def refusals(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of what was not levelled."""
    columns = [
        _text("layer", _("图层"), width=84),
        _text("name", _("图形"), width=170),
        _text("step", _("处理"), width=96),
        _text("reason", _("原因"), width=150),
        _text("why", _("说明"), flex=2, minWidth=220),
        _text("remedy", _("需要什么"), flex=1, minWidth=180),
        {"field": "needed_m", "headerName": _("米"), "width": 76, "sort": "desc", **_decimal(1)},
        _text("community", _("社区"), width=120),
    ]
    return _table(grid_id, columns, theme)


def refusal_rows(
    frame: pd.DataFrame, names: Mapping[str, str], areas: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of `refusals`."""
    return [
        {
            "id": str(one["id"]),
            "layer": layer_label(one["layer"]),
            "name": names.get(one["code"], one["code"]),
            "step": _(RefusalStep(one["step"]).label),
            "reason": _(RefusalReason(one["reason"]).label),
            "why": said(WHY, one["reason"], one["needed_m"]),
            "remedy": said(REMEDY, one["reason"], one["needed_m"]),
            "needed_m": _none(one["needed_m"]),
            "area": one["area_code"],
            "community": areas.get(one["area_code"], one["area_code"]),
        }
        for one in frame.astype(object).to_dict("records")
    ]


def relations(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of compounds and grids that meet."""
    columns = [
        _text("compound", _("小区"), flex=1, minWidth=130),
        _text("grid", _("网格"), flex=1, minWidth=130),
        _text("case", _("情形"), width=140),
        {"field": "share_of_compound", "headerName": _("占小区 %"), "width": 100, **_decimal(1)},
        {"field": "share_of_grid", "headerName": _("占网格 %"), "width": 100, **_decimal(1)},
        {"field": "households", "headerName": _("户数"), "width": 84, **_decimal(0)},
        _text("structure", _("建议组织架构"), flex=1, minWidth=200),
        _text("community", _("社区"), width=130),
    ]
    return _table(grid_id, columns, theme)


def relation_rows(
    frame: pd.DataFrame, names: Mapping[str, str], areas: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of `relations`."""
    return [
        {
            "id": str(one["id"]),
            "compound": names.get(one["compound_code"], one["compound_code"]),
            "grid": names.get(one["grid_code"], one["grid_code"]),
            "code": one["compound_code"],
            "case": _(OverlapCase(one["overlap_case"]).label),
            "share_of_compound": 100 * one["share_of_compound"],
            "share_of_grid": 100 * one["share_of_grid"],
            "households": _none(one["households"]),
            "structure": _(Structure(one["structure"]).label) if one["structure"] else "—",
            "area": one["area_code"],
            "community": areas.get(one["area_code"], one["area_code"]),
        }
        for one in frame.astype(object).to_dict("records")
    ]


def structures(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of what a plan of the organisation tree changes: one row for each organisation."""
    columns = [
        _text("state", _("采纳"), width=84, cellClassRules={"align-off": "!params.data.accepted"}),
        _text("change", _("变化"), width=92),
        _text("name", _("党组织"), flex=2, minWidth=150),
        _text("rank", _("类别"), width=110),
        _text("parent", _("上级党组织"), flex=3, minWidth=180),
        _text("reason", _("依据"), flex=3, minWidth=180),
        _text("community", _("社区"), width=100),
    ]
    return _table(grid_id, columns, theme, many=True)


def structure_rows(ledger: pd.DataFrame, areas: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the rows of `structures` from a plan's ledger (``reason``: JSON of case, compounds, grids)."""
    words = {ChangeAction.ADD: _("新增"), ChangeAction.CHANGE: _("调整"), ChangeAction.REMOVE: _("撤并")}
    rows = []
    for one in ledger.sort_values("id").to_dict("records"):
        line, why = one["attributes"], json.loads(one["reason"])
        ranks = [_(OrganisationRank(rank).label) if rank else None for rank in line.get("rank", (None, None))]
        merged = _("并入 {name}", name=line["into_name"][1]) if "into_name" in line else None
        rows.append(
            {
                "id": str(one["id"]),
                "accepted": bool(one["accepted"]),
                "state": _("采纳") if one["accepted"] else _("不采纳"),
                "change": words[one["action"]] + (_("，改设在小区") if "seat" in line else ""),
                "name": _arrow(*line["name"]),
                "rank": _arrow(*ranks),
                "parent": merged or _arrow(*line["parent_name"]),
                "reason": f"{_(OverlapCase(why['case']).label)}：{why['compounds']} · {why['grids']}",
                "community": areas.get(one["area_code"], one["area_code"]),
            }
        )
    return rows


def _arrow(former: str | None, new: str | None) -> str:
    """Return what something was and what it becomes; once where that is the same."""
    return " → ".join(dict.fromkeys(one for one in (former, new) if one)) or "—"


def summary(grid_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table of figures by community."""
    columns = [
        _text("name", _("社区"), flex=1, minWidth=110),
        {"field": "compounds", "headerName": _("小区"), "width": 76, **_decimal(0)},
        {"field": "levelled", "headerName": _("已拉平"), "width": 84, **_decimal(0)},
        {"field": "share", "headerName": _("拉平率 %"), "width": 96, **_decimal(1)},
        *[
            {"field": one.value, "headerName": _(one.label), "width": 128, **_decimal(0)}
            for one in OverlapCase
        ],
        {"field": "moves", "headerName": _("变更"), "width": 76, **_decimal(0)},
        {"field": "households", "headerName": _("换网格户数"), "width": 108, **_decimal(0)},
        *[
            {"field": one.value, "headerName": _(one.label), "width": 150, **_decimal(0)}
            for one in RefusalReason
        ],
    ]
    return _table(grid_id, columns, theme)


def summary_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of `summary`."""
    rows = frame.rename(columns={"area_code": "id"}).to_dict("records")
    return [
        row | {"share": 100 * row["levelled"] / row["compounds"] if row["compounds"] else None}
        for row in rows
    ]


def _name(code: Any, names: Mapping[str, str], otherwise: str) -> str:
    return otherwise if _none(code) is None else names.get(code, code)


def _none(value: Any) -> Any:
    return None if value is None or value != value else value  # noqa: PLR0124  (NaN)
