"""One community from drawn to levelled: clip, settle disputes, relate, level, refuse, and tell what moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.disputes import Dispute, wide_disputes, width_of
from geo.faces import complex_of, polygonal
from geo.ledger import Moves, moves
from geo.levelling import Leaves, Sheet, level
from geo.relate import Meetings, meetings
from geo.walls import edges_within, following_compounds, levelled_grids

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = ("compound", "grid", "micro_grid")
ROUNDING_M2 = 1e-3
ROUNDING_M = 1e-4
CUT = 1e-3
"""Share of an atom from which it counts as cut."""
BROUGHT = 1.0
"""What edges that came to a wall sweep at least, in squares of the tolerance."""
MEET_M2 = 0.2
"""What a micro-grid and a piece of land share at least to meet."""
HOLD = 30.0
"""What an outline counts that moved too far at the first attempt."""
STAYS = 1e6
"""What an outline counts that is frozen."""
NECK_M = 0.5
"""Half the width of a gap between compounds through which open land does not reach."""


@dataclass(frozen=True)
class Task:
    """What is to be solved in one community; positions stand for ids, geometry is in metres.

    Attributes
    ----------
    frame
        The community.
    layers
        Compounds, grids, micro-grids as drawn, whose main community this is.
    frozen
        Per layer, (n,) whether an outline is to stay.
    walled
        (compounds,) whether the outline is a wall.
    atoms, households
        Buildings and the households in them; the latter may be missing (nan).
    tolerance, lead, wide
        See `geo.align.Choices`.
    """

    frame: shapely.Geometry
    layers: tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]
    frozen: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]
    walled: NDArray[np.bool_]
    atoms: NDArray[np.object_]
    households: NDArray[np.float64]
    tolerance: float
    lead: str
    wide: str


class Refusal(NamedTuple):
    """What was not levelled: layer, position, the step taken instead, why, what it needs, and where."""

    layer: int
    feature: int
    step: str
    reason: str
    needed_m: float
    place: shapely.Geometry


@dataclass
class Outcome:
    """The community levelled: per layer (n,) polygons, what moved, and what was refused."""

    layers: list[NDArray[np.object_]]
    moves: Moves
    refusals: list[Refusal] = field(default_factory=list)
    beyond: dict[int, shapely.Geometry] = field(default_factory=dict)
    """What of compounds stays beyond the community, as far as nobody else holds it."""


def solve(task: Task) -> Outcome:
    """Level one community.

    What is refused is left out of the guarantees and listed; everything else keeps them.
    """
    refusals: list[Refusal] = []
    clipped = [_clipped(layer, task.frame) for layer in task.layers]
    outside = _over_the_edge(task, refusals)
    disputes, decided = _disputes(task, clipped, refusals)
    met = _meetings(task, clipped, disputes, refusals)
    sheet = _sheet(task, clipped, disputes, met, np.zeros((0, 2)))
    brought = _moved_before(sheet, clipped, task.tolerance)
    whole = _lies_within(task, clipped, refusals)
    level_already = whole and not brought and not any(decided)
    if level_already and _is_sound(task.frame, _with_disputes(clipped, disputes), met):
        layers = [layer.copy() for layer in task.layers]
    else:
        layers = _levelled(task, clipped, disputes, decided, met, sheet, refusals)
    refusals += _micro_grids_in_dispute(layers[2], disputes[1], refusals)
    shown = [layers[0].copy(), *layers[1:]]
    for k, polygon in outside.items():
        shown[0][k] = shapely.union(shown[0][k], polygon)
    told = moves(task.layers, shown, task.atoms, task.households)
    told = _with_reasons(told, decided, task.frame)
    _refuse_claimants_that_moved(task, layers, told, decided, refusals)
    return Outcome(layers, told, refusals, outside)


def _refuse_claimants_that_moved(
    task: Task,
    layers: list[NDArray[np.object_]],
    told: Moves,
    decided: list[list[Dispute]],
    refusals: list[Refusal],
) -> None:
    """Refuse who claimed a piece, got or lost none of it, and yet moved too far."""
    for n, of_layer in enumerate(decided):
        here = (told.layer == n) & (told.reason == "wide")
        excused = {*told.source[here].tolist(), *told.target[here].tolist()}
        already = _refused(refusals, n, len(task.layers[n]))
        for k in sorted({k for dispute in of_layer for k in dispute.claimants} - excused):
            drawn, now = task.layers[n][k], layers[n][k]
            moved = float(shapely.hausdorff_distance(shapely.boundary(drawn), shapely.boundary(now)))
            if moved > task.tolerance and not already[k]:
                refusals.append(Refusal(n, k, "repaired", "displacement", moved, drawn))


def _micro_grids_in_dispute(
    micro_grids: NDArray[np.object_], disputes: list[Dispute], refusals: list[Refusal]
) -> list[Refusal]:
    """Refuse micro-grids that lie in a piece that two grids claim: they belong to both as long as it does."""
    already = _refused(refusals, 2, len(micro_grids))
    found = []
    for dispute in disputes:
        if not dispute.claimed or not len(micro_grids):
            continue
        common = shapely.area(shapely.intersection(micro_grids, dispute.piece))
        for k in np.flatnonzero((common > MEET_M2) & ~already).tolist():
            already[k] = True
            found.append(Refusal(2, k, "repaired", "wide_overlap", width_of(dispute.piece), dispute.piece))
    return found


def _with_reasons(told: Moves, decided: list[list[Dispute]], frame: shapely.Geometry) -> Moves:
    """Say of each piece that moved why: it decides a dispute, or lay beyond the community."""
    reason = told.reason.copy()
    reason[~shapely.intersects(frame, shapely.point_on_surface(told.piece))] = "cut_back"
    for n, of_layer in enumerate(decided):
        for piece in (dispute.piece for dispute in of_layer):
            rows = np.flatnonzero((told.layer == n) & shapely.intersects(told.piece, piece))
            common = shapely.area(shapely.intersection(told.piece[rows], piece))
            reason[rows[common > 0.5 * shapely.area(piece)]] = "wide"
    return told._replace(reason=reason)


def _levelled(
    task: Task,
    clipped: list[NDArray[np.object_]],
    disputes: list[list[Dispute]],
    decided: list[list[Dispute]],
    met: Meetings,
    sheet: Sheet,
    refusals: list[Refusal],
) -> list[NDArray[np.object_]]:
    """Level, once more where something moved too far, and refuse what still does."""
    layers = _assembled(level(sheet, task.tolerance), task, disputes)
    moved = _displacements(task, layers)
    far = _too_far(task, layers, moved, refusals, decided)
    if any(f.any() for f in far):
        sheet = _sheet(task, clipped, disputes, met, _far_corners(task, layers, far))
        again = _assembled(level(_weighted(sheet, far, HOLD), task.tolerance), task, disputes)
        moved_again = _displacements(task, again)
        far_again = _too_far(task, again, moved_again, refusals, decided)
        if sum(f.sum() for f in far_again) < sum(f.sum() for f in far):
            layers, moved, far = again, moved_again, far_again
    _refuse_what_moved(task, layers, moved, far, refusals)
    return layers


def _clipped(polygons: NDArray[np.object_], frame: shapely.Geometry) -> NDArray[np.object_]:
    """Return what of each polygon lies in the frame, in as many parts as were drawn."""
    result = polygonal(shapely.intersection(polygons, frame))
    inside = shapely.area(polygons) - shapely.area(result) < ROUNDING_M2
    result[inside] = polygons[inside]
    drawn, parts = shapely.get_num_geometries(polygons), shapely.get_num_geometries(result)
    for n in np.flatnonzero(parts > drawn).tolist():
        pieces = shapely.get_parts(result[n])
        kept = pieces[np.argsort(-shapely.area(pieces), kind="stable")[: drawn[n]]]
        result[n] = kept[0] if len(kept) == 1 else shapely.multipolygons(kept)
    return result


def _over_the_edge(task: Task, refusals: list[Refusal]) -> dict[int, shapely.Geometry]:
    """Refuse what lies too far outside the community to be cut back; return it for compounds."""
    kept: dict[int, shapely.Geometry] = {}
    shapely.prepare(task.frame)
    for n, polygons in enumerate(task.layers):
        for k in np.flatnonzero(~shapely.covers(task.frame, polygons)).tolist():
            beyond = shapely.difference(polygons[k], task.frame)
            if beyond.area < ROUNDING_M2:
                continue
            reach = float(shapely.distance(task.frame, shapely.points(shapely.get_coordinates(beyond))).max())
            if reach > task.tolerance:
                refusals.append(Refusal(n, k, "as_drawn", "over_community", reach, beyond))
                if n == 0:
                    kept[k] = beyond
    return kept


def _disputes(
    task: Task, clipped: list[NDArray[np.object_]], refusals: list[Refusal]
) -> tuple[list[list[Dispute]], list[list[Dispute]]]:
    """Take what is disputed out of those who claim it, or give it to one of them.

    Returns
    -------
    tuple
        Per layer what stays in dispute, and what was decided.
    """
    result: list[list[Dispute]] = []
    decided: list[list[Dispute]] = [[], [], []]
    loose = (~task.walled, *(np.zeros(len(polygons), dtype=bool) for polygons in clipped[1:]))
    for n, polygons in enumerate(clipped):
        covers = n > 0 and len(polygons)
        if not len(polygons) or (n and _is_partition(polygons, task.frame)):
            result.append([])
            continue
        open_disputes = []
        for dispute in wide_disputes(polygons, task.frame if covers else None, task.tolerance, loose[n]):
            if task.wide == "longest-border" and _decide(polygons, dispute):
                decided[n].append(dispute)
                continue
            for k in dispute.claimants:
                if dispute.claimed:
                    polygons[k] = shapely.difference(polygons[k], dispute.piece)
            reason = "wide_overlap" if dispute.claimed else "wide_gap"
            refusals += [
                Refusal(n, k, "repaired", reason, width_of(dispute.piece), dispute.piece)
                for k in dispute.claimants
            ]
            open_disputes.append(dispute)
        result.append(open_disputes)
    return result, decided


def _is_partition(polygons: NDArray[np.object_], frame: shapely.Geometry) -> bool:
    return bool(
        abs(shapely.area(polygons).sum() - shapely.area(frame)) < ROUNDING_M2
        and shapely.coverage_is_valid(polygons)
    )


def _decide(polygons: NDArray[np.object_], dispute: Dispute) -> bool:
    """Give a disputed piece to the one with the longest border on it, unless nothing is left of another."""
    rim = shapely.boundary(dispute.piece)
    rest = [shapely.difference(polygons[k], dispute.piece) for k in dispute.claimants]
    if any(shapely.area(r) < MEET_M2 for r in rest):
        return False
    length = [shapely.length(shapely.intersection(shapely.buffer(rim, 0.01), r)) for r in rest]
    winner = int(np.argmax(np.round(length, 3)))
    for n, k in enumerate(dispute.claimants):
        polygons[k] = shapely.union(rest[n], dispute.piece) if n == winner else rest[n]
    return True


def _with_disputes(
    clipped: list[NDArray[np.object_]], disputes: list[list[Dispute]]
) -> list[NDArray[np.object_]]:
    """Return the layers with what is disputed as polygons of their own."""
    return [
        np.append(polygons, np.array([d.piece for d in of_layer], dtype=object))
        for polygons, of_layer in zip(clipped, disputes, strict=True)
    ]


def _meetings(
    task: Task, clipped: list[NDArray[np.object_]], disputes: list[list[Dispute]], refusals: list[Refusal]
) -> Meetings:
    """Return which compounds and grids meet, and refuse the compounds that don't nest."""
    compounds, grids, _ = _with_disputes(clipped, disputes)
    met = meetings(compounds, grids, task.tolerance)
    own = (met.compound < len(clipped[0])) & (met.grid < len(clipped[1]))
    for c in np.unique(met.compound[met.broken & own]).tolist():
        shares = np.sort(met.area[own & (met.compound == c)])[::-1]
        if len(shares) > 1:
            refusals.append(Refusal(0, c, "repaired", "not_nested", float(np.sqrt(shares[1])), compounds[c]))
    return met


