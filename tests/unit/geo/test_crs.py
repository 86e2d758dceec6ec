from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

from geo.crs import (
    Datum,
    bd09_to_gcj02,
    from_wgs84,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    geometries_from_wgs84,
    geometries_to_wgs84,
    looks_swapped,
    metric_crs,
    require_metric,
    to_wgs84,
    wgs84_to_gcj02,
    zone_crs,
)
from geo.errors import GeoError
from geo.shift import detect_datum

HANGZHOU = (118.3, 29.2, 120.7, 30.6)
METRE_DEG = 1 / 111_000


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (120.15, 30.28, 4549),
        (116.4, 39.9, 4548),
        (118.5, 30.0, 4549),
        (118.49, 30.0, 4548),
        (75.0, 40.0, 4534),
        (135.0, 48.0, 4554),
        (74.9, 40.0, 32643),
        (-105.0, 39.7, 32613),
        (180.0, -17.0, 32760),
    ],
)
def test_default_metric_system(lon, lat, code):
    assert metric_crs(lon, lat).to_epsg() == code


def test_metric_system_refuses_metres():
    with pytest.raises(GeoError, match="degrees"):
        metric_crs(512_345.0, 3_351_234.0)


def project(crs, lon, lat):
    return Transformer.from_crs(4490, crs, always_xy=True).transform(lon, lat)


@pytest.mark.parametrize("zone", [25, 38, 40, 45])
def test_eight_digit_eastings_name_their_3_degree_zone(zone):
    x, y = project(4488 + zone, 3 * zone + 0.4, 31.0)
    assert x // 1e6 == zone
    assert zone_crs([(x, y), (x + 500, y + 900)]).to_epsg() == 4488 + zone


@pytest.mark.parametrize("zone", [13, 21, 23])
def test_eight_digit_eastings_name_their_6_degree_zone(zone):
    x, y = project(4478 + zone, 6 * zone - 3 + 1.9, 31.0)
    assert x // 1e6 == zone
    assert zone_crs([(x, y)]).to_epsg() == 4478 + zone


def test_six_digit_eastings_need_the_city():
    xy = np.column_stack(project(4549, [120.1, 120.2], [30.2, 30.3]))
    assert zone_crs(xy) is None
    assert zone_crs(xy, HANGZHOU).to_epsg() == 4549


@pytest.mark.parametrize(("code", "lon"), [(4509, 118.4), (4510, 121.9)])
def test_six_digit_eastings_of_a_6_degree_zone(code, lon):
    x, y = project(code, lon, 28.5)
    found = zone_crs([(x, y)], (lon - 0.5, 28.0, lon + 0.5, 29.0))
    back = Transformer.from_crs(found, 4490, always_xy=True).transform(x, y)
    assert back == pytest.approx((lon, 28.5), abs=1e-9)


@pytest.mark.parametrize("xy", [[], [(np.nan, 1.0)], [(512.0, 300.0)], [(5e7, 3.3e6)], [(4.05e7, 9e6)]])
def test_no_zone_for_other_numbers(xy):
    assert zone_crs(xy, HANGZHOU) is None


def frame(crs):
    return gpd.GeoSeries([shapely.Point(1, 1)], crs=crs)


def test_require_metric_passes_metres():
    assert require_metric(frame(4549)) == CRS.from_epsg(4549)


@pytest.mark.parametrize(("crs", "said"), [(None, "no coordinate system"), (4490, "degrees"), (2232, "foot")])
def test_require_metric_says_what_is_wrong(crs, said):
    with pytest.raises(GeoError, match=said):
        require_metric(frame(crs))


def test_swapped_degrees():
    assert looks_swapped((30.28, 120.15))
    assert not looks_swapped((120.15, 30.28))
    assert not looks_swapped((-105.0, 39.7))
    assert looks_swapped([(30.28, 120.15), (120.15, 30.28)], HANGZHOU).tolist() == [True, False]


