"""Coordinate systems of a Chinese city: its metric zone, the shifted datums GCJ-02 and BD-09, swapped axes.

Coordinates are always x before y: longitude before latitude, easting before northing.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bounds = tuple[float, float, float, float]

STORED_CRS = CRS.from_epsg(4490)
CHINA: Bounds = (73.0, 3.0, 136.0, 54.0)

_EASTING = (100_000.0, 900_000.0)
_NORTHING = (300_000.0, 6_100_000.0)
_PREFIX = 1_000_000
_ZONES_3 = range(25, 46)
_ZONES_6 = range(13, 24)
_SOUTH_POLE, _NORTH_POLE = -90.0, 90.0


class Datum(StrEnum):
    """Datums in which Chinese coordinates come. WGS 84 is treated as CGCS2000."""

    WGS84 = "WGS 84"
    GCJ02 = "GCJ-02"
    BD09 = "BD-09"


# --- metric zones ---


def metric_crs(lon: float, lat: float) -> CRS:
    """Return the default metric coordinate system of a city.

    Parameters
    ----------
    lon, lat
        A point of the city in degrees.

    Returns
    -------
    CRS
        From 75° to 135° E the CGCS2000 3-degree Gauss-Krüger zone without prefix (EPSG 4509 + z, z 25 to 45,
        a zone reaching from 1.5° west of its meridian to just below 1.5° east), elsewhere UTM on WGS 84.

    Raises
    ------
    GeoError
        If the point is not on the globe.
    """
    if not (math.isfinite(lon) and -180 <= lon <= 180 and _SOUTH_POLE <= lat <= _NORTH_POLE):  # noqa: PLR2004
        raise GeoError(f"({lon}, {lat}) is not a longitude and latitude; give degrees, x before y.")
    if 75 <= lon <= 135:  # noqa: PLR2004
        return CRS.from_epsg(4509 + math.floor(lon / 3 + 0.5))
    zone = min(math.floor((lon + 180) / 6) + 1, 60)
    return CRS.from_epsg((32600 if lat >= 0 else 32700) + zone)


def zone_crs(xy: ArrayLike, city_bounds: Bounds | None = None) -> CRS | None:
    """Recognise the CGCS2000 Gauss-Krüger zone of metric coordinates that come without a coordinate system.

    Parameters
    ----------
    xy
        Shape (n, 2): eastings and northings in metres.
    city_bounds
        West, south, east, north of the city in degrees. Eastings of 6 digits name no zone, so without the
        city they can't be told apart.

    Returns
    -------
    CRS or None
        8-digit eastings: the zone that the prefix names (25 to 45: 3-degree, EPSG 4488 + z; 13 to 23:
        6-degree, EPSG 4478 + z). 6-digit eastings: the 3-degree zone (EPSG 4509 + z) that puts the median of
        the coordinates into the city; 6-degree zones share meridian and coordinates with one of these. None
        if no zone does.
    """
    points = np.asarray(xy, dtype=np.float64).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return None
    zone = int(np.clip(points[:, 0].min() // _PREFIX, -1, _ZONES_3.stop))
    easting, northing = points[:, 0] - zone * _PREFIX, points[:, 1]
    if not (_within(easting, _EASTING) and _within(northing, _NORTHING)):
        return None
    if zone in _ZONES_3:
        return CRS.from_epsg(4488 + zone)
    if zone in _ZONES_6:
        return CRS.from_epsg(4478 + zone)
    if zone != 0 or city_bounds is None:
        return None
    return _zone_of_city(np.median(points, axis=0), city_bounds)


def _within(values: Floats, limits: tuple[float, float]) -> bool:
    return bool(values.min() >= limits[0] and values.max() <= limits[1])


def _zone_of_city(point: Floats, city_bounds: Bounds) -> CRS | None:
    west, south, east, north = city_bounds
    middle = (west + east) / 2
    for zone in sorted(_ZONES_3, key=lambda zone: abs(3 * zone - middle))[:3]:
        crs = CRS.from_epsg(4509 + zone)
        lon, lat = Transformer.from_crs(crs, STORED_CRS, always_xy=True).transform(*point)
        if west <= lon <= east and south <= lat <= north:
            return crs
    return None


def require_metric(frame: Any) -> CRS:
    """Return the coordinate system of a GeoDataFrame or GeoSeries, which must be in metres.

    Raises
    ------
    GeoError
        If it is missing, geographic or in another unit.
    """
    if frame.crs is None:
        raise GeoError("The layer has no coordinate system; set it, then project it (geo.crs.metric_crs).")
    crs = CRS.from_user_input(frame.crs)
    units = {axis.unit_conversion_factor for axis in crs.axis_info[:2]}
    if crs.is_geographic:
        raise GeoError(f"The layer is in degrees ({crs.name}); project it to metres (geo.crs.metric_crs).")
    if not crs.is_projected or units != {1.0}:
        unit = crs.axis_info[0].unit_name if crs.axis_info else "unknown"
        raise GeoError(f"The layer is in {unit} ({crs.name}), not metres; project it (geo.crs.metric_crs).")
    return crs


def looks_swapped(xy: ArrayLike, city_bounds: Bounds | None = None) -> NDArray[np.bool_]:
    """Tell which points have latitude before longitude, or northing before easting.

    Parameters
    ----------
    xy
        Shape (..., 2): degrees or metres.
    city_bounds
        West, south, east, north of the city in degrees; without it China is assumed.

    Returns
    -------
    array of bool, shape (...)
        True where the point lies outside the bounds (for degrees) and inside once the axes are exchanged; for
        metres, where x has the size of a Chinese northing and y that of an easting of 6 or 8 digits.
    """
    points = np.asarray(xy, dtype=np.float64)
    x, y = points[..., 0], points[..., 1]
    box = CHINA if city_bounds is None else city_bounds
    degrees = _inside(y, x, box) & ~_inside(x, y, box)
    prefix = np.floor_divide(y, _PREFIX, where=np.isfinite(y), out=np.zeros_like(y))
    zoned = np.isin(prefix, [0, *_ZONES_3, *_ZONES_6])
    easting = y - prefix * _PREFIX
    metres = zoned & (easting >= _EASTING[0]) & (easting <= _EASTING[1])
    metres &= (x > _PREFIX) & (x <= _NORTHING[1])
    return np.asarray(degrees | metres)


def _inside(lon: Floats, lat: Floats, box: Bounds) -> NDArray[np.bool_]:
    return np.asarray((lon >= box[0]) & (lon <= box[2]) & (lat >= box[1]) & (lat <= box[3]))


# --- GCJ-02 and BD-09 ---

_SEMI_MAJOR = 6378245.0  # Krasovsky 1940
_ECCENTRICITY_2 = 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0
_ROUNDS = 30
_EXACT_DEG = 1e-12


def _gcj_offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Return the offset of GCJ-02 from WGS 84 in degrees, as the widely published algorithm has it."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    common = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    d_lat += 2 / 3 * (common + 20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi))
    d_lat += 2 / 3 * (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0))
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    d_lon += 2 / 3 * (common + 20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi))
    d_lon += 2 / 3 * (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi))
    phi = np.radians(lat)
    magic = 1 - _ECCENTRICITY_2 * np.sin(phi) ** 2
    meridian = _SEMI_MAJOR * (1 - _ECCENTRICITY_2) / magic**1.5
    return (
        np.degrees(d_lon / (_SEMI_MAJOR / np.sqrt(magic) * np.cos(phi))),
        np.degrees(d_lat / meridian),
    )


def _abroad(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Tell where the algorithm shifts nothing."""
    return np.asarray(~((lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)))  # noqa: PLR2004


