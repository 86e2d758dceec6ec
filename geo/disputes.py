"""Where two polygons of a layer claim the same land, or none does, wider than any drawing noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.faces import polygonal
from geo.refusals import Refusal

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING_M2 = 1e-3
LEFT_M2 = 0.2
"""What a decision leaves of each claimant at least."""


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


def settled(
    layers: list[NDArray[np.object_]],
    frame: shapely.Geometry,
    walled: NDArray[np.bool_],
    tolerance: float,
    wide: str,
) -> tuple[list[list[Dispute]], list[list[Dispute]], list[Refusal]]:
    """Take what is disputed out of those who claim it, or give it to one of them; changes `layers`.

    Parameters
    ----------
    layers
        Compounds, grids, micro-grids: (n,) polygons each, within the frame, in metres.
    frame
        The community.
    walled
        (compounds,) whether the outline is a wall.
    tolerance
        How far a boundary may move.
    wide
        ``refuse`` or ``longest-border``.

    Returns
    -------
    tuple
        Per layer what stays in dispute, and what was decided; and refusals of those who claim the former.
    """
    result: list[list[Dispute]] = []
    decided: list[list[Dispute]] = [[], [], []]
    refusals: list[Refusal] = []
    loose = (~walled, *(np.zeros(len(polygons), dtype=bool) for polygons in layers[1:]))
    for n, polygons in enumerate(layers):
        open_disputes: list[Dispute] = []
        result.append(open_disputes)
        covers = n > 0
        if not len(polygons) or (covers and is_partition(polygons, frame)):
            continue
        for dispute in wide_disputes(polygons, frame if covers else None, tolerance, loose[n]):
            if wide == "longest-border" and _decide(polygons, dispute):
                decided[n].append(dispute)
                continue
            if dispute.claimed:
                claimants = list(dispute.claimants)
                polygons[claimants] = shapely.difference(polygons[claimants], dispute.piece)
            reason = "wide_overlap" if dispute.claimed else "wide_gap"
            refusals += [
                Refusal(n, k, "repaired", reason, width_of(dispute.piece), dispute.piece)
                for k in dispute.claimants
            ]
            open_disputes.append(dispute)
    return result, decided, refusals


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
    found: list[shapely.Geometry] = []
    parts = shapely.get_parts(polygonal(area))
    cores = shapely.buffer(parts, -tolerance / 2, quad_segs=2)
    for part, core in zip(parts, cores, strict=True):
        if core.is_empty:
            continue
        # a little further out than it went in, so that corners stay whole
        body = shapely.intersection(shapely.buffer(core, 0.8 * tolerance, quad_segs=2), part)
        # and with what little is left beyond them, so that the same is disputed a second time
        rest = shapely.get_parts(polygonal(shapely.difference(part, body)))
        xy, owner = shapely.get_coordinates(rest, return_index=True)
        reach = np.zeros(len(rest))
        np.maximum.at(reach, owner, shapely.distance(shapely.points(xy), body))
        # a whole part keeps the vertices that its neighbours have
        short = reach < tolerance
        body = part if short.all() else shapely.union_all([body, *rest[short]])
        pieces = shapely.get_parts(polygonal(body))
        found += list(pieces[~shapely.is_empty(shapely.buffer(pieces, -tolerance / 2, quad_segs=2))])
    return found


def width_of(piece: shapely.Geometry) -> float:
    """Return the diameter of the largest circle inside, in metres."""
    circle = shapely.maximum_inscribed_circle(piece, 0.05)
    return 2 * float(shapely.length(circle))


def is_partition(polygons: NDArray[np.object_], frame: shapely.Geometry) -> bool:
    """Return whether polygons cover a frame without gap or overlap, node by node."""
    return bool(
        abs(shapely.area(polygons).sum() - shapely.area(frame)) < ROUNDING_M2
        and shapely.coverage_is_valid(polygons)
    )


def _decide(polygons: NDArray[np.object_], dispute: Dispute) -> bool:
    """Give a disputed piece to the one with the longest border on it, unless nothing is left of another."""
    rim = shapely.boundary(dispute.piece)
    rest = [shapely.difference(polygons[k], dispute.piece) for k in dispute.claimants]
    if any(shapely.area(r) < LEFT_M2 for r in rest):
        return False
    length = [shapely.length(shapely.intersection(shapely.buffer(rim, 0.01), r)) for r in rest]
    winner = int(np.argmax(np.round(length, 3)))
    for n, k in enumerate(dispute.claimants):
        polygons[k] = shapely.union(rest[n], dispute.piece) if n == winner else rest[n]
    return True


def with_disputes(
    clipped: list[NDArray[np.object_]], disputes: list[list[Dispute]]
) -> list[NDArray[np.object_]]:
    """Return the layers with what is disputed as polygons of their own."""
    return [
        np.append(polygons, np.array([d.piece for d in of_layer], dtype=object))
        for polygons, of_layer in zip(clipped, disputes, strict=True)
    ]
