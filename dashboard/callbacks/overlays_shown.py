"""What 叠加分析 shows at an address: map, legend, table, scatter and outlines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from dash import no_update

from dashboard import cell_layer, overlay_files
from dashboard.callbacks.places import drawn
from dashboard.components import overlays as parts
from dashboard.components import rates
from dashboard.figures.overlays import scatter
from dashboard.i18n import _, number
from dashboard.map import below_bar
from dashboard.overlay_address import Address
from dashboard.pages.overlays import BOUNDARY_LABELS, LEVEL_LABELS, SMOOTHING_LABELS
from dashboard.services import Services
from dashboard.theme import Theme
from data.periods import Period, Window, comparable, series
from data.periods import shown as period_shown
from data.queries import areas, comparisons, details, records
from data.queries.records import Metric, View
from data.queries.three_rates import weights_of
from data.scope import Scope
from data.store import Store
from data.units import Level, units
from geo import hexagons
from geo.classes import MISSING, Scheme, class_breaks
from models.enums import AreaLevel


@dataclass(frozen=True)
class Shown:
    """The map, its legend, the table and the chart of an address."""

    painted: dict[str, Any] | None
    legend: Any
    columns: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    note: str
    figure: Any = None


def period_of(address: Address, whole: Window | None) -> Period | None:
    """Return the period that is shown; one that holds no record gives way to the usual one."""
    return period_shown(address.period, whole) if whole else None


def others(address: Address, whole: Window | None) -> list[Period]:
    """Return the periods that the shown one may be compared with.

    A share is compared with any of them; a density or a number only with one of the same length.
    """
    period = period_of(address, whole)
    if whole is None or period is None:
        return []
    return comparable(period, whole, same_length=not address.metric.is_share)


def against_of(address: Address, whole: Window | None) -> Period | None:
    """Return what the shown period is compared with: the chosen one, else the one before it."""
    period, some = period_of(address, whole), others(address, whole)
    if address.against in some:
        return address.against
    return period.before if period and period.before in some else None


def look(services: Services, scope: Scope, address: Address, colours: Theme) -> Shown:
    """Return what an address shows."""
    with services.store.reading() as session:
        whole = records.span(session, scope)
    period = period_of(address, whole)
    if whole is None or period is None:
        return Shown(None, None, [], [], _("没有诉求、认领和评价记录，先导入。"))
    inner = scope.narrowed(address.area)
    if address.weights is None:
        with services.store.reading() as session:
            address = address.but(weights=weights_of(session))
    if address.mode == "pair":
        return _pair(services, inner, address, period, colours)
    if address.mode == "change":
        return _change(services, inner, address, (against_of(address, whole), period), colours)
    found = records.measure(services.store, inner, address.metric, address.level, period.window, address.view)
    revisions = tuple(sorted(services.store.table_revisions().items()))
    spans = tuple(series(period, whole))
    breaks = shared_breaks(
        services.store,
        revisions,
        inner,
        address.metric,
        address.level,
        spans,
        address.view,
        address.scheme,
        address.edges,
    )
    numbered, archives = on_map(services, inner, address, found.frame)
    coloured = parts.one(replace(found, frame=numbered), breaks, archives, colours)
    order = records.ranking(found)
    text = rates.metric_words(address.metric, address.view.weights)
    if address.metric is Metric.THREE_RATES:
        columns, rows = parts.weighed(
            order, f"{text.numerator} ÷ {text.denominator}\n{rates.period_label(period)}"
        )
    else:
        columns, rows = parts.ranked(order, text.unit, rates.digits(address.metric))
    basis = _("按数值排名") if address.metric.is_number else _("按 95% 区间下限排名")
    left = len(found.frame) - len(order)
    note = basis + (_("；{n} 个不排名", n=number(left)) if left else "")
    return Shown(coloured.values, coloured.legend, columns, rows, note)


def on_map(
    services: Services, scope: Scope, address: Address, frame: pd.DataFrame
) -> tuple[pd.DataFrame, pd.Series[Any]]:
    """Return the units with their ids on the map, and which source draws each."""
    if address.level is not Level.CELL:
        return frame, parts.counties_of(address.level, frame["code"])
    tag = cell_layer.tag(services, address)
    return cell_layer.numbered(services, scope, address, frame), frame["code"].map(lambda _code: tag)


@lru_cache(maxsize=64)
def shared_breaks(
    store: Store,
    _revisions: tuple[tuple[str, int], ...],
    scope: Scope,
    metric: Metric,
    level: Level,
    spans: tuple[Period, ...],
    view: View,
    scheme: Scheme,
    edges: tuple[float, ...],
) -> npt.NDArray[np.float64]:
    """Return the class edges of all periods together, so that colours compare over time."""
    if scheme == "fixed" and edges:
        return class_breaks(scheme="fixed", edges=edges)
    values = [records.measure(store, scope, metric, level, one.window, view).frame["value"] for one in spans]
    known = np.concatenate([np.asarray(one, dtype=float) for one in values])
    return class_breaks(known[known > 0], scheme="quantiles" if scheme == "fixed" else scheme)


def _change(
    services: Services,
    scope: Scope,
    address: Address,
    spans: tuple[Period | None, Period],
    colours: Theme,
) -> Shown:
    """Return two periods beside each other: the change, or one of them in the classes of both."""
    first, second = spans
    if first is None:
        return Shown(None, None, [], [], _("没有记录完整、可以对比的另一期，不作比较。"))
    scheme = "quantiles" if address.scheme == "fixed" and not address.edges else address.scheme
    found = comparisons.compare(
        services.store,
        scope,
        address.metric,
        address.level,
        (first.window, second.window),
        address.view,
        scheme=scheme,
        edges=address.edges,
    )
    names = (rates.period_label(first), rates.period_label(second))
    columns, rows = parts.changed(found.frame, names, rates.digits(address.metric))
    note = _("{n} 个可以说有变化", n=number(int(found.frame["clear"].sum())))
    if address.side == "change":
        frame, archives = on_map(services, scope, address, found.frame)
        coloured = parts.change(frame, address.level, archives, colours, names)
    else:
        one = found.first if address.side == "was" else found.second
        frame, archives = on_map(services, scope, address, one.frame)
        title = names[0] if address.side == "was" else names[1]
        coloured = parts.one(replace(one, frame=frame), found.breaks, archives, colours, title)
    return Shown(coloured.values, coloured.legend, columns, rows, note)


def _pair(services: Services, scope: Scope, address: Address, period: Period, colours: Theme) -> Shown:
    frame, across, up = comparisons.bivariate(
        services.store, scope, address.level, period.window, address.view
    )
    frame, archives = on_map(services, scope, address, frame)
    coloured = parts.pair(frame, address.level, archives, colours)
    columns, rows = parts.paired(frame)
    known: pd.DataFrame = frame[frame["class"] != MISSING]
    titles = (_("认领密度（件／千户）"), _("群众满意率 %"))
    edges = (across.tolist(), up.tolist())
    figure = scatter(known, parts.PAIRS[colours.name], edges, titles, address.chosen, colours)
    return Shown(
        coloured.values, coloured.legend, columns, rows, _("满意率低的在前；点图中的点即在地图上标出"), figure
    )


def exported(services: Services, scope: Scope, address: Address, kind: str) -> tuple[str, bytes] | None:
    """Return name and content of a file with all that an address shows; None where there are no records.

    Parameters
    ----------
    kind
        ``xlsx`` (with how it was counted) or ``csv``.
    """
    store = services.store
    with store.reading() as session:
        whole = records.span(session, scope)
        top = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
        address = address.but(weights=address.weights or weights_of(session))
    period, first = period_of(address, whole), against_of(address, whole)
    if period is None or top is None or (address.mode == "change" and first is None):
        return None
    inner, view = scope.narrowed(address.area), address.view
    about = {
        _("区域"): top.name,
        _("统计单元"): _(LEVEL_LABELS[address.level]),
        _("时段"): overlay_files.dates(period.window),
        _("边界"): _(BOUNDARY_LABELS[view.boundaries]),
        _("数值"): _(SMOOTHING_LABELS[view.smoothing]),
    }
    if address.mode == "pair":
        frame, _across, _up = comparisons.bivariate(store, inner, address.level, period.window, view)
        table = overlay_files.of_pair(frame, period.window)
    elif address.mode == "change" and first is not None:
        windows = (first.window, period.window)
        compared = comparisons.compare(store, inner, address.metric, address.level, windows, view)
        table = overlay_files.of_two(compared)
        about[_("对照期")] = overlay_files.dates(first.window)
    else:
        found = records.measure(store, inner, address.metric, address.level, period.window, view)
        table = overlay_files.of_one(found)
        about |= {
            _("全部记录"): found.total,
            _("未落到本级的记录"): found.above,
            _("无处可落的记录"): found.nowhere,
        }
    level = _(LEVEL_LABELS[address.level])
    content = overlay_files.csv(table) if kind == "csv" else overlay_files.workbook(table, about)
    return _("叠加分析-{where}-{level}.{kind}", where=top.name, level=level, kind=kind), content


def place(services: Services, scope: Scope, address: Address, *, moves: bool) -> tuple[Any, Any]:
    """Return the outline of the area and of the chosen unit, and where the map looks."""
    with services.store.reading() as session:
        top = areas.by_code(session, scope, address.area) if address.area else areas.top(session, scope)
        outline = areas.geometry(session, scope, address.area) if address.area else None
        bounds = areas.bounds(session, scope, top.code) if top else None
        chosen = None
        if address.chosen and address.level.area_level in set(AreaLevel):
            chosen = areas.geometry(session, scope, address.chosen)
        elif address.chosen:
            chosen = _feature(services, scope, address)
    lines = [
        drawn(role, shapely.boundary(shape))
        for role, shape in (("related", outline), ("selected", chosen))
        if shape is not None
    ]
    if not moves or bounds is None:
        return lines, no_update
    near = chosen is not None and address.level.area_level is None
    seen = chosen.bounds if near and chosen is not None else bounds
    key = f"{address.area or 'all'} {address.chosen if near else ''}"
    return lines, {
        "key": key,
        "bounds": list(seen),
        "padding": below_bar(110 if near else 12),
        "max_zoom": 16,
    }


def _feature(services: Services, scope: Scope, address: Address) -> Any:
    """Return the geometry of the compound, grid, micro-grid or cell with the chosen code."""
    if address.level is Level.CELL:
        return hexagons.outline(address.chosen)
    frame = units(services.store, scope, address.level)
    hits = frame.loc[frame["code"] == address.chosen, "id"]
    if hits.empty:
        return None
    with services.store.reading() as session:
        found = details.get(session, scope, address.level.value, int(hits.iloc[0]))
    return found.geometry if found is not None else None
