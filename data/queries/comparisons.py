"""Several overlays together: two periods, density against satisfaction, the score of the three rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.errors import DataError
from data.periods import Window
from data.queries.records import PLAIN, TOO_FEW, Measured, Metric, View, measure
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.classes import Scheme, bivariate_codes, class_breaks
from geo.statistics import difference, ranks, weighted_score

THREE_RATES = (Metric.RESPONSE_RATE, Metric.RESOLUTION_RATE, Metric.SATISFACTION)
WEIGHTS: Mapping[Metric, float] = dict.fromkeys(THREE_RATES, 1.0)
"""Weights of the three rates in the score: local, and no standard."""


@dataclass(frozen=True)
class Comparison:
    """Two periods of one metric.

    Attributes
    ----------
    frame
        By code: id, code, name, was, now, n_was, n_now, change, low, high (of the change, 95%), clear (the
        interval leaves zero out).
    breaks
        Inner class edges, the same for both maps.
    """

    first: Measured
    second: Measured
    frame: pd.DataFrame
    breaks: npt.NDArray[np.float64]


def compare(
    store: Store,
    scope: Scope,
    metric: Metric,
    level: Level,
    windows: tuple[Window, Window],
    view: View = PLAIN,
    *,
    scheme: Scheme = "quantiles",
    classes: int = 5,
    edges: Sequence[float] = (),
) -> Comparison:
    """Return two periods of a metric side by side, classed alike."""
    first, second = (measure(store, scope, metric, level, window, view) for window in windows)
    both = first.frame.merge(second.frame, on="code", how="outer", suffixes=("_was", "_now"))
    sides = [tuple(both[f"{name}_{when}"] for name in ("value", "low", "high")) for when in ("was", "now")]
    change, low, high = difference(sides[0], sides[1])  # type: ignore[arg-type]
    frame = pd.DataFrame({"id": 0, "code": both["code"], "name": ""})
    for name in ("id", "name"):
        frame[name] = both[f"{name}_now"].where(both[f"{name}_now"].notna(), both[f"{name}_was"])
    frame["was"], frame["now"] = both["value_was"], both["value_now"]
    frame["n_was"], frame["n_now"] = (both[f"n_{when}"].fillna(0).astype(np.int64) for when in ("was", "now"))
    frame["change"], frame["low"], frame["high"] = change, low, high
    frame["clear"] = (low > 0) | (high < 0)
    breaks = class_breaks(frame["was"], frame["now"], scheme=scheme, classes=classes, edges=edges)
    return Comparison(first, second, frame, breaks)


def bivariate(
    store: Store, scope: Scope, level: Level, window: Window, view: View = PLAIN
) -> tuple[pd.DataFrame, npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return claim density against satisfaction in 3 x 3 classes.

    Returns
    -------
    frame, density_breaks, satisfaction_breaks
        By code: id, code, name, density, satisfaction, n_claims, n_ratings, class (0 to 8: 3 * satisfaction +
        density; 255 where either is not known); two inner edges for each side.
    """
    density = measure(store, scope, Metric.CLAIMS_PER_1000, level, window, view).frame
    liked = measure(store, scope, Metric.SATISFACTION, level, window, view).frame
    both = density.merge(liked, on="code", how="outer", suffixes=("", "_liked"))
    frame = pd.DataFrame(
        {
            "id": both["id"].fillna(both["id_liked"]).astype(np.int64),
            "code": both["code"],
            "name": both["name"].fillna(both["name_liked"]),
            "density": both["value"],
            "satisfaction": both["value_liked"],
            "n_claims": both["n"].fillna(0).astype(np.int64),
            "n_ratings": both["n_liked"].fillna(0).astype(np.int64),
        }
    )
    across, up = (class_breaks(frame[name], classes=3) for name in ("density", "satisfaction"))
    frame["class"] = bivariate_codes(frame["density"], frame["satisfaction"], across, up)
    return frame, across, up


def score(
    store: Store,
    scope: Scope,
    level: Level,
    window: Window,
    view: View = PLAIN,
    weights: Mapping[Metric, float] = WEIGHTS,
) -> pd.DataFrame:
    """Return the weighted mean of the three rates of every unit and its rank by its lower bound.

    Parameters
    ----------
    weights
        Of the response, resolution and satisfaction rate.

    Returns
    -------
    pandas.DataFrame
        By code: id, code, name, each rate's value, low, high and n (``response_rate``, ``response_rate_low``
        …), n (the fewest records of a rate that counts), value, low, high, rank. A unit with fewer than ten
        records for a rate that counts has no score.
    """
    wrong = [one for one in weights if one not in THREE_RATES]
    if wrong:
        raise DataError(f"综合得分由响应率、办结率、满意率组成，不含“{wrong[0]}”。")
    frame = pd.DataFrame({"code": pd.Series(dtype=object)})
    for one in THREE_RATES:
        part = measure(store, scope, one, level, window, view).frame
        part.loc[part["too_few"], "value"] = np.nan
        named = {"value": one.value} | {name: f"{one.value}_{name}" for name in ("low", "high", "n")}
        part = part[["id", "code", "name", *named]].rename(columns=named)
        frame = frame.merge(part, on="code", how="outer", suffixes=("", "_more"))
        for name in ("id", "name"):
            if f"{name}_more" in frame:
                frame[name] = frame[name].where(frame[name].notna(), frame.pop(f"{name}_more"))
    rates, lows, highs = (
        frame[[f"{one.value}{end}" for one in THREE_RATES]].to_numpy(dtype=float)
        for end in ("", "_low", "_high")
    )
    used = [one for one in THREE_RATES if weights.get(one, 0) > 0]
    frame["n"] = frame[[f"{one.value}_n" for one in used]].fillna(0).min(axis=1).astype(np.int64)
    by = [weights.get(one, 0.0) for one in THREE_RATES]
    frame["value"], frame["low"], frame["high"] = weighted_score(rates, lows, highs, by)
    frame["rank"] = ranks(frame["low"], frame["n"], least=TOO_FEW)
    frame["id"] = frame["id"].astype(np.int64)
    return frame.sort_values("code", kind="stable").reset_index(drop=True)
