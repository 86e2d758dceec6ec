"""Micro-grids out of any vector file, to be grouped; grids and their micro-grids into one GeoPackage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from data.boundary_files import in_place_of, listed, plane_of, put_layer, read_layer
from data.errors import DataError
from data.proposal_files import Columns, Ground
from geo.grids import Grids

_NEEDED = (("community", "--communities", "社区"), ("micro_grid", "--micro-grids", "微网格"))
_LAYER = {"existing": "grid"}
"""Layers that are called otherwise in a file of several."""


def read_micro_grids(sources: Mapping[str, str | None], columns: Columns) -> Ground:
    """Read micro-grids and what is needed to group them, into one coordinate system in metres.

    Parameters
    ----------
    sources
        Files of ``community`` and ``micro_grid``, and where there are ``road``, ``water`` and ``existing``
        grids.
    columns
        Of the ids and of the households; `existing` is that of the grids.

    Raises
    ------
    DataError
        Where a file, its columns or its coordinate system can't be used, or a micro-grid is in no community.
    """
    given = {role: source for role, source in sources.items() if source}
    for role, option, label in _NEEDED:
        if role not in given:
            raise DataError(f"没有给出{label}；请用 {option} 给出文件。")
    drawn: dict[str, gpd.GeoDataFrame] = {}
    for role in ("community", "micro_grid", "existing", "road", "water"):
        if role in given:
            id_column = "id" if role == "micro_grid" else columns.id_of(role)
            drawn[role] = read_layer(_LAYER.get(role, role), given[role], id_column)
    crs = CRS.from_user_input(drawn["community"].crs)
    drawn = {role: frame.to_crs(crs) for role, frame in drawn.items()}
    plane = plane_of(crs, drawn)
    metric = {role: _measurable(role, frame.to_crs(plane), columns) for role, frame in drawn.items()}
    for role in ("community", "micro_grid", "existing"):
        if role in metric:
            twice = metric[role]["id"][metric[role]["id"].duplicated()].unique()
            if len(twice):
                raise DataError(f"{given[role]} 的编号有重复：{listed(twice)}；请先改为互不相同。")
    micro = metric["micro_grid"]
    micro["households"] = _households(drawn["micro_grid"], columns.households or "households")
    micro["community_id"] = _around(micro, metric["community"], given["micro_grid"])
    if "compound_id" in drawn["micro_grid"]:
        micro["compound_id"] = drawn["micro_grid"]["compound_id"].to_numpy()
    return Ground(dict(drawn), dict(metric), crs)


def _measurable(role: str, frame: gpd.GeoDataFrame, columns: Columns) -> gpd.GeoDataFrame:
    shapes = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    id_column = "id" if role == "micro_grid" else columns.id_of(role)
    found = {} if id_column is None else {"id": [_text(one) for one in frame[id_column]]}
    if role in ("community", "existing") and "code" in frame and frame["code"].notna().all():
        found["code"] = [_text(one) for one in frame["code"]]
    return gpd.GeoDataFrame(found, geometry=shapes, crs=frame.crs)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _households(frame: gpd.GeoDataFrame, column: str) -> NDArray[np.float64]:
    if column not in frame:
        raise DataError(f"微网格没有列 {column}；请用 --households 指定户数列。")
    count = pd.to_numeric(frame[column], errors="coerce")
    wrong = frame[column][count.isna() | (count < 0)]
    if len(wrong):
        raise DataError(f"微网格的列 {column} 应为不小于 0 的数：{listed(wrong.to_numpy())}；请改正。")
    return np.asarray(count, dtype=float)


def _around(micro: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, source: str) -> list[str]:
    """Return the code, else the id, of the community around each micro-grid."""
    names = communities["code" if "code" in communities else "id"].astype(str).tolist()
    points = shapely.point_on_surface(np.asarray(micro.geometry.values, dtype=object))
    at, home = shapely.STRtree(np.asarray(communities.geometry.values)).query(points, predicate="intersects")
    found = dict(zip(at.tolist(), home.tolist(), strict=True))
    lost = [micro["id"].iloc[n] for n in range(len(micro)) if n not in found]
    if lost:
        raise DataError(f"{source} 里这些微网格不在任何社区内：{listed(lost)}；请核对图层和坐标系。")
    return [names[found[n]] for n in range(len(micro))]


def write_grids(path: Path, ground: Ground, micro_grids: gpd.GeoDataFrame, grids: Grids) -> None:
    """Write grids as a GeoPackage: layers ``grid``, ``micro_grid`` with ``grid_id``, and ``refusal``.

    The layer of micro-grids has every row and column of the file they were read from; all are in the
    coordinate system of the communities.
    """
    with in_place_of(path) as fresh:
        put_layer(fresh, "grid", grids.grids.drop(columns="reason").to_crs(ground.crs))
        whole = ground.drawn.get("micro_grid", micro_grids)
        put_layer(fresh, "micro_grid", whole.assign(grid_id=grids.grid_id.to_numpy()).to_crs(ground.crs))
        bad = grids.grids[grids.grids["reason"] != ""]
        told = bad[["id", "community_id", "reason", "households", "geometry"]].rename(
            columns={"id": "feature_id"}
        )
        told.insert(0, "layer", "grid")
        put_layer(fresh, "refusal", gpd.GeoDataFrame(told, crs=bad.crs).to_crs(ground.crs), "Unknown")
