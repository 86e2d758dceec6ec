"""Which compound and which grid belong together, and which of the three overlap cases that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

COMPARABLE = 0.8
"""What a compound and a grid hold of each other, at least, to be comparable."""
STRUCTURE = {
    "compound_larger": "compound_over_grids",
    "grid_larger": "grid_over_compounds",
    "comparable": "joint_branch",
    "review": "",
}
"""The organisation that each case recommends: whose branch stands over whose."""


class Meetings(NamedTuple):
    """Compounds and grids that truly meet: their overlap is no noise of drawing.

    Attributes
    ----------
    compound, grid
        (k,) positions.
    area
        (k,) what they share, in square metres.
    broken
        (k,) whether nesting fails here: the grid cuts this compound and meets another one too.
    """

    compound: NDArray[np.int64]
    grid: NDArray[np.int64]
    area: NDArray[np.float64]
    broken: NDArray[np.bool_]


def meetings(compounds: NDArray[np.object_], grids: NDArray[np.object_], tolerance: float) -> Meetings:
    """Return which compounds and grids meet.

    An overlap counts where it is wider than `tolerance` somewhere or makes up half of either; each compound
    also meets the grid that holds most of it.
    """
    c, g = shapely.STRtree(grids).query(compounds, predicate="intersects")
    common = shapely.intersection(compounds[c], grids[g])
    area = shapely.area(common)
    half = area > 0.5 * np.minimum(shapely.area(compounds)[c], shapely.area(grids)[g])
    deep = half.copy()
    unsure = np.flatnonzero(~half & (area > 0.7 * tolerance**2))
    deep[unsure] = ~shapely.is_empty(shapely.buffer(common[unsure], -tolerance / 2, quad_segs=2))
    order = np.lexsort((g, -area, c))
    first = np.append(True, c[order][1:] != c[order][:-1]) if len(c) else np.zeros(0, dtype=bool)
    deep[order[first & (area[order] > 0)]] = True
    c, g, area = c[deep], g[deep], area[deep]
    grids_of = np.bincount(c, minlength=len(compounds))
    compounds_of = np.bincount(g, minlength=len(grids))
    return Meetings(c, g, area, (grids_of[c] > 1) & (compounds_of[g] > 1))


def relate(
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    *,
    tolerance: float = 5.0,
    comparable: float = COMPARABLE,
) -> pd.DataFrame:
    """Decide the relation of every compound and grid that meet, per connected cluster.

    Parameters
    ----------
    compounds, grids
        With a column ``id``; in one CRS in metres. ``households`` of the compounds is used where it is there.
    tolerance
        Overlaps that are nowhere wider are noise of drawing; in metres.
    comparable
        Share that each must hold of the other in the comparable case.

    Returns
    -------
    pandas.DataFrame
        One row per pair: ``compound_id``, ``grid_id``, ``case`` (``compound_larger``, ``grid_larger``,
        ``comparable`` or ``review``), ``share_of_compound``, ``share_of_grid`` (areas), ``households`` (of
        the compound, by share of its area; missing where unknown), ``structure`` (see `STRUCTURE`).
    """
    ours, theirs = np.asarray(compounds.geometry.values), np.asarray(grids.geometry.values)
    met = meetings(ours, theirs, tolerance)
    share_of_compound = met.area / shapely.area(ours)[met.compound]
    share_of_grid = met.area / shapely.area(theirs)[met.grid]
    case = _cases(met, len(ours), len(theirs), share_of_compound, share_of_grid, comparable)
    households = np.full(len(met.compound), np.nan)
    if "households" in compounds:
        known = pd.to_numeric(compounds["households"]).to_numpy(dtype=float, na_value=np.nan)
        households = np.round(known[met.compound] * np.minimum(share_of_compound, 1.0), 1)
    table = pd.DataFrame(
        {
            "compound_id": compounds["id"].to_numpy()[met.compound],
            "grid_id": grids["id"].to_numpy()[met.grid],
            "case": case,
            "share_of_compound": share_of_compound,
            "share_of_grid": share_of_grid,
            "households": households,
            "structure": [STRUCTURE[name] for name in case],
        }
    )
    return table.iloc[np.lexsort((met.grid, met.compound))].reset_index(drop=True)


def _cases(
    met: Meetings,
    compounds: int,
    grids: int,
    share_of_compound: NDArray[np.float64],
    share_of_grid: NDArray[np.float64],
    comparable: float,
) -> list[str]:
    """Return the case of each pair, the same for all pairs of a cluster.

    A compound that does not nest is for review, and counts for others with the grid that holds most of it.
    """
    total = compounds + grids
    order = np.lexsort((met.grid, -met.area, met.compound))
    most = np.zeros(len(order), dtype=bool)
    most[order[np.append(True, np.diff(met.compound[order]) != 0)[: len(order)]]] = True
    torn = np.zeros(compounds, dtype=bool)
    torn[met.compound[met.broken]] = True
    ties = ~met.broken | most
    ends = (met.compound[ties], compounds + met.grid[ties])
    graph = coo_array((np.ones(len(ends[0])), ends), shape=(total, total))
    cluster = connected_components(graph, directed=False)[1]
    compounds_in = np.bincount(cluster[:compounds], minlength=total)[cluster[met.compound]]
    grids_in = np.bincount(cluster[compounds:], minlength=total)[cluster[met.compound]]
    inside, outside = share_of_compound >= comparable, share_of_grid >= comparable
    single = (compounds_in == 1) & (grids_in == 1)
    case = np.full(len(met.grid), "review", dtype=object)
    case[(grids_in == 1) & ((compounds_in > 1) | (single & inside & ~outside))] = "grid_larger"
    case[(compounds_in == 1) & ((grids_in > 1) | (single & outside & ~inside))] = "compound_larger"
    case[single & inside & outside] = "comparable"
    case[torn[met.compound]] = "review"
    return [str(name) for name in case]
