"""What each community is to hold: compounds of the four kinds to the exact totals, and everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from data.demo.cutting import area
from data.demo.figures import CENTRE, COMPOUNDS, HOUSEHOLDS, KINDS
from data.demo.plan import Community, Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

AGED = KINDS.index("aged")
MEDIAN = np.array([330.0, 265.0, 105.0, 235.0])
"""Households of a compound by kind: median and spread (of the logarithm), smallest and largest."""
SPREAD = np.array([0.70, 0.50, 0.72, 0.55])
SMALLEST = np.array([60, 60, 24, 50])
LARGEST = np.array([2_600, 1_100, 900, 1_400])
LAND_M2 = np.array([64.0, 60.0, 54.0, 60.0])
"""Land per household, from the wall or the lane's middle."""
AREA_SHARE = {
    2_000: (0.18, 0.02, 0.60, 0.20),
    4_500: (0.36, 0.05, 0.34, 0.25),
    7_500: (0.60, 0.12, 0.12, 0.16),
    9_500: (0.58, 0.28, 0.09, 0.05),
}
TOWN_SHARE = (0.38, 0.05, 0.47, 0.10)
WORKS = (5_000.0, 400.0)
"""Where the great works stand: many estates of work units around."""

OTHER = {
    "school": (22_000, 1.0),
    "office": (11_000, 1.1),
    "market": (7_000, 0.8),
    "mall": (16_000, 0.6),
    "hospital": (24_000, 0.25),
    "park": (26_000, 0.9),
    "public": (9_000, 0.5),
    "industry": (42_000, 0.6),
    "vacant": (20_000, 0.4),
}
"""Other uses: usual size of the lot in m² and how often."""


def assign(communities: list[Community], rng: np.random.Generator, *, tiled: bool = False) -> None:
    """Give every community its programme; the compounds of each kind add up to the city's exactly.

    With `tiled`, the compounds of a community fill it.
    """
    land = np.array([area(c.land) for c in communities])
    radius = np.array([c.radius for c in communities])
    town = np.array([c.town and c.radius > 8_500 for c in communities])
    weight = (land * _residential_share(radius, town))[:, None] * _mix(communities, radius, town, rng)
    mean = MEDIAN * np.exp(SPREAD**2 / 2) * LAND_M2
    count = np.stack([exact(weight[:, k] / mean[k], COMPOUNDS[kind]) for k, kind in enumerate(KINDS)], axis=1)
    households = _households(count, rng)
    at = 0
    for c, community in enumerate(communities):
        total = int(count[c].sum())
        kinds = np.repeat(np.arange(4), count[c])
        _fill(community, kinds, households[at : at + total], float(land[c]), rng)
        if tiled and total:
            community.programme = [item for item in community.programme if item.kind >= 0]
        at += total


def _residential_share(radius: NDArray[np.float64], town: NDArray[np.bool_]) -> NDArray[np.float64]:
    share = np.interp(radius, [0, 3_000, 5_500, 7_500, 9_000, 10_500], [0.62, 0.58, 0.46, 0.28, 0.06, 0.009])
    result: NDArray[np.float64] = np.where(town, 0.30, share)
    return result


def _mix(
    communities: list[Community],
    radius: NDArray[np.float64],
    town: NDArray[np.bool_],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Return (communities, kinds): shares of residential land by kind, with local taste."""
    at = list(AREA_SHARE)
    share = np.stack([np.interp(radius, at, [AREA_SHARE[r][k] for r in at]) for k in range(4)], axis=1)
    share[town] = TOWN_SHARE
    away = np.array(
        [
            np.hypot(c.centre[0] - CENTRE[0] - WORKS[0], c.centre[1] - CENTRE[1] - WORKS[1])
            for c in communities
        ]
    )
    share[:, 3] *= 1 + 3.0 * np.exp(-((away / 2_400) ** 2))
    share *= rng.lognormal(0, 0.55, share.shape)
    result: NDArray[np.float64] = (
        share / share.sum(axis=1, keepdims=True) * rng.uniform(0.8, 1.1, (len(share), 1))
    )
    return result


def exact(weight: NDArray[np.float64], total: int) -> NDArray[np.int64]:
    """Round `weight`, scaled to `total`, so that it adds up to it (largest remainders)."""
    wanted = weight / weight.sum() * total
    count: NDArray[np.int64] = np.floor(wanted).astype(np.int64)
    left = total - int(count.sum())
    count[np.argsort(-(wanted - count), kind="stable")[:left]] += 1
    return count


def _households(count: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw households per compound, in order of community and kind, to about the city's total."""
    kind = np.concatenate([np.repeat(np.arange(4), row) for row in count])
    wanted = np.exp(rng.normal(np.log(MEDIAN[kind]), SPREAD[kind]))
    for _ in range(3):
        wanted = np.clip(wanted * HOUSEHOLDS / wanted.sum(), SMALLEST[kind], LARGEST[kind])
    result: NDArray[np.int64] = np.round(wanted).astype(np.int64)
    return result


def _fill(
    community: Community,
    kinds: NDArray[np.int64],
    households: NDArray[np.int64],
    land: float,
    rng: np.random.Generator,
) -> None:
    """Lay the compounds' demands down and fill the rest of the land with other uses."""
    wanted = households * LAND_M2[kinds] * rng.uniform(0.9, 1.15, len(kinds)) + 900
    room = 0.82 * land
    wanted *= min(1.0, room / wanted.sum()) if len(wanted) else 1.0
    items = [
        Programme("housing", a, int(k), int(h)) for a, k, h in zip(wanted, kinds, households, strict=True)
    ]
    left = land - float(wanted.sum())
    rural = community.radius > 8_700 and not community.town
    names = list(OTHER)
    odds = np.array([OTHER[name][1] for name in names])
    if community.radius < 4_000:
        odds[names.index("industry")] = 0.03
    if community.radius > 6_500:
        odds[[names.index("vacant"), names.index("industry")]] *= 2.5
    else:
        odds[names.index("vacant")] = 0.06
    budget = min(left, max(land * 0.30, float(wanted.sum()) * 0.8)) if rural else left
    others: list[tuple[str, float]] = []
    most = 3 + round(0.6 * len(kinds)) + round(land / 250_000)
    while budget > 6_000 and len(others) < min(most, 16):
        use = names[int(rng.choice(len(names), p=odds / odds.sum()))]
        others.append((use, OTHER[use][0] * rng.uniform(0.7, 1.5)))
        budget -= others[-1][1]
    taken = sum(size for _, size in others)
    stretch = 1.0 if rural else min(max(left / max(taken, 1.0), 0.3), 1.9)
    items += [Programme(use, size * stretch, -1, 0) for use, size in others]
    left -= taken * stretch
    if rural and left > 60_000:
        pieces = max(1, round(left / 900_000))
        items += [Programme("farmland", left / pieces, -1, 0)] * pieces
    elif left > 12_000:
        pieces = max(1, round(left / 90_000))
        uses = ["park", *rng.choice(names, pieces - 1, p=odds / odds.sum()).tolist()]
        items += [Programme(use, left / pieces, -1, 0) for use in uses]
    community.programme = items
