"""The map component: MapLibre GL in a Dash component, with all it needs served by the app itself.

Geometry comes once, as PMTiles archives or GeoJSON; values come apart, as compact arrays from `encode_group`,
and become feature state, so that a change of metric moves no geometry and asks for no tile.

Examples
--------
>>> import numpy as np
>>> from dashboard.map import PingqiMap, encode_group
>>> source = {"id": "compound:420102", "layer": "compound", "kind": "polygon", "url": "/tiles/3f2a.pmtiles",
...           "names_url": "/tiles/3f2a.names.json", "minzoom": 9, "maxzoom": 14}
>>> values = {"layer": "compound", "colors": ["#eff3ff", "#6baed6", "#08519c", "#cccccc"], "hatched": [3],
...           "label": "满意率", "unit": "%", "decimals": 1, "too_few": "评价不足 10 条",
...           "groups": [encode_group("compound:420102", ids=np.array([3, 1, 2]), codes=np.array([0, 2, 3]),
...                                   numbers=np.array([61.0, 92.5, np.nan]), counts=np.array([40, 51, 3]))]}
>>> chart = PingqiMap(id="map", sources=[source], values=values, theme="light",
...                   view={"bounds": [114.0, 30.4, 114.6, 30.8], "key": "city"})
>>> chart.to_plotly_json()["type"]
'PingqiMap'

The page must load ``assets/fonts/fonts.css`` (Dash does, from the assets folder): the map writes its labels
with the same files.
"""

from __future__ import annotations

import base64
import mimetypes
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from dash.development.base_component import Component, ComponentRegistry

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__version__ = "0.1.0"

# Windows takes these from its registry, where other programs put text/plain.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/javascript", ".mjs")

_js_dist = [
    {"relative_package_path": "bundle/pingqi_map.js", "namespace": __name__},
    {"relative_package_path": "bundle/maplibre-gl-worker.mjs", "namespace": __name__, "dynamic": True},
]
_css_dist = [{"relative_package_path": "bundle/pingqi_map.css", "namespace": __name__}]

NOT_SHOWN = 255
"""Code of a feature that is not drawn."""


BAR_PX = 50
"""Height of the bar of controls that lies over the top of a page's map, with the room above it."""


def below_bar(padding: int) -> dict[str, int]:
    """Return the padding of a view, in pixels, for a map whose top is taken by a bar of controls."""
    return {"top": BAR_PX + padding, "right": padding, "bottom": padding, "left": padding}


def encode_group(
    source: str,
    ids: ArrayLike,
    codes: ArrayLike,
    numbers: ArrayLike | None = None,
    counts: ArrayLike | None = None,
) -> dict[str, str]:
    """Encode the values of one source's features for the prop `values`.

    Parameters
    ----------
    source
        Id of the source, as in the prop `sources`.
    ids
        Feature ids, shape (n,), in any order, each once.
    codes
        Index into ``values["colors"]`` for each id, 0–254, or `NOT_SHOWN`.
    numbers
        The value that the tooltip shows; NaN where there is none.
    counts
        The n that the tooltip shows; negative where there is none.

    Raises
    ------
    ValueError
        If a length differs from that of `ids`, or an id is there twice.
    """
    keys = np.asarray(ids, dtype="<i4")
    order = np.argsort(keys)
    sorted_keys = keys[order]
    if np.any(np.diff(sorted_keys) == 0):
        raise ValueError(f"ids of {source} hold {sorted_keys[:-1][np.diff(sorted_keys) == 0][0]} twice.")
    columns = {"codes": (codes, "u1"), "numbers": (numbers, "<f4"), "counts": (counts, "<i4")}
    encoded = {"source": source, "ids": _base64(np.diff(sorted_keys, prepend=np.int32(0)).astype("<i4"))}
    for name, (column, dtype) in columns.items():
        if column is None:
            continue
        array = np.asarray(column, dtype=dtype)
        if array.shape != keys.shape:
            raise ValueError(f"{name} of {source} has shape {array.shape}, ids has {keys.shape}.")
        encoded[name] = _base64(array[order])
    return encoded


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


