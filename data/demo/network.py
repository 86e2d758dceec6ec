"""The skeleton of the city: main roads, a river with its quays, a railway, a lake.

A smooth warp turns parts of the lattice of roads by up to some ten degrees, as streets of different
decades are. Everything is in metres of the city's metric CRS afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from data.demo.figures import CENTRE
from data.demo.lattice import lattice

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF_WIDTH = {
    "expressway": 22.0,
    "ring": 17.0,
    "arterial": 13.0,
    "rail": 12.0,
    "collector": 8.0,
    "local": 5.0,
}
"""From the centre line to where building land begins, in metres."""
QUAY_M = 60.0
BEYOND_M = 1_500.0
REACH_U, REACH_V = 15_600.0, 13_600.0


class Street(NamedTuple):
    """A centre line: its name, class, whether it crosses water on a bridge, and its points."""

    name: str
    road_class: str
    bridge: bool
    points: NDArray[np.float64]


@dataclass(frozen=True)
class Skeleton:
    """Streets, the river's centre line and surface, the lake and the city's outline."""

    streets: list[Street]
    river_line: NDArray[np.float64]
    river: shapely.Polygon
    corridor: shapely.Polygon
    lake: shapely.Polygon
    outline: NDArray[np.float64]


class Warp:
    """A smooth displacement of the plane, made of a few long waves."""

    def __init__(self, rng: np.random.Generator) -> None:
        lengths = np.array([15_000.0, 11_000.0, 7_500.0, 5_200.0, 3_600.0])
        heading = rng.uniform(0, 2 * np.pi, 5)
        self.wave = 2 * np.pi / lengths * np.stack([np.cos(heading), np.sin(heading)])
        self.phase = rng.uniform(0, 2 * np.pi, (2, 5))
        self.amplitude = np.array([330.0, 190.0, 105.0, 52.0, 24.0])
        self.turn = np.deg2rad(7.0)

    def __call__(self, uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points of the city for (n, 2) points of the plane."""
        waves = np.stack([np.sin(uv @ self.wave + phase) @ self.amplitude for phase in self.phase], axis=1)
        c, s = np.cos(self.turn), np.sin(self.turn)
        result: NDArray[np.float64] = (uv + waves) @ np.array([[c, s], [-s, c]]) + np.array(CENTRE)
        return result


def skeleton(rng: np.random.Generator) -> Skeleton:
    """Lay out the city's skeleton."""
    warp = Warp(rng)
    river_line, half = _river(rng)
    normal = _normals(river_line)
    river = shapely.Polygon(np.concatenate([river_line + normal * half, (river_line - normal * half)[::-1]]))
    quays = [river_line + normal * (half + QUAY_M), river_line - normal * (half + QUAY_M)]
    corridor = shapely.Polygon(np.concatenate([quays[0], quays[1][::-1]]))
    reach = (REACH_U + BEYOND_M, REACH_V + BEYOND_M)
    streets = [Street(p.name, p.road_class, p.bridge, warp(p.points)) for p in lattice(rng, reach)]
    streets.append(Street("沿江大道", "arterial", bridge=False, points=quays[0]))
    streets.append(Street("滨江大道", "arterial", bridge=False, points=quays[1]))
    rail = np.array(
        [[-16_500, 9_800], [-9_000, 6_900], [-3_900, 3_300], [600, 2_300], [4_300, 3_000], [9_500, 900]]
    )
    rail = np.concatenate([rail, [[17_500, -2_900]]])
    streets.append(Street("云汉铁路", "rail", bridge=True, points=_smooth(rail) + np.array(CENTRE)))
    return Skeleton(streets, river_line, river, corridor, _lake(rng), _outline(rng))


def _river(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points along the river every 120 m and half its width at each."""
    x = np.arange(-20_000.0, 20_001.0, 120.0)
    a, b = rng.uniform(-0.25, 0.25, 2)
    y = -1_900 + 0.22 * x + 1_350 * np.sin(x / 3_700 + 0.9 + a) + 420 * np.sin(x / 1_650 + 2.2 + b)
    half = 205 + 45 * np.sin(x / 5_200 + 1.0) + 18 * np.sin(x / 1_100)
    return np.stack([x, y], axis=1) + np.array(CENTRE), half[:, None]


def _normals(line: NDArray[np.float64]) -> NDArray[np.float64]:
    step = np.gradient(line, axis=0)
    step /= np.hypot(step[:, 0], step[:, 1])[:, None]
    return np.stack([-step[:, 1], step[:, 0]], axis=1)


def _smooth(corners: NDArray[np.float64], rounds: int = 3) -> NDArray[np.float64]:
    """Cut the corners of a line (Chaikin), keeping its ends."""
    line = corners.astype(np.float64)
    for _ in range(rounds):
        a, b = line[:-1], line[1:]
        inner = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        line = np.concatenate([line[:1], inner[1:-1], line[-1:]])
    return line


def _lake(rng: np.random.Generator) -> shapely.Polygon:
    """Return the big lake in the east of the old town, with bays."""
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    phase = rng.uniform(0, 2 * np.pi, 3)
    r = (
        1
        + 0.16 * np.sin(2 * t + phase[0])
        + 0.13 * np.sin(3 * t + phase[1])
        + 0.07 * np.sin(5 * t + phase[2])
    )
    shape = np.stack([1_650 * r * np.cos(t), 1_080 * r * np.sin(t)], axis=1)
    return shapely.Polygon(shape + np.array(CENTRE) + np.array([7_300.0, 4_300.0]))


def _outline(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the city's outer boundary as a closed line."""
    t = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    phase = rng.uniform(0, 2 * np.pi, 4)
    r = 1 + sum(
        a * np.sin(k * t + p)
        for a, k, p in zip((0.05, 0.04, 0.025, 0.012), (2, 3, 5, 11), phase, strict=True)
    )
    shape = np.stack([REACH_U * r * np.cos(t), REACH_V * r * np.sin(t)], axis=1) + np.array(CENTRE)
    return np.concatenate([shape, shape[:1]])
