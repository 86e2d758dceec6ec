"""Overlays of requests, claims and ratings: by area, compound, grid, micro-grid or H3 cell.

Records carry no person: they are not suppressed. A rate on them shows n and an interval, and below ten
records it is neither coloured nor ranked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree
from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session

from data.bulk import frame_of, table_of
from data.counting import placed
from data.cubes import DAY_OF, LOCAL_S, NEVER, RECORDS, Cube, Record, cube, end_of
from data.periods import Window
from data.queries import three_rates
from data.queries.three_rates import EQUAL, Weights
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.smoothing import empirical_bayes, local_empirical_bayes
from geo.statistics import poisson_interval, ranks, rate, wilson_interval
from models import Claim, Rating
from models.enums import PlaceKind

Smoothing = Literal["raw", "global", "local"]
Boundaries = Literal["today", "then"]
Flags = npt.NDArray[np.bool_]
COLUMNS = ["id", "code", "name", "numerator", "denominator", "n", "value", "low", "high", "too_few", "rank"]
SATISFIED = 4
"""A mark from here upwards counts as satisfied."""
TOO_FEW = 10
"""Below so many records a share is neither coloured nor ranked."""
NEIGHBOURS = 8
"""How many of the nearest places make a neighbourhood for local smoothing."""


class Metric(StrEnum):
    """What an overlay shows."""

    CLAIMS_PER_1000 = "claims_per_1000"
    CLAIMS_PER_KM2 = "claims_per_km2"
    REQUESTS_PER_1000 = "requests_per_1000"
    OPEN = "open"
    OVERDUE = "overdue"
    MATCH_RATE = "match_rate"
    RESPONSE_RATE = "response_rate"
    RESOLUTION_RATE = "resolution_rate"
    SATISFACTION = "satisfaction"
    THREE_RATES = "three_rates"

    @property
    def record(self) -> Record:
        """The table that it counts; of the three rates together that of the first two."""
        if self in {Metric.CLAIMS_PER_1000, Metric.CLAIMS_PER_KM2}:
            return "claim"
        return "rating" if self is Metric.SATISFACTION else "request"

    @property
    def is_share(self) -> bool:
        """Whether it is a share of n records, or a mean of shares, in percent; no density, no number."""
        return self in SHARES or self is Metric.THREE_RATES

    @property
    def is_number(self) -> bool:
        """Whether it is a plain number of records, whatever the place's size."""
        return self in {Metric.OPEN, Metric.OVERDUE}


SHARES = (Metric.MATCH_RATE, Metric.RESPONSE_RATE, Metric.RESOLUTION_RATE, Metric.SATISFACTION)
_NEEDS = {Metric.RESPONSE_RATE: "responded_at", Metric.RESOLUTION_RATE: "done_at", Metric.OVERDUE: "due_at"}


@dataclass(frozen=True)
class View:
    """How records are looked at.

    Attributes
    ----------
    boundaries
        ``today``, or ``then``: each record by the boundaries of its own day (compounds, grids, micro-grids).
    smoothing
        ``raw``, or drawn to the mean of all (``global``) or of the nearest places (``local``).
    resolution
        Of H3 cells, 7 to 10.
    weights
        Of the three rates in their mean.
    """

    boundaries: Boundaries = "today"
    smoothing: Smoothing = "raw"
    resolution: int = 8
    weights: Weights = EQUAL


@dataclass(frozen=True)
class Measured:
    """An overlay with its figures.

    Attributes
    ----------
    frame
        One row a unit that the scope holds, by code: id (0 where not in force any more), code, name,
        numerator, denominator, n (records), value, low, high (95%), too_few, rank (0: not ranked). Values per
        1,000 households, per km² or in percent; NaN where nothing can be said. Of the three rates together
        also `data.queries.three_rates.PARTS`.
    above
        Records of the scope and window that lie in no unit: known only for a larger area, or on open land.
    nowhere
        Of these, records that lie nowhere at all.
    """

    metric: Metric
    level: Level
    window: Window
    view: View
    frame: pd.DataFrame
    above: int
    nowhere: int

    @property
    def total(self) -> int:
        """All records counted."""
        if self.metric is Metric.THREE_RATES:  # requests and ratings
            return int(self.frame[["response_rate_n", "satisfaction_n"]].sum().sum()) + self.above
        return int(self.frame["n"].sum()) + self.above


PLAIN = View()


