"""Drawings as files in both homes: Shapefiles and print sheets."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest

from data import drawing_files, drawing_print, drawings
from data.errors import DataError
from data.scope import Scope
from data.store import Store
from geo import editing
from tests import lake as lake_houses
from tests.parts import missing
from tests.town import LAKE

CITY = Scope()
FONTS = Path(__file__).parents[2] / "dashboard" / "assets" / "fonts"
NASTY = "#strong[甲] *乙* $x$ @丙 <丁>"


@pytest.fixture
def lake(store: Store) -> Store:
    return lake_houses.fill(store)


@pytest.fixture
def plan(lake: Store, tmp_path: Path) -> int:
    return lake_houses.begun(lake, tmp_path / "job")


def named(store: Store, plan: int, name: str) -> drawings.Sheet:
    sheet = lake_houses.sheet_of(store, plan)
    one = min(sheet.draft.grids)
    return drawings.do(store, CITY, plan, sheet.version, lambda draft: editing.rename(draft, one, name))


# --- Shapefile ---


@pytest.mark.parametrize("encoding", ["UTF-8", "GBK"])
def test_shapefiles_say_chinese_in_the_encoding_that_they_name(
    lake: Store, plan: int, tmp_path: Path, encoding: drawing_files.Encoding
) -> None:
    sheet = named(lake, plan, "湖畔一组")
    path = tmp_path / "out.zip"
    drawing_files.write_shapefiles(lake, CITY, sheet, path, encoding)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
        names = set(archive.namelist())
    parts = ("shp", "shx", "dbf", "prj", "cpg")
    assert names == {f"{layer}.{part}" for layer in ("micro_grid", "building") for part in parts}
    assert (tmp_path / "micro_grid.cpg").read_text() == encoding
    assert "湖畔一组".encode(encoding) in (tmp_path / "micro_grid.dbf").read_bytes()
    grids = gpd.read_file(tmp_path / "micro_grid.shp").set_index("code")
    assert grids.loc[min(sheet.draft.grids), "name"] == "湖畔一组"
    assert grids.crs.to_epsg() == 4490
    assert grids["households"].sum() == lake_houses.HOMES * 12 + 400
    built = gpd.read_file(tmp_path / "building.shp").set_index("code")
    assert set(built.loc[[f"L{n}" for n in range(lake_houses.HOMES)], "micro_grid"]) <= set(grids["id"])
    assert built.loc["L3", "name"] == "3号楼"


def test_a_letter_that_gbk_lacks_is_named_before_anything_is_written(
    lake: Store, plan: int, tmp_path: Path
) -> None:
    sheet = named(lake, plan, "𠮷祥里")
    path = tmp_path / "out.zip"
    with pytest.raises(DataError, match="“𠮷”在 GBK 中没有；请改用 UTF-8"):
        drawing_files.write_shapefiles(lake, CITY, sheet, path, "GBK")
    assert not path.exists()
    long = named(lake, plan, "长" * 128)
    with pytest.raises(DataError, match="超过 Shapefile 的 254 字节"):
        drawing_files.write_shapefiles(lake, CITY, long, path, "GBK")


# --- print sheets ---


@pytest.fixture(scope="session")
def letters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fonts")


@pytest.mark.parametrize("paper", list(drawing_print.PAPERS))
def test_print_sheets_name_every_micro_grid_and_building_on_landscape_pages(
    lake: Store, plan: int, letters: Path, tmp_path: Path, paper: drawing_print.Paper
) -> None:
    sheet = named(lake, plan, NASTY)
    made = drawing_print.print_sheets(lake, CITY, sheet, FONTS, letters, paper, on=date(2026, 3, 1))
    path = tmp_path / "print.pdf"
    path.write_bytes(made)
    reader, teller = shutil.which("pdftotext"), shutil.which("pdfinfo")
    if reader is None or teller is None:
        missing("pdftotext (poppler-utils) is not installed")
    said, told = (
        subprocess.run(command, capture_output=True, check=True, text=True).stdout  # noqa: S603
        for command in ([reader, path, "-"], [teller, path])
    )
    text = "".join(said.split())
    for grid in sheet.draft.grids.values():
        assert grid.code.removeprefix(LAKE) in text
    assert all(f"{n}号楼" in text for n in range(lake_houses.HOMES))
    assert "".join(NASTY.split()) in text
    assert "南湖社区微网格图" in text
    assert "南湖社区微网格楼栋清单" in text
    assert "草稿，未发布" in text
    assert "2026年3月1日打印" in text
    size = {"a4": "841.89 x 595.276", "a3": "1190.55 x 841.89"}[paper]
    assert size in told


def test_the_lists_add_up_and_name_entrances_that_part(lake: Store, plan: int) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    shown, _maps = drawing_print.contents(lake, CITY, sheet)
    groups = {one["code"]: one for one in shown["groups"]}
    assert len(groups) == len(sheet.draft.grids)
    total = 0
    for one, grid in sheet.draft.grids.items():
        rows = groups[grid.code.removeprefix(LAKE)]["rows"]
        load = sum(int(text.rstrip("*").replace(",", "")) for _name, text in rows)
        assert load == sheet.draft.figures[one].households
        total += load
    assert total == lake_houses.HOMES * 12 + 400
    names = [name for one in groups.values() for name, _load in one["rows"]]
    assert len(set(sheet.draft.owner[sheet.draft.fabric.building == "6"])) == 2
    assert names.count("6号楼（2 个单元中的 1 个）") == 2


def test_the_map_is_at_a_round_scale_that_holds_the_community(lake: Store, plan: int) -> None:
    sheet = lake_houses.sheet_of(lake, plan)
    shown, maps = drawing_print.contents(lake, CITY, sheet, "a3")
    whole = shown["pages"][0]
    scale = int(whole["scale_text"].removeprefix("1:").replace(",", ""))
    form = drawing_print.PAPERS["a3"]
    assert 1000 * 1000 / scale <= form.map_tall  # the community is 1 km on each side
    assert scale == 4000
    assert whole["bar_mm"] * scale / 1000 == pytest.approx(float(whole["bar_text"].removesuffix(" m")))
    places = [(one["x"], one["y"]) for one in whole["letters"]["codes"]]
    assert all(0 <= x <= form.map_wide and 0 <= y <= form.map_tall for x, y in places)
    left = "、".join(note for one in shown["pages"] for note in one["notes"])
    on_maps = {one["text"] for page in shown["pages"] for one in page["letters"]["codes"]}
    for grid in sheet.draft.grids.values():
        code = grid.code.removeprefix(LAKE)
        assert code in on_maps or code in left
    assert len(maps) == len(shown["pages"])
    assert "<text" not in maps[0]
