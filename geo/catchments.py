"""Walking catchments: what stations reach, how loaded they are, where the next ones would do most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from geo.errors import GeoError
from geo.walking import Network, Reach, Snapped, nearest_m, reach

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WALK_M_PER_MIN = 72.0
"""Walking speed: 1.2 m/s, an older person's usual pace."""
BANDS_MIN = (5.0, 10.0, 15.0)


@dataclass(frozen=True)
class Coverage:
    """How near help is.

    Attributes
    ----------
    minutes
        Shape (k,): to the nearest station; inf beyond the longest band.
    band
        Shape (k,): number of the band, 0 the nearest; ``len(bands)`` where none.
    straight
        Shape (k,): measured in a straight line, because no street is near.
    """

    minutes: Floats
    band: Ints
    straight: npt.NDArray[np.bool_]


def cover(
    network: Network,
    stations: Snapped,
    points: Snapped,
    *,
    bands_min: Sequence[float] = BANDS_MIN,
    speed_m_per_min: float = WALK_M_PER_MIN,
) -> Coverage:
    """Return how many minutes each point walks to its nearest station, and in which band that is."""
    bands = _checked(bands_min, speed_m_per_min)
    metres, straight = nearest_m(network, stations, points, float(bands[-1]) * speed_m_per_min)
    minutes = metres / speed_m_per_min
    band = np.searchsorted(bands, minutes - 1e-9, side="left")
    return Coverage(minutes, band.astype(np.int64), straight)


def _checked(bands_min: Sequence[float], speed_m_per_min: float) -> Floats:
    bands = np.asarray(bands_min, dtype=float)
    if not len(bands) or (bands <= 0).any() or (np.diff(bands) <= 0).any():
        raise GeoError(f"walking times {list(bands_min)} must rise from above zero.")
    if speed_m_per_min <= 0:
        raise GeoError(f"a walking speed of {speed_m_per_min:g} m/min must be above zero.")
    return bands


@dataclass(frozen=True)
class Load:
    """Two-step floating catchment.

    Attributes
    ----------
    per_station
        Shape (s,): people within reach of each station.
    ratio
        Shape (s,): supply per person there; NaN where nobody is.
    access
        Shape (p,): supply within reach of each point, per person who shares it; 0 where there is none.
    """

    per_station: Floats
    ratio: Floats
    access: Floats


def two_step(supply: npt.ArrayLike, people: npt.ArrayLike, reached: Reach) -> Load:
    """Return the load of each station and the supply that each point has of them.

    First each station's supply is shared among all within its reach; then each point adds up the shares of
    the stations within its reach. The people-weighted mean of `access` is all supply that anyone reaches over
    all people.

    Parameters
    ----------
    supply
        Shape (s,): seats, square metres, or one each.
    people
        Shape (p,): who lives at each point.
    reached
        Pairs within the catchment.

    References
    ----------
    W. Luo and F. Wang (2003), Measures of spatial accessibility to health care in a GIS environment,
    Environment and Planning B 30, 865-884.
    """
    offer, demand = np.asarray(supply, dtype=float), np.asarray(people, dtype=float)
    per_station = np.bincount(reached.source, demand[reached.point], len(offer)).astype(float)
    ratio = np.divide(offer, per_station, out=np.full(len(offer), np.nan), where=per_station > 0)
    access = np.bincount(reached.point, np.nan_to_num(ratio)[reached.source], len(demand)).astype(float)
    return Load(per_station, ratio, access)


@dataclass(frozen=True)
class Sites:
    """Where the next stations would reach most.

    Attributes
    ----------
    site
        Shape (n,): positions of the chosen candidates, the best first; fewer where nothing is left to gain.
    gain
        Shape (n,): weight that each adds to what is covered already.
    """

    site: Ints
    gain: Floats


def best_sites(
    reached: Reach,
    weight: npt.ArrayLike,
    count: int,
    candidates: int,
    *,
    covered: npt.ArrayLike | None = None,
) -> Sites:
    """Choose candidates one after another, each covering the most that is not covered yet.

    The greedy choice is never worse than 1 - 1/e (63%) of the best possible set.

    Parameters
    ----------
    reached
        Pairs of candidate (`source`) and point within walking distance.
    weight
        Shape (p,): dwellings, say, at each point.
    count
        How many sites.
    candidates
        How many candidates there are.
    covered
        Shape (p,): which points are covered already.

    References
    ----------
    R. Church and C. ReVelle (1974), The maximal covering location problem, Papers of the Regional Science
    Association 32, 101-118; the bound: G. L. Nemhauser, L. A. Wolsey and M. L. Fisher (1978), An analysis of
    approximations for maximizing submodular set functions, Mathematical Programming 14, 265-294.
    """
    open_weight = np.asarray(weight, dtype=float).copy()
    if covered is not None:
        open_weight[np.asarray(covered, dtype=bool)] = 0.0
    ones = np.ones(len(reached.source))
    shape = (candidates, len(open_weight))
    by_site = csr_array((ones, (reached.source, reached.point)), shape=shape)
    by_point = csr_array(by_site.T)
    gain = np.asarray(by_site @ open_weight)
    chosen: list[int] = []
    gained: list[float] = []
    while len(chosen) < count and len(gain) and (best := int(np.argmax(gain))) >= 0 and gain[best] > 0:
        chosen.append(best)
        gained.append(float(gain[best]))
        points = by_site.indices[by_site.indptr[best] : by_site.indptr[best + 1]]
        points = points[open_weight[points] > 0]
        lost = by_point[points]
        gain -= lost.T @ open_weight[points]
        open_weight[points] = 0.0
        gain[best] = 0.0
        gain[gain < 1e-9] = 0.0  # noqa: PLR2004  (what rounding leaves)
    return Sites(np.array(chosen, dtype=np.int64), np.array(gained))


def newly_covered(
    network: Network,
    site: Snapped,
    points: Snapped,
    minutes: npt.ArrayLike,
    limit_min: float,
    speed_m_per_min: float,
) -> Ints:
    """Return the points that a station at `site` would reach, and that walk further than `limit_min` now.

    Parameters
    ----------
    minutes
        Shape (p,): the walk to the nearest station today.
    """
    found = reach(network, site, points, limit_min * speed_m_per_min)
    now = np.asarray(minutes, dtype=float)[found.point]
    return np.asarray(found.point[now > limit_min])
