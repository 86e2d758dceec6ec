"""Periods: quarters, halves, years, months chosen freely."""

from __future__ import annotations

from datetime import date

import pytest

from data.periods import Period, Window, comparable, months_of, periods, series, shown, usual


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


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "2026Q5",
        "2026H3",
        "Q1",
        "0000",
        "9999",
        "2026Q0",
        "二〇二六",
        "2026-13",
        "2026-05_2026-04",
        "1899-01",
        "1900-01_2099-12",
    ],
)
def test_what_is_no_period_is_not_read(text: str | None) -> None:
    assert Period.of(text) is None


def test_periods_cover_the_records_and_the_usual_one_is_over() -> None:
    whole = Window(date(2025, 11, 5), date(2026, 8, 2))
    found = [one.key for one in periods(whole)]
    assert found == ["2026Q3", "2026Q2", "2026Q1", "2025Q4", "2026H2", "2026H1", "2025H2", "2026", "2025"]
    assert usual(whole).key == "2026Q2"
    assert usual(Window(date(2026, 7, 2), date(2026, 7, 9))).key == "2026Q3"


@pytest.mark.parametrize(
    ("key", "start", "end", "before", "year_before"),
    [
        ("2026-03_2026-07", date(2026, 3, 1), date(2026, 7, 31), "2025-10_2026-02", "2025-03_2025-07"),
        ("2025-11_2026-02", date(2025, 11, 1), date(2026, 2, 28), "2025-07_2025-10", "2024-11_2025-02"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "2024-01", "2023-02"),
        ("2025-07_2026-06", date(2025, 7, 1), date(2026, 6, 30), "2024-07_2025-06", "2024-07_2025-06"),
    ],
)
def test_months_chosen_freely_are_a_period(
    key: str, start: date, end: date, before: str, year_before: str
) -> None:
    period = Period.of(key)
    assert period is not None
    assert (period.key, period.window) == (key, Window(start, end))
    assert (period.before.key, period.year_before.key) == (before, year_before)


def test_months_that_are_a_quarter_are_that_quarter() -> None:
    assert Period.of("2026-07_2026-09") == Period.of("2026Q3") == Period.nth(2026, 3, 3)
    assert Period.of("2026-01_2026-12") == Period.of("2026")
    assert Period.nth(2026, 3, 3).year_before.key == "2025Q3"


def test_a_period_is_compared_with_one_as_long_that_is_apart_and_recorded_from_its_first_day() -> None:
    whole = Window(date(2025, 1, 1), date(2026, 10, 31))
    free = Period.between(date(2026, 4, 9), date(2026, 8, 2))
    assert [one.key for one in comparable(free, whole)] == ["2025-11_2026-03", "2025-04_2025-08"]
    early = Period.between(date(2025, 3, 1), date(2025, 5, 1))
    assert comparable(early, whole) == [
        one for one in periods(whole) if one.months == 3 and not one.overlaps(early)
    ]
    assert shown(free, whole) == free
    assert shown(Period.nth(2019, 12), whole) == usual(whole)


def test_a_series_goes_end_to_end_through_all_records() -> None:
    whole = Window(date(2025, 11, 5), date(2026, 8, 2))
    assert [one.key for one in series(Period.nth(2026, 6), whole)] == ["2025H2", "2026H1", "2026H2"]
    free = Period.between(date(2026, 2, 1), date(2026, 5, 1))
    assert [one.key for one in series(free, whole)] == [
        "2025-10_2026-01",
        "2026-02_2026-05",
        "2026-06_2026-09",
    ]
    assert [one.key for one in months_of(whole)][::9] == ["2026-08", "2025-11"]
