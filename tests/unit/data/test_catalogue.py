"""The catalogue: ours is sound, a city's own entry takes no code, and a fault is told with its choices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from data.catalogue import CatalogueError, read_catalogue
from data.queries import rates
from data.scope import Scope
from models.enums import AreaLevel

OWN = """
shape = "coverage_rate"
label = { zh = "老旧小区物业覆盖率", en = "Property service of aged compounds" }
unit = "per_1000"
date = 2022-12-31
[denominator]
label = { zh = "老旧型小区", en = "aged compounds" }
table = "compound"
where = [{ column = "kind", is = ["aged", "transitional"] }, { column = "households", least = 200 }]
[numerator]
label = { zh = "有物业的", en = "with property service" }
where = [{ column = "property_service", is = true }]
[scale]
scheme = "fixed"
edges = [100, 500]
"""


def faults(folder: Path, text: str, old: str = "", new: str = "") -> list[str]:
    (folder / "own.toml").write_text(text.replace(old, new) if old else text, "utf-8")
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(folder)
    return caught.value.faults


def test_ours_holds_the_rates_and_layers_that_the_domain_names() -> None:
    catalogue = read_catalogue()
    assert set(catalogue.rates) >= {
        "organisation_cover",
        "property_cover",
        "committee_cover",
        "committee_of_eligible",
        "secretary_filled",
        "grid_worker_cover",
        "three_plus_cover",
    }
    assert set(catalogue.points) == {"stations", "assist_points", "canteens"}
    for rate in catalogue.rates.values():
        assert rate.denominator_label.zh != rate.numerator_label.zh
        assert rate.label["zh"] == rate.label.zh
        assert rate.label["en_GB"] == rate.label.en


def test_a_city_adds_a_rate_without_code(town_copy, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    entry = read_catalogue(tmp_path).rates["own"]
    with town_copy.reading() as session:
        table = rates.coverage(session, Scope(), entry, AreaLevel.CITY)
    # 桃园小区 (no), 桂花里 (not known), 南湖新村 (no); 北门里 and CBD公馆 are too small
    assert (table.total["numerator"], table.total["denominator"], table.total["unknown"]) == (0, 2, 1)
    assert table.as_of == date(2022, 12, 31)
    assert table.total["value"] == 0


def test_an_own_entry_stands_for_ours_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "property_cover.toml").write_text(OWN, "utf-8")
    assert read_catalogue(tmp_path).rates["property_cover"].unit == "per_1000"


def test_a_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    assert set(read_catalogue(tmp_path / "none").rates) == set(read_catalogue().rates)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('shape = "coverage_rate"', 'shape = "rate"', ("shape", "rate", "coverage_rate、point_layer")),
        ('table = "compound"', 'table = "compounds"', ("denominator.table", "compounds", "compound")),
        ('table = "compound"', 'table = "account"', ("denominator.table", "account", "compound")),
        ('column = "kind"', 'column = "sort"', ("denominator.where[0].column", "sort", "kind")),
        ('["aged", "transitional"]', '"old"', ("denominator.where[0].is", "old", "aged")),
        ("is = true", 'is = "yes"', ("numerator.where[0].is", "yes", "true、false")),
        ('unit = "per_1000"', 'unit = "%"', ("unit", "%", "percent、per_1000")),
        ("date = 2022-12-31", 'date = "today"', ("date", "today", "as_of")),
        ("edges = [100, 500]", "edges = [500, 100]", ("scale.edges", "500", "由小到大")),
        ('scheme = "fixed"', 'scheme = "jenks"', ("scale.scheme", "jenks", "quantiles、natural、fixed")),
        (', en = "aged compounds" }', "}", ("denominator.label", "老旧型小区", 'en = "English"')),
        ("least = 200", 'least = "many"', ("denominator.where[1].least", "many", "数字")),
        ('unit = "per_1000"', 'units = "percent"', ("units", "own.toml", "unit")),
    ],
)
def test_a_fault_is_told_with_file_key_value_and_choices(tmp_path, old, new, told) -> None:
    found = faults(tmp_path, OWN, old, new)
    assert any(all(part in one for part in ("own.toml", *told)) for one in found), found


def test_all_faults_of_a_file_are_told_together(tmp_path: Path) -> None:
    text = OWN.replace('column = "kind"', 'column = "sort"').replace('unit = "per_1000"', 'unit = "%"')
    assert len(faults(tmp_path, text)) == 2


def test_what_links_to_a_thing_must_name_it(tmp_path: Path) -> None:
    linked = '[[numerator.linked]]\ntable = "station"\nby = "grid_id"\nat_least = 0\n[scale]'
    found = faults(tmp_path, OWN, "[scale]", linked)
    assert any("numerator.linked[0].by" in one and "compound_id" in one for one in found)
    assert any("numerator.linked[0].at_least" in one and "0" in one for one in found)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    assert "own.toml" in faults(tmp_path, "shape = ")[0]


def test_a_layer_can_only_share_places_with_a_layer(tmp_path: Path) -> None:
    text = 'shape = "point_layer"\nlabel = { zh = "点", en = "points" }\ntable = "station"\n'
    text += 'shares_places_with = ["schools"]'
    assert "assist_points" in faults(tmp_path, text)[0]


def test_points_are_drawn_from_points(tmp_path: Path) -> None:
    text = 'shape = "point_layer"\nlabel = { zh = "点", en = "points" }\ntable = "compound"'
    assert "station" in faults(tmp_path, text)[0]
