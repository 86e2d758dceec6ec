"""步行覆盖: who walks how far to a station; where nothing reaches; what a new one would change."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import choices, links
from dashboard.components import reach as parts
from dashboard.components.shell import city_map, header, page, theme
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.reach_address import SPEEDS
from dashboard.services import Services
from geo.catchments import BANDS_MIN, WALK_M_PER_MIN
from models.enums import StationTier

PATH = "/reach/"
URL = "url"
MAP, CRUMBS, LEGEND, FIT = "reach-map", "reach-crumbs", "reach-legend", "reach-fit"
FACILITY, TIERS, MINUTES, SPEED = "reach-facility", "reach-tiers", "reach-minutes", "reach-speed"
TIER_BOX = "reach-tier-box"
LEVEL = "reach-level"
WALK = "reach-walk"
"""The address without the what-if: tables and colours follow from it only when it changes."""
WHAT_IF, FIGURES = "reach-what-if", parts.FIGURES
AREAS, GAPS, SITES = "reach-areas", "reach-gaps", "reach-sites"
AREAS_NOTE, GAPS_NOTE = "reach-areas-note", "reach-gaps-note"
COUNT, FIND, FOUND = "reach-count", "reach-find", "reach-found"
"""``FOUND``: best sites as rows, kept in the browser."""
MOST_SITES = 20
FACILITY_LABELS = {"station": "党群服务阵地", "assist_point": "帮办代办点", "canteen": "社区食堂"}


def layout(services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    found = sources(services, auth.scope())
    crumbs = html.Nav(id=CRUMBS, className="crumbs", **{"aria-label": _("所在区域")})
    return page(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=FIT, data={"by": "load", "search": ""}),
            links.memory(),
            choices.memory(),
            dcc.Store(id=WALK),
            dcc.Store(id=FOUND, data=[]),
            header(PATH, [crumbs]),
            html.Main(
                [
                    html.Section(
                        [
                            city_map(MAP, found, colours, colors=parts.MAP_COLORS[colours.name]),
                            html.Div(id=LEGEND, className="legend-box"),
                            _bar(),
                        ],
                        className="stage cover-stage",
                    ),
                    html.Aside(
                        [
                            html.Section(id=WHAT_IF, className="panel", **{"aria-live": "polite"}),
                            html.Section(
                                [
                                    html.Div(
                                        [
                                            html.H2(_("各区域覆盖")),
                                            dmc.SegmentedControl(id=LEVEL, data=[], value="", size="xs"),
                                        ],
                                        className="panel-head",
                                    ),
                                    parts.table(AREAS, colours),
                                    html.P(_("正在建路网、测算步行范围……"), id=AREAS_NOTE, className="hint"),
                                ],
                                className="panel reach-table-panel",
                            ),
                            html.Section(
                                [
                                    html.Div(
                                        [
                                            html.H2(_("够不到的小区")),
                                            html.Span(id=GAPS_NOTE, className="as-of"),
                                        ],
                                        className="panel-head",
                                    ),
                                    parts.table(GAPS, colours),
                                ],
                                className="panel reach-table-panel",
                            ),
                            html.Section(
                                [_sites_head(), parts.table(SITES, colours)], className="panel reach-sites"
                            ),
                        ],
                        className="side reach-side",
                    ),
                ],
                className="reach",
            ),
        ],
        colours,
    )


def _bar() -> html.Div:
    def options(labels: dict[str, str]) -> list[dict[str, Any]]:
        return [{"value": value, "label": label} for value, label in labels.items()]

    return html.Div(
        [
            dmc.SegmentedControl(
                id=FACILITY,
                value="station",
                size="sm",
                data=options({key: _(label) for key, label in FACILITY_LABELS.items()}),
            ),
            dmc.SegmentedControl(
                id=MINUTES,
                value=f"{BANDS_MIN[-1]:g}",
                size="sm",
                data=options({f"{one:g}": _("{n} 分钟", n=f"{one:g}") for one in BANDS_MIN}),
            ),
            dmc.NumberInput(
                id=SPEED,
                value=WALK_M_PER_MIN,
                min=SPEEDS[0],
                max=SPEEDS[1],
                step=5,
                size="sm",
                w=130,
                suffix=_(" 米／分钟"),
                clampBehavior="strict",
                **{"aria-label": _("步行速度")},
            ),
            html.Div(
                dmc.ChipGroup(
                    [
                        dmc.Chip(_(one.label), value=one.value, size="xs", variant="light")
                        for one in StationTier
                    ],
                    id=TIERS,
                    multiple=True,
                    value=[one.value for one in StationTier],
                ),
                id=TIER_BOX,
                className="reach-tiers",
            ),
        ],
        className="overlay-bar",
    )


def _sites_head() -> html.Div:
    return html.Div(
        [
            html.H2(_("新设在哪里最好")),
            html.Div(
                [
                    html.Span(_("新设"), className="as-of"),
                    dmc.NumberInput(
                        id=COUNT,
                        value=5,
                        min=1,
                        max=MOST_SITES,
                        size="xs",
                        w=64,
                        **{"aria-label": _("新设几处")},
                    ),
                    html.Span(_("处"), className="as-of"),
                    dmc.Button(_("计算"), id=FIND, size="xs", variant="default"),
                ],
                className="reach-count",
            ),
        ],
        className="panel-head",
    )