def _far_corners(
    task: Task, layers: list[NDArray[np.object_]], far: list[NDArray[np.bool_]]
) -> NDArray[np.float64]:
    """Return (k, 2) vertices, drawn or new, that are further than the tolerance from the other outline."""
    found = [np.zeros((0, 2))]
    for drawn, now, mask in zip(task.layers, layers, far, strict=True):
        for k in np.flatnonzero(mask & ~shapely.is_empty(now)).tolist():
            for one, other in ((drawn[k], now[k]), (now[k], drawn[k])):
                xy = shapely.get_coordinates(one)
                found.append(
                    xy[shapely.distance(shapely.boundary(other), shapely.points(xy)) > task.tolerance]
                )
    return np.concatenate(found)


def _sheet(
    task: Task,
    clipped: list[NDArray[np.object_]],
    disputes: list[list[Dispute]],
    met: Meetings,
    spared: NDArray[np.float64],
) -> Sheet:
    """Return what the solver works on; near `spared` points grid edges don't come to walls."""
    compounds, grids, micro_grids = _with_disputes(clipped, disputes)
    pairs = np.stack([met.compound, met.grid], axis=1)
    edges = edges_within(grids, task.frame)
    follows = np.zeros(len(compounds), dtype=bool)
    if task.lead != "compound":
        own = (~task.walled | (task.lead == "grid")) & ~task.frozen[0]
        follows[: len(own)] = own
        compounds = following_compounds(compounds, grids, edges, pairs, follows, task.tolerance, spared)
    open_land = _open_land(task.frame, compounds, task.tolerance)
    frozen = np.append(task.frozen[1], np.zeros(len(disputes[1]), dtype=bool))
    grids[: len(clipped[1])] = levelled_grids(
        compounds, grids, edges, pairs, open_land, task.tolerance, spared, frozen
    )[: len(clipped[1])]
    outlines = np.concatenate([shapely.boundary(compounds), shapely.boundary(grids)])
    near = shapely.STRtree(task.atoms).query(outlines, predicate="dwithin", distance=task.tolerance)[1]
    lead = {"neither": (1.0, 1.0), "compound": (1.0, 0.01), "grid": (0.01, 1.0)}[task.lead]
    weights = (
        np.full(len(compounds), lead[0]),
        np.full(len(grids), lead[1]),
        np.ones(len(micro_grids)),
    )
    atoms = task.atoms[np.unique(near)]
    layers = (compounds, grids, micro_grids)
    sheet = Sheet(task.frame, layers, weights, pairs, open_land, atoms, _cut(atoms, task.layers))
    if any(f.any() for f in task.frozen):
        sheet = _weighted(sheet, list(task.frozen), STAYS)._replace(exact=True)
    return sheet


