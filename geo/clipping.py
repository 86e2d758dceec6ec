"""What of a drawn layer lies in its community, and what reaches beyond it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.faces import complex_of, polygonal
from geo.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROUNDING_M2 = 1e-3
ROUNDING_M = 1e-4


def clipped(polygons: NDArray[np.object_], frame: shapely.Geometry) -> NDArray[np.object_]:
    """Return what of each polygon lies in the frame, in as many parts as were drawn.

    Parameters
    ----------
    polygons
        (n,) polygons in metres.
    frame
        The community.
    """
    result = polygonal(shapely.intersection(polygons, frame))
    inside = shapely.area(polygons) - shapely.area(result) < ROUNDING_M2
    result[inside] = polygons[inside]
    drawn, parts = shapely.get_num_geometries(polygons), shapely.get_num_geometries(result)
    for n in np.flatnonzero(parts > drawn).tolist():
        pieces = shapely.get_parts(result[n])
        pieces = pieces[np.argsort(-shapely.area(pieces), kind="stable")[: drawn[n]]]
        result[n] = pieces[0] if len(pieces) == 1 else shapely.multipolygons(pieces)
    return _on_frame_vertices(result, frame)


def _on_frame_vertices(polygons: NDArray[np.object_], frame: shapely.Geometry) -> NDArray[np.object_]:
    """Give vertices that are the frame's but for rounding its place: community boundaries are exact."""
    own = np.unique(complex_of(shapely.get_coordinates(frame)))
    tree = shapely.STRtree(shapely.points(own.view(np.float64).reshape(-1, 2)))

    def moved(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        z = complex_of(xy)
        strange = np.flatnonzero(~np.isin(z, own))
        points = shapely.points(xy[strange])
        found, at = tree.query_nearest(points, max_distance=ROUNDING_M / 2, all_matches=False)
        z = z.copy()
        z[strange[found]] = own[at]
        return z.view(np.float64).reshape(-1, 2)

    return np.asarray(shapely.transform(polygons, moved))


def over_the_edge(
    layers: Sequence[NDArray[np.object_]], frame: shapely.Geometry, tolerance: float
) -> tuple[dict[int, shapely.Geometry], list[Refusal]]:
    """Refuse what lies too far outside the community to be cut back.

    Parameters
    ----------
    layers
        Compounds, grids, micro-grids as drawn, (n,) polygons each, in metres.
    frame
        The community.
    tolerance
        How far an outline may move.

    Returns
    -------
    tuple
        What such compounds hold beyond the community, by position; and the refusals.
    """
    stays: dict[int, shapely.Geometry] = {}
    refusals = []
    shapely.prepare(frame)
    for n, polygons in enumerate(layers):
        for k in np.flatnonzero(~shapely.covers(frame, polygons)).tolist():
            beyond = shapely.difference(polygons[k], frame)
            if beyond.area < ROUNDING_M2:
                continue
            reach = float(shapely.distance(frame, shapely.points(shapely.get_coordinates(beyond))).max())
            if reach > tolerance:
                refusals.append(Refusal(n, k, "as_drawn", "over_community", reach, beyond))
                if n == 0:
                    stays[k] = beyond
    return stays, refusals
