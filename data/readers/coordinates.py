"""Geometries of a plain table: a column of WKT, or two columns of coordinates."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from data.readers.rings import from_wkt
from geo.crs import STORED_CRS, Datum

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.readers.draft import Draft

_WKT = re.compile(r"\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)", re.IGNORECASE)
_PAIRS = (
    ("经度", "纬度"),
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("东坐标", "北坐标"),
    ("横坐标", "纵坐标"),
    ("x坐标", "y坐标"),
    ("坐标x", "坐标y"),
    ("x", "y"),
)
_BRACKETS = re.compile(r"[((\[].*?[))\]]")
_DATUMS = (
    (Datum.GCJ02, re.compile(r"gcj|高德|火星|腾讯|amap", re.IGNORECASE)),
    (Datum.BD09, re.compile(r"bd-?_?09|百度|baidu", re.IGNORECASE)),
)
_DATUM_WORD = re.compile(r"(?:gcj|bd|wgs|cgcs)[-_]?\d*|高德|火星|腾讯|百度|[_\s]", re.IGNORECASE)
_MOSTLY = 0.5
_LOOKED_AT = 100


def locate(draft: Draft, max_vertices: int) -> None:
    """Set the geometry of a table from its WKT or coordinate columns, and take these out of the columns."""
    column = _wkt_column(draft)
    if column is not None:
        from_wkt(draft, draft.columns.pop(column), max_vertices)
        return
    pair = _pair(list(draft.columns))
    if pair is None:
        return
    x, y = (_floats(draft, name) for name in pair)
    missing = np.isnan(x) | np.isnan(y)
    points = np.full(len(x), None, dtype=object)
    points[~missing] = shapely.points(x[~missing], y[~missing])
    draft.geometry = points
    if pair_is_degrees(pair[0]):
        draft.crs, draft.crs_how = STORED_CRS, "declared"
    hints = [datum for datum, word in _DATUMS if word.search(pair[0])]
    draft.datum = hints[0].value if hints else None


def _wkt_column(draft: Draft) -> str | None:
    for name, values in draft.columns.items():
        texts = list(islice((one for one in values if one is not None), _LOOKED_AT))
        if texts and np.mean([isinstance(one, str) and bool(_WKT.match(one)) for one in texts]) > _MOSTLY:
            return name
    return None


def _pair(names: list[str]) -> tuple[str, str] | None:
    """Return the names of the two columns that hold x and y."""
    bare = {_bare(name): name for name in reversed(names)}
    for x, y in _PAIRS:
        if x in bare and y in bare:
            return bare[x], bare[y]
    return None


def _bare(name: str) -> str:
    last = name.rpartition("/")[2] or name
    return _DATUM_WORD.sub("", _BRACKETS.sub("", last)).lower()


def pair_is_degrees(x: str) -> bool:
    """Tell whether a coordinate column's name says longitude."""
    return _bare(x) in {"经度", "lon", "lng", "long", "longitude"}


def _floats(draft: Draft, name: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where blank or unreadable, which is reported."""
    out = np.full(len(draft.rows), np.nan)
    known = ~pd.isna(draft.columns[name])
    try:
        read = draft.columns[name][known].astype(float)
    except (TypeError, ValueError):
        read = np.array([np.nan])
    if np.isfinite(read).all():
        out[known] = read
        return out
    for position, value in enumerate(draft.columns[name]):
        number = _number(value)
        if number is None:
            draft.note("coordinate_invalid", position, column=name, value=value)
            draft.judged.add(position)
        else:
            out[position] = number
    return out


def _number(value: Any) -> float | None:
    if value is None:
        return np.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None
