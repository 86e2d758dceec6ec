"""Imports: from any file to the store, previewed, checked row by row, all or nothing.

:func:`preview` says what would happen, :func:`run` does it. What stays wrong is a
:class:`data.readers.Problem` with its file, row and column; what can't be read at all is a
:class:`data.errors.ReadError`.
"""

from __future__ import annotations

from data.imports.fields import Field, Target
from data.imports.importing import preview, run
from data.imports.options import City, Options
from data.imports.outcome import ColumnUse, Preview, Report
from data.imports.targets import TARGETS

__all__ = [
    "TARGETS",
    "City",
    "ColumnUse",
    "Field",
    "Options",
    "Preview",
    "Report",
    "Target",
    "preview",
    "run",
]
