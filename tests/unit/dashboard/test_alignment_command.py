"""The commands on files: two compounds, two grids that overlap by 2 m, one of them over a building."""

from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from dashboard.cli import cli
from data.errors import DataError
from tests.drawn import box, layer, shape_of

COMMUNITY = {"C": box(0, 0, 200, 100)}
COMPOUNDS = {"a": box(10, 10, 80, 90), "b": box(120, 10, 190, 90)}
GRIDS = {7: box(0, 0, 101, 100), 8: box(99, 0, 200, 100)}


@pytest.fixture
def files(tmp_path):
    """Write the layers, each with a column more, and give their paths by layer."""

    def write(stem, frame, **more):
        path = tmp_path / f"{stem}.gpkg"
        pyogrio.write_dataframe(frame.assign(**more), path)
        return str(path)

    return {
        "communities": write("communities", layer(COMMUNITY)),
        "compounds": write("compounds", layer(COMPOUNDS, walled=[True, False], households=[100, 80])),
        "grids": write("grids", layer(GRIDS).astype({"id": int}), name=["东", "西"]),
    }


def pingqi(command, files, *words):
    options = [word for name, path in files.items() for word in (f"--{name.replace('_', '-')}", path)]
    return CliRunner().invoke(cli, [command, *options, *map(str, words)])


