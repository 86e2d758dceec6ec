"""The map of 拉平对齐: outlines before and after as sources, pieces and findings as overlays, its legend."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from dash import html

from dashboard.i18n import _
from dashboard.pages.alignment import FOCUS, GAINED, LOST, MAP_COLORS
from data.queries.alignments import AFTER, BEFORE

OWN = ("compound", "grid", "micro_grid")
"""Layers that the page draws itself, at full precision, instead of the map's archives."""
NOT_HERE = {*OWN, "compound_label", "grid_label", "point"}
_SHOWN = ("water", "green", "road", "building", "community", "subdistrict", "county", "city", "label")


def sides(
    base: list[dict[str, Any]], plan_id: int | None, area: str | None, stamp: str
) -> dict[str, list[dict[str, Any]]]:
    """Return the map's sources before and after a plan.

    Parameters
    ----------
    base
        All sources that the user may see.
    stamp
        What the outlines depend on; part of their address, as browsers keep them.
    """
    if area is None:
        return dict.fromkeys((BEFORE, AFTER), base)
    rest = [one for one in base if one["layer"] not in NOT_HERE]
    return {
        side: [
            *rest,
            *(
                {
                    "id": f"{layer}:{area}",
                    "layer": layer,
                    "kind": "polygon",
                    "url": f"/outlines/{plan_id or 0}/{area}/{side}/{layer}.geojson?for={stamp}",
                }
                for layer in OWN
            ),
        ]
        for side in (BEFORE, AFTER)
    }


def visible(layers: Iterable[str]) -> list[str]:
    """Return the names of the map's layers that are shown."""
    return [*_SHOWN, *layers]


def collection(geometries: Iterable[Any]) -> dict[str, Any]:
    """Return the parts of geometries as GeoJSON, those that are missing or empty left out."""
    shapes = shapely.get_parts([one for one in geometries if one is not None])
    some = shapes[~shapely.is_empty(shapes)]
    features = [
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(one)} for one in some
    ]
    return {"type": "FeatureCollection", "features": features}


def overlay(role: str, geometries: Iterable[Any]) -> list[dict[str, Any]]:
    """Return an overlay, or none where there is nothing in it."""
    geojson = collection(geometries)
    return [{"role": role, "geojson": geojson}] if geojson["features"] else []


def piece_overlays(
    pieces: gpd.GeoDataFrame, layers: Iterable[str], of: str | None = None
) -> list[dict[str, Any]]:
    """Return the pieces that move: blue where land is gained, orange where it is lost.

    Parameters
    ----------
    pieces
        As `data.queries.alignments.pieces` returns them.
    of
        Code of the feature that gains and loses; None for all: lost is then what falls to nobody.
    """
    some = pieces[pieces["layer"].isin(list(layers)) & pieces["accepted"].astype(bool)]
    if of is None:
        gained = some["to_code"].notna()
        lost = ~gained
    else:
        gained, lost = some["to_code"] == of, some["from_code"] == of
    return [*overlay("service", some.geometry[gained]), *overlay("draft", some.geometry[lost])]


def bounds_of(geometries: Iterable[Any], least_deg: float = 0.0012) -> list[float] | None:
    """Return bounds that hold geometries, not smaller than a house's surroundings."""
    shapes = np.asarray(list(geometries), dtype=object)
    bounds = shapely.total_bounds(shapes) if len(shapes) else np.full(4, np.nan)
    if np.isnan(bounds).any():
        return None
    spare = np.maximum(0, least_deg - (bounds[2:] - bounds[:2])) / 2
    return [*(bounds[:2] - spare).tolist(), *(bounds[2:] + spare).tolist()]


def legend(mode: str) -> html.Div:
    """Return what the colours mean while the tab `mode` is open."""
    rows = [
        ("line", MAP_COLORS["compound"], _("小区边界")),
        ("line", MAP_COLORS["grid"], _("网格边界")),
    ]
    if mode == "findings":
        rows.append(("fill", LOST, _("问题所在")))
    elif mode == "feature":
        rows += [("fill", GAINED, _("划入所选图形")), ("fill", LOST, _("从所选图形划出"))]
        rows.append(("line", MAP_COLORS["related"], _("与它相关的网格或小区")))
    else:
        rows += [("fill", GAINED, _("划入或换属的地块")), ("fill", LOST, _("划出，不再属于任何一方"))]
    rows.append(("line", FOCUS, _("当前所选")))
    return html.Div(
        [
            html.Div(
                [
                    html.Span(
                        className=f"align-key {kind}",
                        style={"background": colour if kind == "fill" else None, "borderColor": colour},
                    ),
                    html.Span(text),
                ],
                className="legend-row",
            )
            for kind, colour, text in rows
        ],
        className="legend",
    )
