"""The report says what the queries say: on its pages, in its workbook, in both languages."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from sqlalchemy import update

from data import report
from data.catalogue import read_catalogue
from data.errors import DataError
from data.periods import Window
from data.queries import coverage, people, rates
from data.queries.comparisons import compare
from data.queries.coverage import Walk
from data.queries.records import Metric, measure
from data.queries.three_rates import set_weights
from data.report import contents, typeset, workbook
from data.report.blocks import DASH, Map
from data.report.contents import as_long, before, months
from data.report.words import METRICS, TEXTS
from data.scope import Scope
from data.store import Store
from data.units import Level
from models import Area, Request
from models.enums import AreaLevel
from tests import town
from tests.parts import missing

FONTS = Path(__file__).parents[3] / "dashboard" / "assets" / "fonts"
HALF = Window(date(2022, 1, 1), date(2022, 6, 30))
NASTY = '#strong[甲] *乙* $x$ @丙 <丁> `戊` \\ _己_ = "庚" {{n}} //辛'


@pytest.fixture(scope="module")
def steady(_templates, tmp_path_factory):
    """Give the town, not to be written to."""
    path = tmp_path_factory.mktemp("report") / "city.gpkg"
    shutil.copy(_templates["town"], path)
    store = Store.open(f"sqlite:///{path}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def found(steady):
    return report.assemble(steady, Scope(), town.CITY, HALF)


def test_months_are_whole_and_the_period_before_is_as_long():
    window = months("2024-02", "2024-04")
    assert window == Window(date(2024, 2, 1), date(2024, 4, 30))
    assert before(window) == Window(date(2023, 11, 1), date(2024, 1, 31))
    assert months("2023-12", "2023-12").end == date(2023, 12, 31)


@pytest.mark.parametrize(
    "pair", [("2024-13", "2024-12"), ("2024-1", "2024-02"), ("2024-03", "2024-02"), ("0000-01", "0001-01")]
)
def test_what_is_no_period_is_refused(pair):
    with pytest.raises(DataError):
        months(*pair)


def test_key_figures_are_those_of_the_queries(steady, found):
    rows = found.table("figures").frame.set_index("label")
    with steady.reading() as session:
        for entry in read_catalogue().rates.values():
            total = rates.coverage(session, Scope(), entry, AreaLevel.CITY).total
            row = rows.loc[entry.label.zh]
            assert (row["numerator"], row["denominator"]) == (total["numerator"], total["denominator"])
            assert row["value"] == pytest.approx(total["value"], nan_ok=True)
    for metric, (label, *_, unit) in METRICS.items():
        alone = measure(steady, Scope(), metric, Level.CITY, HALF).frame.iloc[0]
        if metric is Metric.THREE_RATES:
            assert np.isnan(alone["value"])  # nothing was asked for, so there is no mean
            assert label.zh not in rows.index
            continue
        row = rows.loc[label.zh]
        assert row["numerator"] == alone["numerator"]
        assert row["denominator"] == (alone["n"] if unit == "count" else alone["denominator"])
        assert row["value"] == pytest.approx(alone["value"], nan_ok=True)
    walk = Walk()
    reached = coverage.coverage(steady, Scope(), walk, AreaLevel.CITY, [walk.minutes]).iloc[0]
    row = rows.loc["15 分钟步行覆盖的户数"]
    assert (row["numerator"], row["denominator"]) == (reached["dwellings"], reached["dwellings_total"])


def test_every_figure_has_a_numerator_a_denominator_and_a_date(found):
    frame = found.table("figures").frame
    for column in ("numerator", "denominator", "numerator_label", "denominator_label", "date"):
        assert frame[column].notna().all()
        assert (frame[column].astype(str) != "").all()


def test_a_change_is_told_only_where_records_reach_through_the_period_before(steady):
    label = METRICS[Metric.SATISFACTION][0].zh
    late = months("2022-05", "2022-05")
    change = report.assemble(steady, Scope(), town.CITY, late).table("figures").frame.set_index("label")
    expected = compare(steady, Scope(), Metric.SATISFACTION, Level.CITY, (before(late), late)).frame.iloc[0]
    first = min(row[2] for row in town.RATINGS)
    known = first <= before(late).start
    assert change.loc[label, "change"] == pytest.approx(
        expected["change"] if known else float("nan"), nan_ok=True
    )
    early = report.assemble(steady, Scope(), town.CITY, months("2020-01", "2022-06"))
    assert early.table("figures").frame["change"].isna().all()
    assert early.table("figures").note


def test_ranking_goes_by_the_lower_bound_and_too_few_come_last(steady, found):
    frame = found.table("rank_satisfaction").frame
    ranked = frame[frame["place"].notna()]
    assert ranked["low"].is_monotonic_decreasing
    assert frame["place"].isna().tolist() == sorted(frame["place"].isna())
    alone = measure(steady, Scope(), Metric.SATISFACTION, Level.COUNTY, HALF).frame.set_index("code")
    for row in frame.to_dict("records"):
        assert row["numerator"] == alone.at[row["code"], "numerator"]
        assert row["n"] == alone.at[row["code"], "n"]


def test_people_are_hidden_as_the_query_hides_them(steady, found):
    table = found.table("people")
    with steady.reading() as session:
        expected = [
            members
            for level in (AreaLevel.CITY, AreaLevel.COUNTY)
            for members in people.members(session, Scope(), level).frame["members"].tolist()
        ]
    assert [str(one) for one in table.frame["members"]] == [str(one) for one in expected]
    shown = [row[-1] for row in typeset._table(table, found)["rows"]]
    for members, text in zip(expected, shown, strict=True):
        assert text == ("隐去" if str(members) == "<NA>" else f"{members:,}")
    assert [one.key for one in table.columns] == ["name", "members"]


def test_the_workbook_has_every_table_with_the_same_figures(found, tmp_path):
    path = tmp_path / "report.xlsx"
    report.write_workbook(found, path)
    book = openpyxl.load_workbook(path)
    assert len(book.sheetnames) == 1 + len(found.tables) == len(set(book.sheetnames))
    for table in found.tables:
        sheet = book[workbook._sheet_name(table.title)]
        rows = list(sheet.iter_rows(min_row=4, values_only=True))
        assert len(rows) == len(table.frame)
        keys = [key for key, _, _ in workbook._columns(table)]
        for name in ("numerator", "denominator", "n", "value"):
            if name in keys:
                mine = [row[keys.index(name)] for row in rows]
                theirs = table.frame[name].astype(object).where(table.frame[name].notna(), None).tolist()
                assert mine == pytest.approx(theirs)


def test_what_users_typed_is_shown_as_it_is(town_copy, tmp_path):
    with town_copy.writing("area") as session:
        session.execute(update(Area).where(Area.code == town.CITY).values(name=NASTY))
    found = report.assemble(town_copy, Scope(), town.CITY, HALF)
    assert found.title.startswith(NASTY)
    made = report.pdf(found, FONTS, tmp_path / "fonts")
    assert made.startswith(b"%PDF-")
    report.write_workbook(found, tmp_path / "report.xlsx")
    reader = shutil.which("pdftotext")
    if reader is None:
        missing("pdftotext (poppler-utils) is not installed")
    (tmp_path / "report.pdf").write_bytes(made)
    text = subprocess.run(  # noqa: S603
        [reader, tmp_path / "report.pdf", "-"], capture_output=True, check=True, text=True
    ).stdout
    flat = "".join(text.split())
    assert "".join(NASTY.split()) in flat
    assert "主要指标" in flat


def test_a_name_that_looks_like_a_formula_is_none_in_the_workbook(town_copy, tmp_path):
    with town_copy.writing("area") as session:
        session.execute(update(Area).where(Area.code == town.CITY).values(name="=1+1"))
    found = report.assemble(town_copy, Scope(), town.CITY, HALF)
    report.write_workbook(found, tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    cells = [one for sheet in book for row in sheet.iter_rows() for one in row]
    assert not [one for one in cells if one.data_type == "f"]


def test_the_report_speaks_english_throughout(steady):
    found = report.assemble(steady, Scope(), town.CITY, HALF, "en")
    words = [found.title, *(name for name, _ in found.facts)]
    words += [section.intro for section in found.sections]
    words += [column.label for table in found.tables for column in table.columns]
    words += [text for section in found.sections for pair in section.paragraphs for text in pair]
    ours = " ".join(words).replace("平城市", "")
    assert not [one for one in ours if "\u4e00" <= one <= "\u9fff"]
    assert all(text.zh and text.en for text in TEXTS.values())


@pytest.mark.parametrize("code", [town.SPRING, "420102000000"])
def test_smaller_areas_have_their_own_report_within_the_scope_only(steady, code):
    found = report.assemble(steady, Scope(), code, HALF)
    assert all(
        one.startswith(code.rstrip("0")) for one in found.table("map_satisfaction").frame["code"].astype(str)
    )
    with pytest.raises(DataError, match="不在可见范围内"):
        report.assemble(steady, Scope("420103"), code, HALF)


def test_maps_draw_every_place_and_their_legends_count_them_all(found):
    maps = [block for section in found.sections for block in section.blocks if isinstance(block, Map)]
    assert len(maps) == 3
    for one in maps:
        assert sum(n for _, _, n in one.legend) == len(one.table.frame)
        assert one.drawing.svg.count(' fill="#') >= len(one.table.frame)
        assert "<text" not in one.drawing.svg


def test_the_pages_leave_no_place_without_a_letter(found):
    held: set[int] = set()
    for _, ranges in typeset._FACE.findall((FONTS / "fonts.css").read_text(encoding="utf-8")):
        for span in ranges.split(","):
            first, _, last = span.strip().removeprefix("U+").partition("-")
            held |= set(range(int(first, 16), int(last or first, 16) + 1))
    needed = set(json.dumps(typeset._content(found, []), ensure_ascii=False)) - {" "}
    assert not sorted(one for one in needed if ord(one) not in held)


def test_a_dash_stands_for_what_is_not_known(found):
    rows = typeset._table(found.table("figures"), found)["rows"]
    assert any(DASH in row for row in rows)
    assert contents._spans(HALF)[1] == Window(date(2022, 2, 1), date(2022, 2, 28))


def test_a_report_compares_with_the_period_that_is_asked_for(steady):
    late = months("2022-09", "2022-10")
    former = as_long(late, "2022-04")
    assert former == Window(date(2022, 4, 1), date(2022, 5, 31))
    found = report.assemble(steady, Scope(), town.CITY, late, against=former)
    assert dict(found.facts)["对照期"] == "2022 年 4 月至 5 月"
    metric = Metric.CLAIMS_PER_1000
    expected = compare(steady, Scope(), metric, Level.CITY, (former, late)).frame.iloc[0]
    row = found.table("figures").frame.set_index("label").loc[METRICS[metric][0].zh]
    assert row["change"] == pytest.approx(expected["change"])
    usual = report.assemble(steady, Scope(), town.CITY, late).table("figures").frame.set_index("label")
    assert usual.loc[METRICS[metric][0].zh, "change"] != pytest.approx(row["change"])


def test_a_period_is_not_compared_with_months_of_its_own():
    with pytest.raises(DataError, match="重叠"):
        as_long(months("2022-01", "2022-06"), "2021-09")


def test_the_three_rates_stand_together_by_the_weights_of_the_city(steady, tmp_path):
    path = tmp_path / "city.gpkg"
    shutil.copy(steady.engine.url.database, path)
    store = Store.open(f"sqlite:///{path}")
    at = datetime(2022, 3, 10, 4, tzinfo=UTC)
    with store.writing("request") as session:
        for n in range(20):
            done = at if n % 2 else None
            session.add(Request(area_code=town.SPRING, asked_at=at, responded_at=at, done_at=done))
    set_weights(store, (1.0, 2.0, 0.0))
    figures = report.assemble(store, Scope(), town.CITY, HALF).table("figures").frame.set_index("label")
    store.close()
    row = figures.loc["三率加权平均"]
    assert row["value"] == pytest.approx((100 + 2 * 50) / 3)
    assert (row["numerator"], row["denominator"]) == (pytest.approx(200), 3)
    assert row["numerator_label"] == "响应率×1＋办结率×2＋满意率×0"
