"""Small multiples: one rate a panel, the areas in the same order in each, the whole as a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.theme import Theme

NAMED = 16
"""So many areas can be named beside a panel; more are drawn as one rising curve."""
ACROSS = 7
MOST_LETTERS = 7
LEAST_SPAN = 10.0
"""So many points of a hundred are on an axis at least: where all reach 100% it does not tell 99 from 101."""


@dataclass(frozen=True)
class Panel:
    """A rate.

    Attributes
    ----------
    title, note
        What it is called, and its value for the whole with its parts.
    frame
        One row an area: name, value, low, high, was (NaN where not known), told (what is said on hover).
    whole
        Value of the whole; NaN where there is none.
    share
        Whether it is in percent.
    marked
        Whether it is the one on the map.
    """

    title: str
    note: str
    frame: pd.DataFrame
    whole: float
    share: bool
    marked: bool


def multiples(panels: Sequence[Panel], theme: Theme, was_label: str, scale: float = 1.0) -> go.Figure:
    """Return the panels in rows of `ACROSS`.

    Parameters
    ----------
    was_label
        What the hollow dots are: the period compared with.
    scale
        By how much letters and dots are enlarged.
    """
    if not panels:
        return empty(theme)
    down = -(-len(panels) // ACROSS)
    across = min(len(panels), ACROSS)
    named = len(panels[0].frame) <= NAMED
    figure = make_subplots(
        down,
        across,
        subplot_titles=[_title(one, theme) for one in panels],
        horizontal_spacing=0.016 if named else 0.028,
        vertical_spacing=0.30 / down,
        shared_yaxes=named,
    )
    lines: list[dict[str, Any]] = []
    bare: list[str] = []
    for n, panel in enumerate(panels):
        place = {"row": n // across + 1, "col": n % across + 1}
        traces = _dots(panel, theme, was_label, scale) if named else _curve(panel, theme, scale)
        for trace in traces:
            figure.add_trace(trace, **place)
        axis = ("xaxis" if named else "yaxis") + (str(n + 1) if n else "")
        if panel.frame["value"].isna().all():
            bare.append(axis)
        elif panel.share:
            columns = ["value", "low", "high", "was"] if named else ["value"]
            figure.layout[axis].range = _span(panel, columns)
        if np.isfinite(panel.whole):
            lines.append(_line(panel.whole, str(n + 1) if n else "", theme, upright=named))
    figure.update_layout(shapes=lines)
    if named:
        figure.update_yaxes(autorange="reversed", showgrid=True, gridcolor=theme.line, zeroline=False)
        figure.update_xaxes(showgrid=False, zeroline=False, nticks=4)
    else:
        figure.update_yaxes(gridcolor=theme.line, zeroline=False, nticks=4)
        figure.update_xaxes(visible=False)
    for axis in bare:
        figure.layout[axis].visible = False
    return _dressed(figure, theme, scale)


def _line(value: float, axis: str, theme: Theme, *, upright: bool) -> dict[str, Any]:
    """Return the line of the whole across a panel, added with all others: one by one takes a second."""
    at, along = ("x", "y") if upright else ("y", "x")
    return {
        "type": "line",
        "line": {"color": theme.faint, "width": 1, "dash": "dot"},
        f"{at}ref": f"{at}{axis}",
        f"{at}0": value,
        f"{at}1": value,
        f"{along}ref": f"{along}{axis} domain",
        f"{along}0": 0,
        f"{along}1": 1,
    }


def empty(theme: Theme) -> go.Figure:
    """Return a figure with nothing in it, not even axes."""
    return _dressed(go.Figure(), theme, 1.0).update_xaxes(visible=False).update_yaxes(visible=False)


def _span(panel: Panel, columns: list[str]) -> tuple[float, float]:
    """Return the part of 0 to 100% that a panel shows, with a little room for its dots."""
    seen = panel.frame[columns].to_numpy(dtype=float)
    low, high = float(np.nanmin(seen)), float(np.nanmax(seen))
    short = max(LEAST_SPAN - (high - low), 0.0) / 2
    low, high = max(low - short, 0.0), min(high + short, 100.0)
    room = max(0.08 * (high - low), 1.5)
    return max(low - room, -2.0), min(high + room, 102.0)


def _title(panel: Panel, theme: Theme) -> str:
    colour = theme.accent if panel.marked else theme.text
    return (
        f"<span style='color:{colour}'><b>{panel.title}</b></span>"
        f"<br><span style='font-size:0.86em;color:{theme.faint}'>{panel.note}</span>"
    )


def _dots(panel: Panel, theme: Theme, was_label: str, scale: float) -> list[go.Scatter]:
    frame = panel.frame
    names = [name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…" for name in frame["name"]]
    colour = theme.accent if panel.marked else theme.mark
    spread = {
        "type": "data",
        "symmetric": False,
        "array": (frame["high"] - frame["value"]).to_numpy(),
        "arrayminus": (frame["value"] - frame["low"]).to_numpy(),
        "thickness": 1.2 * scale,
        "width": 0,
        "color": colour,
    }
    traces = []
    if frame["was"].notna().any():
        traces.append(
            go.Scatter(
                x=frame["was"],
                y=names,
                mode="markers",
                marker={"symbol": "circle-open", "size": 6 * scale, "color": theme.faint},
                hovertemplate=f"{was_label}  %{{x:.1f}}<extra></extra>",
            )
        )
    traces.append(
        go.Scatter(
            x=frame["value"],
            y=names,
            mode="markers",
            marker={"size": 7 * scale, "color": colour},
            error_x=spread if frame["low"].notna().any() else None,
            customdata=frame["told"],
            hovertemplate="%{customdata}<extra></extra>",
        )
    )
    return traces


def _curve(panel: Panel, theme: Theme, scale: float) -> list[go.Scatter]:
    frame = panel.frame[panel.frame["value"].notna()].sort_values("value", kind="stable")
    return [
        go.Scatter(
            x=np.arange(1, len(frame) + 1),
            y=frame["value"],
            mode="markers",
            marker={"size": 3.4 * scale, "color": theme.accent if panel.marked else theme.mark},
            customdata=frame["told"],
            hovertemplate="%{customdata}<extra></extra>",
        )
    ]


def _dressed(figure: go.Figure, theme: Theme, scale: float) -> go.Figure:
    size = 11 * scale
    figure.update_layout(
        font={"family": "Noto Sans SC, sans-serif", "size": size, "color": theme.faint},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 10, "t": 40 * scale, "b": 22 * scale},
        showlegend=False,
        hoverlabel={"font_size": 12 * scale, "align": "left"},
    )
    figure.update_annotations(
        font_size=12 * scale, xanchor="left", align="left", yanchor="bottom", selector={"showarrow": False}
    )
    for n, note in enumerate(figure.layout.annotations):
        axis = figure.layout["xaxis" if n == 0 else f"xaxis{n + 1}"]
        note.x = axis.domain[0]
    figure.update_yaxes(automargin=True, tickfont_size=size)
    figure.update_xaxes(tickfont_size=size * 0.92)
    return figure
