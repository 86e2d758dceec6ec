"""A GeoPackage that was exported from a drawing and edited in QGIS: what it holds, read with care."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from data.drawing_files import ORIGIN
from data.drawings import Sheet
from data.errors import DataError
from data.readers import Limits
from geo.edits import MicroGrid

Owners = NDArray[np.object_]
_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Edited:
    """A file as it was read, polygons in metres.

    Attributes
    ----------
    owner, grids
        How the draft stood when it was exported: the micro-grid of each cell, and what there was.
    polygons
        ``key`` (id; for those that are new a name of ours), ``code``, ``name``, ``geometry``; None where the
        file has no such layer.
    new
        Keys of micro-grids that were not there.
    buildings
        Building id -> id of its micro-grid as the table says, None where it is empty.
    """

    owner: Owners
    grids: dict[str, MicroGrid]
    polygons: gpd.GeoDataFrame | None
    new: frozenset[str]
    buildings: dict[str, str | None]


def read(sheet: Sheet, path: Path) -> Edited:
    """Read a GeoPackage that was exported from a drawing.

    Raises
    ------
    DataError
        Where it is none, has neither layer, or belongs to another draft.
    """
    most = Limits().file_bytes
    if path.stat().st_size > most:
        raise DataError(f"“{path.name}”超过 {most // 2**20} MB；请只带回本社区导出的 GeoPackage。")
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise DataError(f"“{path.name}”不是 GeoPackage；请带回从本页导出、在 QGIS 中改过的 .gpkg 文件。")
    try:
        layers = {str(name) for name, _kind in pyogrio.list_layers(path)}
    except DataSourceError as error:
        raise DataError(f"“{path.name}”读不出来，可能没有存完；请在 QGIS 中保存后重新带回。") from error
    if not layers & {"micro_grid", "building"}:
        raise DataError(f"“{path.name}”里没有图层 micro_grid 或 building；请用本页导出的 GeoPackage。")
    owner, grids = _origin(sheet, path, layers)
    polygons, new = None, frozenset[str]()
    if "micro_grid" in layers:
        polygons, new = _polygons(sheet, _layer(path, "micro_grid", ["id", "code", "name"]), grids)
    buildings = _layer(path, "building", ["id", "micro_grid_id"]) if "building" in layers else None
    known = set() if polygons is None else set(polygons["key"])
    return Edited(owner, grids, polygons, new, _said(buildings, known | set(grids), polygons))


def _origin(sheet: Sheet, path: Path, layers: set[str]) -> tuple[Owners, dict[str, MicroGrid]]:
    """Return how the draft stood when it was exported; how it stands now where the file does not tell."""
    if ORIGIN not in layers:
        return sheet.draft.owner.copy(), dict(sheet.draft.grids)
    row = _layer(path, ORIGIN, ["plan_id", "fabric", "state"]).iloc[0]
    if int(row["plan_id"]) != sheet.plan_id:
        raise DataError(
            f"“{path.name}”是从方案 {row['plan_id']} 导出的，当前是方案 {sheet.plan_id}；"
            f"请打开那份草稿后带回。"
        )
    if row["fabric"] != sheet.draft.fabric.key:
        raise DataError(f"“{path.name}”导出后楼栋数据已更新，对不上了；请重新导出再改。")
    try:
        state = json.loads(row["state"])
        owner = np.array([*state["owner"], None], dtype=object)[:-1]
        grids = {one[0]: MicroGrid(*one) for one in state["grids"]}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"“{path.name}”的表 {ORIGIN} 被改过，读不出来；请重新导出再改。") from error
    if len(owner) != len(sheet.draft.owner):
        raise DataError(f"“{path.name}”的表 {ORIGIN} 被改过，与楼栋对不上；请重新导出再改。")
    return owner, grids


def _layer(path: Path, layer: str, needed: list[str]) -> Any:
    most = Limits().features
    try:
        frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore", max_features=most + 1)
    except (DataLayerError, DataSourceError) as error:
        raise DataError(f"“{path.name}”的图层 {layer} 读不出来；请在 QGIS 中保存后重新带回。") from error
    if len(frame) > most:
        raise DataError(f"“{path.name}”的图层 {layer} 超过 {most} 个要素；请只带回本社区导出的 GeoPackage。")
    gone = [one for one in needed if one not in frame]
    if gone:
        raise DataError(f"“{path.name}”的图层 {layer} 没有字段 {'、'.join(gone)}；请不要删改这些字段。")
    if layer == ORIGIN and frame.empty:
        raise DataError(f"“{path.name}”的表 {ORIGIN} 是空的；请重新导出再改。")
    return frame


def _polygons(
    sheet: Sheet, frame: Any, grids: dict[str, MicroGrid]
) -> tuple[gpd.GeoDataFrame, frozenset[str]]:
    """Return the polygons by key; of several with one id the largest that kept its code keeps it."""
    if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
        raise DataError("图层 micro_grid 没有图形或坐标系；请用本页导出的 GeoPackage。")
    metric = frame.to_crs(sheet.cells.frame.crs)
    table = pd.DataFrame(
        {
            "key": [_text(one) or _text(code) for one, code in zip(frame["id"], frame["code"], strict=True)],
            "code": [_text(one) for one in frame["code"]],
            "name": [_text(one) for one in frame["name"]],
        }
    )
    shapes = np.asarray(metric.geometry.values, dtype=object)
    result = gpd.GeoDataFrame(table, geometry=shapes, crs=metric.crs)
    area = np.nan_to_num(shapely.area(shapes))
    keys, codes, names = (result[column].tolist() for column in ("key", "code", "name"))
    was = [grids.get(key, MicroGrid("", "")) for key in keys]
    seen: set[str] = set()
    for n in sorted(range(len(keys)), key=lambda n: (codes[n] != was[n].code, -area[n])):
        if keys[n] in seen or not keys[n]:  # split in QGIS: both parts bear the id
            codes[n] = "" if codes[n] == was[n].code else codes[n]
            names[n] = "" if names[n] == was[n].name else names[n]
            keys[n] = f"{keys[n]}#{n}"
        seen.add(keys[n])
    return result.assign(key=keys, code=codes, name=names), frozenset(seen - set(grids))


def _said(frame: Any, known: set[str], polygons: gpd.GeoDataFrame | None) -> dict[str, str | None]:
    """Return what the table says of each building; codes stand for ids where they are none themselves."""
    if frame is None:
        return {}
    by_code: dict[str, str] = {}
    if polygons is not None:
        by_code = {code: key for code, key in zip(polygons["code"], polygons["key"], strict=True) if code}
    said: dict[str, str | None] = {}
    for building, value in zip(frame["id"], frame["micro_grid_id"], strict=True):
        text = _text(value)
        said[_text(building)] = (text if text in known else by_code.get(text, text)) or None
    return said


def _text(value: Any) -> str:
    """Return a cell of a table as text; numbers without a fraction, as codes turned into numbers have one."""
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124  (NaN)
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
