"""Jobs: progress, estimate, cancel, and an end that is told whatever happens."""

from __future__ import annotations

import time

import pytest

from data import jobs
from data.errors import DataError
from data.jobs import Jobs, Report, State, run


def counted(_store, report, *, to):
    report.part(0.0, 0.5).progress(0.5)
    halfway = report.state.share
    return {"sum": sum(range(to)), "halfway": halfway}


def broken(_store, _report):
    raise DataError("图形无效，请修正后再试。")


def patient(_store, report):
    for _second in range(600):
        report.stop_if_cancelled()
        time.sleep(0.05)
    return {}


def place(tmp_path, owner=7):
    folder = tmp_path / "0123456789abcdef"
    folder.mkdir()
    (folder / "job.json").write_text(f'{{"owner": {owner}, "title": "试"}}')
    jobs.write_state(folder, State("试"))
    return folder


def url(store):
    return store.engine.url.render_as_string(hide_password=False)


def test_a_job_tells_its_result(store, tmp_path):
    folder = place(tmp_path)
    run(folder, url(store), "试", counted, {"to": 5})
    state = Jobs(tmp_path).state(folder.name, 7)
    assert (state.status, state.share, state.result["sum"]) == ("done", 1.0, 10)


def test_what_goes_wrong_on_purpose_is_told_in_one_sentence(store, tmp_path):
    folder = place(tmp_path)
    run(folder, url(store), "试", broken, {})
    state = Jobs(tmp_path).state(folder.name, 7)
    assert (state.status, state.message) == ("failed", "图形无效，请修正后再试。")


def test_a_job_is_its_owners_only(tmp_path):
    folder = place(tmp_path)
    assert Jobs(tmp_path).state(folder.name, 8) is None
    Jobs(tmp_path).cancel(folder.name, 8)
    assert not (folder / "cancel").exists()
    assert Jobs(tmp_path).state("../../etc", 7) is None


def test_a_job_whose_process_is_gone_has_failed(tmp_path):
    folder = place(tmp_path)
    jobs.write_state(folder, State("试", "running", at=time.time() - 120, pid=0))
    state = Jobs(tmp_path).state(folder.name, 7)
    assert state.status == "failed"
    assert "意外终止" in state.message


def test_the_estimate_goes_on_at_the_pace_so_far():
    assert State(status="running", share=0.25, started=100.0, at=110.0).left_s == pytest.approx(30.0)
    assert State(status="running", share=0.0, started=100.0, at=110.0).left_s is None


def test_parts_of_a_job_add_up(tmp_path):
    report = Report(place(tmp_path), "试")
    report.part(0.2, 0.6).progress(1.0)
    assert report.state.share == pytest.approx(0.6)


@pytest.mark.slow
def test_a_job_runs_in_a_process_of_its_own_and_stops_when_asked(store, tmp_path):
    there = Jobs(tmp_path / "jobs")
    first = there.start(store, counted, "数", None, to=4)
    second = there.start(store, patient, "等", None)
    assert there.wait(first, None, 60).result["sum"] == 6
    there.cancel(second, None)
    assert there.wait(second, None, 60).status == "cancelled"
