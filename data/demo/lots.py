"""Cutting a community's land into lots by its programme, street by street."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from data.demo.cutting import Ring, Vertex, area, cut_share, longest_extent
from data.demo.figures import KINDS
from data.demo.network import HALF_WIDTH

if TYPE_CHECKING:
    from data.demo.plan import Programme

LANE_M = 2.5
CLOSE_KINDS = (KINDS.index("aged"), KINDS.index("work_unit"))
RADIANS = np.pi / 180


@dataclass
class Lot:
    """A piece of land with one use; `ring` reaches to the middle of the streets around it."""

    ring: Ring
    item: Programme
    axis: float


@dataclass
class Node:
    """A node of the tree of cuts: a street with what lies on either side, or a lot."""

    lots: list[int]
    children: tuple[Node, Node] | None = None


@dataclass
class Parcels:
    """The lots of a community, the tree that they were cut by, and the streets between them."""

    lots: list[Lot] = field(default_factory=list)
    streets: list[tuple[str, Vertex, Vertex]] = field(default_factory=list)


def parcel(
    ring: Ring, programme: list[Programme], axis: float, rng: np.random.Generator
) -> tuple[Parcels, Node]:
    """Cut `ring` so that each entry of `programme` gets one lot of about its share of the land."""
    parcels = Parcels()
    tree = _cut(parcels, ring, _paired(programme, rng), axis, rng)
    return parcels, tree


@dataclass
class _Demand:
    """Some entries of a programme that are to lie together, and how they are parted."""

    items: list[Programme]
    area_m2: float
    parts: tuple[_Demand, _Demand] | None = None


def _paired(programme: list[Programme], rng: np.random.Generator) -> _Demand:
    """Pair the smallest demand with one of like size and kind, again and again, so that no lot is a strip."""
    demands = [_Demand([item], item.area_m2) for item in programme]
    while len(demands) > 1:
        demands.sort(key=lambda d: d.area_m2)
        first = demands.pop(0)
        taste = rng.uniform(0.75, 1.35, len(demands))
        cost = [
            d.area_m2 * t * (1.0 if d.items[0].kind == first.items[0].kind else 1.9)
            for d, t in zip(demands, taste, strict=True)
        ]
        second = demands.pop(int(np.argmin(cost)))
        pair = (first, second) if rng.random() < 0.5 else (second, first)
        demands.append(_Demand(pair[0].items + pair[1].items, first.area_m2 + second.area_m2, pair))
    return demands[0]


def _cut(parcels: Parcels, ring: Ring, demand: _Demand, axis: float, rng: np.random.Generator) -> Node:
    if demand.parts is None:
        parcels.lots.append(Lot(ring, demand.items[0], axis))
        return Node([len(parcels.lots) - 1])
    name, half_width = _street(ring, demand.items, rng)
    axis += float(rng.normal(0, 1.1)) * RADIANS
    along, across = longest_extent(ring, axis)
    first = axis if along >= across * rng.uniform(0.9, 1.1) else axis + np.pi / 2
    share = demand.parts[0].area_m2 / demand.area_m2
    for angle in (first, first + np.pi / 2, first + 0.25, first - 0.25, first + 0.8, first - 0.8):
        done = cut_share(ring, angle, share, half_width)
        if done is not None:
            break
    else:
        raise ValueError(
            f"no straight street divides the block around {ring[0][:2]}; it has {len(ring)} corners"
        )
    behind, ahead, (a, b) = done
    if name:
        parcels.streets.append((name, a, b))
    left = _cut(parcels, behind, demand.parts[0], axis, rng)
    right = _cut(parcels, ahead, demand.parts[1], axis, rng)
    return Node(left.lots + right.lots, (left, right))


def _street(ring: Ring, items: list[Programme], rng: np.random.Generator) -> tuple[str, float]:
    """Choose what runs along a cut: a street, a lane, or only a wall."""
    size = area(ring)
    if any(item.use == "farmland" for item in items):
        return "local", 4.0
    if size > 260_000:
        return "collector", HALF_WIDTH["collector"]
    if size > 75_000:
        return "local", HALF_WIDTH["local"]
    if (
        len(items) > 2
        or rng.random() < 0.65
        or items[0].kind not in CLOSE_KINDS
        or items[1].kind not in CLOSE_KINDS
    ):
        return "", LANE_M
    return "", 0.0
