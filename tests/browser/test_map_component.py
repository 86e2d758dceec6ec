"""The map component in a real Chromium: what it paints, asks for, says and answers."""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dash
import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from dash import Input, Output, dcc, html
from flask import abort, send_file

from dashboard.map import NOT_SHOWN, PingqiMap, encode_group
from tests.browser.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FONTS = Path(__file__).parents[2] / "dashboard" / "assets" / "fonts"
WEST, SOUTH, SIDE = 114.2, 30.5, 0.08
COLORS = ["#eff3ff", "#6baed6", "#08519c", "#cccccc"]
TOO_FEW = 3
CENTRE = (300, 300)
NEXT_EAST = (470, 300)
OUTSIDE = (10, 300)


def compounds() -> np.ndarray:
    """Nine squares, numbered from 1 in the south-west, row by row."""
    step = SIDE / 3
    return np.array(
        [
            shapely.box(WEST + x * step, SOUTH + y * step, WEST + (x + 1) * step, SOUTH + (y + 1) * step)
            for y in range(3)
            for x in range(3)
        ]
    )


def write_tiles(path: Path, layer: str, geometry: np.ndarray, **columns: list[Any]) -> None:
    frame = gpd.GeoDataFrame(
        {"id": np.arange(1, len(geometry) + 1, dtype="int32"), **columns}, geometry=geometry, crs=4326
    )
    options = {"MINZOOM": 9, "MAXZOOM": 12, "MAX_SIZE": 50_000_000, "MAX_FEATURES": 1_000_000}
    pyogrio.write_dataframe(frame, path, layer=layer, driver="PMTiles", **options)


def values(codes: list[int]) -> dict[str, Any]:
    ids = np.arange(1, 10)
    group = encode_group("compound:420102", ids, np.array(codes), numbers=ids * 10.0, counts=ids)
    return {
        "layer": "compound",
        "groups": [group],
        "colors": COLORS,
        "hatched": [TOO_FEW],
        "label": "满意率",
        "unit": "%",
        "decimals": 1,
        "too_few": "评价不足",
    }


FIRST = values([0, 1, 2, 0, 1, TOO_FEW, 2, 1, NOT_SHOWN])
SECOND = values([0, 1, 2, 0, TOO_FEW, 1, 2, 1, 0])


