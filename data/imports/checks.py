"""What is wrong with the geometries and codes of a layer by themselves: invalid, doubled, overlapping."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from data.imports.findings import GEOMETRY_CODES, Findings

Geometries = NDArray[Any]
OVERLAP_M2 = 1e-6
"""Pairs that share more than this are reported as overlapping: a square millimetre."""
_LARGE_M2 = 1.0
_TYPES = {"polygon": (3, 6), "line": (1, 2, 5), "point": (0,)}
_KIND_LABELS = {"polygon": "面", "line": "线", "point": "点"}
_TYPE_LABELS = {0: "点", 1: "线", 2: "线", 3: "面", 4: "多点", 5: "多线", 6: "多面", 7: "几何集合"}


def check_types(geometries: Geometries, kind: str, findings: Findings) -> Geometries:
    """Return the geometries, None where empty or not of the `kind` (polygon, line, point); each reported.

    A multipoint of one point becomes that point.
    """
    result = geometries.copy()
    result[shapely.is_empty(result)] = None
    types = shapely.get_type_id(result)
    lone = np.flatnonzero(
        (types == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(result) == 1)
    )
    result[lone] = shapely.get_geometry(result[lone], 0)
    fits = np.isin(shapely.get_type_id(result), _TYPES[kind])
    for position in np.flatnonzero(~fits & ~shapely.is_missing(result)):
        if not findings.bad[position]:
            found = _TYPE_LABELS.get(int(types[position]), "其他几何")
            findings.note("geometry_type", int(position), found=found, expected=_KIND_LABELS[kind])
        result[position] = None
    return result


def check_validity(
    geometries: Geometries, metric: Geometries, *, repair: bool, findings: Findings
) -> Geometries:
    """Return the geometries, those of them that are no use as None; each reported.

    Parameters
    ----------
    geometries, metric
        Shape (n,) each: in EPSG:4490, and the same in metres.
    repair
        Repair invalid polygons, and report each; where no polygon comes of it, the error stays.
    """
    result = geometries.copy()
    present = ~shapely.is_missing(geometries)
    invalid = np.flatnonzero(present & ~shapely.is_valid(geometries))
    if repair and len(invalid):
        mended = shapely.make_valid(geometries[invalid], method="structure", keep_collapsed=False)
        good = shapely.get_dimensions(mended) == 2  # noqa: PLR2004
        good &= shapely.is_valid(mended) & ~shapely.is_empty(mended)
        result[invalid[good]] = mended[good]
        findings.forget(GEOMETRY_CODES, invalid[good])
        area_m2 = shapely.area(shapely.make_valid(metric[invalid], method="structure", keep_collapsed=False))
        for position, area in zip(invalid[good], area_m2[good], strict=True):
            findings.note("repaired", int(position), area_m2=float(area))
        invalid = invalid[~good]
    for position in invalid[~findings.bad[invalid]]:
        point = shapely.point_on_surface(shapely.convex_hull(geometries[position]))
        reason = shapely.is_valid_reason(geometries[position]).partition("[")[0]
        findings.note("invalid", int(position), reason=reason, x=point.x, y=point.y)
    for position in np.flatnonzero(~present & ~findings.bad):
        findings.note("geometry_null", int(position))
    result[invalid] = None
    return result


def check_duplicates(codes: pd.Series[Any], header: str | None, findings: Findings) -> None:
    """Report every row whose code another row bears too."""
    present = codes[codes.notna()]
    for value, group in present[present.duplicated(keep=False)].groupby(present, sort=False):
        positions = [int(one) for one in group.index]
        for position in positions:
            other = positions[1] if position == positions[0] else positions[0]
            findings.note(
                "code_duplicate", position, column=header, value=value, other=int(findings.rows[other])
            )


def check_doubles(geometries: Geometries, findings: Findings) -> None:
    """Report polygons and lines that are the same as one before them."""
    usable = np.flatnonzero(~shapely.is_missing(geometries) & (shapely.get_dimensions(geometries) > 0))
    forms = pd.Series(shapely.to_wkb(shapely.normalize(geometries[usable])), index=usable)
    first = pd.Series(usable, index=usable).groupby(forms).transform("min")
    for position, other in first[first != first.index].items():
        findings.note("geometry_duplicate", int(str(position)), other=int(findings.rows[other]))


def overlaps(metric: Geometries, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the pairs of polygons that overlap by more than `OVERLAP_M2`, largest first, and report them.

    Parameters
    ----------
    metric
        Shape (n,): polygons in metres; None is left out.
    frame
        Columns ``code`` and ``name`` of the same rows.

    Returns
    -------
    pandas.DataFrame
        ``row_1``, ``code_1``, ``name_1``, ``row_2``, ``code_2``, ``name_2``, ``area_m2``.
    """
    usable = np.flatnonzero(~shapely.is_missing(metric) & shapely.is_valid(metric))
    polygons = metric[usable]
    one, two = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    one, two = one[one < two], two[one < two]
    area_m2 = shapely.area(shapely.intersection(polygons[one], polygons[two]))
    kept = np.flatnonzero(area_m2 > OVERLAP_M2)
    kept = kept[np.argsort(-area_m2[kept], kind="stable")]
    found: dict[str, Any] = {}
    for end, side in (("1", one), ("2", two)):
        positions = usable[side[kept]]
        found[f"row_{end}"] = findings.rows[positions]
        for column in ("code", "name"):
            values = frame[column].astype(object).iloc[positions] if column in frame else None
            found[f"{column}_{end}"] = (
                None if values is None else values.where(values.notna(), None).to_numpy()
            )
    found["area_m2"] = area_m2[kept]
    pairs = pd.DataFrame(found)
    if len(pairs):
        findings.note(
            "overlaps",
            count=len(pairs),
            area_m2=float(pairs["area_m2"].sum()),
            threshold_m2=OVERLAP_M2,
            large=int((pairs["area_m2"] > _LARGE_M2).sum()),
        )
    return pairs
