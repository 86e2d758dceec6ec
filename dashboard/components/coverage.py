"""The table and the map of 全市覆盖: every rate of every area, with all that belongs to each figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
import numpy as np
import numpy.typing as npt
from dash import html

from dashboard.components import rates
from dashboard.components.kpi import span_text
from dashboard.components.legend import Coloured, class_texts, row
from dashboard.components.tables import grid
from dashboard.i18n import DASH, _, number
from dashboard.map import encode_group
from dashboard.theme import Theme
from data.catalogue import Scale
from data.queries.records import TOO_FEW, Metric
from data.queries.standing import Standing
from data.queries.three_rates import RATES
from geo.classes import class_breaks
from geo.statistics import class_codes
from models.enums import AreaLevel

SATISFACTION_SCALE = Scale("fixed", "diverging", 5, (75.0, 80.0, 85.0, 90.0))
SHARE_SCALE = Scale("fixed", "sequential", 5, (60.0, 70.0, 80.0, 90.0))
"""Of rates on records, which no entry of the catalogue describes; fixed, so that periods compare."""
NAME = "name"
_COUNTED: dict[Any, list[str]] = {Metric.THREE_RATES: [f"{rate}_n" for rate in RATES]}
"""What the map tells as n where it is not the denominator: the fewest records of a rate."""
_TEXT_END, _TIP_END, _COLOUR_END = "_text", "_tip", "_colour"


def scale_of(found: Standing) -> Scale:
    """Return the classes of a rate."""
    if not isinstance(found.rate, Metric):
        return found.rate.scale
    if found.rate is Metric.SATISFACTION:
        return SATISFACTION_SCALE
    return SHARE_SCALE if found.rate.is_share else Scale()


def classes(found: Standing, theme: Theme) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Return the inner edges of a rate's classes and the colour of each class."""
    scale = scale_of(found)
    breaks = class_breaks(found.frame["value"], scheme=scale.scheme, classes=scale.classes, edges=scale.edges)
    measure = Metric.SATISFACTION if scale.palette == "diverging" else Metric.CLAIMS_PER_1000
    return breaks, ramp(theme, measure, len(breaks) + 1)


def ramp(theme: Theme, measure: Metric, count: int) -> tuple[str, ...]:
    """Return so many colours of a ramp, its two ends among them where there are two."""
    colours = theme.ramps[measure]
    at = np.linspace(0, len(colours) - 1, count) if count > 1 else [len(colours) - 1]
    return tuple(colours[round(float(one))] for one in at)


def coloured(found: Standing, level: AreaLevel, theme: Theme) -> Coloured:
    """Return the areas of a level coloured by a rate, with the legend."""
    frame, text = found.frame, rates.words(found)
    breaks, colours = classes(found, theme)
    values = frame["value"].to_numpy(dtype=float)
    codes = class_codes(values, breaks)
    few, unknown = len(colours), len(colours) + 1
    too_few = frame["too_few"].to_numpy(dtype=bool)
    codes[np.isnan(values)] = unknown
    codes[too_few] = few
    shown = {
        "layer": level.value,
        "groups": [
            encode_group(
                f"{level.value}:city",
                frame["id"].to_numpy(),
                codes,
                values,
                np.nan_to_num(
                    frame[_COUNTED.get(found.rate, ["denominator"])].min(axis=1).to_numpy(dtype=float)
                ),
            )
        ],
        "colors": [*colours, theme.too_few, theme.line],
        "hatched": [few],
        "label": f"{text.label} · {rates.when(found)}",
        "unit": text.unit,
        "decimals": 1,
        "too_few": _("不足 {k} 条", k=TOO_FEW),
    }
    rows = [
        row(colour, words, number(int((codes == code).sum())))
        for code, (colour, words) in reversed(
            list(enumerate(zip(colours, class_texts(breaks, "%" if text.unit == "%" else ""), strict=True)))
        )
    ]
    if too_few.any():
        rows.append(
            row(theme.too_few, _("不足 {k} 条，不显示", k=TOO_FEW), number(int(too_few.sum())), hatched=True)
        )
    if (codes == unknown).any():
        rows.append(row(theme.line, _("缺分母，不计算"), number(int((codes == unknown).sum()))))
    unit = "" if text.unit == "%" else f"（{text.unit}）"
    head = [
        html.Div(text.label + (unit if unit not in text.label else ""), className="legend-title"),
        *(html.Div(line, className="legend-note") for line in _parts(found)),
        html.Div(rates.when(found), className="legend-note"),
    ]
    return Coloured(shown, html.Div([*head, *rows], className="legend"))


