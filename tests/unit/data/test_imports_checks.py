from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

from data.imports import checks
from data.imports.csv_report import csv_text
from data.imports.findings import Findings
from data.readers.problems import problem

BOW_TIE = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")


def findings(count):
    return Findings("层.gpkg", "feature", np.arange(1, count + 1))


def polygons(*boxes):
    return np.array([shapely.box(*one) for one in boxes], dtype=object)


def test_overlapping_pairs_are_told_with_their_area_touching_ones_are_not():
    metric = polygons((0, 0, 10, 10), (9, 0, 20, 10), (20, 0, 30, 10), (29.99999999, 0, 40, 10))
    frame = pd.DataFrame({"code": list("abcd"), "name": ["甲", None, "丙", "丁"]})
    found = findings(4)
    pairs = checks.overlaps(metric, frame, found)
    assert pairs[["row_1", "code_1", "code_2"]].to_numpy().tolist() == [[1, "a", "b"]]
    assert pairs["area_m2"].tolist() == pytest.approx([10.0])
    assert found.problems[0].severity == "warning"
    assert "1 对" in found.problems[0].message_zh


def test_an_overlap_of_a_square_millimetre_is_none():
    metric = polygons((0, 0, 10, 1), (10 - 1e-6, 0, 20, 1), (20 - 1.1e-6, 0, 30, 1))
    assert len(checks.overlaps(metric, pd.DataFrame(index=range(3)), findings(3))) == 1


def test_a_self_crossing_polygon_is_an_error_and_never_repaired_silently():
    metric = np.array([BOW_TIE], dtype=object)
    kept = checks.check_validity(metric, metric, repair=False, findings=(found := findings(1)))
    assert kept[0] is None
    assert found.bad.tolist() == [True]
    mended = checks.check_validity(metric, metric, repair=True, findings=(found := findings(1)))
    assert mended[0].is_valid
    assert found.bad.tolist() == [False]
    assert [(one.code, one.severity) for one in found.problems] == [("repaired", "warning")]
    assert found.problems[0].params["area_m2"] == pytest.approx(50.0)


def test_a_repair_takes_back_the_readers_error_but_no_other():
    metric = np.array([BOW_TIE, BOW_TIE], dtype=object)
    found = findings(2)
    found.take(problem("self_crossing", "层.gpkg", row=row, unit="feature", x=5.0, y=5.0) for row in (1, 2))
    found.note("value_missing", 1, label="名称")
    checks.check_validity(metric, metric, repair=True, findings=found)
    assert found.bad.tolist() == [False, True]


def test_every_row_of_a_doubled_code_is_told_with_another():
    found = findings(4)
    checks.check_duplicates(pd.Series(["a", "b", "a", None], dtype=object), "编码", found)
    assert [(one.row, one.value, one.params["other"]) for one in found.problems] == [(1, "a", 3), (3, "a", 1)]
    assert found.bad.tolist() == [True, False, True, False]


def test_the_same_geometry_twice_is_told_whatever_its_first_vertex():
    one = shapely.box(0, 0, 1, 1)
    turned = shapely.Polygon([(1, 1), (0, 1), (0, 0), (1, 0)])
    found = findings(3)
    checks.check_doubles(np.array([one, shapely.box(2, 0, 3, 1), turned], dtype=object), found)
    assert [(each.row, each.params["other"], each.severity) for each in found.problems] == [(3, 1, "warning")]


def test_a_report_holds_no_formula():
    text = csv_text([problem("formula", "表.csv", row=2, column="名称", value="=HYPERLINK(1)")])
    assert "'=HYPERLINK(1)" in text
    assert text.startswith("\ufeff级别")
