"""What an import tells, as plain data and back: so a job hands it to the page that asked for it."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from data.imports.outcome import ColumnUse, Outcome, Preview, Report
from data.readers import Problem

_KINDS: dict[str, type[Outcome]] = {"preview": Preview, "report": Report}


def plain(outcome: Preview | Report) -> dict[str, Any]:
    """Return an outcome as JSON can hold it."""
    kind = next(name for name, one in _KINDS.items() if isinstance(outcome, one))
    found = {one.name: getattr(outcome, one.name) for one in fields(outcome)}
    found["problems"] = [asdict(one) for one in outcome.problems]
    found["overlaps"] = outcome.overlaps.to_dict("list")
    if isinstance(outcome, Preview):
        found["columns"] = [asdict(one) for one in outcome.columns]
        geometries = outcome.geometries
        found["geometries"] = None if geometries is None else shapely.to_wkb(geometries, hex=True).tolist()
    result: dict[str, Any] = _jsonable(found)
    return {"kind": kind, "found": result}


def outcome_of(data: dict[str, Any]) -> Preview | Report:
    """Return the outcome that `plain` gave."""
    found = dict(data["found"])
    found["problems"] = [Problem(**one) for one in found["problems"]]
    found["overlaps"] = pd.DataFrame(found["overlaps"])
    if data["kind"] == "report":
        return Report(**found)
    columns = [ColumnUse(**one) for one in found["columns"]]
    preview = Preview(**found)
    wkb = found["geometries"]
    return replace(
        preview,
        columns=columns,
        encodings={name: tuple(texts) for name, texts in preview.encodings.items()},
        geometries=None if wkb is None else np.asarray(shapely.from_wkb(wkb), dtype=object),
    )


def _jsonable(value: Any) -> Any:
    """Return a value as JSON has it: days and times as they are written, missing ones as none."""
    if isinstance(value, dict):
        return {str(name): _jsonable(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or value != value:  # noqa: PLR0124  (NaN)
        return None
    return value if isinstance(value, bool | int | float | str) else str(value)
