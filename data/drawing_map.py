"""The map of a print sheet as a vector drawing at a true scale, with places for the letters on it.

Texts are set by the page in its own font; here they only get places where none touches another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.fabric import Fabric

FILLS = ("#f6e3c5", "#d5e8d4", "#d6e4f2", "#f4d7dc", "#e6dcf0", "#eef0c9", "#d3ecec")
"""Pale, so that letters stay readable; neighbours never share one where these suffice."""
LINE, GRID, FRAME, COMPOUND, LAND = "#22303f", "#8e24aa", "#111111", "#8a5a2b", "#e9e7e2"
HOME, OTHER, HOUSE_LINE = "#ffffff", "#c9cdd3", "#56616e"
ROAD, KERB, WATER, GREEN = "#ffffff", "#aab2bd", "#a9d3ee", "#cfe5b8"
WIDTHS_MM = {"expressway": 2.2, "ring": 2.2, "arterial": 1.8, "collector": 1.2, "local": 0.7, "rail": 0.6}
_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0)
_MARGIN_MM = 3.0
_PT_MM = 0.3528
_WIDE = 0x2E80
_TRIES = 9
Shapes = NDArray[np.object_]


@dataclass(frozen=True)
class Layers:
    """What is drawn, in metres.

    Attributes
    ----------
    micro_grids, fill
        Polygons and the number of each one's colour.
    homes, others
        Buildings with and without households.
    roads, road_class
        Centre lines and the class of each.
    """

    community: shapely.Geometry
    micro_grids: Shapes
    fill: Sequence[int]
    grids: Shapes
    compounds: Shapes
    homes: Shapes
    others: Shapes
    roads: Shapes
    road_class: Sequence[str]
    water: Shapes
    green: Shapes


@dataclass(frozen=True)
class Letters:
    """A text with its middle in millimetres from the upper left, size in points, angle clockwise."""

    text: str
    x: float
    y: float
    size: float
    under: str = ""
    angle: float = 0.0


@dataclass
class Plate:
    """A frame of so many millimetres onto the plane, 1 to `scale`; texts take their places one by one."""

    width: float
    height: float
    scale: float
    west: float
    north: float
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)

    @classmethod
    def around(cls, shape: shapely.Geometry, width: float, height: float) -> Plate:
        """Return the plate of the largest round scale that holds a shape."""
        west, south, east, north = shape.bounds
        need = (
            max((east - west) / (width - 2 * _MARGIN_MM), (north - south) / (height - 2 * _MARGIN_MM)) * 1000
        )
        power = 10.0 ** np.floor(np.log10(need))
        scale = next(float(step * power) for step in (*_STEPS, 10.0) if step * power >= need * (1 - 1e-9))
        free_x, free_y = width * scale / 1000 - (east - west), height * scale / 1000 - (north - south)
        return cls(width, height, scale, west - free_x / 2, north + free_y / 2)

    def placed(self, shapes: Any) -> Any:
        """Return shapes in millimetres on the plate, cut at its edge."""
        k = 1000 / self.scale
        onto = shapely.transform(
            np.asarray(shapes, dtype=object),
            lambda xy: np.column_stack([(xy[:, 0] - self.west) * k, (self.north - xy[:, 1]) * k]),
        )
        return shapely.clip_by_rect(onto, 0, 0, self.width, self.height)

    def free(self, x: float, y: float, wide: float, tall: float) -> bool:
        """Tell whether there is room for a text, and take it."""
        box = (x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2)
        inside = box[0] >= 0 and box[1] >= 0 and box[2] <= self.width and box[3] <= self.height
        if inside and all(
            box[0] >= b[2] or box[2] <= b[0] or box[1] >= b[3] or box[3] <= b[1] for b in self.taken
        ):
            self.taken.append(box)
            return True
        return False

    def bar_m(self) -> float:
        """Return a round length for a scale bar of some forty millimetres."""
        metres = 0.04 * self.scale
        power = 10.0 ** np.floor(np.log10(metres))
        return float(max(step * power for step in (1, 2, 5) if step * power <= metres))


def colours(fabric: Fabric, label: NDArray[np.int64], count: int) -> list[int]:
    """Return a colour for each micro-grid, other than its neighbours'; the first that is free."""
    beside: list[set[int]] = [set() for _ in range(count)]
    for cell, near in enumerate(fabric.near):
        a = int(label[cell])
        for other in near:
            b = int(label[other])
            if a >= 0 and b >= 0 and a != b:
                beside[a].add(b)
    result = [-1] * count
    for one in sorted(range(count), key=lambda n: -len(beside[n])):
        taken = {result[other] for other in beside[one]}
        uses = [result.count(n) for n in range(len(FILLS))]
        free = [n for n in range(len(FILLS)) if n not in taken] or list(range(len(FILLS)))
        result[one] = min(free, key=lambda n: uses[n])
    return result


