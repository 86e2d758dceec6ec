"""Micro-grids proposed anew while they are edited: an operation like the others, to be undone like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.codes import issued, series
from geo.districting import Units, districts_of
from geo.draft import Draft, EditRefused
from geo.edits import Change, MicroGrid
from geo.partition import NONE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Positions = NDArray[np.int64]


def redistricted(
    draft: Draft, chosen: Positions, holder: NDArray[np.object_], *, keep: bool = True, seed: int = 0
) -> Change:
    """Propose micro-grids for some cells, each inside one holder; what is locked stays.

    Parameters
    ----------
    draft
        As it is now.
    chosen
        Cells that are grouped anew.
    holder
        (m,) code of the grid of each cell, None for none: no micro-grid lies in two.
    keep
        Whether the micro-grids that there are stay where they can.
    seed
        The same draft and seed give the same proposal.

    Raises
    ------
    EditRefused
        If all that was chosen is locked, or the proposal is what there is already.
    """
    free = np.array([one not in draft.locked for one in draft.owner], dtype=bool)
    chosen = np.unique(chosen[free[chosen]])
    if not len(chosen):
        raise EditRefused("locked", "All that was chosen is locked; unlock first.", sorted(draft.locked))
    target = draft.owner.copy()
    fresh: list[MicroGrid] = []
    for name in dict.fromkeys(holder[chosen].tolist()):
        mine = chosen[holder[chosen] == name]
        fresh += _grouped(draft, mine, name, target, fresh, keep=keep, seed=seed)
    moves = tuple(
        (int(cell), draft.owner[cell], target[cell]) for cell in chosen if draft.owner[cell] != target[cell]
    )
    if not moves:
        raise EditRefused("nothing", "The micro-grids are what would be proposed; nothing changes.")
    left = set(target.tolist())
    gone = [(draft.grids[one], None) for one in sorted({a for _, a, _ in moves if a} - left)]
    come = [(None, one) for one in fresh if one.id in left]
    return Change("propose", moves, (*gone, *come))


def _grouped(
    draft: Draft,
    mine: Positions,
    name: str | None,
    target: NDArray[np.object_],
    others: list[MicroGrid],
    *,
    keep: bool,
    seed: int,
) -> list[MicroGrid]:
    """Group the cells of one holder into `target`; return the micro-grids that are new."""
    owner = draft.owner[mine]
    known = [one for one in dict.fromkeys(owner.tolist()) if one is not None]
    number = {one: n for n, one in enumerate(known)}
    before = np.array([number.get(one, NONE) for one in owner.tolist()], dtype=np.int64)
    units = _units(draft, mine, before if keep else np.full(len(mine), NONE))
    found = districts_of(units, draft.band, seed)
    parts = [mine[found.of_unit == n] for n in range(len(found.households))]
    names: list[str | None] = [None] * len(parts)
    taken: set[str] = set()
    for n, part in enumerate(parts):
        one = known[found.follows[n]] if keep and found.follows[n] >= 0 else None
        if one is not None and one not in taken and np.isin(draft.cells(one), mine).all():
            names[n] = one
            taken.add(one)
        target[part] = names[n]
    new = [n for n, one in enumerate(names) if one is None]
    polygons = np.array([draft.fabric.outline(parts[n]) for n in new], dtype=object)
    used = draft.used_codes | {one.code for one in [*draft.grids.values(), *others]}
    community = str(draft.fabric.community[mine[0]])
    prefix, length = series(used, community, name)
    codes = issued(polygons, prefix, used, length)
    for n, code in zip(new, codes, strict=True):
        target[parts[n]] = code
    return [MicroGrid(code, code) for code in codes]


def _units(draft: Draft, mine: Positions, before: Positions) -> Units:
    fabric = draft.fabric
    position = {int(cell): n for n, cell in enumerate(mine)}
    rows = [
        (position[cell], position[other], metres)
        for cell in mine.tolist()
        for other, metres in fabric.near[cell].items()
        if cell < other and other in position
    ]
    pairs = np.array(rows, dtype=float).reshape(-1, 3)
    text = fabric.building[mine]
    many = {one: n for n, one in enumerate(dict.fromkeys(text[text != None].tolist()))}  # noqa: E711
    count = np.bincount([many[one] for one in text.tolist() if one is not None], minlength=len(many))
    building = [NONE if one is None or count[many[one]] == 1 else many[one] for one in text.tolist()]
    return Units(
        fabric.households[mine],
        fabric.area_m2[mine],
        fabric.place[mine],
        pairs[:, 0].astype(np.int64),
        pairs[:, 1].astype(np.int64),
        pairs[:, 2],
        fabric.block[mine],
        draft.compound[mine],
        np.array(building, dtype=np.int64),
        before,
        np.zeros(len(mine), dtype=bool),
    )