def test_swapped_metres_are_the_surveyors_axes():
    assert looks_swapped([(3_351_234.0, 512_345.0), (3_351_234.0, 40_512_345.0)]).all()
    assert not looks_swapped([(512_345.0, 3_351_234.0), (40_512_345.0, 3_351_234.0)]).any()


def test_gcj02_of_tiananmen():
    # published pair: WGS 84 116.3912757, 39.9062171 -> GCJ-02 116.3975184, 39.9076209 (within a few metres)
    lon, lat = wgs84_to_gcj02(116.3912757, 39.9062171)
    assert (float(lon), float(lat)) == pytest.approx((116.3975184, 39.9076209), abs=3e-5)


def test_bd09_lies_off_by_its_constants():
    lon, lat = gcj02_to_bd09(116.404, 39.915)
    # published: 116.41036949371029, 39.92133699351022
    assert (float(lon), float(lat)) == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-9)
    assert np.allclose(bd09_to_gcj02(lon, lat), (116.404, 39.915), atol=1e-10)


def test_gcj02_shift_is_some_hundred_metres():
    lon, lat = np.meshgrid(np.linspace(75, 134, 40), np.linspace(20, 52, 40))
    x, y = wgs84_to_gcj02(lon, lat)
    metres = np.hypot((x - lon) * np.cos(np.radians(lat)), y - lat) / METRE_DEG
    assert metres.min() > 20
    assert metres.max() < 1100


@pytest.mark.parametrize("function", [wgs84_to_gcj02, gcj02_to_wgs84, gcj02_to_bd09, bd09_to_gcj02])
def test_nothing_is_shifted_abroad(function):
    lon, lat = function([11.5, -105.0, 140.0], [50.0, 39.7, 36.0])
    assert lon.tolist() == [11.5, -105.0, 140.0]
    assert lat.tolist() == [50.0, 39.7, 36.0]


def test_geometries_keep_none_and_come_back():
    square = shapely.box(120.1, 30.2, 120.2, 30.3)
    for datum in Datum:
        there = geometries_from_wgs84(np.array([square, None], dtype=object), datum)
        back = geometries_to_wgs84(there, datum)
        assert back[1] is None
        assert shapely.hausdorff_distance(back[0], square) < 1e-10
    assert from_wgs84(120.0, 30.0, Datum.WGS84) == (120.0, 30.0)
    assert to_wgs84(*from_wgs84(120.0, 30.0, Datum.BD09), Datum.BD09) == pytest.approx(
        (120.0, 30.0), abs=1e-10
    )


# --- is this layer shifted? ---


@pytest.fixture
def compounds():
    """Irregular quarters of a town near Hangzhou: 300 quadrilaterals of different sizes, in degrees."""
    rng = np.random.default_rng(7)
    x, y = np.meshgrid(np.cumsum(rng.uniform(200, 330, 20)), np.cumsum(rng.uniform(200, 330, 15)))
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    size = rng.uniform(110, 220, (300, 1, 2))
    metres = (
        np.stack([x.ravel(), y.ravel()], axis=1)[:, None] + corners * size + rng.normal(0, 9, (300, 4, 2))
    )
    metres += rng.uniform(-15, 15, (300, 1, 2))
    return shapely.polygons(metres * [METRE_DEG / np.cos(np.radians(30.2)), METRE_DEG] + [120.1, 30.2])


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("count", [1, 4, 300])
def test_datum_of_a_layer_that_is_stored(compounds, datum, count):
    fit = detect_datum(geometries_from_wgs84(compounds[:count], datum), compounds)
    assert fit.datum is datum
    assert fit.evidence == "shapes"
    assert fit.residual_m < 0.5
    assert fit.shifted is (datum is not Datum.WGS84)


def test_shift_is_told_in_metres(compounds):
    gcj = detect_datum(geometries_from_wgs84(compounds, Datum.GCJ02), compounds)
    bd = detect_datum(geometries_from_wgs84(compounds, Datum.BD09), compounds)
    assert gcj.shift_m == pytest.approx(517, abs=15)
    assert gcj.direction_deg == pytest.approx(121, abs=5)
    assert bd.shift_m == pytest.approx(1140, abs=30)


