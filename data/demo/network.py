"""The skeleton of the city: a warped lattice of arterial roads, rings, a river with its quays, a railway, a lake.

The lattice lives in a plain (u, v) plane; a smooth warp turns parts of it by up to some ten degrees, as streets of
different decades are turned. Everything is in metres of the city's metric CRS afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from data.demo.figures import CENTRE

if TYPE_CHECKING:
    from numpy.typing import NDArray

Points = "NDArray[np.float64]"

HALF_WIDTH = {
    "expressway": 24.0,
    "ring": 19.0,
    "arterial": 15.0,
    "rail": 14.0,
    "collector": 9.0,
    "local": 5.5,
}
"""From the centre line to where building land begins, in metres."""
QUAY_M = 60.0
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
    streets = _lattice(rng, warp)
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


def _positions(rng: np.random.Generator, reach: float) -> NDArray[np.float64]:
    """Return where lattice lines stand: close in the old town, wide outside."""
    sides = []
    for _ in range(2):
        at, side = rng.uniform(280, 420), []
        while at < reach:
            side.append(at)
            at += np.interp(
                at, [0, 2_500, 8_200, 8_800, 16_000], [680, 780, 1_050, 1_500, 2_500]
            ) * rng.uniform(0.86, 1.16)
        sides.append(np.array(side))
    return np.concatenate([-sides[0][::-1], sides[1]])


NAMES_U = (
    "中山路 解放大道 建设路 民主路 长征路 光明路 朝阳大道 东风路 红旗路 和平大道 新华路 青年路 友谊路 团结路 胜利路 "
    "文昌路 工农路 八一路 云山路 珞樱路 卓刀路 雄楚大道 纺织路 钢都大道 冶金路 机场路 黄浦路 江汉路 三阳路 古田路"
).split()
NAMES_V = (
    "人民路 滨湖路 学府路 园林路 兴业路 发展大道 航空路 武宁路 汉阳大道 龙阳路 琴台路 墨水湖路 徐东路 水果湖路 广埠路 "
    "雅安街 白沙路 晴川路 鹦鹉路 四新路 江城大道 三角湖路 南湖路 丁字桥路 书城路 狮子山路 石牌岭路 马房路 珞瑜路 华夏路"
).split()


def _lattice(rng: np.random.Generator, warp: Warp) -> list[Street]:
    """Return the arterial lattice edge by edge, with three rings of which the outer two cut their corners."""
    u, v = _positions(rng, REACH_U + 1_500), _positions(rng, REACH_V + 1_500)
    nu, nv = len(u), len(v)
    gone = rng.random((2, nu, nv)) < 0.10
    gone[1, 1::4] = False  # the streets that cross the river on bridges
    rings = [_frame(u, v, half) for half in (2_300, 5_000, 8_300)]
    streets = []
    classes = ("ring", "ring", "expressway")
    names = ("内环路", "二环路", "三环线")
    of_ring = {}
    for frame, road_class, name in zip(rings, classes, names, strict=True):
        left, right, bottom, top = frame
        for i in range(left, right):
            for j in (bottom, top):
                if left < i < right - 1 or road_class == "ring" and name == "内环路":
                    of_ring[0, i, j] = (name, road_class)
        for j in range(bottom, top):
            for i in (left, right):
                if bottom < j < top - 1 or road_class == "ring" and name == "内环路":
                    of_ring[1, i, j] = (name, road_class)
        if name != "内环路":
            for ci, cj, du, dv in (
                (left, bottom, 1, 1),
                (right, bottom, -1, 1),
                (left, top, 1, -1),
                (right, top, -1, -1),
            ):
                t = np.linspace(0, np.pi / 2, 9)[:, None]
                a, b = (u[ci], v[cj + dv]), (u[ci + du], v[cj])
                inner = np.array([b[0], a[1]])
                arc = inner + (np.array(a) - inner) * np.cos(t) + (np.array(b) - inner) * np.sin(t)
                streets.append(Street(name, road_class, bridge=True, points=warp(arc)))
    t = np.linspace(0, 1, 6)[:, None]
    for way in (0, 1):
        for i in range(nu - (way == 0)):
            for j in range(nv - (way == 1)):
                name, road_class = of_ring.get((way, i, j), ("", "arterial"))
                if not name and (gone[way, i, j] or _rural(i, j, way, rings[2], u, v)):
                    continue
                a = np.array([u[i], v[j]])
                b = np.array([u[i + 1], v[j]] if way == 0 else [u[i], v[j + 1]])
                line, number = (NAMES_V, j) if way == 0 else (NAMES_U, i)
                bridge = bool(name) or (way == 1 and i % 4 == 1)
                streets.append(
                    Street(name or line[number % len(line)], road_class, bridge, warp(a + (b - a) * t))
                )
    return streets


def _rural(
    i: int, j: int, way: int, ring: tuple[int, int, int, int], u: NDArray[np.float64], v: NDArray[np.float64]
) -> bool:
    """Tell whether a lattice edge lies in the open country, where only some of the city's streets go on."""
    left, right, bottom, top = ring
    x, y = (u[i] + u[min(i + 1, len(u) - 1)]) / 2, (v[j] + v[min(j + 1, len(v) - 1)]) / 2
    away = max(u[left] - x, x - u[right], v[bottom] - y, y - v[top])
    if way == 0:
        outside = not bottom <= j <= top or not left <= i < right
        return bool(outside and (away > 900) and j % (4 if away > 2_200 else 2) != 0)
    outside = not left <= i <= right or not bottom <= j < top
    return bool(outside and (away > 900) and i % (4 if away > 2_200 else 2) != 1)


def _frame(u: NDArray[np.float64], v: NDArray[np.float64], half: float) -> tuple[int, int, int, int]:
    """Return the lattice lines (left, right, bottom, top) of a ring of about `half` metres."""
    return (
        int(np.argmin(np.abs(u + half))),
        int(np.argmin(np.abs(u - half))),
        int(np.argmin(np.abs(v + half * 0.9))),
        int(np.argmin(np.abs(v - half * 0.9))),
    )
