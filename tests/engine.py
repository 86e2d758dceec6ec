"""A stand-in for the aligning engine: one move and one refusal, drawn by hand in the town's 春风社区."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.align import Alignment, Choices
from tests import town

FIRST, SECOND = town.SPRING + "001", town.SPRING + "002"
COMPOUNDS = tuple(town.SPRING + code for code in ("X01", "X02", "X03"))
WIDTH_M = 3.0
GRID_M = 1e-3


def align(
    communities: gpd.GeoDataFrame,
    compounds: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    micro_grids: gpd.GeoDataFrame | None = None,
    _buildings: gpd.GeoDataFrame | None = None,
    *,
    choices: Choices,
    progress: Any = None,
    **_more: Any,
) -> Alignment:
    """Give 3 m of the first grid to the second, unless either is frozen; refuse the third compound."""
    crs = communities.crs
    moves, refusals = [], []
    shapes = np.asarray(grids.geometry.values, dtype=object).copy()
    held = {code for layer, code in choices.frozen if layer == "grid"}
    if {FIRST, SECOND} <= set(grids["id"]) and not held & {FIRST, SECOND}:
        a, b = (int(np.flatnonzero(grids["id"] == code)[0]) for code in (FIRST, SECOND))
        wider = shapely.buffer(shapes[b], WIDTH_M, join_style="mitre")
        strip = shapely.intersection(wider, shapes[a], grid_size=GRID_M)
        shapes[a] = shapely.difference(shapes[a], strip, grid_size=GRID_M)
        shapes[b] = shapely.union(shapes[b], strip, grid_size=GRID_M)
        row = ("grid", FIRST, SECOND, town.SPRING, strip.area, 12.0, WIDTH_M, "levelled", strip)
        moves.append(row)
    if COMPOUNDS[2] in set(compounds["id"]):
        shape = compounds.geometry[compounds["id"] == COMPOUNDS[2]].iloc[0]
        refusals.append(("compound", COMPOUNDS[2], town.SPRING, "repaired", "displacement", 9.5, shape))
    names = "layer from_id to_id community_id area_m2 households displacement_m reason geometry"
    told = "layer feature_id community_id step reason needed_m geometry"
    pairs = [(COMPOUNDS[0], FIRST, "grid_larger", 1.0, 0.2, 100.0, "grid_over_compounds")]
    pairs += [(COMPOUNDS[1], SECOND, "review", 0.7, 0.2, 80.0, "")]
    related = "compound_id grid_id case share_of_compound share_of_grid households structure"
    if progress:
        progress(1.0)
    return Alignment(
        compounds,
        grids.set_geometry(gpd.GeoSeries(shapes, index=grids.index, crs=crs)),
        micro_grids,
        pd.DataFrame([one for one in pairs if one[0] in set(compounds["id"])], columns=related.split()),
        gpd.GeoDataFrame(pd.DataFrame(moves, columns=names.split()), geometry="geometry", crs=crs),
        gpd.GeoDataFrame(pd.DataFrame(refusals, columns=told.split()), geometry="geometry", crs=crs),
    )
