"""What could not be levelled: which feature, what was done instead, why, and what it would need."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import shapely
    from numpy.typing import NDArray


class Refusal(NamedTuple):
    """What was not levelled.

    Attributes
    ----------
    layer, feature
        Position of the layer, and of the feature in it.
    step
        What it is instead: ``repaired`` (its layer is a valid coverage) or ``as_drawn``.
    reason
        ``over_community``, ``wide_overlap``, ``wide_gap``, ``not_nested``, ``displacement``, ``atom``,
        ``not_levelled``, ``coverage`` or ``failed``.
    needed_m
        What it would need, in metres: a wider tolerance, or how deep the other side would have to give way.
    place
        Where.
    """

    layer: int
    feature: int
    step: str
    reason: str
    needed_m: float
    place: shapely.Geometry


def refused(refusals: Iterable[Refusal], layer: int, count: int) -> NDArray[np.bool_]:
    """Return which of a number of features of a layer are refused."""
    result = np.zeros(count, dtype=bool)
    result[[r.feature for r in refusals if r.layer == layer]] = True
    return result
