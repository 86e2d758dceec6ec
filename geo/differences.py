"""Two divisions of one community beside each other: what lives in another micro-grid, names aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.draft import Draft
    from geo.fabric import Fabric

    Positions = NDArray[np.int64]

LAND = 1e-3
"""What a cell without households weighs when micro-grids are told by what they share."""


class Difference(NamedTuple):
    """How two divisions differ.

    Attributes
    ----------
    households, buildings
        That are in another micro-grid; households are those of the first division.
    first, second
        Cells of either with buildings that are elsewhere in the other.
    unmatched
        Buildings that only one of them has.
    """

    households: float
    buildings: int
    first: Positions
    second: Positions
    unmatched: int


def difference(one: Draft, other: Draft) -> Difference:
    """Compare two divisions, cell by cell.

    Micro-grids are matched one to one so that as many households as possible stay: the same code may mean
    different places in two drafts.
    """
    a, b = _pairs(one.fabric, other.fabric)
    load = one.fabric.households[a]
    left, right = _numbered(one.owner[a]), _numbered(other.owner[b])
    shared = np.zeros((left.max(initial=0) + 1, right.max(initial=0) + 1))
    np.add.at(shared, (left, right), load + LAND)
    partner = np.full(len(shared), -1)
    rows, columns = linear_sum_assignment(-shared)
    partner[rows] = columns
    lone = (one.owner[a] == None) != (other.owner[b] == None)  # noqa: E711
    bare = (one.owner[a] == None) & (other.owner[b] == None)  # noqa: E711
    moved = ((partner[left] != right) | lone) & ~bare
    fabric = one.fabric
    built = moved & (fabric.building[a] != None)  # noqa: E711
    names = set(fabric.building.tolist()) ^ set(other.fabric.building.tolist())
    return Difference(
        float(load[moved].sum()),
        len(set(fabric.building[a[built]].tolist())),
        a[built],
        b[built],
        len(names - {None}),
    )


def _pairs(one: Fabric, other: Fabric) -> tuple[Positions, Positions]:
    """Return the cells of two fabrics that are the same, by building and place where the fabrics differ."""
    if one.key == other.key:
        every = np.arange(len(one.households))
        return every, every
    at = {key: n for n, key in enumerate(_keys(other))}
    found = [(n, at[key]) for n, key in enumerate(_keys(one)) if key[0] is not None and key in at]
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _keys(fabric: Fabric) -> list[tuple[str | None, float, float]]:
    places = fabric.place.round(1).tolist()
    return [(name, x, y) for name, (x, y) in zip(fabric.building.tolist(), places, strict=True)]


def _numbered(owner: NDArray[np.object_]) -> Positions:
    number = {one: n for n, one in enumerate(dict.fromkeys(owner.tolist()))}
    return np.array([number[one] for one in owner.tolist()], dtype=np.int64)
