"""Hangzhou's residential land use: 2,112 real compounds (© OpenStreetMap contributors, ODbL)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from data.imports import City, Options, run
from data.imports.checks import OVERLAP_M2
from data.imports.options import Where
from data.queries.search import search
from data.scope import Scope
from data.tiles import Tiles
from models import Compound

pytestmark = pytest.mark.real
OPTIONS = Options(where=Where.parse("fclass=residential"), city=City("杭州市", "330100"))


@pytest.fixture
def hangzhou(store, real_data):
    return run(store, real_data / "hangzhou_landuse.gpkg", "compound", OPTIONS)


def test_the_compounds_are_stored_and_their_kind_stays_open(store, hangzhou):
    assert (hangzhou.read, hangzhou.stored, hangzhou.stopped) == (2112, 2112, False)
    with store.reading() as session:
        assert (
            session.scalar(select(func.count()).select_from(Compound).where(Compound.kind.is_(None))) == 2112
        )
        named = select(func.count()).select_from(Compound).where(Compound.initials != "")
        assert session.scalar(named) == 1406
    assert store.setting("metric_epsg") == "4549"


def test_the_overlapping_pairs_are_reported(hangzhou):
    assert len(hangzhou.overlaps) == 59
    assert hangzhou.overlaps["area_m2"].min() > OVERLAP_M2
    assert hangzhou.overlaps["area_m2"].sum() == pytest.approx(115_408, rel=1e-3)
    assert hangzhou.errors == 0


@pytest.mark.parametrize("words", ["朝晖六小区", "翠苑五区", "彩虹城", "zhlxq"])
def test_a_compound_is_found_by_its_name(store, hangzhou, words):
    assert hangzhou.stored
    with store.reading() as session:
        hits = search(session, Scope(), words)
    assert any(one.kind == "compound" for one in hits)


def test_the_same_file_again_changes_nothing(store, hangzhou, real_data):
    again = run(store, real_data / "hangzhou_landuse.gpkg", "compound", Options(where=OPTIONS.where))
    assert again.changes == {"unchanged": hangzhou.stored}


def test_the_map_shows_them(store, hangzhou, tmp_path):
    assert hangzhou.stored
    tiles = Tiles(store, tmp_path / "tiles")
    with ThreadPoolExecutor(1) as executor:
        tiles.build(executor=executor)
    assert {"city", "compound", "compound_label"} <= {one.layer for one in tiles.archives(Scope())}
