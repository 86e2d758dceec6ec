"""The one base error of the spatial algorithms."""

from __future__ import annotations


class GeoError(ValueError):
    """Unusable input to a spatial algorithm: one sentence with the value and the remedy."""


class Unsound(GeoError):  # noqa: N818  (what a result is)
    """A community's result breaks a promise that no refusal of single features can make good."""
