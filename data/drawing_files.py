"""A drawing as files for others: layers in a GeoPackage or GeoJSON, lists as a workbook in Chinese."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from data.drawing_ground import read_ground
from data.drawing_publishing import ledger, micro_grids
from data.drawings import Sheet
from data.scope import Scope
from data.store import Store
from geo.crs import STORED_CRS
from models.enums import ChangeAction

HEADERS = {
    "code": "编码",
    "name": "名称",
    "grid": "网格",
    "compound": "小区",
    "households": "户数",
    "buildings": "楼栋数",
    "compactness": "紧凑度",
    "area_m2": "面积（平方米）",
    "responsible_body": "责任单位",
    "building": "楼栋",
    "estimated": "户数为估算",
    "action": "变更",
}


def _whole(sheet: Sheet) -> gpd.GeoDataFrame:
    frame = micro_grids(sheet)
    shapes = sheet.degrees(np.asarray(frame.geometry.values, dtype=object))
    plain = pd.DataFrame(frame.drop(columns=["geometry", "community_id"]))
    return gpd.GeoDataFrame(plain, geometry=shapes, crs=STORED_CRS)


def _cells(sheet: Sheet) -> pd.DataFrame:
    """Return each cell with a building: its micro-grid's code, what it is called, its households."""
    draft, info = sheet.draft, sheet.cells
    code = [draft.grids[one].code if one in draft.grids else None for one in draft.owner]
    frame = pd.DataFrame(
        {
            "building_id": draft.fabric.building,
            "code": code,
            "building": info.label,
            "households": draft.fabric.households,
            "estimated": info.estimated,
        }
    )
    return frame[frame["building_id"].notna()].sort_values(["code", "building"], kind="stable")


def write_geopackage(store: Store, scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write ``micro_grid`` and ``building`` with its ``micro_grid`` code (empty where entrances differ)."""
    pyogrio.write_dataframe(_whole(sheet), path, layer="micro_grid")
    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
    cells = _cells(sheet).groupby("building_id")["code"].agg(["first", "nunique"])
    of = cells["first"].where(cells["nunique"] == 1, None)
    built = ground.buildings[["id", "code", "name", "households", "floors", "geometry"]].copy()
    built["micro_grid"] = built["id"].map(of).astype(object)
    built["micro_grid"] = built["micro_grid"].where(built["micro_grid"].notna(), None)
    pyogrio.write_dataframe(built.to_crs(STORED_CRS), path, layer="building", append=True)


def write_geojson(_store: Store, _scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write the micro-grids as GeoJSON, longitude and latitude."""
    pyogrio.write_dataframe(
        _whole(sheet), path, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "9"}
    )


def write_workbook(store: Store, scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write micro-grids, the buildings in each, and what publishing would change, as a workbook."""
    frame = pd.DataFrame(_whole(sheet).drop(columns=["geometry", "id"])).round(
        {"compactness": 2, "area_m2": 0}
    )
    cells = _cells(sheet).drop(columns="building_id")
    cells["estimated"] = np.where(cells["estimated"], "是", "")
    lines = ledger(store, scope, sheet)
    lines = lines[["code", "action", "households", "area_m2"]].copy()
    lines["action"] = [ChangeAction(one).label for one in lines["action"]]
    lines["area_m2"] = lines["area_m2"].astype(float).round(0)
    with pd.ExcelWriter(path, engine="openpyxl") as book:
        frame.rename(columns=HEADERS).to_excel(book, sheet_name="微网格", index=False)
        cells.rename(columns=HEADERS).to_excel(book, sheet_name="楼栋", index=False)
        lines.rename(columns=HEADERS).to_excel(book, sheet_name="变更", index=False)


WRITERS: Mapping[str, Callable[[Store, Scope, Sheet, Path], None]] = {
    "gpkg": write_geopackage,
    "geojson": write_geojson,
    "xlsx": write_workbook,
}
