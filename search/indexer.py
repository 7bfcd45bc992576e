"""Carrying changes from the outbox into the live index, in batches that can be repeated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.outbox import OutboxRow, reindex_soon_where
from marketplace.db.session import SessionFactory, transaction
from search import documents, lines, schema
from search.engine import Engine

BATCH = 10_000
"""Outbox rows drained at once: every batch has a fixed cost in the engine."""
KEPT = dt.timedelta(days=1)
"""How long drained rows are kept; a rebuild replays those drained since it began."""
DRAIN_LOCK = 7_351_201
"""Advisory lock of whoever writes the live index: one at a time, so that an older reading of an asset
never overwrites a newer one."""
REBUILD_LOCK = 7_351_202
"""Advisory lock of a rebuild under way."""


def waiting(_now: dt.datetime) -> Select[int]:
    """The row that has waited longest, if any."""
    return select(OutboxRow.id).where(OutboxRow.drained_at.is_(None)).order_by(OutboxRow.id).limit(1)


def drain_outbox(sessions: SessionFactory, engine: Engine, *, batch: int = BATCH) -> Mapping[str, int]:
    """Write the documents of one batch of waiting rows; counts of ``rows``, ``written``, ``deleted``.

    All zero when nothing waits or somebody else is draining. The rows are marked in the transaction
    that holds them, after the engine has confirmed: whatever ends this early, the next drainer does
    all of it again.

    Raises:
        EngineDown, EngineRefused: the engine did not take the batch; its rows wait on.
    """
    with transaction(sessions) as session:
        rows = _claim(session, batch) if lock(session, DRAIN_LOCK) else {}
        if not rows:
            return {"rows": 0, "written": 0, "deleted": 0}
        if not schema.exists(engine, engine.index):
            begin_anew(sessions, engine)
        assets = sorted(set(rows.values()))
        deleted = write(session, engine, engine.index, assets)
        drained = update(OutboxRow).where(documents.among(OutboxRow.id, rows))
        # The moment after the engine's answer, not that of the transaction's begin: see ``rebuild``.
        session.execute(drained.values(drained_at=func.clock_timestamp()))
    return {"rows": len(rows), "written": len(assets) - deleted, "deleted": deleted}


def write(session: Session, engine: Engine, index: str, assets: Sequence[int]) -> int:
    """Bring the documents of these assets into an index as they are now; how many of them are gone."""
    found = {document["id"]: lines.line(document) for document in documents.by_ids(session, assets)}
    gone = [asset_id for asset_id in assets if asset_id not in found]
    tasks = []
    if found:
        tasks.append(engine.put_documents(index, found.values()))
    if gone:
        tasks.append(engine.delete_documents(index, gone))
    for task in tasks:
        engine.wait(task)
    return len(gone)


def begin_anew(sessions: SessionFactory, engine: Engine) -> None:
    """Make the live index, which is missing, and have every document written into it.

    The documents are noted first, for good: an index that is there lacks nothing but what waits.
    """
    with transaction(sessions) as session:
        reindex_everything(session)
    schema.create(engine, engine.index)


def reindex_everything(session: Session) -> None:
    """Note every asset that does not wait already."""
    waiting = select(OutboxRow.id).where(OutboxRow.asset_id == Asset.id, OutboxRow.drained_at.is_(None))
    reindex_soon_where(session, select(Asset.id).where(~waiting.exists()))


def purge(sessions: SessionFactory, now: dt.datetime) -> int:
    """Forget rows that were drained long ago; how many. None while a rebuild may need them."""
    gone = delete(OutboxRow).where(OutboxRow.drained_at < now - KEPT).returning(OutboxRow.id).cte()
    with transaction(sessions) as session:
        if not lock(session, REBUILD_LOCK):
            return 0
        return session.scalar(select(func.count()).select_from(gone)) or 0


def lock(session: Session, key: int) -> bool:
    """Take an advisory lock for the rest of the transaction, if it is free."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(key))))


def _claim(session: Session, batch: int) -> dict[int, int]:
    """Waiting rows, oldest first, and the assets they name."""
    waiting = (
        select(OutboxRow.id, OutboxRow.asset_id)
        .where(OutboxRow.drained_at.is_(None))
        .order_by(OutboxRow.id)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    return dict(session.execute(waiting).all())
