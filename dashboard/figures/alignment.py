"""How compounds and grids lie to each other, area by area, and what kept the rest from being levelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from plotly.subplots import make_subplots

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.theme import Theme

CASE_COLOURS = {
    "comparable": "#2166ac",
    "compound_larger": "#67a9cf",
    "grid_larger": "#b2abd2",
    "review": "#d95f02",
}


def cases(
    table: pd.DataFrame,
    labels: Mapping[str, str],
    reasons: Mapping[str, str],
    titles: Sequence[str],
    theme: Theme,
) -> go.Figure:
    """Return shares of compounds by case, an area a bar, beside the refusals by reason.

    Parameters
    ----------
    table
        ``name`` and a count of compounds for each key of `labels`, of refusals for each of `reasons`.
    labels, reasons
        Text of each case and of each reason.
    titles
        Of the two parts.
    """
    figure = make_subplots(
        1, 2, column_widths=[0.62, 0.38], subplot_titles=list(titles), horizontal_spacing=0.16
    )
    total = table[list(labels)].sum(axis=1).clip(lower=1)
    names = table["name"].tolist()
    for case, label in labels.items():
        figure.add_bar(
            y=names,
            x=100 * table[case] / total,
            orientation="h",
            name=label,
            marker={"color": CASE_COLOURS[case], "line_width": 0},
            customdata=table[case],
            hovertemplate="%{y}  " + label + "  %{customdata}（%{x:.1f}%）<extra></extra>",
            row=1,
            col=1,
        )
    counts = [int(table[reason].sum()) for reason in reasons]
    some = [(label, count) for label, count in zip(reasons.values(), counts, strict=True) if count]
    figure.add_bar(
        y=[label for label, _count in some],
        x=[count for _label, count in some],
        orientation="h",
        marker={"color": theme.faint, "line_width": 0},
        text=[str(count) for _label, count in some],
        textposition="outside",
        cliponaxis=False,
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=2,
    )
    figure.update_layout(
        barmode="stack",
        bargap=0.35,
        font={"family": "Noto Sans SC, sans-serif", "size": 12, "color": theme.text},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 8, "r": 30, "t": 30, "b": 34},
        legend={"orientation": "h", "y": -0.12, "x": 0, "traceorder": "normal"},
    )
    figure.update_annotations(font_size=13)
    figure.update_yaxes(autorange="reversed", automargin=True)
    figure.update_xaxes(gridcolor=theme.line, zeroline=False)
    figure.update_xaxes(ticksuffix="%", range=[0, 100], row=1, col=1)
    figure.update_xaxes(visible=False, row=1, col=2)
    return figure
