"""Cutting a ring in two by a line, so that both parts share their nodes to the last bit.

A ring is a list of ``(x, y, half_width)`` in metres, counter-clockwise and not closed. The third number
belongs to the edge that starts at the vertex: how much of the street along that edge lies on this side.
"""

from __future__ import annotations

from math import atan2, cos, hypot, pi, sin

Vertex = tuple[float, float, float]
Ring = list[Vertex]
STEP_M = 0.1


def area(ring: Ring) -> float:
    """Return the area in m² of a counter-clockwise ring."""
    x0, y0, _ = ring[-1]
    ox, oy = x0, y0
    total = 0.0
    px, py = 0.0, 0.0
    for x, y, _ in ring:
        qx, qy = x - ox, y - oy
        total += px * qy - qx * py
        px, py = qx, qy
    return total / 2


def span(ring: Ring, nx: float, ny: float) -> tuple[float, float]:
    """Return the least and greatest coordinate of `ring` along the unit vector (nx, ny)."""
    along = [nx * x + ny * y for x, y, _ in ring]
    return min(along), max(along)


def cut(ring: Ring, nx: float, ny: float, c: float, half_width: float = 0.0) -> tuple[Ring, Ring] | None:
    """Cut `ring` by the line nx·x + ny·y = c.

    Parameters
    ----------
    ring
        What to cut.
    nx, ny
        Unit normal of the line.
    c
        Its offset in metres.
    half_width
        Given to the two new edges.

    Returns
    -------
    tuple or None
        The parts behind (< c) and ahead; None where the line misses the ring or meets it more than twice.
    """
    sides = [nx * x + ny * y - c for x, y, _ in ring]
    behind: Ring = []
    ahead: Ring = []
    crossings = 0
    n = len(ring)
    for i in range(n):
        vertex, s, t = ring[i], sides[i], sides[i + 1 - n]
        (ahead if s >= 0 else behind).append(vertex)
        if (s >= 0) != (t >= 0):
            crossings += 1
            if crossings > 2:
                return None
            w = vertex[2]
            x, y = _crossing(vertex, ring[i + 1 - n], s / (s - t))
            leaving, entering = (x, y, half_width), (x, y, w)
            ahead.append(leaving if s >= 0 else entering)
            behind.append(entering if s >= 0 else leaving)
    if crossings != 2:
        return None
    return _tidy(behind), _tidy(ahead)


def _crossing(a: Vertex, b: Vertex, f: float) -> tuple[float, float]:
    """Return the point `f` of the way from a to b, moved along it to a multiple of `STEP_M` or an end.

    Cuts that reach an edge from its two sides then meet it in one point or well apart, never by millimetres.
    """
    (x0, y0, _), (x1, y1, _) = a, b
    dx, dy = x1 - x0, y1 - y0
    if abs(dx) > abs(dy):
        f = (round((x0 + f * dx) / STEP_M) * STEP_M - x0) / dx
    else:
        f = (round((y0 + f * dy) / STEP_M) * STEP_M - y0) / dy
    reach = STEP_M / hypot(dx, dy)
    if f < reach:
        return x0, y0
    if f > 1 - reach:
        return x1, y1
    return round(x0 + f * dx, 4), round(y0 + f * dy, 4)


def _tidy(ring: Ring) -> Ring:
    """Drop a vertex that repeats the next one (a cut through a vertex)."""
    n = len(ring)
    return [v for i, v in enumerate(ring) if v[:2] != ring[i + 1 - n][:2]]


def cut_share(
    ring: Ring, angle: float, share: float, half_width: float
) -> tuple[Ring, Ring, tuple[Vertex, Vertex]] | None:
    """Cut off `share` of the area by a line whose normal points along `angle` (radians).

    The position is found by false position; parts within 2% of the ring's area of the share are good enough.
    Returns also the two ends of the cut, which become a street.
    """
    nx, ny = cos(angle), sin(angle)
    low, high = span(ring, nx, ny)
    whole = area(ring)
    below, above = 0.0, 1.0
    best: tuple[float, tuple[Ring, Ring]] | None = None
    for _ in range(6):
        f = (share - below) / (above - below)
        c = low + (high - low) * min(0.95, max(0.05, f))
        parts = cut(ring, nx, ny, c, half_width)
        if parts is None:
            c += 0.04 * (high - low)
            parts = cut(ring, nx, ny, c, half_width)
            if parts is None:
                return (
                    _scan(ring, nx, ny, share, half_width)
                    if best is None
                    else _with_ends(best[1], half_width)
                )
        got = area(parts[0]) / whole
        error = abs(got - share)
        if best is None or error < best[0]:
            best = (error, parts)
        if error < 0.02:
            break
        if got < share:
            low, below = c, got
        else:
            high, above = c, got
    if best is None:
        return None
    return _with_ends(best[1], half_width)


def _scan(
    ring: Ring, nx: float, ny: float, share: float, half_width: float
) -> tuple[Ring, Ring, tuple[Vertex, Vertex]] | None:
    """Try lines at many places where the ring is bent, and take the cut nearest to `share`."""
    low, high = span(ring, nx, ny)
    whole = area(ring)
    found = [cut(ring, nx, ny, low + (high - low) * i / 24, half_width) for i in range(1, 24)]
    good = [parts for parts in found if parts is not None]
    if not good:
        return None
    parts = min(good, key=lambda pair: abs(area(pair[0]) / whole - share))
    return _with_ends(parts, half_width)


def _with_ends(parts: tuple[Ring, Ring], half_width: float) -> tuple[Ring, Ring, tuple[Vertex, Vertex]]:
    behind, ahead = parts
    there = {v[:2] for v in ahead}
    shared = [(x, y, half_width) for x, y, _ in behind if (x, y) in there]
    return behind, ahead, (shared[0], shared[-1])


def longest_extent(ring: Ring, angle: float) -> tuple[float, float]:
    """Return the ring's extents in metres along `angle` and across it."""
    u = span(ring, cos(angle), sin(angle))
    v = span(ring, -sin(angle), cos(angle))
    return u[1] - u[0], v[1] - v[0]


def axis_of(ring: Ring) -> float:
    """Return the direction of the ring's longest edge, turned by quarter turns to within ±45° (radians)."""
    n = len(ring)
    length, angle = 0.0, 0.0
    for i in range(n):
        (x, y, _), (x1, y1, _) = ring[i], ring[i + 1 - n]
        d = hypot(x1 - x, y1 - y)
        if d > length:
            length, angle = d, _quarter(x1 - x, y1 - y)
    return angle


def _quarter(dx: float, dy: float) -> float:
    return (atan2(dy, dx) + pi / 4) % (pi / 2) - pi / 4