def test_layer_that_is_mostly_new(compounds):
    fit = detect_datum(geometries_from_wgs84(compounds[:150], Datum.GCJ02), compounds[140:])
    assert fit.datum is Datum.GCJ02
    assert fit.matched <= 12


def test_disjoint_layers_are_undecided(compounds):
    fit = detect_datum(geometries_from_wgs84(compounds[::2], Datum.GCJ02), compounds[1::2])
    assert (fit.datum, fit.shift_m, fit.evidence) == (None, None, "none")
    assert not fit.shifted


def test_lattice_of_like_squares_is_undecided():
    side = 100 * METRE_DEG
    x, y = np.meshgrid(np.arange(20), np.arange(20))
    squares = shapely.box(
        120 + x.ravel() * side,
        30 + y.ravel() * side,
        120 + (x.ravel() + 1) * side,
        30 + (y.ravel() + 1) * side,
    )
    inner = squares.reshape(20, 20)[8:11, 8:11].ravel()
    shifted = shapely.transform(inner, lambda xy: xy + np.array([3 * side, 2 * side]))
    assert detect_datum(shifted, squares).datum in {Datum.WGS84, None}


@pytest.mark.parametrize("datum", list(Datum))
def test_buildings_tell_by_the_compounds_they_lie_in(compounds, datum):
    rng = np.random.default_rng(1)
    centres = shapely.get_coordinates(shapely.centroid(compounds))
    metres = rng.uniform(-35, 35, centres.shape) * METRE_DEG
    buildings = shapely.buffer(shapely.points(centres + metres), 6 * METRE_DEG, quad_segs=1)
    fit = detect_datum(geometries_from_wgs84(buildings, datum), compounds)
    assert (fit.datum, fit.evidence) == (datum, "inside")


def test_a_constant_shift_is_no_datum(compounds):
    moved = shapely.transform(compounds, lambda xy: xy + np.array([0, 60 * METRE_DEG]))
    fit = detect_datum(moved, compounds)
    assert fit.datum is None
    assert fit.evidence == "displacement"
    assert fit.shift_m == pytest.approx(60, abs=1)
    assert min(fit.direction_deg, 360 - fit.direction_deg) < 1
    assert fit.shifted


def test_points_by_their_neighbours(compounds):
    points = shapely.centroid(compounds)
    fit = detect_datum(geometries_from_wgs84(points[:40], Datum.BD09), points)
    assert fit.datum is Datum.BD09


def test_nothing_to_compare(compounds):
    assert detect_datum([], compounds).datum is None
    assert detect_datum([None, shapely.Polygon()], compounds).sampled == 0
    assert detect_datum(compounds, []).datum is None


def test_metres_are_refused(compounds):
    with pytest.raises(GeoError, match="not in degrees"):
        detect_datum([shapely.box(5e5, 3e6, 5.1e5, 3.1e6)], compounds)


@pytest.fixture(scope="module")
def hangzhou(real_data):
    return gpd.read_file(real_data / "hangzhou_landuse.gpkg")


@pytest.mark.real
@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("count", [1, 5, 2112])
def test_datum_of_real_compounds(hangzhou, datum, count):
    residential = np.asarray(hangzhou.geometry[hangzhou.fclass == "residential"])
    chosen = np.random.default_rng(0).permutation(residential)[:count]
    fit = detect_datum(geometries_from_wgs84(chosen, datum), residential)
    assert fit.datum is datum
    assert fit.residual_m < 0.5


@pytest.mark.real
@pytest.mark.parametrize("kind", ["park", "farmland", "industrial"])
def test_unrelated_real_layer_is_undecided(hangzhou, kind):
    residential = np.asarray(hangzhou.geometry[hangzhou.fclass == "residential"])
    fit = detect_datum(np.asarray(hangzhou.geometry[hangzhou.fclass == kind]), residential)
    assert fit.datum is None
    assert not fit.shifted
