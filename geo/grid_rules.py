"""The rules that micro-grids and grids must keep, by name, with severity and place.

General principles of the national and local grid standards as the product follows them; the words and the
remedies shown to users are those of `models.enums.GridRule`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.codes import SERIAL
from geo.coverage import check
from geo.crs import require_metric
from geo.layers import layer_of, measurable, meeting
from geo.partition import Band

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Severity = Literal["error", "warning"]
RULES: dict[str, Severity] = {
    "closed": "error",
    "seamless": "error",
    "no_overlap": "error",
    "one_community": "error",
    "one_piece": "error",
    "atom_whole": "error",
    "atom_assigned": "error",
    "nested": "error",
    "code_given": "error",
    "code_unique": "error",
    "code_of_community": "error",
    "code_never_reused": "error",
    "dates_in_order": "error",
    "load": "warning",
    "one_compound": "warning",
    "natural_edges": "warning",
    "stable": "warning",
    "responsible": "warning",
    "start_date": "warning",
}
"""Names and severities: what breaks an error can't be published."""
_COVERAGE = {
    "invalid": "closed",
    "gap": "seamless",
    "overlap": "no_overlap",
    "two_communities": "one_community",
    "over_community": "one_community",
    "building_cut": "atom_whole",
    "building_outside": "atom_assigned",
}
STABLE_SHARE = 0.025
"""Share of the households of an existing micro-grid that may leave it unremarked."""
THROUGH_M = 10.0
"""How much of a road or wall must run inside a micro-grid to part it."""
_COLUMNS = ["rule", "severity", "feature_id", "community_id", "value", "geometry"]


@dataclass(frozen=True)
class Standing:
    """What micro-grids are judged by besides their geometry.

    Attributes
    ----------
    band
        Households of a micro-grid.
    used_codes
        Codes of micro-grids that live no more.
    serial
        Digits of the serial.
    moved
        Households that left each existing micro-grid, and those it had: by id.
    """

    band: Band
    used_codes: Collection[str] = ()
    serial: int = SERIAL
    moved: dict[str, tuple[float, float]] | None = None


