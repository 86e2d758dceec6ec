"""A period chosen freely by its first and its last month, as 全市覆盖 and 叠加分析 do it."""

from __future__ import annotations

from dashboard.components.rates import month_label
from data.periods import Period, Window, months_of


def chosen_months(first: str | None, last: str | None, first_leads: bool) -> str | None:  # noqa: FBT001
    """Return the months from one to another as an address writes them; the one just chosen leads."""
    one, other = Period.of(first), Period.of(last)
    if one is None or other is None:
        return None
    if other.start < one.start:
        one, other = (one, one) if first_leads else (other, other)
    return Period.between(one.start, other.start).key


def month_choices(
    period: Period | None, whole: Window | None
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the months that a period may begin and end with: those of records, and its own."""
    if period is None or whole is None:
        return [], []
    own = (Period(period.start, 1), Period.between(period.window.end, period.window.end))
    found = months_of(whole)
    first, last = (
        [{"value": one.key, "label": month_label(one.start)} for one in dict.fromkeys([*found, mine])]
        for mine in own
    )
    return first, last
