"""Atoms (what is never divided) out of buildings and entrances, and how many households live in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUSEHOLD_M2 = 100.0
"""Floor area of a household, walls and stairs included."""
SHED_M2 = 30.0
"""Smaller footprints are sheds and garages: nobody lives there."""
HOUSE_M2 = 150.0
HOUSE_FLOORS, BLOCK_FLOORS = 2.0, 6.0
"""Storeys of footprints below and above `HOUSE_M2` where they are not known."""


class Atoms(NamedTuple):
    """Atoms of a number of buildings: (n,) each, buildings in their order, entrances in theirs.

    Attributes
    ----------
    footprint
        Of a building, or the part of it that an entrance serves.
    building
        Position of the building.
    entrance
        Position of the entrance, -1 where the building is the atom.
    households
        Living there.
    estimated
        Whether the households were estimated.
    """

    footprint: NDArray[np.object_]
    building: NDArray[np.int64]
    entrance: NDArray[np.int64]
    households: NDArray[np.float64]
    estimated: NDArray[np.bool_]


def estimated_households(
    footprint_m2: NDArray[np.float64], floors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return floors × footprint / `HOUSEHOLD_M2`, rounded; none in sheds.

    Parameters
    ----------
    footprint_m2
        (n,) areas in square metres.
    floors
        (n,) storeys; nan where unknown: then `HOUSE_FLOORS` or `BLOCK_FLOORS`.
    """
    usual = np.where(footprint_m2 < HOUSE_M2, HOUSE_FLOORS, BLOCK_FLOORS)
    storeys = np.where(np.isfinite(floors), floors, usual)
    count = np.maximum(np.round(storeys * footprint_m2 / HOUSEHOLD_M2), 1.0)
    return np.where((footprint_m2 < SHED_M2) | (storeys <= 0), 0.0, count)


def atoms_of(
    footprint: NDArray[np.object_],
    households: NDArray[np.float64],
    floors: NDArray[np.float64],
    entrance_building: NDArray[np.int64] | None = None,
    entrance_households: NDArray[np.float64] | None = None,
    entrance_point: NDArray[np.object_] | None = None,
) -> Atoms:
    """Return the atoms of buildings: an entrance where entrances are known, else the building.

    Parameters
    ----------
    footprint, households, floors
        (n,) polygons in metres; nan where a count is not known.
    entrance_building
        (m,) position of each entrance's building; -1 where there is none, and then it is no atom.
    entrance_households
        (m,) nan where not known: then an equal share of the building's.
    entrance_point
        (m,) points or None; without a point entrances follow each other along the building.
    """
    area = shapely.area(footprint)
    estimated = ~np.isfinite(households)
    living = np.where(estimated, estimated_households(area, floors), households)
    count = len(footprint)
    if entrance_building is None or not len(entrance_building):
        return Atoms(footprint, np.arange(count), np.full(count, -1), living, estimated)
    own = np.full(len(entrance_building), np.nan) if entrance_households is None else entrance_households
    number = np.bincount(entrance_building[entrance_building >= 0], minlength=count)
    share = living[entrance_building] / np.maximum(number[entrance_building], 1)
    entrance_living = np.where(np.isfinite(own), own, share)
    alone = np.flatnonzero(number == 0)
    building = np.concatenate([alone, entrance_building[entrance_building >= 0]])
    entrance = np.concatenate([np.full(len(alone), -1), np.flatnonzero(entrance_building >= 0)])
    order = np.lexsort((entrance, building))
    building, entrance = building[order], entrance[order]
    is_entrance = entrance >= 0
    parts = footprint[building]
    several = np.flatnonzero(number > 1)
    start = np.searchsorted(building, several)
    for one, a in zip(several.tolist(), start.tolist(), strict=True):
        b = a + int(number[one])
        points = None if entrance_point is None else entrance_point[entrance[a:b]]
        parts[a:b] = _parts(footprint[one], int(number[one]), points)
    return Atoms(
        parts,
        building,
        entrance,
        np.where(is_entrance, entrance_living[entrance], living[building]),
        np.where(is_entrance, estimated[building] & ~np.isfinite(own[entrance]), estimated[building]),
    )


def _parts(
    footprint: shapely.Geometry, count: int, points: NDArray[np.object_] | None
) -> NDArray[np.object_]:
    """Divide a footprint across its long axis, halfway between entrances; in the order of the entrances."""
    corner = shapely.get_coordinates(shapely.minimum_rotated_rectangle(footprint))
    middle = shapely.get_coordinates(shapely.centroid(footprint))[0]
    sides = np.diff(corner[:3], axis=0)
    length = np.hypot(*sides.T)
    longer = int(np.argmax(length))
    axis = sides[longer] / max(length[longer], 1e-9)
    axis = axis if (axis[0], axis[1]) > (0, 0) else -axis
    across = np.array([-axis[1], axis[0]])
    half = length[longer] / 2
    place = np.full(count, np.nan)
    if points is not None:
        known = ~(shapely.is_missing(points) | shapely.is_empty(points))
        place[known] = (shapely.get_coordinates(points[known])[:, :2] - middle) @ axis
    inside = np.isfinite(place).all() and len(np.unique(np.round(place, 1))) == count
    if not (inside and np.abs(place).max() < 1.5 * half):
        place = (np.arange(count) + 0.5) / count * 2 * half - half
    order = np.argsort(place, kind="stable")
    cuts = (place[order][1:] + place[order][:-1]) / 2
    limits = np.concatenate([[-4 * half], cuts, [4 * half]])
    reach = 4 * (half + length[1 - longer])
    strip = [
        shapely.Polygon(
            [middle + axis * u + across * v for u, v in ((a, -reach), (b, -reach), (b, reach), (a, reach))]
        )
        for a, b in pairwise(limits.tolist())
    ]
    piece = shapely.intersection(footprint, np.array(strip, dtype=object))
    result = np.empty(count, dtype=object)
    result[order] = piece
    solid = (shapely.get_type_id(result) == shapely.GeometryType.POLYGON) & (shapely.area(result) > 1.0)
    # a winding building whose strips fall apart stays whole: its entrances go together
    return result if solid.all() else np.full(count, footprint, dtype=object)
