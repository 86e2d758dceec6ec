"""The apps that the map benchmark compares: the same data, colours and page around three map components.

Every app serves its geometry from a file that is compressed beforehand, sends the first values with its
layout and others from a callback, answers a hover in the browser with the feature's code and a click from
Python with its id. There is no basemap. Run as a program it serves one of them and prints its address.
Component libraries are imported by their own candidate only, since Dash ships the JavaScript of all that are.

    python benchmarks/map_apps.py pingqi|plotly|plotly_url|leaflet|product HOME SIZE
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from dash import Dash, Input, Output, Patch, dcc, html
from flask import Response, abort, send_file
from map_data import BAR, CLASS_WIDTH, COLORS, Case, open_home
from waitress.server import create_server

from dashboard import compression
from dashboard.map import PingqiMap, encode_group
from dashboard.map_sources import sources
from dashboard.services import Services
from data.scope import Scope
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles

DECIMALS = 6
"""Of the peers' coordinates: a tenth of a metre."""
YEAR_S = 31_536_000
MAP_STYLE = {"position": "absolute", "top": f"{BAR}px", "bottom": 0, "left": 0, "right": 0}
THREADS = 8


class Page:
    """A page with a button, an answer and one map; a candidate says what the map is and what moves it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.app = Dash(__name__, assets_folder=str(Path(__file__).parent / "map_assets"), update_title=None)
        compression.install(self.app.server)

    def lay_out(self, chart: Any) -> None:
        """Put the map on the page."""
        bar = html.Div(
            [html.Button("换指标", id="change"), html.Span(id="answer")], style={"height": f"{BAR}px"}
        )
        self.app.layout = html.Div([bar, html.Div(chart, style=MAP_STYLE), html.Div(id="tip")])

    def answer(self, prop: str, key: Any) -> None:
        """Answer a click with the id that `key` finds in what the map says."""
        self.app.callback(Output("answer", "children"), Input("map", prop), prevent_initial_call=True)(
            lambda clicked: str(key(clicked))
        )

    def change(self, prop: str, values: Any) -> None:
        """Show another metric at each press of the button."""
        self.app.callback(Output("map", prop), Input("change", "n_clicks"), prevent_initial_call=True)(
            lambda presses: values(presses % 2)
        )

    def file(self, url: str, content: bytes, mimetype: str) -> None:
        """Serve a document that is compressed once and kept by the browser."""
        packed = gzip.compress(content, 6)

        def document() -> Response:
            response = Response(packed, mimetype=mimetype, headers={"Content-Encoding": "gzip"})
            response.cache_control.max_age = YEAR_S
            return response

        self.app.server.add_url_rule(url, url, document)


def pingqi(case: Case, store: Store, tiles: Tiles) -> Dash:
    """Return Pingqi's map: an archive and an overview a county, values as feature state."""
    page = Page(case)
    services = Services(store, tiles, Settings())
    used = [
        one | {"names_url": "/names.json"} for one in sources(services, Scope()) if one["layer"] == case.layer
    ]
    names = {"ids": case.frame["id"].tolist(), "names": case.frame["code"].tolist()}
    page.file("/names.json", json.dumps(names).encode(), "application/json")
    rows = case.frame.groupby("county").indices

    def values(metric: int) -> dict[str, Any]:
        groups = [
            encode_group(
                f"{case.layer}:{county}",
                case.frame["id"].to_numpy()[index],
                case.classes(metric)[index],
                case.metrics[metric][index],
            )
            for county, index in rows.items()
        ]
        return {"layer": case.layer, "groups": groups, "colors": COLORS, "label": "指标", "decimals": 1}

    def archive(name: str) -> Response:
        path = tiles.path(name, Scope()) or abort(404)
        return send_file(path, "application/octet-stream", conditional=True, etag=path.stem, max_age=YEAR_S)

    page.app.server.add_url_rule("/tiles/<name>", view_func=archive)
    page.change("values", values)
    page.answer("clicked", lambda clicked: clicked.get("id"))
    page.lay_out(
        PingqiMap(
            id="map",
            sources=used,
            values=values(0),
            visible=[case.layer],
            zooms={case.layer: [0, 24]},
            view={"key": "all", "center": case.center, "zoom": case.zoom},
            style={"height": "100%"},
        )
    )
    return page.app


def plotly(case: Case, *_: Any) -> Dash:
    """Return Plotly's Choroplethmap as its documentation has it: the GeoJSON is part of the figure."""
    return _plotly(Page(case), json.loads(_geojson(case)))


def plotly_url(case: Case, *_: Any) -> Dash:
    """Return Plotly's Choroplethmap with only the GeoJSON's address in the figure."""
    page = Page(case)
    page.file("/features.json", _geojson(case), "application/json")
    return _plotly(page, "/features.json")


