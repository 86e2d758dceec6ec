"""From the file's coordinates to EPSG:4490: coordinate system, datum, and whether it lies where it should."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.bulk import geo_frame_of, table_of
from data.imports.fields import Target
from data.imports.findings import Findings
from data.imports.options import Options
from data.readers import RawTable
from geo import crs as geo_crs
from geo.crs import geometries_to_wgs84
from geo.shift import DatumFit, detect_datum
from models import Area, Base, Building, Compound, Grid, MicroGrid
from models.enums import AreaLevel, Datum

Geometries = NDArray[Any]
GEO_DATUMS = {
    Datum.CGCS2000: geo_crs.Datum.WGS84,
    Datum.WGS84: geo_crs.Datum.WGS84,
    Datum.GCJ02: geo_crs.Datum.GCJ02,
    Datum.BD09: geo_crs.Datum.BD09,
}
_KNOWN_DATUMS = ("China_2000", "China 2000", "WGS 84", "World Geodetic System 1984", "CGCS2000", "WGS_1984")
_REFERENCES: tuple[type[Base], ...] = (Compound, Building, MicroGrid, Grid, Area)
_MARGIN_DEG = 0.02
_MOST = 60_000


@dataclass(frozen=True)
class Placed:
    """Geometries in EPSG:4490 and how they came there."""

    geometries: Geometries
    datum: Datum
    datum_how: str


def place(
    session: Session,
    raw: RawTable,
    geometries: Geometries,
    target: Target,
    options: Options,
    findings: Findings,
) -> Placed:
    """Bring geometries (None where unusable) to EPSG:4490 and report what speaks against the datum."""
    crs = raw.crs
    if crs is None:
        return Placed(
            np.full(len(geometries), None, dtype=object), options.datum or Datum.CGCS2000, "unknown"
        )
    if options.swap_axes:
        geometries = np.asarray(shapely.transform(geometries, lambda xy: xy[:, ::-1]), dtype=object)
    degrees = _to_degrees(geometries, crs, findings)
    datum, how = _datum(raw, crs, options)
    shifted = np.asarray(geometries_to_wgs84(degrees, GEO_DATUMS[datum]), dtype=object)
    if not findings.stops:
        _compare(session, shifted, target, datum, how, findings)
    return Placed(shifted, datum, how)


def _datum(raw: RawTable, crs: CRS, options: Options) -> tuple[Datum, str]:
    if options.datum is not None:
        return options.datum, "given"
    if raw.datum is not None:
        return {one: key for key, one in GEO_DATUMS.items()}[geo_crs.Datum(raw.datum)], "header"
    name = str(crs.geodetic_crs.name if crs.geodetic_crs else "")
    wgs84 = raw.crs_how != "guessed" and "WGS" in name
    return (Datum.WGS84 if wgs84 else Datum.CGCS2000), raw.crs_how


def _to_degrees(geometries: Geometries, crs: CRS, findings: Findings) -> Geometries:
    """Project back to degrees; WGS 84 is treated as CGCS2000."""
    datum = str(crs.geodetic_crs.datum.name) if crs.geodetic_crs and crs.geodetic_crs.datum else crs.name
    known = any(one in datum for one in _KNOWN_DATUMS)
    if not known:
        findings.note("crs_other_datum", name=crs.name)
    if crs.is_geographic and known:
        return _in_range(geometries, findings)
    transformer = Transformer.from_crs(crs, geo_crs.STORED_CRS, always_xy=True)
    result = np.asarray(shapely.transform(geometries, transformer.transform, interleaved=False), dtype=object)
    coordinates, owners = shapely.get_coordinates(result, return_index=True)
    for position in np.unique(owners[~np.isfinite(coordinates).all(axis=1)]):
        findings.note("not_finite", int(position))
        result[position] = None
    return result


def _in_range(geometries: Geometries, findings: Findings) -> Geometries:
    """Return the geometries, None where they are not on the globe; reported unless they are already."""
    west, south, east, north = shapely.bounds(geometries).T
    result = geometries.copy()
    for position in np.flatnonzero((west < -180) | (east > 180) | (south < -90) | (north > 90)):  # noqa: PLR2004
        if not (findings.bad[position] or findings.stops):
            findings.note(
                "coordinate_range", int(position), x=float(west[position]), y=float(south[position])
            )
        result[position] = None
    return result


def _compare(
    session: Session, geometries: Geometries, target: Target, datum: Datum, how: str, findings: Findings
) -> None:
    """Report a layer that lies shifted against what is stored; an error unless the user chose the datum."""
    fit = _fit(session, geometries, target)
    if fit is None or not fit.shifted or fit.shift_m is None:
        return
    if how == "given":
        findings.note("datum_disagrees", name=datum.label, shift_m=fit.shift_m)
    elif fit.datum is None:
        findings.note("datum_offset", shift_m=fit.shift_m, direction_deg=fit.direction_deg or 0.0)
    else:
        names = {geo_crs.Datum.GCJ02: Datum.GCJ02.label, geo_crs.Datum.BD09: Datum.BD09.label}
        findings.note("datum_shifted", shift_m=fit.shift_m, name=names.get(fit.datum, fit.datum.value))


def _fit(session: Session, geometries: Geometries, target: Target) -> DatumFit | None:
    """Return how the layer lies against the stored layer of its kind, else against the others."""
    usable = geometries[~shapely.is_missing(geometries)]
    usable = usable[shapely.is_valid(usable) & ~shapely.is_empty(usable)]
    if not len(usable):
        return None
    own = (
        [target.model]
        if "geometry" in table_of(target.model).columns and target.geometry == "polygon"
        else []
    )
    fit = None
    for model in dict.fromkeys((*own, *_REFERENCES)):
        stored = stored_near(session, model, usable)
        if not len(stored):
            continue
        fit = detect_datum(usable, stored)
        if fit.datum is not None or fit.shifted:
            return fit
    return fit


def stored_near(session: Session, model: type[Base], geometries: Geometries) -> Geometries:
    """Return stored geometries of a table around `geometries`; of areas, the communities."""
    conditions = [Area.level == AreaLevel.COMMUNITY] if model is Area else []
    if session.scalar(select(func.count()).select_from(table_of(model))) == 0:
        return np.empty(0, dtype=object)
    stored = np.asarray(geo_frame_of(session, model, ["id"], *conditions).geometry.values, dtype=object)
    west, south, east, north = shapely.total_bounds(geometries)
    box = shapely.box(west - _MARGIN_DEG, south - _MARGIN_DEG, east + _MARGIN_DEG, north + _MARGIN_DEG)
    stored = np.asarray(stored[shapely.intersects(stored, box)], dtype=object)
    return (
        stored[np.unique(np.linspace(0, len(stored) - 1, _MOST).astype(int))]
        if len(stored) > _MOST
        else stored
    )


def to_metric(geometries: Geometries, metric: CRS) -> Geometries:
    """Return geometries (None kept) from EPSG:4490 in the city's metric coordinate system."""
    transformer = Transformer.from_crs(geo_crs.STORED_CRS, metric, always_xy=True)
    result = shapely.transform(geometries, transformer.transform, interleaved=False)
    return np.asarray(result, dtype=object)


def metric_of(setting: str | None, geometries: Geometries) -> CRS:
    """Return the city's metric coordinate system: its setting, else the default for the geometries' place."""
    if setting:
        return CRS.from_epsg(int(setting))
    west, south, east, north = shapely.total_bounds(geometries)
    return geo_crs.metric_crs((west + east) / 2, (south + north) / 2)
