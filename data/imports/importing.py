"""Preview an import, and do it: whole, or its good rows, or not at all."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from data.errors import ConflictError
from data.imports.fields import Target
from data.imports.options import Options
from data.imports.outcome import Preview, Report
from data.imports.prepared import Prepared, Progress
from data.imports.preparing import prepare
from data.imports.targets import TARGETS
from data.imports.writing import tables_written, write
from data.plans import draft
from data.readers import Problem, list_layers
from data.readers.problems import capped
from data.readers.reference import named
from data.scope import Scope
from data.store import REVISION, Store
from models import Setting, Source
from models.enums import PlanKind

_SHOWN_ROWS = 20
_SHOWN_GEOMETRIES = 400
_SHOWN_TEXT = 60
_CAP = 500
_CHECKED, _WRITTEN = 0.65, 0.97
"""How much of an import is done when its rows are checked, and when they are written."""


def preview(
    store: Store,
    path: Path,
    target: str,
    options: Options | None = None,
    *,
    scope: Scope | None = None,
    progress: Progress | None = None,
) -> Preview:
    """Read and check a file, and say what an import would do; nothing is stored.

    Raises
    ------
    ReadError
        If the file can't be read at all.
    """
    options = options or Options()
    prepared = prepare(store, path, TARGETS[target], options, scope or Scope(), progress)
    raw, placed = prepared.raw, prepared.placed
    _report_former(store, prepared, path, options)
    shown = prepared.frame.drop(columns="geometry", errors="ignore").head(_SHOWN_ROWS).astype(object)
    known = [one.name for one in list_layers(path, encoding=options.encoding)]
    return Preview(
        **_common(prepared, options),
        layers=known,
        layer=raw.layer,
        encoding=raw.encoding,
        encodings=_sampled(prepared),
        crs=named(raw.crs) if raw.crs is not None else None,
        crs_how=raw.crs_how,
        datum=placed.datum.value if placed else None,
        datum_how=placed.datum_how if placed else "unknown",
        header_row=raw.header_row,
        columns=prepared.columns,
        rows=[
            {str(k): v for k, v in one.items()} for one in shown.where(shown.notna(), None).to_dict("records")
        ],
        geometries=_some(prepared),
        first=prepared.first,
    )


def run(
    store: Store,
    path: Path,
    target: str,
    options: Options | None = None,
    *,
    account_id: int | None = None,
    scope: Scope | None = None,
    progress: Progress | None = None,
) -> Report:
    """Import a file in one transaction.

    Boundaries of a layer that the store has already become a draft plan; everything else is stored.

    Returns
    -------
    Report
        ``stopped`` where nothing was stored: something is wrong, and the user did not ask for the good rows.

    Raises
    ------
    ReadError
        If the file can't be read at all.
    ConflictError
        If somebody wrote to the store in the meantime.
    """
    options = options or Options()
    tell = progress or (lambda _what, _share: None)

    def checking(what: str, share: float) -> None:
        tell(what, share * _CHECKED)

    prepared = prepare(store, path, TARGETS[target], options, scope or Scope(), checking)
    _report_former(store, prepared, path, options)
    report = Report(**_common(prepared, options))
    if not report.stopped:
        prepared.let_go()
        tell("写入数据库", _CHECKED)
        _store(store, path, prepared, options, report, account_id, scope or Scope(), tell)
    tell("完成", 1.0)
    return report


def _common(prepared: Prepared, options: Options) -> dict[str, Any]:
    findings = prepared.findings
    return {
        "file": findings.file,
        "target": prepared.target.name,
        "read": len(findings.rows),
        "good": int(prepared.good.sum()),
        "problems": _in_order(findings.problems),
        "overlaps": prepared.overlaps,
        "stopped": not prepared.may_store(options),
    }


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Return the problems of the file, then errors and warnings by row, each kind up to a limit."""
    ordered = sorted(problems, key=lambda one: (one.row is not None, one.severity != "error", one.row or 0))
    return capped(ordered, _CAP)


