"""The one base error of the spatial algorithms."""

from __future__ import annotations


class GeoError(ValueError):
    """Unusable input to a spatial algorithm: one sentence with the value and the remedy."""
