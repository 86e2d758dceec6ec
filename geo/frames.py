"""Frames for layers that come without communities: what they cover together, cluster by cluster."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from geo.layers import BESIDE_M, ROUNDING_M2, groups_of, measurable, polygonal, united, wider_than

BORDER_M = 0.01
"""Outlines nearer than this are a common border."""


def frames_around(*layers: gpd.GeoDataFrame, tolerance: float) -> gpd.GeoDataFrame:
    """Return the union of each cluster of overlapping polygons.

    A cluster that lacks one of the layers joins the neighbour with the longest common border: nothing else
    can cover it.

    Parameters
    ----------
    layers
        Compounds, grids, … in one coordinate system in metres; polygons of different layers cluster too.
    tolerance
        Holes that are nowhere wider are gaps of drawing and belong to the frame; in metres.

    Returns
    -------
    GeoDataFrame
        ``id`` (1, 2, …, from west to east, then south to north) and the frames, which overlap nowhere.
    """
    polygon = measurable(
        np.concatenate([np.asarray(layer.geometry.values, dtype=object) for layer in layers])
    )
    layer = np.repeat(np.arange(len(layers)), [len(one) for one in layers])[~shapely.is_empty(polygon)]
    polygon = polygon[~shapely.is_empty(polygon)]
    i, j = shapely.STRtree(polygon).query(polygon, predicate="intersects")
    i, j = i[i < j], j[i < j]
    overlap = shapely.area(shapely.intersection(polygon[i], polygon[j])) > ROUNDING_M2
    graph = coo_array((np.ones(overlap.sum()), (i[overlap], j[overlap])), shape=(len(polygon), len(polygon)))
    cluster = connected_components(graph, directed=False)[1] if len(polygon) else np.zeros(0, dtype=np.int64)
    cluster = _with_all_layers(cluster, layer, united(groups_of(cluster), polygon))
    frame = _without_gaps(united(groups_of(cluster), polygon), tolerance)
    if not shapely.coverage_is_valid(frame):
        # neighbours may overlap by what is rounding for a pair of polygons
        frame = polygonal(shapely.coverage_clean(frame, snapping_distance=0.0))
    frame = frame[np.lexsort(shapely.bounds(frame).T[1::-1])]
    ids = pd.Series(np.arange(1, len(frame) + 1), name="id")
    return gpd.GeoDataFrame(ids.to_frame(), geometry=frame, crs=layers[0].crs)


def _with_all_layers(cluster: np.ndarray, layer: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Let clusters that lack a layer join the neighbour that they border most."""
    held = np.zeros((len(frame), layer.max(initial=0) + 1), dtype=bool)
    held[cluster, layer] = True
    lacking = np.flatnonzero(~held.all(axis=1))
    i, j = shapely.STRtree(frame).query(frame[lacking], predicate="dwithin", distance=BESIDE_M)
    apart = lacking[i] != j
    one, other = lacking[i[apart]], j[apart]
    beside = shapely.buffer(frame[other], BORDER_M, quad_segs=1)
    border = shapely.length(shapely.intersection(shapely.boundary(frame[one]), beside))
    order = np.lexsort((-other, border, one))
    longest = order[np.append(one[order][1:] != one[order][:-1], True)] if len(order) else order
    longest = longest[border[longest] > 0]
    edges = (np.ones(len(longest)), (one[longest], other[longest]))
    graph = coo_array(edges, shape=(len(frame), len(frame)))
    return np.asarray(connected_components(graph, directed=False)[1][cluster])


def _without_gaps(frame: np.ndarray, tolerance: float) -> np.ndarray:
    """Fill the holes that are no wider than the tolerance and hold no other frame."""
    part, owner = shapely.get_parts(frame, return_index=True)
    ring, of_part = shapely.get_rings(part, return_index=True)
    inner = np.append(False, of_part[1:] == of_part[:-1]) if len(ring) else np.zeros(0, dtype=bool)
    hole = np.asarray(shapely.polygons(ring[inner]))
    narrow = ~wider_than(hole, tolerance)
    hole, of_frame = hole[narrow], owner[of_part[inner][narrow]]
    h, f = shapely.STRtree(frame).query(hole, predicate="intersects")
    taken = np.zeros(len(hole), dtype=bool)
    taken[h[f != of_frame[h]]] = True
    result = frame.copy()
    for n in np.unique(of_frame[~taken]):
        result[n] = shapely.union_all([frame[n], *hole[~taken & (of_frame == n)]])
    return polygonal(result)
