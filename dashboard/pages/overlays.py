"""叠加分析: claims, requests and ratings by any unit, in any period, with their intervals."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import choices, links
from dashboard.components.months import month_choice
from dashboard.components.overlays import table
from dashboard.components.rates import METRIC_LABELS
from dashboard.components.shell import city_map, header, page, theme
from dashboard.figures.coverage import empty
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.overlay_address import LEVELS
from dashboard.services import Services
from data.queries.records import Metric
from data.queries.three_rates import HEAVIEST
from data.units import Level

PATH = "/overlays/"
URL, FIT = "url", "over-fit"
MAP, CRUMBS, LEGEND, TABLE, NOTE, SCATTER = (
    "over-map",
    "over-crumbs",
    "over-legend",
    "over-table",
    "over-note",
    "over-scatter",
)
MODE, METRIC, LEVEL, SMOOTHING, BOUNDARIES, SCHEME, EDGES = (
    "over-mode",
    "over-metric",
    "over-level",
    "over-smoothing",
    "over-boundaries",
    "over-scheme",
    "over-edges",
)
AGAINST, SIDE, RESOLUTION, CELLS = "over-against", "over-side", "over-resolution", "over-cells"
"""``CELLS``: which cells the map draws, kept in the browser."""
AGAINST_BOX, RESOLUTION_BOX = "over-against-box", "over-resolution-box"
WEIGHTS = ("over-weight-response", "over-weight-resolution", "over-weight-satisfaction")
WEIGHTS_BOX, WEIGHTS_NOTE, WEIGHTS_SAVE = "over-weights-box", "over-weights-note", "over-weights-save"
STEP, SLIDER, PLAY, BEAT, WHEN = "over-step", "over-slider", "over-play", "over-beat", "over-when"
FIRST, LAST = "over-first", "over-last"
EXCEL, CSV, DOWNLOAD = "over-excel", "over-csv", "over-download"
BEAT_MS = 1600

MODE_LABELS = {"one": "一个时段", "change": "两期对比", "pair": "密度×满意率"}
LEVEL_LABELS = {
    Level.COUNTY: "县（市、区）",
    Level.SUBDISTRICT: "街道（乡镇）",
    Level.COMMUNITY: "社区",
    Level.COMPOUND: "小区",
    Level.GRID: "网格",
    Level.MICRO_GRID: "微网格",
    Level.CELL: "六边形",
}
SMOOTHING_LABELS = {"raw": "原值", "global": "向总体平滑", "local": "向邻近平滑"}
BOUNDARY_LABELS = {"today": "现在的边界", "then": "当时的边界"}
SCHEME_LABELS = {"quantiles": "分位数", "natural": "自然间断", "fixed": "固定界限"}
SIDE_LABELS = {"change": "变化", "was": "对照期", "now": "本期"}
RESOLUTION_LABELS = {"7": "大（约 5 平方公里）", "8": "中（约 0.7 平方公里）", "9": "小（约 0.1 平方公里）"}
STEP_LABELS = {"3": "按季度", "6": "按半年", "12": "按年"}


def layout(services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    crumbs = html.Nav(id=CRUMBS, className="crumbs", **{"aria-label": _("所在区域")})
    return page(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=FIT, data={"by": "load", "search": ""}),
            links.memory(),
            choices.memory(),
            dcc.Store(id=CELLS),
            dcc.Download(id=DOWNLOAD),
            dcc.Interval(id=BEAT, interval=BEAT_MS, disabled=True),
            header(PATH, [crumbs]),
            html.Main(
                [
                    html.Aside([_what(), _how()], className="side"),
                    html.Section(
                        [
                            city_map(MAP, sources(services, auth.scope()), colours),
                            html.Div(id=LEGEND, className="legend-box"),
                            _time(),
                        ],
                        className="stage cover-stage",
                    ),
                    html.Aside(
                        html.Section(
                            [
                                html.Div(
                                    [html.H2(_("排名与区间")), html.Span(id=NOTE, className="as-of")],
                                    className="panel-head",
                                ),
                                dcc.Graph(
                                    id=SCATTER,
                                    figure=empty(colours),
                                    config={"displayModeBar": False},
                                    className="over-scatter",
                                    style={"display": "none"},
                                ),
                                table(TABLE, colours),
                                html.Div(
                                    [
                                        dmc.Button("Excel", id=EXCEL, size="xs", variant="default"),
                                        dmc.Button("CSV", id=CSV, size="xs", variant="default"),
                                    ],
                                    className="over-files",
                                ),
                            ],
                            className="panel over-panel",
                        ),
                        className="side over-right",
                    ),
                ],
                className="overlays",
            ),
        ],
        colours,
    )


def _options(labels: dict[Any, str]) -> list[dict[str, str]]:
    return [{"value": str(value), "label": _(label)} for value, label in labels.items()]


def _segments(component_id: str, labels: dict[str, str], title: str) -> html.Div:
    first = next(iter(labels))
    control = dmc.SegmentedControl(
        id=component_id, data=_options(labels), value=first, size="xs", fullWidth=True
    )
    return html.Div([html.Label(title, className="align-label"), control])


def _what() -> html.Section:
    return html.Section(
        [
            html.Div(html.H2(_("看什么")), className="panel-head"),
            dmc.SegmentedControl(
                id=MODE, data=_options(MODE_LABELS), value="one", size="xs", fullWidth=True, mb=8
            ),
            dmc.Select(
                id=METRIC,
                label=_("指标"),
                data=_options(METRIC_LABELS),
                value=Metric.SATISFACTION.value,
                size="sm",
                allowDeselect=False,
            ),
            _weights(),
            dmc.Select(
                id=LEVEL,
                label=_("统计单元"),
                data=_options({one.value: LEVEL_LABELS[one] for one in LEVELS}),
                value=Level.COMMUNITY.value,
                size="sm",
                allowDeselect=False,
            ),
            html.Div(
                dmc.Select(
                    id=RESOLUTION,
                    label=_("六边形大小"),
                    data=_options(RESOLUTION_LABELS),
                    value="8",
                    size="sm",
                    allowDeselect=False,
                ),
                id=RESOLUTION_BOX,
            ),
            html.Div(
                [
                    dmc.Select(
                        id=AGAINST,
                        label=_("与哪一期对比"),
                        data=[],
                        value=None,
                        size="sm",
                        allowDeselect=False,
                    ),
                    dmc.SegmentedControl(
                        id=SIDE, data=_options(SIDE_LABELS), value="change", size="xs", fullWidth=True, mt=8
                    ),
                ],
                id=AGAINST_BOX,
            ),
        ],
        className="panel",
    )


def _weights() -> html.Div:
    """Return the weights of the three rates: for this view, or for the city."""
    return html.Div(
        [
            html.Div(
                [
                    dmc.NumberInput(
                        id=one,
                        label=label,
                        value=1,
                        min=0,
                        max=HEAVIEST,
                        decimalScale=2,
                        size="xs",
                        debounce=600,
                    )
                    for one, label in zip(WEIGHTS, (_("响应权重"), _("办结权重"), _("满意权重")), strict=True)
                ],
                className="over-weights",
            ),
            html.P(id=WEIGHTS_NOTE, className="hint"),
            dmc.Button(_("设为本市权重"), id=WEIGHTS_SAVE, size="xs", variant="default"),
        ],
        id=WEIGHTS_BOX,
        style={"display": "none"},
    )


def _how() -> html.Section:
    return html.Section(
        [
            html.Div(html.H2(_("怎么算")), className="panel-head"),
            _segments(SMOOTHING, SMOOTHING_LABELS, _("数值")),
            _segments(BOUNDARIES, BOUNDARY_LABELS, _("边界")),
            _segments(SCHEME, SCHEME_LABELS, _("分级")),
            dmc.TextInput(
                id=EDGES,
                label=_("分级界限，由小到大，逗号隔开"),
                placeholder="60,70,80,90",
                size="sm",
                debounce=600,
            ),
            html.P(
                _("分级按全部时段一起定，拖动时间时颜色可以互相比较。不足 10 条的比率画斜线、不排名。"),
                className="hint",
            ),
        ],
        className="panel over-how",
    )


def _time() -> html.Div:
    return html.Div(
        [
            dmc.Button("▶", id=PLAY, size="xs", variant="default", **{"aria-label": _("播放")}),
            dmc.SegmentedControl(id=STEP, data=_options(STEP_LABELS), value="3", size="xs"),
            dmc.Slider(id=SLIDER, min=0, max=1, step=1, value=0, label=None, w=280, size="sm"),
            month_choice(FIRST, LAST),
            html.Span(id=WHEN, className="over-when", role="status"),
        ],
        className="overlay-bar over-time",
    )
