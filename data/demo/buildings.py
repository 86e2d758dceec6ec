"""Footprints on a lot: slab rows that face south, towers, cramped old rows, schools, sheds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from data.demo.figures import KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from data.demo.lots import Lot

Floats = "NDArray[np.float64]"
USES = ("housing", "shop", "office", "school", "hospital", "industry", "public")
HOUSING, SHOP = 0, 1
STEEPEST = np.deg2rad(30)
NOTCH_M = 0.01
"""Notches in a kerb line that only the meeting of two strips leaves."""
COLUMNS = 10
CU, CV, WIDTH, DEPTH, TURN, FLOORS, UNITS, PER_FLOOR, USE, KNOWN = range(COLUMNS)
"""Columns of a lot's buildings: centre in the lot's frame, size, turn, floors, entrances, households per
floor and entrance, use, and whether the entrances are known."""


class Style(NamedTuple):
    """How housing stands: sizes in metres, storeys, entrances in a block."""

    name: str
    depth: float
    unit: float
    block: int
    row_gap: float
    side_gap: float
    floors: tuple[int, int]
    per_floor: int
    known: bool = True


STYLES = {
    "cramped": Style("cramped", 9.0, 11.5, 2, 5.4, 2.6, (1, 4), 2, known=False),
    "slab": Style("slab", 11.2, 13.5, 3, 12.5, 6.0, (4, 7), 2),
    "estate": Style("estate", 11.6, 14.8, 4, 15.5, 7.5, (4, 6), 2),
    "midrise": Style("midrise", 12.6, 17.0, 3, 19.0, 9.0, (5, 8), 2),
    "lift": Style("lift", 14.0, 22.0, 2, 28.0, 13.0, (9, 12), 2),
    "tower": Style("tower", 15.5, 25.0, 1, 31.0, 17.0, (15, 25), 2),
    "point": Style("point", 21.0, 27.0, 1, 27.0, 18.0, (8, 12), 4),
    "high": Style("high", 17.0, 26.0, 2, 40.0, 22.0, (18, 33), 2),
    "village": Style("village", 10.6, 10.6, 1, 2.6, 1.7, (2, 5), 1, known=False),
    "resettled": Style("resettled", 12.4, 16.5, 3, 17.0, 8.0, (5, 8), 2),
}
ODDS = (
    {"midrise": 0.34, "lift": 0.24, "tower": 0.22, "point": 0.16, "high": 0.04},
    {"village": 0.55, "resettled": 0.45},
    {"slab": 0.62, "cramped": 0.38},
    {"estate": 0.82, "slab": 0.18},
)
LOTS = {
    "office": ("office", 26.0, 34.0, 20.0, 18.0, (5, 28)),
    "market": ("shop", 20.0, 38.0, 9.0, 7.0, (1, 3)),
    "mall": ("shop", 62.0, 88.0, 22.0, 18.0, (3, 6)),
    "hospital": ("hospital", 19.0, 58.0, 20.0, 14.0, (4, 14)),
    "industry": ("industry", 34.0, 82.0, 14.0, 13.0, (1, 2)),
    "public": ("public", 18.0, 34.0, 24.0, 18.0, (2, 8)),
    "school": ("school", 15.0, 52.0, 22.0, 12.0, (3, 5)),
}
"""Other lots: use, depth, width, gap between rows and in a row, storeys."""


@dataclass
class Site:
    """A lot with its wall or kerb line and what stands inside."""

    polygon: shapely.Polygon
    angle: float
    buildings: NDArray[np.float64]
    style: str
    green: shapely.Polygon | None = None


class Scan:
    """A polygon in a frame turned so that rows run along u; tells how far a row reaches."""

    def __init__(self, polygon: shapely.Polygon, angle: float) -> None:
        xy = shapely.get_coordinates(polygon.exterior)
        c, s = np.cos(angle), np.sin(angle)
        uv = xy @ np.array([[c, -s], [s, c]])
        self.a, self.b = uv[:-1], uv[1:]
        self.low, self.high = uv[:, 1].min(), uv[:, 1].max()

    def reach(
        self, bottoms: NDArray[np.float64], depth: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the interval of u that rows standing on `bottoms` may fill: empty where it ends first."""
        lines = (bottoms[:, None] + np.array([0, depth / 2, depth])).ravel()[:, None]
        av, bv = self.a[:, 1], self.b[:, 1]
        crossing = (av <= lines) != (bv <= lines)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = self.a[:, 0] + (lines - av) / (bv - av) * (self.b[:, 0] - self.a[:, 0])
        low = np.where(crossing, u, np.inf).min(axis=1).reshape(-1, 3).max(axis=1)
        high = np.where(crossing, u, -np.inf).max(axis=1).reshape(-1, 3).min(axis=1)
        return low, high


