"""In which coordinate system a draft is: given, declared, guessed; and whether its axes are exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from data.readers.problems import fail
from geo.crs import CHINA, STORED_CRS, looks_swapped, zone_crs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.readers.draft import Draft, Options
    from data.readers.table import Bounds

_DEGREES = np.array([180.0, 90.0])
_METRIC_NAME = "实际使用的坐标系"


def settle(draft: Draft, options: Options) -> CRS | None:
    """Return the coordinate system of a draft with geometries, and report what is wrong with it.

    What the caller gives comes first, then what the file declares, then a guess from the coordinates:
    degrees, or the zone that 8-digit eastings name and 6-digit eastings have in the city.

    Raises
    ------
    ReadError
        If the caller's coordinate system does not exist.
    """
    crs = _parsed(draft, options)
    points = _points(draft)
    if not len(points):
        return crs
    swapped = _report_swapped(draft, points, crs, options.city_bounds)
    xy = points[:, 1:]
    xy = np.where(swapped[:, None], xy[:, ::-1], xy)
    in_degrees = (np.abs(xy) <= _DEGREES).all(axis=1)
    mostly_degrees = in_degrees.mean() > 0.5  # noqa: PLR2004
    if crs is None:
        return _guess(draft, xy, options.city_bounds, mostly_degrees=bool(mostly_degrees))
    if crs.is_geographic == mostly_degrees:
        if crs.is_geographic:
            for position, x, y in points[~in_degrees]:
                draft.note("coordinate_range", int(position), x=x, y=y)
        return crs
    return _mismatch(draft, crs, xy, options.city_bounds, mostly_degrees=bool(mostly_degrees))


def _parsed(draft: Draft, options: Options) -> CRS | None:
    if options.crs is not None:
        try:
            draft.crs_how = "given"
            return CRS.from_user_input(options.crs)
        except CRSError as error:
            raise fail("crs_unknown", draft.file, value=options.crs) from error
    if draft.crs is None:
        return None
    try:
        crs = CRS.from_user_input(draft.crs)
    except CRSError:
        draft.note("crs_unreadable")
        draft.crs_how = "unknown"
        return None
    if not (crs.is_geographic or crs.is_projected):
        draft.crs_how = "unknown"
        return None
    return crs


def _points(draft: Draft) -> NDArray[np.float64]:
    """Return position, x, y of the middle of every usable geometry."""
    bounds = shapely.bounds(draft.geometry)
    usable = np.flatnonzero(np.isfinite(bounds).all(axis=1))
    bounds = bounds[usable]
    return np.column_stack([usable, (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2])


def _report_swapped(
    draft: Draft, points: NDArray[np.float64], crs: CRS | None, city_bounds: Bounds | None
) -> NDArray[np.bool_]:
    """Report exchanged axes, once if most records have them; return which records do."""
    xy = points[:, 1:]
    if crs is not None and crs.is_projected:
        swapped = ~_inside(_lonlat(crs, xy), city_bounds) & _inside(_lonlat(crs, xy[:, ::-1]), city_bounds)
        swapped &= (np.abs(xy) > _DEGREES).any(axis=1)
    else:
        swapped = looks_swapped(xy, city_bounds)
    if swapped.mean() > 0.5:  # noqa: PLR2004
        _, x, y = points[swapped][0]
        draft.note("axes_swapped", x=x, y=y)
    else:
        for position, x, y in points[swapped]:
            draft.note("axes_swapped", int(position), x=x, y=y)
    return swapped


def _lonlat(crs: CRS, xy: NDArray[np.float64]) -> NDArray[np.float64]:
    to_degrees = Transformer.from_crs(crs, STORED_CRS, always_xy=True)
    return np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))


def _inside(xy: NDArray[np.float64], city_bounds: Bounds | None) -> NDArray[np.bool_]:
    west, south, east, north = city_bounds or CHINA
    x, y = xy[:, 0], xy[:, 1]
    return np.asarray((x >= west) & (x <= east) & (y >= south) & (y <= north))


def _guessed(xy: NDArray[np.float64], city_bounds: Bounds | None, *, mostly_degrees: bool) -> CRS | None:
    if not mostly_degrees:
        return zone_crs(xy, city_bounds)
    at_home = _inside(xy, CHINA) | _inside(xy, city_bounds)
    return STORED_CRS if at_home.mean() > 0.5 else None  # noqa: PLR2004


def _guess(
    draft: Draft, xy: NDArray[np.float64], city_bounds: Bounds | None, *, mostly_degrees: bool
) -> CRS | None:
    crs = _guessed(xy, city_bounds, mostly_degrees=mostly_degrees)
    if crs is None:
        draft.note("crs_missing")
        draft.crs_how = "unknown"
    else:
        draft.note("crs_guessed", name=named(crs))
        draft.crs_how = "guessed"
    return crs


def _mismatch(
    draft: Draft, crs: CRS, xy: NDArray[np.float64], city_bounds: Bounds | None, *, mostly_degrees: bool
) -> CRS | None:
    guess = _guessed(xy, city_bounds, mostly_degrees=mostly_degrees)
    x, y = xy[0]
    name = _METRIC_NAME if guess is None else named(guess)
    draft.note("crs_mismatch", declared=named(crs), x=x, y=y, name=name)
    draft.crs_how = "unknown" if guess is None else "guessed"
    return guess


def named(crs: CRS) -> str:
    """Name a coordinate system: its EPSG code where it has one, and its name."""
    code = crs.to_epsg()
    return f"EPSG:{code}({crs.name})" if code else str(crs.name)


def to_lonlat(crs: CRS | None) -> Any:
    """Return a function (x, y) -> (x, y) that gives degrees where the coordinate system is known."""
    if crs is None or not crs.is_projected:
        return lambda x, y: (x, y)
    return Transformer.from_crs(crs, STORED_CRS, always_xy=True).transform