def drawn(plate: Plate, layers: Layers, focus: shapely.Geometry | None = None) -> str:
    """Return the map as SVG, in millimetres; what lies outside `focus` is paler."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plate.width:g} {plate.height:g}">',
        f'<rect width="{plate.width:g}" height="{plate.height:g}" fill="{LAND}"/>',
        _group(plate, layers.green, f'fill="{GREEN}"'),
        '<g fill-rule="evenodd">',
    ]
    for n, shape in zip(layers.fill, plate.placed(layers.micro_grids), strict=True):
        parts.append(f'<path d="{_path(shape)}" fill="{FILLS[n]}"/>')
    parts.append("</g>")
    parts.append(_group(plate, layers.water, f'fill="{WATER}"'))
    parts.append(_roads(plate, layers))
    thin = f'fill-rule="evenodd" stroke="{HOUSE_LINE}" stroke-width="0.12"'
    parts.append(_group(plate, layers.others, f'fill="{OTHER}" {thin}'))
    parts.append(_group(plate, layers.homes, f'fill="{HOME}" {thin}'))
    if focus is not None:
        rest = shapely.box(0, 0, plate.width, plate.height).difference(plate.placed([focus])[0])
        parts.append(f'<path d="{_path(rest)}" fill="{LAND}" fill-opacity="0.62" fill-rule="evenodd"/>')
    hollow = 'fill="none" stroke-linejoin="round"'
    dashed = f'{hollow} stroke="{COMPOUND}" stroke-width="0.3" stroke-dasharray="1.4 0.9"'
    edges = [shapely.boundary(one) for one in (layers.compounds, layers.micro_grids, layers.grids)]
    parts.append(_group(plate, edges[0], dashed))
    parts.append(_group(plate, edges[1], f'{hollow} stroke="{LINE}" stroke-width="0.4"'))
    parts.append(_group(plate, edges[2], f'{hollow} stroke="{GRID}" stroke-width="0.9"'))
    frame = f'{hollow} stroke="{FRAME}" stroke-width="0.8" stroke-dasharray="4 1 0.8 1"'
    parts.append(_group(plate, [shapely.boundary(layers.community)], frame))
    parts.append("</svg>")
    return "".join(parts)


def _roads(plate: Plate, layers: Layers) -> str:
    shapes = plate.placed(layers.roads)
    wide = [WIDTHS_MM[one] for one in layers.road_class]
    order = np.argsort(wide, kind="stable").tolist()
    kerbs = [_line(shapes[n], wide[n] + 0.3, KERB) for n in order]
    fills = [_line(shapes[n], wide[n], ROAD) for n in order if layers.road_class[n] != "rail"]
    ties = [
        f'<path d="{_path(shapes[n])}" stroke="#5d6673" stroke-width="0.5" stroke-dasharray="1.6 1.2"/>'
        for n in order
        if layers.road_class[n] == "rail"
    ]
    return '<g fill="none" stroke-linecap="round" stroke-linejoin="round">' + "".join(
        [*kerbs, *fills, *ties, "</g>"]
    )


def _line(shape: shapely.Geometry, width: float, colour: str) -> str:
    return f'<path d="{_path(shape)}" stroke="{colour}" stroke-width="{width:g}"/>'


def _group(plate: Plate, shapes: Any, style: str) -> str:
    paths = [_path(one) for one in plate.placed(shapes)] if len(shapes) else []
    return f"<g {style}>" + "".join(f'<path d="{one}"/>' for one in paths if one) + "</g>"


def _path(shape: shapely.Geometry) -> str:
    """Return lines or rings as SVG's path data, to a hundredth of a millimetre."""
    if shape is None or shape.is_empty:
        return ""
    flat = shapely.get_parts([shape])
    areal = shapely.get_dimensions(flat) == 2  # noqa: PLR2004
    lines = [
        *shapely.get_rings(flat[areal]),
        *(one for one in flat[~areal] if shapely.get_dimensions(one) == 1),
    ]
    found = []
    for one in lines:
        xy = np.round(shapely.get_coordinates(shapely.simplify(one, 0.02)), 2)
        found.append("M" + "L".join(f"{x:g} {y:g}" for x, y in xy))
    return "".join(found)