def insets(lots: list[Lot]) -> NDArray[np.object_]:
    """Return each lot without the streets along its edges: the wall or kerb line."""
    lengths = [len(lot.ring) for lot in lots]
    xyw = np.concatenate([np.array(lot.ring) for lot in lots])
    lot = np.repeat(np.arange(len(lots)), lengths)
    following = np.concatenate(
        [np.append(np.arange(1, n), 0) + at for n, at in zip(lengths, np.cumsum([0, *lengths]), strict=False)]
    )
    whole = shapely.polygons(shapely.linearrings(xyw[:, :2], indices=lot))
    result: NDArray[np.object_] = whole.copy()
    edges = shapely.linestrings(np.stack([xyw[:, :2], xyw[following, :2]], axis=1))
    key, group = np.unique(np.stack([lot, xyw[:, 2]], axis=1)[xyw[:, 2] > 0], axis=0, return_inverse=True)
    group = group.ravel()
    order = np.argsort(group, kind="stable")
    lines = shapely.multilinestrings(edges[xyw[:, 2] > 0][order], indices=group[order])
    strips = shapely.buffer(lines, key[:, 1], cap_style="square", join_style="mitre")
    owner = key[:, 0].astype(int)
    turn = np.arange(len(owner)) - np.searchsorted(owner, owner)
    for n in range(int(turn.max(initial=-1)) + 1):
        now = turn == n
        result[owner[now]] = shapely.difference(result[owner[now]], strips[now])
    for i in np.flatnonzero(shapely.get_type_id(result) != 3):
        result[i] = _single(result[i])
    for i in np.flatnonzero(shapely.area(result) < 0.35 * shapely.area(whole)):
        narrow = _single(shapely.buffer(whole[i], -2.0, join_style="mitre"))
        result[i] = whole[i] if narrow is None else narrow
    inner = np.unique(owner)
    result[inner] = shapely.simplify(result[inner], NOTCH_M)
    return result


def stand(lot: Lot, polygon: shapely.Polygon, rng: np.random.Generator) -> Site:
    """Put buildings on a lot."""
    angle = lot.axis if abs(lot.axis) < STEEPEST else float(rng.normal(0, 0.04))
    if lot.item.kind >= 0:
        return _housing(lot, polygon, angle, rng)
    green = None
    if lot.item.use == "park":
        green = shapely.buffer(polygon, -2.0, join_style="mitre")
    if lot.item.use not in LOTS:
        return Site(polygon, angle, np.empty((0, COLUMNS)), lot.item.use, _single(green))
    use, depth, width, row_gap, side_gap, floors = LOTS[lot.item.use]
    inner = shapely.buffer(polygon, -5.0, join_style="mitre")
    scan_of = _single(inner)
    if scan_of is None:
        return Site(polygon, angle, np.empty((0, COLUMNS)), lot.item.use)
    scan = Scan(scan_of, angle)
    low = scan.low
    if lot.item.use == "school":
        low += 0.5 * (scan.high - scan.low)
        green = _track(scan, angle, low)
    if lot.item.use in ("office", "public"):
        depth, width = depth * rng.uniform(0.8, 1.3), width * rng.uniform(0.8, 1.3)
    rows = _rows(scan, low, scan.high, depth, row_gap, width, 1, side_gap)
    if not len(rows) and lot.item.use != "school":
        rows = _rows(scan, low, scan.high, depth * 0.55, row_gap, width * 0.5, 1, side_gap)
    rows[:, FLOORS] = rng.integers(floors[0], floors[1] + 1, len(rows))
    rows[:, [UNITS, PER_FLOOR]] = 0
    rows[:, USE] = USES.index(use)
    keep = rng.random(len(rows)) < (0.9 if lot.item.use != "public" else 0.6)
    return Site(polygon, angle, _inside(rows[keep], polygon, angle), lot.item.use, green)