def measure(
    store: Store, scope: Scope, metric: Metric, level: Level, window: Window, view: View = PLAIN
) -> Measured:
    """Return an overlay of the scope."""
    if metric is Metric.THREE_RATES:
        return _three_rates(store, scope, level, window, view)
    records = cube(store, scope, metric.record)
    span = records.span(window.start, window.end)
    frame, at = placed(
        store, scope, records, span, level, then=view.boundaries == "then", resolution=view.resolution
    )
    counted = np.bincount(at[at >= 0], minlength=len(frame))
    hits = _hits(records, span, metric, window)
    frame["numerator"] = counted if hits is None else np.bincount(at[(at >= 0) & hits], minlength=len(frame))
    frame["n"] = counted
    frame = frame.assign(**_values(frame, metric, view, recorded=_recorded(records, metric)))
    by = frame["value"] if metric.is_number else frame["low"]
    frame["rank"] = ranks(by, frame["n"], least=TOO_FEW if metric.is_share else 0)
    if view.boundaries == "then":
        frame = frame.sort_values("code", kind="stable").reset_index(drop=True)
    left = at == -1
    return Measured(
        metric,
        level,
        window,
        view,
        frame[COLUMNS],
        int(left.sum()),
        int((left & records.nowhere[span]).sum()),
    )


def _three_rates(store: Store, scope: Scope, level: Level, window: Window, view: View) -> Measured:
    """Return the weighted mean of the three rates."""
    parts = [measure(store, scope, Metric(one), level, window, view) for one in three_rates.RATES]
    if view.smoothing == "raw":
        return together(parts)
    raw = replace(view, smoothing="raw")
    return together(
        parts, [measure(store, scope, Metric(one), level, window, raw) for one in three_rates.RATES]
    )


def together(parts: Sequence[Measured], plain: Sequence[Measured] | None = None) -> Measured:
    """Return the weighted mean of the three rates, measured in the order of `three_rates.RATES`.

    Parameters
    ----------
    plain
        The same unsmoothed, where `parts` are smoothed.
    """
    requests, _, ratings = parts
    view = requests.view
    shown, raw = ([one.frame for one in some] for some in (parts, plain or parts))
    frame = three_rates.combined(shown, raw, view.weights, TOO_FEW)
    return Measured(
        Metric.THREE_RATES,
        requests.level,
        requests.window,
        view,
        frame[[*COLUMNS, *three_rates.PARTS]],
        requests.above + ratings.above,
        requests.nowhere + ratings.nowhere,
    )


def ranking(measured: Measured) -> pd.DataFrame:
    """Return the units that may be ranked, the best first: shares and densities by their lower bound."""
    frame = measured.frame[measured.frame["rank"] > 0]
    return frame.sort_values(["rank", "n", "code"], ascending=[True, False, True]).reset_index(drop=True)


# --- what is counted, and of what ---


def _hits(records: Cube, span: slice, metric: Metric, window: Window) -> Flags | None:
    """Return which records of the span count in the numerator; None for all."""
    end = end_of(window.end)
    if metric is Metric.SATISFACTION:
        return np.asarray(records.score[span] >= SATISFIED)
    if metric.record == "claim" or metric is Metric.REQUESTS_PER_1000:
        return None
    if metric is Metric.MATCH_RATE:
        return np.asarray(records.claimed[span] <= end)
    if metric is Metric.RESPONSE_RATE:
        first = np.minimum(records.times["responded_at"][span], records.times["done_at"][span])
        return np.asarray(first <= end)
    done = np.asarray(records.times["done_at"][span] <= end)
    if metric is Metric.RESOLUTION_RATE:
        return done
    return ~done if metric is Metric.OPEN else ~done & (records.times["due_at"][span] <= end)


def _recorded(records: Cube, metric: Metric) -> bool:
    """Tell whether the store keeps at all what the metric asks for."""
    if metric is Metric.MATCH_RATE:
        return bool((records.claimed != NEVER).any())
    column = _NEEDS.get(metric)
    return column is None or bool((records.times[column] != NEVER).any())


def _values(frame: pd.DataFrame, metric: Metric, view: View, *, recorded: bool) -> dict[str, Any]:
    over, n = frame["numerator"].to_numpy(dtype=float), frame["n"].to_numpy(dtype=float)
    if metric in SHARES:
        under, per = n, 100.0
        low, high = wilson_interval(over, n)
        few = n < TOO_FEW
        kind: Literal["share", "count"] = "share"
    else:
        per_km2 = metric is Metric.CLAIMS_PER_KM2
        size = frame["area_m2"].to_numpy(dtype=float) / 1e6
        homes = frame["households"].to_numpy(dtype=float)
        under = np.ones(len(frame)) if metric.is_number else size if per_km2 else homes
        per = 1.0 if per_km2 or metric.is_number else 1000.0
        low, high = (rate(bound, under) for bound in poisson_interval(over))
        few = np.zeros(len(frame), dtype=bool)
        kind = "count"
    value = rate(over, under)
    if view.smoothing != "raw" and not metric.is_number:
        value = _smoothed(frame, over, under, kind, view.smoothing)
    if not recorded:
        value, low, high = (np.full(len(frame), np.nan) for _ in range(3))
    value = np.where(few, np.nan, value) if view.smoothing == "raw" else value
    return {
        "denominator": under,
        "value": value * per,
        "low": low * per,
        "high": high * per,
        "too_few": few,
    }