def _sampled(prepared: Prepared) -> dict[str, tuple[str, ...]]:
    """Return how a text looks in each encoding: of a table its first line; nothing that may be personal."""
    if prepared.raw.unit == "row":
        return {
            name: tuple(one[:_SHOWN_TEXT] for one in texts[:1])
            for name, texts in prepared.raw.previews.items()
        }
    if any(one.personal for one in prepared.columns):
        return {}
    return {name: tuple(one[:_SHOWN_TEXT] for one in texts) for name, texts in prepared.raw.previews.items()}


def _some(prepared: Prepared) -> Any:
    if "geometry" not in prepared.frame:
        return None
    geometries = np.asarray(prepared.frame["geometry"], dtype=object)
    if prepared.good.any():
        geometries = geometries[prepared.good]
    geometries = geometries[~shapely.is_missing(geometries)]
    if not len(geometries):
        return None
    return geometries[np.unique(np.linspace(0, len(geometries) - 1, _SHOWN_GEOMETRIES).astype(int))]


def part_of(raw_layer: str | None, target: Target, options: Options) -> str:
    """Return which part of a file was imported as what; a file may hold several."""
    where = f"[{options.where}]" if options.where else ""
    return f"{raw_layer or ''}{where}→{target.name}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _report_former(store: Store, prepared: Prepared, path: Path, options: Options) -> None:
    """Report a file whose rows would be appended a second time."""
    if prepared.target.boundary or prepared.target.level or options.again:
        return
    with store.reading() as session:
        former = session.scalar(
            select(Source.imported_at)
            .where(
                Source.sha256 == _digest(path),
                Source.layer == part_of(prepared.raw.layer, prepared.target, options),
            )
            .order_by(Source.id.desc())
            .limit(1)
        )
    if former is not None:
        prepared.findings.note("imported_before", day=former.date().isoformat())


def _store(
    store: Store,
    path: Path,
    prepared: Prepared,
    options: Options,
    report: Report,
    account_id: int | None,
    scope: Scope,
    tell: Progress,
) -> None:
    """Write everything in one transaction."""
    target = prepared.target
    with store.reading() as session:
        tables = tables_written(session, prepared)
    with store.writing(*tables) as session:
        _check_revision(session, prepared.revision)
        source = _source(path, prepared, options, account_id)
        session.add(source)
        session.flush()
        report.source_id = source.id
        good = prepared.frame[prepared.good]
        if not target.record:
            good = good.drop(columns="building_code", errors="ignore")
        if target.boundary and not prepared.first:
            plan = draft(
                session,
                title=f"导入 {prepared.findings.file}",
                kind=PlanKind.IMPORT,
                layer=target.table,
                frame=good,
                columns=[one for one in ("name", *prepared.given) if one != "code"],
                complete=options.complete,
                scope=scope,
                account_id=account_id,
                source_id=source.id,
                base_revision=prepared.revision,
            )
            report.plan_id, report.changes = plan.id, plan.counts
        else:
            report.stored = write(
                session,
                prepared,
                good,
                source.id,
                lambda share: tell("写入数据库", _CHECKED + (_WRITTEN - _CHECKED) * share),
            )
        tell("写入数据库", _WRITTEN)  # what it raises still undoes all


def _check_revision(session: Session, revision: int) -> None:
    now = int(session.scalar(select(Setting.value).where(Setting.key == REVISION).with_for_update()) or 0)
    if now != revision:
        raise ConflictError("检查期间数据已被他人更新；没有写入任何内容，请重新导入。")


def _source(path: Path, prepared: Prepared, options: Options, account_id: int | None) -> Source:
    raw, placed = prepared.raw, prepared.placed
    if placed is None:
        raise AssertionError
    return Source(
        file_name=raw.file,
        sha256=_digest(path),
        layer=part_of(raw.layer, prepared.target, options),
        encoding=raw.encoding,
        datum=placed.datum,
        crs=named(raw.crs) if raw.crs is not None else None,
        row_count=len(prepared.findings.rows),
        imported_at=datetime.now(UTC),
        account_id=account_id,
    )
