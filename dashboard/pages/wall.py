"""大屏: the city without controls; figures on the left, the map in the middle, rankings on the right."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.shell import page
from dashboard.i18n import _, language
from dashboard.map import PingqiMap
from dashboard.services import Services
from dashboard.theme import DARK

URL = "url"
MAP = "wall-map"
TICK = "wall-tick"
ASKED = "wall-asked"
"""What the browser wants to see: ``{number, turn, index, width, height, sources}``."""
SHOWN = "wall-shown"
"""What the server answered: ``{number, turn, index, seconds, turning, revision, sources}``."""
CLOCK = "wall-clock"
TODAY = "wall-today"
LOST = "wall-lost"
PATH = "wall-path"
PLACE = "wall-place"
VIEW_NAME = "wall-view-name"
STEPS = "wall-steps"
AS_OF = "wall-as-of"
FIGURES = "wall-figures"
CHART = "wall-chart"
LEGEND = "wall-legend"
RANKING = "wall-ranking"
PROBLEM = "wall-problem"

BEAT_MS = 1000


def layout(_services: Services) -> dmc.MantineProvider:
    """Return the page, always dark and still empty: the browser asks for the first view itself."""
    return page(
        [
            dcc.Location(id=URL, refresh=False),
            dcc.Interval(id=TICK, interval=BEAT_MS),
            dcc.Store(id=ASKED),
            dcc.Store(id=SHOWN),
            html.Div(
                [
                    _bar(),
                    html.Main(
                        [
                            html.Section(
                                [
                                    html.Div(id=FIGURES, className="wall-cards"),
                                    html.Section(id=CHART, className="wall-panel wall-chart-panel"),
                                ],
                                className="wall-left",
                            ),
                            html.Section(
                                [
                                    PingqiMap(
                                        id=MAP,
                                        theme=DARK.name,
                                        lang=language(),
                                        interactive=False,
                                        attribution=_("审图要求以本地主管部门为准"),
                                        className="wall-map",
                                    ),
                                    html.Div(id=LEGEND, className="wall-legend"),
                                ],
                                className="wall-middle",
                            ),
                            html.Section(id=RANKING, className="wall-right"),
                        ],
                        className="wall-body",
                    ),
                    html.P(id=PROBLEM, className="wall-problem", role="alert"),
                ],
                className="wall",
            ),
        ],
        DARK,
    )


def _bar() -> html.Header:
    return html.Header(
        [
            html.Div(
                [html.Span(_("平齐"), className="wall-brand"), html.H1(id=PLACE), html.Span(id=PATH)],
                className="wall-where-now",
            ),
            html.Div(
                [html.H2(id=VIEW_NAME), html.Div(id=STEPS, className="wall-steps")], className="wall-now"
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Span(id=TODAY),
                            html.Span(id=AS_OF),
                            html.Span(_("连接中断，正在重试"), id=LOST, role="status", hidden=True),
                        ],
                        className="wall-dates",
                    ),
                    html.Time(id=CLOCK),
                ],
                className="wall-time",
            ),
        ],
        className="wall-bar",
    )
