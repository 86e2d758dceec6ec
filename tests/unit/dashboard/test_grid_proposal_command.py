"""``pingqi propose --level grid`` on the little town."""

from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from dashboard.cli import cli
from data.errors import DataError
from tests.drawn import layer
from tests.hamlet import COMMUNITY, LANE, STREET, buildings, lines, town


@pytest.fixture
def files(tmp_path):
    micro = town().micro_grids.assign(note="微")
    frames = {
        "communities": layer(COMMUNITY, code=["420106001001"]),
        "micro-grids": micro,
        "roads": lines(STREET, LANE).assign(name="路"),
        "buildings": buildings(),
    }
    for name, frame in frames.items():
        pyogrio.write_dataframe(frame, tmp_path / f"{name}.gpkg")
    return {name: str(tmp_path / f"{name}.gpkg") for name in frames}


def propose(files, *words):
    options = [word for name, path in files.items() for word in (f"--{name}", path)]
    more = ["--level", "grid", "--processes", "1", *map(str, words)]
    return CliRunner().invoke(cli, ["propose", *options, *more])


def check(path, band):
    grids, micro = (gpd.read_file(path, layer=one) for one in ("grid", "micro_grid"))
    for row in grids.itertuples():
        inside = micro[micro["grid_id"] == row.id]
        assert len(inside) == row.micro_grids
        assert shapely.equals(row.geometry, shapely.union_all(inside.geometry.values))
        assert inside["households"].sum() == row.households
    lived = grids[grids["households"] > 0]
    assert lived["households"].between(*band).all()
    return grids, micro


def test_micro_grids_of_a_file_are_grouped_and_nest(files, tmp_path):
    out = tmp_path / "out.gpkg"
    given = {name: path for name, path in files.items() if name != "buildings"}
    answer = propose(given, "--out", out, "--json")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert (told["level"], told["band"], told["households"]) == ("grid", [300, 500], 12 * 73)
    assert told["verified"] == {"valid": True, "gap_m2": 0.0, "outside_m2": 0.0, "several_parts": 0}
    grids, micro = check(out, (300, 500))
    assert grids["code"].str.match(r"420106001001\d{3}$").all()
    assert micro["note"].tolist() == ["微"] * len(micro)
    kept = propose(given | {"existing": str(out)}, "--out", tmp_path / "again.gpkg", "--json")
    assert json.loads(kept.stdout)["moved_households"] == 0
    assert "由" in propose(given, "--out", out, "--min", 150, "--max", 250).stdout
    check(out, (150, 250))


def test_without_micro_grids_they_are_proposed_from_buildings_first(files, tmp_path):
    out = tmp_path / "out.gpkg"
    given = {name: path for name, path in files.items() if name != "micro-grids"}
    answer = propose(given, "--out", out, "--json")
    assert answer.exit_code == 0, answer.exception
    _grids, micro = check(out, (300, 500))
    assert micro["households"][micro["households"] > 0].between(30, 50).all()


def test_what_is_missing_is_named(files, tmp_path):
    out = tmp_path / "out.gpkg"
    bare = {"communities": files["communities"], "micro-grids": files["micro-grids"]}
    for words, said in (
        ((*("--out", out), "--households", "户数"), "没有列 户数"),
        ((*("--out", out), "--lock", files["roads"]), "--lock 只用于微网格"),
    ):
        answer = propose(bare, *words)
        assert isinstance(answer.exception, DataError)
        assert said in str(answer.exception)
    away = layer({"m": shapely.box(0, 0, 10, 10)}, households=[40])
    pyogrio.write_dataframe(away, tmp_path / "away.gpkg")
    answer = propose(bare | {"micro-grids": str(tmp_path / "away.gpkg")}, "--out", out)
    assert "不在任何社区内：m" in str(answer.exception)
    options = [
        "--communities",
        files["communities"],
        "--micro-grids",
        files["micro-grids"],
        "--out",
        str(out),
    ]
    answer = CliRunner().invoke(cli, ["propose", *options])
    assert "要与 --level grid 一起用" in str(answer.exception)
