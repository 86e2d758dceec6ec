"""Micro-grids of one community: cells, then districts of them; and all communities, here or in processes."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, as_completed
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely
from scipy.spatial import QhullError

from geo.cells import cells_of
from geo.districting import Units, districts_of
from geo.errors import GeoError
from geo.layers import dissolved
from geo.partition import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from geo.partition import Band
    from geo.proposal_city import City, Task

    Geometries = NDArray[np.object_]
    Positions = NDArray[np.int64]

BATCH = 6
"""Communities that travel to a process together."""


class Outcome(NamedTuple):
    """Micro-grids of one community.

    Attributes
    ----------
    cell, place, compound, block, households, district
        (m,) per cell: polygon, (m, 2) a point in its building, compound and block among those of the task (-1
        for none), households, micro-grid.
    of_atom
        (a,) cell of each atom, -1 where a boundary leaves nothing of it.
    polygon, load, follows, reason
        (k,) per micro-grid: polygon, households, existing one that it continues (-1: none), why it is outside
        the band (empty: it is not).
    """

    cell: Geometries
    place: NDArray[np.float64]
    of_atom: Positions
    compound: Positions
    block: Positions
    households: NDArray[np.float64]
    district: Positions
    polygon: Geometries
    load: NDArray[np.float64]
    follows: Positions
    reason: NDArray[np.object_]


def solved(
    city: City, band: Band, seed: int, executor: Executor | None
) -> Iterator[tuple[int, Outcome | str]]:
    """Yield communities as they are solved, each with its outcome or why there is none."""
    size = [len(some) for some in city.atoms_in]
    every = sorted(range(len(city.frames)), key=lambda k: -size[k])
    batches = [every[n : n + BATCH] for n in range(0, len(every), BATCH)]
    if executor is None:
        for k in every:
            yield k, _attempt(city.task(k, band, seed))
        return
    waiting = {
        executor.submit(_attempts, [city.task(k, band, seed) for k in batch]): batch for batch in batches
    }
    for future in as_completed(waiting):
        try:
            answers: list[Outcome | str] = future.result()
        except BrokenExecutor as error:
            answers = [f"a process died ({error})"] * len(waiting[future])
        yield from zip(waiting[future], answers, strict=True)


def _attempts(tasks: list[Task]) -> list[Outcome | str]:
    return [_attempt(task) for task in tasks]


def _attempt(task: Task) -> Outcome | str:
    """Solve one community, or say why it can't be."""
    try:
        return _solve(task)
    except (GeoError, shapely.errors.GEOSException, QhullError) as error:
        return str(error).splitlines()[0]


def _solve(task: Task) -> Outcome:
    cells = cells_of(task.land)
    count = len(cells.polygon)
    there = np.flatnonzero(cells.of_atom >= 0)
    of = cells.of_atom[there]
    households = np.bincount(of, weights=task.households[there], minlength=count).astype(float)
    building = np.full(count, NONE)
    building[of] = task.building[there]
    place = shapely.point_on_surface(cells.polygon)
    place[of] = shapely.point_on_surface(task.land.footprints[there])
    before = np.full(count, NONE)
    k, c = shapely.STRtree(place).query(task.existing, predicate="intersects")
    before[c[::-1]] = k[::-1]
    locked = np.append(task.locked, False)[before] & (before >= 0)
    units = Units(
        households,
        shapely.area(cells.polygon),
        shapely.get_coordinates(shapely.centroid(cells.polygon)),
        cells.one,
        cells.other,
        cells.border_m,
        cells.block,
        cells.compound,
        building,
        before,
        locked,
    )
    found = districts_of(units, task.band, task.seed)
    polygon = dissolved(cells.polygon, found.of_unit, len(found.households))
    return Outcome(
        cells.polygon,
        shapely.get_coordinates(place),
        cells.of_atom,
        cells.compound,
        cells.block,
        households,
        found.of_unit,
        polygon,
        found.households,
        found.follows,
        found.reason,
    )
