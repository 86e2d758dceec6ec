"""Tables, colours and the what-if card of 步行覆盖."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import numpy as np
import pandas as pd
from dash import html

from dashboard.components.legend import COUNTY_DIGITS, Coloured, groups, row
from dashboard.components.links import closing
from dashboard.components.tables import grid
from dashboard.i18n import DASH, _, number, percent
from dashboard.theme import Theme
from data.queries.coverage import WhatIf
from geo.catchments import BANDS_MIN
from models.enums import AreaLevel

ROWS = 500
"""Rows of a list that go to the browser; the rest is counted beside it."""
FIGURES = "reach-what-if-figures"
"""What of the card changes while one drags."""
COLOURS = {
    "light": ("#1f5fa8", "#5aa2cf", "#a9d3e3", "#d9772b"),
    "dark": ("#9fd8f0", "#4f9be6", "#2b5f9e", "#f0913b"),
}
"""Within 5, 10, 15 minutes, and not: blues near, orange for what nothing reaches."""
MAP_COLORS = {
    "light": {"draft": "#111111", "related": "#6a3d9a", "service": "#1f5fa8", "selected": "#b4232a"},
    "dark": {"draft": "#ffd34d", "related": "#d7a6ff", "service": "#4f9be6", "selected": "#ffffff"},
}


def coloured(compounds: pd.DataFrame, minutes: float, straight: int, theme: Theme) -> Coloured:
    """Return the compounds coloured by the minutes of their walk, with the legend.

    Parameters
    ----------
    compounds
        id, area_code, dwellings, minutes (inf beyond an hour).
    minutes
        The walk: what lies further is not reached.
    straight
        Compounds of which some dwellings were measured in a straight line.
    """
    bands = [one for one in BANDS_MIN if one <= minutes]
    palette = [*COLOURS[theme.name][: len(bands)], COLOURS[theme.name][-1]]
    codes = np.searchsorted(bands, compounds["minutes"], side="left").astype(np.uint8)
    walked = compounds["minutes"].where(np.isfinite(compounds["minutes"]))
    values = {
        "layer": "compound",
        "groups": groups(
            "compound",
            compounds["id"].to_numpy(),
            codes,
            compounds["area_code"].str[:COUNTY_DIGITS],
            walked.to_numpy(dtype=float),
            compounds["dwellings"].to_numpy(),
        ),
        "colors": palette,
        "label": _("过半住户的步行时间（n 为户数）"),
        "unit": _("分钟"),
        "decimals": 1,
    }
    texts = [_("{n} 分钟内", n=f"{one:g}") for one in bands] + [_("{n} 分钟够不到", n=f"{minutes:g}")]
    counts = [number(int((codes == code).sum())) for code in range(len(palette))]
    children = [
        html.Div(_("小区过半住户步行可达"), className="legend-title"),
        *(row(colour, text, count) for colour, text, count in zip(palette, texts, counts, strict=True)),
    ]
    if straight:
        note = _("{n} 个小区附近没有路网，按直线距离算", n=number(straight))
        children.append(html.Div(note, className="legend-note"))
    return Coloured(values, html.Div(children, className="legend"))


def table(table_id: str, theme: Theme) -> dag.AgGrid:
    """Return a table, still without columns."""
    look: dict[str, Any] = {"style": {"height": "100%"}, "getRowId": "params.data.key"}
    return grid(table_id, [], [], theme, "ranking-table reach-table", **look)


def _right(field: str, header: str, width: int, **more: Any) -> dict[str, Any]:
    return {"field": field, "headerName": header, "width": width, "type": "rightAligned", **more}


def _name(header: str) -> dict[str, Any]:
    return {"field": "name", "headerName": header, "flex": 1, "minWidth": 100, "cellClass": "cover-name"}


def area_columns(level: AreaLevel) -> list[dict[str, Any]]:
    """Return the columns of what is covered by area."""
    name = _name(_(level.label))
    bands = [
        _right(
            f"rate_{band:g}",
            _("{n} 分钟", n=f"{band:g}"),
            82,
            valueFormatter={"function": f"params.data.rate_{band:g}_text"},
            tooltipField=f"tip_{band:g}",
        )
        for band in BANDS_MIN
    ]
    return [name, *bands, _right("total", _("户数"), 104, valueFormatter=_thousands())]


def area_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row an area: the share of dwellings within each band, with its parts on hover."""
    rows = []
    for code, bands in frame.groupby("code", sort=True):
        first = bands.iloc[0]
        made: dict[str, Any] = {"key": code, "name": first["name"], "total": int(first["dwellings_total"])}
        for one in bands.to_dict("records"):
            end = f"{one['band_min']:g}"
            share = one["dwellings_rate"]
            made[f"rate_{end}"] = None if share != share else round(share, 2)  # noqa: PLR0124
            made[f"rate_{end}_text"] = percent(share)
            made[f"tip_{end}"] = "\n".join(_told(one))
        rows.append(made)
    return rows


