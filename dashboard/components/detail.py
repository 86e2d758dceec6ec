"""The detail card of whatever is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dash import html

from dashboard.components.links import link
from dashboard.i18n import DASH, _, day, number
from data.queries.details import Detail, Near, Post
from models import AssistPoint, Building, Canteen, Compound, Grid, MicroGrid, Organisation, Station

METRES_PER_KM = 1000
Fact = tuple[str, Any]


def card(detail: Detail) -> html.Div:
    """Return the card of a feature or an organisation."""
    title, kind, facts = _description(detail)
    sections: list[Any] = [_heading(title, kind, detail), _facts(facts)]
    if detail.posts:
        sections.append(_section(_("网格与责任人"), [_post(post) for post in detail.posts]))
    if detail.compounds:
        links = [link(f"compound:{key}", name) for key, name in detail.compounds]
        sections.append(_section(_("小区"), links))
    if detail.stations:
        sections.append(_section(_("最近的服务阵地（直线距离）"), [_near(near) for near in detail.stations]))
    return html.Div(sections, className="detail")


def _description(detail: Detail) -> tuple[str, str, list[Fact]]:
    """Return the title, the kind in words and the facts of what is chosen."""
    record = detail.record
    match record:
        case Compound():
            return record.name, _("小区"), _compound(record, detail)
        case Grid():
            return record.name, _("网格"), _grid(record, detail)
        case MicroGrid():
            return record.name or record.code, _("微网格"), _micro_grid(record, detail)
        case Building():
            return record.name or DASH, _("楼栋"), _building(record, detail)
        case Organisation():
            return record.name, _("党组织"), _organisation(record, detail)
        case Station():
            return record.name, _(record.tier.label), _station(record)
        case AssistPoint():
            handled, served = (
                _counted(record.items_handled, _("件")),
                _counted(record.person_times, _("人次")),
            )
            return record.name, _("帮办代办点"), [(_("办理事项"), handled), (_("服务人次"), served)]
        case Canteen():
            return record.name, _("社区食堂"), [(_("日均就餐"), _counted(record.daily_diners, _("人次")))]
    raise TypeError(f"no card for {type(record).__name__}")


def _heading(title: str, kind: str, detail: Detail) -> html.Div:
    where = " / ".join(area.name for area in detail.path)
    return html.Div(
        [
            html.Div([html.Span(kind, className="detail-kind"), html.Span(title, className="detail-title")]),
            html.Div(where, className="detail-where"),
        ],
        className="detail-heading",
    )


def _compound(record: Compound, detail: Detail) -> list[Fact]:
    households = _counted(record.households, _("户"))
    if record.households is not None and record.households_estimated:
        households += _("（估算）")
    return [
        (_("类型"), _(record.kind.label) if record.kind else _("未分类")),
        (_("编码"), record.code),
        (_("户数"), households),
        (_("楼栋／单元"), _both(detail.buildings, detail.entrances)),
        (_("建成年份"), str(record.built_year) if record.built_year else DASH),
        (_("围墙"), _yes(record.walled, _("有"), _("无，边界不明显"))),
        *_seat(detail),
        (_("物业服务"), _yes(record.property_service, record.property_firm or _("有"), _("无"))),
        (_("业委会"), _committee(record)),
        (_("试点"), _yes(record.pilot, _("是"), _("否"))),
    ]


def _committee(record: Compound) -> str:
    if record.owners_committee:
        return _("已成立")
    if record.owners_committee is None:
        return DASH
    return _("应建未建") if record.committee_eligible else _("暂不具备条件")


def _seat(detail: Detail) -> list[Fact]:
    seat = detail.organisation
    if seat is None:
        return [(_("党组织"), _("未建立"))]
    label = _("党组织") if detail.is_own_seat else _("上级党组织")
    return [(label, link(f"organisation:{seat.id}", seat.name)), (_("书记"), _secretary(seat))]


def _secretary(seat: Organisation) -> str:
    return _yes(seat.secretary_filled, _("已到岗"), _("空缺"))


def _grid(record: Grid, detail: Detail) -> list[Fact]:
    return [
        (_("编码"), record.code),
        (_("户数"), _counted(detail.households, _("户"))),
        (_("楼栋／单元"), _both(detail.buildings, detail.entrances)),
        (_("责任单位"), record.responsible_body or DASH),
        (_("职责"), record.duties or DASH),
        *_seat(detail),
        (_("启用日期"), day(record.valid_from)),
    ]


def _micro_grid(record: MicroGrid, detail: Detail) -> list[Fact]:
    return [
        (_("编码"), record.code),
        (_("户数"), _counted(detail.households, _("户"))),
        (_("楼栋／单元"), _both(detail.buildings, detail.entrances)),
        (_("责任单位"), record.responsible_body or DASH),
        (_("启用日期"), day(record.valid_from)),
    ]


def _building(record: Building, detail: Detail) -> list[Fact]:
    return [
        (_("用途"), _(record.use.label) if record.use else DASH),
        (_("层数"), number(record.floors)),
        (_("户数"), _counted(record.households, _("户"))),
        (_("单元"), number(detail.entrances)),
        *_seat(detail),
    ]


def _organisation(record: Organisation, detail: Detail) -> list[Fact]:
    facts: list[Fact] = [
        (_("类别"), _(record.rank.label)),
        (_("设置在"), _(record.level.label)),
        (_("书记"), _secretary(record)),
        (_("下级党组织"), number(detail.below)),
    ]
    if detail.buildings:
        facts.append((_("覆盖楼栋"), _counted(detail.buildings, _("栋"))))
    if detail.organisation is not None:
        facts.insert(
            0, (_("上级党组织"), link(f"organisation:{detail.organisation.id}", detail.organisation.name))
        )
    if record.compound_id is not None:
        facts.append((_("所在小区"), link(f"compound:{record.compound_id}", _("查看小区"))))
    if record.grid_id is not None:
        facts.append((_("所在网格"), link(f"grid:{record.grid_id}", _("查看网格"))))
    return facts


def _station(record: Station) -> list[Fact]:
    facts: list[Fact] = [
        (_("来源"), _(record.origin.label) if record.origin else DASH),
        (_("面积"), f"{number(record.floor_area_m2, 1)} ㎡" if record.floor_area_m2 else DASH),
        (_("启用日期"), day(record.opened_on)),
    ]
    if record.compound_id is not None:
        facts.append((_("所在小区"), link(f"compound:{record.compound_id}", _("查看小区"))))
    return facts


def _post(post: Post) -> html.Div:
    workers = _("、").join(f"{_(role.label)} {count}" for role, count in post.workers.items())
    note = " · ".join((post.responsible_body or _("责任单位未填"), workers or _("未配网格员")))
    return html.Div(
        [
            link(f"grid:{post.grid_id}", post.name),
            html.Div(note, className="detail-note"),
        ]
    )


def _near(near: Near) -> html.Div:
    distance = (
        f"{number(near.distance_m)} m"
        if near.distance_m < METRES_PER_KM
        else f"{near.distance_m / METRES_PER_KM:.1f} km"
    )
    return html.Div(
        [link(f"station:{near.station_id}", near.name), html.Span(distance, className="detail-distance")],
        className="detail-near",
    )


def _facts(facts: Iterable[Fact]) -> html.Dl:
    return html.Dl(
        [child for label, value in facts for child in (html.Dt(label), html.Dd(value))],
        className="detail-facts",
    )


def _section(title: str, children: list[Any]) -> html.Div:
    return html.Div([html.Div(title, className="detail-section"), *children])


def _both(one: int, other: int) -> str:
    return number(one) + _("／") + number(other)


def _counted(value: float | None, unit: str) -> str:
    return DASH if value is None else f"{number(value)} {unit}"


def _yes(value: bool | None, yes: str, no: str) -> str:  # noqa: FBT001
    return DASH if value is None else yes if value else no
