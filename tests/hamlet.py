"""A little town for tests of cells and micro-grids: compounds either side of a street, a school."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geo.proposal import Proposal, propose
from tests.drawn import METRIC_EPSG, box, layer, placed

COMMUNITY = {"420106001001": box(0, 0, 400, 200)}
COMPOUNDS = {"east": box(210, 5, 395, 120), "west": box(5, 5, 190, 195)}
STREET = placed(shapely.LineString([(200, -10), (200, 210)]))
LANE = placed(shapely.LineString([(-10, 100), (195, 100)]))


def rows(west: float, south: float, across: int, up: int, prefix: str, step: float = 30.0) -> dict[str, Any]:
    """Return slabs of 20 by 10 m in rows."""
    return {
        f"{prefix}{i}.{j}": box(west + step * i, south + 22 * j, west + step * i + 20, south + 22 * j + 10)
        for i in range(across)
        for j in range(up)
    }


BUILDINGS = (
    rows(15, 12, 6, 4, "s")
    | rows(15, 112, 6, 4, "n")
    | rows(220, 12, 5, 5, "e")
    | {"school": box(250, 140, 320, 170)}
)


def lines(*geometries: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=np.array([*geometries, None], dtype=object)[:-1], crs=METRIC_EPSG)


def buildings(households: float = 12.0) -> gpd.GeoDataFrame:
    load = [0.0 if name == "school" else households for name in BUILDINGS]
    return layer(BUILDINGS, households=load)


def town(**more: Any) -> Proposal:
    """Return the proposal for the town, with a lane through the western compound."""
    given = {
        "communities": layer(COMMUNITY),
        "buildings": buildings(),
        "compounds": layer(COMPOUNDS),
        "lines": lines(STREET, LANE),
    }
    return propose(**(given | more))
