"""Where two polygons of a layer claim the same land, or none does, wider than any drawing noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.faces import polygonal

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Dispute(NamedTuple):
    """A piece of land that is a decision, not noise.

    Attributes
    ----------
    piece
        The land.
    claimants
        Positions of those that claim it, or of those that border on it where nobody does.
    claimed
        Whether it is claimed twice; else by nobody.
    """

    piece: shapely.Geometry
    claimants: tuple[int, ...]
    claimed: bool


def wide_disputes(
    polygons: NDArray[np.object_],
    frame: shapely.Geometry | None,
    tolerance: float,
    loose: NDArray[np.bool_],
) -> list[Dispute]:
    """Return disputes wider than `tolerance`.

    Parameters
    ----------
    polygons
        (n,) one layer of a community, in metres.
    frame
        What the layer is to cover; None where gaps are no dispute.
    tolerance
        How far a boundary may move.
    loose
        (n,) whether an outline is no boundary that anybody claims (a compound without a wall): an overlap
        with it is disputed only where its two sides can't meet halfway within the tolerance.
    """
    found: list[Dispute] = []
    a, b = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    once = a < b
    a, b = a[once], b[once]
    common = shapely.intersection(polygons[a], polygons[b])
    large = np.flatnonzero(shapely.area(common) > 0.7 * tolerance**2)
    for n in large.tolist():
        width = tolerance * (2 if loose[a[n]] or loose[b[n]] else 1)
        rest = common[n]
        if found:
            rest = shapely.difference(rest, shapely.union_all([d.piece for d in found]))
        claimants = (int(a[n]), int(b[n]))
        found += [Dispute(piece, claimants, claimed=True) for piece in _wide_parts(rest, width)]
    if frame is not None:
        for piece in _wide_parts(shapely.difference(frame, shapely.union_all(polygons)), tolerance):
            beside = shapely.STRtree(polygons).query(piece, predicate="dwithin", distance=0.01)
            found.append(Dispute(piece, tuple(sorted(beside.tolist())), claimed=False))
    return found


def _wide_parts(area: shapely.Geometry, tolerance: float) -> list[shapely.Geometry]:
    """Return what of an area is wider than the tolerance, without its thin tails."""
    core = shapely.buffer(area, -tolerance / 2, quad_segs=2)
    if core.is_empty:
        return []
    # a little further out than it went in, so that corners stay whole
    body = shapely.intersection(shapely.buffer(core, 0.8 * tolerance, quad_segs=2), area)
    parts = shapely.get_parts(polygonal(body))
    wide = ~shapely.is_empty(shapely.buffer(parts, -tolerance / 2, quad_segs=2))
    return list(parts[wide])


def width_of(piece: shapely.Geometry) -> float:
    """Return the diameter of the largest circle inside, in metres."""
    circle = shapely.maximum_inscribed_circle(piece, 0.05)
    return 2 * float(shapely.length(circle))
