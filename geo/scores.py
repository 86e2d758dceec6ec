"""Dividing disputed faces: what each leaf scores at a point, and where two score alike."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.faces import complex_of
from geo.walls import edges_within

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.levelling import Sheet

OPEN = -1
STEEP = 20.0
"""By how much distances beyond the tolerance count more."""
JOIN_M = 0.01
"""A crossing this close to a drawn vertex is that vertex."""
FAR_M = 5000.0
NEAR_M = 150.0
"""Leaves further from a batch of faces than this are not asked."""
FEW = 500
"""Up to so many leaves are asked anyhow."""
ON_RIM_M = 1e-4


def both_sides(crossings: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Where open and built land cross one edge at two points, add the parts that hold the other point."""
    crossings = np.unique(crossings, axis=0)
    twice = np.flatnonzero((crossings[1:, :2] == crossings[:-1, :2]).all(axis=1))
    if not len(twice):
        return crossings
    a, b = crossings[twice, 0], crossings[twice, 1]
    x, y = crossings[twice, 2], crossings[twice + 1, 2]
    nearer = np.abs(x - a) < np.abs(y - a)
    first, second = np.where(nearer, x, y), np.where(nearer, y, x)
    more = np.concatenate([np.stack([a, second, first], axis=1), np.stack([first, b, second], axis=1)])
    return np.concatenate([crossings, more])


