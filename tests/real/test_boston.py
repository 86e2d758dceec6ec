"""Boston's service requests of 2011: imported whole, assigned, mapped; a deadline is no satisfaction."""

from __future__ import annotations

import zipfile
from datetime import date

import numpy as np
import pytest
import shapely
from sqlalchemy import func, select

from data.imports import Options, run
from data.periods import Window
from data.queries.records import Metric, conserved, measure
from data.scope import Scope
from data.units import Level
from models import Area, Request, Setting

pytestmark = pytest.mark.real
CITY, WEST, EAST = "990200000000", "990201000000", "990202000000"
HALF_YEAR = Window(date(2011, 1, 1), date(2012, 12, 31))


@pytest.fixture
def boston(store):
    """Two halves of the city, cut at a meridian: enough to assign to."""
    whole = shapely.MultiPolygon([shapely.box(-71.20, 42.22, -70.98, 42.40)])
    halves = [
        shapely.MultiPolygon([shapely.box(a, 42.22, b, 42.40)])
        for a, b in ((-71.20, -71.08), (-71.08, -70.98))
    ]
    with store.writing("area", "setting") as session:
        session.add(Area(id=1, code=CITY, level="city", name="Boston", geometry=whole))
        for n, (code, shape) in enumerate(zip((WEST, EAST), halves, strict=True), start=2):
            session.add(Area(id=n, code=code, level="county", name=code, parent_id=1, geometry=shape))
        session.merge(Setting(key="metric_epsg", value="32619"))
    return store


def test_all_requests_are_imported_and_none_is_lost(boston, real_data, tmp_path) -> None:
    with zipfile.ZipFile(real_data / "boston_311_2011.zip") as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".csv")]
        archive.extract(name, tmp_path)
    report = run(boston, tmp_path / name, "request", Options(good_rows_only=True))
    assert (report.read, report.stored + report.rejected) == (58_251, 58_251)
    assert report.rejected < 100
    found = conserved(boston, Scope(), "request", HALF_YEAR)
    assert found["total"].unique().tolist() == [report.stored]
    cells = measure(boston, Scope(), Metric.OPEN, Level.CELL, HALF_YEAR)
    assert len(cells.frame) > 100
    with boston.reading() as session:
        late = session.scalar(select(func.count()).where(Request.done_at > Request.due_at))
    assert late > 1_000
    liked = measure(boston, Scope(), Metric.SATISFACTION, Level.CITY, HALF_YEAR)
    assert liked.frame["n"].tolist() == [0]
    assert np.isnan(liked.frame["value"]).all()
