"""微网格工作台, stations tried elsewhere: the section beside the map, and what a move would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboard.components.studio import short
from dashboard.i18n import DASH, _, number
from data.drawing_stations import StationRef, Where
from data.queries.coverage import WhatIf
from data.relocation import WALK, Relocation

SECTION, STATION, CARD, BACK, BUSY = (
    "studio-stations",
    "studio-station",
    "studio-station-card",
    "studio-station-back",
    "studio-station-busy",
)
"""`STATION` is the list to choose from; its value is the station in hand."""
TOOL = "station"
HIDDEN = {"display": "none"}


@dataclass(frozen=True)
class Tried:
    """A station at a place, and what that changes; figures are None where ways can't be measured.

    Attributes
    ----------
    metres
        How far the place is from where it stands.
    whole
        What all moves of the draft change together.
    """

    ref: StationRef
    metres: float
    before: Where
    after: Where
    reach: tuple[WhatIf, WhatIf] | None = None
    whole: Relocation | None = None
    moves: int = 0


def section() -> html.Section:
    """Return the section; the page shows it while stations are moved."""
    return html.Section(
        [
            html.H2(_("服务阵地")),
            dmc.Select(
                id=STATION,
                data=[],
                placeholder=_("选一个阵地"),
                size="xs",
                searchable=True,
                nothingFoundMessage=_("本社区没有阵地"),
                **{"aria-label": _("服务阵地")},
            ),
            html.Div(id=CARD, **{"aria-live": "polite"}),
            html.P(_("正在测算步行范围……"), id=BUSY, className="hint", hidden=True),
            html.Div(
                dmc.Button(_("放回原处"), id=BACK, size="compact-xs", variant="default", disabled=True),
                className="studio-row",
            ),
        ],
        id=SECTION,
        className="panel",
        style=HIDDEN,
    )


def options(found: Sequence[StationRef]) -> list[dict[str, str]]:
    """Return the stations to choose from; those that the draft moved say so."""
    return [{"value": one.id, "label": one.name + (_(" · 已挪") if one.moved else "")} for one in found]


def card(tried: Tried, area_code: str) -> list[Any]:
    """Return where a station stands and would stand, and whom it reaches."""
    ref = tried.ref
    title = f"{ref.name} · {_(ref.tier.label)}" if ref.tier else ref.name
    children: list[Any] = [html.P(title, className="studio-station-name")]
    if ref.overtaken:
        text = _("草稿挪动以后，他人已把它移动或删除；请放回原处，看过现在的位置后再挪。")
        children.append(html.P(text, className="import-verdict bad"))
    children.append(_table(tried, area_code))
    if not tried.metres:
        children.append(html.P(_("拖动标记，或点地图上要放的地方。"), className="hint"))
    if tried.whole is not None and tried.moves:
        children.append(html.P(together(tried.whole, tried.moves), className="studio-station-whole"))
    if tried.reach is not None:
        straight = any(one.straight for one in tried.reach)
        how = _("此处离道路远，按直线距离估算。") if straight else _("沿路网步行测算。")
        children.append(html.P(how + _("只计住户和小区，不计人数。"), className="hint"))
    return children


def _table(tried: Tried, area_code: str) -> html.Table:
    minutes = f"{WALK.minutes:g}"
    rows = [
        (_("微网格"), *(_code(one.micro_grid, area_code) for one in (tried.before, tried.after))),
        (_("小区"), tried.before.compound or _("小区外"), tried.after.compound or _("小区外")),
        (_("网格"), tried.before.grid or DASH, tried.after.grid or DASH),
    ]
    if tried.reach is not None:
        homes, estates = ([getattr(one, name) for one in tried.reach] for name in ("dwellings", "compounds"))
        rows += [
            (_("步行 {n} 分钟内住户", n=minutes), *(number(one) for one in homes)),
            (_("过半住户可达的小区", n=minutes), *(number(one) for one in estates)),
        ]
    heads = ["", _("现在")]
    if tried.metres:
        heads.append(_("挪 {n} 米后", n=number(tried.metres)))
    cells = [[html.Th(row[0], scope="row"), *(html.Td(one) for one in row[1 : len(heads)])] for row in rows]
    head = html.Thead(html.Tr([html.Th(one) for one in heads]))
    return html.Table([head, html.Tbody([html.Tr(one) for one in cells])], className="studio-figures")


def _code(code: str | None, area_code: str) -> str:
    return short(code, area_code) if code else DASH


def together(whole: Relocation, moves: int) -> str:
    """Say what all moves of a draft change, whichever station people walk to."""
    gained, lost = (
        _("{n} 户、{k} 个小区", n=number(homes), k=number(estates))
        for homes, estates in ((whole.gained, whole.gained_compounds), (whole.lost, whole.lost_compounds))
    )
    return _(
        "草稿挪动 {n} 处，与现行相比：新覆盖 {gained}，不再覆盖 {lost}。",
        n=number(moves),
        gained=gained,
        lost=lost,
    )
