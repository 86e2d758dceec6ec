"""The checks that every layer gets, whatever its format: texts cleaned and judged, geometries judged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from data.readers.problems import capped
from data.readers.reference import settle, to_lonlat
from data.readers.table import RawTable
from data.readers.text import check_texts, clean, per_unique

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pyproj import CRS

    from data.readers.draft import Draft, Options
    from data.readers.table import GeometryType

_TYPES: dict[str, tuple[int, ...]] = {"polygon": (3, 6), "line": (1, 2, 5), "point": (0, 4)}
_TYPE_ZH = {"polygon": "面", "line": "线", "point": "点"}
_ID_ZH = {0: "点", 1: "线", 2: "线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}
_CROSSING = ("Self-intersection", "Ring Self-intersection")
_REASON_ZH = {
    "Hole lies outside shell": "洞在外环之外",
    "Holes are nested": "洞相互嵌套",
    "Nested shells": "外环相互嵌套",
    "Nested holes": "洞相互嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点太少",
}
_PLACE = re.compile(r"^(?P<reason>[^\[]+)(?:\[(?P<x>\S+) (?P<y>[^\]\s]+)[^\]]*\])?$")


def finish(draft: Draft, options: Options) -> RawTable:
    """Clean the texts, check texts and geometries, settle the coordinate system, and hand everything on."""
    if not draft.cleaned:
        draft.columns = {name: _cleaned(values) for name, values in draft.columns.items()}
    check_texts(draft)
    crs = None
    if draft.geometry is not None:
        _drop_unusable(draft)
        crs = settle(draft, options)
        _check_types(draft, options.geometry_type)
        _check_validity(draft, crs)
    frame = _frame(draft, crs)
    return RawTable(
        file=draft.file,
        frame=frame,
        rows=draft.rows,
        unit=draft.unit,
        layer=draft.layer,
        encoding=draft.encoding,
        previews=draft.previews,
        crs=crs,
        crs_how=draft.crs_how if crs is not None else "unknown",
        datum=draft.datum,
        header_row=draft.header_row,
        problems=capped(draft.problems, options.limits.problems),
    )


def _cleaned(values: NDArray[np.object_]) -> NDArray[np.object_]:
    return per_unique(values, clean) if values.dtype == object else values


def _frame(draft: Draft, crs: CRS | None) -> pd.DataFrame:
    names = {name: f"{name}_1" if name == "geometry" else name for name in draft.columns}
    frame: pd.DataFrame = draft.frame().rename(columns=names).infer_objects()
    if draft.geometry is not None:
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(draft.geometry, index=frame.index), crs=crs)
    return frame


def _drop_unusable(draft: Draft) -> None:
    """Report missing, empty and non-finite geometries, drop heights; only usable ones stay."""
    geometry = np.array(draft.geometry, dtype=object)
    for position in np.flatnonzero(shapely.is_missing(geometry)):
        if position not in draft.judged:
            draft.note("geometry_null", int(position))
    high = shapely.has_z(geometry) | shapely.has_m(geometry)
    if high.any():
        draft.note("z_dropped", count=int(high.sum()))
        geometry = np.asarray(shapely.force_2d(geometry), dtype=object)
    coordinates, owners = shapely.get_coordinates(geometry, return_index=True)
    infinite = np.unique(owners[~np.isfinite(coordinates).all(axis=1)])
    for position in infinite:
        draft.note("not_finite", int(position))
    geometry[infinite] = None
    for position in np.flatnonzero(shapely.is_empty(geometry)):
        draft.note("geometry_empty", int(position))
    draft.geometry = geometry


def _check_types(draft: Draft, expected: GeometryType | None) -> None:
    allowed = _TYPES[expected] if expected else tuple(one for ids in _TYPES.values() for one in ids)
    kinds = shapely.get_type_id(draft.geometry)
    name = _TYPE_ZH[expected] if expected else "、".join(_TYPE_ZH.values())
    for position in np.flatnonzero((kinds >= 0) & ~np.isin(kinds, allowed)):
        found = _ID_ZH.get(int(kinds[position]), "曲线")
        draft.note("geometry_type", int(position), found=found, expected=name)


def _check_validity(draft: Draft, crs: CRS | None) -> None:
    """Report invalid geometries with the place, in degrees where the coordinate system is known."""
    geometry = np.asarray(draft.geometry, dtype=object)
    bad = np.flatnonzero(~shapely.is_valid(geometry) & ~shapely.is_missing(geometry))
    lonlat = to_lonlat(crs)
    for position, text in zip(bad, shapely.is_valid_reason(geometry[bad]), strict=True):
        found = _PLACE.match(text)
        reason = found["reason"].strip() if found else text
        x, y = (float(found["x"]), float(found["y"])) if found and found["x"] else (np.nan, np.nan)
        x, y = lonlat(x, y)
        if reason in _CROSSING:
            draft.note("self_crossing", int(position), x=x, y=y)
        else:
            draft.note("invalid", int(position), reason=_REASON_ZH.get(reason, reason), x=x, y=y)
