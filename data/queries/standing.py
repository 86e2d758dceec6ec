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
from data.queries.comparisons import compared
from data.queries.records import TOO_FEW, Measured, Metric, View, measure, together
from data.queries.three_rates import PARTS, RATES, Weights, weights_of
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.statistics import difference, poisson_interval, rate, wilson_interval
from models.enums import AreaLevel

RECORDED = (
    Metric.RESPONSE_RATE,
    Metric.RESOLUTION_RATE,
    Metric.SATISFACTION,
    Metric.THREE_RATES,
    Metric.MATCH_RATE,
    Metric.CLAIMS_PER_1000,
)
"""Rates on records that stand beside those of the catalogue; the three come before their mean."""
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
        Of records: the period, and the one that it is compared with (None where records begin within that:
        no change can be told).
    frame
        One row an area, by code: `COLUMNS`. Values in percent or per 1,000 households, NaN where nothing can
        be said. An interval is given for records only: the others are counts of all there is, no sample. Of
        the three rates together also `PARTS`.
    total
        The same of the whole scope.
    weights
        Of the three rates together: those of the city.
    """

    rate: CoverageRate | Metric
    as_of: date | None
    window: Window | None
    before: Window | None
    frame: pd.DataFrame
    total: pd.Series[Any]
    weights: Weights | None = None

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
    against: Period | None = None,
) -> list[Standing]:
    """Return every rate for all areas of a level in the scope.

    Parameters
    ----------
    period
        Of the rates on records; None leaves these out.
    whole
        The days that there are records of.
    against
        What the period is compared with, as long as it; the one before it where none is named.
    """
    with store.reading() as session:
        found = [_covered(rates.coverage(session, scope, entry, level)) for entry in catalogue.rates.values()]
        top = areas.top(session, scope)
        view = View(weights=weights_of(session))
    if period is None or whole is None or top is None:
        return found
    former = against or period.before
    sides = (former.window, period.window)
    known = former.start >= whole.start
    by_area, all_ = (_measured(store, scope, Level(one.value), sides, view) for one in (level, top.level))
    recorded = [
        Standing(
            metric,
            None,
            period.window,
            former.window if known else None,
            _recorded(*by_area[metric], known=known),
            _whole(*all_[metric], known=known),
            view.weights if metric is Metric.THREE_RATES else None,
        )
        for metric in RECORDED
    ]
    return [*found, *recorded]


def _covered(table: rates.RateTable) -> Standing:
    frame = table.frame.assign(too_few=False, clear=False)
    frame = frame.reindex(columns=COLUMNS)
    total = table.total.reindex(COLUMNS).astype(object)
    total["too_few"], total["clear"] = False, False
    return Standing(table.entry, table.as_of, None, None, frame, total)


def _measured(
    store: Store, scope: Scope, level: Level, sides: tuple[Window, Window], view: View
) -> dict[Metric, tuple[Measured, Measured]]:
    """Return every rate on records in both periods; the three together from what was measured of each."""
    found: dict[Metric, tuple[Measured, Measured]] = {}
    for metric in RECORDED:
        if metric is Metric.THREE_RATES:
            was, now = (together([found[Metric(one)][n] for one in RATES]) for n in (0, 1))
        else:
            was, now = (measure(store, scope, metric, level, window, view) for window in sides)
        found[metric] = (was, now)
    return found


def _recorded(first: Measured, second: Measured, *, known: bool) -> pd.DataFrame:
    found = compared(first, second)
    frame: pd.DataFrame = second.frame.drop(columns=["n", "rank"]).assign(unknown=0)
    new = found.frame.set_index("code").reindex(frame["code"])
    for name, source in (
        ("was", "was"),
        ("change", "change"),
        ("change_low", "low"),
        ("change_high", "high"),
    ):
        frame[name] = new[source].to_numpy() if known else np.nan
    frame["clear"] = new["clear"].to_numpy(dtype=bool) if known else False
    return frame[[*COLUMNS, *(one for one in PARTS if one in frame)]]


def _whole(first: Measured, second: Measured, *, known: bool) -> pd.Series[Any]:
    """Return what the areas of the scope's top come to together."""
    was, now = (_summed(one) for one in (first, second))
    known = known and not (was["too_few"] or now["too_few"])
    names = ("value", "low", "high")
    change, low, high = (
        float(one[0])
        for one in difference(*([[side[name]] for name in names] for side in (was, now)))  # type: ignore[arg-type]
    )
    total = pd.Series(index=[*COLUMNS, *(one for one in PARTS if one in now)], dtype=object)
    total.update(pd.Series(now, dtype=object))
    total["unknown"], total["clear"] = 0, known and (low > 0 or high < 0)
    if now["too_few"]:
        total["value"] = np.nan
    for name, value in (
        ("was", was["value"]),
        ("change", change),
        ("change_low", low),
        ("change_high", high),
    ):
        total[name] = value if known else np.nan
    return total


def _summed(found: Measured) -> dict[str, Any]:
    """Return the counts of all units together, their value and its bounds."""
    if found.metric is Metric.THREE_RATES:  # no sum of its units, of which the top is one
        names = ["numerator", "denominator", "value", "low", "high", "too_few", *PARTS]
        return {str(name): value for name, value in found.frame[names].iloc[0].items()}
    over, under = float(found.frame["numerator"].sum()), float(found.frame["denominator"].sum())
    per = 100.0 if found.metric.is_share else 1000.0
    if found.metric.is_share:
        low, high = (float(bound[0]) * per for bound in wilson_interval([over], [under]))
    else:
        low, high = (float(rate(bound, [under], per)[0]) for bound in poisson_interval([over]))
    return {
        "numerator": over,
        "denominator": under,
        "value": float(rate([over], [under], per)[0]),
        "low": low,
        "high": high,
        "too_few": found.metric.is_share and under < TOO_FEW,
    }


def by_key(found: Iterable[Standing], key: str | None) -> Standing | None:
    """Return the standing with this key, else the first; None where there is none."""
    all_ = list(found)
    return next((one for one in all_ if one.key == key), all_[0] if all_ else None)
