"""Rates and their intervals, classes for a legend. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaincinv, ndtr

from geo.errors import GeoError

Floats = npt.NDArray[np.float64]

Z_95 = 1.959963984540054
"""Two-sided 95% quantile of the standard normal distribution."""


def rate(numerator: npt.ArrayLike, denominator: npt.ArrayLike, per: float = 1.0) -> Floats:
    """Return ``numerator / denominator * per``; NaN where the denominator is zero or missing.

    Parameters
    ----------
    numerator, denominator
        Shape (n,).
    per
        What the rate is given per, e.g. 1000 households.
    """
    over = np.asarray(numerator, dtype=float)
    under = np.asarray(denominator, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under > 0, over / under * per, np.nan)


def wilson_interval(successes: npt.ArrayLike, n: npt.ArrayLike, z: float = Z_95) -> tuple[Floats, Floats]:
    """Return the lower and upper Wilson score bounds of a proportion; NaN where n is zero.

    Parameters
    ----------
    successes, n
        Counts, shape (k,).
    z
        Normal quantile; 95% by default.

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference,
    JASA 22, 209–212.
    """
    count = np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.asarray(successes, dtype=float) / count
        centre = share + z**2 / (2 * count)
        half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
        scale = 1 + z**2 / count
        low, high = (centre - half) / scale, (centre + half) / scale
    some = count > 0
    return np.where(some, np.clip(low, 0, 1), np.nan), np.where(some, np.clip(high, 0, 1), np.nan)


def quantile_breaks(values: npt.ArrayLike, classes: int = 5) -> Floats:
    """Return the inner class edges that put about as many values in each class; ties may merge classes.

    Parameters
    ----------
    values
        Shape (n,); NaN is left out.

    Returns
    -------
    numpy.ndarray
        At most ``classes - 1`` increasing edges, rounded to two significant digits.
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return np.empty(0)
    edges = np.quantile(known, np.linspace(0, 1, classes + 1)[1:-1])
    return np.unique(_rounded(edges))


def _rounded(values: Floats, digits: int = 2) -> Floats:
    magnitude = np.floor(np.log10(np.where(values == 0, 1, np.abs(values))))
    step = 10.0 ** (magnitude - digits + 1)
    return np.round(np.round(values / step) * step, 10)


def class_codes(values: npt.ArrayLike, breaks: npt.ArrayLike, missing: int = 255) -> npt.NDArray[np.uint8]:
    """Return the class of each value: the number of `breaks` that it reaches; `missing` for NaN."""
    known = np.asarray(values, dtype=float)
    codes = np.searchsorted(np.asarray(breaks, dtype=float), known, side="right").astype(np.uint8)
    codes[~np.isfinite(known)] = missing
    return codes


def poisson_interval(events: npt.ArrayLike, z: float = Z_95) -> tuple[Floats, Floats]:
    """Return the exact lower and upper bounds of the mean of a Poisson count.

    References
    ----------
    F. Garwood (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442.
    """
    count, where = np.unique(np.asarray(events, dtype=float), return_inverse=True)  # few differ
    tail = ndtr(-z)
    with np.errstate(invalid="ignore"):
        low = np.where(count > 0, gammaincinv(np.maximum(count, 1e-300), tail), 0.0)
        high = gammaincinv(count + 1, 1 - tail)
    unknown = np.isnan(count)
    return np.where(unknown, np.nan, low)[where], np.where(unknown, np.nan, high)[where]


def difference(
    first: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
) -> tuple[Floats, Floats, Floats]:
    """Return second less first and its lower and upper bounds, from each value's own bounds.

    For two shares with Wilson intervals this is Newcombe's hybrid score interval.

    Parameters
    ----------
    first, second
        Value, lower and upper bound, shape (n,) each, of independent samples.

    References
    ----------
    R. G. Newcombe (1998), Interval estimation for the difference between independent proportions,
    Statistics in Medicine 17, 873-890, method 10; G. Y. Zou and A. Donner (2008), Construction of confidence
    limits about effect measures, Statistics in Medicine 27, 1693-1702.
    """
    was, was_low, was_high = (np.asarray(one, dtype=float) for one in first)
    now, now_low, now_high = (np.asarray(one, dtype=float) for one in second)
    change = now - was
    low = change - np.hypot(now - now_low, was_high - was)
    high = change + np.hypot(now_high - now, was - was_low)
    return change, low, high


def weighted_score(
    rates: npt.ArrayLike, lows: npt.ArrayLike, highs: npt.ArrayLike, weights: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the weighted mean of several rates of each place and its bounds; NaN where a rate is missing.

    Parameters
    ----------
    rates, lows, highs
        Shape (n, r): of each place, each rate and its bounds.
    weights
        Shape (r,): none negative; they need not add up to one.

    References
    ----------
    The bounds: Zou and Donner (2008), as in :func:`difference`; the rates are taken to be independent.
    """
    share = np.asarray(weights, dtype=float)
    if (share < 0).any() or share.sum() <= 0:
        raise GeoError(f"weights {share.tolist()} must not be negative, and not all zero.")
    share = share / share.sum()
    used = share > 0
    value, low, high = (np.asarray(one, dtype=float)[:, used] for one in (rates, lows, highs))
    score = value @ share[used]
    below = np.sqrt((((value - low) * share[used]) ** 2).sum(axis=1))
    above = np.sqrt((((high - value) * share[used]) ** 2).sum(axis=1))
    return score, score - below, score + above


def ranks(
    values: npt.ArrayLike, n: npt.ArrayLike, *, least: int = 0, descending: bool = True
) -> npt.NDArray[np.int64]:
    """Return each place's rank, 1 the best, equal values sharing theirs; 0 for what may not be ranked.

    Parameters
    ----------
    values
        What is ranked by: of a share or a density its lower bound.
    n
        Records that each value rests on.
    least
        Below so many records a place is not ranked.
    """
    value = np.asarray(values, dtype=float)
    may = np.isfinite(value) & (np.asarray(n) >= least)
    order = np.sort(-value[may] if descending else value[may])
    rank = np.zeros(len(value), dtype=np.int64)
    rank[may] = np.searchsorted(order, -value[may] if descending else value[may]) + 1
    return rank
