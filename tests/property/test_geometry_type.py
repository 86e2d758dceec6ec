"""Any geometry goes into either home and comes back bit by bit."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry
from sqlalchemy.dialects import postgresql, sqlite

from data.bulk import _decode, _encode
from models.geometry import Geometry

COORDINATES = st.floats(allow_nan=False, allow_infinity=False, width=64)
HOMES = (sqlite.dialect(), postgresql.dialect())


def _points(least: int) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.integers(2, 3).flatmap(
        lambda size: st.lists(st.tuples(*[COORDINATES] * size), min_size=least, max_size=6)
    )


def _ring(points: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
    return [*points, points[0]]


POINT = st.one_of(st.just(shapely.Point()), st.tuples(COORDINATES, COORDINATES).map(shapely.Point))
LINE = st.one_of(st.just(shapely.LineString()), _points(2).map(shapely.LineString))
POLYGON = st.one_of(
    st.just(shapely.Polygon()),
    st.tuples(_points(3).map(_ring)).map(lambda rings: shapely.Polygon(rings[0])),
    st.lists(
        st.lists(st.tuples(COORDINATES, COORDINATES), min_size=3, max_size=5).map(_ring),
        min_size=2,
        max_size=3,
    ).map(lambda rings: shapely.Polygon(rings[0], rings[1:])),
)


def _filled(parts: st.SearchStrategy[BaseGeometry], least: int = 0) -> st.SearchStrategy[list[BaseGeometry]]:
    return st.lists(parts.filter(lambda part: not part.is_empty), min_size=least, max_size=4)


SIMPLE = st.one_of(
    POINT,
    LINE,
    POLYGON,
    _filled(POINT).map(shapely.MultiPoint),
    _filled(LINE).map(shapely.MultiLineString),
    _filled(POLYGON).map(shapely.MultiPolygon),
)
ANY = st.one_of(SIMPLE, st.lists(SIMPLE, max_size=3).map(shapely.GeometryCollection))


def _bits(geometry: BaseGeometry) -> bytes:
    return bytes(shapely.to_wkb(geometry, byte_order=1, flavor="iso"))


@settings(deadline=None)
@given(ANY)
def test_one_geometry_comes_back_bit_by_bit(geometry: BaseGeometry) -> None:
    column = Geometry("GEOMETRY")
    for dialect in HOMES:
        back = column.process_result_value(column.process_bind_param(geometry, dialect), dialect)
        assert back is not None
        assert _bits(back) == _bits(geometry)


@settings(deadline=None)
@given(st.lists(st.one_of(ANY, st.none()), min_size=1, max_size=4))
def test_a_column_comes_back_bit_by_bit_with_its_gaps(geometries: list[BaseGeometry | None]) -> None:
    column = np.empty(len(geometries), dtype=object)
    column[:] = geometries
    for dialect in HOMES:
        back = _decode(_encode(column, Geometry("GEOMETRY"), dialect.name), dialect.name)
        for one, other in zip(geometries, back, strict=True):
            assert (one is None and other is None) or _bits(other) == _bits(one)


@settings(deadline=None)
@given(st.lists(POLYGON, min_size=1, max_size=4))
def test_single_polygons_become_multi_with_the_same_rings(polygons: list[BaseGeometry]) -> None:
    column = np.empty(len(polygons), dtype=object)
    column[:] = polygons
    for dialect in HOMES:
        kind = Geometry("MULTIPOLYGON")
        together = _decode(_encode(column, kind, dialect.name), dialect.name)
        for polygon, multi in zip(polygons, together, strict=True):
            one = kind.process_result_value(kind.process_bind_param(polygon, dialect), dialect)
            assert one is not None
            assert multi.geom_type == one.geom_type == "MultiPolygon"
            if not polygon.is_empty:
                assert _bits(multi) == _bits(one) == _bits(shapely.MultiPolygon([polygon]))