class PingqiMap(Component):
    """A map of areas, lines and points, coloured by value; hover stays in the browser, clicks come to Python.

    Parameters
    ----------
    id
        The component's id.
    theme
        ``"light"`` (desk) or ``"dark"`` (wall).
    colors
        Own colours by name, over the theme's: background, water, green, road, road_major, road_casing, rail,
        building, building_line, area (a compound without a value), compound, grid, micro_grid, community,
        subdistrict, county, city (their lines), label, label_minor, label_halo, selected, selected_casing,
        related, draft, service, hover, too_few, point_stroke, station.subdistrict, station.community,
        station.micro, assist_point, canteen.
    sources
        List of ``{id, layer, kind, url, overview_url?, overview_maxzoom?, names_url?, minzoom?, maxzoom?,
        bounds?, whole?}``. `layer` is one of water, green, road, building, compound, grid, micro_grid,
        cell, drawn (micro-grids of a draft), community, subdistrict, county, city, point, area_label,
        compound_label, grid_label;
        `kind` is polygon, line or point; `url` ends in .pmtiles (one vector layer named like `layer`) or
        .geojson. Features have an integer property ``id``; roads a ``class`` (expressway, ring, arterial,
        collector, local, rail), labels ``kind``, ``name`` and ``rank`` (the lowest is placed first), points
        ``layer`` (station, assist_point, canteen) and, for stations, ``tier``. `names_url` answers
        ``{"ids": […], "names": […]}`` and is read at the first hover. `minzoom` and `maxzoom` are those of
        the archive (9 and 14 unless said); `bounds` (w, s, e, n) spares requests outside. `overview_url` is a
        second archive, of the same features simplified as a coverage, that answers for the zooms up to
        `overview_maxzoom` (11): a city in view is then read and painted in a fraction of the time. An
        overview, and an archive that is `whole`, is read in one request, others by range.
    visible
        Names of the layers that are shown; parts are ``point.station.micro``, ``point.canteen``,
        ``label.county`` and the like, and ``point`` or ``label`` means all parts. None shows everything.
    zooms
        ``{layer or part: [from, to]}`` over the defaults of ``src/zooms.ts``.
    values
        ``{layer, groups, colors, hatched?, label?, unit?, decimals?, too_few?}``; groups from `encode_group`.
        A code is an index into `colors`; codes in `hatched` get the hatch and the text `too_few`.
    overlays
        List of ``{role, geojson}``, role selected, related, draft or service.
    draw
        ``"box"``, ``"polygon"`` or ``"line"`` while something is drawn: a box by dragging, others click by
        click, ended by a double click or Enter; Backspace takes a vertex back, Escape all.
        ``"vertex"`` while boundaries are dragged from vertex to vertex by `knots`.
    knots
        ``{vertices_url, handles_url}``: the one answers ``[lng, lat, lng, lat, …]``, the other with the
        positions of those vertices that can be dragged; read when `draw` is first ``"vertex"``.
    handle
        ``{lng, lat, label?}``: a place that the reader may drag, or move by the arrow keys.
    group
        Maps of one group look at the same place: where one is moved, the others go.
    view
        ``{key, bounds, padding?, max_zoom?, animate?}`` or ``{key, center, zoom, animate?}``: obeyed when
        `key` changes; `padding` in pixels, one number or one for each side (`below_bar`).
    interactive
        False on a wall: no controls, no hover, no clicks.
    attribution, lang, label_scale, className, style
        A line of text; ``"zh"`` or ``"en"`` for the controls; a factor for labels and points; as usual.
    clicked
        Output ``{layer, id, source, point?, lng, lat, at}``; layer is None on empty ground; `point` is, say,
        ``station.micro``.
    drawn
        Output ``{mode, coordinates, at}``: (lng, lat) of each vertex; from where to where one was dragged.
    moved
        Output ``{lng, lat, done, at}``: where the handle is, a few times a second while it is dragged; `done`
        when it is let go.
    view_state
        Output ``{center, zoom, bounds}``, 250 ms after a movement.
    painted
        Output ``{at, ms, set_ms, why}`` when everything is painted after a load (`why` "load") or new values;
        `set_ms` is how long setting the state took.
    failed
        Output ``{message, at}`` when tiles or WebGL fail; None when they work again.
    """

    _namespace = __name__
    _type = "PingqiMap"
    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]
    _prop_names: ClassVar[list[str]] = [
        *("id", "className", "style", "theme", "colors", "interactive", "attribution", "label_scale", "lang"),
        *("sources", "visible", "zooms", "values", "overlays", "draw", "knots", "handle", "group", "view"),
        *("clicked", "drawn", "moved", "view_state", "painted", "failed"),
    ]
    available_properties = _prop_names
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_wildcard_properties: ClassVar[list[str]] = []

    def __init__(self, **props: Any) -> None:
        super().__init__(**props)


# Dash looks for _js_dist in the top-level package of a component; ours is this one.
ComponentRegistry.registry.discard("dashboard")
ComponentRegistry.registry.add(__name__)
ComponentRegistry.namespace_to_package[__name__] = __name__
