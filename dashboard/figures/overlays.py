"""Density against satisfaction, a dot a unit, in the colours of the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.theme import Theme


def scatter(
    frame: pd.DataFrame,
    colours: Sequence[str],
    breaks: tuple[Sequence[float], Sequence[float]],
    titles: tuple[str, str],
    chosen: str | None,
    theme: Theme,
) -> go.Figure:
    """Return the dots with the class edges as lines.

    Parameters
    ----------
    frame
        code, name, density, satisfaction, n_ratings and class, of units that have both.
    breaks
        Inner edges of density and of satisfaction.
    chosen
        Code of the unit that is ringed.
    """
    marked = frame["code"] == chosen
    figure = go.Figure(
        go.Scatter(
            x=frame["density"],
            y=frame["satisfaction"],
            mode="markers",
            marker={
                "color": [colours[code] for code in frame["class"]],
                "size": [14 if one else 8 for one in marked],
                "line": {
                    "color": [theme.accent if one else theme.faint for one in marked],
                    "width": [3 if one else 0.6 for one in marked],
                },
            },
            customdata=frame[["code", "name", "n_ratings"]].to_numpy(),
            hovertemplate="<b>%{customdata[1]}</b><br>%{x:.1f} · %{y:.1f}%"
            "  n=%{customdata[2]}<extra></extra>",
        )
    )
    line = {"color": theme.faint, "width": 1, "dash": "dot"}
    for edge in breaks[0]:
        figure.add_vline(edge, line=line)
    for edge in breaks[1]:
        figure.add_hline(edge, line=line)
    figure.update_layout(
        font={"family": "Noto Sans SC, sans-serif", "size": 12, "color": theme.faint},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 46, "r": 8, "t": 8, "b": 40},
        showlegend=False,
    )
    figure.update_xaxes(title={"text": titles[0], "standoff": 4}, gridcolor=theme.line, zeroline=False)
    figure.update_yaxes(title={"text": titles[1], "standoff": 4}, gridcolor=theme.line, zeroline=False)
    return figure
