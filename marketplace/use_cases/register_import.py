"""Importing an asset register: upload, correct the mapping, look at the preview, confirm, stop, resume.

The work itself is done by :mod:`marketplace.use_cases.register_worker`, in the background.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from marketplace.config import Settings
from marketplace.db.imports import ImportMapping, ImportRow, ImportRun, ImportState
from marketplace.db.people import Unit
from marketplace.domain.errors import Conflict, Invalid
from marketplace.domain.permissions import Actor, Permission, require
from marketplace.domain.text import N_, clean
from marketplace.registers import mapping as mappings
from marketplace.registers import reader, uploads
from marketplace.registers.cells import as_text
from marketplace.registers.mapping import ColumnMap, Confidence
from marketplace.use_cases import audit, register_staging
from marketplace.use_cases.register_lookup import Units
from marketplace.use_cases.register_runs import (
    OPEN_STATES,
    WORKING,
    Report,
    check_active,
    is_claimed,
    load,
    recent,
    release,
    report,
)
from marketplace.use_cases.register_worker import advance, advance_all, waiting

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 80
FILES_KEPT = dt.timedelta(days=30)
"""How long a finished run, its file and its refused rows can be looked at."""
_FRESH = dt.timedelta(days=1)
"""A file younger than this may belong to a run that is just being made."""


def begin(
    session: Session,
    settings: Settings,
    actor: Actor,
    now: dt.datetime,
    unit: Unit,
    file: Path | BinaryIO,
    file_name: str,
    *,
    proceed: bool = False,
) -> ImportRun:
    """Take in a register for a unit and have it read; with ``proceed`` also merged, without a person.

    The same file sent again by the same account while it is on its way is the same run.

    Raises:
        Conflict: the unit is not active.
        Invalid: the file can't be read; with ``proceed``, also that no column holds the names.
        NotAllowed: the actor may not import for the unit.
    """
    require(actor, Permission.IMPORT_ASSETS, unit.path)
    check_active(unit)
    digest = uploads.store(file, settings.upload_dir)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"import {digest}", unit.id))))
    open_run = _open_run(session, actor, unit, digest, proceed=proceed)
    if open_run is not None:
        return open_run
    run = ImportRun(
        unit=unit,
        user_id=actor.user_id,
        file_name=clean(file_name)[-200:],
        stored_as=digest,
        file_digest=digest,
        proceed=proceed,
        created_at=now,
    )
    try:
        _find(session, run, settings.upload_dir / digest, reader.Choice())
    except Invalid:
        _drop(session, settings, digest)
        raise
    if proceed:
        mappings.check(ColumnMap.from_json(run.mapping), run.headers)
    session.add(run)
    session.flush()
    _note(session, actor, now, run, "import.begin", file_name=run.file_name, digest=digest)
    return run


def _drop(session: Session, settings: Settings, digest: str) -> None:
    """Keep nothing of a file that can't be read, unless an older run needs it."""
    if session.scalar(select(ImportRun.id).where(ImportRun.stored_as == digest).limit(1)) is None:
        (settings.upload_dir / digest).unlink(missing_ok=True)


def _open_run(session: Session, actor: Actor, unit: Unit, digest: str, *, proceed: bool) -> ImportRun | None:
    return session.scalar(
        select(ImportRun).where(
            ImportRun.unit_id == unit.id,
            ImportRun.user_id.is_not_distinct_from(actor.user_id),
            ImportRun.file_digest == digest,
            ImportRun.state.in_(OPEN_STATES),
            or_(ImportRun.proceed == proceed, ImportRun.state == ImportState.MERGING),
        )
    )