class Site:
    """A small app, served over HTTP, that can be told to lose its tiles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lost = False
        self.asked = 0
        app = dash.Dash(__name__, assets_folder=str(folder / "assets"))
        app.server.add_url_rule("/tiles/<name>", view_func=self.tile)
        app.layout = html.Div(
            [html.Button(id="other"), self.map(), html.Pre(id="clicked"), dcc.Store(id="keep")]
        )
        app.callback(Output("map", "values"), Input("other", "n_clicks"), prevent_initial_call=True)(
            lambda _: SECOND
        )
        app.callback(Output("clicked", "children"), Input("map", "clicked"), prevent_initial_call=True)(
            json.dumps
        )
        self.server = Served(app.server)
        self.url = f"http://{self.server.host}/"

    def tile(self, name: str) -> Any:
        self.asked += 1
        if self.lost:
            abort(503)
        return send_file(self.folder / name, conditional=True, max_age=31536000)

    def map(self) -> PingqiMap:
        sources = [
            {
                "id": f"{layer}:420102",
                "layer": layer,
                "kind": kind,
                "url": f"/tiles/{layer}.pmtiles",
                "minzoom": 9,
                "maxzoom": 12,
            }
            for layer, kind in (("compound", "polygon"), ("area_label", "point"))
        ]
        sources[0]["names_url"] = "/tiles/names.json"
        return PingqiMap(
            id="map",
            sources=sources,
            values=FIRST,
            theme="light",
            zooms={"label.county": [0, 24]},
            view={"bounds": [WEST, SOUTH, WEST + SIDE, SOUTH + SIDE], "key": "all", "padding": 0},
            style={"width": "600px", "height": "600px"},
        )

    def close(self) -> None:
        self.server.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    shutil.copytree(FONTS, folder / "assets" / "fonts")
    cells = compounds()
    write_tiles(folder / "compound.pmtiles", "compound", cells)
    middle = shapely.points([[WEST + SIDE / 2, SOUTH + SIDE / 2]])
    named = {"name": ["江岸区"], "kind": ["county"], "rank": [1]}
    write_tiles(folder / "area_label.pmtiles", "area_label", middle, **named)
    names = [f"<b>{i}</b>号小区" for i in range(1, 10)]
    (folder / "names.json").write_text(json.dumps({"ids": list(range(1, 10)), "names": names}))
    site = Site(folder)
    yield site
    site.close()


class Page:
    """One page with the map on it, and every request that it made."""

    def __init__(self, browser: Any, url: str) -> None:
        self.requests: list[str] = []
        self.page = browser.new_page(viewport={"width": 640, "height": 720})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)

    def data(self, name: str) -> str | None:
        return self.page.evaluate(f"document.querySelector('.pingqi-map')?.dataset.{name}")

    def until(self, ask: str, seconds: float = 30) -> Any:
        """Poll the page: wait_for_function would need unsafe-eval under the app's CSP."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answer = self.page.evaluate(ask)
            if answer:
                return answer
            time.sleep(0.05)
        raise AssertionError(f"{ask} stayed false for {seconds} s")

    def painted(self, times: int) -> None:
        self.until(f"Number(document.querySelector('.pingqi-map')?.dataset.painted ?? 0) >= {times}")

    def settles(self, where: tuple[float, float], wanted: Callable[[tuple[int, ...]], bool]) -> None:
        """Wait until the colour at a place of the map is as wanted."""
        end = time.monotonic() + 20
        while not wanted(color := self.color(*where)):
            assert time.monotonic() < end, f"{color} at {where}"

    def canvas(self) -> Any:
        return self.page.locator(".pingqi-map canvas")

    def corner(self) -> tuple[float, float]:
        box = self.canvas().bounding_box()
        return box["x"], box["y"]

    def color(self, x: float, y: float) -> tuple[int, ...]:
        """Colour of the map at (x, y) of its own pixels, as one sees it."""
        png = self.page.screenshot()
        left, top = self.corner()
        ask = """async ([png, x, y]) => {
            const image = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
            const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
            context.drawImage(image, 0, 0);
            return Array.from(context.getImageData(x, y, 1, 1).data.slice(0, 3));
        }"""
        return tuple(self.page.evaluate(ask, [base64.b64encode(png).decode(), left + x, top + y]))


@pytest.fixture
def page(site: Site, browser: Any) -> Iterator[Page]:
    site.lost = False
    page = Page(browser, site.url)
    page.painted(1)
    yield page
    page.page.close()


def near(color: tuple[int, ...], wanted: str) -> bool:
    """Fills are nine tenths opaque over the ground."""
    channels = (int(wanted[i : i + 2], 16) for i in (1, 3, 5))
    return all(abs(have - want) <= 26 for have, want in zip(color, channels, strict=True))


def test_values_are_painted_and_set_as_state(page: Page) -> None:
    assert page.data("features") == "9"
    assert near(page.color(250, 250), COLORS[1])


def test_no_request_leaves_the_host(page: Page, site: Site) -> None:
    page.canvas().hover(position={"x": 300, "y": 300})
    assert [url for url in page.requests if not url.startswith((site.url, "data:", "blob:"))] == []


def test_the_tooltip_names_value_and_n_and_never_becomes_markup(page: Page) -> None:
    page.canvas().hover(position={"x": CENTRE[0], "y": CENTRE[1]})
    tip = "document.querySelector('.pingqi-map-tip')"
    page.until(f"{tip}.textContent.includes('小区')")
    assert page.page.evaluate(f"{tip}.textContent") == "<b>5</b>号小区满意率 50.0% (n = 5)"
    assert page.page.evaluate(f"{tip}.querySelector('b')") is None


def test_too_few_is_said_instead_of_a_number(page: Page) -> None:
    page.canvas().hover(position={"x": NEXT_EAST[0], "y": NEXT_EAST[1]})
    text = page.until("document.querySelector('.pingqi-map-tip').textContent")
    assert "评价不足 (n = 6)" in text
    assert "60" not in text