class Scores:
    """Scores of leaves at points: the sum of signed distances, steeper beyond the tolerance.

    Compound and grid are decided first; a micro-grid only follows, among those of the pair, unless it would
    have to move further than the tolerance.
    """

    def __init__(self, sheet: Sheet, leaves: NDArray[np.int64], tolerance: float) -> None:
        self.leaves = leaves
        self.limit = tolerance - 0.6
        self.reach = tolerance + 6.0
        # on the frame nothing was drawn: it is there for all alike, and says nothing about who is nearer
        self.border = shapely.boundary(sheet.frame)
        self.layers = list(sheet.layers)
        self.weights = list(sheet.weights)
        self.edges = [edges_within(layer, sheet.frame) for layer in sheet.layers]
        for layer in self.layers:
            shapely.prepare(layer)
        self.take(np.arange(len(leaves)), leaves)

    def take(self, which: NDArray[np.int64], members: NDArray[np.int64]) -> None:
        """Take these leaves into account, by the numbers that their members have in `layers`."""
        self.pairs, pair = np.unique(members[:, :2], axis=0, return_inverse=True)
        self.leaf_of = np.full((len(self.pairs), max(1, len(self.layers[2]))), -1)
        self.leaf_of[pair, np.maximum(members[:, 2], 0)] = which
        self.micro_grid = np.full(len(self.leaves), -1)
        self.micro_grid[which] = members[:, 2]

    def near(self, faces: NDArray[np.object_], total: int) -> Scores:
        """Return scores of the leaves near some of a number of faces: far ones can't win there."""
        if len(faces) == total or len(self.leaves) < FEW:
            return self
        x0, y0, x1, y1 = shapely.total_bounds(faces) + np.array([-1, -1, 1, 1]) * NEAR_M
        kept = []
        for layer in self.layers:
            west, south, east, north = shapely.bounds(layer).T if len(layer) else np.zeros((4, 0))
            kept.append((west < x1) & (east > x0) & (south < y1) & (north > y0))
        number = [np.append(np.cumsum(keep) - 1, OPEN) for keep in kept]  # the last stands for none
        held = [np.append(keep, True)[self.leaves[:, n]] for n, keep in enumerate(kept)]
        inside = held[0] & held[1] & held[2]
        which = np.flatnonzero(inside)
        result = copy(self)
        result.layers = [layer[keep] for layer, keep in zip(self.layers, kept, strict=True)]
        result.edges = [edges[keep] for edges, keep in zip(self.edges, kept, strict=True)]
        result.weights = [weight[keep] for weight, keep in zip(self.weights, kept, strict=True)]
        members = np.stack([number[n][self.leaves[which, n]] for n in range(3)], axis=1)
        result.take(which, members)
        return result

    def best(self, xy: NDArray[np.float64], *, open_land: bool) -> Scored:
        """Return the best leaf at (n, 2) points, and the scores that led to it."""
        first = self._pair_scores(xy, self.reach, open_land=open_land)
        lost = np.flatnonzero(first.max(axis=1) <= -self.reach)
        if len(lost):
            first[lost] = self._pair_scores(xy[lost], FAR_M, open_land=open_land)
        if not len(self.layers[2]):
            pair = np.argmax(first, axis=1)
            return Scored(self.leaf_of[pair, 0], pair, first, np.zeros((len(xy), 1)))
        second = self._signed(2, xy, self.reach)
        first += self._held_by_micro_grids(second)
        pair = np.argmax(first, axis=1)
        micro = np.argmax(np.where(self.leaf_of[pair] >= 0, second, -np.inf), axis=1)
        row = np.arange(len(xy))
        lost = np.flatnonzero(second[row, micro] <= -self.reach)
        if len(lost):
            second[lost] = self._signed(2, xy[lost], FAR_M)
            micro[lost] = np.argmax(np.where(self.leaf_of[pair[lost]] >= 0, second[lost], -np.inf), axis=1)
        return Scored(self.leaf_of[pair, micro], pair, first, second)

    def _pair_scores(self, xy: NDArray[np.float64], reach: float, *, open_land: bool) -> NDArray[np.float64]:
        """Return (points, pairs) scores; -inf for pairs of the other land."""
        total = np.zeros((len(xy), len(self.pairs)))
        for n in (1,) if open_land else (0, 1):
            away = self._signed(n, xy, reach)
            away += self._beyond(away)
            away *= self.weights[n]
            total += away[:, self.pairs[:, n]] if away.shape[1] else 0
        total[:, (self.pairs[:, 0] == OPEN) != open_land] = -np.inf
        return total

    def _beyond(self, away: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what distances beyond the tolerance count more."""
        return STEEP * (np.maximum(away - self.limit, 0) + np.minimum(away + self.limit, 0))

    def _held_by_micro_grids(self, away: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (points, pairs) what it counts that a pair's micro-grids would move too far."""
        beyond = self._beyond(away) * self.weights[2]
        held = np.zeros((len(away), len(self.pairs)))
        for k, of_pair in enumerate(self.leaf_of >= 0):
            held[:, k] = beyond[:, of_pair].max(axis=1)
        return held

    def _signed(self, n: int, xy: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
        """Return (points, polygons) distances to outlines, positive inside, at least -reach."""
        result = np.full((len(xy), len(self.edges[n])), -reach)
        box = shapely.bounds(self.layers[n]) + np.array([-reach, -reach, reach, reach])
        points = shapely.points(xy)
        from_west = np.argsort(xy[:, 0], kind="stable")
        x, y = xy[from_west].T
        first = np.searchsorted(x, box[:, 0], side="right").tolist()
        last = np.searchsorted(x, box[:, 2], side="left").tolist()
        on_rim = shapely.dwithin(self.border, points, ON_RIM_M)
        for k, (_, y0, _, y1) in enumerate(box.tolist()):
            strip = slice(first[k], last[k])
            near = from_west[strip][(y[strip] > y0) & (y[strip] < y1)]
            if len(near):
                distance = np.nan_to_num(shapely.distance(self.edges[n][k], points[near]), nan=FAR_M)
                within = shapely.intersects_xy(self.layers[n][k], xy[near, 0], xy[near, 1])
                unsure = np.flatnonzero(on_rim[near] & ~within)
                within[unsure] = shapely.dwithin(self.layers[n][k], points[near[unsure]], ON_RIM_M)
                result[near, k] = np.where(within, distance, np.maximum(-distance, -reach))
        return result


class Scored(NamedTuple):
    """The best leaf and pair at points, with (n, pairs) and (n, micro-grids) scores."""

    leaf: NDArray[np.int64]
    pair: NDArray[np.int64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]


def march(
    faces: NDArray[np.object_], scores: Scores, *, open_land: bool
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.complex128]]:
    """Divide faces by the highest score, taken as linear on triangles between their vertices.

    Returns
    -------
    tuple
        Polygons, their leaves, and the crossings: rows of one end of an edge, its other end, the point
        between.
    """
    flat, face = shapely.get_coordinates(faces, return_index=True)
    z = np.unique(complex_of(flat))
    xy = z.view(np.float64).reshape(-1, 2)
    scored = scores.best(xy, open_land=open_land)
    label = scored.leaf
    corner = label[np.searchsorted(z, complex_of(flat))]
    first = np.searchsorted(face, np.arange(len(faces)))
    mixed = np.zeros(len(faces), dtype=bool)
    np.logical_or.at(mixed, face, corner != corner[first][face])
    polygons, labels = [faces[~mixed]], [corner[first[~mixed]]]
    parts = shapely.get_parts(shapely.constrained_delaunay_triangles(faces[mixed]))
    triangle = np.searchsorted(z, complex_of(shapely.get_coordinates(parts))).reshape(-1, 4)[:, :3]
    mine = label[triangle]
    pure = (mine[:, 0] == mine[:, 1]) & (mine[:, 1] == mine[:, 2])
    polygons.append(parts[pure])
    labels.append(mine[pure, 0])
    crossings: list[NDArray[np.complex128]] = []

    def between(i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float64]:
        i, j = np.minimum(i, j), np.maximum(i, j)
        point = _crossing(i, j, xy, scored, scores.micro_grid)
        row = np.stack([z[i], z[j], complex_of(point)], axis=1)
        crossings.append(row[(row[:, 2] != row[:, 0]) & (row[:, 2] != row[:, 1])])
        return point

    three = (mine[:, 0] != mine[:, 1]) & (mine[:, 1] != mine[:, 2]) & (mine[:, 0] != mine[:, 2])
    two = ~pure & ~three
    odd = np.where(mine[two, 1] == mine[two, 2], 0, np.where(mine[two, 0] == mine[two, 2], 1, 2))
    turn = (odd[:, None] + np.arange(3)) % 3
    p, q, r = np.take_along_axis(triangle[two], turn, axis=1).T
    pq, pr = between(p, q), between(p, r)
    polygons += [
        shapely.polygons(np.stack([xy[p], pq, pr], axis=1)),
        shapely.polygons(np.stack([pq, xy[q], xy[r], pr], axis=1)),
    ]
    labels += [label[p], label[q]]
    p, q, r = triangle[three].T
    sides = [between(i, j) for i, j in ((p, q), (q, r), (r, p))]
    middle = (sides[0] + sides[1] + sides[2]) / 3
    for one, other in ((0, 1), (1, 2), (2, 0)):
        same = (sides[one] == sides[other]).all(axis=1)
        middle[same] = sides[one][same]
    for n, (before, after) in enumerate(((2, 0), (0, 1), (1, 2))):
        corner_of = triangle[three, n]
        polygons.append(
            shapely.polygons(np.stack([xy[corner_of], sides[after], middle, sides[before]], axis=1))
        )
        labels.append(label[corner_of])
    polygon, leaf = np.concatenate(polygons), np.concatenate(labels)
    return polygon, leaf, np.concatenate(crossings)


def _crossing(
    i: NDArray[np.int64],
    j: NDArray[np.int64],
    xy: NDArray[np.float64],
    scored: Scored,
    micro_grid: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return where on the edges i-j the leaves of their ends score alike."""
    a, b = scored.pair[i], scored.pair[j]
    lead_i = scored.first[i, a] - scored.first[i, b]
    lead_j = scored.first[j, b] - scored.first[j, a]
    follow = a == b
    m, k = micro_grid[scored.leaf[i[follow]]], micro_grid[scored.leaf[j[follow]]]
    lead_i[follow] = scored.second[i[follow], m] - scored.second[i[follow], k]
    lead_j[follow] = scored.second[j[follow], k] - scored.second[j[follow], m]
    lead_i, lead_j = np.maximum(lead_i, 0), np.maximum(lead_j, 0)
    both = lead_i + lead_j
    share = np.divide(lead_i, both, out=np.zeros(len(i)), where=both > 0)
    length = np.hypot(*(xy[j] - xy[i]).T)
    point = xy[i] + share[:, None] * (xy[j] - xy[i])
    at_i, at_j = share * length < JOIN_M, (1 - share) * length < JOIN_M
    point[at_j] = xy[j][at_j]
    point[at_i] = xy[i][at_i]
    return point
