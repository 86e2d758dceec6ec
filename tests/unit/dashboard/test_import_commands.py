from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dashboard.cli import cli
from data.errors import DataError
from tests import town
from tests.files import write_gpkg

CITY = ["--city", "平城市:420100"]


@pytest.fixture
def pingqi(tmp_path, monkeypatch):
    """Run the command line on a store of its own; the map archives are made elsewhere."""
    monkeypatch.setenv("PINGQI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PINGQI_DATABASE_URL", raising=False)
    monkeypatch.setattr("dashboard.commands.imports._build_tiles", lambda _tiles: None)

    def run(*words):
        return CliRunner().invoke(cli, [str(word) for word in words])

    return run


def compounds(x=100):
    return [
        {"小区编码": "C1", "小区名称": "甲苑", "小区类型": "居住型", "geometry": town.box(x, 100, 90, 90)}
    ]


def test_importing_drafting_and_publishing_in_the_terminal(pingqi, tmp_path):
    first = pingqi(
        "import", write_gpkg(tmp_path / "一.gpkg", compounds()), "--as", "compound", *CITY, "--json"
    )
    assert first.exit_code == 0
    assert json.loads(first.stdout)["stored"] == 1
    second = pingqi("import", write_gpkg(tmp_path / "二.gpkg", compounds(103)), "--as", "compound", "--json")
    assert json.loads(second.stdout)["changes"] == {"change": 1, "unchanged": 0}
    ledger = json.loads(pingqi("plans", 1, "--json").stdout)
    assert (ledger[0]["code"], round(ledger[0]["displacement_m"], 2)) == ("C1", 3.0)
    assert "已发布：修改 1" in pingqi("publish", 1).stdout
    assert [one["status"] for one in json.loads(pingqi("plans", "--json").stdout)] == ["published"]
    pingqi("import", write_gpkg(tmp_path / "三.gpkg", compounds(110)), "--as", "compound")
    assert "已放弃" in pingqi("drop", 2).stdout
    assert "甲苑" in pingqi("plans", 2).stdout


def test_a_file_with_errors_ends_with_1_and_a_report(pingqi, tmp_path):
    rows = [
        *compounds(),
        {"小区编码": "C2", "小区名称": "乙苑", "小区类型": "别墅", "geometry": town.box(300, 100, 9, 9)},
    ]
    path = write_gpkg(tmp_path / "一.gpkg", rows)
    answer = pingqi("import", path, "--as", "compound", *CITY, "--report", tmp_path / "问题.csv")
    assert answer.exit_code == 1
    assert "没有导入" in answer.stdout
    assert "别墅" in (tmp_path / "问题.csv").read_text(encoding="utf-8-sig")
    assert pingqi("import", path, "--as", "compound", *CITY, "--good-rows").exit_code == 0


def test_a_preview_stores_nothing(pingqi, tmp_path):
    path = write_gpkg(tmp_path / "一.gpkg", compounds())
    answer = pingqi(
        "import", path, "--as", "compound", *CITY, "--preview", "--map", "name=小区名称", "--set", "pilot=是"
    )
    assert answer.exit_code == 0
    assert "可以导入 1 行" in answer.stdout
    assert json.loads(pingqi("plans", "--json").stdout) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--as", "house"], "compound"),
        (["--as", "compound", "--datum", "nad27"], "gcj02"),
        (["--as", "compound", "--map", "层数=x"], "字段=值"),
        (["--as", "compound", "--city", "杭州"], "杭州市:330100"),
        (["--as", "compound", "--where", "a="], "没有给出值"),
    ],
)
def test_a_wrong_option_is_named_with_the_choices(pingqi, tmp_path, words, says):
    answer = pingqi("import", tmp_path / "x.gpkg", *words)
    assert isinstance(answer.exception, DataError)
    assert says in str(answer.exception)