# --- letters ---


def width_mm(text: str, size: float) -> float:
    """Return how wide a text is, about: a Chinese letter as its size, others six tenths of that."""
    return sum(1.0 if ord(one) >= _WIDE else 0.6 for one in text) * size * _PT_MM


def named(
    plate: Plate, shapes: Shapes, texts: Sequence[tuple[str, str]], sizes: tuple[float, float]
) -> tuple[list[Letters], list[str]]:
    """Return codes with households below in their polygons, small ones first, and those without room."""
    found, left = [], []
    onto = plate.placed(shapes)
    for n in np.argsort(shapely.area(onto), kind="stable").tolist():
        code, under = texts[n]
        spots = _spots(onto[n])
        label = _set(plate, spots, code, under, sizes) or _set(plate, spots, code, "", sizes)
        if label is None:
            left.append(code)
        else:
            found.append(label)
    return found, left


def _set(
    plate: Plate, spots: NDArray[np.float64], code: str, under: str, sizes: tuple[float, float]
) -> Letters | None:
    wide = max(width_mm(code, sizes[0]), width_mm(under, sizes[1])) + 0.4
    tall = (sizes[0] + (sizes[1] if under else 0)) * _PT_MM * 1.15
    for x, y in spots:
        if plate.free(x, y, wide, tall):
            return Letters(code, float(x), float(y), sizes[0], under)
    return None


def _spots(shape: shapely.Geometry) -> NDArray[np.float64]:
    """Return places inside a polygon, that with most room around it first."""
    if shape.is_empty:
        return np.empty((0, 2))
    west, south, east, north = shape.bounds
    x, y = (
        one.ravel() for one in np.meshgrid(np.linspace(west, east, _TRIES), np.linspace(south, north, _TRIES))
    )
    inside = shapely.contains_xy(shape, x, y)
    best = shapely.get_coordinates(shapely.maximum_inscribed_circle(shape, tolerance=0.2))[:1]
    spots = np.column_stack([x[inside], y[inside]])
    room = shapely.distance(shapely.boundary(shape), shapely.points(spots)) if len(spots) else np.empty(0)
    return np.concatenate([best, spots[np.argsort(-room, kind="stable")]])


def numbered(plate: Plate, shapes: Shapes, texts: Sequence[str], size: float) -> list[Letters]:
    """Return the numbers of buildings that their outlines have room for."""
    found = []
    for shape, text in zip(plate.placed(shapes), texts, strict=True):
        if not text or shape.is_empty:
            continue
        wide, tall = width_mm(text, size) + 0.2, size * _PT_MM * 0.9
        west, north, east, south = shape.bounds
        if wide <= east - west + 0.6 and tall <= south - north + 0.6:
            at = shape.centroid
            if plate.free(at.x, at.y, wide, tall):
                found.append(Letters(text, at.x, at.y, size))
    return found


def along(plate: Plate, shapes: Shapes, texts: Sequence[str], size: float) -> list[Letters]:
    """Return the names of roads along their longest straight stretches, each name once."""
    longest: dict[str, tuple[float, Any]] = {}
    for shape, text in zip(plate.placed(shapes), texts, strict=True):
        for part in shapely.get_parts([shape]):
            if shapely.get_dimensions(part) == 1 and text and part.length > longest.get(text, (0.0, 0))[0]:
                longest[text] = (part.length, part)
    found = []
    for text, (length, part) in sorted(longest.items(), key=lambda pair: -pair[1][0]):
        wide = width_mm(text, size)
        if length < 1.3 * wide:
            continue
        a, b = (
            shapely.get_coordinates(shapely.line_interpolate_point(part, length / 2 + step * wide / 2))[0]
            for step in (-1, 1)
        )
        angle = float(np.degrees(np.arctan2(*(b - a)[::-1])))
        angle = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle  # noqa: PLR2004
        turned, tall = np.abs(np.radians(angle)), size * _PT_MM
        x, y = (a + b) / 2
        across = wide * np.cos(turned) + tall * np.sin(turned)
        down = wide * np.sin(turned) + tall * np.cos(turned)
        if plate.free(x, y, float(across), float(down)):
            found.append(Letters(text, float(x), float(y), size, angle=angle))
    return found
