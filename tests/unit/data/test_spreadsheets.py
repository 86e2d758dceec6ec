"""Tables for spreadsheets: what users typed is never a formula."""

from __future__ import annotations

import io

import openpyxl
import pandas as pd

from data.spreadsheets import csv_bytes, harmless, write_tables

NAMES = ['=HYPERLINK("http://x","点我")', "+1", "一号\x07院", None]
TYPED = pd.DataFrame({"名称": NAMES, "户数": [1, -2, 3, 4]})


def test_a_text_that_begins_like_a_formula_gets_an_apostrophe() -> None:
    assert [harmless(one)[0] for one in ("=1", "+1", "-1", "@x", "\tx")] == ["'"] * 5
    assert harmless("朝晖") == "朝晖"


def test_a_workbook_holds_texts_as_they_were_typed_and_no_formula() -> None:
    out = io.BytesIO()
    write_tables(out, {"微网格": TYPED, "空": TYPED.iloc[:0]})
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == ["微网格", "空"]
    cells = [cell for row in book["微网格"].iter_rows(min_row=2) for cell in row]
    assert {cell.data_type for cell in cells} == {"inlineStr", "s", "n"}
    assert [cell.value for cell in cells[::2]] == [*NAMES[:2], "一号 院", None]
    assert [cell.value for cell in cells[1::2]] == [1, -2, 3, 4]


def test_a_csv_keeps_numbers_and_defuses_texts() -> None:
    lines = csv_bytes(TYPED).decode("utf-8-sig").splitlines()
    assert lines[1].startswith("\"'=HYPERLINK")
    assert lines[2] == "'+1,-2"