def _single(polygon: shapely.Polygon | None) -> shapely.Polygon | None:
    """Return the largest part of a polygon, or None where nothing is left."""
    if polygon is None or polygon.is_empty:
        return None
    return max(shapely.get_parts(polygon), key=lambda part: part.area)


def _track(scan: Scan, angle: float, high: float) -> shapely.Polygon | None:
    """Return a school's running track: an oval in the southern half."""
    v = (scan.low + high) / 2 - 4
    low, far = scan.reach(np.array([scan.low + 6]), high - scan.low - 14)
    height = min(high - scan.low - 16, 86.0)
    width = min(float(far[0] - low[0]) - 8, 170.0, height * 2.1)
    if height < 26 or width < height * 1.05:
        return None
    u = float(low[0] + far[0]) / 2
    line = shapely.LineString([(u - (width - height) / 2, v), (u + (width - height) / 2, v)])
    return _turned(np.array([shapely.buffer(line, height / 2, quad_segs=6)]), angle)[0]


def _turned(geometry: NDArray[np.object_], angle: float) -> NDArray[np.object_]:
    """Turn geometries from a lot's frame into the city's."""
    c, s = np.cos(angle), np.sin(angle)
    result: NDArray[np.object_] = shapely.transform(geometry, lambda uv: uv @ np.array([[c, s], [-s, c]]))
    return result