def _cut(atoms: NDArray[np.object_], layers: tuple[NDArray[np.object_], ...]) -> NDArray[np.bool_]:
    """Return which atoms an outline as drawn cuts."""
    result = np.zeros(len(atoms), dtype=bool)
    whole = shapely.area(atoms)
    for polygons in layers:
        a, p = shapely.STRtree(shapely.boundary(polygons)).query(atoms, predicate="intersects")
        share = shapely.area(shapely.intersection(atoms[a], polygons[p])) / whole[a]
        result[a[(share > CUT) & (share < 1 - CUT)]] = True
    return result


def _open_land(frame: shapely.Geometry, compounds: NDArray[np.object_], tolerance: float) -> shapely.Geometry:
    """Return what is in no compound on purpose: wider than the tolerance, and what hangs together with it.

    Where compounds tile their community, what lies between them is noise of drawing, and nothing is open.
    """
    rest = shapely.difference(frame, shapely.union_all(compounds))
    core = shapely.get_parts(shapely.buffer(rest, -NECK_M, join_style="mitre"))
    core = core[~shapely.is_empty(shapely.buffer(core, -(tolerance / 2 - NECK_M), quad_segs=2))]
    # a mitred buffer may touch itself
    body = shapely.make_valid(shapely.buffer(shapely.union_all(core), 1.6 * NECK_M, join_style="mitre"))
    return polygonal(shapely.intersection(body, rest))[0]