def _gcj_from_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    d_lon, d_lat = _gcj_offset(lon, lat)
    return lon + d_lon, lat + d_lat


def _bd_from_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_PI)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _inverse(
    forward: Callable[[Floats, Floats], tuple[Floats, Floats]], lon: Floats, lat: Floats
) -> tuple[Floats, Floats]:
    """Solve ``forward(p) = (lon, lat)`` by fixed-point iteration; the shifts change slowly enough."""
    x, y = lon, lat
    for _ in range(_ROUNDS):
        found_x, found_y = forward(x, y)
        miss_x, miss_y = lon - found_x, lat - found_y
        x, y = x + miss_x, y + miss_y
        if not np.any(np.maximum(np.abs(miss_x), np.abs(miss_y)) > _EXACT_DEG):
            break
    return x, y


def _floats(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _in_china(
    lon: Floats, lat: Floats, convert: Callable[[Floats, Floats], tuple[Floats, Floats]]
) -> tuple[Floats, Floats]:
    """Convert what lies in the algorithm's rectangle, keep the rest."""
    abroad = _abroad(lon, lat)
    x, y = convert(np.where(abroad, 105.0, lon), np.where(abroad, 35.0, lat))
    return np.where(abroad, lon, x), np.where(abroad, lat, y)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift WGS 84 (CGCS2000) degrees to GCJ-02; points outside the algorithm's rectangle stay."""
    return _in_china(*_floats(lon, lat), _gcj_from_wgs)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees back to WGS 84 (CGCS2000), exact to 1e-9 degrees; points outside stay.

    Within 1 km of the rectangle's edge (72.004–137.8347° E, 0.8293–55.8271° N) the shift has no inverse.
    """
    return _in_china(*_floats(lon, lat), lambda x, y: _inverse(_gcj_from_wgs, x, y))


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift GCJ-02 degrees to BD-09; points outside the algorithm's rectangle stay."""
    return _in_china(*_floats(lon, lat), _bd_from_gcj)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Shift BD-09 degrees back to GCJ-02, exact to 1e-9 degrees; points outside the rectangle stay."""
    return _in_china(*_floats(lon, lat), lambda x, y: _inverse(_bd_from_gcj, x, y))


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> tuple[Floats, Floats]:
    """Bring degrees of any of the three datums to WGS 84 (CGCS2000)."""
    x, y = _floats(lon, lat)
    if datum is Datum.BD09:
        x, y = bd09_to_gcj02(x, y)
    return (x, y) if datum is Datum.WGS84 else gcj02_to_wgs84(x, y)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> tuple[Floats, Floats]:
    """Bring WGS 84 (CGCS2000) degrees to any of the three datums."""
    x, y = _floats(lon, lat)
    if datum is not Datum.WGS84:
        x, y = wgs84_to_gcj02(x, y)
    return gcj02_to_bd09(x, y) if datum is Datum.BD09 else (x, y)


def geometries_to_wgs84(geometries: Any, datum: Datum) -> Any:
    """Return geometries in degrees (one or an array; None kept) moved from ``datum`` to WGS 84."""
    return shapely.transform(geometries, lambda x, y: to_wgs84(x, y, datum), interleaved=False)


def geometries_from_wgs84(geometries: Any, datum: Datum) -> Any:
    """Return geometries in degrees (one or an array; None kept) moved from WGS 84 to ``datum``."""
    return shapely.transform(geometries, lambda x, y: from_wgs84(x, y, datum), interleaved=False)
