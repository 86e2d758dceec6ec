"""Boundaries as hands drew them: shifted, roughened, vertices dropped and added, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHIFT_M = 1.7
ROUGH_M = 2.2
CHAMFER_M = 0.9
TOLERANCE_M = 5.0
"""What shift, roughness and blunted corners add up to at most."""
LOOSE_M = (2.0, 6.5)
"""How far beyond its houses an unwalled compound is drawn, before the hand's own error."""
LOOSEST_M = 12.0
WAVES = 4


def draw(
    polygons: NDArray[np.object_],
    wide: NDArray[np.float64],
    strength: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.object_]:
    """Return `polygons` as drawn.

    Parameters
    ----------
    polygons
        (n,) true polygons in metres.
    wide
        (n,) by how many metres each is drawn too wide, and rounded; 0 where a wall or a road is plain.
    strength
        (n,) factor on the error; 1 stays within `TOLERANCE_M`.
    rng
        Source of chance.

    Returns
    -------
    numpy.ndarray
        (n,) valid polygons without holes.
    """
    n = len(polygons)
    loose = wide > 0
    base = polygons.copy()
    base[loose] = shapely.buffer(polygons[loose], wide[loose], quad_segs=3)
    base[loose] = shapely.polygons(shapely.get_exterior_ring(base[loose]))
    spacing = rng.uniform(9, 26, n)
    angle, size = rng.uniform(0, 2 * np.pi, n), SHIFT_M * np.sqrt(rng.random(n))
    shift = np.stack([size * np.cos(angle), size * np.sin(angle)], axis=1)
    length = rng.uniform(45, 260, (n, WAVES))
    heading = rng.uniform(0, 2 * np.pi, (n, WAVES))
    wave = (2 * np.pi / length)[..., None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    phase = rng.uniform(0, 2 * np.pi, (n, 2, WAVES))
    weight = rng.dirichlet(np.ones(WAVES), n) * (ROUGH_M / np.sqrt(2)) * rng.uniform(0.5, 1, n)[:, None]
    chance = rng.random((n, 2))
    drawn = base.copy()
    left = np.arange(n)
    for damping in (1.0, 0.6, 0.3, 0.0):
        rings, owner = _rough(base[left], spacing[left], chance[left], damping)
        centre = shapely.get_coordinates(shapely.centroid(base[left]))[owner]
        field = np.einsum("ij,ikj->ik", rings - centre, wave[left][owner])
        move = np.stack(
            [(np.sin(field + phase[left, i][owner]) * weight[left][owner]).sum(axis=1) for i in (0, 1)], 1
        )
        moved = rings + (shift[left][owner] + move) * (strength[left] * damping)[owner, None]
        drawn[left] = shapely.polygons(shapely.linearrings(moved, indices=owner))
        left = left[~shapely.is_valid(drawn[left])]
        if not len(left):
            break
    return drawn


def _rough(
    polygons: NDArray[np.object_], spacing: NDArray[np.float64], chance: NDArray[np.float64], damping: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the open rings with vertices added about every `spacing` metres, some dropped, some blunted."""
    plain = shapely.simplify(polygons, 0.05)
    dense = shapely.segmentize(plain, spacing)
    xy, owner = shapely.get_coordinates(shapely.get_exterior_ring(dense), return_index=True)
    last = np.append(owner[1:] != owner[:-1], True)
    xy, owner = xy[~last], owner[~last]
    start = np.searchsorted(owner, owner)
    stop = np.searchsorted(owner, owner, side="right")
    index = np.arange(len(owner))
    after, before = np.where(index + 1 < stop, index + 1, start), np.where(index > start, index - 1, stop - 1)
    a, b = xy[before] - xy, xy[after] - xy
    la, lb = np.hypot(*a.T), np.hypot(*b.T)
    straight = np.einsum("ij,ij->i", a, b) < -0.995 * la * lb
    noise = np.modf(np.abs(np.sin(index * 12.9898 + chance[owner, 0] * 78.233) * 43758.5453))[0]
    dropped = straight & (noise < 0.25)
    blunt = ~straight & (noise > 0.72) & (damping > 0) & (np.minimum(la, lb) > 3)
    cut = CHAMFER_M / np.maximum(np.minimum(la, lb), 1)
    first = xy + a * np.minimum(cut, 0.4)[:, None]
    second = xy + b * np.minimum(cut, 0.4)[:, None]
    rows = np.repeat(index, np.where(dropped, 0, np.where(blunt, 2, 1)))
    repeated = np.append(False, rows[1:] == rows[:-1])
    result = xy[rows]
    result[blunt[rows]] = first[rows][blunt[rows]]
    result[repeated] = second[rows][repeated]
    return result, owner[rows]