def test_check_counts_findings_and_ends_with_1(files):
    answer = pingqi("check", files, "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.stdout)
    assert told["by_kind"] == {"overlap": 1}
    (row,) = told["rows"]
    assert (row["layer"], row["ids"], row["community_id"], row["area_m2"]) == ("grid", "7,8", "C", 200)
    assert box(99, 0, 101, 100).contains(shapely.Point(row["x"], row["y"]))
    assert (told["crs"], told["frame"]) == ("EPSG:4547", "communities")
    assert "重叠" in pingqi("check", files).stdout


def test_check_of_level_layers_ends_with_0(files, tmp_path):
    level = layer({7: box(0, 0, 100, 100), 8: box(100, 0, 200, 100)}).astype({"id": int})
    pyogrio.write_dataframe(level, tmp_path / "level.gpkg")
    answer = pingqi("check", files | {"grids": str(tmp_path / "level.gpkg")})
    assert answer.exit_code == 0
    assert "没有发现问题" in answer.stdout


def test_align_writes_all_layers_and_prints_one_object(files, tmp_path):
    out = tmp_path / "out.gpkg"
    answer = pingqi("align", files, "--out", out, "--json", "--processes", 1, "--tolerance", 3)
    assert answer.exit_code == 0, answer.exception
    told = json.loads(answer.stdout)
    assert told["in"] == {"community": 1, "compound": 2, "grid": 2}
    assert told["out"] == {"compound": 2, "grid": 2}
    assert told["relations"] == {"comparable": 2} or sum(told["relations"].values()) == 2
    assert told["findings"] == {"before": {"overlap": 1}, "after": {}}
    assert told["changes"]["by_reason"] == {"levelled": told["changes"]["total"]}
    assert told["refusals"]["total"] == 0
    assert 0.9 < told["max_displacement_m"] <= 3.02
    assert told["seconds"] >= 0
    names = {name for name, _ in pyogrio.list_layers(out)}
    assert names == {"compound", "grid", "relation", "change", "refusal"}
    grids = gpd.read_file(out, layer="grid")
    assert grids[["id", "name"]].to_numpy().tolist() == [[7, "东"], [8, "西"]]
    assert grids.crs.to_epsg() == 4547
    assert shapely.coverage_is_valid(grids.geometry.to_numpy())
    changes = gpd.read_file(out, layer="change")
    assert set(changes["from_id"]) | set(changes["to_id"]) == {"7", "8"}
    assert {"layer", "area_m2", "households", "displacement_m", "reason", "community_id"} <= {
        *changes.columns
    }
    relations = pyogrio.read_dataframe(out, layer="relation")
    assert list(relations.columns) == [
        "compound_id", "grid_id", "case", "share_of_compound", "share_of_grid", "households", "structure",
    ]  # fmt: skip
    refusals = gpd.read_file(out, layer="refusal")
    assert {"layer", "feature_id", "step", "reason", "needed_m"} <= {*refusals.columns}


def test_the_result_is_read_as_input_by_the_names_of_its_layers(files, tmp_path):
    out, again = tmp_path / "out.gpkg", tmp_path / "again.gpkg"
    pingqi("align", files, "--out", out, "--processes", 1)
    second = files | {"compounds": str(out), "grids": f"{out}|layername=grid"}
    told = json.loads(pingqi("align", second, "--out", again, "--json", "--processes", 1).stdout)
    assert told["changes"]["total"] == 0


def test_two_processes_give_the_same_result(files, tmp_path):
    for processes in (1, 2):
        answer = pingqi("align", files, "--out", tmp_path / f"{processes}.gpkg", "--processes", processes)
        assert answer.exit_code == 0, answer.exception
    one, two = (gpd.read_file(tmp_path / f"{n}.gpkg", layer="grid") for n in (1, 2))
    assert one.geometry.geom_equals_exact(two.geometry, 0).all()


def test_other_columns_of_ids_and_degrees_come_back_as_they_were(files, tmp_path):
    """Layers in degrees, the grids' ids in a column `code`: the result is in degrees and has `code`."""
    degrees = {}
    for name, path in files.items():
        frame = gpd.read_file(path).to_crs(4490)
        frame = frame.rename(columns={"id": "code"}) if name == "grids" else frame
        degrees[name] = str(tmp_path / f"{name}.geojson")
        frame.to_file(degrees[name], driver="GeoJSON", RFC7946="NO", COORDINATE_PRECISION=15)
    out = tmp_path / "out.gpkg"
    answer = pingqi("align", degrees, "--out", out, "--processes", 1, "--grid-id", "code", "--json")
    assert answer.exit_code == 0, answer.exception
    grids = gpd.read_file(out, layer="grid")
    assert grids.crs.is_geographic
    assert grids["code"].tolist() == [7, 8]
    assert shapely.coverage_is_valid(grids.geometry.to_numpy())
    metric = grids.to_crs(4547).rename(columns={"code": "id"})
    assert shape_of(metric, 7).area == pytest.approx(10_000, rel=0.001)


def test_without_communities_the_clusters_are_the_frame_and_the_output_says_so(files, tmp_path):
    del files["communities"]
    out = tmp_path / "out.gpkg"
    answer = pingqi("align", files, "--out", out, "--processes", 1)
    assert "没有社区图层" in answer.stderr
    told = json.loads(pingqi("check", files, "--json").stdout)
    assert told["frame"] == "clusters"
    assert told["by_kind"] == {"overlap": 1}
    union = shapely.union_all(gpd.read_file(out, layer="grid").geometry.to_numpy())
    assert shapely.symmetric_difference(union, box(0, 0, 200, 100)).area < 1e-3


def test_what_a_file_freezes_stays(files, tmp_path):
    frozen = tmp_path / "frozen.txt"
    frozen.write_text("# 已公示\ngrid 7\n\n", encoding="utf-8")
    out = tmp_path / "out.gpkg"
    answer = pingqi("align", files, "--out", out, "--processes", 1, "--freeze", frozen)
    assert answer.exit_code == 0, answer.exception
    grids = gpd.read_file(out, layer="grid")
    assert shapely.hausdorff_distance(shape_of(grids, 7).boundary, GRIDS[7].boundary) < 0.5
    frozen.write_text("compound zz\n9\n")
    wrong = pingqi("align", files, "--out", out, "--freeze", frozen)
    assert isinstance(wrong.exception, DataError)
    assert "compound zz、9" in str(wrong.exception)


def test_a_tolerance_that_swallows_the_roads_is_warned_of(tmp_path, files):
    """Four compounds with lanes of 8 m; the tolerance is 5 m."""
    compounds = layer({n: box(10 + 45 * n, 10, 47 + 45 * n, 90) for n in range(4)}).astype({"id": int})
    pyogrio.write_dataframe(compounds, tmp_path / "lanes.gpkg")
    lanes = files | {"compounds": str(tmp_path / "lanes.gpkg")}
    told = pingqi("align", lanes, "--out", tmp_path / "out.gpkg", "--processes", 1, "--tolerance", 5)
    assert "道路宽度的一半" in told.stderr
    told = pingqi("align", lanes, "--out", tmp_path / "out.gpkg", "--processes", 1, "--tolerance", 2)
    assert "道路宽度的一半" not in told.stderr


def without_crs(frame):
    return frame.set_crs(None, allow_override=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.drop(columns="id"), "没有列 id，只有 name；请用 --grid-id"),
        (lambda frame: frame.assign(id=[7, None]), "第 2 个要素的 id 为空"),
        (without_crs, "没有坐标系"),
    ],
)
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_unusable_files_are_named_with_the_remedy(files, tmp_path, change, words):
    path = tmp_path / "bad.gpkg"
    pyogrio.write_dataframe(change(gpd.read_file(files["grids"])), path)
    for command, more in (("check", ()), ("align", ("--out", tmp_path / "out.gpkg"))):
        answer = pingqi(command, files | {"grids": str(path)}, *more)
        assert isinstance(answer.exception, DataError)
        assert str(path) in str(answer.exception)
        assert words in str(answer.exception)
    assert not (tmp_path / "out.gpkg").exists()


