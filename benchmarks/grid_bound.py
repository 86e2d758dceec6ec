"""How many micro-grids could be in band at best, if it mattered not where entrances lie.

    python benchmarks/grid_bound.py [--scale small|district|city] [--least 85] [--most 115]

Entrances can't be cut, so the households of a compound may not add up to the band whatever is done. For each
compound by itself the fewest districts outside the band are found with an integer programme over all ways to
make a district from its entrances (of 150% of the band's middle at most). Where there are too many ways, none
is counted as outside. No proposal that stays inside compounds can do better; one that joins them may.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator

import numpy as np
from grid_proposal import complete
from grids import city
from scipy.optimize import Bounds, LinearConstraint, milp

MOST_WAYS = 30_000


def main() -> None:
    """Print how many districts there are, and how many of them must lie outside."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", default="city", choices=["small", "district", "city"])
    parser.add_argument("--least", type=int, default=85)
    parser.add_argument("--most", type=int, default=115)
    given = parser.parse_args()
    layers = complete(city(given.scale))
    home = layers["buildings"].set_index("id")["compound_id"]
    entrances = layers["entrances"]
    entrances = entrances.assign(compound_id=entrances["building_id"].map(home).to_numpy())
    known: dict[tuple[tuple[int, int], ...], tuple[int, int] | None] = {}
    districts = outside = unknown = 0
    for _, households in entrances[entrances["households"] > 0].groupby("compound_id")["households"]:
        sizes = Counter(round(one) for one in households if one <= given.most)
        if households.sum() < given.least or not sizes:
            continue
        key = tuple(sorted(sizes.items()))
        if key not in known:
            known[key] = fewest_outside(key, given.least, given.most)
        found = known[key]
        if found is None:
            unknown += 1
            found = round(households.sum() / ((given.least + given.most) / 2)), 0
        districts, outside = districts + found[0], outside + found[1]
    print(
        f"{districts:,} districts, {outside:,} of them outside {given.least}-{given.most} whatever is done;"
    )
    print(f"at best {1 - outside / districts:.1%} in band ({unknown:,} compounds counted as wholly inside)")


def fewest_outside(sizes: tuple[tuple[int, int], ...], least: int, most: int) -> tuple[int, int] | None:
    """Return how many districts a compound makes and how many of them lie outside; None: too many ways."""
    ways = []
    for way in ways_to(sizes, round(0.75 * (least + most))):
        ways.append(way)
        if len(ways) > MOST_WAYS:
            return None
    matrix = np.array(ways, dtype=float).T
    loads = np.array([size for size, _ in sizes]) @ matrix
    outside = ((loads < least) | (loads > most)).astype(float)
    there = np.array([count for _, count in sizes], dtype=float)
    found = milp(
        outside,
        constraints=LinearConstraint(matrix, there, there),
        integrality=np.ones(len(ways)),
        bounds=Bounds(0, np.inf),
        options={"time_limit": 2},
    )
    if found.status != 0:
        return None
    return round(found.x.sum()), round(found.fun)


def ways_to(sizes: tuple[tuple[int, int], ...], most: int) -> Iterator[tuple[int, ...]]:
    """Yield how many entrances of each size a district may have, but none of all."""

    def some(at: int, left: int) -> Iterator[tuple[int, ...]]:
        if at == len(sizes):
            yield ()
            return
        size, count = sizes[at]
        for number in range(min(count, left // size) + 1):
            for rest in some(at + 1, left - number * size):
                yield (number, *rest)

    yield from (way for way in some(0, most) if any(way))


if __name__ == "__main__":
    main()