def _smoothed(
    frame: pd.DataFrame,
    over: npt.NDArray[np.float64],
    under: npt.NDArray[np.float64],
    kind: Literal["share", "count"],
    smoothing: Smoothing,
) -> npt.NDArray[np.float64]:
    places = frame[["x", "y"]].to_numpy(dtype=float)
    if smoothing == "global" or len(frame) <= NEIGHBOURS or np.isnan(places).any():
        return empirical_bayes(over, under, kind=kind)
    _, near = cKDTree(places).query(places, k=NEIGHBOURS + 1)
    pairs = (np.repeat(np.arange(len(frame)), NEIGHBOURS + 1), near.ravel().astype(np.int64))
    return local_empirical_bayes(over, under, pairs, kind=kind)


# --- time ---


def span(session: Session, scope: Scope) -> Window | None:
    """Return the days of the first and the last claim or rating, None where there is none."""
    days: list[date] = []
    for column, code in ((Claim.claimed_on, Claim.area_code), (Rating.rated_on, Rating.area_code)):
        first, last = session.execute(
            select(func.min(column), func.max(column)).where(scope.where(code))
        ).one()
        days += [day for day in (first, last) if day]
    return Window(min(days), max(days)) if days else None


def first_day(session: Session, scope: Scope, record: Record) -> date | None:
    """Return the day of the first record of a table, None where there is none."""
    columns = table_of(RECORDS[record]).columns
    first: date | None = session.scalar(
        select(func.min(columns[DAY_OF[record]])).where(scope.where(columns["area_code"]))
    )
    if not isinstance(first, datetime):
        return first
    return (first.astimezone(UTC) + timedelta(seconds=LOCAL_S)).date()


def monthly(session: Session, scope: Scope, metric: Metric, window: Window) -> pd.DataFrame:
    """Return counts of claims or ratings by month: month (first day), n, satisfied (ratings only)."""
    record = Rating if metric is Metric.SATISFACTION else Claim
    day = Rating.rated_on if metric is Metric.SATISFACTION else Claim.claimed_on
    satisfied = func.count()
    if metric is Metric.SATISFACTION:
        satisfied = satisfied.filter(Rating.score >= SATISFIED)  # type: ignore[assignment]
    year, month = extract("year", day), extract("month", day)
    rows = session.execute(
        select(year, month, func.count(), satisfied)
        .where(scope.where(record.area_code), day.between(window.start, window.end))
        .group_by(year, month)
        .order_by(year, month)
    ).all()
    return pd.DataFrame(
        {
            "month": [date(int(row[0]), int(row[1]), 1) for row in rows],
            "n": [row[2] for row in rows],
            "satisfied": [row[3] for row in rows],
        }
    )


# --- single records ---


def nowhere(session: Session, scope: Scope, record: Record) -> pd.DataFrame:
    """Return the records that lie nowhere, for a list: id, day, lon, lat and source file's id, by day."""
    table = table_of(RECORDS[record])
    names = ["id", DAY_OF[record], "lon", "lat", "source_id"]
    return frame_of(
        session,
        select(*(table.columns[name] for name in names))
        .where(table.columns["place"] == PlaceKind.NOWHERE, scope.where(table.columns["area_code"]))
        .order_by(table.columns[DAY_OF[record]], table.columns["id"]),
    )


def conserved(store: Store, scope: Scope, record: Record, window: Window, view: View = PLAIN) -> pd.DataFrame:
    """Return for every level how many records it holds and how many are left above it: each row has one sum.

    Returns
    -------
    pandas.DataFrame
        level, inside, above, nowhere, total.
    """
    metric = {"claim": Metric.CLAIMS_PER_KM2, "rating": Metric.SATISFACTION, "request": Metric.OPEN}[record]
    rows = []
    for level in (*(one for one in Level if one is not Level.CELL), Level.CELL):
        found = measure(store, scope, metric, level, window, view)
        rows.append((level.value, int(found.frame["n"].sum()), found.above, found.nowhere, found.total))
    return pd.DataFrame(rows, columns=["level", "inside", "above", "nowhere", "total"])
