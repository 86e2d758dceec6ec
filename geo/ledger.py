"""What changed hands between two states of a layer, as pieces of land."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.errors import Unsound
from geo.faces import polygonal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_M2 = 0.01
"""Less is rounding."""
UNTOLD_M2 = 0.1
"""What of a polygon's losses or gains may be in rows too small to be told."""
NONE = -1
STEP_M = 12.0
"""How densely the rim of a piece is measured."""


class Moves(NamedTuple):
    """Pieces that changed hands, one per layer and pair of polygons: (n,) each.

    Attributes
    ----------
    layer
        Position of the layer.
    source, target
        Positions of the polygon that held the piece and of the one that holds it; -1 for none.
    piece
        The land.
    area
        In square metres.
    households
        In it, by the buildings whose inner point lies there; nan where unknown.
    displacement
        Largest distance of the piece from the old outline, in metres.
    reason
        ``levelled``; ``wide`` where it decides a dispute; ``cut_back`` from beyond the community.
    """

    layer: NDArray[np.int64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    piece: NDArray[np.object_]
    area: NDArray[np.float64]
    households: NDArray[np.float64]
    displacement: NDArray[np.float64]
    reason: NDArray[np.object_]


def moves(
    before: Sequence[NDArray[np.object_]],
    after: Sequence[NDArray[np.object_]],
    buildings: NDArray[np.object_],
    households: NDArray[np.float64],
) -> Moves:
    """Return every piece that changed hands, layer by layer.

    Parameters
    ----------
    before, after
        Per layer (n,) polygons, in the same order.
    buildings, households
        (b,) footprints and the households in each.

    Raises
    ------
    Unsound
        Where a polygon lost or gained land that no row tells of.
    """
    found = []
    for n, (old, new) in enumerate(zip(before, after, strict=True)):
        source, target, piece, displacement = _moved(old, new)
        count = _households(piece, buildings, households)
        found.append(
            Moves(
                np.full(len(source), n),
                source,
                target,
                piece,
                shapely.area(piece),
                count,
                displacement,
                np.full(len(source), "levelled", dtype=object),
            )
        )
    return Moves(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _moved(
    old: NDArray[np.object_], new: NDArray[np.object_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.object_], NDArray[np.float64]]:
    lost = polygonal(shapely.difference(old, new))
    gained = polygonal(shapely.difference(new, old))
    less = np.flatnonzero(shapely.area(lost) > LEAST_M2)
    more = np.flatnonzero(shapely.area(gained) > LEAST_M2)
    # what one lost and another holds now
    i, j = shapely.STRtree(new).query(lost[less], predicate="intersects")
    source, target = less[i], j
    piece = polygonal(shapely.intersection(lost[source], new[target]))
    real = (source != target) & (shapely.area(piece) > LEAST_M2)
    source, target, piece = source[real], target[real], piece[real]
    sources, targets, pieces = [source], [target], [piece]
    # what one lost and nobody holds; what one gained and nobody held
    told = np.bincount(source, shapely.area(piece), len(old))
    # pieces of what was lost are disjoint: new polygons don't overlap
    less = less[shapely.area(lost[less]) - told[less] > LEAST_M2]
    rest = _without(lost, less, piece, source)
    bare = shapely.area(rest) > LEAST_M2
    sources.append(less[bare])
    targets.append(np.full(int(bare.sum()), NONE))
    pieces.append(rest[bare])
    rest = _without(gained, more, piece, target)
    bare = shapely.area(rest) > LEAST_M2
    sources.append(np.full(int(bare.sum()), NONE))
    targets.append(more[bare])
    pieces.append(rest[bare])
    source, target, piece = np.concatenate(sources), np.concatenate(targets), np.concatenate(pieces)
    _require_all(lost, source, piece)
    _require_all(gained, target, piece)
    outline = shapely.boundary(old)[np.where(source == NONE, target, source)]
    return source, target, piece, _reach(piece, outline)


def _require_all(whole: NDArray[np.object_], holder: NDArray[np.int64], piece: NDArray[np.object_]) -> None:
    real = holder != NONE
    told = np.bincount(holder[real], shapely.area(piece[real]), len(whole))
    if (shapely.area(whole) - told > UNTOLD_M2).any():
        raise Unsound(f"The ledger misses {(shapely.area(whole) - told).max():.3f} m² that changed hands.")


def _without(
    parts: NDArray[np.object_],
    which: NDArray[np.int64],
    pieces: NDArray[np.object_],
    owner: NDArray[np.int64],
) -> NDArray[np.object_]:
    """Return parts without the pieces that are told of them already."""
    order = np.argsort(owner, kind="stable")
    first, last = np.searchsorted(owner[order], which), np.searchsorted(owner[order], which, side="right")
    rest = parts[which].copy()
    for n in np.flatnonzero(last > first).tolist():
        mine = pieces[order[first[n] : last[n]]]
        # part by part: GEOS 3.14 can lose a thin part of many in one overlay
        left = shapely.difference(shapely.get_parts(rest[n]), shapely.union_all(mine))
        rest[n] = shapely.geometrycollections(left)
    return polygonal(rest)


def _reach(pieces: NDArray[np.object_], outlines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return how far each piece reaches from the old outline."""
    xy, piece = shapely.get_coordinates(shapely.segmentize(pieces, STEP_M), return_index=True)
    result = np.zeros(len(pieces))
    if len(xy):
        np.maximum.at(result, piece, shapely.distance(shapely.points(xy), outlines[piece]))
    return result


def _households(
    pieces: NDArray[np.object_], buildings: NDArray[np.object_], households: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not len(buildings):
        return np.full(len(pieces), np.nan)
    result = np.zeros(len(pieces))
    b, p = shapely.STRtree(pieces).query(shapely.point_on_surface(buildings), predicate="intersects")
    np.add.at(result, p, households[b])
    return result