def test_names_are_asked_for_once_and_at_the_first_hover_only(page: Page) -> None:
    asked = [url for url in page.requests if url.endswith("names.json")]
    assert asked == []
    for x, y in (CENTRE, NEXT_EAST, CENTRE):
        page.canvas().hover(position={"x": x, "y": y})
        page.until("document.querySelector('.pingqi-map-tip').textContent.includes('小区')")
    assert len([url for url in page.requests if url.endswith("names.json")]) == 1


def test_a_click_answers_with_the_feature_and_beside_it_with_none(page: Page) -> None:
    page.canvas().click(position={"x": CENTRE[0], "y": CENTRE[1]})
    page.until("document.getElementById('clicked').textContent")
    clicked = json.loads(page.page.text_content("#clicked"))
    assert (clicked["layer"], clicked["id"], clicked["source"]) == ("compound", 5, "compound:420102")
    assert clicked["lng"] == pytest.approx(WEST + SIDE / 2, abs=1e-3)
    page.canvas().click(position={"x": OUTSIDE[0], "y": OUTSIDE[1]})
    page.until("JSON.parse(document.getElementById('clicked').textContent).layer === null")


def test_another_metric_moves_no_geometry(page: Page, site: Site) -> None:
    before = site.asked
    page.page.evaluate("document.getElementById('other').click()")
    page.painted(2)
    assert near(page.color(470, 250), COLORS[1])
    assert site.asked == before


def test_the_label_is_written_with_the_shipped_font(page: Page, site: Site) -> None:
    slices = [url for url in page.requests if url.endswith(".woff2")]
    assert slices
    assert all(url.startswith(site.url + "assets/fonts/") for url in slices)
    assert len(slices) < 20
    row = [page.color(x, CENTRE[1]) for x in range(CENTRE[0] - 22, CENTRE[0] + 22, 3)]
    assert any(max(color) < 110 for color in row)


def test_tiles_lost_with_the_server_come_back_with_it(site: Site, browser: Any) -> None:
    site.lost = True
    page = Page(browser, site.url)
    page.until("document.querySelector('.pingqi-map-status')?.textContent.includes('重试')")
    assert not near(page.color(250, 250), COLORS[1])
    site.lost = False
    page.until("document.querySelector('.pingqi-map-status').hidden")
    page.painted(1)
    assert near(page.color(250, 250), COLORS[1])
    page.page.close()


def test_hiding_and_showing_a_layer_asks_the_server_for_nothing(page: Page, site: Site) -> None:
    before = site.asked
    page.page.evaluate("dash_clientside.set_props('map', {visible: ['label'], theme: 'dark'})")
    page.settles((250, 250), lambda color: max(color) < 60)
    page.page.evaluate("dash_clientside.set_props('map', {visible: ['label', 'compound']})")
    page.settles((250, 250), lambda color: color[2] > 150)
    assert site.asked == before


def test_a_lost_graphics_context_is_said_and_repainted_when_it_returns(page: Page) -> None:
    page.page.evaluate(
        """() => {
            const context = document.querySelector('.pingqi-map canvas').getContext('webgl2');
            window.lost = context.getExtension('WEBGL_lose_context');
            window.lost.loseContext();
        }"""
    )
    page.until("document.querySelector('.pingqi-map-status').textContent.includes('显卡')")
    page.page.evaluate("window.lost.restoreContext()")
    page.until("document.querySelector('.pingqi-map-status').hidden")
    page.settles((250, 250), lambda color: near(color, COLORS[1]))


def test_a_wall_has_no_controls_and_no_hover(page: Page) -> None:
    page.page.evaluate("dash_clientside.set_props('map', {interactive: false})")
    page.until("!document.querySelector('.maplibregl-ctrl-zoom-in')")
    page.painted(2)
    page.canvas().hover(position={"x": CENTRE[0], "y": CENTRE[1]})
    time.sleep(0.3)
    assert page.page.evaluate("document.querySelector('.pingqi-map-tip').hidden")
    assert near(page.color(250, 250), COLORS[1])
