"""Fixed periods of a year."""

from __future__ import annotations

from datetime import date

import pytest

from data.periods import Period, Window, periods, usual


@pytest.mark.parametrize(
    ("key", "start", "end", "before"),
    [
        ("2026Q1", date(2026, 1, 1), date(2026, 3, 31), "2025Q4"),
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31), "2023Q4"),
        ("2026H2", date(2026, 7, 1), date(2026, 12, 31), "2026H1"),
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2025"),
    ],
)
def test_a_period_is_read_written_and_followed_back(key: str, start: date, end: date, before: str) -> None:
    period = Period.of(key)
    assert period is not None
    assert (period.key, period.window, period.before.key) == (key, Window(start, end), before)


@pytest.mark.parametrize("text", ["", None, "2026Q5", "2026H3", "Q1", "0000", "9999", "2026Q0", "二〇二六"])
def test_what_is_no_period_is_not_read(text: str | None) -> None:
    assert Period.of(text) is None


def test_periods_cover_the_records_and_the_usual_one_is_over() -> None:
    whole = Window(date(2025, 11, 5), date(2026, 8, 2))
    found = [one.key for one in periods(whole)]
    assert found == ["2026Q3", "2026Q2", "2026Q1", "2025Q4", "2026H2", "2026H1", "2025H2", "2026", "2025"]
    assert usual(whole).key == "2026Q2"
    assert usual(Window(date(2026, 7, 2), date(2026, 7, 9))).key == "2026Q3"
