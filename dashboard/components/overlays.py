"""Colours, legends and tables of 叠加分析."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import numpy as np
import numpy.typing as npt
import pandas as pd
from dash import html

from dashboard.components import rates
from dashboard.components.coverage import ramp
from dashboard.components.legend import COUNTY_DIGITS, Coloured, class_texts, groups, row
from dashboard.components.tables import grid
from dashboard.i18n import _, number
from dashboard.theme import Theme
from data.queries.records import TOO_FEW, Measured, Metric
from data.queries.three_rates import RATES
from data.units import Level
from geo.classes import MISSING
from geo.statistics import class_codes

ROWS = 1000
PAIRS = {
    "light": (
        *("#e8e8e8", "#b8d6be", "#73ae80"),
        *("#b5c0da", "#90b2b3", "#5a9178"),
        *("#6c83b5", "#567994", "#2a5a5b"),
    ),
    "dark": (
        *("#2b3442", "#3d6b55", "#53a06c"),
        *("#3f5f94", "#4f8a96", "#6fc29c"),
        *("#5b8fe0", "#71b7dc", "#c6f2dd"),
    ),
}
"""Density to the right, satisfaction upwards: 3 x 3 mixtures of green and blue."""
CHANGES = {"light": ("#b5403d", "#d5dae2", "#2f6fb3"), "dark": ("#d2605a", "#3a475b", "#4f9be6")}
"""Clearly less, not to be told, clearly more."""


def one(
    found: Measured,
    breaks: npt.NDArray[np.float64],
    counties: pd.Series[Any],
    theme: Theme,
    period: str = "",
) -> Coloured:
    """Return the units coloured by class; breaks are those of all periods together, or of the two compared.

    Parameters
    ----------
    counties
        Which archive of the level draws each unit.
    period
        Of two that are compared, which this one is.
    """
    frame, text = found.frame, rates.metric_words(found.metric, found.view.weights)
    measure = Metric.SATISFACTION if found.metric is Metric.SATISFACTION else Metric.CLAIMS_PER_1000
    colours = ramp(theme, measure, len(breaks) + 1)
    values = frame["value"].to_numpy(dtype=float)
    codes = class_codes(values, breaks)
    few, unknown = len(colours), len(colours) + 1
    hidden = frame["too_few"].to_numpy(dtype=bool) & np.isnan(values)
    codes[np.isnan(values)] = unknown
    codes[hidden] = few
    texts = class_texts(breaks, "%" if text.unit == "%" else "")
    rows = _rows(codes, list(zip(colours, texts, strict=True))[::-1], range(len(colours))[::-1])
    rows += _rest(codes, few, unknown, theme)
    smoothed = _("（平滑值）") if found.view.smoothing != "raw" else ""
    head = [
        html.Div(text.label + smoothed, className="legend-title"),
        *(
            [html.Div(_("{period}（两期分级相同）", period=period), className="legend-note")]
            if period
            else []
        ),
        html.Div(_("共 {n} 条", n=number(found.total)), className="legend-note"),
    ]
    if found.metric is Metric.THREE_RATES:
        head.insert(1, html.Div(f"{text.numerator} ÷ {text.denominator}", className="legend-note"))
    if found.above:
        head.append(html.Div(_above(found), className="legend-note"))
    values_ = _values(
        found.level, frame, codes, counties, values, [*colours, theme.too_few, theme.line], [few]
    )
    words = {"label": text.label, "unit": text.unit, "decimals": rates.digits(found.metric)}
    return Coloured(values_ | words, html.Div([*head, *rows], className="legend"))


def change(
    frame: pd.DataFrame, level: Level, counties: pd.Series[Any], theme: Theme, names: tuple[str, str]
) -> Coloured:
    """Return the units coloured by whether a change can be told, and which way it goes.

    Parameters
    ----------
    names
        Of the two periods.
    """
    moved = frame["change"].to_numpy(dtype=float)
    clear = frame["clear"].to_numpy(dtype=bool)
    codes = np.where(clear, np.where(moved > 0, 2, 0), 1).astype(np.uint8)
    codes[np.isnan(moved)] = 3
    colours = CHANGES[theme.name]
    texts = (_("下降，区间不含 0"), _("不能说有变化"), _("上升，区间不含 0"))
    rows = _rows(codes, list(zip(colours, texts, strict=True))[::-1], (2, 1, 0))
    rows += _rest(codes, 3, 4, theme)
    shown = _values(level, frame, codes, counties, moved, [*colours, theme.too_few], [3])
    head = [
        html.Div(_("变化"), className="legend-title"),
        html.Div(f"{names[0]} → {names[1]}", className="legend-note"),
    ]
    return Coloured(shown | {"label": _("变化"), "unit": ""}, html.Div([*head, *rows], className="legend"))


def pair(frame: pd.DataFrame, level: Level, counties: pd.Series[Any], theme: Theme) -> Coloured:
    """Return the units coloured by density and satisfaction at once, with a square legend."""
    codes = frame["class"].to_numpy(dtype=np.uint8).copy()
    codes[codes == MISSING] = 9
    colours = PAIRS[theme.name]
    cells = [
        html.Div(
            number(int((codes == 3 * up + across).sum())), style={"backgroundColor": colours[3 * up + across]}
        )
        for up in (2, 1, 0)
        for across in range(3)
    ]
    square = html.Div(
        [
            html.Div(_("↑ 满意率"), className="over-across"),
            html.Div(cells, className="over-cells"),
            html.Div(_("认领密度 →"), className="over-across"),
        ],
        className="over-square",
    )
    rows = _rest(codes, 9, 10, theme)
    title = html.Div(_("认领密度 × 满意率"), className="legend-title")
    satisfaction = frame["satisfaction"].to_numpy(dtype=float)
    shown = _values(level, frame, codes, counties, satisfaction, [*colours, theme.too_few], [9])
    shown["groups"] = groups(
        level.value,
        frame["id"].to_numpy(),
        codes,
        counties,
        satisfaction,
        frame["n_ratings"].to_numpy(),
    )
    words = {"label": _("群众满意率"), "unit": "%"}
    return Coloured(shown | words, html.Div([title, square, *rows], className="legend"))


def _values(
    level: Level,
    frame: pd.DataFrame,
    codes: npt.NDArray[np.uint8],
    counties: pd.Series[Any],
    numbers: npt.NDArray[np.float64],
    colours: Sequence[str],
    hatched: list[int],
) -> dict[str, Any]:
    kept = (frame["id"] > 0).to_numpy()
    n = next((frame[name] for name in ("n", "n_now", "n_claims") if name in frame), frame["id"])
    made = groups(
        level.value,
        frame["id"].to_numpy()[kept],
        codes[kept],
        counties[kept].reset_index(drop=True),
        numbers[kept],
        n.to_numpy()[kept],
    )
    return {
        "layer": level.value,
        "groups": made,
        "colors": list(colours),
        "hatched": hatched,
        "decimals": 1,
        "too_few": _("不足 {k} 条", k=TOO_FEW),
    }


def counties_of(level: Level, codes: pd.Series[Any]) -> pd.Series[Any]:
    """Return which archive draws each unit: a county's, or the city's for areas."""
    digits = codes.astype(str).str[:COUNTY_DIGITS]
    return digits if level.area_level is None else digits.map(lambda _one: "city")


def _rows(codes: Any, classes: list[tuple[str, str]], order: Sequence[int]) -> list[html.Div]:
    return [
        row(colour, text, number(int((codes == code).sum())))
        for code, (colour, text) in zip(order, classes, strict=True)
    ]


def _rest(codes: Any, few: int, unknown: int, theme: Theme) -> list[html.Div]:
    rows = []
    if (codes == few).any():
        text = _("不足 {k} 条或缺数据", k=TOO_FEW)
        rows.append(row(theme.too_few, text, number(int((codes == few).sum())), hatched=True))
    if (codes == unknown).any():
        rows.append(row(theme.line, _("缺分母，不计算"), number(int((codes == unknown).sum()))))
    return rows


def _above(found: Measured) -> str:
    text = _("另有 {n} 条未落到本级", n=number(found.above))
    return text + (_("，其中 {n} 条无处可落", n=number(found.nowhere)) if found.nowhere else "")


def table(table_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table, still without columns."""
    look: dict[str, Any] = {"style": {"height": "100%"}, "getRowId": "params.data.key"}
    return grid(table_id, [], None, theme, "ranking-table over-table", **look)


