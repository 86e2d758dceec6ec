"""Compounds by kind in each area below the one that is shown; a row drills down."""

from __future__ import annotations

import pandas as pd
from dash import html

from dashboard.components.links import link
from dashboard.i18n import _, number
from dashboard.theme import Theme
from models.enums import CompoundKind


def panel(counts: pd.DataFrame, theme: Theme) -> html.Section | None:
    """Return a stacked bar for each area, most compounds first; None where there is no area below.

    Parameters
    ----------
    counts
        Columns code, name, kind (a `CompoundKind`, or None), n.
    """
    if counts.empty:
        return None
    totals = (
        counts.groupby(["code", "name"], sort=False)["n"].sum().sort_values(ascending=False, kind="stable")
    )
    rows = [
        _row(str(code), str(name), counts[counts["code"] == code], int(total), int(totals.max()), theme)
        for (code, name), total in totals.items()
    ]
    head = html.Div(
        [html.H2(_("各区域小区类型")), html.Span(_("点名称下钻"), className="as-of")], className="panel-head"
    )
    return html.Section([head, html.Div(rows, className="breakdown")], className="panel")


def _row(code: str, name: str, kinds: pd.DataFrame, total: int, most: int, theme: Theme) -> html.Div:
    known = {
        kind if isinstance(kind, CompoundKind) else None: int(n)
        for kind, n in zip(kinds["kind"], kinds["n"], strict=True)
    }
    parts = [
        html.Div(
            style={"width": f"{100 * known[kind] / most:.2f}%", "backgroundColor": theme.kinds[kind]},
            title=f"{_(kind.label) if kind else _('未分类')} {number(known[kind])}",
        )
        for kind in [*CompoundKind, None]
        if kind in known
    ]
    return html.Div(
        [
            link(f"area:{code}", name, "breakdown-name"),
            html.Div(parts, className="breakdown-bar"),
            html.Span(number(total), className="breakdown-total"),
        ],
        className="breakdown-row",
    )