def _weighted(sheet: Sheet, held: list[NDArray[np.bool_]], by: float) -> Sheet:
    weights = []
    for weight, hold in zip(sheet.weights, held, strict=True):
        more = weight.copy()
        more[: len(hold)][hold] *= by
        weights.append(more)
    return sheet._replace(weights=(weights[0], weights[1], weights[2]))


def _assembled(leaves: Leaves, task: Task, disputes: list[list[Dispute]]) -> list[NDArray[np.object_]]:
    """Return the layers as unions of leaves; a disputed piece stays with all who claim it."""
    result = []
    for n, layer in enumerate(task.layers):
        member = leaves.member[:, n]
        order = np.argsort(member, kind="stable")
        start = np.searchsorted(member[order], np.arange(len(layer) + len(disputes[n]) + 1))
        parts = [leaves.polygon[order[a:b]] for a, b in pairwise(start)]
        for d, dispute in enumerate(disputes[n]):
            if dispute.claimed:
                for k in dispute.claimants:
                    parts[k] = np.concatenate([parts[k], parts[len(layer) + d]])
        polygons = np.empty(len(layer), dtype=object)
        for k in range(len(layer)):
            polygons[k] = shapely.coverage_union_all(parts[k]) if len(parts[k]) else shapely.Polygon()
        result.append(polygons)
    return result


