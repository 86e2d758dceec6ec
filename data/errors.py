"""Errors of the data package: one base class, one sentence each, with the place and the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.readers.problems import Problem


class DataError(Exception):
    """Base of every error that the data package raises on purpose."""


class ReadError(DataError):
    """A file that cannot be read at all.

    Parameters
    ----------
    problem
        What is wrong, where, and how to put it right; also the text of the error.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class SettingsError(DataError):
    """A setting is unusable."""


class StoreError(DataError):
    """The store can't be opened, or does not fit this version."""


class ConflictError(DataError):
    """Somebody else published in between."""
