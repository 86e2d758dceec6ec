"""Which counts of people may be shown, so that no small one can be worked out from the others.

The areas are a tree. What is shown of it are sums over sets of people that lie in one another or apart, so
all that can be worked out from them is: of each shown area, its count less those of the shown areas right
below it. That is the count of its *hidden part*. So it is enough that every hidden part is large, and that no
hidden area is a sum of whole hidden parts: then its indicator is not in the row space of what is shown.

Several columns (periods, classes, their totals) are shown or hidden together, row by row. What is shown is
then (shown areas) x (columns), whose row space is the product of the two: whatever the columns add up to, a
hidden area stays as hidden as in a single column.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from geo.errors import GeoError

Counts = npt.NDArray[np.int64]
K = 10
"""Below this a count of people is not shown."""


@dataclass(frozen=True)
class Suppression:
    """What is hidden.

    Attributes
    ----------
    hidden
        Shape (n,): which areas are.
    primary
        Shape (n,): which of them for their own small count; the others for the sake of these. Never to be
        published itself.
    remainder
        Shape (n, m): people known for an area and for none below it.
    remainder_hidden
        Shape (n,): which remainders are hidden.
    """

    hidden: npt.NDArray[np.bool_]
    primary: npt.NDArray[np.bool_]
    remainder: Counts
    remainder_hidden: npt.NDArray[np.bool_]


@dataclass
class _Tree:
    count: Counts
    children: list[list[int]]
    hidden: npt.NDArray[np.bool_]
    open: Counts = field(init=False)
    """People of a hidden area who are in no shown area below it."""

    def __post_init__(self) -> None:
        self.open = np.where(self.hidden[:, None], self.count, 0)

    def size(self, node: int) -> tuple[int, int]:
        return int(self.count[node].sum()), node

    def hide(self, node: int) -> None:
        """Hide an area, and below it as much as keeps it from being the sum of what is shown."""
        self.hidden[node] = True
        below = self.children[node]
        if not below:
            self.open[node] = self.count[node]
            return
        if not any(self.hidden[one] for one in below):
            self.hide(min(below, key=self.size))
        self.open[node] = sum(
            (self.open[one] for one in below if self.hidden[one]), np.zeros_like(self.open[0])
        )


def suppress(counts: npt.ArrayLike, parent: npt.ArrayLike, k: int = K) -> Suppression:
    """Choose what to hide: each count below `k` in any column, and what would give it away.

    Parameters
    ----------
    counts
        Shape (n,) or (n, m): people by area, and by period or class; for all areas of the city.
    parent
        Shape (n,): position of the area above; -1 at the top.
    k
        Smallest count to be shown. A zero is hidden too.

    Returns
    -------
    Suppression
        The same for all columns. The hidden part of every shown area holds at least `k` people in every
        column and spans two areas below it or more.

    Raises
    ------
    GeoError
        Where the areas below one add up to more than it, or the tree has a ring.

    References
    ----------
    The principle of primary and complementary suppression: L. Willenborg and T. de Waal (2001), Elements of
    Statistical Disclosure Control, Springer, chapter 6.
    """
    count = np.asarray(counts)
    count = (count[:, None] if count.ndim == 1 else count).astype(np.int64)
    above = np.asarray(parent, dtype=np.int64)
    n = len(count)
    if (count < 0).any():
        raise GeoError(f"a count of {int(count.min())} people: counts can't be negative.")
    order = _from_below(above)
    remainder = _remainders(count, above)
    loose = np.flatnonzero((remainder != 0).any(axis=1))
    children: list[list[int]] = [[] for _ in range(n + len(loose))]
    for one in np.flatnonzero(above >= 0).tolist():
        children[above[one]].append(one)
    for extra, one in enumerate(loose.tolist()):
        children[one].append(n + extra)
    whole = np.concatenate([count, remainder[loose]])
    primary = np.asarray((whole < k).any(axis=1))
    tree = _Tree(whole, children, primary.copy())
    for node in order:
        if not tree.hidden[node]:
            _complete(tree, node, k)
    remainder_hidden = np.zeros(n, dtype=bool)
    remainder_hidden[loose] = tree.hidden[n:]
    return Suppression(tree.hidden[:n], primary[:n], remainder, remainder_hidden)


def _complete(tree: _Tree, node: int, k: int) -> None:
    """Hide more below a shown area until its hidden part is large and spans two areas."""
    below = tree.children[node]
    while True:
        hidden = [one for one in below if tree.hidden[one]]
        if not hidden:
            return
        part = tree.open[hidden].sum(axis=0)
        if len(hidden) > 1 and (part >= k).all():
            return
        shown = [one for one in below if not tree.hidden[one]]
        tree.hide(min(shown, key=tree.size))


def _from_below(above: Counts) -> list[int]:
    depth = np.zeros(len(above), dtype=np.int64)
    here = above.copy()
    for _ in range(len(above) + 1):
        inside = here >= 0
        if not inside.any():
            return [int(one) for one in np.argsort(-depth, kind="stable")]
        depth += inside
        here = np.where(inside, above[here], -1)
    raise GeoError("the areas above each other form a ring: give -1 as the parent of the topmost.")


def _remainders(count: Counts, above: Counts) -> Counts:
    below = np.zeros_like(count)
    inside = above >= 0
    np.add.at(below, above[inside], count[inside])
    has = np.bincount(above[inside], minlength=len(count)) > 0
    remainder = np.where(has[:, None], count - below, 0)
    if (remainder < 0).any():
        at = int(np.argmax((remainder < 0).any(axis=1)))
        raise GeoError(
            f"the areas below {at} hold {below[at].tolist()} people, more than its own {count[at].tolist()}."
        )
    return remainder
