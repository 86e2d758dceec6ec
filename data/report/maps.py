"""Maps of a report as vector drawings: places filled by class, outlines above, names that do not collide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt
import shapely

RAMP = ("#e3f1c9", "#a5d8b3", "#52b5bb", "#2a78b0", "#1f3f80")
"""From low to high."""
DIVERGING = ("#b5403d", "#e09a6b", "#efe6c8", "#86b5d9", "#2f6fb3")
TOO_FEW = "#b3bac4"
UNKNOWN = "#ffffff"
_LINE, _OUTLINE, _MARK = "#ffffff", "#5c6b80", "#b4232a"
_WIDTH = 1740
"""Width of a drawing: tenths of a millimetre on A4 between margins of 18 mm."""
TALL, LOW = 1650, 820
"""Heights at most: a page to itself, or two on a page."""
_NAME_W, _NAME_H = 26.0, 30.0
"""Room of a letter of a name, in the drawing's units (a Chinese letter; others take 0.6 of it)."""
_WIDE = 0x2E80
_BAR_SHARE = 0.25
Shapes = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Drawing:
    """A map.

    Attributes
    ----------
    svg
        Paths only; texts are set by the page, in its own font.
    width, height
        Of the view box.
    names
        Text with its place in the view box.
    bar_m
        Length of the scale bar, which is at the lower left.
    bar
        Its length in the view box.
    """

    svg: str
    width: float
    height: float
    names: Sequence[tuple[str, float, float]]
    bar_m: float
    bar: float


def draw(
    shapes: Shapes,
    colours: Sequence[str],
    outlines: Shapes,
    names: Sequence[str] = (),
    points: Shapes | None = None,
    tallest: int = TALL,
) -> Drawing:
    """Draw places in metres.

    Parameters
    ----------
    shapes, colours
        Polygons and the colour of each.
    outlines, names
        Polygons whose borders are drawn above them, and what they are called (none where empty).
    points
        Marks above all.
    """
    everything = [one for one in (shapes, outlines) if len(one)]
    west, south, east, north = shapely.total_bounds(np.concatenate(everything))
    wide, tall = max(east - west, 1.0), max(north - south, 1.0)
    scale = min((_WIDTH - 40) / wide, (tallest - 40) / tall)
    height = tall * scale + 40
    left = (_WIDTH - wide * scale) / 2

    def place(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([(xy[:, 0] - west) * scale + left, (north - xy[:, 1]) * scale + 20])

    def paths(some: Shapes) -> list[str]:
        flat = shapely.transform(shapely.simplify(some, 0.5 / scale), place)
        return [_path(one) for one in flat]

    thin = 1.0 if len(shapes) > 300 else 2.0  # noqa: PLR2004  (many places are small)
    parts = [
        f'<path d="{path}" fill="{escape(colour)}"/>'
        for path, colour in zip(paths(shapes), colours, strict=True)
        if path
    ]
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.0f}">',
        f'<g stroke="{_LINE}" stroke-width="{thin}" stroke-linejoin="round" fill-rule="evenodd">',
        *parts,
        f'</g><g fill="none" stroke="{_OUTLINE}" stroke-width="2.4" stroke-linejoin="round">',
        *(f'<path d="{path}"/>' for path in paths(outlines) if path),
        "</g>",
    ]
    if points is not None and len(points):
        at = place(shapely.get_coordinates(points))
        marks = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="5"/>' for x, y in at)
        svg.append(f'<g fill="{_MARK}" stroke="{_LINE}" stroke-width="1.5">{marks}</g>')
    bar_m = _round_length(wide * _BAR_SHARE)
    bar = bar_m * scale
    y = height - 12
    svg.append(
        f'<path d="M20 {y - 14:.0f}V{y:.0f}H{20 + bar:.0f}V{y - 14:.0f}" fill="none"'
        f' stroke="{_OUTLINE}" stroke-width="3"/></svg>'
    )
    spots = _names(shapely.transform(outlines, place), names)
    return Drawing("".join(svg), _WIDTH, height, spots, bar_m, bar)


def _path(shape: shapely.Geometry) -> str:
    """Return the rings of a polygon as SVG's path data, in whole tenths of a unit."""
    lines = []
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        xy = np.round(shapely.get_coordinates(ring)[:-1], 1)
        if len(xy) > 2:  # noqa: PLR2004  (two vertices hold nothing)
            lines.append("M" + "L".join(f"{x:g} {y:g}" for x, y in xy) + "Z")
    return "".join(lines)


def _names(shapes: Shapes, names: Sequence[str]) -> list[tuple[str, float, float]]:
    """Return names with places inside their polygons, the largest first; none touches another."""
    taken: list[tuple[float, float, float, float]] = []
    found = []
    inside = shapely.get_coordinates(shapely.point_on_surface(shapes)) if len(names) else []
    for at in np.argsort(-shapely.area(shapes))[: len(names)].tolist():
        name, (x, y) = names[at], inside[at]
        half = sum(1.0 if ord(one) >= _WIDE else 0.6 for one in name) * _NAME_W / 2
        box = (x - half, y - _NAME_H / 2, x + half, y + _NAME_H / 2)
        if box[0] < 0 or box[2] > _WIDTH:
            continue
        if all(box[0] > b[2] or box[2] < b[0] or box[1] > b[3] or box[3] < b[1] for b in taken):
            taken.append(box)
            found.append((name, float(x), float(y)))
    return found


def _round_length(metres: float) -> float:
    """Return the longest length of 1, 2 or 5 times a power of ten that is not above `metres`."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(max(step * power for step in (1, 2, 5) if step * power <= metres * (1 + 1e-9)))
