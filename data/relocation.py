"""Who walks where when service stations stand elsewhere: a draft's moves against what is in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from data.ground import Ground, ground_of, metres
from data.queries.coverage import COVERED, Walk, WhatIf, compounds, what_if
from data.scope import Scope
from data.store import Store
from geo.walking import reach

WALK = Walk()
"""Stations of any tier, a quarter of an hour at an older person's pace."""
Place = tuple[float, float]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Relocation:
    """Dwellings and compounds of a scope that some station reaches then and none today, and the reverse."""

    gained: int
    lost: int
    gained_compounds: int
    lost_compounds: int


def own_reach(store: Store, scope: Scope, stands: Place, place: Place) -> tuple[WhatIf, WhatIf]:
    """Return what a station reaches from where it stands and would reach from a place."""
    before, after = (what_if(store, scope, WALK, *one) for one in (stands, place))
    return before, after


def relocated(store: Store, scope: Scope, moves: Mapping[int, tuple[Place, Place]]) -> Relocation:
    """Return what changes when stations move, each from where it stands to a place, all at once.

    Only what a moved station reaches, before or after, can change; of that, what no other reaches.

    Parameters
    ----------
    moves
        Longitude and latitude before and after, by the id of the station.

    Raises
    ------
    DataError
        Where the store has nothing that one could walk from or to.
    """
    ground = ground_of(store)
    limit_m = WALK.minutes * WALK.speed_m_per_min
    ends = [shapely.Point(*pair[n]) for n in (0, 1) for pair in moves.values()]
    spots = ground.network.snap(shapely.get_coordinates(metres(ground.crs, ends)))
    reached = reach(ground.network, spots, ground.dwellings, limit_m)
    kept = _others(ground, list(moves), spots.xy, limit_m)
    touched = np.unique(reached.point)
    by_others = reach(
        ground.network, ground.spots["station"].take(kept), ground.dwellings.take(touched), limit_m
    )
    count = len(ground.buildings)
    elsewhere, before, after = (np.zeros(count, dtype=bool) for _n in range(3))
    elsewhere[touched[by_others.point]] = True
    before[reached.point[reached.source < len(moves)]] = True
    after[reached.point[reached.source >= len(moves)]] = True
    return _compared(store, scope, ground, before & ~after & ~elsewhere, after & ~before & ~elsewhere)


def _others(ground: Ground, moved: list[int], xy: npt.NDArray[np.float64], limit_m: float) -> Flags:
    """Return which other stations may reach what one at a place reaches: those within two walks of it."""
    spots = ground.spots["station"]
    away = np.hypot(*(spots.xy[:, None] - xy[None]).transpose(2, 0, 1)).min(axis=1)
    return np.asarray((away <= 2 * limit_m) & ~ground.facilities["station"]["id"].isin(moved))


def _compared(store: Store, scope: Scope, ground: Ground, lost: Flags, gained: Flags) -> Relocation:
    buildings = ground.buildings
    owner, load = buildings["compound"].to_numpy(), buildings["households"].to_numpy()
    change, sums = np.zeros(len(ground.compounds)), [0, 0]
    for n, (which, sign) in enumerate(((gained, 1), (lost, -1))):
        some = np.flatnonzero(which)
        np.add.at(change, owner[some[owner[some] >= 0]], sign * load[some[owner[some] >= 0]])
        seen = [code in scope for code in buildings["area_code"].to_numpy()[some]]
        sums[n] = int(load[some][np.array(seen, dtype=bool)].sum())
    frame = compounds(store, scope, WALK)
    share = frame["covered_share"].to_numpy(dtype=float)
    at = pd.Index(ground.compounds["id"]).get_indexer(frame["id"])
    then = share + change[at] / frame["dwellings"].to_numpy()
    was, will = (one >= COVERED - 1e-9 for one in (share, then))
    return Relocation(sums[0], sums[1], int((will & ~was).sum()), int((was & ~will).sum()))
