"""Readers: any file that a planner brings becomes one :class:`RawTable`, with everything wrong in it named.

Nothing is repaired here and nothing is stored. A file that can't be read at all raises
:class:`data.errors.ReadError`; whatever else is wrong stands in ``RawTable.problems``.
"""

from __future__ import annotations

from data.readers.files import ACCEPTED, list_layers, read
from data.readers.problems import TEMPLATES, Problem
from data.readers.table import LayerInfo, Limits, RawTable

__all__ = ["ACCEPTED", "TEMPLATES", "LayerInfo", "Limits", "Problem", "RawTable", "list_layers", "read"]
