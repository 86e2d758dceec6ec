"""微网格工作台: the list of micro-grids; the map to choose and draw on; figures, edits, publishing."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import choices, studio_compounds, studio_files, studio_stations
from dashboard.components import studio as parts
from dashboard.components.job_bar import job_bar
from dashboard.components.shell import header, page, theme
from dashboard.i18n import _, language
from dashboard.map import PingqiMap
from dashboard.services import Services
from dashboard.theme import Theme
from data import jobs

PATH = "/grids/"
URL, REFRESH, SEEN = "studio-url", "studio-refresh", "studio-seen"
"""`SEEN` is what the planner looks at: ``{"plan": id, "version": n}``."""
CHOSEN = "studio-chosen"
"""``{"cells": [position, …], "one": id of the micro-grid in hand, "view": {…} or None}``."""
COMPARE, OTHER, OTHER_MAP, COMPARED = "studio-compare", "studio-other", "studio-other-map", "studio-compared"
GROUP = "studio"
"""The maps of the page look at the same place."""
VISIBLE = ["water", "green", "road", "building", "community", "cell", "drawn", "grid", "label", "compound"]
WITH_STATIONS = [*VISIBLE, "point"]
"""With a draft: the points are then the stations of its community alone."""
AREA, PLAN, LEAST, MOST = "studio-area", "studio-plan", "studio-least", "studio-most"
OPEN, PROPOSE_NEW, PROPOSE_CITY, STATE = "studio-open", "studio-new", "studio-city", "studio-state"
JOB, JOB_TEXT, JOB_BAR, CANCEL, POLL = (
    "studio-job",
    "studio-job-text",
    "studio-job-bar",
    "studio-cancel",
    "studio-poll",
)
TABLE, TABS, BROKEN, CHECK, NEXT = (
    "studio-table",
    "studio-tabs",
    "studio-broken",
    "studio-check",
    "studio-next",
)
MAP, TOOL, LEGEND, MESSAGE = "studio-map", "studio-tool", "studio-legend", "studio-message"
TARGET, MOVE, MERGE, PARTS, SPLIT = (
    "studio-target",
    "studio-move",
    "studio-merge",
    "studio-parts",
    "studio-split",
)
ESTATE, ENCLOSE = "studio-estate", "studio-enclose"
LOCK, UNLOCK, LOCK_ALL, UNLOCK_ALL = (
    "studio-lock",
    "studio-unlock",
    "studio-lock-all",
    "studio-unlock-all",
)
NAME, RENAME, CODE, RECODE = "studio-name", "studio-rename", "studio-code", "studio-recode"
UNDO, REDO, CLEAR = "studio-undo", "studio-redo", "studio-clear"
AGAIN, AGAIN_COMPOUND, AGAIN_FREE = "studio-again", "studio-again-compound", "studio-again-free"
PUBLISH, DROP, DOWNLOAD = "studio-publish", "studio-drop", "studio-download"
EXPORTS = {"studio-gpkg": "gpkg", "studio-geojson": "geojson", "studio-xlsx": "xlsx"}
EDITS, ONE, FIGURES, FIGURE = "studio-edits", "studio-one", "studio-figures", "studio-figure"
OF_DRAFT = "studio-of-draft"
"""What can be done once a draft is open."""
HELP, SHEET = "studio-help", "studio-sheet"

TOOLS = {
    "choose": "点选",
    "box": "框选",
    "polygon": "圈选",
    "split": "画线切分",
    "take": "圈入当前",
    "drag": "拖动边界",
    studio_stations.TOOL: "挪阵地",
}
"""What the mouse does; all but the first draw, drag or put."""
STATIONS = studio_stations.TOOL
EDITING = {"split", "take", "drag"}
"""Tools that change the draft when something was drawn; the others choose."""
KEYS = (
    ("1 – 7", "点选、框选、圈选、画线切分、圈入当前、拖动边界、挪阵地"),
    ("M", "把所选楼栋划入目标微网格"),
    ("B", "把所选楼栋归入目标小区（试改小区边界）"),
    ("G", "合并所选楼栋所在的微网格（或列表中勾选的）"),
    ("S", "把当前微网格分成几份"),
    ("L / U", "锁定、解锁当前（或勾选的）微网格"),
    ("Z / Y", "撤销、重做（Ctrl+Z、Ctrl+Y 亦可）"),
    ("N", "下一个问题"),
    ("C", "检查规则"),
    ("R", "重新划分本社区"),
    ("Esc", "取消画线、清除所选"),
    ("Enter / Backspace", "画完、退回一个点"),
    ("?", "显示或关闭本表"),
)


def layout(_services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    if not auth.may_plan():
        text = html.P(_("微网格工作台需要网格规划员或管理员账号。"))
        return page([header(PATH), html.Main(text, className="import-empty")], colours)
    jobs.warm()
    stores = [
        dcc.Location(id=URL, refresh="callback-nav"),
        dcc.Store(id=REFRESH, data=0),
        choices.memory(),
        dcc.Store(id=SEEN),
        dcc.Store(id=CHOSEN, data={"cells": [], "one": None, "view": None}),
        dcc.Interval(id=POLL, interval=500, disabled=True),
        dcc.Download(id=DOWNLOAD),
    ]
    main = html.Main([_left(colours), _stage(colours), _right()], className="studio")
    return page([*stores, header(PATH), main, _sheet()], colours)


def _button(text: str, component_id: str, **more: Any) -> dmc.Button:
    return dmc.Button(text, id=component_id, **{"size": "compact-xs", "variant": "default", **more})


def _left(colours: Theme) -> html.Aside:
    def band(component_id: str, value: int, label: str) -> dmc.NumberInput:
        return dmc.NumberInput(
            id=component_id,
            value=value,
            min=1,
            max=999,
            size="xs",
            w=64,
            hideControls=True,
            **{"aria-label": label},
        )

    begin = html.Section(
        [
            dmc.Select(
                id=AREA,
                data=[],
                placeholder=_("选一个社区"),
                size="xs",
                searchable=True,
                allowDeselect=False,
                nothingFoundMessage=_("没有找到"),
                **{"aria-label": _("社区")},
            ),
            dmc.Select(
                id=PLAN,
                data=[],
                placeholder=_("还没有草稿"),
                size="xs",
                allowDeselect=False,
                **{"aria-label": _("草稿")},
            ),
            dmc.Select(
                id=COMPARE,
                data=[],
                placeholder=_("不对比"),
                size="xs",
                allowDeselect=False,
                **{"aria-label": _("对比")},
            ),
            html.Div(
                [
                    html.Span(_("每个微网格")),
                    band(LEAST, 30, _("最少户数")),
                    html.Span("–"),
                    band(MOST, 50, _("最多户数")),
                    html.Span(_("户")),
                ],
                className="studio-band",
            ),
            html.Div(
                [
                    _button(_("打开现行微网格"), OPEN),
                    _button(_("划分本社区"), PROPOSE_NEW, variant="filled"),
                    _button(_("划分全部社区"), PROPOSE_CITY),
                ],
                className="align-buttons",
            ),
            html.Div(id=STATE, className="as-of"),
        ],
        className="panel studio-begin",
    )
    job = job_bar(JOB, JOB_TEXT, JOB_BAR, CANCEL)
    tabs = dmc.Tabs(
        [
            dmc.TabsList(
                [
                    dmc.TabsTab(_("微网格"), value="list"),
                    dmc.TabsTab(_("检查"), value="broken", id="studio-tab-broken"),
                    studio_files.tab(),
                    html.Div(
                        [_button(_("检查规则"), CHECK), _button(_("下一个问题"), NEXT)],
                        className="studio-tab-tools",
                    ),
                ]
            ),
            dmc.TabsPanel(parts.table(TABLE, colours), value="list"),
            dmc.TabsPanel(parts.broken_table(BROKEN, colours), value="broken"),
            studio_files.panel(colours),
        ],
        id=TABS,
        value="list",
        keepMounted=True,
        className="studio-tabs",
    )
    return html.Aside(
        [begin, job, html.Section(tabs, className="panel studio-list")], className="studio-left"
    )


def _stage(colours: Theme) -> html.Div:
    tools = [{"value": value, "label": _(label)} for value, label in TOOLS.items()]
    first = html.Div(
        [
            plan_map(MAP, colours, sources=[]),
            html.Div(
                [
                    dmc.SegmentedControl(id=TOOL, data=tools, value="choose", size="xs"),
                    _button(_("撤销"), UNDO),
                    _button(_("重做"), REDO),
                    _button(_("清除所选"), CLEAR),
                    _button("?", HELP, **{"aria-label": _("键盘快捷键")}),
                ],
                className="overlay-bar",
            ),
            html.Div(id=MESSAGE, role="status", className="studio-message"),
            html.Div(parts.legend(), id=LEGEND, className="legend-box"),
        ],
        className="stage studio-stage",
    )
    second = html.Div(id=OTHER, className="stage studio-stage studio-other", **{"data-plan": ""})
    return html.Div(
        [first, second, html.Div(id=COMPARED, className="studio-compared")], className="studio-maps"
    )


def plan_map(component_id: str, colours: Theme, **more: Any) -> PingqiMap:
    """Return a map of a plan."""
    own = parts.MAP_COLORS
    if colours.name != "light":
        own = {name: colour for name, colour in own.items() if name != "building"} | {"service": "#ffffff"}
    return PingqiMap(
        id=component_id,
        theme=colours.name,
        colors=own,
        zooms={"label.grid": [15, 24], "grid": [12, 24], "building": [14.5, 24]},
        lang=language(),
        group=GROUP,
        attribution=_("审图要求以本地主管部门为准"),
        style={"height": "100%", "width": "100%"},
        **more,
    )


def _right() -> html.Aside:
    edits = html.Div(
        [
            html.Div(
                [
                    dmc.Select(
                        id=TARGET,
                        data=[],
                        placeholder=_("目标微网格"),
                        size="xs",
                        searchable=True,
                        style={"flex": 1},
                        **{"aria-label": _("目标微网格")},
                    ),
                    _button(_("划入"), MOVE, variant="filled"),
                ],
                className="studio-row",
            ),
            html.Div(
                [
                    dmc.Select(
                        id=ESTATE,
                        data=[],
                        placeholder=_("目标小区"),
                        size="xs",
                        searchable=True,
                        style={"flex": 1},
                        **{"aria-label": _("目标小区")},
                    ),
                    _button(_("归入小区"), ENCLOSE),
                ],
                className="studio-row",
            ),
            html.Div(
                [
                    _button(_("合并"), MERGE),
                    dmc.NumberInput(
                        id=PARTS, value=2, min=2, max=20, size="xs", w=52, **{"aria-label": _("份数")}
                    ),
                    _button(_("等分"), SPLIT),
                    _button(_("锁定"), LOCK),
                    _button(_("解锁"), UNLOCK),
                ],
                className="studio-row",
            ),
            html.Div(
                [_button(_("全部锁定"), LOCK_ALL), _button(_("全部解锁"), UNLOCK_ALL)], className="studio-row"
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id=NAME,
                        placeholder=_("名称"),
                        size="xs",
                        style={"flex": 1},
                        **{"aria-label": _("名称")},
                    ),
                    _button(_("改名"), RENAME),
                ],
                className="studio-row",
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id=CODE,
                        placeholder=_("编码"),
                        size="xs",
                        style={"flex": 1},
                        **{"aria-label": _("编码")},
                    ),
                    _button(_("改编码"), RECODE),
                ],
                className="studio-row",
            ),
        ],
        id=EDITS,
    )
    again = html.Div(
        [
            _button(_("重新划分本社区"), AGAIN),
            _button(_("只划所选小区"), AGAIN_COMPOUND),
            dmc.Checkbox(id=AGAIN_FREE, label=_("不管现有微网格"), size="xs"),
        ],
        className="studio-row",
    )
    end = html.Div(
        [
            _button(_("发布"), PUBLISH, variant="filled", size="xs"),
            _button(_("放弃草稿"), DROP, size="xs"),
            *[
                _button(text, component_id, variant="subtle", size="xs", px=6)
                for component_id, text in zip(EXPORTS, ("GeoPackage", "GeoJSON", "Excel"), strict=True)
            ],
        ],
        className="studio-row",
    )

    def section(title: str, *children: Any) -> html.Section:
        return html.Section([html.H2(title), *children], className="panel")

    of_draft = [
        studio_stations.section(),
        section(_("当前所选"), html.Div(id=ONE), edits),
        studio_compounds.section(),
        section(_("重新划分"), again),
        section(
            _("本社区"),
            html.Div(id=FIGURES),
            dcc.Graph(id=FIGURE, config={"displayModeBar": False}, className="studio-figure"),
        ),
        section(_("发布与导出"), end, studio_files.controls()),
    ]
    return html.Aside(
        [
            # a browser disables whatever stands in a fieldset
            html.Fieldset(of_draft, id=OF_DRAFT, disabled=True, className="studio-of-draft"),
            studio_files.all_drafts(),
        ],
        className="studio-right",
    )


def _sheet() -> dmc.Modal:
    rows = [html.Tr([html.Td(html.Kbd(key)), html.Td(_(text))]) for key, text in KEYS]
    return dmc.Modal(
        html.Table(html.Tbody(rows), className="studio-keys"),
        id=SHEET,
        title=_("键盘快捷键"),
        opened=False,
        size="md",
    )
