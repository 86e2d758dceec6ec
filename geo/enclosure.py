"""A drawn boundary that takes part in a move of cells."""

from __future__ import annotations

import shapely

NEAR_M = 15.0
"""Drawn boundaries run beside the cells; this near to cells that move they run along them afterwards."""
GRID_M = 1e-5
"""Finer than what tells two vertices apart in the store."""
SLIVER_M2 = 1.0


def reshaped(
    stored: shapely.Geometry, moved: shapely.Geometry, own: shapely.Geometry
) -> shapely.MultiPolygon:
    """Return a boundary that follows cells which join or leave: theirs nearby, as it was elsewhere.

    Parameters
    ----------
    stored, moved, own
        The boundary in force, the cells that join or leave, all cells of the compound then; in metres.

    Returns
    -------
    shapely.MultiPolygon
        With more parts than `stored` where its boundary runs further than `NEAR_M` from the cells.
    """
    near = shapely.buffer(moved, NEAR_M, join_style="mitre")
    kept = shapely.difference(stored, near, grid_size=GRID_M)
    drawn = shapely.intersection(own, near, grid_size=GRID_M)
    made = shapely.get_parts(shapely.union(kept, drawn, grid_size=GRID_M))
    return shapely.MultiPolygon([_closed(part) for part in made if shapely.area(part) >= SLIVER_M2])


def _closed(part: shapely.Polygon) -> shapely.Polygon:
    """Return a polygon without holes that are slivers."""
    rings = shapely.get_rings(part)
    inner = [ring for ring in rings[1:] if shapely.area(shapely.polygons(ring)) >= SLIVER_M2]
    return shapely.Polygon(rings[0], inner)