def beside(found: Standing) -> str:
    """Return what stands beside the value of the whole above a chart: its parts, or its weights."""
    if found.weights is not None:
        return _("权重 {weights}", weights="∶".join(f"{one:g}" for one in found.weights))
    return f"{number(found.total['numerator'])}/{number(found.total['denominator'])}"


def _parts(found: Standing) -> list[str]:
    """Return what the rate of the whole is made of."""
    text, total = rates.words(found), found.total
    if found.rate is Metric.THREE_RATES:
        return [*rates.made_of(total).split("\n"), text.numerator, f"÷ {text.denominator}"]
    return [
        f"{text.numerator} {number(total['numerator'])}",
        f"{text.denominator} {number(total['denominator'])}",
    ]


def table(table_id: str, theme: Theme) -> dag.AgGrid:
    """Return the table, still without columns: these follow from the rates."""
    return grid(
        table_id,
        [],
        None,
        theme,
        "cover-table ranking-table",
        getRowId="params.data.code",
        style={"height": "100%"},
        options={"groupHeaderHeight": 28, "headerHeight": 60, "tooltipShowDelay": 150},
    )


def columns(found: Sequence[Standing], level: AreaLevel) -> list[dict[str, Any]]:
    """Return the columns: the name, then the rates in groups by what they are of."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        groups.setdefault(group_label(one), []).append(_column(one))
    name = {
        "field": NAME,
        "headerName": _(level.label),
        "pinned": "left",
        "width": 116,
        "tooltipField": NAME,
        "cellClass": {"function": "params.node.rowPinned ? '' : 'cover-name'"},
    }
    return [name, *({"headerName": label, "children": children} for label, children in groups.items())]


def group_label(found: Standing) -> str:
    """Return what a rate's figures are of: a day, or a period with the one that it is compared with."""
    if found.window is None:
        return _("现状（{when}）", when=rates.when(found))
    if found.before is None:
        return _("办理（{span}；对照期记录不全，不作比较）", span=rates.when(found))
    return _("办理（{span}）及较 {before} 的变化", span=rates.when(found), before=span_text(found.before))


def _column(found: Standing) -> dict[str, Any]:
    key = found.key
    return {
        "field": key,
        "headerName": rates.words(found).label,
        "headerTooltip": _heading_tip(found),
        "wrapHeaderText": True,
        "minWidth": 72 if found.window is None else 92,
        "flex": 72 if found.window is None else 92,
        "type": "rightAligned",
        "valueFormatter": {"function": f"params.data.{key}{_TEXT_END}"},
        "tooltipField": f"{key}{_TIP_END}",
        "cellStyle": {"function": f"({{'boxShadow': 'inset 4px 0 ' + params.data.{key}{_COLOUR_END}}})"},
        "sortingOrder": ["desc", "asc"],
    }


def _heading_tip(found: Standing) -> str:
    text = rates.words(found)
    lines = [f"{text.label}（{text.unit}）", text.numerator, f"÷ {text.denominator}", rates.when(found)]
    if found.before is not None:
        lines.append(_("对照期  {span}", span=span_text(found.before)))
    return "\n".join(lines)


def rows(
    found: Sequence[Standing], theme: Theme, whole_name: str
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a row an area, and that of them all."""
    if not found:
        return [], {"code": "", NAME: whole_name}
    first = found[0].frame
    made: list[dict[str, Any]] = [
        {"code": code, NAME: name} for code, name in zip(first["code"], first["name"], strict=True)
    ]
    total: dict[str, Any] = {"code": "", NAME: whole_name}
    for one in found:
        breaks, colours = classes(one, theme)
        palette = [*colours, "transparent"]
        unit = rates.words(one).unit
        codes = np.minimum(class_codes(one.frame["value"], breaks, len(colours)), len(colours))
        for line, record, code in zip(made, one.frame.to_dict("records"), codes, strict=True):
            line.update(_cells(one, record, unit, palette[int(code)]))
        total.update(_cells(one, one.total, unit, "transparent"))
    return made, total


def _cells(found: Standing, record: Any, unit: str, colour: str) -> dict[str, Any]:
    value, key = record["value"], found.key
    text = DASH if value is None or value != value else number(value, 1) + (unit if unit == "%" else "")  # noqa: PLR0124
    change = rates.change_text(record)
    return {
        key: None if value is None or value != value else round(float(value), 4),  # noqa: PLR0124
        key + _TEXT_END: f"{text}  {change}" if change else text,
        key + _TIP_END: rates.told(found, record),
        key + _COLOUR_END: colour,
    }