def _told(one: dict[str, Any]) -> list[str]:
    homes, estates = (
        {"part": number(one[name]), "all": number(one[f"{name}_total"])}
        for name in ("dwellings", "compounds")
    )
    lines = [
        _("步行 {n} 分钟内", n=f"{one['band_min']:g}"),
        _("住户  {part}/{all}", **homes),
        _("小区（过半住户可达）  {part}/{all}", **estates),
    ]
    if one["straight_dwellings"]:
        lines.append(_("其中 {n} 户附近没有路网，按直线距离算", n=number(one["straight_dwellings"])))
    return lines


def gap_columns() -> list[dict[str, Any]]:
    """Return the columns of the compounds that nothing reaches."""
    return [
        _name(_("小区")),
        _right("left_out", _("够不到的户数"), 128, valueFormatter=_thousands()),
        _right("minutes", _("步行分钟"), 84, valueFormatter={"function": "params.data.minutes_text"}),
        {"field": "straight", "headerName": _("量法"), "width": 64},
    ]


def gap_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the compounds that nothing reaches, those with most dwellings left out first."""
    return [
        {
            "key": f"compound:{one['id']}",
            "name": one["name"],
            "left_out": round(one["left_out"]),
            "minutes": one["minutes"] if np.isfinite(one["minutes"]) else 999,
            "minutes_text": f"{one['minutes']:.0f}" if np.isfinite(one["minutes"]) else _("超过 60"),
            "straight": _("直线") if one["straight"] else _("路网"),
        }
        for one in frame.head(ROWS).to_dict("records")
    ]


def site_columns() -> list[dict[str, Any]]:
    """Return the columns of the best sites."""
    return [
        _right("rank", _("次序"), 56),
        _name(_("设在小区")),
        _right("new_dwellings", _("新覆盖户数"), 128, valueFormatter=_thousands()),
    ]


def site_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the best sites, in the order in which to build them."""
    return [
        {
            "key": f"compound:{one['id']}",
            "rank": rank,
            "name": one["name"],
            "lon": one["lon"],
            "lat": one["lat"],
            "new_dwellings": one["new_dwellings"],
        }
        for rank, one in enumerate(frame.to_dict("records"), start=1)
    ]


def what_if(found: WhatIf | None, minutes: float) -> list[Any]:
    """Return the card of a place where a facility might stand."""
    head = html.Div([html.H2(_("假如在这里新设一处"))], className="panel-head")
    if found is None:
        ask = _("点地图上任意一处，看新设后能多覆盖多少住户和小区；标记可以拖动。")
        return [head, html.P(ask, className="hint reach-hint")]
    return [closing(_("关闭")), head, html.Div(figures(found, minutes), id=FIGURES)]


def figures(found: WhatIf, minutes: float) -> list[Any]:
    """Return what a facility would reach; it changes while the place is dragged."""
    homes = _("步行 {n} 分钟内共 {all} 户", n=f"{minutes:g}", all=number(found.dwellings))
    estates = _("过半住户可达的共 {all} 个", all=number(found.compounds))
    facts = [
        (_("新覆盖住户"), number(found.new_dwellings), homes),
        (_("新覆盖小区"), number(found.new_compounds), estates),
    ]
    cards = [
        html.Div(
            [
                html.Div(label, className="kpi-label"),
                html.Div(value, className="kpi-value"),
                html.Div(note, className="kpi-note"),
            ],
            className="kpi",
        )
        for label, value, note in facts
    ]
    how = _("此处离道路远，按直线距离估算。") if found.straight else _("沿路网步行测算。")
    return [html.Div(cards, className="kpis"), html.P(how, className="hint")]


def left_text(gaps: pd.DataFrame) -> str:
    """Return how many compounds and dwellings nothing reaches."""
    text = _("{n} 个小区、{homes} 户", n=number(len(gaps)), homes=number(round(gaps["left_out"].sum())))
    return text + (_("，列前 {n} 个", n=ROWS) if len(gaps) > ROWS else "") if len(gaps) else DASH


def _thousands() -> dict[str, str]:
    return {"function": "d3.format(',')(params.value)"}
