"""A large file as a job, in both homes: checked, stored, cancelled at any step with nothing left."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
import shapely
from sqlalchemy import func, select

from data import bulk, jobs
from data.imports import Options, preview, run, working
from data.imports.plain import outcome_of, plain
from data.jobs import Jobs, State
from models import Claim, Source
from tests import town

ROWS = 40


@pytest.fixture
def filled(store):
    return town.fill(store)


@pytest.fixture
def file(tmp_path):
    lines = ["认领编号,认领主体,服务项目,项目来源,认领日期,社区编码,联系电话"]
    lines += [f"R{n:03},驻区单位,修灯,自选,2022-05-01,{town.SPRING},1380000{n:04}" for n in range(ROWS)]
    path = tmp_path / "认领.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "jobs" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text('{"owner": null, "title": "导入"}')
    jobs.write_state(folder, State("导入"))
    return folder


def worked(store, place, work, file, **more):
    url = store.engine.url.render_as_string(hide_password=False)
    given = {"path": file, "target": "claim", "options": Options(), "scope_prefix": "", **more}
    jobs.run(place, url, "导入", work, given)
    return Jobs(place.parent).state(place.name, None)


def count(store, model=Claim):
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(model))


def test_a_job_finds_what_a_preview_finds(filled, place, file):
    state = worked(filled, place, working.check, file)
    assert state.status == "done"
    found, direct = outcome_of(state.result), preview(filled, file, "claim")
    assert (found.read, found.good, found.stopped) == (ROWS, ROWS, False)
    assert [one.message_zh for one in found.problems] == [one.message_zh for one in direct.problems]
    assert found.columns == direct.columns
    assert [str(one["claimed_on"]) for one in found.rows] == [str(one["claimed_on"]) for one in direct.rows]
    assert count(filled) == len(town.CLAIMS)
    assert "13800000001" not in (place / "state.json").read_text(
        encoding="utf-8"
    )  # personal columns stay out


def test_a_job_stores_what_a_run_stores(filled, place, file):
    before = count(filled, Source)
    state = worked(filled, place, working.store_file, file, account_id=None)
    report = outcome_of(state.result)
    assert (state.status, report.stored, report.rejected) == ("done", ROWS, 0)
    assert count(filled) == len(town.CLAIMS) + ROWS
    assert count(filled, Source) == before + 1


@pytest.mark.parametrize("at", [0.0, 0.1, 0.5, 0.66, 0.75, 0.9])
def test_a_job_cancelled_at_any_step_leaves_nothing(filled, place, file, monkeypatch, at):
    monkeypatch.setattr(bulk, "_AT_ONCE", 4)
    told = []
    plainly = jobs.Report.progress

    def progress(report, share):
        told.append(share)
        plainly(report, share)
        if share >= at:
            (place / "cancel").touch()

    monkeypatch.setattr(jobs.Report, "progress", progress)
    revisions = filled.table_revisions()
    state = worked(filled, place, working.store_file, file, account_id=None)
    assert state.status == "cancelled"
    assert told == sorted(told)
    assert at <= told[-1] < 1
    assert (count(filled), filled.table_revisions()) == (len(town.CLAIMS), revisions)
    monkeypatch.setattr(jobs.Report, "progress", plainly)
    (place / "cancel").unlink()
    assert outcome_of(worked(filled, place, working.store_file, file, account_id=None).result).stored == ROWS


def test_a_file_with_a_wrong_row_is_not_stored_by_a_job_either(filled, place, file):
    file.write_text(re.sub("2022-05-01", "昨天", file.read_text("utf-8"), count=1), "utf-8")
    report = outcome_of(worked(filled, place, working.store_file, file, account_id=None).result)
    assert (report.stopped, report.stored, report.rejected) == (True, 0, 1)
    assert [(one.row, one.column) for one in report.problems if one.severity == "error"] == [(2, "认领日期")]
    assert count(filled) == len(town.CLAIMS)


def test_an_outcome_comes_back_from_plain_data_as_it_was(filled, file):
    direct = preview(filled, file, "claim")
    direct.overlaps = pd.DataFrame({"row_1": [1], "area_m2": [np.float64(2.5)]})
    direct.geometries = np.array([town.point(1, 2), town.box(0, 0, 5, 5)], dtype=object)
    found = outcome_of(json.loads(json.dumps(plain(direct), allow_nan=False)))
    assert found.overlaps.to_dict("list") == {"row_1": [1], "area_m2": [2.5]}
    assert shapely.equals_exact(found.geometries, direct.geometries).all()
    report = run(filled, file, "claim")
    assert outcome_of(plain(report)).as_dict() == report.as_dict()


def test_rows_are_inserted_some_at_a_time_and_the_share_is_told(filled, monkeypatch):
    monkeypatch.setattr(bulk, "_AT_ONCE", 3)
    shares = []
    frame = pd.DataFrame(
        {
            "area_code": town.SPRING,
            "item": "修灯",
            "source": "elective",
            "body": "unit",
            "claimed_on": pd.to_datetime("2022-05-01").date(),
            "done_on": [None, None, None, pd.to_datetime("2022-05-02").date()] * 2,
            "place": "area",
        }
    )
    with filled.writing("claim") as session:
        assert bulk.insert_frame(session, Claim, frame, shares.append) == 8
    assert shares == [0, 3 / 8, 6 / 8]
    with filled.reading() as session:
        done = select(func.count(Claim.done_on)).where(Claim.place == "area", Claim.item == "修灯")
        assert session.scalar(done) == 2