def _find(session: Session, run: ImportRun, path: Path, choice: reader.Choice) -> None:
    """Find the register in the file and propose a mapping: the remembered one before a new one."""
    found = reader.find_register(path, choice)
    run.layout, run.headers = found.layout.as_json(), list(found.headers)
    run.sample = [
        [as_text(cell)[:SHOWN_CHARACTERS].replace("\0", "") for cell in cells]
        for _, cells in found.sample[:SHOWN_ROWS]
    ]
    run.signature = mappings.signature(found.headers)
    proposal = mappings.propose(found.headers, found.sample, Units(session).known)
    remembered = session.scalar(
        select(ImportMapping.mapping).where(
            ImportMapping.unit_id == run.unit.id, ImportMapping.signature == run.signature
        )
    )
    if remembered is None:
        run.mapping, run.notes = proposal.mapping.as_json(), [asdict(note) for note in proposal.notes]
    else:
        run.mapping = ColumnMap.for_headers(remembered, found.headers).as_json()
        run.notes = [_AS_LAST_TIME] * len(found.headers)
    named = ColumnMap.from_json(run.mapping).position("name") is not None
    run.state = ImportState.STAGING if named else ImportState.MAPPING


_AS_LAST_TIME = {"confidence": Confidence.SURE, "message": N_("沿用上次确认的对应关系"), "params": {}}
_AS_CHOSEN = {"confidence": Confidence.SURE, "message": N_("由您选定"), "params": {}}


def is_remembered(run: ImportRun) -> bool:
    """Whether the mapping is the one that was confirmed for the unit's last file of this kind."""
    return _AS_LAST_TIME in run.notes


def remap(
    session: Session,
    settings: Settings,
    actor: Actor,
    now: dt.datetime,
    run_id: int,
    columns: Mapping[int, str],
    *,
    edition: str = "",
) -> ImportRun:
    """Have the file read again with the mapping that a person corrected: column position to target.

    Raises:
        Conflict: cards have been written from it already.
        Invalid: the mapping names no column for the name, or two for one field.
    """
    run = _correctable(session, actor, run_id)
    kept = ColumnMap({at: target for at, target in columns.items() if target}, edition)
    mappings.check(kept, run.headers)
    old = ColumnMap.from_json(run.mapping)
    run.notes = [
        note if old.columns.get(at) == kept.columns.get(at) else _AS_CHOSEN
        for at, note in enumerate(run.notes)
    ]
    run.mapping = kept.as_json()
    _read_again(session, run, ImportState.STAGING)
    _note(session, actor, now, run, "import.remap", mapping=kept.by_header(run.headers))
    return run


def relocate(
    session: Session,
    settings: Settings,
    actor: Actor,
    now: dt.datetime,
    run_id: int,
    choice: reader.Choice,
) -> ImportRun:
    """Have the register looked for elsewhere in the file: another sheet, header row or encoding.

    Raises:
        Conflict: cards have been written from it already.
        Invalid: there is no register where the choice points.
    """
    run = _correctable(session, actor, run_id)
    _find(session, run, uploads.path_of(run.stored_as, settings.upload_dir), choice)
    _read_again(session, run, run.state)
    _note(session, actor, now, run, "import.relocate", layout=run.layout)
    return run


def _correctable(session: Session, actor: Actor, run_id: int) -> ImportRun:
    run = load(session, actor, run_id, Permission.IMPORT_ASSETS, lock=True)
    if run.merged_to or run.state is ImportState.DONE:
        raise Conflict(N_("这次导入已写入资产卡片，不能再改对应关系。请重新上传文件。"), state=run.state)
    return run


def _read_again(session: Session, run: ImportRun, state: ImportState) -> None:
    """Forget what was read; a worker that is still reading finds that the run is not its own any more."""
    register_staging.forget(session, run)
    release(run)
    run.state, run.refused, run.error, run.finished_at = state, 0, None, None
    run.stop_requested, run.attempts = False, 0


