"""Rates of small places, steadied by those of all or of their neighbours. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from geo.errors import GeoError

Floats = npt.NDArray[np.float64]
Kind = Literal["count", "share"]


def empirical_bayes(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    *,
    kind: Kind = "count",
    keep_total: bool = True,
) -> Floats:
    """Return rates drawn towards the mean of all, the more the smaller the population.

    With the mean ``m`` and the variance between places ``A`` by moments, the raw rate ``x`` of ``n`` becomes
    ``m + A / (A + m / n) * (x - m)``. With `keep_total` the mean is the one weighted by ``1 / (A + m / n)``
    (generalised least squares): then the smoothed events add up to the events exactly.

    Parameters
    ----------
    events, population
        Shape (n,): how many, and of how many households or ratings.
    kind
        ``count``: events vary as Poisson counts; ``share``: they are some of the population (``m (1 - m)``).
    keep_total
        False gives Marshall's estimator to the letter.

    Returns
    -------
    numpy.ndarray
        Shape (n,), events per one of the population; NaN where there is no population.

    References
    ----------
    R. J. Marshall (1991), Mapping disease and mortality rates using empirical Bayes estimators,
    Applied Statistics 40, 283-294, section 3. For the total: Y. You and J. N. K. Rao (2002), A
    pseudo-empirical best linear unbiased prediction approach to small area estimation using survey weights,
    Canadian J. of Statistics 30, 431-439.
    """
    return _smoothed(events, population, lambda values: np.full(len(values), values.sum()), kind, keep_total)


def local_empirical_bayes(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    neighbours: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    *,
    kind: Kind = "count",
    keep_total: bool = True,
) -> Floats:
    """Return rates drawn towards the mean of each place's neighbourhood, itself included.

    Parameters
    ----------
    events, population, kind, keep_total
        As :func:`empirical_bayes`; to keep the total all local means are scaled by one factor.
    neighbours
        Pairs of positions, shape (m,) each: the second is a neighbour of the first. Pairs of a place with
        itself are left out and put back once.

    References
    ----------
    Marshall (1991), section 4.
    """
    n = len(np.asarray(events))
    first, second = (np.asarray(one) for one in neighbours)
    apart = first != second
    rows = np.concatenate([first[apart], np.arange(n)])
    columns = np.concatenate([second[apart], np.arange(n)])
    around = csr_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    around.data[:] = 1.0  # a pair named twice counts once
    return _smoothed(events, population, lambda values: around @ values, kind, keep_total)


def _smoothed(
    events: npt.ArrayLike,
    population: npt.ArrayLike,
    over: Callable[[Floats], Floats],
    kind: Kind,
    keep_total: bool,  # noqa: FBT001  (passed on)
) -> Floats:
    """Smooth with sums over a neighbourhood; places without population take no part."""
    event, n = _checked(events, population, kind)
    some = n > 0
    rate = np.divide(event, n, out=np.zeros(len(n)), where=some)
    people, places = over(n), over(some.astype(np.float64))
    mean = np.divide(over(event), people, out=np.zeros(len(n)), where=people > 0)
    # sum of n (x - m)^2 over the neighbourhood, with its own mean
    squares = over(n * rate**2) - 2 * mean * over(n * rate) + mean**2 * people
    spread = np.divide(squares, people, out=np.zeros(len(n)), where=people > 0)
    noise = mean * (1 - mean) if kind == "share" else mean
    between = spread - np.divide(noise * places, people, out=np.zeros(len(n)), where=people > 0)
    between = np.where(between > 1e-12 * np.maximum(spread, 1e-300), between, 0.0)
    within = np.divide(noise, n, out=np.zeros(len(n)), where=some)
    whole = between + within
    trust = np.divide(between, whole, out=np.zeros(len(n)), where=whole > 0)
    if keep_total:
        missing = float((n * (1 - trust) * rate).sum())
        given = float((n * (1 - trust) * mean).sum())
        mean = mean * (missing / given if given > 0 else 1.0)
    return np.where(some, mean + trust * (rate - mean), np.nan)


def _checked(events: npt.ArrayLike, population: npt.ArrayLike, kind: Kind) -> tuple[Floats, Floats]:
    event, n = np.asarray(events, dtype=float), np.nan_to_num(np.asarray(population, dtype=float))
    if event.shape != n.shape or event.ndim != 1:
        raise GeoError(f"{event.shape} events for {n.shape} populations: give one of each for every place.")
    if (event < 0).any() or (n < 0).any():
        raise GeoError("events and populations are counts: none may be negative.")
    if kind == "share" and (event > n).any():
        at = int(np.argmax(event > n))
        raise GeoError(f"{event[at]:g} events of {n[at]:g} at {at} are no share: use kind='count'.")
    return np.where(n > 0, event, 0.0), n
