"""全市覆盖: for a leader. The map, every rate of every area in one table, and each rate in a small chart."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import choices, links
from dashboard.components import coverage as parts
from dashboard.components.months import month_choice
from dashboard.components.shell import city_map, header, page, theme
from dashboard.figures.coverage import empty
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.services import Services

PATH = "/coverage/"
URL = "url"
MAP = "cover-map"
CRUMBS = "cover-crumbs"
SHOW, LEVEL, PERIOD = "cover-show", "cover-level", "cover-period"
AGAINST, FIRST, LAST = "cover-against", "cover-first", "cover-last"
LEGEND, TABLE, NOTE, CHARTS = "cover-legend", "cover-table", "cover-note", "cover-charts"
EXCEL, CSV, DOWNLOAD = "cover-excel", "cover-csv", "cover-download"
REPORT_PDF, REPORT_XLSX = "cover-report-pdf", "cover-report-xlsx"
FIT = "cover-fit"
"""Whether the map itself made the last choice: what the reader looks at is not moved."""


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
            dcc.Download(id=DOWNLOAD),
            header(PATH, [crumbs]),
            html.Main(
                [
                    html.Section(
                        [
                            city_map(MAP, found, colours),
                            html.Div(
                                html.A(_("还没有数据，先导入"), href="/import/", className="button"),
                                className="empty",
                            )
                            if not found
                            else None,
                            html.Div(id=LEGEND, className="legend-box"),
                            html.Div(
                                dmc.Select(
                                    id=SHOW,
                                    data=[],
                                    size="sm",
                                    w=270,
                                    allowDeselect=False,
                                    **{"aria-label": _("地图显示的指标")},
                                ),
                                className="overlay-bar",
                            ),
                        ],
                        className="stage cover-stage",
                    ),
                    html.Section(
                        [
                            _bar(),
                            parts.table(TABLE, colours),
                            html.P(id=NOTE, className="hint"),
                        ],
                        className="panel cover-table-panel",
                    ),
                    html.Section(
                        dcc.Graph(
                            id=CHARTS,
                            figure=empty(colours),
                            config={"displayModeBar": False},
                            responsive=True,
                            className="cover-charts",
                        ),
                        className="panel cover-charts-panel",
                    ),
                ],
                className="cover",
            ),
        ],
        colours,
    )


def _bar() -> html.Div:
    return html.Div(
        [
            html.H2(_("各区域对比")),
            dmc.SegmentedControl(id=LEVEL, data=[], value="", size="xs"),
            _choice(PERIOD, 150, _("办理情况的时段")),
            month_choice(FIRST, LAST),
            html.Div(
                [html.Span(_("对比"), className="as-of"), _choice(AGAINST, 236, _("与哪一期对比"))],
                className="months cover-hint",
            ),
            dmc.Button("Excel", id=EXCEL, size="xs", variant="default"),
            dmc.Button("CSV", id=CSV, size="xs", variant="default"),
            dmc.Button(_("报告 PDF"), id=REPORT_PDF, size="xs", variant="default"),
            dmc.Button(_("报告 Excel"), id=REPORT_XLSX, size="xs", variant="default"),
        ],
        className="cover-bar",
    )


def _choice(component_id: str, width: int, title: str) -> dmc.Select:
    return dmc.Select(
        id=component_id, data=[], size="xs", w=width, allowDeselect=False, **{"aria-label": title}
    )
