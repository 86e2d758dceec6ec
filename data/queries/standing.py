"""How every area stands in every rate: those of the catalogue as of a day, those on records in a period."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from data.catalogue import Catalogue, CoverageRate
from data.periods import Period, Window
from data.queries import areas, rates
from data.queries.comparisons import compare
from data.queries.records import TOO_FEW, Measured, Metric
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.statistics import difference, poisson_interval, rate, wilson_interval
from models.enums import AreaLevel

RECORDED = (
    Metric.RESPONSE_RATE,
    Metric.RESOLUTION_RATE,
    Metric.SATISFACTION,
    Metric.MATCH_RATE,
    Metric.CLAIMS_PER_1000,
)
"""Rates on records that stand beside those of the catalogue."""
COUNTS = ["numerator", "denominator", "unknown"]
COLUMNS = [
    *("id", "code", "name", *COUNTS, "value", "low", "high", "too_few"),
    *("was", "change", "change_low", "change_high", "clear"),
]


@dataclass(frozen=True)
class Standing:
    """One rate of all areas of a level.

    Attributes
    ----------
    rate
        An entry of the catalogue, or what is measured on records.
    as_of
        Of an entry of the catalogue, the day of its figures; None where the store does not say.
    window, before
        Of records: the period, and the one before it (None where records begin within that: no change can
        be told).
    frame
        One row an area, by code: `COLUMNS`. Values in percent or per 1,000 households, NaN where nothing can
        be said. An interval is given for records only: the others are counts of all there is, no sample.
    total
        The same of the whole scope.
    """

    rate: CoverageRate | Metric
    as_of: date | None
    window: Window | None
    before: Window | None
    frame: pd.DataFrame
    total: pd.Series[Any]

    @property
    def key(self) -> str:
        """By which it is chosen."""
        return self.rate.value if isinstance(self.rate, Metric) else self.rate.key


def standings(
    store: Store,
    scope: Scope,
    catalogue: Catalogue,
    level: AreaLevel,
    period: Period | None,
    whole: Window | None,
) -> list[Standing]:
    """Return every rate for all areas of a level in the scope.

    Parameters
    ----------
    period
        Of the rates on records; None leaves these out.
    whole
        The days that there are records of.
    """
    with store.reading() as session:
        found = [_covered(rates.coverage(session, scope, entry, level)) for entry in catalogue.rates.values()]
        top = areas.top(session, scope)
    if period is None or whole is None or top is None:
        return found
    for metric in RECORDED:
        sides = (period.before.window, period.window)
        known = period.before.window.start >= whole.start
        by_area = _recorded(compare(store, scope, metric, Level(level.value), sides), known=known)
        all_ = compare(store, scope, metric, Level(top.level.value), sides)
        found.append(
            Standing(
                metric,
                None,
                period.window,
                period.before.window if known else None,
                by_area,
                _whole(metric, all_.first, all_.second, known=known),
            )
        )
    return found


def _covered(table: rates.RateTable) -> Standing:
    frame = table.frame.assign(too_few=False, clear=False)
    frame = frame.reindex(columns=COLUMNS)
    total = table.total.reindex(COLUMNS).astype(object)
    total["too_few"], total["clear"] = False, False
    return Standing(table.entry, table.as_of, None, None, frame, total)


def _recorded(found: Any, *, known: bool) -> pd.DataFrame:
    frame: pd.DataFrame = found.second.frame.drop(columns=["n", "rank"]).assign(unknown=0)
    new = found.frame.set_index("code").reindex(frame["code"])
    for name, source in (
        ("was", "was"),
        ("change", "change"),
        ("change_low", "low"),
        ("change_high", "high"),
    ):
        frame[name] = new[source].to_numpy() if known else np.nan
    frame["clear"] = new["clear"].to_numpy(dtype=bool) if known else False
    return frame[COLUMNS]


def _whole(metric: Metric, first: Measured, second: Measured, *, known: bool) -> pd.Series[Any]:
    """Return what the areas of the scope's top come to together."""
    sides = []
    for one in (first, second):
        over, under = float(one.frame["numerator"].sum()), float(one.frame["denominator"].sum())
        per = 100.0 if metric.is_share else 1000.0
        value = float(rate([over], [under], per)[0])
        if metric.is_share:
            low, high = (float(bound[0]) * per for bound in wilson_interval([over], [under]))
        else:
            low, high = (float(rate(bound, [under], per)[0]) for bound in poisson_interval([over]))
        sides.append((over, under, value, low, high))
    (_, n_was, *was), (over, under, *now) = sides
    few = metric.is_share and under < TOO_FEW
    if few or (metric.is_share and n_was < TOO_FEW):
        known = False
    change, low, high = (float(one[0]) for one in difference(*([[x] for x in side] for side in (was, now))))  # type: ignore[arg-type]
    total = pd.Series(index=COLUMNS, dtype=object)
    total["numerator"], total["denominator"], total["unknown"] = over, under, 0
    total["value"], total["low"], total["high"] = (np.nan if few else now[0]), now[1], now[2]
    total["too_few"], total["clear"] = few, known and (low > 0 or high < 0)
    for name, value in (("was", was[0]), ("change", change), ("change_low", low), ("change_high", high)):
        total[name] = value if known else np.nan
    return total


def by_key(found: Iterable[Standing], key: str | None) -> Standing | None:
    """Return the standing with this key, else the first; None where there is none."""
    all_ = list(found)
    return next((one for one in all_ if one.key == key), all_[0] if all_ else None)
