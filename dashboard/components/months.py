"""Two choices of a month, from which on and until which: a period chosen freely."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html

from dashboard.i18n import _

_WIDTH = 126


def month_choice(first_id: str, last_id: str) -> html.Div:
    """Return the two choices, still without months."""
    return html.Div(
        [
            html.Span(_("自"), className="as-of"),
            _month(first_id, _("自选时段的首月")),
            html.Span(_("至"), className="as-of"),
            _month(last_id, _("自选时段的末月")),
        ],
        className="months",
    )


def _month(component_id: str, title: str) -> dmc.Select:
    return dmc.Select(
        id=component_id, data=[], size="xs", w=_WIDTH, allowDeselect=False, **{"aria-label": title}
    )
