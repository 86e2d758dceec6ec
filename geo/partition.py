"""Units of a graph to connected, compact districts whose load lies in a band.

First each block is halved again and again along the best of several sweeps; then pairs and triples of
neighbouring districts are parted anew wherever that brings more of them into the band, shortens their
borders or keeps more of what was. A sweep grows from one end of the land, so one side of every cut is
connected; the other is checked.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field
from itertools import combinations, islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Part = list[int]

OUT = 1000.0
"""Cost of a district outside the band; its distance from the band costs as much per smallest load."""
SPAN_BLOCK, SPAN_COMPOUND = 40.0, 60.0
"""Cost of a block or a compound more in one district."""
MOVED = 3.0
"""Cost of a household that leaves its existing district."""
BORDER = 10.0
"""Cost of a border as long as a district is wide."""
UNEVEN = 4.0
AXES = 4
"""Directions in which land is swept, from both ends."""
CANDIDATES, BREADTH = 12, 4
"""Cuts that are looked at, and of them those that are followed where a district is to be mended."""
NONE = -1


class Band(NamedTuple):
    """Least and most load of a district."""

    least: float
    most: float

    def holds(self, load: float) -> bool:
        """Tell whether a load lies in the band."""
        return self.least <= load <= self.most

    def counts(self, load: float) -> range:
        """Return the numbers of districts into which a load could be divided."""
        return range(max(1, math.ceil(load / self.most)), math.floor(load / self.least) + 1)

    def away(self, load: float, count: int = 1) -> float:
        """Return how far a load is from what a number of districts may hold."""
        return max(count * self.least - load, load - count * self.most, 0.0)


@dataclass
class Graph:
    """Units and how they lie beside each other.

    Attributes
    ----------
    load
        Households of each unit.
    near
        For each unit its neighbours and the length of the common border in metres.
    place
        (x, y) of each unit.
    block, compound
        Where each unit lies; units of several blocks are parted first.
    before
        Existing district of each unit, -1 for none.
    width
        What a border is measured against: the usual width of a district, in metres.
    """

    load: list[float]
    near: list[dict[int, float]]
    place: list[tuple[float, float]]
    block: list[int]
    compound: list[int]
    before: list[int]
    width: float
    band: Band
    lived: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.lived = [int(load > 0) for load in self.load]

    # --- connectedness ---

    def parts(self, units: Iterable[int]) -> list[Part]:
        """Return the connected parts of some units."""
        left = set(units)
        return [self._reach(unit, left) for unit in sorted(left) if unit in left]

    def _reach(self, start: int, left: set[int]) -> Part:
        """Take what is connected to a unit out of a set."""
        left.discard(start)
        reached, at = [start], 0
        while at < len(reached):
            for other in self.near[reached[at]]:
                if other in left:
                    left.discard(other)
                    reached.append(other)
            at += 1
        return reached

    # --- what a division costs ---

    def out(self, load: float, lived: int) -> float:
        """Return what it costs that a load lies outside the band; a lone unit above it can't help it."""
        away = self.band.away(load)
        if away == 0 or (lived <= 1 and load > self.band.most):
            return 0.0
        return OUT + OUT * away / self.band.least

    def out_of(self, part: Part) -> float:
        """Return what it costs that a part lies outside the band."""
        return self.out(sum(self.load[u] for u in part), sum(self.lived[u] for u in part))

    def cost(self, parts: list[Part]) -> float:
        """Return the cost of dividing some units so."""
        of = {unit: n for n, part in enumerate(parts) for unit in part}
        total = 0.0
        for n, part in enumerate(parts):
            load = sum(self.load[u] for u in part)
            total += self.out(load, sum(self.lived[u] for u in part)) + self._uneven(load)
            total += self._span(part)
            border = sum(w for u in part for v, w in self.near[u].items() if of.get(v, n) != n)
            total += border / 2 * BORDER / self.width
        return total + MOVED * self._moved(parts)

    def _uneven(self, load: float) -> float:
        middle = (self.band.least + self.band.most) / 2
        away = 2 * (load - middle) / (self.band.most - self.band.least + 1e-9)
        return UNEVEN * away * away

    def _span(self, part: Part) -> float:
        blocks = len({self.block[u] for u in part})
        if blocks == 1:
            return 0.0
        compounds = len({self.compound[u] for u in part})
        return SPAN_BLOCK * (blocks - 1) + (SPAN_COMPOUND - SPAN_BLOCK) * (compounds - 1)

    def _moved(self, parts: list[Part]) -> float:
        """Return the households that are not in the part that follows their existing district."""
        shares: dict[tuple[int, int], float] = {}
        for n, part in enumerate(parts):
            for unit in part:
                if self.before[unit] >= 0:
                    key = (self.before[unit], n)
                    shares[key] = shares.get(key, 0.0) + self.load[unit]
        if not shares:
            return 0.0
        kept, old, new = 0.0, set(), set()
        for (before, n), load in sorted(shares.items(), key=lambda one: (-one[1], one[0])):
            if before not in old and n not in new:
                kept += load
                old.add(before)
                new.add(n)
        return sum(shares.values()) - kept

    # --- cutting in two ---

    def halves(self, units: Part, first: int, second: int, axes: int = AXES) -> Iterator[tuple[Part, Part]]:
        """Yield cuts of units in two connected parts, for a number of districts each, the best first."""
        inside = set(units)
        found: list[tuple[float, int, int, Part]] = []
        for turn, order in enumerate(self._sweeps(units, inside, axes)):
            if len(order) < len(units):  # they do not hang together
                return
            border = self._borders(order, inside)
            missed = self._missed(order, first, second)
            if first != second:
                missed = [min(pair) for pair in zip(missed, self._missed(order, second, first), strict=True)]
            scored = [(m + b, turn, at, order) for at, (m, b) in enumerate(zip(missed, border, strict=True))]
            found += heapq.nsmallest(3, scored, key=_rank)
        found.sort(key=_rank)
        for _, _, at, order in found[:CANDIDATES]:
            rest = set(order[at + 1 :])
            tail = self._reach(order[at + 1], rest)
            if not rest:
                yield order[: at + 1], tail

    def _missed(self, order: Part, first: int, second: int) -> list[float]:
        """Return, for each cut of an order, what its sides miss of a number of districts each."""
        load, lived = self.load, self.lived
        whole, all_lived = sum(load[u] for u in order), sum(lived[u] for u in order)
        have, live = 0.0, 0
        found = []
        for unit in order[:-1]:
            have += load[unit]
            live += lived[unit]
            found.append(self._miss(have, live, first) + self._miss(whole - have, all_lived - live, second))
        return found

    def _miss(self, load: float, lived: int, count: int) -> float:
        least, most = self.band
        if count * least <= load <= count * most:
            return self._uneven(load) if count == 1 else 0.0
        if count == 1 and lived <= 1 and load > most:
            return self._uneven(load)
        away = count * least - load if load < count * least else load - count * most
        return OUT + OUT * away / least + (self._uneven(load) if count == 1 else 0.0)

    def _borders(self, order: Part, inside: set[int]) -> list[float]:
        """Return, for each cut of an order, what its border costs and the blocks that both sides span."""
        taken: set[int] = set()
        rate, border = BORDER / self.width, 0.0
        found = []
        for unit in order[:-1]:
            for other, length in self.near[unit].items():
                if other in taken:
                    border -= length
                elif other in inside:
                    border += length
            taken.add(unit)
            found.append(border * rate)
        left: dict[int, int] = {}
        for unit in order:
            left[self.block[unit]] = left.get(self.block[unit], 0) + 1
        if len(left) == 1:
            return found
        begun: set[int] = set()
        spread = len(left)
        for at, unit in enumerate(order[:-1]):
            block = self.block[unit]
            begun.add(block)
            left[block] -= 1
            spread -= left[block] == 0
            found[at] += SPAN_BLOCK * (len(begun) + spread - 2)
        return found

    def _sweeps(self, units: Part, inside: set[int], axes: int) -> Iterator[Part]:
        """Yield orders in which units can be added so that they stay connected, from several sides."""
        for n in range(axes):
            angle = math.pi * (n + 0.25) / axes
            c, s = math.cos(angle), math.sin(angle)
            key = {u: self.place[u][0] * c + self.place[u][1] * s for u in units}
            yield self._grown(key, inside, 1.0)
            yield self._grown(key, inside, -1.0)

    def _grown(self, key: dict[int, float], inside: set[int], sign: float) -> Part:
        start = min(key, key=lambda u: (sign * key[u], u))
        heap = [(sign * key[start], start)]
        seen, order = {start}, []
        while heap:
            _, unit = heapq.heappop(heap)
            order.append(unit)
            for other in self.near[unit]:
                if other in inside and other not in seen:
                    seen.add(other)
                    heapq.heappush(heap, (sign * key[other], other))
        return order

    # --- dividing ---

    def divided(self, units: Part, count: int, breadth: int = 1, axes: int = AXES) -> list[Part]:
        """Divide connected units into a number of connected parts, or as many as can be.

        The best of the first cuts stands: as many as `breadth`, fewer further down.
        """
        if count == 1 or len(units) == 1:
            return [units]
        best, cost = [units], math.inf
        first, second = count // 2, count - count // 2
        for cut in islice(self.halves(units, first, second, axes), breadth):
            loads = [sum(self.load[u] for u in side) for side in cut]
            here, there = min(
                ((first, second), (second, first)),
                key=lambda o: sum(self.band.away(x, n) for x, n in zip(loads, o, strict=True)),
            )
            narrower = max(1, breadth - 1)
            parts = self.divided(cut[0], here, narrower, axes) + self.divided(cut[1], there, narrower, axes)
            new = sum(self.out_of(part) for part in parts)
            if new < cost:
                best, cost = parts, new
            if cost == 0:
                break
        return best

    def planned(self, units: Part, spread: int = 1) -> list[Part]:
        """Divide connected units into as many parts as cost least."""
        load = sum(self.load[u] for u in units)
        middle = (self.band.least + self.band.most) / 2
        best, cost = [units], self.cost([units])
        usual = max(1, round(load / middle))
        wanted = sorted(
            {*range(usual - spread, usual + spread + 1)}, key=lambda n: (abs(n - load / middle), n)
        )
        possible = self.band.counts(load)
        for count in [n for n in wanted if n in possible] + [n for n in wanted if n not in possible]:
            if count < 1 or (count == 1 and len(best) == 1) or len(units) < count:
                continue
            if count not in possible and cost < OUT:
                break
            parts = self.improved(self.divided(units, count))
            new = self.cost(parts)
            if new < cost:
                best, cost = parts, new
            if cost < OUT:
                break
        return best

    def improved(self, parts: list[Part], rounds: int = 2) -> list[Part]:
        """Part each pair of neighbours anew where that costs less."""
        parts = list(parts)
        for _ in range(rounds):
            changed = False
            for a, b in self._pairs(parts):
                before = self.cost([parts[a], parts[b]])
                for cut in islice(self.halves(parts[a] + parts[b], 1, 1), 1):
                    if self.cost(list(cut)) < before - 1e-6:
                        parts[a], parts[b] = cut
                        changed = True
            if not changed:
                break
        return parts

    def _pairs(self, parts: list[Part]) -> list[tuple[int, int]]:
        of = {unit: n for n, part in enumerate(parts) for unit in part}
        pairs = {(n, of[v]) for u, n in of.items() for v in self.near[u] if of.get(v, n) > n}
        return sorted(pairs)

    # --- mending ---

    def mended(self, parts: list[Part], rounds: int = 3) -> list[Part]:
        """Bring districts outside the band into it together with one or two neighbours."""
        districts: dict[int, Part] = dict(enumerate(parts))
        of = {unit: n for n, part in districts.items() for unit in part}
        for _ in range(rounds):
            wrong = [n for n, part in districts.items() if self.out_of(part) > 0]
            changed = False
            for n in wrong:
                if n in districts and self.out_of(districts[n]) > 0:
                    changed |= self._mend(n, districts, of)
            if not changed:
                break
        return [districts[n] for n in sorted(districts)]

    def _mend(self, one: int, districts: dict[int, Part], of: dict[int, int]) -> bool:
        near = self._neighbours(one, districts, of)
        if self._best_of([(one, n) for n in near], districts, of):
            return True
        second = {n: self._neighbours(n, districts, of) for n in near}
        triples = {(one, *sorted(pair)) for pair in combinations(near, 2)}
        triples |= {(one, *sorted((a, b))) for a in near for b in second[a] if b != one}
        return self._best_of(sorted(triples)[:60], districts, of)

    def _neighbours(self, one: int, districts: dict[int, Part], of: dict[int, int]) -> list[int]:
        border: dict[int, float] = {}
        for unit in districts[one]:
            for other, length in self.near[unit].items():
                there = of.get(other, one)
                if there != one:
                    border[there] = border.get(there, 0.0) + length
        return sorted(border, key=lambda n: (-border[n], n))

    def _best_of(self, groups: list[tuple[int, ...]], districts: dict[int, Part], of: dict[int, int]) -> bool:
        gain, chosen = 1e-6, None
        settled = not any(unit >= 0 for unit in self.before)  # nothing to keep: the first that fits will do
        for group in groups:
            if settled and gain >= OUT and chosen and not any(self.out_of(part) for part in chosen[1]):
                break
            old = [districts[n] for n in group]
            before = self.cost(old)
            units = [u for part in old for u in part]
            for parts in self._replanned(units, len(group)):
                new = before - self.cost(parts)
                if new > gain:
                    gain, chosen = new, (group, parts)
        if chosen is None:
            return False
        group, parts = chosen
        fresh = max(districts) + 1
        for n in group:
            del districts[n]
        for n, part in enumerate(parts):
            districts[fresh + n] = part
            for unit in part:
                of[unit] = fresh + n
        return True

    def _replanned(self, units: Part, count: int) -> Iterator[list[Part]]:
        load = sum(self.load[u] for u in units)
        possible = self.band.counts(load)
        for wanted in range(max(1, count - 1), count + 2):
            if wanted in possible or wanted == count or not len(possible):
                yield self.divided(units, wanted, BREADTH, 2 * AXES)


def _rank(scored: tuple[float, int, int, Part]) -> tuple[float, int, int]:
    return scored[:3]


def shuffled(count: int, seed: int) -> list[int]:
    """Return an order of its own for each seed; 0 keeps the order."""
    order = list(range(count))
    if seed:
        random.Random(seed).shuffle(order)  # noqa: S311  (a choice among equals, no secret)
    return order
