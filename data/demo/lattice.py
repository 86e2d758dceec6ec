"""The lattice of main roads in a plain (u, v) plane, with three rings on some of its lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from data.demo.words import AVENUES, ROADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RINGS = (("内环路", "ring", 2_300.0), ("二环路", "ring", 5_000.0), ("三环线", "expressway", 8_300.0))
"""Name, class, and half the width in metres from the inside out; all but the innermost have round corners."""
GONE = 0.10
"""Share of road pieces left out, which makes blocks of two and T-junctions."""
BRIDGE_EVERY = 4
FRINGE_M, COUNTRY_M = 900.0, 2_200.0
"""How far beyond the outer ring every second and every fourth road still runs."""


class Piece(NamedTuple):
    """A piece of a main road in the plane: name, class, whether it has a bridge over water, points."""

    name: str
    road_class: str
    bridge: bool
    points: NDArray[np.float64]


class Frame(NamedTuple):
    """A ring, as numbers of the lattice lines that it runs on."""

    name: str
    road_class: str
    left: int
    right: int
    bottom: int
    top: int

    @property
    def is_round(self) -> bool:
        """Tell whether the ring cuts its corners."""
        return self.name != RINGS[0][0]


@dataclass(frozen=True)
class Lattice:
    """Where the lines stand: u of those that run north, v of those that run east."""

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    frames: list[Frame]

    def node(self, i: int, j: int) -> NDArray[np.float64]:
        """Return where line i that runs north meets line j that runs east."""
        return np.array([self.u[i], self.v[j]])


def lattice(rng: np.random.Generator, reach: tuple[float, float]) -> list[Piece]:
    """Return the main roads of a plane that reaches ± `reach` metres, piece by piece."""
    u, v = _positions(rng, reach[0]), _positions(rng, reach[1])
    net = Lattice(u, v, [_frame(u, v, *ring) for ring in RINGS])
    gone = rng.random((2, len(u), len(v))) < GONE
    gone[1, 1::BRIDGE_EVERY] = False
    ringed = {key: frame for frame in net.frames for key in _on_ring(frame)}
    t = np.linspace(0, 1, 6)[:, None]
    pieces = [arc for frame in net.frames if frame.is_round for arc in _arcs(net, frame)]
    for north in (0, 1):
        for i in range(len(u) - 1 + north):
            for j in range(len(v) - north):
                a, b = net.node(i, j), net.node(i + 1 - north, j + north)
                points = a + (b - a) * t
                frame = ringed.get((north, i, j))
                if frame:
                    pieces.append(Piece(frame.name, frame.road_class, bridge=True, points=points))
                elif not gone[north, i, j] and not _is_missing(net, north, i if north else j, (a + b) / 2):
                    name = AVENUES[i % len(AVENUES)] if north else ROADS[j % len(ROADS)]
                    bridge = bool(north) and i % BRIDGE_EVERY == 1
                    pieces.append(Piece(name, "arterial", bridge, points))
    return pieces


def _positions(rng: np.random.Generator, reach: float) -> NDArray[np.float64]:
    """Return where lattice lines stand: close in the old town, wide outside."""
    sides = []
    for _ in range(2):
        at, side = rng.uniform(280, 420), []
        while at < reach:
            side.append(at)
            step = np.interp(at, [0, 2_500, 8_200, 8_800, 16_000], [680, 780, 1_050, 1_500, 2_500])
            at += float(step) * rng.uniform(0.86, 1.16)
        sides.append(np.array(side))
    return np.concatenate([-sides[0][::-1], sides[1]])


def _frame(u: NDArray[np.float64], v: NDArray[np.float64], name: str, road_class: str, half: float) -> Frame:
    """Return the ring on the lines nearest to `half` metres from the middle, a little flat."""
    east, north = (np.abs(u - half), np.abs(u + half)), (np.abs(v - half * 0.9), np.abs(v + half * 0.9))
    left, right = int(np.argmin(east[1])), int(np.argmin(east[0]))
    return Frame(name, road_class, left, right, int(np.argmin(north[1])), int(np.argmin(north[0])))


def _on_ring(frame: Frame) -> Iterator[tuple[int, int, int]]:
    """Yield (direction, i, j) of the pieces that a ring runs on: all but the corners of a round one."""
    spare = int(frame.is_round)
    for i in range(frame.left + spare, frame.right - spare):
        yield from ((0, i, frame.bottom), (0, i, frame.top))
    for j in range(frame.bottom + spare, frame.top - spare):
        yield from ((1, frame.left, j), (1, frame.right, j))


def _arcs(net: Lattice, frame: Frame) -> Iterator[Piece]:
    """Yield the round corners of a ring, each across one cell from node to node."""
    t = np.linspace(0, np.pi / 2, 9)[:, None]
    for i, di in ((frame.left, 1), (frame.right, -1)):
        for j, dj in ((frame.bottom, 1), (frame.top, -1)):
            inner, a, b = net.node(i + di, j + dj), net.node(i, j + dj), net.node(i + di, j)
            arc = inner + (a - inner) * np.cos(t) + (b - inner) * np.sin(t)
            yield Piece(frame.name, frame.road_class, bridge=True, points=arc)


def _is_missing(net: Lattice, north: int, line: int, middle: NDArray[np.float64]) -> bool:
    """Tell whether a piece lies in the open country, where only some roads go on."""
    outer = net.frames[-1]
    low, high = net.node(outer.left, outer.bottom), net.node(outer.right, outer.top)
    away = float(np.maximum(low - middle, middle - high).max())
    every = BRIDGE_EVERY if away > COUNTRY_M else 2
    return away > FRINGE_M and line % every != north
