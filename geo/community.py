"""One community from drawn to levelled: clip, settle disputes, relate, level, refuse, and tell what moved."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from geo.clipping import clipped, over_the_edge
from geo.disputes import Dispute, settled, width_of, with_disputes
from geo.errors import Unsound
from geo.faces import polygonal
from geo.ledger import Moves, moves
from geo.levelling import Leaves, Sheet, level
from geo.promises import fits, kept
from geo.refusals import Refusal, refused
from geo.relate import Meetings, meetings
from geo.walls import edges_within, following_compounds, levelled_grids

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYERS = ("compound", "grid", "micro_grid")
ROUNDING_M2 = 1e-3
CUT = 1e-3
"""Share of an atom from which it counts as cut."""
MEET_M2 = 0.2
"""What a micro-grid and a piece of land share at least to meet."""
HOLD = 30.0
"""What an outline counts that moved too far at the first attempt."""
STAYS = 1e6
"""What an outline counts that is frozen."""
PASSES = 2
MENDABLE = {"displacement", "not_nested", "not_levelled", "atom", "coverage"}
"""Reasons of refusals that another pass may do away with."""
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


@dataclass
class Outcome:
    """The community levelled: per layer (n,) polygons, what moved, and what was refused."""

    layers: list[NDArray[np.object_]]
    moves: Moves
    refusals: list[Refusal] = field(default_factory=list)
    beyond: dict[int, shapely.Geometry] = field(default_factory=dict)
    """What of compounds stays beyond the community, as far as nobody else holds it."""
    failure: str = ""
    """Why nothing could be levelled."""


def attempt(task: Task) -> Outcome:
    """Level one community, or leave it as drawn and say why: others are not to suffer."""
    try:
        return solve(task)
    except (shapely.GEOSException, Unsound, ValueError, IndexError) as error:
        return left_as_drawn(task, f"{type(error).__name__}: {error}")


def solve(task: Task) -> Outcome:
    """Level one community, and once more what that leaves refused, as long as this helps.

    What is refused is left out of the guarantees and listed; everything else keeps them.

    Raises
    ------
    Unsound
        Where no refusal of single features makes the result keep its promises.
    """
    outside, beyond = over_the_edge(task.layers, task.frame, task.tolerance)
    made = _made(task, beyond)
    for _ in range(PASSES):
        if not MENDABLE & {refusal.reason for refusal in made.refusals}:
            break
        again = _again(task, made)
        if again is None or _count(again.refusals) > _count(made.refusals):
            break
        made = again
    told = _told(task, made.layers, outside, made.decided)
    refusals = made.refusals + _claimants_that_moved(task, made, told)
    return Outcome(made.layers, told, refusals, outside)


class _Made(NamedTuple):
    """What one pass makes of a community: layers, refusals, and the disputes that it decided."""

    layers: list[NDArray[np.object_]]
    refusals: list[Refusal]
    decided: list[list[Dispute]]
    moved: bool


def _made(task: Task, beyond: list[Refusal]) -> _Made:
    """Level once; what fits already only moves where fewer features are refused for it."""
    refusals = list(beyond)
    inside = [clipped(layer, task.frame) for layer in task.layers]
    drawn = [layer.copy() for layer in inside]
    disputes, decided, claims = settled(inside, task.frame, task.walled, task.tolerance, task.wide)
    refusals += claims
    stays = None
    fit = not any(decided) and _whole(task, inside, refusals)
    if fit and fits(task.frame, with_disputes(inside, disputes)):
        stays = _Made(drawn, _verified(task, drawn, disputes, refusals), decided, moved=False)
        if _count(stays.refusals) == _count(refusals):
            return stays
    met = _meetings(task, inside, disputes, refusals)
    sheet = _sheet(task, inside, disputes, met, np.zeros((0, 2)))
    layers = _levelled(task, inside, disputes, decided, met, sheet, refusals)
    refusals = _verified(task, layers, disputes, refusals)
    if stays and _count(stays.refusals) <= _count(refusals):
        return stays
    return _Made(layers, refusals, decided, moved=True)


def _whole(task: Task, inside: list[NDArray[np.object_]], refusals: list[Refusal]) -> bool:
    """Return whether nothing but what is refused was cut off at the community's edge."""
    for n, (drawn, kept_inside) in enumerate(zip(task.layers, inside, strict=True)):
        cut_back = shapely.area(drawn) - shapely.area(kept_inside) > ROUNDING_M2
        if (cut_back & ~refused(refusals, n, len(drawn))).any():
            return False
    return True


def _verified(
    task: Task,
    layers: list[NDArray[np.object_]],
    disputes: list[list[Dispute]],
    refusals: list[Refusal],
) -> list[Refusal]:
    """Return refusals, and those of whatever else breaks a promise."""
    found = refusals + _micro_grids_in_dispute(layers[2], disputes[1], refusals)
    return found + kept(task.frame, task.layers, layers, task.atoms, task.tolerance, found)


