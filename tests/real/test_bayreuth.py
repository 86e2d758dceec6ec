"""North Bayreuth from OpenStreetMap: a town outside China, in UTM (© OpenStreetMap contributors, ODbL)."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from data.imports import City, Options, run
from data.imports.options import Where
from models import Building, Compound, Road

pytestmark = pytest.mark.real
CITY = City("北拜罗伊特", "094700")


def options(layer, where, city=None):
    return Options(layer=layer, where=Where.parse(where), city=city)


def test_residential_areas_buildings_and_roads_are_imported(store, real_data):
    file = real_data / "north-bayreuth.osm.gz"
    report = run(store, file, "compound", options("multipolygons", "landuse=residential", CITY))
    assert report.stored == 168
    assert store.setting("metric_epsg") == "32632"
    report = run(store, file, "building", options("multipolygons", "building"))
    assert (report.stored, report.errors, len(report.overlaps)) == (4267, 0, 2)
    report = run(store, file, "road", options("lines", "highway"))
    assert (report.stored, report.errors) == (2056, 0)
    with store.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(one)) for one in (Compound, Building, Road)]
        inside = session.scalar(
            select(func.count()).select_from(Building).where(Building.compound_id.is_not(None))
        )
    assert counts == [168, 4267, 2056]
    assert 0.8 * 4267 < inside < 4267