def broken_rules(
    micro_grids: gpd.GeoDataFrame,
    communities: gpd.GeoDataFrame,
    standing: Standing,
    *,
    buildings: gpd.GeoDataFrame | None = None,
    compounds: gpd.GeoDataFrame | None = None,
    lines: gpd.GeoDataFrame | None = None,
    grids: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Return every place where micro-grids (or grids) break a rule.

    Parameters
    ----------
    micro_grids
        ``id``, ``code``, ``households``; ``community_id``, ``responsible_body``, ``valid_from``, ``valid_to``
        where these are kept.
    communities
        ``id`` and, where there is one, ``code``; the fixed frame.
    standing
        See `Standing`.
    buildings
        ``id``: atoms that no boundary may cut.
    compounds
        ``id``: a micro-grid lies in one.
    lines
        Roads, walls and shores that a micro-grid does not span.
    grids
        ``id``: a micro-grid lies in one.

    Returns
    -------
    GeoDataFrame
        ``rule`` and ``severity`` of `RULES`, ``feature_id``, ``community_id``, ``value`` (m², m, households
        or share, whatever the rule counts), and the place; sorted by rule and id.

    Raises
    ------
    GeoError
        If a layer has no column id or is not in metres.
    """
    crs = require_metric(communities)
    rows = [
        *_of_coverage(micro_grids, communities, buildings),
        *_of_shape(micro_grids),
        *_of_codes(micro_grids, communities, standing),
        *_of_records(micro_grids),
        *_of_load(micro_grids, standing),
    ]
    if compounds is not None:
        rows += _several(micro_grids, compounds, crs, "one_compound")
    if grids is not None:
        rows += _several(micro_grids, grids, crs, "nested")
    if lines is not None:
        rows += _spanning(micro_grids, lines)
    table = pd.DataFrame(rows, columns=[name for name in _COLUMNS if name != "severity"])
    table.insert(1, "severity", table["rule"].map(RULES))
    rank = table["rule"].map({rule: n for n, rule in enumerate(RULES)})
    table = table.assign(rank=rank).sort_values(["rank", "feature_id"], kind="stable").drop(columns="rank")
    return gpd.GeoDataFrame(table.reset_index(drop=True)[_COLUMNS], geometry="geometry", crs=crs)


def verified(micro_grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> dict[str, Any]:
    """Tell whether micro-grids are a valid coverage without gaps.

    Returns
    -------
    dict
        ``valid``; ``gap_m2`` of communities that nothing covers and ``outside_m2`` beyond them;
        ``several_parts``.
    """
    shape = np.asarray(micro_grids.geometry.values)
    frame = np.asarray(communities.geometry.values)
    covered = shapely.union_all(measurable(shape))
    whole = shapely.union_all(measurable(frame))
    sound = bool(shapely.is_valid(shape).all())
    return {
        "valid": sound and (not len(shape) or bool(shapely.coverage_is_valid(shape))),
        "gap_m2": round(float(shapely.area(shapely.difference(whole, covered))), 3),
        "outside_m2": round(float(shapely.area(shapely.difference(covered, whole))), 3),
        "several_parts": int((shapely.get_num_geometries(shape) > 1).sum()),
    }


# --- rules one by one: rows of rule, feature, community, value, place ---

_Row = tuple[str, str, Any, float, shapely.Geometry | None]


def _of_coverage(
    micro_grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame | None
) -> Iterator[_Row]:
    none = gpd.GeoDataFrame({"id": []}, geometry=[], crs=communities.crs)
    found = check(communities, none, micro_grids, None, buildings)
    for row in found[found["kind"].isin(_COVERAGE)].itertuples():
        if row.layer in ("grid", "building"):
            yield _COVERAGE[row.kind], row.ids, row.community_id, row.area_m2, row.geometry


def _of_shape(micro_grids: gpd.GeoDataFrame) -> Iterator[_Row]:
    shape = np.asarray(micro_grids.geometry.values)
    parts = shapely.get_num_geometries(shape)
    for n in np.flatnonzero(parts > 1).tolist():
        yield "one_piece", *_who(micro_grids, n), float(parts[n]), shape[n]


def _who(frame: gpd.GeoDataFrame, n: int) -> tuple[str, Any]:
    community = frame["community_id"].iloc[n] if "community_id" in frame else None
    return str(frame["id"].iloc[n]), community


def _of_codes(
    micro_grids: gpd.GeoDataFrame, communities: gpd.GeoDataFrame, standing: Standing
) -> Iterator[_Row]:
    shape = np.asarray(micro_grids.geometry.values)
    code = micro_grids["code"].astype(object).where(micro_grids["code"].notna(), "").astype(str)
    twice = code.duplicated(keep=False).to_numpy()
    codes = communities["code" if "code" in communities else "id"].astype(str)
    prefix = dict(zip(communities["id"], codes, strict=True))
    form = re.compile(rf"\d{{{standing.serial}}}")
    used = set(standing.used_codes)
    for n, one in enumerate(code.tolist()):
        who = _who(micro_grids, n)
        if not one:
            yield "code_given", *who, 0.0, shape[n]
            continue
        if twice[n]:
            yield "code_unique", *who, float((code == one).sum()), shape[n]
        if one in used:
            yield "code_never_reused", *who, 1.0, shape[n]
        begin = str(prefix.get(who[1], "")) if who[1] is not None else ""
        if begin and not (one.startswith(begin) and form.fullmatch(one[len(begin) :])):
            yield "code_of_community", *who, 0.0, shape[n]


def _of_records(micro_grids: gpd.GeoDataFrame) -> Iterator[_Row]:
    shape = np.asarray(micro_grids.geometry.values)
    for column, rule in (("responsible_body", "responsible"), ("valid_from", "start_date")):
        if column in micro_grids:
            empty = micro_grids[column].isna() | (micro_grids[column].astype(str).str.strip() == "")
            for n in np.flatnonzero(empty).tolist():
                yield rule, *_who(micro_grids, n), 0.0, shape[n]
    if {"valid_from", "valid_to"} <= set(micro_grids):
        start, end = (pd.to_datetime(micro_grids[name]) for name in ("valid_from", "valid_to"))
        for n in np.flatnonzero(end < start).tolist():
            yield "dates_in_order", *_who(micro_grids, n), float((start - end).iloc[n].days), shape[n]


def _of_load(micro_grids: gpd.GeoDataFrame, standing: Standing) -> Iterator[_Row]:
    shape = np.asarray(micro_grids.geometry.values)
    load = pd.to_numeric(micro_grids["households"]).to_numpy(dtype=float, na_value=np.nan)
    out = ~((load >= standing.band.least) & (load <= standing.band.most))
    for n in np.flatnonzero(out).tolist():
        yield "load", *_who(micro_grids, n), float(load[n]), shape[n]
    moved = standing.moved or {}
    for n in range(len(micro_grids)):
        left, had = moved.get(str(micro_grids["id"].iloc[n]), (0.0, 0.0))
        if left > STABLE_SHARE * had:
            yield "stable", *_who(micro_grids, n), left / had, shape[n]


def _several(micro_grids: gpd.GeoDataFrame, holders: gpd.GeoDataFrame, crs: Any, rule: str) -> Iterator[_Row]:
    """Find micro-grids that meet several compounds or grids; the place is what lies in the others."""
    mine, theirs = layer_of("micro_grid", micro_grids, crs), layer_of(rule, holders, crs)
    m, h, area = meeting(mine, theirs)
    order = np.lexsort((-area, m))
    m, h, area = m[order], h[order], area[order]
    later = np.append(False, np.diff(m) == 0) & (area > THROUGH_M)
    for n in np.unique(m[later]).tolist():
        others = shapely.union_all(theirs.polygon[h[later & (m == n)]])
        place = shapely.intersection(mine.polygon[n], others)
        yield rule, *_who(micro_grids, n), float(shapely.area(place)), place


def _spanning(micro_grids: gpd.GeoDataFrame, lines: gpd.GeoDataFrame) -> Iterator[_Row]:
    """Find micro-grids that a road, wall or shore parts; the place is the line inside."""
    shape = np.asarray(micro_grids.geometry.values)
    line = np.asarray(lines.geometry.values, dtype=object)
    line = np.where(shapely.get_dimensions(line) == 2, shapely.boundary(line), line)  # noqa: PLR2004
    i, j = shapely.STRtree(shape).query(line, predicate="intersects")
    inner = shapely.buffer(shape[j], -0.5)
    through = shapely.intersection(line[i], inner)
    for n in np.unique(j).tolist():
        inside = shapely.union_all(through[j == n])
        if shapely.length(inside) < THROUGH_M:
            continue
        edges = shapely.union_all([inside, *shapely.get_parts(shapely.boundary(inner[j == n][0]))])
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
        if (shapely.area(faces) > THROUGH_M).sum() > 1:
            yield "natural_edges", *_who(micro_grids, n), float(shapely.length(inside)), inside
