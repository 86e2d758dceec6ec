"""KPI cards: a figure with its numerator, its denominator and its date."""

from __future__ import annotations

from typing import Any

from dash import html

from dashboard.i18n import DASH, _, day, number, percent
from data.periods import Window
from data.queries.kpis import Kpis, Rate
from data.queries.records import TOO_FEW
from models.enums import StationTier


def count_card(label: str, value: str, note: str = "") -> html.Div:
    """Return a card that shows a count."""
    return _card(label, value, note, None)


def rate_card(label: str, rate: Rate, parts: str, *, hidden: bool = False) -> html.Div:
    """Return a card that shows a share, its two numbers and a bar.

    Parameters
    ----------
    parts
        What is divided by what, such as ``有组织小区／全部小区``.
    hidden
        Draw no share: there are too few records to tell.
    """
    share = None if hidden else rate.percent
    note = f"{number(rate.numerator)}/{number(rate.denominator)} {parts}"
    if rate.unknown:
        note += _("，未填 {n}", n=number(rate.unknown))
    if not rate.denominator:
        note = _("无记录")
    elif hidden:
        note = _("评价不足 {k} 条", k=TOO_FEW)
    return _card(label, percent(share), note, share)


def _card(label: str, value: str, note: str, share: float | None) -> html.Div:
    children: list[Any] = [
        html.Div(label, className="kpi-label"),
        html.Div(value, className="kpi-value"),
        html.Div(note, className="kpi-note", title=note),
    ]
    if share is not None:
        children.append(html.Div(html.Div(style={"width": f"{share:.1f}%"}), className="kpi-bar"))
    return html.Div(children, className="kpi")


def cards(figures: Kpis, window: Window | None) -> list[html.Div]:
    """Return the cards of an area."""
    stations = figures.stations
    points = "/".join(number(stations.get(tier, 0)) for tier in StationTier)
    households = number(figures.households) if figures.households or not figures.households_unknown else DASH
    unknown = _("{n} 个小区未填", n=number(figures.households_unknown)) if figures.households_unknown else ""
    return [
        count_card(_("小区"), number(figures.compounds), _("其中试点 {n}", n=number(figures.pilots))),
        count_card(_("户数"), households, unknown or _("按小区汇总")),
        count_card(
            _("网格／微网格"),
            f"{number(figures.grids)} / {number(figures.micro_grids)}",
            _("专职网格员 {n}", n=number(figures.full_time_workers)),
        ),
        count_card(
            _("党群服务阵地"), number(sum(stations.values())), _("中心／站／微站 {points}", points=points)
        ),
        rate_card(_("小区党组织覆盖"), figures.organisation_cover, _("小区")),
        rate_card(_("书记到岗"), figures.secretary_filled, _("小区党组织")),
        rate_card(_("物业服务覆盖"), figures.property_cover, _("小区")),
        rate_card(
            _("业委会覆盖"),
            figures.committee_cover,
            _(
                "小区；应建 {done}/{all}",
                done=number(figures.committee_of_eligible.numerator),
                all=number(figures.committee_of_eligible.denominator),
            ),
        ),
        count_card(
            _("帮办代办点／食堂"),
            f"{number(figures.assist_points)} / {number(figures.canteens)}",
            _("食堂可兼设代办点，不相加"),
        ),
        rate_card(
            _("群众满意率"),
            figures.satisfaction,
            _("条评价 {span}", span=span_text(window)),
            hidden=figures.satisfaction.denominator < TOO_FEW,
        ),
    ]


def span_text(window: Window | None) -> str:
    """Return a time window in words."""
    if window is None:
        return ""
    return f"{window.start:%Y.%m}—{window.end:%Y.%m}"


def as_of(figures: Kpis) -> str:
    """Return the date that the figures are of."""
    return _("数据截至 {day}", day=day(figures.as_of)) if figures.as_of else _("数据日期未填")
