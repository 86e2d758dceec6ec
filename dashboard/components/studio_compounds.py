"""微网格工作台, boundaries of compounds tried in a draft: which to choose from, what each comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html

from dashboard.i18n import _, number
from data.drawing_compounds import Tried

SECTION, TABLE = "studio-compounds", "studio-compounds-table"
OUTSIDE = "none"
"""Choice of open land instead of a compound."""
HIDDEN = {"display": "none"}


def section() -> html.Section:
    """Return the section; the page shows it while the draft tries a boundary."""
    children = [html.H2(_("小区边界")), html.Div(id=TABLE, **{"aria-live": "polite"})]
    return html.Section(children, id=SECTION, className="panel", style=HIDDEN)


def options(names: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the compounds to choose from, open land last."""
    choices = [{"value": code, "label": name} for code, name in names.items()]
    return [*choices, {"value": OUTSIDE, "label": _("小区外")}]


def table(found: Sequence[Tried], names: Mapping[str, str]) -> list[Any]:
    """Return households and land of each compound, now and in the draft."""
    head = html.Tr([html.Th(one) for one in (_("小区"), _("户数"), _("面积"))])
    rows = [
        html.Tr(
            [
                html.Th(names.get(one.code, one.code), scope="row"),
                html.Td(" → ".join(number(count) for count in one.households)),
                html.Td(_("{n} 平方米", n=_signed(one.area_m2[1] - one.area_m2[0]))),
            ]
        )
        for one in found
    ]
    hint = html.P(_("发布以前小区不变；发布后楼栋随地块归入。"), className="hint")
    return [html.Table([html.Thead(head), html.Tbody(rows)], className="studio-figures"), hint]


def _signed(value: float) -> str:
    return ("+" if value > 0 else "−" if value < 0 else "") + number(abs(value))
