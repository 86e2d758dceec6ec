"""A drawing as files for others: layers as GeoPackage, GeoJSON or Shapefile, lists as a workbook."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from data.drawing_compounds import tried
from data.drawing_ground import read_ground
from data.drawing_publishing import ledger, micro_grids
from data.drawing_stations import stations
from data.drawings import Sheet
from data.errors import DataError
from data.scope import Scope
from data.spreadsheets import write_tables
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
ORIGIN = "pingqi_draft"
"""Table of a GeoPackage that tells which draft it was exported from and how that stood."""
Encoding = Literal["UTF-8", "GBK"]
_SHORT = {"compactness": "compact", "responsible_body": "body", "micro_grid_id": "micro_grid"}
"""A .dbf has room for ten letters."""
_DBF_BYTES = 254


def _whole(sheet: Sheet) -> gpd.GeoDataFrame:
    frame = micro_grids(sheet)
    shapes = sheet.degrees(np.asarray(frame.geometry.values, dtype=object))
    plain = pd.DataFrame(frame.drop(columns=["geometry", "community_id"]))
    return gpd.GeoDataFrame(plain, geometry=shapes, crs=STORED_CRS)


def cells_with_buildings(sheet: Sheet) -> pd.DataFrame:
    """Return each cell with a building: its micro-grid's id and code, what it is called, its households."""
    draft, info = sheet.draft, sheet.cells
    code = [draft.grids[one].code if one in draft.grids else None for one in draft.owner]
    frame = pd.DataFrame(
        {
            "building_id": draft.fabric.building,
            "micro_grid_id": draft.owner,
            "code": code,
            "building": info.label,
            "households": draft.fabric.households,
            "estimated": info.estimated,
        }
    )
    return frame[frame["building_id"].notna()].sort_values(["code", "building"], kind="stable")


def _buildings(store: Store, scope: Scope, sheet: Sheet) -> gpd.GeoDataFrame:
    """Return the community's buildings with the id of their micro-grid, empty where entrances differ."""
    with store.reading() as session:
        ground = read_ground(session, scope, [sheet.area_code])
    cells = cells_with_buildings(sheet)[["building_id", "micro_grid_id"]].drop_duplicates()
    of = cells.drop_duplicates("building_id", keep=False).set_index("building_id")["micro_grid_id"]
    built = ground.buildings[["id", "code", "name", "households", "floors", "geometry"]].copy()
    built["micro_grid_id"] = built["id"].map(of).astype(object)
    built["micro_grid_id"] = built["micro_grid_id"].where(built["micro_grid_id"].notna(), None)
    return built.to_crs(STORED_CRS)


