"""``pingqi propose`` on the little town."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from typer.testing import CliRunner

from dashboard.cli import cli
from data.errors import DataError
from geo.errors import GeoError
from tests.drawn import layer
from tests.hamlet import COMMUNITY, COMPOUNDS, LANE, STREET, buildings, lines

JUDGE = Path(__file__).parents[4] / "shared" / "accept" / "judge_grids.py"


@pytest.fixture
def files(tmp_path):
    frames = {
        "communities": layer(COMMUNITY, code=["420106001001"]),
        "compounds": layer(COMPOUNDS),
        "buildings": buildings().assign(name="楼"),
        "roads": lines(STREET, LANE).assign(name="路"),
    }
    for name, frame in frames.items():
        pyogrio.write_dataframe(frame, tmp_path / f"{name}.gpkg")
    return {name: str(tmp_path / f"{name}.gpkg") for name in frames}


def propose(files, *words):
    options = [word for name, path in files.items() for word in (f"--{name}", path)]
    return CliRunner().invoke(cli, ["propose", *options, "--processes", "1", *map(str, words)])


def test_layers_and_one_object(files, tmp_path):
    out = tmp_path / "out.gpkg"
    answer = propose(files, "--out", out, "--json")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert told["in"] == {"community": 1, "building": 74, "compound": 2, "road": 2}
    assert told["households"] == 12 * 73
    assert told["in_band_percent"] == 100
    assert told["verified"] == {"valid": True, "gap_m2": 0.0, "outside_m2": 0.0, "several_parts": 0}
    assert {name for name, _ in pyogrio.list_layers(out)} == {"micro_grid", "building", "refusal"}
    micro, built = gpd.read_file(out, layer="micro_grid"), gpd.read_file(out, layer="building")
    assert {"id", "code", "households", "buildings", "community_id", "compound_id"} <= set(micro)
    assert micro["code"].str.match(r"420106001001\d{3}$").all()
    assert len(built) == 74
    assert built["name"].tolist() == ["楼"] * 74
    assert set(built["micro_grid_id"]) <= set(micro["id"])
    assert micro.crs.to_epsg() == 4547
    assert "在 30–50 户之内" in propose(files, "--out", out).stdout


@pytest.mark.skipif(not JUDGE.exists(), reason="the judge of acceptance is not here")
def test_the_judge_of_acceptance_is_content(files, tmp_path):
    out = tmp_path / "out.gpkg"
    assert propose(files, "--out", out).exit_code == 0
    given = [
        word for name in ("communities", "compounds", "buildings") for word in (f"--{name}", files[name])
    ]
    run = [sys.executable, str(JUDGE), *given, "--out", str(out), "--min", "30", "--max", "50"]
    answer = subprocess.run(run, capture_output=True, text=True, check=False)  # noqa: S603
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_degrees_other_columns_and_estimated_households(files, tmp_path):
    frame = (
        buildings().drop(columns="households").rename(columns={"id": "楼号"}).assign(floors=6).to_crs(4490)
    )
    frame.to_file(tmp_path / "b.geojson")
    out = tmp_path / "out.gpkg"
    more = files | {"buildings": str(tmp_path / "b.geojson"), "building-id": "楼号"}
    answer = propose(more, "--out", out, "--json")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert told["estimated_buildings"] == 74
    assert "由层数和占地面积估算" in told["warnings"][0]
    built = gpd.read_file(out, layer="building")
    assert built["households_used"][built["楼号"] == "s0.0"].tolist() == [12]
    assert built["households_estimated"].all()


def test_existing_micro_grids_stay_and_entrances_may_be_a_table(files, tmp_path):
    first = tmp_path / "first.gpkg"
    assert propose(files, "--out", first).exit_code == 0
    (tmp_path / "lock.txt").write_text(f"{gpd.read_file(first, layer='micro_grid')['id'][0]}  # 一组\n")
    (tmp_path / "e.csv").write_text("building_id,households\ns0.0,6\ns0.0,6\n")
    out = tmp_path / "out.gpkg"
    more = files | {"existing": f"{first}|layername=micro_grid", "entrances": str(tmp_path / "e.csv")}
    answer = propose(more, "--out", out, "--json", "--lock", tmp_path / "lock.txt")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert (told["moved_households"], told["locked"]) == (0, 1)
    entrances = gpd.read_file(out, layer="entrance")
    assert entrances["building_id"].tolist() == ["s0.0", "s0.0"]
    assert entrances["micro_grid_id"].notna().all()


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        ({"buildings": None}, (), "没有给出楼栋"),
        ({}, ("--min", 60), "60-50"),
        ({}, ("--households", "户数"), "没有列 户数"),
        ({}, ("--building-id", "x"), "--building-id"),
        ({"entrances": "building_id,households\nnobody,3\n"}, (), "nobody"),
        ({"entrances": "building_id,households\ns0.0,-3\n"}, (), "不小于 0"),
    ],
)
def test_unusable_input_is_told_in_one_sentence(files, tmp_path, change, words, message):
    for name, text in change.items():
        if text is None:
            del files[name]
        else:
            (tmp_path / f"{name}.csv").write_text(text)
            files[name] = str(tmp_path / f"{name}.csv")
    out = tmp_path / "out.gpkg"
    answer = propose(files, "--out", out, *words)
    assert isinstance(answer.exception, DataError)
    assert message in str(answer.exception)
    assert not out.exists()


def test_a_community_that_fails_is_told_and_every_row_is_kept(files, tmp_path, monkeypatch):
    def failing(_land):
        raise GeoError("the lines cross in too many places")

    monkeypatch.setattr("geo.proposal_community.cells_of", failing)
    out = tmp_path / "out.gpkg"
    answer = propose(files, "--out", out, "--json")
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert told["failures"] == {"420106001001": "the lines cross in too many places"}
    assert told["micro_grids"] == 0
    assert told["compactness"] is None
    assert len(gpd.read_file(out, layer="building")) == 74
    refused = gpd.read_file(out, layer="refusal")
    assert refused[["layer", "feature_id", "reason"]].to_numpy().tolist() == [
        ["community", "420106001001", "failed"]
    ]
