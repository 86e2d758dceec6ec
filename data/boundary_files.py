"""Boundary layers out of any vector file, into metres; an alignment into one GeoPackage."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from data.errors import DataError
from geo.align import Alignment
from geo.crs import STORED_CRS, metric_crs, require_metric
from geo.errors import GeoError
from geo.frames import frames_around

ROLES = {
    "community": "社区",
    "compound": "小区",
    "grid": "网格",
    "micro_grid": "微网格",
    "building": "楼栋",
}
"""Layers, in the order in which their coordinate system counts."""
LABELS = ROLES | {"entrance": "单元", "road": "道路", "water": "水系"}
"""Layers that a proposal takes besides."""
_LAYER_OF = "|layername="
_YES = {"1", "1.0", "true", "t", "yes", "y", "是", "有"}
_NO = {"0", "0.0", "false", "f", "no", "n", "否", "无"}
_UNKNOWN = {"", "nan", "none", "<na>", "未知"}
_SHOWN = 5


@dataclass(frozen=True)
class Boundaries:
    """Layers read from files.

    Attributes
    ----------
    drawn
        Layers as they were read, with all their columns, in `crs`; those that were not given are missing.
    metric
        The same features, in the same order, in metres: ``id``, the geometry, and of ``walled``, ``kind``,
        ``households`` what there is. Communities, compounds and grids are always there.
    crs
        Of the first layer of community, compound, grid … that was given; the result is written in it.
    framed
        Whether the communities are the clusters of what was drawn, for want of any.
    """

    drawn: dict[str, gpd.GeoDataFrame]
    metric: dict[str, gpd.GeoDataFrame]
    crs: CRS
    framed: bool

    def layers(self) -> list[gpd.GeoDataFrame | None]:
        """Return communities, compounds, grids, micro-grids and buildings as the engine takes them."""
        return [self.metric.get(role) for role in ROLES]


def read_boundaries(
    sources: Mapping[str, str | None], id_columns: Mapping[str, str], *, tolerance: float
) -> Boundaries:
    """Read layers and bring them into one coordinate system in metres.

    Parameters
    ----------
    sources
        File of each of `ROLES`, None where there is none. ``FILE|layername=NAME`` names a layer; without it a
        layer of the role's name is taken, or the only one.
    id_columns
        Column of the ids, by role; ``id`` by default.
    tolerance
        For the frames where no communities are given; in metres.

    Raises
    ------
    DataError
        Where a file, its layer, its ids or its coordinate system can't be used.
    """
    given = {role: source for role in ROLES if (source := sources.get(role))}
    if not given.keys() & {"compound", "grid"}:
        raise DataError("没有小区，也没有网格；请用 --compounds 或 --grids 给出文件。")
    ids = {role: id_columns.get(role, "id") for role in given}
    drawn = {role: read_layer(role, source, ids[role]) for role, source in given.items()}
    crs = CRS.from_user_input(next(iter(drawn.values())).crs)
    drawn = {role: frame.to_crs(crs) for role, frame in drawn.items()}
    plane = plane_of(crs, drawn)
    metric = {role: _for_engine(role, frame.to_crs(plane), ids[role]) for role, frame in drawn.items()}
    for role in ("compound", "grid"):
        metric.setdefault(role, gpd.GeoDataFrame({"id": []}, geometry=[], crs=plane))
    framed = "community" not in metric
    if framed:
        metric["community"] = frames_around(metric["compound"], metric["grid"], tolerance=tolerance)
    return Boundaries(drawn, metric, crs, framed)


def read_layer(
    role: str, source: str, id_column: str | None, *, option: str = "", flat: bool = False
) -> gpd.GeoDataFrame:
    """Read a layer with all its columns.

    Parameters
    ----------
    role
        One of `LABELS`; its name is that of the layer where a file has several.
    source
        ``FILE`` or ``FILE|layername=NAME``.
    id_column
        Column of the ids, which must be there; None where there are none.
    option
        What the command line calls the column of the ids.
    flat
        Whether a table without geometry will do.

    Raises
    ------
    DataError
        Where the file, its layer, its ids or its coordinate system can't be used.
    """
    name, _, layer = source.partition(_LAYER_OF)
    path = Path(name)
    if not path.is_file():
        raise DataError(f"找不到{LABELS[role]}文件 {path}；请核对路径。")
    try:
        layer = layer or _layer_of(role, path, flat=flat)
        info = pyogrio.read_info(path, layer=layer)
        is_fid = id_column not in info["fields"] and id_column == info["fid_column"]
        frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore", fid_as_index=is_fid)
    except (DataSourceError, DataLayerError) as error:
        raise DataError(f"{path} 不能读取（{error}）；请用 QGIS 另存为 GeoPackage 后重试。") from error
    if is_fid:
        frame = frame.reset_index(names=id_column)
    spatial = isinstance(frame, gpd.GeoDataFrame)
    if not (spatial or flat):
        raise DataError(f"{path} 的图层 {layer} 没有几何；请换一个图层，写作“{path}{_LAYER_OF}图层名”。")
    if id_column is not None and id_column not in frame:
        shape = frame.geometry.name if spatial else None
        columns = "、".join(str(column) for column in frame.columns if column != shape)
        option = option or f"--{role.replace('_', '-')}-id"
        raise DataError(f"{path} 没有列 {id_column}，只有 {columns or '几何'}；请用 {option} 指定编号列。")
    missing = np.flatnonzero(frame[id_column].isna() if id_column is not None else np.zeros(0, dtype=bool))
    if len(missing):
        raise DataError(f"{path} 第 {listed(missing + 1)} 个要素的 {id_column} 为空；请先补上编号。")
    if spatial and frame.crs is None:
        raise DataError(f"{path} 没有坐标系；请先在 QGIS 中为图层设定坐标系。")
    return frame


def _layer_of(role: str, path: Path, *, flat: bool = False) -> str:
    names = [str(name) for name, kind in pyogrio.list_layers(path) if flat or kind is not None]
    if role in names:
        return role
    if len(names) != 1:
        found = "、".join(names) or "没有带几何的图层"
        raise DataError(
            f"{path} 有多个图层（{found}）；请写明，如“{path}{_LAYER_OF}{names[0] if names else ''}”。"
        )
    return names[0]


def plane_of(crs: CRS, drawn: Mapping[str, gpd.GeoDataFrame]) -> CRS:
    """Return a coordinate system in metres: that of the files where it is one."""
    frames = [frame for frame in drawn.values() if len(frame) and np.isfinite(frame.total_bounds).all()]
    if not frames:
        raise DataError("图层里没有任何图形；请核对文件。")
    try:
        return require_metric(frames[0])
    except GeoError:
        corners = gpd.GeoSeries(shapely.points(frames[0].total_bounds.reshape(2, 2)), crs=crs)
        return metric_crs(*corners.to_crs(STORED_CRS).union_all().centroid.coords[0])


def _for_engine(role: str, frame: gpd.GeoDataFrame, id_column: str) -> gpd.GeoDataFrame:
    columns: dict[str, Any] = {"id": frame[id_column].to_numpy()}
    if role == "compound" and "walled" in frame:
        columns["walled"] = _walled(frame["walled"])
    if role == "compound" and "kind" in frame:
        columns["kind"] = frame["kind"].to_numpy()
    if "households" in frame:
        count = pd.to_numeric(frame["households"], errors="coerce")
        wrong = frame["households"][count.isna() & frame["households"].notna()]
        if len(wrong):
            raise DataError(f"{ROLES[role]}的 households 不是数字：{listed(wrong)}；请改正或去掉该列。")
        columns["households"] = count.to_numpy()
    shapes = shapely.force_2d(np.asarray(frame.geometry.values, dtype=object))
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=frame.crs)


def _walled(values: pd.Series) -> list[bool | None]:
    words = values.astype(str).str.strip().str.lower()
    wrong = words[~words.isin(_YES | _NO | _UNKNOWN)]
    if len(wrong):
        raise DataError(f"小区的 walled 应为是或否：{listed(wrong.unique())}；请改正或去掉该列。")
    return [True if word in _YES else False if word in _NO else None for word in words]


def listed(values: Sequence[Any] | Any) -> str:
    """Return the first few values in words."""
    shown = "、".join(str(value) for value in list(values)[:_SHOWN])
    return shown if len(values) <= _SHOWN else f"{shown} 等 {len(values)} 个"


def frozen_ids(path: Path, boundaries: Boundaries) -> frozenset[tuple[str, Any]]:
    """Read which outlines stay: lines “layer id” or “id”; blank lines and what follows ``#`` are skipped.

    Raises
    ------
    DataError
        Where a line names no feature; all such lines together.
    """
    known: dict[tuple[str, str], Any] = {}
    for role in ("compound", "grid", "micro_grid"):
        if role in boundaries.metric:
            known |= {(role, str(one)): one for one in boundaries.metric[role]["id"]}
    frozen, unknown = set(), []
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        text = line.partition("#")[0].strip()
        first, _, rest = text.partition(" ")
        wanted = [(first, rest.strip())] if first in ROLES and rest else [(role, text) for role in ROLES]
        found = {(role, known[role, one]) for role, one in wanted if (role, one) in known}
        frozen |= found
        if text and not found:
            unknown.append(text)
    if unknown:
        raise DataError(f"{path} 里没有这些小区或网格：{listed(unknown)}；每行应为“图层 编号”或“编号”。")
    return frozenset(frozen)


# --- writing ---


def require_writable(path: Path, sources: Mapping[str, str | None]) -> None:
    """Raise before the work where a result can't be written to a place.

    Raises
    ------
    DataError
        Where it is no GeoPackage, one of the inputs, in no folder, or open elsewhere.
    """
    inputs = {Path(one.partition(_LAYER_OF)[0]).resolve() for one in sources.values() if one}
    if path.suffix.lower() != ".gpkg":
        raise DataError(f"{path} 不是 GeoPackage；结果请写到 .gpkg 文件。")
    if path.resolve() in inputs:
        raise DataError(f"{path} 是输入文件；结果请写到另一个文件。")
    if not path.parent.is_dir():
        raise DataError(f"没有文件夹 {path.parent}；请先新建。")
    if path.with_name(path.name + "-wal").exists():
        raise DataError(f"{path} 正被其他程序打开；请先关闭。")


def write_alignment(path: Path, boundaries: Boundaries, alignment: Alignment) -> None:
    """Write a result as a GeoPackage: all of it, or nothing.

    Layers ``compound``, ``grid``, ``micro_grid`` with all the columns of the input; ``relation``, ``change``
    and ``refusal``. All are in the coordinate system of the input. Ids in the last two are texts.
    """
    with in_place_of(path) as fresh:
        results = {
            "compound": alignment.compounds,
            "grid": alignment.grids,
            "micro_grid": alignment.micro_grids,
        }
        for role, result in results.items():
            if result is not None and role in boundaries.drawn:
                shapes = result.geometry.to_crs(boundaries.crs).to_numpy()
                drawn = boundaries.drawn[role]
                put_layer(
                    fresh, role, drawn.set_geometry(gpd.GeoSeries(shapes, drawn.index, crs=boundaries.crs))
                )
        pyogrio.write_dataframe(_plain(alignment.relations), fresh, layer="relation", driver="GPKG")
        for name, frame in (("change", alignment.changes), ("refusal", alignment.refusals)):
            put_layer(fresh, name, _texts(frame.to_crs(boundaries.crs)), "Unknown")


def put_layer(path: Path, layer: str, frame: gpd.GeoDataFrame, kind: str | None = None) -> None:
    """Write a layer of polygons, or of geometries of a kind, beside what is in the file."""
    single = (shapely.get_type_id(np.asarray(frame.geometry.values)) == shapely.GeometryType.POLYGON).all()
    names = {str(column).lower() for column in frame.columns}
    pyogrio.write_dataframe(
        frame,
        path,
        layer=layer,
        driver="GPKG",
        geometry_type=kind or ("Polygon" if single else "MultiPolygon"),
        promote_to_multi=kind is None and not single,
        layer_options={"FID": "feature_number" if "fid" in names else "fid", "GEOMETRY_NAME": "geom"},
    )


def _texts(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ids as texts, since those of several layers share a column."""
    result = frame.copy()
    for column in ("from_id", "to_id", "feature_id", "community_id"):
        if column in result:
            result[column] = [None if pd.isna(one) else str(one) for one in result[column].astype(object)]
            result[column] = result[column].astype("str")
    return result


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    return table.convert_dtypes() if table.empty else table


@contextmanager
def in_place_of(path: Path) -> Iterator[Path]:
    """Give a file beside a path, which takes its place at the end, or goes."""
    fresh = path.with_name(f".{path.stem}.{os.getpid()}.gpkg")
    try:
        yield fresh
        fresh.replace(path)
    finally:
        for left in (fresh, fresh.with_name(fresh.name + "-wal"), fresh.with_name(fresh.name + "-shm")):
            left.unlink(missing_ok=True)