def write_geopackage(store: Store, scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write ``micro_grid`` and ``building`` with its ``micro_grid_id`` (empty where entrances differ).

    A table says which draft it is and how it stood, so that what is edited in QGIS can be brought back.
    """
    pyogrio.write_dataframe(_whole(sheet), path, layer="micro_grid")
    pyogrio.write_dataframe(_buildings(store, scope, sheet), path, layer="building", append=True)
    draft = sheet.draft
    state = {"owner": draft.owner.tolist(), "grids": [one.data() for one in draft.grids.values()]}
    origin = {
        "plan_id": sheet.plan_id,
        "version": sheet.version,
        "fabric": draft.fabric.key,
        "state": json.dumps(state, ensure_ascii=False),
    }
    pyogrio.write_dataframe(pd.DataFrame([origin]), path, layer=ORIGIN, append=True)


def write_geojson(_store: Store, _scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write the micro-grids as GeoJSON, longitude and latitude."""
    pyogrio.write_dataframe(
        _whole(sheet), path, driver="GeoJSON", layer_options={"COORDINATE_PRECISION": "9"}
    )


def write_shapefiles(
    store: Store, scope: Scope, sheet: Sheet, path: Path, encoding: Encoding = "UTF-8"
) -> None:
    """Write ``micro_grid`` and ``building`` as Shapefiles in one zip, each with .prj and .cpg.

    Raises
    ------
    DataError
        Where the encoding has no such letter, or a text is too long for a .dbf.
    """
    layers = {"micro_grid": _whole(sheet), "building": _buildings(store, scope, sheet)}
    with TemporaryDirectory(prefix="pingqi-shapefile-") as name:
        folder = Path(name)
        for layer, frame in layers.items():
            _require_fit(frame, encoding)
            pyogrio.write_dataframe(frame.rename(columns=_SHORT), folder / f"{layer}.shp", encoding=encoding)
            (folder / f"{layer}.cpg").write_text(encoding, encoding="ascii")
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            for part in sorted(folder.iterdir()):
                archive.write(part, part.name)


def _require_fit(frame: gpd.GeoDataFrame, encoding: Encoding) -> None:
    for column in frame.columns.intersection(["name", "responsible_body"]):
        for code, text in zip(frame["code"], frame[column], strict=True):
            if not isinstance(text, str):
                continue
            where = f"编码 {code} 的“{HEADERS[column]}”“{text}”"
            try:
                length = len(text.encode(encoding))
            except UnicodeEncodeError as error:
                letter = text[error.start]
                raise DataError(f"{where}里的“{letter}”在 {encoding} 中没有；请改用 UTF-8 导出。") from error
            if length > _DBF_BYTES:
                raise DataError(f"{where}超过 Shapefile 的 {_DBF_BYTES} 字节；请导出 GeoPackage，或缩短。")


def write_workbook(store: Store, scope: Scope, sheet: Sheet, path: Path) -> None:
    """Write micro-grids, the buildings in each, and what publishing would change, as a workbook."""
    frame = pd.DataFrame(_whole(sheet).drop(columns=["geometry", "id"])).round(
        {"compactness": 2, "area_m2": 0}
    )
    cells = cells_with_buildings(sheet).drop(columns=["building_id", "micro_grid_id"])
    cells["estimated"] = np.where(cells["estimated"], "是", "")
    lines = ledger(store, scope, sheet)
    lines = lines[["code", "action", "households", "area_m2"]].copy()
    lines["action"] = [ChangeAction(one).label for one in lines["action"]]
    lines["area_m2"] = lines["area_m2"].astype(float).round(0)
    rest = {"阵地": _stations(store, scope, sheet), "小区边界": _compounds(sheet)}
    tables = {"微网格": frame, "楼栋": cells, "变更": lines}
    sheets = {name: table.rename(columns=HEADERS) for name, table in tables.items()}
    write_tables(path, sheets | {name: table for name, table in rest.items() if len(table)}, keys=1)


def _stations(store: Store, scope: Scope, sheet: Sheet) -> pd.DataFrame:
    """Return the stations that the draft moves: from where to where."""
    with store.reading() as session:
        found = stations(session, scope, sheet)
    tried = [(one.name, sheet.draft.sited[one.id]) for one in found if one.id in sheet.draft.sited]
    rows = [(name, *one.stood, *one.stands) for name, one in tried]
    return pd.DataFrame(rows, columns=["阵地", "原经度", "原纬度", "新经度", "新纬度"])


def _compounds(sheet: Sheet) -> pd.DataFrame:
    """Return the compounds whose boundary the draft changes: before and after."""
    rows = [(one.code, *one.households, *one.buildings, *np.round(one.area_m2)) for one in tried(sheet)]
    names = ["原户数", "新户数", "原楼栋", "新楼栋", "原面积（平方米）", "新面积（平方米）"]
    return pd.DataFrame(rows, columns=["小区编码", *names])


WRITERS: Mapping[str, Callable[[Store, Scope, Sheet, Path], None]] = {
    "gpkg": write_geopackage,
    "geojson": write_geojson,
    "xlsx": write_workbook,
}