def _right(field: str, header: str, width: int, digits: int = 0) -> dict[str, Any]:
    return {
        "field": field,
        "headerName": header,
        "width": width,
        "type": "rightAligned",
        "valueFormatter": {
            "function": f"params.value == null ? '—' : d3.format(',.{digits}f')(params.value)"
        },
    }


def _between(width: int) -> dict[str, Any]:
    """Return the column of intervals, which are texts."""
    return {"field": "interval", "headerName": _("95% 区间"), "width": width, "type": "rightAligned"}


def _name() -> dict[str, Any]:
    return {"field": "name", "headerName": _("名称"), "flex": 1, "minWidth": 100, "tooltipField": "name"}


def ranked(frame: pd.DataFrame, unit: str, digits: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return columns and rows of a ranking, the best first."""
    columns = [
        _right("rank", _("名次"), 60),
        _name(),
        _right("value", unit if unit == "%" else _("数值"), 76, digits),
        _between(104),
        _right("n", _("记录数"), 80),
    ]
    rows = [
        {
            "key": record["code"],
            "rank": int(record["rank"]),
            "name": record["name"],
            "value": _round(record["value"]),
            "interval": _interval(record),
            "n": int(record["n"]),
        }
        for record in frame.head(ROWS).to_dict("records")
    ]
    return columns, rows


def _interval(record: dict[Any, Any]) -> str:
    return f"{record['low']:.1f}—{record['high']:.1f}"


def weighed(frame: pd.DataFrame, basis: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return columns and rows of a ranking by the three rates together, each with its parts on hover.

    Parameters
    ----------
    basis
        How they are weighed, and when: told below the parts.
    """
    columns = [
        _right("rank", _("名次"), 54),
        _name(),
        _right("value", _("加权 %"), 74, 1) | {"tooltipField": "tip"},
        _between(104),
        *(
            _right(rate, label, 64, 1) | {"tooltipField": "tip"}
            for rate, label in zip(RATES, (_("响应"), _("办结"), _("满意")), strict=True)
        ),
    ]
    rows = [
        {
            "key": record["code"],
            "rank": int(record["rank"]),
            "name": record["name"],
            "value": _round(record["value"]),
            "interval": _interval(record),
            "tip": f"{rates.made_of(record)}\n{basis}",
            **{rate: _round(record[rate]) for rate in RATES},
        }
        for record in frame.head(ROWS).to_dict("records")
    ]
    return columns, rows


def changed(
    frame: pd.DataFrame, names: tuple[str, str], digits: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return columns and rows of changes; those that can be told come first, the largest at the top."""
    columns = [
        _name(),
        _right("was", _("对照期"), 72, digits) | {"headerTooltip": names[0]},
        _right("now", _("本期"), 68, digits) | {"headerTooltip": names[1]},
        _right("change", _("变化"), 72, digits),
        _between(116),
    ]
    known = frame[frame["change"].notna()].assign(size=lambda one: one["change"].abs())
    known = known.sort_values(["clear", "size", "code"], ascending=[False, False, True])
    rows = [
        {
            "key": record["code"],
            "name": record["name"],
            "was": _round(record["was"]),
            "now": _round(record["now"]),
            "change": _round(record["change"]),
            "interval": f"{record['low']:+.1f} — {record['high']:+.1f}".replace("-", "−"),
        }
        for record in known.head(ROWS).to_dict("records")
    ]
    return columns, rows


def paired(frame: pd.DataFrame) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return columns and rows of density beside satisfaction: much claimed and ill liked first."""
    columns = [
        _name(),
        _right("density", _("件／千户"), 84, 1),
        _right("satisfaction", _("满意率 %"), 88, 1),
        _right("n", _("评价数"), 76),
    ]
    known = frame[frame["class"] != MISSING].sort_values(["satisfaction", "code"])
    rows = [
        {
            "key": record["code"],
            "name": record["name"],
            "density": _round(record["density"]),
            "satisfaction": _round(record["satisfaction"]),
            "n": int(record["n_ratings"]),
        }
        for record in known.head(ROWS).to_dict("records")
    ]
    return columns, rows


def _round(value: float) -> float | None:
    return None if value != value else round(float(value), 1)  # noqa: PLR0124
