"""Classes for a legend: quantiles, natural breaks, fixed edges; two values at once; one for a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from geo.errors import GeoError
from geo.statistics import class_codes, quantile_breaks

Floats = npt.NDArray[np.float64]
Scheme = Literal["quantiles", "natural", "fixed"]
SCHEMES: tuple[Scheme, ...] = ("quantiles", "natural", "fixed")
MISSING = 255
"""Class of a place that nothing can be said of."""
SIDE = 3
"""Classes of each value of a bivariate map."""


def class_breaks(
    *values: npt.ArrayLike,
    scheme: Scheme = "quantiles",
    classes: int = 5,
    edges: Sequence[float] = (),
) -> Floats:
    """Return the inner edges of the classes of one or several sets of values, so that they share a legend.

    Parameters
    ----------
    values
        Shape (n,) each; NaN is left out. Those of several periods or maps are taken together.
    scheme
        ``quantiles``, ``natural`` (Fisher and Jenks) or ``fixed`` (the `edges`).
    classes
        How many, at most.

    Returns
    -------
    numpy.ndarray
        Increasing; at most ``classes - 1``, for fixed edges all of them.
    """
    if scheme == "fixed":
        fixed = np.asarray(edges, dtype=float)
        if not len(fixed) or not np.isfinite(fixed).all() or (np.diff(fixed) <= 0).any():
            raise GeoError(f"fixed edges {list(edges)} must be numbers in rising order.")
        return fixed
    if scheme not in SCHEMES:
        raise GeoError(f"there are no classes by {scheme!r}; choose one of {', '.join(SCHEMES)}.")
    known = np.concatenate([np.asarray(one, dtype=float).ravel() for one in values])
    known = known[np.isfinite(known)]
    return natural_breaks(known, classes) if scheme == "natural" else quantile_breaks(known, classes)


def natural_breaks(values: npt.ArrayLike, classes: int = 5) -> Floats:
    """Return the inner edges of the classes whose squared deviations from their means add up to the least.

    The optimum is found exactly, by Fisher's recurrence with divide and conquer, and is the same every time.

    Parameters
    ----------
    values
        Shape (n,); finite.

    Returns
    -------
    numpy.ndarray
        The smallest value of each class but the first.

    References
    ----------
    W. D. Fisher (1958), On grouping for maximum homogeneity, JASA 53, 789-798; G. F. Jenks (1977), Optimal
    data classification for choropleth maps. X. Wu (1991), Optimal quantization by matrix searching,
    J. of Algorithms 12, 663-673, for the monotony that the division rests on.
    """
    distinct, weight = np.unique(np.asarray(values, dtype=float), return_counts=True)
    n = len(distinct)
    if n <= classes:
        return distinct[1:]
    centred = distinct - np.average(distinct, weights=weight)
    sums = [np.concatenate([[0.0], np.cumsum(weight * centred**power)]) for power in range(3)]

    def cost(first: npt.NDArray[np.int64], after: npt.NDArray[np.int64]) -> Floats:
        count, total, square = (one[after] - one[first] for one in sums)
        return np.asarray(square - total**2 / count)

    everything = np.arange(1, n + 1)
    best = np.concatenate([[0.0], cost(np.zeros(n, dtype=np.int64), everything)])
    cuts = []
    for filled in range(2, classes + 1):
        best, cut = _next_row(best, filled, cost)
        cuts.append(cut)
    starts, end = [], n
    for cut in reversed(cuts):
        end = int(cut[end])
        starts.append(end)
    return np.asarray(distinct[starts[::-1]])


def _next_row(best: Floats, filled: int, cost: object) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the least cost of the first j values in `filled` classes, and where the last class begins."""
    n = len(best) - 1
    row, cut = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    low, high = np.array([filled]), np.array([n])
    first, last = np.array([filled - 1]), np.array([n - 1])
    while len(low):
        middle = (low + high) // 2
        stop = np.minimum(last, middle - 1)
        count = stop - first + 1
        begin = np.concatenate([[0], np.cumsum(count)[:-1]])
        owner = np.repeat(np.arange(len(middle)), count)
        at = np.arange(count.sum()) - begin[owner] + first[owner]
        total = best[at] + cost(at, middle[owner])  # type: ignore[operator]
        least = np.minimum.reduceat(total, begin)
        hits = np.flatnonzero(total == least[owner])
        where = at[hits[np.searchsorted(owner[hits], np.arange(len(middle)))]]
        row[middle], cut[middle] = least, where
        parts = [(low, middle - 1, first, where), (middle + 1, high, where, last)]
        low, high, first, last = (np.concatenate([part[i] for part in parts]) for i in range(4))
        some = low <= high
        low, high, first, last = low[some], high[some], first[some], last[some]
    return row, cut


def bivariate_codes(
    across: npt.ArrayLike, up: npt.ArrayLike, across_breaks: npt.ArrayLike, up_breaks: npt.ArrayLike
) -> npt.NDArray[np.uint8]:
    """Return the class of two values at once: ``3 * up + across``, 0 to 8; `MISSING` where either is unknown.

    Parameters
    ----------
    across, up
        Shape (n,): the values on the two sides of the legend.
    across_breaks, up_breaks
        Two inner edges each.
    """
    x, y = class_codes(across, across_breaks, MISSING), class_codes(up, up_breaks, MISSING)
    known = (x != MISSING) & (y != MISSING)
    if known.any() and max(int(x[known].max()), int(y[known].max())) >= SIDE:
        raise GeoError(f"a bivariate map has {SIDE} x {SIDE} classes: give two inner edges for each value.")
    return np.where(known, SIDE * np.minimum(y, SIDE) + np.minimum(x, SIDE), MISSING).astype(np.uint8)