def _rows(
    scan: Scan, low: float, high: float, depth: float, row_gap: float, unit: float, block: int,
    side_gap: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Fill the strip between `low` and `high` with rows of blocks of up to `block` units."""
    count = int((high - low + row_gap) // (depth + row_gap))
    if count < 1:
        return np.empty((0, COLUMNS))
    spare = high - low - count * depth - (count - 1) * row_gap
    pitch = depth + row_gap + spare / count * 0.9
    bottoms: NDArray[np.float64] = low + spare * 0.05 + pitch * np.arange(count, dtype=np.float64)
    start, end = scan.reach(bottoms, depth)
    room = np.where(end > start, end - start, 0.0)
    start = np.where(end > start, start, 0.0)
    blocks = np.maximum(1, np.ceil((room + side_gap) / (block * unit * 1.06 + side_gap) - 0.35)).astype(int)
    blocks[room < unit] = 0
    each = (room - (blocks - 1) * side_gap) / np.maximum(blocks, 1)
    units = np.minimum(block, (each // unit).astype(int))
    blocks[units < 1] = 0
    row = np.repeat(np.arange(count), blocks)
    n = np.arange(len(row)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
    rows = np.zeros((len(row), COLUMNS))
    step = (room - units * unit) / np.maximum(blocks - 1, 1)
    lonely = blocks[row] == 1
    rows[:, CU] = (
        start[row] + units[row] * unit / 2 + np.where(lonely, (room - units * unit)[row] / 2, n * step[row])
    )
    rows[:, CV] = bottoms[row] + depth / 2
    rows[:, WIDTH] = units[row] * unit
    rows[:, DEPTH] = depth
    rows[:, UNITS] = units[row]
    return rows


def _housing(lot: Lot, polygon: shapely.Polygon, angle: float, rng: np.random.Generator) -> Site:
    kind, wanted = lot.item.kind, lot.item.households
    names = list(ODDS[kind])
    name = names[int(rng.choice(len(names), p=list(ODDS[kind].values())))]
    if KINDS[kind] == "aged" and wanted < 55:
        name = "cramped"
    style = STYLES[name]
    inner = _single(
        shapely.buffer(polygon, -2.2 if name in ("village", "cramped") else -4.0, join_style="mitre")
    )
    if inner is None:
        inner = polygon
    scan = Scan(inner, angle)
    shops, low, high = _shops(lot, scan, angle, name, rng)
    best = _blocks(scan, polygon, angle, style, low, high, wanted, rng)
    for name in ("cramped", "village"):
        if len(best):
            break
        style = STYLES[name]
        best = _blocks(Scan(polygon, angle), polygon, angle, style, scan.low - 2, scan.high + 2, wanted, rng)
        shops = shops[:0]
    if not len(best):
        best = _lone(polygon, angle)
    name = style.name
    rows, green = _garden(best, name, angle, rng)
    rows = _storeys(rows, style, wanted, rng)
    if name in ("cramped", "village"):
        _loosen(rows, name, rng)
    return Site(polygon, angle, np.concatenate([rows, shops]), name, green)


def _lone(polygon: shapely.Polygon, angle: float) -> NDArray[np.float64]:
    """Return the one house that fits on a scrap of land."""
    middle = shapely.get_point(shapely.maximum_inscribed_circle(polygon, tolerance=0.5), 0)
    c, s = np.cos(angle), np.sin(angle)
    row = np.zeros((1, COLUMNS))
    row[0, [CU, CV]] = np.array([middle.x, middle.y]) @ np.array([[c, -s], [s, c]])
    row[0, [WIDTH, DEPTH]] = min(1.2 * polygon.exterior.distance(middle), 12.0)
    row[0, UNITS] = 1
    return row


def _blocks(
    scan: Scan, polygon: shapely.Polygon, angle: float, style: Style, low: float, high: float, wanted: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:  # fmt: skip
    """Fill the strip with rows of one style, closer and closer until the households wanted find room."""
    best = np.empty((0, COLUMNS))
    for squeeze in (rng.uniform(0.95, 1.12), 0.8, 0.62, 0.45, 0.3):
        depth, row_gap, side_gap = (
            style.depth * min(1, squeeze + 0.3),
            style.row_gap * squeeze,
            style.side_gap * squeeze,
        )
        rows = _rows(scan, low, high, depth, row_gap, style.unit, style.block, side_gap)
        rows = _inside(rows, polygon, angle)
        if not len(best) or rows[:, UNITS].sum() > best[:, UNITS].sum():
            best = rows
        if best[:, UNITS].sum() * style.per_floor * style.floors[1] >= 0.97 * wanted:
            break
    return best


def _shops(
    lot: Lot, scan: Scan, angle: float, style: str, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float, float]:
    """Line the southern and northern streets with shops; return them and the strip left for housing."""
    low, high = scan.low, scan.high
    found = [np.empty((0, COLUMNS))]
    if style == "village" or high - low < 62:
        return found[0], low, high
    for sign, odds in ((1, 0.6), (-1, 0.4)):
        if rng.random() < odds and _fronts_street(lot, angle, sign):
            depth = rng.uniform(8, 11)
            base = low if sign > 0 else high - depth
            rows = _rows(scan, base, base + depth + 0.1, depth, 5.0, rng.uniform(22, 36), 1, 5.0)
            if not len(rows):
                continue
            rows[:, FLOORS] = rng.integers(1, 4, len(rows))
            rows[:, [UNITS, PER_FLOOR]] = 0
            rows[:, USE] = SHOP
            found.append(rows)
            low, high = (low + depth + 9, high) if sign > 0 else (low, high - depth - 9)
    return np.concatenate(found), low, high


def _fronts_street(lot: Lot, angle: float, sign: int) -> bool:
    """Tell whether a street, not a lane, runs along the lot's south (1) or north (-1) side."""
    ring = np.array(lot.ring)
    step = np.roll(ring[:, :2], -1, axis=0) - ring[:, :2]
    along = (step @ np.array([np.cos(angle), np.sin(angle)])) * sign
    length = np.hypot(step[:, 0], step[:, 1])
    return bool(np.any((along > 0.9 * length) & (length > 30) & (ring[:, 2] >= 5)))


def _garden(
    rows: NDArray[np.float64], style: str, angle: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], shapely.Polygon | None]:
    """Leave the middle of a new compound to a garden."""
    if style not in ("tower", "point", "high", "lift", "midrise") or len(rows) < 11 or rng.random() < 0.35:
        return rows, None
    middle = rows[:, :2].mean(axis=0)
    away = np.hypot(*(rows[:, :2] - middle).T)
    gone = np.argsort(away)[: 1 + len(rows) // 14]
    reach = rows[gone, :2]
    box = shapely.box(*(reach.min(axis=0) - 9), *(reach.max(axis=0) + 9))
    garden = shapely.buffer(box, 4, quad_segs=3)
    return np.delete(rows, gone, axis=0), _turned(np.array([garden]), angle)[0]


def _storeys(
    rows: NDArray[np.float64], style: Style, wanted: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Set floors so that the households come near what is wanted; leave out buildings too many."""
    rows[:, PER_FLOOR] = style.per_floor
    rows[:, KNOWN] = style.known
    low, high = style.floors
    while len(rows) > 1 and rows[:-1, UNITS].sum() * style.per_floor * low > wanted:
        rows = np.delete(rows, int(rng.integers(len(rows))), axis=0)
    units = max(1.0, rows[:, UNITS].sum() * style.per_floor)
    floors = np.clip(wanted / units, low, high)
    rows[:, FLOORS] = np.clip(np.floor(floors + rng.random(len(rows))), low, high)
    return rows


def _loosen(rows: NDArray[np.float64], style: str, rng: np.random.Generator) -> None:
    """Make self-built rows uneven, but never so much that two of them touch."""
    n = len(rows)
    shrink = rng.uniform(0.78, 1.0, (n, 2))
    if style == "village":
        rows[:, PER_FLOOR] = 1
    rows[:, [WIDTH, DEPTH]] *= shrink
    rows[:, CU] += rng.uniform(-0.4, 0.4, n)
    rows[:, CV] += rng.uniform(-0.4, 0.4, n)
    rows[:, TURN] = rng.normal(0, 0.012, n).clip(-0.03, 0.03)


def corners(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (n, 4, 2) corners in the lot's frame, counter-clockwise from the south-west."""
    half = rows[:, [WIDTH, DEPTH]] / 2
    offset = half[:, None] * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    c, s = np.cos(rows[:, TURN]), np.sin(rows[:, TURN])
    x = offset[..., 0] * c[:, None] - offset[..., 1] * s[:, None]
    y = offset[..., 0] * s[:, None] + offset[..., 1] * c[:, None]
    result: NDArray[np.float64] = rows[:, None, :2] + np.stack([x, y], axis=-1)
    return result


def turned(uv: NDArray[np.float64], angle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn (n, k, 2) points from the frames of their lots, at (n,) angles, into the city's."""
    c, s = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return np.stack([uv[..., 0] * c - uv[..., 1] * s, uv[..., 0] * s + uv[..., 1] * c], axis=-1)


def _inside(rows: NDArray[np.float64], polygon: shapely.Polygon, angle: float) -> NDArray[np.float64]:
    """Keep the buildings that stand wholly inside the polygon."""
    if not len(rows):
        return rows
    boxes = shapely.polygons(turned(corners(rows), np.full(len(rows), angle)))
    shapely.prepare(polygon)
    kept: NDArray[np.float64] = rows[shapely.contains_properly(polygon, boxes)]
    return kept
