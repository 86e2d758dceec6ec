"""What an edit of a draft is: plain data that can be applied, reversed and stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class MicroGrid:
    """What a micro-grid is called."""

    id: str
    code: str
    name: str = ""

    def data(self) -> list[str]:
        """Return it as plain data."""
        return [self.id, self.code, self.name]


@dataclass(frozen=True)
class Siting:
    """A service station tried at another place than it has.

    Attributes
    ----------
    stood, stands
        Where it was when it was first moved, and where it is tried: longitude and latitude, which come from
        the store and go back to it as they are; nothing here computes with them.
    """

    station: str
    stood: tuple[float, float]
    stands: tuple[float, float]

    def data(self) -> list[Any]:
        """Return it as plain data."""
        return [self.station, list(self.stood), list(self.stands)]

    @classmethod
    def read(cls, data: list[Any]) -> Siting:
        """Return it from plain data."""
        station, (a, b), (x, y) = data
        return cls(station, (a, b), (x, y))


class Change(NamedTuple):
    """One edit: which cells went from where to where, and which micro-grids came, went or were renamed.

    Attributes
    ----------
    kind
        move, split, merge, take, rename, recode; return, where a file was edited elsewhere; site; enclose.
    moves
        Cell, the id that it left, the id that it joined; None for none.
    grids
        Before and after; None before it came and after it went.
    sites
        Stations before and after; None for one that stands where it is in force.
    estates
        Cell, the compound that it left, the compound that it joined; None for open land.
    """

    kind: str
    moves: tuple[tuple[int, str | None, str | None], ...]
    grids: tuple[tuple[MicroGrid | None, MicroGrid | None], ...] = ()
    sites: tuple[tuple[Siting | None, Siting | None], ...] = ()
    estates: tuple[tuple[int, str | None, str | None], ...] = ()

    def reversed(self) -> Change:
        """Return the change that undoes this one."""
        moves = tuple((cell, after, before) for cell, before, after in self.moves)
        grids = tuple((after, before) for before, after in self.grids)
        sites = tuple((after, before) for before, after in self.sites)
        estates = tuple((cell, after, before) for cell, before, after in self.estates)
        return Change(self.kind, moves, grids, sites, estates)

    def touched(self) -> set[str]:
        """Return the ids of all micro-grids concerned; stations and compounds are none of them."""
        ids = {one for _, before, after in self.moves for one in (before, after) if one is not None}
        return ids | {one.id for pair in self.grids for one in pair if one is not None}

    def data(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        grids = [[None if one is None else one.data() for one in pair] for pair in self.grids]
        sites = [[None if one is None else one.data() for one in pair] for pair in self.sites]
        moves = [list(move) for move in self.moves]
        rest = {"sites": sites, "estates": [list(one) for one in self.estates]}
        plain = {"kind": self.kind, "moves": moves, "grids": grids}
        return plain | {name: some for name, some in rest.items() if some}

    @classmethod
    def read(cls, data: dict[str, Any]) -> Change:
        """Return the change from plain data."""
        pairs = [[None if one is None else MicroGrid(*one) for one in pair] for pair in data["grids"]]
        sited = [
            [None if one is None else Siting.read(one) for one in pair] for pair in data.get("sites", ())
        ]
        moves = tuple((int(cell), before, after) for cell, before, after in data["moves"])
        grids = tuple((before, after) for before, after in pairs)
        sites = tuple((before, after) for before, after in sited)
        estates = tuple((int(cell), before, after) for cell, before, after in data.get("estates", ()))
        return cls(data["kind"], moves, grids, sites, estates)
