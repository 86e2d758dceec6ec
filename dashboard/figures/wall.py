"""Charts of the wall: few marks, large letters, nothing to point at."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.theme import Theme


def kinds(rows: Sequence[tuple[str, int, str]], theme: Theme, size: float) -> go.Figure:
    """Return compounds by kind as bars, each with its count and its share.

    Parameters
    ----------
    rows
        Label, count and colour of each kind, from the top.
    size
        Height of the letters in pixels.
    """
    total = sum(count for _label, count, _colour in rows)
    counts = [count for _label, count, _colour in rows]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        y=[label for label, _count, _colour in rows],
        x=counts,
        marker={"color": [colour for _label, _count, colour in rows], "line_width": 0},
        text=[f"<b>{count:,}</b>  {100 * count / total:.1f}%" if total else "" for count in counts],
        textposition="outside",
        textfont={"size": size * 1.05, "color": theme.text},
        cliponaxis=False,
    )
    _dress(figure, theme, size)
    figure.update_layout(bargap=0.42, margin={"l": 0, "r": size * 7.5, "t": size * 0.3, "b": 0})
    figure.update_xaxes(visible=False, range=[0, max([*counts, 1])])
    figure.update_yaxes(
        autorange="reversed",
        automargin=True,
        tickfont={"size": size * 1.05, "color": theme.text},
        ticks="outside",
        ticklen=size * 0.4,
        tickcolor="rgba(0,0,0,0)",
    )
    return figure


def enlarged(figure: go.Figure, theme: Theme, size: float) -> go.Figure:
    """Return a desk's trend for the wall: thicker lines, room for larger letters, no title of its own."""
    _dress(figure, theme, size)
    figure.update_layout(title=None, margin={"l": size * 3, "r": size * 1.4, "t": size, "b": size * 1.8})
    figure.update_traces(line_width=size * 0.2, selector={"type": "scatter", "fill": None, "line.width": 2})
    figure.update_xaxes(nticks=4, tickfont_size=size)
    figure.update_yaxes(tickfont_size=size, gridwidth=max(1, size * 0.06))
    return figure


def _dress(figure: go.Figure, theme: Theme, size: float) -> None:
    figure.update_layout(
        font={"family": "Noto Sans SC, sans-serif", "size": size, "color": theme.faint},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
    )
