"""Filling a new index beside the live one and swapping the two, so that no search ever misses it."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from structlog import get_logger

from marketplace.db import search_nodes
from marketplace.db.assets import Asset
from marketplace.db.outbox import EVERY, OutboxRow
from marketplace.db.session import SessionFactory, transaction
from marketplace.domain.errors import Conflict
from marketplace.domain.text import N_
from search import documents, indexer, lines, schema
from search.engine import Engine, EngineDown

BATCH = 10_000
UNDER_WAY = 20
"""Batches that the engine may have before it while the next are read: it joins them, and is faster so."""

Progress = Callable[[int, int], None]
log = get_logger()


def ensure_index(sessions: SessionFactory, engine: Engine) -> None:
    """Have a live index with the settings of this release; its documents follow by the outbox.

    An index of an older release stays searchable while it is refitted. Without an engine nothing is
    done: searches are answered by the database, and the drainer makes the index when it can.

    Raises:
        Unfilled: the index is missing, and there are other nodes.
    """
    try:
        if not schema.exists(engine, engine.index):
            indexer.begin_anew(sessions, engine)
        else:
            fit(sessions, engine)
    except EngineDown as error:
        log.warning("search_index_not_checked", node=engine.name, error=str(error))


def fit(sessions: SessionFactory, engine: Engine) -> None:
    """Have an index that is there, but of another release, brought to the shape of this one."""
    if needs_rebuild(engine):
        with transaction(sessions) as session:
            indexer.reindex_everything(session, indexer.queue_of(session, engine))
        schema.refit(engine, engine.index)


def needs_rebuild(engine: Engine) -> bool:
    """Whether the live index, or what stands in it, is of another release than this."""
    first = engine.call("POST", f"/indexes/{engine.index}/documents/fetch", {"limit": 1, "fields": ["hash"]})
    of_shape = all(lines.has_shape(found["hash"]) for found in first["results"])
    return not (of_shape and schema.is_current(engine, engine.index))


def rebuild(
    sessions: SessionFactory,
    engine: Engine,
    *,
    batch: int = BATCH,
    progress: Progress = lambda done, total: None,
) -> Mapping[str, int]:
    """Fill a new index with every document, bring it up to date, and put it in the live one's place.

    What is drained into the live index meanwhile is written again into the new one while no drainer
    works, right before the swap. Killed at any moment it leaves the live index as it is; the next
    rebuild removes what it left behind. ``progress`` hears documents written and all there are.

    Raises:
        Conflict: another rebuild of this node is under way.
        EngineDown, EngineRefused: the engine could not do it.
    """
    aside = f"{engine.index}_aside"
    with transaction(sessions) as guard:
        guard.execute(select(func.pg_advisory_xact_lock_shared(indexer.REBUILD_LOCK)))
        if not indexer.lock(guard, indexer.REBUILD_LOCK, engine.name):
            raise Conflict(N_("索引正在重建，请等它完成后再试。"), code="rebuild_under_way")
        began = guard.execute(select(func.clock_timestamp())).scalar_one()
        schema.drop(engine, aside)
        schema.create(engine, aside)
        written = _fill(sessions, engine, aside, batch, progress)
        # The locks, and the clock that ``began`` was read from, are gone with the server that had them.
        guard.execute(select(1))
        replayed = _swap(sessions, engine, aside, began, batch)
        schema.drop(engine, aside)
    return {"documents": written, "replayed": replayed}


def _fill(sessions: SessionFactory, engine: Engine, index: str, batch: int, progress: Progress) -> int:
    """Stream the register into an index; how many documents that were.

    Only up to the newest card at the beginning: what is added meanwhile is replayed, not chased.
    """
    with sessions() as session:
        total, newest = session.execute(select(func.count(), func.max(Asset.id))).one()
    done, last, under_way = 0, 0, deque[dict[str, Any]]()
    while found := _next(sessions, last, newest or 0, batch):
        under_way += engine.put_all(index, found.values())
        done, last = done + len(found), max(found)
        progress(done, max(done, total))
        while len(under_way) > UNDER_WAY:
            engine.wait(under_way.popleft())
    for task in under_way:
        engine.wait(task)
    return done


def _next(sessions: SessionFactory, last: int, newest: int, batch: int) -> dict[int, bytes]:
    with sessions() as session:
        read = documents.after(session, last, batch, to=newest)
        return {document["id"]: lines.line(document) for document in read}


def _swap(sessions: SessionFactory, engine: Engine, aside: str, began: dt.datetime, batch: int) -> int:
    """Replay what changed since the filling began, then swap; how many assets that were.

    A row drained before ``began`` was claimed before it, so what it announces was already committed
    when the filling read it: rows are marked by the clock after they are claimed.
    """
    with transaction(sessions) as session:
        session.execute(text("SET LOCAL lock_timeout = 0"))
        keys = indexer.DRAIN_LOCK, func.hashtext(engine.name)
        session.execute(select(func.pg_advisory_xact_lock(*keys)))
        replayed, last = 0, 0
        while changed := _changed(session, engine.name, began, last, batch):
            indexer.write(session, engine, aside, changed)
            replayed, last = replayed + len(changed), changed[-1]
        # A missing one is never there without its documents.
        swap = {"indexes": [aside, engine.index], "rename": not schema.exists(engine, engine.index)}
        engine.wait(engine.call("POST", "/swap-indexes", [swap]))
        search_nodes.set_complete(session, engine.name, True)
    return replayed


def _changed(session: Session, node: str, began: dt.datetime, last: int, batch: int) -> list[int]:
    drained = OutboxRow.drained_at >= began, OutboxRow.node.in_((EVERY, node))
    query = select(OutboxRow.asset_id).where(*drained, OutboxRow.asset_id > last).distinct()
    return list(session.scalars(query.order_by(OutboxRow.asset_id).limit(batch)))
