"""The Python side of the map component: encodings, props and the files that Dash serves."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import dash
import numpy as np
import pytest
from dash import html

import dashboard.map
from dashboard.map import NOT_SHOWN, PingqiMap, encode_group

FOLDER = Path(dashboard.map.__file__).parent
SUITES = "/_dash-component-suites/dashboard.map/bundle/"


def decode(text: str, dtype: str) -> list[float]:
    return np.frombuffer(base64.b64decode(text), dtype=dtype).tolist()


@pytest.fixture
def client():
    app = dash.Dash(__name__)
    app.layout = html.Div(PingqiMap(id="map"))
    client = app.server.test_client()
    client.get("/")
    return client


def test_ids_are_sorted_and_sent_as_differences_with_their_columns() -> None:
    group = encode_group(
        "compound:1", [9, 2, 5], [1, NOT_SHOWN, 0], numbers=[0.9, 0.2, np.nan], counts=[90, 20, -1]
    )
    assert decode(group["ids"], "<i4") == [2, 3, 4]
    assert decode(group["codes"], "u1") == [NOT_SHOWN, 0, 1]
    assert decode(group["counts"], "<i4") == [20, -1, 90]
    assert decode(group["numbers"], "<f4")[0] == pytest.approx(0.2)
    assert np.isnan(decode(group["numbers"], "<f4")[1])


def test_no_features_are_no_bytes() -> None:
    assert encode_group("compound:1", [], []) == {"source": "compound:1", "ids": "", "codes": ""}


def test_an_id_given_twice_is_named() -> None:
    with pytest.raises(ValueError, match="compound:1 hold 7 twice"):
        encode_group("compound:1", [7, 3, 7], [0, 0, 0])


def test_columns_are_as_long_as_the_ids() -> None:
    with pytest.raises(ValueError, match=r"counts of compound:1 has shape \(1,\), ids has \(2,\)"):
        encode_group("compound:1", [1, 2], [0, 0], counts=[4])


def test_a_misspelt_prop_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        PingqiMap(id="map", colour="red")


@pytest.mark.parametrize(
    ("name", "mimetype"),
    [
        ("pingqi_map.js", "text/javascript"),
        ("maplibre-gl-worker.mjs", "text/javascript"),
        ("pingqi_map.css", "text/css"),
    ],
)
def test_dash_serves_script_worker_and_style(client, name: str, mimetype: str) -> None:
    answer = client.get(SUITES + name)
    assert answer.status_code == 200
    assert answer.mimetype == mimetype


def test_the_worker_is_kept_for_ever_under_the_script_s_fingerprint(client) -> None:
    answer = client.get(SUITES + "maplibre-gl-worker.v0_1_0m1700000000.mjs")
    assert answer.cache_control.max_age == 31536000


def test_the_page_loads_script_and_style_but_not_the_worker_as_a_script(client) -> None:
    page = client.get("/").text
    assert "dashboard.map/bundle/pingqi_map.v" in page
    assert "maplibre-gl-worker" not in page


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_every_font_slice_of_the_page_is_shipped() -> None:
    fonts = FOLDER.parent / "assets" / "fonts"
    named = set(fonts.joinpath("fonts.css").read_text().split("url(./")[1:])
    files = {part.split(")")[0] for part in named}
    assert len(files) > 90
    assert files == {path.name for path in fonts.glob("*.woff2")}
