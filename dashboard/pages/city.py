"""全市一张图: tree and layers on the left, the map in the middle, figures and details on the right."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import choices, links
from dashboard.components.legend import MEASURE_LABELS, UNIT_LABELS
from dashboard.components.shell import city_map, header, page, theme
from dashboard.i18n import _
from dashboard.map_sources import sources
from dashboard.services import Services
from dashboard.view import ALL_KINDS, KINDS, MEASURES, OPTIONAL_LAYERS, UNCLASSIFIED, UNITS, USUAL_LAYERS
from data.units import Level
from models.enums import CompoundKind, StationTier

URL = "url"
MAP = "city-map"
TREE = "city-tree"
CRUMBS = "city-crumbs"
SEARCH = "city-search"
FOUND = "city-found"
SHOW = "city-show"
UNIT = "city-unit"
WINDOW = "city-window"
KINDS_SHOWN = "city-kinds"
LAYERS_SHOWN = "city-layers"
FIGURES = "city-figures"
AS_OF = "city-as-of"
DETAIL = "city-detail"
CLOSE = "city-close"
LEGEND = "city-legend"
RANKING = "city-ranking"
RANKING_TABLE = "city-ranking-table"
FIT = "city-fit"
"""Who made the last change (``by``; what the map itself chose stays where it is), to which URL, and how many
choices there were."""

LAYER_LABELS = {
    "station.subdistrict": StationTier.SUBDISTRICT.label,
    "station.community": StationTier.COMMUNITY.label,
    "station.micro": StationTier.MICRO.label,
    "assist_point": "帮办代办点",
    "canteen": "社区食堂",
    "grid": "网格",
    "micro_grid": "微网格",
    "building": "楼栋",
}


def layout(services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    found = sources(services, auth.scope())
    return page(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=FOUND),
            dcc.Store(id=FIT, data={"by": "load", "search": "", "choices": 0}),
            links.memory(),
            choices.memory(),
            header(
                "/", [html.Nav(id=CRUMBS, className="crumbs", **{"aria-label": _("所在区域")}), _search_box()]
            ),
            html.Main(
                [
                    html.Aside([_tree_panel(), _layer_panel()], className="side side-left"),
                    html.Section(
                        [
                            city_map(MAP, found, colours),
                            _empty() if not found else None,
                            html.Div(id=LEGEND, className="legend-box"),
                            _overlay_bar(),
                        ],
                        className="stage",
                    ),
                    html.Aside(
                        [
                            html.Div(id=DETAIL),
                            html.Section(
                                [
                                    html.Div(
                                        [html.H2(_("覆盖情况")), html.Span(id=AS_OF, className="as-of")],
                                        className="panel-head",
                                    ),
                                    html.Div(id=FIGURES, className="kpis"),
                                ],
                                className="panel",
                            ),
                            html.Div(id=RANKING, className="ranking-slot"),
                        ],
                        className="side side-right",
                    ),
                ],
                className="city",
            ),
        ],
        colours,
    )


def _empty() -> html.Div:
    return html.Div(
        [html.P(_("还没有数据。")), html.A(_("导入小区、网格等数据"), href="/import/", className="button")],
        className="empty",
    )


def _search_box() -> dmc.Select:
    return dmc.Select(
        id=SEARCH,
        placeholder=_("搜索名称、编码或拼音首字母"),
        searchable=True,
        clearable=True,
        value=None,  # known from the start: where it turns out empty later, the words typed are lost
        allowDeselect=False,  # Enter twice on a hit is no change of mind
        data=[],
        nothingFoundMessage=_("没有找到"),
        limit=40,
        maxDropdownHeight=420,
        w=280,
        size="sm",
        **{"aria-label": _("搜索")},
        filter={"function": "pingqiShowAll"},
    )


def _tree_panel() -> html.Section:
    return html.Section(
        [
            html.Div(html.H2(_("组织体系")), className="panel-head"),
            dmc.ScrollArea(
                dmc.Tree(
                    id=TREE,
                    data=[],
                    expanded=[],
                    selected=[],
                    expandOnClick=False,
                    selectOnClick=True,
                    levelOffset=16,
                    renderNode={"function": "pingqiTreeNode"},
                ),
                type="auto",
                className="tree-scroll",
                offsetScrollbars=True,
            ),
        ],
        className="panel tree-panel",
    )


def _layer_panel() -> html.Section:
    kinds = [(kind.value, _(kind.label)) for kind in CompoundKind] + [(UNCLASSIFIED, _("未分类"))]
    return html.Section(
        [
            html.Div(html.H2(_("小区类型")), className="panel-head"),
            dmc.ChipGroup(
                [dmc.Chip(label, value=value, size="xs", variant="light") for value, label in kinds],
                id=KINDS_SHOWN,
                multiple=True,
                value=list(ALL_KINDS),
            ),
            html.Div(html.H2(_("图层")), className="panel-head"),
            dmc.ChipGroup(
                [
                    dmc.Chip(_(LAYER_LABELS[value]), value=value, size="xs", variant="light")
                    for value in OPTIONAL_LAYERS
                ],
                id=LAYERS_SHOWN,
                multiple=True,
                value=list(USUAL_LAYERS),
            ),
            html.P(_("网格、微网格、楼栋和微站放大后显示。"), className="hint"),
        ],
        className="panel layer-panel",
    )


def _overlay_bar() -> html.Div:
    shows = [(KINDS, _("小区类型")), *((measure.value, _(MEASURE_LABELS[measure])) for measure in MEASURES)]
    return html.Div(
        [
            dmc.SegmentedControl(
                id=SHOW,
                value=KINDS,
                size="sm",
                data=[{"value": value, "label": label} for value, label in shows],
            ),
            dmc.Select(
                id=UNIT,
                value=Level.COMPOUND.value,
                data=[{"value": unit.value, "label": _(UNIT_LABELS[unit])} for unit in UNITS],
                size="sm",
                w=130,
                allowDeselect=False,
                **{"aria-label": _("统计单元")},
            ),
            dmc.MonthPickerInput(
                id=WINDOW,
                type="range",
                size="sm",
                w=200,
                valueFormat="YYYY.MM",
                monthsListFormat=_("M月"),
                clearable=False,
                placeholder=_("全部时间"),
                **{"aria-label": _("统计时间")},
            ),
        ],
        className="overlay-bar",
    )
