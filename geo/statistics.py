"""Rates and their intervals, classes for a legend. Arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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
