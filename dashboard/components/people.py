"""Counts of people in 全市覆盖: of fixed areas on one day, small ones hatched and told why. On no wall."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from dash import html

from dashboard.components.coverage import ramp
from dashboard.components.legend import Coloured, class_texts, row
from dashboard.i18n import DASH, _, day, number
from dashboard.map import encode_group
from dashboard.theme import Theme
from data.queries.people import Members
from data.queries.records import Metric
from geo.classes import class_breaks
from geo.statistics import class_codes
from models.enums import AreaLevel

KEY = "members"
"""By which the count is chosen for the map, and its column in the table."""


def label() -> str:
    """Return what is counted."""
    return _("登记党员")


def when(found: Members) -> str:
    """Return the day that the counts are of."""
    return _("截至 {day}", day=day(found.as_of)) if found.as_of else _("数据日期未填")


def reason(found: Members) -> str:
    """Return why some counts are not shown."""
    return _("不足 {k} 人的不显示；能由合计相减推出它们的，也不显示。", k=found.least)


def column(found: Members) -> dict[str, Any]:
    """Return the column of the counts, in a group of its own."""
    return {
        "headerName": _("人数（{when}）", when=when(found)),
        "children": [
            {
                "field": KEY,
                "headerName": label(),
                "headerTooltip": f"{label()}\n{when(found)}\n{reason(found)}",
                "minWidth": 84,
                "flex": 84,
                "wrapHeaderText": True,
                "type": "rightAligned",
                "valueFormatter": {"function": f"params.data.{KEY}_text"},
                "tooltipField": f"{KEY}_tip",
                "cellClass": {
                    "function": f"'ag-right-aligned-cell' + (params.data.{KEY}_hidden ? ' cover-hidden' : '')"
                },
                "sortingOrder": ["desc", "asc"],
            }
        ],
    }


def cells(found: Members) -> dict[str, dict[str, Any]]:
    """Return what the table holds of each area, by its code."""
    return {str(one["code"]): _cell(found, one) for one in found.frame.to_dict("records")}


def _cell(found: Members, one: dict[str, Any]) -> dict[str, Any]:
    hidden = bool(one["hidden"])
    told = [label(), _("人数少，不显示") if hidden else number(int(one["members"]))]
    if hidden:
        told.append(reason(found))
    elif one["elsewhere"] is pd.NA:
        told.append(_("其中只登记到本级的，人数少，不显示"))
    elif one["elsewhere"]:
        told.append(_("其中只登记到本级的  {n}", n=number(int(one["elsewhere"]))))
    return {
        KEY: None if hidden else int(one["members"]),
        f"{KEY}_text": _("不显示") if hidden else number(int(one["members"])),
        f"{KEY}_tip": "\n".join([*told, when(found)]),
        f"{KEY}_hidden": hidden,
    }


def whole(found: Members) -> dict[str, Any]:
    """Return what the table's first line holds: the count of the area that is looked at."""
    records = found.frame.to_dict("records")
    if len(records) == 1:
        return _cell(found, records[0])
    return {KEY: None, f"{KEY}_text": DASH, f"{KEY}_tip": "", f"{KEY}_hidden": False}


def coloured(found: Members, level: AreaLevel, theme: Theme) -> Coloured:
    """Return the areas of a level coloured by how many there are; hidden ones hatched."""
    frame = found.frame
    hidden = frame["hidden"].to_numpy(dtype=bool)
    values: npt.NDArray[np.float64] = frame["members"].to_numpy(dtype=float, na_value=np.nan)
    breaks = class_breaks(values)
    colours = ramp(theme, Metric.CLAIMS_PER_1000, len(breaks) + 1)
    codes = class_codes(values, breaks)
    codes[hidden] = len(colours)
    shown = {
        "layer": level.value,
        "groups": [encode_group(f"{level.value}:city", frame["id"].to_numpy(), codes, values)],
        "colors": [*colours, theme.too_few],
        "hatched": [len(colours)],
        "label": f"{label()} · {when(found)}",
        "unit": _("人"),
        "decimals": 0,
        "too_few": _("人数少，不显示"),
    }
    rows = [
        row(colour, words, number(int((codes == code).sum())))
        for code, (colour, words) in reversed(list(enumerate(zip(colours, class_texts(breaks), strict=True))))
    ]
    if hidden.any():
        rows.append(row(theme.too_few, _("不显示"), number(int(hidden.sum())), hatched=True))
    head = [
        html.Div(_("登记党员（人）"), className="legend-title"),
        html.Div(when(found), className="legend-note"),
    ]
    foot = [html.Div(reason(found), className="legend-note")] if hidden.any() else []
    return Coloured(shown, html.Div([*head, *rows, *foot], className="legend"))


def table(found: Members, area: str) -> pd.DataFrame:
    """Return the counts for a file: hidden ones are empty, with the reason beside them.

    Parameters
    ----------
    area
        What an area of the level is called.
    """
    frame = found.frame
    return pd.DataFrame(
        {
            _("代码"): frame["code"],
            area: frame["name"],
            label(): frame["members"],
            _("其中只登记到本级的"): frame["elsewhere"],
            _("说明"): [reason(found) if one else "" for one in frame["hidden"]],
            _("日期"): found.as_of.isoformat() if found.as_of else _("未填"),
        }
    )