def test_input_that_the_engine_refuses_leaves_the_old_result_alone(files, tmp_path):
    bow = layer({7: shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]), 8: box(0, 0, 200, 100)})
    pyogrio.write_dataframe(bow.astype({"id": int}), tmp_path / "bow.gpkg")
    out = tmp_path / "out.gpkg"
    out.write_bytes(b"old")
    answer = pingqi("align", files | {"grids": str(tmp_path / "bow.gpkg")}, "--out", out, "--processes", 1)
    assert isinstance(answer.exception, DataError)
    assert "7" in str(answer.exception)
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.glob(".*")) == []


@pytest.mark.parametrize(
    ("name", "words"), [("out.shp", "GeoPackage"), ("grids.gpkg", "输入文件"), ("no/out.gpkg", "没有文件夹")]
)
def test_a_place_that_can_take_no_result_is_told_before_the_work(files, tmp_path, name, words):
    answer = pingqi("align", files, "--out", tmp_path / name)
    assert words in str(answer.exception)


def test_a_run_that_dies_leaves_no_half_result(files, tmp_path, monkeypatch):
    def broken(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("data.boundary_files._texts", broken)
    answer = pingqi("align", files, "--out", tmp_path / "out.gpkg", "--processes", 1)
    assert isinstance(answer.exception, OSError)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "communities.gpkg",
        "compounds.gpkg",
        "grids.gpkg",
    ]


def test_on_the_store_the_result_becomes_a_plan(town_copy, monkeypatch):
    monkeypatch.setattr("dashboard.commands.alignment._store", lambda: town_copy)
    checked = CliRunner().invoke(cli, ["check", "--area", "420102", "--json"])
    assert checked.exit_code == 1
    assert json.loads(checked.stdout)["findings"] > 0
    answer = CliRunner().invoke(cli, ["align", "--area", "420102", "--json", "--processes", "1"])
    assert answer.exit_code == 0, answer.exception
    assert json.loads(answer.stdout)["plan"] == 1
    refused = CliRunner().invoke(cli, ["align", "--out", "x.gpkg"])
    assert "只用于文件" in str(refused.exception)
