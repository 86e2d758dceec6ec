"""The ranked table of an overlay, and its course over time."""

from __future__ import annotations

from typing import Any

import dash_ag_grid as dag
import numpy as np
import pandas as pd
from dash import dcc, html

from dashboard.components.legend import MEASURE_UNITS, UNIT_LABELS
from dashboard.components.tables import grid
from dashboard.figures.trend import trend
from dashboard.i18n import _, language, number
from dashboard.theme import Theme
from data.queries.records import Measured, Metric, ranking

ROWS = 1000
"""Rows that go to the browser; a larger ranking shows its two ends."""


def panel(found: Measured, monthly: pd.DataFrame, table_id: str, theme: Theme) -> html.Section:
    """Return the panel of an overlay: course over time, ranked table, who is left out.

    Parameters
    ----------
    monthly
        Columns month (first day), n, satisfied.
    """
    ranked = ranking(found)
    left_out = len(found.frame) - len(ranked)
    notes = [_("按 95% 区间下限排名")]
    if left_out and found.metric is Metric.SATISFACTION:
        notes.append(_("{n} 个评价过少，不排名", n=number(left_out)))
    elif left_out:
        notes.append(_("{n} 个缺分母，不排名", n=number(left_out)))
    title = _("{unit}排名", unit=_(UNIT_LABELS[found.level]))
    return html.Section(
        [
            html.Div(
                [html.H2(title), html.Span(_("；").join(notes), className="as-of")], className="panel-head"
            ),
            dcc.Graph(
                figure=trend(monthly, found.metric, theme, _trend_text(found.metric)),
                config={"displayModeBar": False, "locale": "zh-CN" if language() == "zh" else "en"},
                className="trend",
            ),
            table(found, ranked, table_id, theme),
        ],
        className="panel ranking-panel",
    )


def _trend_text(measure: Metric) -> str:
    return _("每月满意率") if measure is Metric.SATISFACTION else _("每月认领件数")


def table(found: Measured, ranked: pd.DataFrame, table_id: str, theme: Theme) -> dag.AgGrid:
    """Return the ranked table; a row that is clicked chooses its unit."""
    return grid(
        table_id,
        columns(found),
        rows(found, ranked),
        theme,
        "ranking-table",
        getRowId="params.data.key",
        style={"height": "100%"},
    )


def rows(found: Measured, ranked: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the ranked units as rows: key, rank, name, value, interval, n."""
    places = np.arange(1, len(ranked) + 1)
    keep = np.ones(len(ranked), dtype=bool)
    if len(ranked) > ROWS:
        keep[ROWS // 2 : -ROWS // 2] = False
    shown = ranked[keep]
    prefix = "compound" if found.level.value == "compound" else "area"
    keys = shown["id"] if prefix == "compound" else shown["code"]
    table = pd.DataFrame(
        {
            "key": prefix + ":" + keys.astype(str),
            "rank": places[keep],
            "name": shown["name"],
            "value": shown["value"].round(1),
            "interval": [
                f"{low:,.0f}—{high:,.0f}" for low, high in zip(shown["low"], shown["high"], strict=True)
            ],
            "n": shown["n"],
        }
    )
    result: list[dict[str, Any]] = table.to_dict("records")
    return result


def columns(found: Measured) -> list[dict[str, Any]]:
    """Return the columns of the ranked table."""
    is_satisfaction = found.metric is Metric.SATISFACTION
    right = {"type": "rightAligned"}
    defined: list[dict[str, Any]] = [
        {"field": "rank", "headerName": _("名次"), "width": 50, **right},
        {"field": "name", "headerName": _(UNIT_LABELS[found.level]), "flex": 1, "tooltipField": "name"},
        {
            "field": "value",
            "headerName": _(MEASURE_UNITS[found.metric]),
            "width": 60 if is_satisfaction else 74,
            "valueFormatter": {"function": "d3.format(',.1f')(params.value)"},
            **right,
        },
        {"field": "interval", "headerName": _("95% 区间"), "width": 84, "sortable": False, **right},
        {"field": "n", "headerName": _("评价数") if is_satisfaction else _("件数"), "width": 66, **right},
    ]
    return defined
