"""A city's plane: degrees to metres and back, so that a vertex that did not move comes back exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from scipy.spatial import cKDTree
from sqlalchemy import select
from sqlalchemy.orm import Session

from geo.crs import STORED_CRS, metric_crs
from models import Setting

SAME_M = 5e-5
"""A vertex this close to a stored one is that one: the way to metres and back, and noding, round."""

Geometries = NDArray[Any]


class Plane:
    """The metric coordinate system of a city, and the stored vertices that were brought into it.

    Parameters
    ----------
    crs
        In metres.
    """

    def __init__(self, crs: CRS) -> None:
        self.crs = crs
        self._there = Transformer.from_crs(STORED_CRS, crs, always_xy=True)
        self._back = Transformer.from_crs(crs, STORED_CRS, always_xy=True)
        self._known: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._tree: cKDTree | None = None

    @classmethod
    def of(cls, session: Session, geometries: Geometries) -> Plane:
        """Return the plane that the city is computed in, by its settings or by where `geometries` lie."""
        epsg = session.scalar(select(Setting.value).where(Setting.key == "metric_epsg"))
        if epsg:
            return cls(CRS.from_epsg(int(epsg)))
        west, south, east, north = shapely.total_bounds(geometries)
        return cls(metric_crs((west + east) / 2, (south + north) / 2))

    def metres(self, geometries: Geometries) -> Geometries:
        """Return geometries of the store in metres, and remember their vertices."""
        if not len(geometries):
            return geometries
        result = shapely.transform(geometries, self._there.transform, interleaved=False)
        stored, metres = shapely.get_coordinates(geometries), shapely.get_coordinates(result)
        self._known.append((metres, stored))
        self._tree = None
        return np.asarray(result, dtype=object)

    def degrees(self, geometries: Geometries) -> Geometries:
        """Return geometries in metres as the store has them; known vertices exactly as they were."""
        if not len(geometries):
            return geometries
        return np.asarray(shapely.transform(geometries, self._stored), dtype=object)

    def _stored(self, metres: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.stack(self._back.transform(metres[:, 0], metres[:, 1]), axis=1)
        if self._known:
            if self._tree is None:
                self._tree = cKDTree(np.concatenate([there for there, _back in self._known]))
            away, nearest = self._tree.query(metres, distance_upper_bound=SAME_M)
            found = np.isfinite(away)
            stored = np.concatenate([back for _there, back in self._known])
            result[found] = stored[nearest[found]]
        return np.asarray(result, dtype=np.float64)
