"""Plausible Chinese names, each used once where it must tell things apart."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pypinyin import Style, lazy_pinyin

from data.demo.figures import KINDS
from data.demo.words import COMMUNITY_A, COMMUNITY_B, FIRMS_A, FIRMS_B, LUXE_A, LUXE_B, STREETS, WORKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np


class Names:
    """Hands out names; a name given once within a place is not given again there."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.taken: set[tuple[str, str]] = set()
        self.streets = list(STREETS)
        self.communities = [a + b for b in COMMUNITY_B for a in COMMUNITY_A]
        head = self.communities[: 2 * len(COMMUNITY_A)]
        tail = self.communities[2 * len(COMMUNITY_A) :]
        self.communities = [str(n) for n in rng.permutation(head)] + [str(n) for n in rng.permutation(tail)]

    def pick(self, names: Sequence[str]) -> str:
        """Return any of `names`."""
        return names[int(self.rng.integers(len(names)))]

    def once(self, place: str, name: str) -> str:
        """Return `name`, with a number where the place has it already."""
        found, n = name, 1
        while (place, found) in self.taken:
            n += 1
            found = f"{name}{'二三四五六七八九'[n - 2]}期" if n < 10 else f"{name}{n}期"
        self.taken.add((place, found))
        return found

    def compound(self, place: str, kind: int, road: str, community: str) -> str:
        """Return the name of a compound of the kind, on `road`, in the community called `community`."""
        for _ in range(5):
            name = self._compound(kind, road, community)
            if (place, name) not in self.taken:
                break
        return self.once(place, name)

    def _compound(self, kind: int, road: str, community: str) -> str:
        number = int(self.rng.integers(1, 60))
        turn = self.rng.random()
        if KINDS[kind] == "residential":
            return self.pick(LUXE_A) + self.pick(LUXE_B)
        if KINDS[kind] == "work_unit":
            ends = ("宿舍", f"{number % 9 + 1}号院", f"{'一二三四五'[number % 5]}小区", "生活区", "家属院")
            return self.pick(WORKS) + ends[number % 5]
        if KINDS[kind] == "transitional":
            base = community if community.endswith("家") else self.pick(COMMUNITY_A[53:]).rstrip("家") + "家"
            return base + self.pick(("湾还建小区", "村", "湾", "墩新村", "还建楼", "村一组", "大湾"))
        if turn < 0.45:
            return f"{road}{number * 2 + 1}号院"
        if turn < 0.75:
            return f"{community}新村{number % 30 + 1}街坊"
        return community + self.pick(("小区", "里", "村", "巷小区", "南区", "北区", "东区", "西区"))

    def firm(self) -> str:
        """Return a property firm."""
        return "云江" + self.pick(FIRMS_A) + self.pick(FIRMS_B)


@cache
def _letter(character: str) -> str:
    return (
        lazy_pinyin(character, style=Style.FIRST_LETTER)[0][:1].lower()
        if "\u4e00" <= character <= "\u9fff"
        else character.lower()
    )


def initials(names: Iterable[str]) -> list[str]:
    """Return the pinyin initials of each name, in lower case."""
    return ["".join(_letter(character) for character in name) for name in names]
