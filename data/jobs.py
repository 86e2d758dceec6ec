"""Long work in a process of its own: progress, an estimate, cancel; its state outlives a page.

Each job is a folder ``<id>/`` with ``job.json`` (who and what), ``state.json`` (how far, the result or what
went wrong) and, once somebody wants it to stop, ``cancel``. docs/decisions/005-jobs.md tells why.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from data.engine import make_engine
from data.errors import DataError
from data.store import Store
from geo.errors import GeoError

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
KEPT_S = 7 * 24 * 3600
SILENT_S = 30.0
"""A job whose process is gone says nothing for so long."""
_EVERY_S = 0.2
_ESTIMATE_FROM = 0.03
_ID = re.compile(r"[0-9a-f]{16}")
_PRELOADED = ["data.alignments", "data.inspections", "data.drawing_begin", "data.imports.working"]

# Where there is one, a fork server holds the libraries: a job begins in 0.1 s instead of some seconds.
_context: Any = multiprocessing.get_context(
    "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
)


class StoppedError(DataError):
    """Somebody cancelled the job."""


@dataclass(frozen=True)
class State:
    """How far a job is.

    Attributes
    ----------
    title
        What it does, in the planner's words.
    status
        ``waiting``, ``running``, ``done``, ``failed`` or ``cancelled``.
    share
        Done of the whole, 0–1.
    started, at
        Seconds since the epoch: when it began, when this was written.
    result
        What the work returned.
    message
        What went wrong.
    """

    title: str = ""
    status: str = WAITING
    share: float = 0.0
    started: float = 0.0
    at: float = 0.0
    pid: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.status in {DONE, FAILED, CANCELLED}

    @property
    def left_s(self) -> float | None:
        """Seconds that it will take yet, at the pace so far; None where that can't be told."""
        if self.status != RUNNING or self.share < _ESTIMATE_FROM:
            return None
        return (self.at - self.started) / self.share * (1 - self.share)


class Report:
    """What work tells of itself: `progress` and `cancelled` are made for the engine's parameters."""

    def __init__(self, folder: Path, title: str) -> None:
        self.folder = folder
        now = time.time()
        self.state = State(title, RUNNING, started=now, at=now, pid=os.getpid())
        self._from, self._to = 0.0, 1.0
        write_state(folder, self.state)

    def part(self, start: float, end: float) -> Report:
        """Let what follows count from `start` to `end` of the whole."""
        self._from, self._to = start, end
        self.progress(0.0)
        return self

    def progress(self, share: float) -> None:
        """Tell how much of this part is done, 0–1."""
        now = time.time()
        whole = self._from + (self._to - self._from) * share
        if now - self.state.at >= _EVERY_S or share in {0.0, 1.0}:
            self.state = replace(self.state, share=whole, at=now)
            write_state(self.folder, self.state)

    def cancelled(self) -> bool:
        """Tell whether somebody wants it to stop."""
        return (self.folder / "cancel").exists()

    def stop_if_cancelled(self) -> None:
        """Raise `StoppedError` where somebody wants it to stop."""
        if self.cancelled():
            raise StoppedError("已取消，没有任何改动。")

    def end(self, status: str, *, result: dict[str, Any] | None = None, message: str = "") -> None:
        """Tell the outcome."""
        share = 1.0 if status == DONE else self.state.share
        self.state = replace(
            self.state, status=status, share=share, at=time.time(), result=result or {}, message=message
        )
        write_state(self.folder, self.state)


Work = Callable[..., dict[str, Any]]
"""``work(store, report, **arguments)``: a function of a module, with arguments that can be pickled."""


