"""What stands on the wall beside the map: figures, rankings and composition, to be read from 5 m."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html

from dashboard.components.kpi import span_text
from dashboard.components.legend import MEASURE_UNITS, UNIT_LABELS
from dashboard.i18n import DASH, _, language, number, percent
from dashboard.theme import Theme
from dashboard.view import UNCLASSIFIED
from data.periods import Window
from data.queries.kpis import Kpis, Rate
from data.queries.records import TOO_FEW, Measured, Metric, ranking
from data.units import Level
from models.enums import CompoundKind, StationTier

TEN_THOUSANDS_FROM = 100_000


def big(value: int) -> list[Any]:
    """Return a count as a large figure; in 万 from a hundred thousand upwards, in Chinese."""
    if value < TEN_THOUSANDS_FROM or language() != "zh":
        return [number(value)]
    return [number(value / 10_000, 1), html.Small("万")]


def _card(label: str, value: list[Any], note: str, share: float | None = None) -> html.Div:
    bar = None
    if share is not None:
        bar = html.Div(html.Div(style={"width": f"{share:.1f}%"}), className="wall-bar-track")
    return html.Div(
        [
            html.Div(label, className="wall-label"),
            html.Div(value, className="wall-figure"),
            html.Div(note, className="wall-note"),
            bar,
        ],
        className="wall-card",
    )


def _rate_card(label: str, rate: Rate, parts: str, more: str = "", least: int = 1) -> html.Div:
    """Return a card of a share with both its numbers; below `least` records it tells none."""
    if rate.denominator < least:
        note = _("评价不足 {k} 条", k=TOO_FEW) if rate.denominator else _("无记录")
        return _card(label, [DASH], note)
    note = f"{_of(rate)} {parts}"
    if rate.unknown:
        note += "\n" + _("未填 {n}", n=number(rate.unknown))
    elif more:
        note += "\n" + more
    return _card(label, [percent(rate.percent)], note, rate.percent)


def _of(rate: Rate) -> str:
    return f"{number(rate.numerator)}／{number(rate.denominator)}"


def cards(figures: Kpis, window: Window | None) -> list[html.Div]:
    """Return the eight figures of an area, each with what it is made of."""
    organisations, secretaries = figures.organisation_cover, figures.secretary_filled
    stations = [figures.stations.get(tier, 0) for tier in StationTier]
    known = figures.households or not figures.households_unknown
    households = (
        _("{n} 个小区未填", n=number(figures.households_unknown))
        if figures.households_unknown
        else _("按小区汇总")
    )
    return [
        _card(_("小区"), big(figures.compounds), _("其中试点 {n}", n=number(figures.pilots))),
        _card(_("户数"), big(figures.households) if known else [DASH], households),
        _card(_("网格"), big(figures.grids), _grids_note(figures)),
        _card(
            _("党群服务阵地"),
            big(sum(stations)),
            _("中心 {first} · 站 {second}\n微站 {third}", **_numbered(stations)),
        ),
        _rate_card(
            _("小区党组织覆盖"),
            organisations,
            _("小区"),
            _("尚无 {n}", n=number(organisations.denominator - organisations.numerator)),
        ),
        _rate_card(
            _("书记到岗"),
            secretaries,
            _("党组织"),
            _("空缺 {n}", n=number(secretaries.denominator - secretaries.numerator)),
        ),
        _rate_card(
            _("物业服务覆盖"),
            figures.property_cover,
            _("小区"),
            _("业委会 {of}", of=_of(figures.committee_cover)),
        ),
        _rate_card(_("群众满意率"), figures.satisfaction, _("条评价"), span_text(window), least=TOO_FEW),
    ]


def _grids_note(figures: Kpis) -> str:
    micro_grids, workers = number(figures.micro_grids), number(figures.full_time_workers)
    return _("微网格 {n}\n专职网格员 {workers}", n=micro_grids, workers=workers)


def _numbered(counts: Sequence[int]) -> dict[str, str]:
    return dict(zip(("first", "second", "third"), map(number, counts), strict=True))


def kind_rows(kinds: Mapping[CompoundKind | None, int], theme: Theme) -> list[tuple[str, int, str]]:
    """Return label, count and colour of each kind; compounds not yet classified only where there are some."""
    order = [*CompoundKind, *([None] if kinds.get(None) else [])]
    return [(_(kind.label) if kind else _("未分类"), kinds.get(kind, 0), theme.kinds[kind]) for kind in order]


def chart(title: str, note: str, figure: Any) -> list[Any]:
    """Return a chart under its title; nothing in it can be pointed at."""
    return [
        _head(title, note),
        dcc.Graph(figure=figure, config={"staticPlot": True}, responsive=True, className="wall-chart"),
    ]


def ranked(found: Measured, where: Mapping[int, str], rows: int, theme: Theme) -> list[html.Section]:
    """Return the ranking of an overlay: all of a few units, else both ends.

    Parameters
    ----------
    where
        Name of the area around a unit, by the unit's id; units that it does not hold go without.
    rows
        How many rows an end may have.
    """
    table = ranking(found)
    table["place"] = range(1, len(table) + 1)
    heading = _("{unit}排名", unit=_(UNIT_LABELS[found.level]))
    note = "；".join(_notes(found, len(found.frame) - len(table)))
    if table.empty:
        nothing = html.P(_("没有可以排名的单元。"), className="wall-note")
        return [_panel(heading, note, [nothing])]
    scale = _scale(found.metric, table, rows)
    colour = theme.accent if found.metric is Metric.SATISFACTION else theme.ramps[found.metric][2]
    row = _Row(found.metric, where, scale, colour)
    if len(table) <= 2 * rows:
        return [_panel(heading, note, [_list(table, row)], fits=len(table) <= rows)]
    best, last = table.head(rows), table.tail(rows)
    return [
        _panel(_("{unit} 前 {n} 名", unit=_(UNIT_LABELS[found.level]), n=rows), note, [_list(best, row)]),
        _panel(
            _("{unit} 后 {n} 名", unit=_(UNIT_LABELS[found.level]), n=rows),
            _count_note(table),
            [_list(last, row)],
        ),
    ]


def _notes(found: Measured, left_out: int) -> list[str]:
    if found.metric is Metric.SATISFACTION:
        notes = [_("按 95% 区间（色条）下限")]
        return [*notes, _("{n} 个评价过少不排名", n=number(left_out))] if left_out else notes
    notes = [_(MEASURE_UNITS[found.metric]), _("按 95% 区间下限")]
    return [*notes, _("{n} 个缺分母", n=number(left_out))] if left_out else notes


def _count_note(table: pd.DataFrame) -> str:
    """Return how many are ranked, and how many of them stand last with nothing."""
    total, none = number(len(table)), int((table["numerator"] == 0).sum())
    return _("共 {n} 个，{none} 个为 0", n=total, none=number(none)) if none else _("共 {n} 个", n=total)


def _scale(measure: Metric, table: pd.DataFrame, rows: int) -> tuple[float, float]:
    """Return the values at both ends of the bars; those of a satisfaction begin at a ten below the lowest.

    Those of a density end where the intervals of the first rows do: one claim in a small place may mean much.
    """
    if measure is Metric.SATISFACTION:
        return max(0.0, float(table["low"].min()) // 10 * 10), 100.0
    return 0.0, float(table["high"].head(rows).max()) or 1.0


class _Row:
    """Draws one row of a ranking."""

    def __init__(
        self, measure: Metric, where: Mapping[int, str], scale: tuple[float, float], colour: str
    ) -> None:
        self.is_share = measure is Metric.SATISFACTION
        self.where, self.colour = where, colour
        self.low, self.high = scale

    def __call__(self, unit: Any) -> html.Li:
        """Return the row of a unit."""
        value = percent(unit.value) if self.is_share else number(unit.value, 1)
        n = f"n={number(unit.n)}" if self.is_share else _("{n} 件", n=number(unit.n))
        return html.Li(
            [
                html.Span(number(unit.place), className="wall-place"),
                _name(unit.name, self.where.get(int(unit.id), "")),
                html.Span(n, className="wall-n"),
                html.Span(value, className="wall-value"),
                html.Div(self._bar(unit), className="wall-bar-track"),
            ],
            className="wall-row",
        )

    def _bar(self, unit: Any) -> list[html.Div]:
        span = {"left": self._at(unit.low), "right": f"calc(100% - {self._at(unit.high)})"}
        return [
            html.Div(className="wall-interval", style={**span, "backgroundColor": self.colour}),
            html.Div(className="wall-mark", style={"left": self._at(unit.value)}),
        ]

    def _at(self, value: float) -> str:
        return f"{100 * (value - self.low) / (self.high - self.low):.1f}%"


def _list(table: pd.DataFrame, row: _Row) -> html.Ol:
    digits = len(number(table["place"].max()))
    return html.Ol(
        [row(unit) for unit in table.itertuples()],
        className="wall-list",
        style={"--place": f"{max(3.4, 1.3 * digits):.1f}vh"},
    )


def composition(
    table: pd.DataFrame,
    names: Mapping[str, str],
    around: Mapping[str, str],
    *,
    unit: Level,
    rows: int,
    theme: Theme,
) -> html.Section:
    """Return the compounds of each area below as bars of kinds, the area with most compounds first.

    Parameters
    ----------
    table
        Columns area (12-digit code of the area below) and kind (None where not classified); a row a compound.
    names, around
        By code, names of the areas and of those around them.
    rows
        How many areas there is room for.
    """
    kind = table["kind"].where(table["kind"].notna(), UNCLASSIFIED)
    order = [*(kind.value for kind in CompoundKind), UNCLASSIFIED]
    counts = pd.crosstab(table["area"], kind).reindex(columns=order, fill_value=0)
    totals = counts.sum(axis=1).sort_values(ascending=False, kind="stable")
    shown = totals.head(rows)
    most = int(totals.max())
    colours = [theme.kinds[kind] for kind in [*CompoundKind, None]]
    lines = [
        html.Li(
            [
                _name(names.get(code, code), around.get(code, "")),
                html.Span(_("{n} 个", n=number(total)), className="wall-value"),
                html.Div(
                    [
                        html.Div(style={"width": f"{100 * count / most:.2f}%", "backgroundColor": colour})
                        for count, colour in zip(counts.loc[code], colours, strict=True)
                        if count
                    ],
                    className="wall-bar-track wall-stack",
                ),
            ],
            className="wall-row wall-unplaced",
        )
        for code, total in shown.items()
    ]
    left = len(totals) - len(shown)
    note = _("按小区数，另有 {n} 个未列", n=number(left)) if left else _("按小区数")
    title = _("各{unit}小区构成", unit=_(UNIT_LABELS[unit]))
    return _panel(title, note, [html.Ol(lines, className="wall-list")], fits=len(shown) <= rows // 2)


def _panel(title: str, note: str, children: Sequence[Any], *, fits: bool = False) -> html.Section:
    """Return a panel that fills its column, or one that `fits` what is in it."""
    return html.Section(
        [_head(title, note), *children], className="wall-panel wall-fits" if fits else "wall-panel"
    )


def _head(title: str, note: str) -> html.Div:
    return html.Div(
        [html.H2(title, className="wall-heading"), html.Span(note, className="wall-note")],
        className="wall-panel-head",
    )


def _name(name: str, where: str) -> html.Span:
    return html.Span([name, html.Small(where, className="wall-where")], className="wall-name")


def steps(count: int, current: int, seconds: int, turn: int) -> list[html.Span]:
    """Return a mark for every view; that of the present one fills up while it stays."""
    filling = {"animationDuration": f"{seconds}s"}
    return [
        html.Span(html.Span(key=f"turn-{turn}", style=filling), className="wall-step wall-step-now")
        if place == current
        else html.Span(className="wall-step")
        for place in range(count)
    ]
