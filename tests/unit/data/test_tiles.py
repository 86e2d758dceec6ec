"""Map archives: made when something changed, read by scope."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
from sqlalchemy import text

from data.scope import Scope
from data.store import Store
from data.tiles import LAYERS, SHOWN_FROM_AFAR, WHOLE_CITY, Tiles, may_read, simplified, wanted
from tests import town

EAST, WEST = town.EAST[:6], town.WEST[:6]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiles]:
    folder = tmp_path_factory.mktemp("tiles")
    store = town.fill(Store.open(f"sqlite:///{folder / 'city.gpkg'}"))
    tiles = Tiles(store, folder / "tiles")
    with ThreadPoolExecutor(2) as executor:
        tiles.build(executor=executor)
    yield tiles
    store.close()


@pytest.mark.parametrize(
    ("scope", "county", "may"),
    [
        ("", EAST, True),
        ("4201", EAST, True),
        (EAST, EAST, True),
        (town.SPRING, EAST, True),
        (town.SPRING, WEST, False),
        (WEST, EAST, False),
        (WEST, "city", True),
    ],
)
def test_a_county_is_read_by_who_sees_into_it(scope: str, county: str, may: bool) -> None:  # noqa: FBT001
    assert may_read(Scope(scope), county) is may


def test_an_empty_store_wants_no_archive(store: Store, tmp_path: Path) -> None:
    assert wanted(store) == []
    assert Tiles(store, tmp_path).build() == 0
    assert Tiles(store, tmp_path).archives(Scope()) == []


def test_there_is_one_archive_a_county_and_one_for_what_is_everybodys(built: Tiles) -> None:
    keys = {(archive.layer, archive.county) for archive in wanted(built.store)}
    assert {county for layer, county in keys if layer == "compound"} == {EAST, WEST}
    assert {county for layer, county in keys if layer == "county"} == {"city"}
    assert {layer for layer, _county in keys} == set(LAYERS)


def test_once_built_nothing_is_missing(built: Tiles) -> None:
    assert built.missing() == []
    assert built.build() == 0


def test_a_scope_is_given_its_own_counties_only(built: Tiles) -> None:
    for scope in ("", EAST, town.SPRING):
        counties = {one.county for one in built.archives(Scope(scope)) if one.layer == "compound"}
        assert counties == ({EAST, WEST} if scope == "" else {EAST})


def test_a_file_of_another_county_is_not_found(built: Tiles) -> None:
    (own,) = (one for one in built.archives(Scope(WEST)) if one.layer == "compound")
    assert built.path(own.file_name, Scope(WEST)) == built.folder / own.file_name
    assert built.path(own.file_name, Scope(EAST)) is None


@pytest.mark.parametrize(
    "name",
    [
        "index.json",
        "../city.gpkg",
        "compound-city-../../city.gpkg",
        "compound--",
        "a-b-c.pmtiles",
        "",
        "secret.key",
    ],
)
def test_nothing_else_is_served_from_the_folder(built: Tiles, name: str) -> None:
    assert built.path(name, Scope()) is None


def test_an_archive_holds_ids_and_no_name(built: Tiles) -> None:
    (own,) = (one for one in built.archives(Scope(WEST)) if one.layer == "compound")
    frame = pyogrio.read_dataframe(built.folder / own.file_name)
    assert set(frame.columns) == {"mvt_id", "id", "geometry"}
    assert set(frame["id"]) == {9, 10, 11, 12}


def names(tiles: Tiles, layer: str, county: str) -> set[tuple[str, str]]:
    (own,) = (one for one in tiles.archives(Scope(EAST)) if (one.layer, one.county) == (layer, county))
    frame = pyogrio.read_dataframe(tiles.folder / own.file_name)
    return set(zip(frame["kind"], frame["name"], strict=True))


def test_labels_name_the_areas_of_the_city_and_a_countys_compounds_and_grids(built: Tiles) -> None:
    areas = names(built, "area_label", WHOLE_CITY)
    assert {("county", "江东区"), ("county", "河西区"), ("community", "春风社区")} <= areas
    assert ("compound", "春晓苑") in names(built, "compound_label", EAST)
    grids = names(built, "grid_label", EAST)
    assert ("grid", "春风第一网格") in grids
    assert ("grid", "桂花旧网格") not in grids


def test_roads_seen_from_afar_are_the_main_ones(built: Tiles) -> None:
    (far,) = (one for one in built.archives(Scope()) if one.layer == "road_overview")
    assert far.size == (built.folder / far.file_name).stat().st_size
    assert set(pyogrio.read_dataframe(built.folder / far.file_name)["class"]) <= set(SHOWN_FROM_AFAR)


def test_an_overview_keeps_every_polygon_and_the_edges_that_two_share() -> None:
    wavy = np.column_stack([np.linspace(0, 0.01, 50), 1e-5 * np.sin(np.arange(50))])
    below = shapely.Polygon([*wavy, (0.01, -0.01), (0, -0.01)])
    above = shapely.Polygon([*wavy, (0.01, 0.01), (0, 0.01)])
    tiny = shapely.box(1, 1, 1 + 1e-6, 1 + 1e-6)
    simple = simplified(np.array([below, above, tiny]))
    assert shapely.get_num_coordinates(simple[:2]).sum() < 20
    assert shapely.is_valid(simple).all()
    assert not shapely.is_empty(simple).any()
    assert shapely.area(shapely.intersection(simple[0], simple[1])) == 0


def test_a_retired_grid_is_not_drawn(built: Tiles) -> None:
    (own,) = (one for one in built.archives(Scope(EAST)) if one.layer == "grid")
    assert 4 not in set(pyogrio.read_dataframe(built.folder / own.file_name)["id"])


def test_a_change_makes_its_layer_anew_and_the_former_serves_until_then(
    town_copy: Store, tmp_path: Path
) -> None:
    tiles = Tiles(town_copy, tmp_path / "tiles")

    def files() -> list[str]:
        return [one.file_name for one in tiles.archives(Scope()) if one.layer == "grid"]

    with ThreadPoolExecutor(2) as executor:
        tiles.build(executor=executor)
        before = files()
        with town_copy.writing("grid") as session:
            session.execute(text("UPDATE grid SET responsible_body = '居委会'"))
        assert {archive.layer for archive in tiles.missing()} == {"grid", "grid_label"}
        assert files() == before
        tiles.build(executor=executor)
        assert tiles.missing() == []
        # The boundaries are what they were: so are the files, and the browser keeps them.
        assert files() == before
        with town_copy.writing("grid") as session:
            session.execute(text("UPDATE grid SET valid_to = '2022-01-01' WHERE id = 7"))
        tiles.build(executor=executor)
        assert files() == [before[0]]  # the other county has no grid any more


def test_two_stores_in_one_folder_keep_apart(built: Tiles, store: Store) -> None:
    assert Tiles(store, built.folder.parent).folder != built.folder