def _again(task: Task, made: _Made) -> _Made | None:
    """Level what a pass made once more; None where nothing moves. Displacement counts from what was drawn."""
    compounds, grids, micro_grids = made.layers
    again = _made(replace(task, layers=(compounds, grids, micro_grids)), [])
    if not again.moved:
        return None
    standing = [r for r in made.refusals if r.reason not in MENDABLE]
    told = {(r.layer, r.feature) for r in standing}
    # what stands already is not told twice; what only disputes now did not fit the first time
    refusals = standing + [
        r for r in again.refusals if r.reason in MENDABLE or (r.layer, r.feature) not in told
    ]
    moved = _displacements(task, again.layers)
    far = _too_far(task, again.layers, moved, refusals, made.decided)
    _refuse_what_moved(task, again.layers, moved, far, refusals)
    return again._replace(refusals=refusals, decided=made.decided)


def _count(refusals: list[Refusal]) -> int:
    """Return how many features are refused."""
    return len({(refusal.layer, refusal.feature) for refusal in refusals})


def left_as_drawn(task: Task, failure: str) -> Outcome:
    """Refuse everything; only what lies in another community is cut off, since that is solved by itself."""
    outside, _ = over_the_edge(task.layers, task.frame, task.tolerance)
    layers = [clipped(layer, task.frame) for layer in task.layers]
    told = _told(task, layers, outside, [[], [], []])
    refusals = [
        Refusal(n, k, "as_drawn", "failed", np.nan, polygon)
        for n, of_layer in enumerate(task.layers)
        for k, polygon in enumerate(of_layer)
    ]
    return Outcome(layers, told, refusals, outside, failure)


def _told(
    task: Task,
    layers: list[NDArray[np.object_]],
    outside: dict[int, shapely.Geometry],
    decided: list[list[Dispute]],
) -> Moves:
    """Return the ledger, which also knows what compounds keep beyond the community."""
    shown = [layers[0].copy(), *layers[1:]]
    for k, polygon in outside.items():
        shown[0][k] = shapely.union(shown[0][k], polygon)
    told = moves(task.layers, shown, task.atoms, task.households)
    return _with_reasons(told, decided, task.frame)


def _claimants_that_moved(task: Task, made: _Made, told: Moves) -> list[Refusal]:
    """Refuse who claimed a piece, got or lost none of it, and yet moved too far."""
    found = []
    for n, of_layer in enumerate(made.decided):
        here = (told.layer == n) & (told.reason == "wide")
        excused = {*told.source[here].tolist(), *told.target[here].tolist()}
        already = refused(made.refusals, n, len(task.layers[n]))
        for k in sorted({k for dispute in of_layer for k in dispute.claimants} - excused):
            drawn, now = task.layers[n][k], made.layers[n][k]
            moved = float(shapely.hausdorff_distance(shapely.boundary(drawn), shapely.boundary(now)))
            if moved > task.tolerance and not already[k]:
                found.append(Refusal(n, k, "repaired", "displacement", moved, drawn))
    return found


def _micro_grids_in_dispute(
    micro_grids: NDArray[np.object_], disputes: list[Dispute], refusals: list[Refusal]
) -> list[Refusal]:
    """Refuse micro-grids that lie in a piece that two grids claim: they belong to both as long as it does."""
    already = refused(refusals, 2, len(micro_grids))
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
    inside: list[NDArray[np.object_]],
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
        sheet = _sheet(task, inside, disputes, met, _far_corners(task, layers, far))
        again = _assembled(level(_weighted(sheet, far, HOLD), task.tolerance), task, disputes)
        moved_again = _displacements(task, again)
        far_again = _too_far(task, again, moved_again, refusals, decided)
        if sum(f.sum() for f in far_again) < sum(f.sum() for f in far):
            layers, moved, far = again, moved_again, far_again
    _refuse_what_moved(task, layers, moved, far, refusals)
    return layers


def _meetings(
    task: Task, inside: list[NDArray[np.object_]], disputes: list[list[Dispute]], refusals: list[Refusal]
) -> Meetings:
    """Return which compounds and grids meet, and refuse the compounds that don't nest."""
    compounds, grids, _ = with_disputes(inside, disputes)
    met = meetings(compounds, grids, task.tolerance)
    own = (met.compound < len(inside[0])) & (met.grid < len(inside[1]))
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
    inside: list[NDArray[np.object_]],
    disputes: list[list[Dispute]],
    met: Meetings,
    spared: NDArray[np.float64],
) -> Sheet:
    """Return what the solver works on; near `spared` points grid edges don't come to walls."""
    compounds, grids, micro_grids = with_disputes(inside, disputes)
    pairs = np.stack([met.compound, met.grid], axis=1)
    edges = edges_within(grids, task.frame)
    follows = np.zeros(len(compounds), dtype=bool)
    if task.lead != "compound":
        own = (~task.walled | (task.lead == "grid")) & ~task.frozen[0]
        follows[: len(own)] = own
        compounds = following_compounds(compounds, grids, edges, pairs, follows, task.tolerance, spared)
    open_land = _open_land(task.frame, compounds, task.tolerance)
    frozen = np.append(task.frozen[1], np.zeros(len(disputes[1]), dtype=bool))
    grids[: len(inside[1])] = levelled_grids(
        compounds, grids, edges, pairs, open_land, task.tolerance, spared, frozen
    )[: len(inside[1])]
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
        result.append(far & ~refused(refusals, n, len(drawn)))
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
