"""The three rates in one figure: response, resolution and satisfaction, by weights that each city sets."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import DataError
from data.store import Store
from geo.statistics import ranks, weighted_score
from models import Setting

Weights = tuple[float, float, float]
"""Of the response, the resolution and the satisfaction rate."""
EQUAL: Weights = (1.0, 1.0, 1.0)
"""Where the city has set none: there is no standard."""
RATES = ("response_rate", "resolution_rate", "satisfaction")
PARTS = [f"{rate}{end}" for rate in RATES for end in ("", "_numerator", "_n")]
"""Columns that tell what the figure is made of: each rate, its numerator and its denominator."""
SETTING = "three_rates_weights"
"""Setting of the city: its weights, such as ``3,4,3``."""
HEAVIEST = 100.0
_TEXT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?(,[0-9]{1,3}(\.[0-9]{1,2})?){2}")


def read(text: str | None) -> Weights | None:
    """Read weights as `written` writes them; None where they can't be used."""
    if not text or not _TEXT.fullmatch(text):
        return None
    response, resolution, satisfaction = (float(one) for one in text.split(","))
    weights = (response, resolution, satisfaction)
    return weights if sum(weights) > 0 and max(weights) <= HEAVIEST else None


def written(weights: Weights) -> str:
    """Return weights as a setting and an address hold them."""
    return ",".join(f"{one:g}" for one in weights)


def weights_of(session: Session) -> Weights:
    """Return the weights of the city."""
    return read(session.scalar(select(Setting.value).where(Setting.key == SETTING))) or EQUAL


def set_weights(store: Store, weights: Weights) -> None:
    """Make these the weights of the city.

    Raises
    ------
    DataError
        Where one is negative or above `HEAVIEST`, or all are zero.
    """
    text = written(weights)
    if read(text) != weights:
        raise DataError(f"权重 {text} 不可用；三项应在 0—{HEAVIEST:.0f} 之间，至多两位小数，不能全为 0。")
    with store.writing() as session:
        session.merge(Setting(key=SETTING, value=text))


def combined(
    shown: Sequence[pd.DataFrame], raw: Sequence[pd.DataFrame], weights: Weights, least: int
) -> pd.DataFrame:
    """Return the weighted mean of the three rates of every unit and its rank by its lower bound.

    Parameters
    ----------
    shown, raw
        The frames of the three rates as `data.queries.records.measure` gives them, smoothed or not, and
        unsmoothed: the bounds are those of the raw rates.
    least
        Below so many records for a rate that counts, a unit has no value.

    Returns
    -------
    pandas.DataFrame
        By code: id, code, name, numerator (weighted sum of the rates), denominator (sum of the weights), n
        (the fewest records of a rate that counts), value, low, high, too_few, rank, and `PARTS`.
    """
    frame = pd.DataFrame({"code": pd.Series(dtype=object)})
    for rate, smooth, plain in zip(RATES, shown, raw, strict=True):
        named = {"value": rate, "numerator": f"{rate}_numerator", "n": f"{rate}_n"}
        part = smooth[["id", "code", "name", *named]].rename(columns=named)
        part[["raw", "low", "high"]] = plain[["value", "low", "high"]].to_numpy(dtype=float)
        part.loc[plain["too_few"].to_numpy(dtype=bool), [rate, "raw"]] = np.nan
        part = part.rename(columns={name: f"{rate}_{name}" for name in ("raw", "low", "high")})
        frame = frame.merge(part, on="code", how="outer", suffixes=("", "_more"))
        for name in ("id", "name"):
            if f"{name}_more" in frame:
                frame[name] = frame[name].where(frame[name].notna(), frame.pop(f"{name}_more"))
    counts = [f"{rate}{end}" for rate in RATES for end in ("_numerator", "_n")]
    frame[counts] = frame[counts].fillna(0)
    values, plains, lows, highs = (
        frame[[f"{rate}{end}" for rate in RATES]].to_numpy(dtype=float)
        for end in ("", "_raw", "_low", "_high")
    )
    used = [rate for rate, weight in zip(RATES, weights, strict=True) if weight > 0]
    frame["n"] = frame[[f"{rate}_n" for rate in used]].min(axis=1).astype(np.int64)
    frame["value"] = weighted_score(values, values, values, weights)[0]
    _, frame["low"], frame["high"] = weighted_score(plains, lows, highs, weights)
    frame["denominator"] = sum(weights)
    frame["numerator"] = frame["value"] * frame["denominator"]
    frame["too_few"] = frame["n"] < least
    frame["rank"] = ranks(frame["low"], frame["n"], least=least)
    frame["id"] = frame["id"].fillna(0).astype(np.int64)
    return frame.sort_values("code", kind="stable").reset_index(drop=True)
