"""What the map benchmarks draw: the demo city's compounds or micro-grids, all, with two made-up metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.bulk import geo_frame_of
from data.cities import write_demo
from data.demo import build
from data.settings import Settings
from data.store import Store
from data.tiles import Tiles
from models import Compound, MicroGrid

LAYERS = {5_743: ("compound", Compound), 37_000: ("micro_grid", MicroGrid)}
"""The two sizes: name of the layer of each, and its table."""
COLORS = ["#eff3ff", "#bdd7e7", "#6baed6", "#3182bd", "#08519c"]
CLASS_WIDTH = 20.0
"""Metrics run from 0 to 100, so each of the five classes is 20 wide."""
WIDTH, HEIGHT, BAR = 1920, 1080, 40
"""Viewport in pixels; the bar above the map holds the button and the answer."""
WORLD_PX = 512
"""Size of the world at zoom 0 as MapLibre counts; Leaflet's tiles are half, so its zoom is one higher."""


@dataclass(frozen=True)
class Probe:
    """A feature to point at: its id, its code, and where it is in the page, in pixels."""

    id: int
    code: str
    x: float
    y: float


@dataclass(frozen=True)
class Case:
    """One layer of the city, drawn whole.

    Attributes
    ----------
    layer
        ``compound`` or ``micro_grid``.
    frame
        id, code, county (six digits) and the geometry in degrees.
    metrics
        Shape (2, n): two metrics, 0 to 100 with one decimal.
    center, zoom
        Longitude and latitude of the middle, and MapLibre's zoom at which everything is in view.
    """

    layer: str
    frame: gpd.GeoDataFrame
    metrics: np.ndarray
    center: tuple[float, float]
    zoom: float

    @classmethod
    def read(cls, store: Store, size: int) -> Case:
        """Read the layer of a size from the store."""
        layer, model = LAYERS[size]
        with store.reading() as session:
            frame = geo_frame_of(session, model, ["id", "code", "area_code"]).set_crs(
                4326, allow_override=True
            )
        frame["county"] = frame.pop("area_code").str[:6]
        west, south, east, north = frame.total_bounds
        low, high = _mercator(np.array([west, east]), np.array([north, south]))
        zoom = math.log2(min(WIDTH / np.ptp(low), (HEIGHT - BAR) / np.ptp(high)) * 0.96)
        middle = (float((west + east) / 2), _latitude(float(np.mean(high))))
        metrics = np.random.default_rng(2026).uniform(0, 100, (2, len(frame))).round(1)
        return cls(layer, frame, metrics, middle, round(zoom, 3))

    def classes(self, metric: int) -> np.ndarray:
        """Return the class of each feature, 0 to 4, shape (n,)."""
        return np.minimum(self.metrics[metric] // CLASS_WIDTH, len(COLORS) - 1).astype(int)

    def probes(self, count: int) -> list[Probe]:
        """Return `count` features from west to east, the roomiest of each strip."""
        area = shapely.area(self.frame.geometry.values)
        x = shapely.get_x(shapely.centroid(self.frame.geometry.values))
        strip = pd.Series(x).rank(method="first").sub(1).mul(count / len(x)).astype(int)
        chosen = self.frame.loc[pd.Series(area).groupby(strip).idxmax().to_numpy()]
        inside = shapely.get_point(shapely.maximum_inscribed_circle(chosen.geometry.values, 1e-5), 0)
        px, py = _mercator(shapely.get_x(inside), shapely.get_y(inside))
        (cx,), (cy,) = _mercator(np.array([self.center[0]]), np.array([self.center[1]]))
        scale = 2**self.zoom
        across = (px - cx) * scale + WIDTH / 2
        down = (py - cy) * scale + BAR + (HEIGHT - BAR) / 2
        rows = zip(chosen["id"], chosen["code"], across, down, strict=True)
        return [Probe(int(key), str(code), float(left), float(top)) for key, code, left, top in rows]


def _mercator(longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the place in the world, in pixels at zoom 0 from the north-west."""
    x = (longitude + 180) / 360
    y = 0.5 - np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2)) / (2 * np.pi)
    return x * WORLD_PX, y * WORLD_PX


def _latitude(y: float) -> float:
    return math.degrees(2 * math.atan(math.exp(math.pi * (1 - 2 * y / WORLD_PX))) - math.pi / 2)


def open_home(home: Path) -> tuple[Store, Tiles]:
    """Open the store of a home folder and its archives."""
    settings = Settings(home=home)
    store = Store.open(settings.database_url)
    return store, Tiles(store, settings.tiles)


@contextmanager
def city_home(existing: Path | None) -> Iterator[Path]:
    """Give a folder with the demo city and its archives: an existing one, or one made for the run."""
    with TemporaryDirectory(prefix="pingqi-bench-") as made:
        home = existing or Path(made)
        store, tiles = open_home(home)
        if existing is None:
            write_demo(store, build("city"))
        tiles.build()
        store.close()
        yield home
