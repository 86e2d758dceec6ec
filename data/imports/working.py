"""Imports as jobs: a large file is read, checked and stored in a process of its own, all or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data import jobs
from data.imports.importing import preview, run
from data.imports.options import Options
from data.imports.plain import plain
from data.imports.prepared import Progress
from data.scope import Scope
from data.store import Store


def check(
    store: Store, report: jobs.Report, *, path: Path, target: str, options: Options, scope_prefix: str
) -> dict[str, Any]:
    """Read and check a file; nothing is stored."""
    found = preview(store, path, target, options, scope=Scope(scope_prefix), progress=_told(report))
    return plain(found)


def store_file(
    store: Store,
    report: jobs.Report,
    *,
    path: Path,
    target: str,
    options: Options,
    scope_prefix: str,
    account_id: int | None,
) -> dict[str, Any]:
    """Import a file in one transaction; cancelled before its end, nothing of it is left."""
    found = run(
        store,
        path,
        target,
        options,
        account_id=account_id,
        scope=Scope(scope_prefix),
        progress=_told(report),
    )
    return plain(found)


def _told(report: jobs.Report) -> Progress:
    def tell(_what: str, share: float) -> None:
        if share < 1:  # then all is stored: it is too late
            report.stop_if_cancelled()
        report.progress(share)

    return tell
