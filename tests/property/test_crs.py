from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import Datum, from_wgs84, looks_swapped, metric_crs, to_wgs84, zone_crs

LON, LAT = st.floats(73.5, 134.9), st.floats(18.0, 53.5)


@given(st.lists(st.tuples(LON, LAT), min_size=1, max_size=20), st.sampled_from(list(Datum)))
def test_every_datum_comes_back_exactly(points, datum):
    lon, lat = np.array(points).T
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert np.abs(np.array(back) - [lon, lat]).max() < 1e-9


@given(LON, LAT)
def test_a_swapped_point_is_told_from_its_like(lon, lat):
    if lon > 73 and lat < 54:
        assert looks_swapped((lat, lon))
        assert not looks_swapped((lon, lat))


@given(st.floats(-180, 180), st.floats(-80, 80))
def test_every_city_has_a_metric_system(lon, lat):
    assert metric_crs(lon, lat).axis_info[0].unit_name == "metre"


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=5))
def test_zone_never_fails(points):
    zone_crs(points, (118.0, 29.0, 121.0, 31.0))
