"""拉平对齐: communities and options; the map before and after; what changes, what was refused, versions."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth
from dashboard.components import alignment_tables as tables
from dashboard.components import choices
from dashboard.components.job_bar import job_bar
from dashboard.components.shell import header, page, theme
from dashboard.i18n import _, language
from dashboard.map import PingqiMap
from dashboard.services import Services
from dashboard.theme import Theme
from data import jobs
from models.enums import CompoundKind

PATH = "/align/"
URL = "align-url"
REFRESH = "align-refresh"
CHOSEN = "align-chosen"
"""What is shown in detail: ``{"kind": "move" | "finding" | "refusal" | "compound" | "grid", "id": …}``."""
SIDES = "align-sides"
"""Sources of the map before and after."""
TICK, BLINKING = "align-tick", "align-blinking"

COMMUNITIES = "align-communities"
QUICK = "align-quick"
CHECK, PICK, PICKED = "align-check", "align-pick", "align-picked"
TOLERANCE, LEAD, WIDE, FROZEN = "align-tolerance", "align-lead", "align-wide", "align-frozen"
WARNING = "align-warning"
RUN = "align-run"
JOB, JOB_TEXT, JOB_BAR, CANCEL, POLL = (
    "align-job",
    "align-job-text",
    "align-job-bar",
    "align-cancel",
    "align-poll",
)
MESSAGE = "align-message"

PLAN, AREA = "align-plan", "align-area"
SIDE, BLINK, LAYERS, COMPARE = "align-side", "align-blink", "align-layers", "align-compare"
MAP, LEGEND, DETAIL, CLOSE = "align-map", "align-legend", "align-detail", "align-close"
PUBLISH, DROP, EXPORT_GPKG, EXPORT_XLSX, AGAIN = (
    "align-publish",
    "align-drop",
    "align-export-gpkg",
    "align-export-xlsx",
    "align-again",
)
DOWNLOAD = "align-download"
PLAN_BAR, PLAN_STATE = "align-plan-bar", "align-plan-state"

TABS = "align-tabs"
FINDINGS, MOVES, REFUSALS, RELATIONS, VERSIONS, SUMMARY = (
    "align-findings",
    "align-moves",
    "align-refusals",
    "align-relations",
    "align-versions",
    "align-summary",
)
FIGURE = "align-figure"
MAKE_STRUCTURE, STRUCTURE_STATE = "align-make-structure", "align-structure-state"
STRUCTURES, STRUCTURE_PLAN, STRUCTURE_TOOLS = (
    "align-structures",
    "align-structure-plan",
    "align-structure-tools",
)
REFUSE_LINES, ACCEPT_LINES, PUBLISH_STRUCTURE, DROP_STRUCTURE = (
    "align-refuse-lines",
    "align-accept-lines",
    "align-publish-structure",
    "align-drop-structure",
)
REFUSE, ACCEPT, LEAVE_OUT, TAKE_IN = "align-refuse", "align-accept", "align-leave-out", "align-take-in"
DECISIONS = "align-decisions"
WHOLE = "align-restore-whole"
TAB_LABELS = {
    "findings": "问题",
    "moves": "变更",
    "refusals": "未能拉平",
    "relations": "小区与网格",
    "structures": "组织架构",
    "versions": "版本",
    "summary": "统计",
}
LEAD_LABELS = {"neither": "互不让", "compound": "小区为准", "grid": "网格为准"}
WIDE_LABELS = {"refuse": "留给我定", "longest-border": "按最长边界"}
LAYER_LABELS = {"compound": "小区", "grid": "网格", "micro_grid": "微网格"}

GAINED, LOST, FOCUS = "#2166ac", "#d95f02", "#111111"
"""Blue and orange: told apart by every kind of colour-blindness."""
MAP_COLORS = {
    "service": GAINED,
    "draft": LOST,
    "selected": FOCUS,
    "related": "#0b7285",
    "compound": "#3d4a5c",
    "area": "#e8e2d4",
    "grid": "#8e24aa",
    "micro_grid": "#0a8676",
}


def layout(_services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    if not auth.may_plan():
        return page(
            [
                header(PATH),
                html.Main(html.P(_("拉平对齐需要网格规划员或管理员账号。")), className="import-empty"),
            ],
            colours,
        )
    jobs.warm()
    return page(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=REFRESH, data=0),
            choices.memory(),
            dcc.Store(id=CHOSEN),
            dcc.Store(id=SIDES),
            dcc.Store(id=BLINKING, data=False),
            dcc.Interval(id=POLL, interval=500, disabled=True),
            dcc.Interval(id=TICK, interval=900, disabled=True),
            dcc.Download(id=DOWNLOAD),
            header(PATH),
            html.Main(
                [
                    html.Aside(
                        [_communities(colours), _options(), job_bar(JOB, JOB_TEXT, JOB_BAR, CANCEL)],
                        className="align-side",
                    ),
                    html.Section(
                        [_bar(), _stage(colours), _tables(colours)],
                        className="align-main",
                    ),
                ],
                className="align",
            ),
        ],
        colours,
    )


def _communities(colours: Theme) -> html.Section:
    return html.Section(
        [
            html.Div(
                [html.H2(_("社区")), html.Span(id=PICKED, className="as-of", role="status")],
                className="panel-head",
            ),
            dmc.TextInput(id=QUICK, placeholder=_("筛选社区、街道、县区"), size="xs", debounce=150),
            tables.communities(COMMUNITIES, colours),
            html.Div(
                [
                    dmc.Button(_("检查所选"), id=CHECK, size="xs", variant="default"),
                    dmc.Button(_("选中有问题的"), id=PICK, size="xs", variant="default"),
                ],
                className="align-buttons",
            ),
        ],
        className="panel align-communities-panel",
    )


def _options() -> html.Section:
    def segmented(component_id: str, labels: dict[str, str], value: str, label: str) -> html.Div:
        data = [{"value": key, "label": _(text)} for key, text in labels.items()]
        control = dmc.SegmentedControl(id=component_id, data=data, value=value, size="xs", fullWidth=True)
        return html.Div([html.Label(label, className="align-label"), control])

    return html.Section(
        [
            html.Div(html.H2(_("拉平设置")), className="panel-head"),
            dmc.NumberInput(
                id=TOLERANCE,
                label=_("容差（米）：边界最多移动这么远"),
                value=5,
                min=0.5,
                max=50,
                step=0.5,
                size="xs",
            ),
            html.Div(id=WARNING, role="status"),
            segmented(LEAD, LEAD_LABELS, "neither", _("以谁为准")),
            segmented(WIDE, WIDE_LABELS, "refuse", _("宽于容差的争议地块")),
            dmc.MultiSelect(
                id=FROZEN,
                label=_("边界不动的小区类型"),
                placeholder=_("无"),
                data=[{"value": one.value, "label": _(one.label)} for one in CompoundKind],
                value=[],
                size="xs",
                clearable=True,
            ),
            dmc.Button(_("开始拉平"), id=RUN, size="sm", fullWidth=True, mt=8),
        ],
        className="panel align-options",
    )


def _bar() -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id=PLAN,
                data=[],
                placeholder=_("还没有方案"),
                size="xs",
                w=330,
                searchable=True,
                allowDeselect=True,
                clearable=True,
                **{"aria-label": _("方案")},
            ),
            dmc.Select(
                id=AREA,
                data=[],
                placeholder=_("选一个社区"),
                size="xs",
                w=190,
                searchable=True,
                allowDeselect=False,
                **{"aria-label": _("查看的社区")},
            ),
            html.Span(id=PLAN_STATE, className="as-of"),
            html.Div(
                [
                    dmc.Button(_("发布"), id=PUBLISH, size="xs"),
                    dmc.Button(_("按最新边界重算"), id=AGAIN, size="xs", variant="default"),
                    dmc.Button(_("放弃"), id=DROP, size="xs", variant="default"),
                    dmc.Button("GeoPackage", id=EXPORT_GPKG, size="xs", variant="subtle"),
                    dmc.Button("Excel", id=EXPORT_XLSX, size="xs", variant="subtle"),
                ],
                id=PLAN_BAR,
                className="align-plan-bar",
                style={"display": "none"},
            ),
        ],
        className="align-bar panel",
    )


def _stage(colours: Theme) -> html.Div:
    sides = [{"value": "before", "label": _("拉平前")}, {"value": "after", "label": _("拉平后")}]
    return html.Div(
        [
            PingqiMap(
                id=MAP,
                sources=[],
                theme=colours.name,
                colors=MAP_COLORS if colours.name == "light" else MAP_COLORS | {"selected": "#ffffff"},
                zooms={name: [9, 24] for name in ("compound", "grid", "micro_grid")},
                lang=language(),
                attribution=_("审图要求以本地主管部门为准"),
                style={"height": "100%", "width": "100%"},
            ),
            html.Div(
                [
                    html.Div(
                        [
                            dmc.SegmentedControl(id=SIDE, data=sides, value="after", size="xs"),
                            dmc.Button(_("闪烁对比 B"), id=BLINK, size="xs", variant="default"),
                        ],
                        id=COMPARE,
                        className="align-compare",
                        style={"display": "none"},
                    ),
                    dmc.ChipGroup(
                        [
                            dmc.Chip(_(label), value=value, size="xs", variant="light")
                            for value, label in LAYER_LABELS.items()
                        ],
                        id=LAYERS,
                        multiple=True,
                        value=["compound", "grid"],
                    ),
                ],
                className="overlay-bar align-map-bar",
            ),
            html.Div(id=LEGEND, className="legend-box"),
            html.Div(
                [
                    html.Button("×", id=CLOSE, className="close", **{"aria-label": _("关闭")}),
                    html.Div(id=DETAIL),
                ],
                id="align-detail-box",
                className="panel align-detail",
                style={"display": "none"},
            ),
        ],
        className="stage align-stage",
    )


def _tables(colours: Theme) -> html.Section:
    def panel(name: str, *children: object) -> dmc.TabsPanel:
        return dmc.TabsPanel(html.Div(list(children), className="align-tab"), value=name)

    decisions = html.Div(
        [
            dmc.Button(_("不采纳所选"), id=REFUSE, size="xs", variant="default"),
            dmc.Button(_("重新采纳所选"), id=ACCEPT, size="xs", variant="default"),
            dmc.Button(_("本社区全部不采纳"), id=LEAVE_OUT, size="xs", variant="default"),
            dmc.Button(_("本社区全部采纳"), id=TAKE_IN, size="xs", variant="default"),
        ],
        id=DECISIONS,
        className="align-buttons",
        style={"display": "none"},
    )
    return html.Section(
        [
            html.Div(id=MESSAGE, role="status", className="align-message"),
            dmc.Tabs(
                [
                    dmc.TabsList(
                        [
                            dmc.TabsTab(_(label), value=name, id=f"align-tab-{name}")
                            for name, label in TAB_LABELS.items()
                        ]
                    ),
                    panel("findings", tables.findings(FINDINGS, colours)),
                    panel("moves", decisions, tables.moves(MOVES, colours)),
                    panel("refusals", tables.refusals(REFUSALS, colours)),
                    panel("relations", _structure_maker(), tables.relations(RELATIONS, colours)),
                    panel("structures", _structure_tools(), tables.structures(STRUCTURES, colours)),
                    panel(
                        "versions",
                        dmc.Checkbox(id=WHOLE, label=_("方案涉及的全部社区一起恢复"), size="xs"),
                        html.Div(id=VERSIONS, className="align-versions"),
                    ),
                    panel(
                        "summary",
                        html.Div(
                            [
                                dcc.Graph(
                                    id=FIGURE, config={"displayModeBar": False}, className="align-figure"
                                ),
                                tables.summary(SUMMARY, colours),
                            ],
                            className="align-summary",
                        ),
                    ),
                ],
                id=TABS,
                value="findings",
                keepMounted=True,
                className="align-tabs",
            ),
        ],
        className="panel align-tables",
    )


def _structure_maker() -> html.Div:
    return html.Div(
        [
            dmc.Button(_("按建议调整组织架构"), id=MAKE_STRUCTURE, size="xs", disabled=True),
            html.Span(id=STRUCTURE_STATE, className="as-of", role="status"),
        ],
        className="align-buttons align-structure",
    )


def _structure_tools() -> html.Div:
    return html.Div(
        [
            dmc.Select(
                id=STRUCTURE_PLAN,
                data=[],
                placeholder=_("还没有组织架构方案"),
                size="xs",
                w=360,
                searchable=True,
                allowDeselect=False,
                **{"aria-label": _("组织架构方案")},
            ),
            html.Div(
                [
                    dmc.Button(_("不采纳所选"), id=REFUSE_LINES, size="xs", variant="default"),
                    dmc.Button(_("重新采纳所选"), id=ACCEPT_LINES, size="xs", variant="default"),
                    dmc.Button(_("发布组织架构"), id=PUBLISH_STRUCTURE, size="xs"),
                    dmc.Button(_("放弃"), id=DROP_STRUCTURE, size="xs", variant="default"),
                ],
                id=STRUCTURE_TOOLS,
                className="align-buttons",
                style={"display": "none"},
            ),
        ],
        className="align-buttons align-structure",
    )
