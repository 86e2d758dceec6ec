"""How many micro-grids have how many households."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from dashboard.theme import FONT

if TYPE_CHECKING:
    from dashboard.theme import Theme

BINS = 5
"""At least so many bins lie inside the band."""


def histogram(
    households: Sequence[float],
    before: Sequence[float],
    band: tuple[float, float],
    colours: tuple[str, str, str],
    texts: tuple[str, str, str],
    theme: Theme,
) -> go.Figure:
    """Return the distribution of households, the band shaded, the micro-grids in force as a line.

    Parameters
    ----------
    households, before
        Of each micro-grid with households, as drawn and in force.
    colours
        Below, within and above the band.
    texts
        Of the axis, and the names of both.
    """
    least, most = band
    span = max(1, round(most - least) + 1)
    step = max(one for one in range(1, max(1, span // BINS) + 1) if span % one == 0)
    top = max([most + 2 * step, *households, *before])
    first = (least - 0.5) % step - step  # both ends of the band are ends of bins
    edges = np.arange(first, top + 2 * step, step)
    count, _edges = np.histogram(households, edges)
    was, _edges = np.histogram(before, edges)
    middle = (edges[:-1] + edges[1:]) / 2
    shade = [colours[0] if x < least else colours[2] if x > most else colours[1] for x in middle]
    reach = [f"{a + 0.5:.0f}–{b - 0.5:.0f}" for a, b in pairwise(edges.tolist())]
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=count,
        width=step * 0.9,
        marker={"color": shade, "line_width": 0},
        customdata=reach,
        name=texts[1],
        hovertemplate="%{customdata}：%{y}<extra></extra>",
    )
    if len(before):
        figure.add_scatter(
            x=middle,
            y=was,
            mode="lines",
            line={"color": theme.faint, "width": 1.5, "shape": "hvh"},
            name=texts[2],
            hovertemplate="%{y}<extra>" + texts[2] + "</extra>",
        )
    figure.add_vrect(x0=least, x1=most, fillcolor=theme.accent, opacity=0.12, line_width=0)
    figure.update_layout(
        margin={"l": 28, "r": 6, "t": 4, "b": 30},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 11, "color": theme.text},
        showlegend=False,
        bargap=0.1,
    )
    figure.update_xaxes(title={"text": texts[0], "standoff": 4}, gridcolor=theme.line, zeroline=False)
    figure.update_yaxes(gridcolor=theme.line, zeroline=False)
    return figure