def _displacements(task: Task, layers: list[NDArray[np.object_]]) -> list[NDArray[np.float64]]:
    """Return how far each outline moved, inf where nothing is left of it."""
    result = []
    for drawn, now in zip(task.layers, layers, strict=True):
        moved = shapely.hausdorff_distance(shapely.boundary(drawn), shapely.boundary(now))
        result.append(np.where(np.isnan(moved), np.inf, moved))
    return result


def _refused(refusals: list[Refusal], layer: int, count: int) -> NDArray[np.bool_]:
    result = np.zeros(count, dtype=bool)
    result[[r.feature for r in refusals if r.layer == layer]] = True
    return result


def _too_far(
    task: Task,
    layers: list[NDArray[np.object_]],
    moved: list[NDArray[np.float64]],
    refusals: list[Refusal],
    decided: list[list[Dispute]],
) -> list[NDArray[np.bool_]]:
    """Return what moved further than the tolerance, was lost or came apart, and is not refused yet.

    Where a dispute was decided, those who claimed it may move further.
    """
    result = []
    for n, (drawn, now) in enumerate(zip(task.layers, layers, strict=True)):
        far = moved[n] > task.tolerance
        far[[k for dispute in decided[n] for k in dispute.claimants]] = False
        far |= shapely.is_empty(now)
        far |= shapely.get_num_geometries(now) > shapely.get_num_geometries(drawn)
        result.append(far & ~_refused(refusals, n, len(drawn)))
    return result


def _refuse_what_moved(
    task: Task,
    layers: list[NDArray[np.object_]],
    moved: list[NDArray[np.float64]],
    far: list[NDArray[np.bool_]],
    refusals: list[Refusal],
) -> None:
    for n, drawn in enumerate(task.layers):
        for k in np.flatnonzero(far[n]).tolist():
            refusals.append(Refusal(n, k, "repaired", "displacement", float(moved[n][k]), drawn[k]))
            if shapely.is_empty(layers[n][k]):
                layers[n][k] = drawn[k]


def _lies_within(task: Task, clipped: list[NDArray[np.object_]], refusals: list[Refusal]) -> bool:
    """Return whether nothing but what is refused lies beyond the community."""
    for n, (drawn, now) in enumerate(zip(task.layers, clipped, strict=True)):
        claimed = _refused(refusals, n, len(drawn))
        if (~claimed & (shapely.area(drawn) - shapely.area(now) > ROUNDING_M2)).any():
            return False
    return True


def _moved_before(sheet: Sheet, clipped: list[NDArray[np.object_]], tolerance: float) -> bool:
    """Return whether outlines had to come to walls, or to edges, on a stretch that counts."""
    for n in (0, 1):
        now, drawn = sheet.layers[n][: len(clipped[n])], clipped[n]
        if (np.abs(shapely.area(now) - shapely.area(drawn)) > BROUGHT * tolerance**2).any():
            return True
    return False


def _is_sound(frame: shapely.Geometry, layers: list[NDArray[np.object_]], met: Meetings) -> bool:
    """Return whether nothing has to move: all layers fit, nest and share their vertices."""
    compounds, grids, micro_grids = layers
    for n, polygons in enumerate(layers):
        fits = _is_partition(polygons, frame) if n else shapely.coverage_is_valid(polygons)
        if len(polygons) and not fits:
            return False
    c, g = shapely.STRtree(grids).query(compounds, predicate="intersects")
    known = set(zip(met.compound.tolist(), met.grid.tolist(), strict=True))
    strange = np.array([pair not in known for pair in zip(c.tolist(), g.tolist(), strict=True)], dtype=bool)
    if (shapely.area(shapely.intersection(compounds[c[strange]], grids[g[strange]])) > ROUNDING_M2).any():
        return False
    m, g = shapely.STRtree(grids).query(micro_grids, predicate="intersects")
    common = shapely.area(shapely.intersection(micro_grids[m], grids[g]))
    return bool((np.bincount(m[common > ROUNDING_M2]) <= 1).all()) and _shares_vertices(layers)


def _shares_vertices(layers: list[NDArray[np.object_]]) -> bool:
    """Return whether a vertex of one layer that lies on another's outline is a vertex there too."""
    for one in layers:
        for other in layers:
            if one is other or not len(one) or not len(other):
                continue
            z = np.setdiff1d(
                complex_of(shapely.get_coordinates(one)), complex_of(shapely.get_coordinates(other))
            )
            loose = shapely.points(z.view(np.float64).reshape(-1, 2))
            outlines = shapely.STRtree(shapely.boundary(other))
            if len(outlines.query(loose, predicate="dwithin", distance=ROUNDING_M)[0]):
                return False
    return True