@dataclass(frozen=True)
class Jobs:
    """The jobs of one installation."""

    folder: Path

    def start(self, store: Store, work: Work, title: str, owner: int | None, **arguments: Any) -> str:
        """Start `work` in a process of its own and return the job's id."""
        self.clean()
        job_id = secrets.token_hex(8)
        place = self.folder / job_id
        place.mkdir(parents=True, mode=0o700)
        (place / "job.json").write_text(json.dumps({"owner": owner, "title": title}))
        write_state(place, State(title, at=time.time()))
        url = store.engine.url.render_as_string(hide_password=False)
        target = (place, url, title, work, arguments)
        try:
            warm()
            process = _process(_context, job_id, target)
        except (EOFError, OSError):  # the fork server is gone
            process = _process(multiprocessing.get_context("spawn"), job_id, target)
        _started[job_id] = process
        return job_id

    def state(self, job_id: str | None, owner: int | None) -> State | None:
        """Return how far a job is, None where this owner has none of that id."""
        place = self._place(job_id, owner)
        if place is None:
            return None
        state = read_state(place)
        process = _started.get(place.name)
        if state.is_over:
            if process is not None:
                process.join(0)
            return state
        silent = time.time() - state.at > SILENT_S
        lost = not process.is_alive() if process else silent and not _alive(state.pid)
        state = read_state(place)
        if lost and not state.is_over:
            state = replace(state, status=FAILED, message="计算进程意外终止，没有任何改动；请重新开始。")
            write_state(place, state)
        return state

    def cancel(self, job_id: str | None, owner: int | None) -> None:
        """Ask a job to stop; it does at its next step, and leaves nothing behind."""
        place = self._place(job_id, owner)
        if place is not None:
            (place / "cancel").touch()

    def clean(self) -> None:
        """Delete what is older than a week, and let go of processes that ended."""
        for job_id in [one for one, process in _started.items() if not process.is_alive()]:
            _started.pop(job_id).join()
        if not self.folder.is_dir():
            return
        for place in self.folder.iterdir():
            if _ID.fullmatch(place.name) and time.time() - place.stat().st_mtime > KEPT_S:
                shutil.rmtree(place, ignore_errors=True)

    def wait(self, job_id: str, owner: int | None, limit_s: float = 600.0) -> State:
        """Wait until a job is over."""
        end = time.monotonic() + limit_s
        while (state := self.state(job_id, owner)) is not None:
            if state.is_over:
                return state
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        raise DataError(f"任务 {job_id} 在 {limit_s:.0f} 秒内没有结束。")

    def _place(self, job_id: str | None, owner: int | None) -> Path | None:
        if not job_id or not _ID.fullmatch(job_id):
            return None
        note = self.folder / job_id / "job.json"
        if not note.is_file() or json.loads(note.read_text())["owner"] != owner:
            return None
        return note.parent


_started: dict[str, BaseProcess] = {}


def _process(context: Any, job_id: str, arguments: tuple[Any, ...]) -> BaseProcess:
    # Not a daemon: it has a pool of its own, and a restart of the server does not end it.
    process: BaseProcess = context.Process(target=run, args=arguments, name=f"job-{job_id}", daemon=False)
    process.start()
    return process


def warm() -> None:
    """Let the process that jobs are forked from load its libraries, while the planner still chooses."""
    if _context.get_start_method() == "forkserver":
        _context.set_forkserver_preload(_PRELOADED)
        forkserver.ensure_running()


def run(folder: Path, database_url: str, title: str, work: Work, arguments: dict[str, Any]) -> None:
    """Do the work of a job, in its process: whatever happens is told in its folder."""
    report = Report(folder, title)
    store = Store(make_engine(database_url))
    try:
        result = work(store, report, **arguments)
    except StoppedError as error:
        report.end(CANCELLED, message=str(error))
    except (DataError, GeoError) as error:
        report.end(FAILED, message=str(error))
    except SQLAlchemyError as error:
        report.end(FAILED, message=f"数据库出错，没有任何改动：{' '.join(str(error).split())[:300]}")
    else:
        report.end(DONE, result=result)
    finally:
        store.close()


def write_state(folder: Path, state: State) -> None:
    """Write a job's state so that a reader sees the former or the new one, never half."""
    draft = folder / "state.json.new"
    draft.write_text(json.dumps(asdict(state), ensure_ascii=False), encoding="utf-8")
    draft.replace(folder / "state.json")


def read_state(folder: Path) -> State:
    """Read a job's state."""
    return State(**json.loads((folder / "state.json").read_text(encoding="utf-8")))


def _alive(pid: int) -> bool:
    """Tell whether a process of this number runs (a job's of a server that was restarted)."""
    if pid <= 0 or os.name == "nt":  # there, signal 0 is no question
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
