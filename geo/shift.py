"""Whether a layer lies where the stored one lies, or shifted as GCJ-02 and BD-09 are.

Three kinds of evidence, the strongest first: the same shapes in both layers; points or small shapes of the
layer that belong inside stored polygons; one displacement again and again between like shapes. Each candidate
is compared with decoys, the layer moved in directions that mean nothing, so that a dense or regular
neighbourhood does not pass for a match.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import Transformer
from scipy.special import gammainc

from geo.crs import STORED_CRS, Datum, geometries_to_wgs84, metric_crs
from geo.errors import GeoError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Geometries = NDArray[np.object_]

_SAMPLE = 400
_DECOY_RADII_M = (90.0, 260.0, 700.0)
_DECOY_DIRECTIONS = 6
_SIGNIFICANT = 1e-3
# How often an overlap that good comes about by chance where the decoys show none.
_LIKE_IOU, _LIKE_CHANCE = 0.6, 5e-3
_SAME_IOU, _SAME_CHANCE = 0.9, 1e-4
_POINT_M = 15.0
_INSIDE, _INSIDE_MARGIN, _INSIDE_COUNT = 0.7, 0.2, 20
_REACH_M, _BUNDLE_M, _BUNDLE_SHARE, _BUNDLE_COUNT, _LIKENESS = 2000.0, 8.0, 0.5, 3, 0.03
_CLEARLY = 2
_SNUG_M = 10.0


@dataclass(frozen=True)
class DatumFit:
    """How a layer lies against what is stored.

    Attributes
    ----------
    datum
        The datum as which the layer fits the stored geometries; None if that can't be decided.
    shift_m
        Metres by which the layer, as found, lies off (median); 0 if it fits as it is, None if undecided. With
        a shift but no datum, the layer is shifted by a constant that is none of the known datums'.
    direction_deg
        Azimuth (clockwise from north) in which the layer lies off; None without a shift.
    residual_m
        Metres left once the datum is put right (median); None if undecided or not known.
    evidence
        ``shapes``, ``inside``, ``displacement`` or ``none``.
    matched, sampled
        How many of the features looked at support the answer.
    scores
        For each datum the number of features that support it.
    """

    datum: Datum | None
    shift_m: float | None
    direction_deg: float | None
    residual_m: float | None
    evidence: str
    matched: int
    sampled: int
    scores: Mapping[Datum, int] = field(default_factory=dict)

    @property
    def shifted(self) -> bool:
        """Whether the layer certainly lies off and must not be stored as it is."""
        return self.shift_m is not None and self.shift_m > 0


@dataclass(frozen=True)
class _Matches:
    """Matches of the sample with the reference under one placement; offsets of the matched, in metres."""

    like: int
    same: int
    offsets: Floats

    @property
    def strength(self) -> int:
        """What the matches are worth: the all but identical count twice."""
        return self.like + self.same


def detect_datum(sample: Any, reference: Any) -> DatumFit:
    """Find the datum of a layer from stored geometries that it shares or lies in.

    Parameters
    ----------
    sample
        Geometries (array or GeoSeries) of the layer, in degrees of an unknown datum; None and empty ones are
        left out. At most 400, evenly spread over the order, are looked at.
    reference
        Stored geometries of the same neighbourhood in CGCS2000 degrees.

    Returns
    -------
    DatumFit
        Undecided (``datum`` and ``shift_m`` None) where the layers have too little in common.

    Raises
    ------
    GeoError
        If coordinates are not degrees.
    """
    layer, stored = _clean(sample, "layer"), _clean(reference, "reference")
    layer = layer[np.unique(np.linspace(0, len(layer) - 1, _SAMPLE).astype(int))] if len(layer) else layer
    undecided = DatumFit(None, None, None, None, "none", 0, len(layer))
    if not (len(layer) and len(stored)):
        return undecided
    project = _projector(stored)
    tree = shapely.STRtree(project(stored))
    placed = {datum: project(geometries_to_wgs84(layer, datum)) for datum in Datum}
    moves = {
        datum: np.median(_centres(placed[Datum.WGS84]) - _centres(placed[datum]), axis=0) for datum in Datum
    }
    fit = _by_shapes(placed, moves, tree)
    if fit is not None and (fit.residual_m or 0) <= _SNUG_M:
        return fit
    shift = _by_displacement(placed[Datum.WGS84], tree)
    if shift is not None and (fit is None or shift.matched > fit.matched):
        return shift
    return fit or _by_inside(placed, moves, tree) or undecided


def _clean(geometries: Any, name: str) -> Geometries:
    array = np.atleast_1d(np.asarray(geometries, dtype=object))
    array = array[~(shapely.is_missing(array) | shapely.is_empty(array))]
    array = array[np.isfinite(shapely.bounds(array)).all(axis=1)]
    array = np.asarray(shapely.force_2d(array), dtype=object)
    if len(array):
        west, south, east, north = shapely.total_bounds(array)
        if west < -180 or east > 180 or south < -90 or north > 90:  # noqa: PLR2004
            raise GeoError(f"The {name} is not in degrees: ({west:.6g}, {south:.6g}); unproject it first.")
    polygonal = _is_polygonal(array)
    if polygonal.any() and not shapely.is_valid(array[polygonal]).all():
        array = np.where(polygonal & ~shapely.is_valid(array), shapely.make_valid(array), array)
    return array


def _is_polygonal(geometries: Geometries) -> NDArray[np.bool_]:
    return np.isin(
        shapely.get_type_id(geometries), [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON]
    )


def _projector(stored: Geometries) -> Any:
    west, south, east, north = shapely.total_bounds(stored)
    target = metric_crs((west + east) / 2, (south + north) / 2)
    transformer = Transformer.from_crs(STORED_CRS, target, always_xy=True)
    return lambda array: shapely.transform(array, transformer.transform, interleaved=False)


def _centres(geometries: Geometries) -> Floats:
    return np.asarray(shapely.get_coordinates(shapely.centroid(geometries)))


def _moved(geometries: Geometries, dx: float, dy: float) -> Geometries:
    return np.asarray(shapely.transform(geometries, lambda xy: xy + np.array([dx, dy])))


def _decoys() -> list[tuple[float, float]]:
    turns = np.arange(_DECOY_DIRECTIONS) / _DECOY_DIRECTIONS * 2 * np.pi
    return [
        (radius * math.cos(turn + radius), radius * math.sin(turn + radius))
        for radius in _DECOY_RADII_M
        for turn in turns
    ]


def _chance(count: int, expected: float) -> float:
    """Return the probability of ``count`` or more events where ``expected`` are expected (Poisson)."""
    return float(gammainc(count, expected))


# --- the same shapes ---


def _by_shapes(
    placed: Mapping[Datum, Geometries], moves: Mapping[Datum, Floats], tree: shapely.STRtree
) -> DatumFit | None:
    """Decide by features that are in both layers."""
    found = {datum: _matches(array, tree) for datum, array in placed.items()}
    ranked = sorted(Datum, key=lambda datum: found[datum].strength, reverse=True)
    best, second = found[ranked[0]], found[ranked[1]]
    raw = placed[Datum.WGS84]
    if best.like == 0 or best.strength < _CLEARLY * second.strength:
        return None
    decoys = [_matches(_moved(placed[ranked[0]], dx, dy), tree) for dx, dy in _decoys()]
    count = len(raw)
    expected_like = max(float(np.mean([one.like for one in decoys])), count * _LIKE_CHANCE)
    expected_same = max(float(np.mean([one.same for one in decoys])), count * _SAME_CHANCE)
    surprise = min(_chance(best.like, expected_like), _chance(best.same, expected_same))
    if surprise > _SIGNIFICANT:
        return None
    residual = float(np.median(np.hypot(*best.offsets.T)))
    scores = {datum: one.like for datum, one in found.items()}
    return _fit(
        ranked[0],
        moves[ranked[0]],
        evidence="shapes",
        sampled=count,
        scores=scores,
        residual=residual,
    )


def _fit(
    datum: Datum,
    move: Floats,
    *,
    evidence: str,
    sampled: int,
    scores: Mapping[Datum, int],
    residual: float | None = None,
) -> DatumFit:
    dx, dy = move
    shift = math.hypot(dx, dy)
    direction = math.degrees(math.atan2(dx, dy)) % 360 if shift else None
    return DatumFit(datum, shift, direction, residual, evidence, scores[datum], sampled, scores)


def _matches(layer: Geometries, tree: shapely.STRtree) -> _Matches:
    """Count the features of the layer that have their like in the tree: by overlap, points by distance."""
    mine, theirs = tree.query(layer, predicate="intersects")
    stored = tree.geometries
    polygonal = _is_polygonal(layer[mine]) & _is_polygonal(stored[theirs])
    mine, theirs = mine[polygonal], theirs[polygonal]
    common = shapely.area(shapely.intersection(layer[mine], stored[theirs]))
    iou = common / (shapely.area(layer[mine]) + shapely.area(stored[theirs]) - common)
    like, same = iou >= _LIKE_IOU, iou >= _SAME_IOU
    near_mine, near_theirs = _near_points(layer, tree)
    mine, theirs = np.concatenate([mine[like], near_mine]), np.concatenate([theirs[like], near_theirs])
    offsets = _centres(layer[mine]) - _centres(stored[theirs])
    return _Matches(len(np.unique(mine)), int(same.sum()), offsets)


def _near_points(layer: Geometries, tree: shapely.STRtree) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    points = np.flatnonzero(shapely.get_dimensions(layer) == 0)
    mine, theirs = tree.query_nearest(layer[points], max_distance=_POINT_M, all_matches=False)
    is_point = shapely.get_dimensions(tree.geometries[theirs]) == 0
    return points[mine[is_point]], theirs[is_point]


# --- inside the stored polygons ---


def _by_inside(
    placed: Mapping[Datum, Geometries], moves: Mapping[Datum, Floats], tree: shapely.STRtree
) -> DatumFit | None:
    """Decide by features, such as buildings, that lie inside stored polygons only where they belong."""
    points = {datum: shapely.point_on_surface(array) for datum, array in placed.items()}
    count = len(points[Datum.WGS84])
    if count < _INSIDE_COUNT:
        return None
    inside = {datum: _inside(array, tree) for datum, array in points.items()}
    ranked = sorted(Datum, key=lambda datum: inside[datum], reverse=True)
    best, second = inside[ranked[0]], inside[ranked[1]]
    if best < _INSIDE * count or best - second < _INSIDE_MARGIN * count:
        return None
    decoys = [_inside(_moved(points[ranked[0]], dx, dy), tree) for dx, dy in _decoys()]
    if best - max(decoys) < _INSIDE_MARGIN / 2 * count:
        return None
    return _fit(ranked[0], moves[ranked[0]], evidence="inside", sampled=count, scores=inside)


def _inside(points: Geometries, tree: shapely.STRtree) -> int:
    mine, theirs = tree.query(points, predicate="intersects")
    polygonal = _is_polygonal(tree.geometries[theirs])
    return len(np.unique(mine[polygonal]))


# --- the same displacement again and again ---


def _by_displacement(layer: Geometries, tree: shapely.STRtree) -> DatumFit | None:
    """Find a shift that is none of the known datums': like shapes that all lie off by the same vector."""
    polygons = layer[_is_polygonal(layer)]
    if len(polygons) < _BUNDLE_COUNT:
        return None
    mine, theirs = tree.query(shapely.centroid(polygons), predicate="dwithin", distance=_REACH_M)
    stored = tree.geometries
    alike = np.ones(len(mine), dtype=bool)
    for measure in (shapely.area, shapely.length):
        ours, others = measure(polygons)[mine], measure(stored)[theirs]
        alike &= np.abs(ours - others) <= _LIKENESS * ours
    mine, theirs = mine[alike], theirs[alike]
    if not len(mine):
        return None
    vectors = _centres(polygons[mine]) - _centres(stored[theirs])
    heads = shapely.points(vectors)
    near, other = shapely.STRtree(heads).query(heads, predicate="dwithin", distance=_BUNDLE_M)
    support = np.bincount(near, minlength=len(heads))
    bundle = other[near == int(np.argmax(support))]
    matched = len(np.unique(mine[bundle]))
    if matched < max(_BUNDLE_COUNT, _BUNDLE_SHARE * len(polygons)):
        return None
    dx, dy = np.median(vectors[bundle], axis=0)
    direction = math.degrees(math.atan2(dx, dy)) % 360
    return DatumFit(None, math.hypot(dx, dy), direction, None, "displacement", matched, len(polygons))