def _plotly(page: Page, geojson: Any) -> Dash:
    """Lay out a Choroplethmap; another metric comes as a patch of `z` alone."""
    case = page.case
    steps = np.repeat(np.arange(len(COLORS) + 1) / len(COLORS), 2)[1:-1]

    def z(metric: int) -> dict[str, str]:
        numbers = case.metrics[metric].astype("<f4")
        return {"dtype": "f4", "bdata": base64.b64encode(numbers.tobytes()).decode()}

    def patch(metric: int) -> Patch:
        patch = Patch()
        patch["data"][0]["z"] = z(metric)
        return patch

    trace = {
        "type": "choroplethmap",
        "geojson": geojson,
        "locations": case.frame["id"].tolist(),
        "text": case.frame["code"].tolist(),
        "z": z(0),
        "zmin": 0,
        "zmax": CLASS_WIDTH * len(COLORS),
        "colorscale": list(zip(steps.tolist(), np.repeat(COLORS, 2).tolist(), strict=True)),
        "showscale": False,
        "marker": {"line": {"width": 0}},
        "hovertemplate": "%{text} %{z:.1f}<extra></extra>",
    }
    nothing = {"type": "geojson", "data": {"type": "FeatureCollection", "features": []}}
    background = {"id": "background", "type": "background", "paint": {"background-color": "#f4f6f8"}}
    style = {"version": 8, "sources": {"nothing": nothing}, "layers": [background]}
    center = {"lon": case.center[0], "lat": case.center[1]}
    layout = {
        "map": {"style": style, "center": center, "zoom": case.zoom},
        "margin": dict.fromkeys("lrtb", 0),
        "uirevision": "all",
    }
    page.change("figure", patch)
    page.answer("clickData", lambda clicked: clicked["points"][0]["location"])
    figure = {"data": [trace], "layout": layout}
    page.lay_out(
        dcc.Graph(id="map", figure=figure, config={"displayModeBar": False}, style={"height": "100%"})
    )
    return page.app


def leaflet(case: Case, *_: Any) -> Dash:
    """Return dash-leaflet: geobuf by address on a canvas, a style function that reads values in `hideout`."""
    import dash_leaflet as dl  # noqa: PLC0415
    import geobuf  # noqa: PLC0415

    page = Page(case)
    features = geobuf.encode(json.loads(_geojson(case)), DECIMALS)
    page.file("/features.pbf", features, "application/octet-stream")

    def hideout(metric: int) -> dict[str, Any]:
        return {
            "values": case.metrics[metric].tolist(),
            "colors": COLORS,
            "step": CLASS_WIDTH,
        }

    layer = dl.GeoJSON(
        id="map",
        url="/features.pbf",
        format="geobuf",
        hideout=hideout(0),
        style={"variable": "bench.leaflet.style"},
        hoverStyle={"variable": "bench.leaflet.hovered"},
        onEachFeature={"variable": "bench.leaflet.each"},
        eventHandlers={
            "mouseover": {"variable": "bench.leaflet.over"},
            "mouseout": {"variable": "bench.leaflet.out"},
        },
    )
    page.change("hideout", hideout)
    page.answer("clickData", lambda clicked: clicked["properties"]["id"])
    page.lay_out(
        dl.Map(
            layer,
            center=[case.center[1], case.center[0]],
            zoom=case.zoom + 1,
            zoomSnap=0,
            preferCanvas=True,
            attributionControl=False,
            style={"height": "100%"},
        )
    )
    return page.app


def _geojson(case: Case) -> bytes:
    geometries = shapely.to_geojson(
        shapely.transform(case.frame.geometry.values, lambda xy: xy.round(DECIMALS))
    )
    rows = zip(case.frame["id"], case.frame["code"], geometries, strict=True)
    features = [
        f'{{"type":"Feature","id":{key},"properties":{{"id":{key},"i":{i},"code":"{code}"}},"geometry":{geometry}}}'
        for i, (key, code, geometry) in enumerate(rows)
    ]
    return f'{{"type":"FeatureCollection","features":[{",".join(features)}]}}'.encode()


CANDIDATES = {"pingqi": pingqi, "plotly": plotly, "plotly_url": plotly_url, "leaflet": leaflet}


def serve(name: str, home: Path, size: int) -> None:
    """Serve a candidate, or the product itself, on a free port and print its address."""
    store, tiles = open_home(home)
    if name == "product":
        from dashboard.app import create_app  # noqa: PLC0415

        app = create_app(Services(store, tiles, Settings(home=home)))
    else:
        app = CANDIDATES[name](Case.read(store, size), store, tiles).server
    server = create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    print(f"http://127.0.0.1:{server.effective_port}/", flush=True)
    server.run()


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