def confirm(session: Session, actor: Actor, now: dt.datetime, run_id: int) -> ImportRun:
    """Merge what the preview showed, and remember the mapping for the unit's next file of this kind.

    Raises:
        Conflict: the run is not at its preview.
    """
    run = load(session, actor, run_id, Permission.IMPORT_ASSETS, lock=True)
    if run.state is ImportState.MERGING:
        return run
    if run.state is not ImportState.PREVIEW:
        raise Conflict(N_("文件还没有检查完，或已处理完毕，不能确认导入。请刷新页面。"), state=run.state)
    run.state, run.proceed = ImportState.MERGING, True
    _remember(session, now, run)
    _note(session, actor, now, run, "import.confirm", rows=run.total_rows)
    return run


def _remember(session: Session, now: dt.datetime, run: ImportRun) -> None:
    values = {
        "mapping": ColumnMap.from_json(run.mapping).by_header(run.headers),
        "confirmed_at": now,
    }
    session.execute(
        upsert(ImportMapping)
        .values(unit_id=run.unit_id, signature=run.signature, **values)
        .on_conflict_do_update(index_elements=["unit_id", "signature"], set_=values)
    )


def stop(session: Session, actor: Actor, now: dt.datetime, run_id: int) -> ImportRun:
    """Stop the run after the chunk that is being worked on. What was merged stays; it can be resumed.

    Raises:
        Conflict: it is already through.
    """
    run = load(session, actor, run_id, Permission.IMPORT_ASSETS, lock=True)
    if run.state not in OPEN_STATES:
        raise Conflict(N_("这次导入已经结束，不需要停止。"), state=run.state)
    if run.state in WORKING and is_claimed(run, now):
        run.stop_requested = True
    else:
        run.state = ImportState.STOPPED
        release(run)
    _note(session, actor, now, run, "import.stop", merged=run.merged_rows)
    return run


def resume(session: Session, actor: Actor, now: dt.datetime, run_id: int) -> ImportRun:
    """Go on with a stopped or failed run where it left off.

    Raises:
        Conflict: it is neither.
    """
    run = load(session, actor, run_id, Permission.IMPORT_ASSETS, lock=True)
    if run.stop_requested:
        run.stop_requested = False
    elif run.state in (ImportState.STOPPED, ImportState.FAILED):
        run.state = _left_off(run)
        run.error, run.finished_at, run.attempts = None, None, 0
        release(run)
    else:
        raise Conflict(N_("这次导入没有停止，不需要继续。请刷新页面查看进度。"), state=run.state)
    _note(session, actor, now, run, "import.resume", merged=run.merged_rows)
    return run


def _left_off(run: ImportRun) -> ImportState:
    if ColumnMap.from_json(run.mapping).position("name") is None:
        return ImportState.MAPPING
    if run.total_rows is None:
        return ImportState.STAGING
    return ImportState.MERGING if run.proceed else ImportState.PREVIEW


def clear_old(session: Session, settings: Settings, now: dt.datetime) -> int:
    """Forget the files and refused rows of runs that ended long ago; how many files went.

    The runs themselves stay: cards and audit entries name them.
    """
    ended = ImportRun.finished_at < now - FILES_KEPT
    given_up = ImportRun.state.in_((ImportState.MAPPING, ImportState.PREVIEW, ImportState.STOPPED)) & (
        ImportRun.created_at < now - FILES_KEPT
    )
    over = select(ImportRun.id).where(or_(ended, given_up))
    session.execute(delete(ImportRow).where(ImportRow.run_id.in_(over)))
    needed = session.scalars(select(ImportRun.stored_as).where(ImportRun.id.not_in(over)).distinct())
    return uploads.clear(settings.upload_dir, needed, (now - _FRESH).timestamp())


def _note(
    session: Session, actor: Actor, now: dt.datetime, run: ImportRun, action: str, **after: object
) -> None:
    audit.record(session, actor, now, action, "import_run", run.id, unit_id=run.unit_id, after=after)


__all__ = [
    "Report",
    "advance",
    "advance_all",
    "begin",
    "clear_old",
    "confirm",
    "is_remembered",
    "load",
    "recent",
    "relocate",
    "remap",
    "report",
    "resume",
    "stop",
    "waiting",
]
