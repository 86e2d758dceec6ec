"""Colours of the map: values as codes, and the legend that explains them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from dash import html

from dashboard.i18n import _, number
from dashboard.map import NOT_SHOWN, encode_group
from dashboard.theme import Theme
from dashboard.view import UNCLASSIFIED
from data.queries.records import TOO_FEW, Measured, Metric
from data.units import Level
from geo.statistics import class_codes, quantile_breaks
from models.enums import CompoundKind

SATISFACTION_BREAKS = (75.0, 80.0, 85.0, 90.0)
"""Fixed, so that two areas and two periods compare."""
COUNTY_DIGITS = 6

MEASURE_LABELS = {
    Metric.CLAIMS_PER_1000: "认领密度（每千户）",
    Metric.CLAIMS_PER_KM2: "认领密度（每平方公里）",
    Metric.SATISFACTION: "群众满意率",
}
MEASURE_UNITS = {
    Metric.CLAIMS_PER_1000: "件／千户",
    Metric.CLAIMS_PER_KM2: "件／平方公里",
    Metric.SATISFACTION: "%",
}


@dataclass(frozen=True)
class Coloured:
    """Values for the map with their legend."""

    values: dict[str, Any]
    legend: html.Div


def kinds(compounds: pd.DataFrame, shown: tuple[str, ...], theme: Theme) -> Coloured:
    """Return the compounds coloured by kind; those of other kinds than `shown` are not drawn.

    Parameters
    ----------
    compounds
        Columns id, area_code, kind (a value of `CompoundKind`, or None).
    """
    order = [*CompoundKind, None]
    names = [kind.value if kind else UNCLASSIFIED for kind in order]
    kind = compounds["kind"].where(compounds["kind"].notna(), UNCLASSIFIED)
    codes = kind.map(
        {name: code if name in shown else NOT_SHOWN for code, name in enumerate(names)}
    ).to_numpy("u1")
    counts = kind.value_counts()
    rows = [
        row(theme.kinds[one], _(one.label) if one else _("未分类"), number(int(counts.get(name, 0))))
        for one, name in zip(order, names, strict=True)
        if counts.get(name, 0) and name in shown
    ]
    values = {
        "layer": "compound",
        "groups": groups(
            "compound", compounds["id"].to_numpy(), codes, compounds["area_code"].str[:COUNTY_DIGITS]
        ),
        "colors": [theme.kinds[one] for one in order],
        "label": "",
    }
    return Coloured(
        values, html.Div([html.Div(_("小区类型"), className="legend-title"), *rows], className="legend")
    )


def overlay(found: Measured, counties: pd.Series[Any], hidden: np.ndarray, theme: Theme) -> Coloured:
    """Return an overlay's units coloured by class.

    Parameters
    ----------
    counties
        Six-digit county code of each row of the overlay's frame; decides which archive draws it.
    hidden
        Rows that a filter takes away, shape (n,).
    """
    frame = found.frame
    is_satisfaction = found.metric is Metric.SATISFACTION
    values = frame["value"].to_numpy(float)
    breaks = (
        np.array(SATISFACTION_BREAKS) if is_satisfaction else quantile_breaks(values[~hidden & (values > 0)])
    )
    ramp = theme.ramps[found.metric][-len(breaks) - 1 :]
    too_few, unknown = len(ramp), len(ramp) + 1
    codes = class_codes(values, breaks)
    codes[frame["too_few"].to_numpy()] = too_few
    codes[np.isnan(values) & ~frame["too_few"].to_numpy()] = unknown
    rows = _class_rows(codes[~hidden], breaks, ramp, found.metric)
    few, none = int((codes[~hidden] == too_few).sum()), int((codes[~hidden] == unknown).sum())
    if few:
        rows.append(row(theme.too_few, _("评价不足 {k} 条，不排名", k=TOO_FEW), number(few), hatched=True))
    if none:
        rows.append(row(theme.line, _("缺分母，不计算"), number(none)))
    codes[hidden] = NOT_SHOWN
    layer = found.level.value
    coloured = {
        "layer": layer,
        "groups": groups(layer, frame["id"].to_numpy(), codes, counties, values, frame["n"].to_numpy()),
        "colors": [*ramp, theme.too_few, theme.line],
        "hatched": [too_few],
        "label": _(MEASURE_LABELS[found.metric]),
        "unit": _(MEASURE_UNITS[found.metric]),
        "decimals": 1,
        "too_few": _("评价不足 {k} 条", k=TOO_FEW) if is_satisfaction else _("缺分母"),
    }
    return Coloured(coloured, html.Div([*_head(found), *rows, *_foot(found)], className="legend"))


def _head(found: Measured) -> list[html.Div]:
    window = found.window
    total = int(found.frame["n"].sum())
    basis = (
        _("评价 {n} 条；4 分及以上为满意", n=number(total))
        if found.metric is Metric.SATISFACTION
        else _("认领 {n} 件", n=number(total))
    )
    return [
        html.Div(
            f"{_(MEASURE_LABELS[found.metric])} · {_(UNIT_LABELS[found.level])}", className="legend-title"
        ),
        html.Div(f"{window.start:%Y.%m.%d}—{window.end:%Y.%m.%d} · {basis}", className="legend-note"),
    ]


def _foot(found: Measured) -> list[html.Div]:
    if not found.above:
        return []
    return [html.Div(_("另有 {n} 条未落到本级", n=number(found.above)), className="legend-note")]


UNIT_LABELS = {
    Level.COMPOUND: "小区",
    Level.COMMUNITY: "社区",
    Level.SUBDISTRICT: "街道（乡镇）",
    Level.COUNTY: "县（市、区）",
}


def _class_rows(
    codes: np.ndarray, breaks: np.ndarray, ramp: tuple[str, ...], measure: Metric
) -> list[html.Div]:
    texts = class_texts(breaks, "%" if measure is Metric.SATISFACTION else "")
    return [
        row(colour, text, number(int((codes == code).sum())))
        for code, (colour, text) in reversed(list(enumerate(zip(ramp, texts, strict=True))))
    ]


def class_texts(breaks: np.ndarray, unit: str = "") -> list[str]:
    """Return the classes between inner edges in words, from the lowest."""
    edges = [f"{edge:g}" for edge in breaks]
    if not edges:
        return [_("全部")]
    return [
        _("低于 {x}", x=edges[0] + unit),
        *(f"{low}—{high}{unit}" for low, high in pairwise(edges)),
        _("{x} 及以上", x=edges[-1] + unit),
    ]


def row(colour: str, text: str, count: str, *, hatched: bool = False) -> html.Div:
    """Return one class of a legend with how many are in it."""
    swatch = html.Span(className="swatch hatched" if hatched else "swatch", style={"backgroundColor": colour})
    return html.Div(
        [swatch, html.Span(text), html.Span(count, className="legend-count")], className="legend-row"
    )


def groups(
    layer: str,
    ids: np.ndarray,
    codes: np.ndarray,
    counties: pd.Series[Any],
    numbers: np.ndarray | None = None,
    counts: np.ndarray | None = None,
) -> list[dict[str, str]]:
    """Split values by the archive that draws them."""
    groups = []
    county_of = counties.to_numpy()
    for county in pd.unique(county_of):
        inside = county_of == county
        groups.append(
            encode_group(
                f"{layer}:{county}",
                ids[inside],
                codes[inside],
                None if numbers is None else numbers[inside],
                None if counts is None else counts[inside],
            )
        )
    return groups
