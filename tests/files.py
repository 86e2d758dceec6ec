"""Files such as planners bring, written for a test."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely


def write_csv(path: Path, headers: list[str], rows: list[list[Any]], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        writer.writerows(rows)
    return path


def write_gpkg(path: Path, rows: list[dict[str, Any]], crs: Any = "EPSG:4490") -> Path:
    """Write rows with a ``geometry`` in degrees, projected to `crs`."""
    frame = gpd.GeoDataFrame(rows, crs="EPSG:4490").to_crs(crs)
    frame.to_file(path, engine="pyogrio")
    return path


def write_geojson(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as they are: geometries may be None, or GeoJSON that is wrong."""
    features = []
    for row in rows:
        geometry = row.get("geometry")
        if isinstance(geometry, shapely.Geometry):
            geometry = shapely.geometry.mapping(geometry)
        properties = {key: value for key, value in row.items() if key != "geometry"}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))
    return path
