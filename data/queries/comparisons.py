"""Several overlays together: two periods, density against satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.periods import Window
from data.queries.records import PLAIN, Measured, Metric, View, measure
from data.scope import Scope
from data.store import Store
from data.units import Level
from geo.classes import Scheme, bivariate_codes, class_breaks
from geo.statistics import difference


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
    return compared(first, second, scheme=scheme, classes=classes, edges=edges)


def compared(
    first: Measured,
    second: Measured,
    *,
    scheme: Scheme = "quantiles",
    classes: int = 5,
    edges: Sequence[float] = (),
) -> Comparison:
    """Return two measured periods of a metric side by side, classed alike."""
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
