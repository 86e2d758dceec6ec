"""数据导入: a file, its preview, the report, the confirmation; and the drafts that wait to be published."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import dcc, html

from dashboard import auth, uploads
from dashboard.components.import_report import CLASS, ENCODINGS
from dashboard.components.job_bar import job_bar
from dashboard.components.shell import header, page, theme
from dashboard.components.tables import grid
from dashboard.i18n import _, language
from dashboard.map import PingqiMap
from dashboard.map_sources import sources
from dashboard.services import Services
from dashboard.theme import Theme
from data import siting
from data.imports import TARGETS
from data.readers import ACCEPTED, Limits
from models.enums import Datum

URL = "import-url"
BODY = "import-body"
STEPPER = "import-stepper"
TARGET = "import-target"
LAYER = "import-layer"
ENCODING = "import-encoding"
HEADER_ROW = "import-header-row"
DATUM = "import-datum"
CRS = "import-crs"
WHERE = "import-where"
CITY_NAME = "import-city-name"
CITY_CODE = "import-city-code"
SWITCHES = "import-switches"
CONSTANT_FIELD = "import-constant-field"
CONSTANT_VALUE = "import-constant-value"
CHECK = "import-check"
CONFIRM = "import-confirm"
GIVE_UP = "import-give-up"
FACTS = "import-found"
MAPPING = "import-mapping"
MAPPED = "import-mapped"
"""What the mapping on the page belongs to: target, layer, header row and encoding."""
MAP = "import-map"
RESULT = "import-result"
PROBLEMS = "import-problems"
DOWNLOAD_PROBLEMS = "import-download-problems"
DOWNLOAD = "import-download"
MESSAGE = "import-message"
TASK, CHECKED, STORED = "import-task", "import-checked", "import-stored"
"""The job that runs, kept over a reload; the job that checked the file, or stored it, once it is over."""
JOB, JOB_TEXT, JOB_BAR, CANCEL, POLL = (
    "import-job",
    "import-job-text",
    "import-job-bar",
    "import-cancel",
    "import-poll",
)
PLANS = "import-plans"
PLANS_PANEL = "import-plans-panel"
PLANS_CHANGED = "import-plans-changed"
LEDGER_BOX = "import-ledger-box"
LEDGER = "import-ledger"
CHOSEN_PLAN = "import-chosen-plan"
PUBLISH = "import-publish"
DROP = "import-drop-plan"

SWITCH_LABELS = {
    "good_rows_only": "只导入没有错误的行",
    "repair": "修复可修的自相交图形（逐一报告）",
    "complete": "文件是该图层的全部（未列入的停用）",
    "swap_axes": "交换两轴",
    "again": "同一文件再次追加",
}


def layout(_services: Services) -> dmc.MantineProvider:
    """Return the page for whoever is signed in."""
    colours = theme()
    if not auth.may_plan():
        return page(
            [
                header(uploads.PAGE),
                html.Main(html.P(_("导入数据需要网格规划员或管理员账号。")), className="import-empty"),
            ],
            colours,
        )
    return page(
        [
            dcc.Location(id=URL, refresh="callback-nav"),
            dcc.Store(id=MAPPED),
            dcc.Store(id=PLANS_CHANGED, data=0),
            dcc.Store(id=CHOSEN_PLAN),
            dcc.Download(id=DOWNLOAD),
            header(uploads.PAGE),
            html.Main([_steps(), html.Div(id=BODY), _plans(colours)], className="import-page"),
        ],
        colours,
    )


def _steps() -> dmc.Stepper:
    steps = [
        ("选择文件", "任意常用格式"),
        ("核对预览", "编码、坐标、字段"),
        ("查看报告", "逐条列出问题"),
        ("确认导入", "全部或不导入"),
    ]
    return dmc.Stepper(
        [dmc.StepperStep(label=_(label), description=_(text)) for label, text in steps],
        id=STEPPER,
        active=0,
        size="sm",
        allowNextStepsSelect=False,
        className="import-steps",
    )


def upload_box() -> html.Section:
    """Return the box that takes files; ``assets/imports.js`` moves it."""
    limit = Limits().file_bytes
    return html.Section(
        [
            html.Div(
                [
                    html.Div(_("把文件拖到这里，或点击选择"), className="import-drop-title"),
                    html.Div(
                        _("GeoPackage、GeoJSON、Shapefile（zip 或选中各部分）、KML、DXF、CSV、Excel、OSM"),
                        className="hint",
                    ),
                    html.Div(
                        _("不超过 {n} MB。姓名、电话、证件号等个人信息列不会导入。", n=limit // 2**20),
                        className="hint",
                    ),
                    html.Div(className="import-drop-state", role="status"),
                ],
                id="import-drop",
                className="import-drop",
                tabIndex="0",
                role="button",
                **{
                    "data-url": "/upload",
                    "data-bytes": str(limit),
                    "data-accept": ",".join((*ACCEPTED, *uploads.COMPANIONS)),
                    "data-sending": _("正在上传"),
                    "data-failed": _("上传没有完成，请再试一次。"),
                    "data-large": _("文件太大，请拆分后分批导入。"),
                },
            )
        ],
        className="panel",
    )


def review(services: Services, file_name: str) -> html.Div:
    """Return the settings, the preview and the report of a file under review."""
    colours = theme()
    with services.store.reading() as session:
        has_areas = not siting.areas(session).empty
    return html.Div(
        [
            dcc.Store(id=TASK, storage_type="session"),
            dcc.Store(id=CHECKED),
            dcc.Store(id=STORED),
            dcc.Interval(id=POLL, interval=500, disabled=True),
            html.Aside([_settings(file_name, has_areas=has_areas)], className="import-side"),
            html.Div(
                [
                    job_bar(JOB, JOB_TEXT, JOB_BAR, CANCEL),
                    html.Div(
                        [
                            html.Section(
                                [
                                    html.Div(
                                        [
                                            html.H2(_("读取结果")),
                                            html.Span(_("可改动字段对应后重新检查"), className="as-of"),
                                        ],
                                        className="panel-head",
                                    ),
                                    html.Div(id=FACTS),
                                    html.Div(id=MAPPING),
                                ],
                                className="panel import-reading",
                            ),
                            html.Section(
                                PingqiMap(
                                    id=MAP,
                                    sources=sources(services, auth.scope()),
                                    theme=colours.name,
                                    lang=language(),
                                    style={"height": "100%", "width": "100%"},
                                ),
                                className="panel import-map-panel",
                            ),
                        ],
                        className="import-top",
                    ),
                    html.Section(
                        html.Div(_("正在读取并检查……"), className="import-waiting"),
                        id=RESULT,
                        className="panel import-report",
                    ),
                ],
                className="import-main",
            ),
        ],
        className="import-review",
    )


def _settings(file_name: str, *, has_areas: bool) -> html.Section:
    nullable = {"clearable": True, "size": "sm"}
    return html.Section(
        [
            html.Div(
                [
                    html.H2(_("导入设置")),
                    html.Span(file_name, className="as-of import-file", title=file_name),
                ],
                className="panel-head",
            ),
            dmc.Select(
                id=TARGET,
                label=_("导入为"),
                value="compound",
                data=[{"value": one.name, "label": _(one.label)} for one in TARGETS.values()],
                allowDeselect=False,
                searchable=True,
                size="sm",
            ),
            dmc.Select(id=LAYER, label=_("图层或工作表"), placeholder=_("自动"), data=[], **nullable),
            dmc.TextInput(
                id=WHERE,
                label=_("只导入这些行"),
                placeholder=_("列=值1,值2（如 fclass=residential）"),
                size="sm",
                debounce=True,
            ),
            html.Div(
                [
                    dmc.Select(
                        id=ENCODING,
                        label=_("文字编码"),
                        placeholder=_("自动"),
                        data=list(ENCODINGS),
                        **nullable,
                    ),
                    dmc.NumberInput(
                        id=HEADER_ROW, label=_("表头所在行"), placeholder=_("自动"), min=1, size="sm"
                    ),
                ],
                className="import-pair",
            ),
            html.Div(
                [
                    dmc.Select(
                        id=DATUM,
                        label=_("坐标基准"),
                        placeholder=_("自动"),
                        data=[{"value": one.value, "label": _(one.label)} for one in Datum],
                        **nullable,
                    ),
                    dmc.TextInput(
                        id=CRS,
                        label=_("坐标系"),
                        placeholder=_("自动，如 EPSG:4549"),
                        size="sm",
                        debounce=True,
                    ),
                ],
                className="import-pair",
            ),
            html.Div(
                [
                    dmc.Select(
                        id=CONSTANT_FIELD, label=_("统一填写字段"), placeholder=_("无"), data=[], **nullable
                    ),
                    dmc.TextInput(id=CONSTANT_VALUE, label=_("统一的值"), size="sm", debounce=True),
                ],
                className="import-pair",
            ),
            html.Div(
                [
                    dmc.TextInput(
                        id=CITY_NAME, label=_("城市名称"), placeholder="杭州市", size="sm", debounce=True
                    ),
                    dmc.TextInput(
                        id=CITY_CODE,
                        label=_("城市代码（六位）"),
                        placeholder="330100",
                        size="sm",
                        debounce=True,
                    ),
                ],
                className="import-pair",
                style={"display": "none"} if has_areas else {},
            ),
            dmc.CheckboxGroup(
                [
                    dmc.Checkbox(label=_(label), value=value, size="xs")
                    for value, label in SWITCH_LABELS.items()
                ],
                id=SWITCHES,
                value=[],
                className="import-switches",
            ),
            html.Div(
                [
                    dmc.Button(_("重新检查"), id=CHECK, variant="default", size="sm"),
                    dmc.Button(_("确认导入"), id=CONFIRM, disabled=True, size="sm"),
                    dmc.Button(_("换一个文件"), id=GIVE_UP, variant="subtle", color="gray", size="sm"),
                ],
                className="import-buttons",
            ),
            html.Div(id=MESSAGE, role="status"),
        ],
        className="panel import-settings",
    )


def _plans(colours: Theme) -> html.Section:
    columns = [
        {"field": "id", "headerName": _("编号"), "width": 84},
        {"field": "title", "headerName": _("标题"), "flex": 2, "tooltipField": "title"},
        {"field": "kind", "headerName": _("来源"), "width": 110},
        {"field": "status", "headerName": _("状态"), "width": 100},
        {"field": "area", "headerName": _("区域"), "flex": 1},
        {"field": "counts", "headerName": _("变更"), "flex": 1},
        {"field": "created", "headerName": _("起草时间"), "width": 160},
    ]
    return html.Section(
        [
            html.Div(
                [html.H2(_("方案")), html.Span(_("点选一行，查看变更台账"), className="as-of")],
                className="panel-head",
            ),
            grid(PLANS, columns, [], colours, CLASS, getRowId="params.data.id", style={"height": "160px"}),
            html.Div(
                [
                    html.Div(id=LEDGER_BOX),
                    html.Div(
                        [
                            dmc.Button(_("发布采纳的变更"), id=PUBLISH, size="sm"),
                            dmc.Button(_("放弃方案"), id=DROP, size="sm", variant="default"),
                        ],
                        className="import-buttons",
                        id="import-plan-buttons",
                        style={"display": "none"},
                    ),
                    html.Div(id="import-plan-message", role="status"),
                ]
            ),
        ],
        id=PLANS_PANEL,
        className="panel import-plans",
        style={"display": "none"},
    )
