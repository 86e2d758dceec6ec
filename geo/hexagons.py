"""Hexagons of the H3 grid: the cell of a point, and the larger cell around a cell, for whole arrays."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from h3.api import numpy_int as h3

from geo.errors import GeoError

Cells = npt.NDArray[np.uint64]
FINEST = 10
"""Resolution at which records keep their cell: hexagons of about 0.015 km²."""
_CODE = re.compile("[0-9a-f]{15}")
_RESOLUTION_BIT, _DIGIT_BITS, _MOST = 52, 3, 15


def cells(lon: npt.ArrayLike, lat: npt.ArrayLike, resolution: int = FINEST) -> Cells:
    """Return the cell of each point, shape (n,); 0 where a coordinate is missing.

    Parameters
    ----------
    lon, lat
        Degrees; WGS 84 and CGCS2000 are the same here.
    """
    x, y = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    known = np.isfinite(x) & np.isfinite(y)
    found = np.zeros(len(x), dtype=np.uint64)
    found[known] = [
        h3.latlng_to_cell(b, a, resolution) for a, b in zip(x[known].tolist(), y[known].tolist(), strict=True)
    ]
    return found


def parents(cell: Cells, resolution: int) -> Cells:
    """Return the cell of a coarser `resolution` that each cell belongs to; 0 stays 0.

    By H3's own layout of bits: the resolution in bits 52 to 55, then three bits a digit, ones where unused.
    """
    given = cell.astype(np.uint64)
    if not 0 <= resolution <= _MOST:
        raise GeoError(f"H3 has resolutions 0 to {_MOST}, not {resolution}.")
    known = given != 0
    own = (given[known] >> np.uint64(_RESOLUTION_BIT)) & np.uint64(0xF)
    if len(own) and int(own.min()) < resolution:
        raise GeoError(f"resolution {resolution} is finer than the cells' own, {int(own.min())}.")
    digits = _DIGIT_BITS * (_MOST - resolution)
    found = given.copy()
    found[known] &= np.uint64(~(0xF << _RESOLUTION_BIT) & (1 << 64) - 1)
    found[known] |= np.uint64(resolution << _RESOLUTION_BIT) | np.uint64((1 << digits) - 1)
    return found


def centres(cell: Cells) -> npt.NDArray[np.float64]:
    """Return the middle of each cell in degrees, shape (n, 2): x before y."""
    found = [h3.cell_to_latlng(int(one)) for one in cell]
    return np.array(found, dtype=float).reshape(-1, 2)[:, ::-1]


def outline(code: str) -> shapely.Polygon | None:
    """Return the polygon of the cell with a hexadecimal code, in degrees; None where there is none."""
    if not h3.is_valid_cell(number := int(code, 16) if _CODE.fullmatch(code) else 0):
        return None
    found: shapely.Polygon = outlines(np.array([number], dtype=np.uint64))[0]
    return found


def outlines(cell: Cells) -> npt.NDArray[Any]:
    """Return the polygon of each cell in degrees, x before y."""
    return np.array(
        [shapely.Polygon([(x, y) for y, x in h3.cell_to_boundary(int(one))]) for one in cell], dtype=object
    )
