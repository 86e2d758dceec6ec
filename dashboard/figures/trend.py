"""The course of a measure by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from data.queries.records import TOO_FEW, Metric
from geo.statistics import rate, wilson_interval

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.theme import Theme


def trend(monthly: pd.DataFrame, measure: Metric, theme: Theme, title: str, size: int = 12) -> go.Figure:
    """Return counts by month, or a satisfaction by month with its 95% interval.

    Parameters
    ----------
    monthly
        Columns month (date), n, satisfied; a month below ten ratings shows no satisfaction.
    """
    figure = go.Figure()
    months = monthly["month"]
    if measure is Metric.SATISFACTION:
        some = monthly["n"] >= TOO_FEW
        share = rate(monthly["satisfied"], monthly["n"].where(some), 100)
        low, high = (
            bound * 100 for bound in wilson_interval(monthly["satisfied"], monthly["n"].where(some, 0))
        )
        band = _transparent(theme.accent)
        figure.add_scatter(x=months, y=high, mode="lines", line_width=0, hoverinfo="skip")
        figure.add_scatter(
            x=months, y=low, mode="lines", line_width=0, fill="tonexty", fillcolor=band, hoverinfo="skip"
        )
        figure.add_scatter(
            x=months,
            y=share,
            mode="lines",
            line={"color": theme.accent, "width": 2},
            customdata=monthly["n"],
            hovertemplate="%{x|%Y-%m}  %{y:.1f}%  n=%{customdata}<extra></extra>",
        )
    else:
        figure.add_bar(
            x=months,
            y=monthly["n"],
            marker_color=theme.ramps[measure][2],
            marker_line_width=0,
            hovertemplate="%{x|%Y-%m}  %{y}<extra></extra>",
        )
    figure.update_layout(
        title={
            "text": title,
            "x": 0,
            "xref": "paper",
            "y": 0.98,
            "yanchor": "top",
            "font": {"size": size + 1},
        },
        font={"family": "Noto Sans SC, sans-serif", "size": size, "color": theme.faint},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 38, "r": 8, "t": 26, "b": 22},
        showlegend=False,
        bargap=0.25,
        hoverlabel={"font_size": size},
    )
    figure.update_xaxes(showgrid=False, tickformat="%Y.%m", nticks=5, color=theme.faint)
    figure.update_yaxes(
        gridcolor=theme.line,
        zeroline=False,
        nticks=4,
        rangemode="normal" if measure is Metric.SATISFACTION else "tozero",
    )
    return figure


def _transparent(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.22)"
