"""Carrying changes from the outbox into the live index of a node, in batches that can be repeated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Select, delete, func, literal, or_, select, update
from sqlalchemy.orm import Session

from marketplace.db import search_nodes
from marketplace.db.assets import Asset
from marketplace.db.outbox import EVERY, QUEUE, OutboxRow, reindex_soon_where, waiting_for
from marketplace.db.search_nodes import SearchNode
from marketplace.db.session import SessionFactory, transaction
from search import documents, lines, schema
from search.engine import Engine

BATCH = 10_000
"""Outbox rows drained at once: every batch has a fixed cost in the engine."""
KEPT = dt.timedelta(days=1)
"""How long drained rows are kept, as a rebuild replays those drained since it began; and those that wait for
a node that is away."""
DRAIN_LOCK = 7_351_201
"""Advisory lock of whoever writes the live index of a node: one at a time, so that an older reading of an
asset never overwrites a newer one."""
REBUILD_LOCK = 7_351_202
"""Advisory lock of a rebuild under way."""


def waiting(_now: dt.datetime) -> Select[int]:
    """A row as long as something waits; always where nodes are several, to look after each."""
    rows = select(OutboxRow.id).where(OutboxRow.drained_at.is_(None))
    return select(literal(1)).where(or_(rows.exists(), select(SearchNode.name).exists()))


class Unfilled(Exception):
    """A node beside others has no index: it has to be filled before it may be asked again."""


def drain_outbox(sessions: SessionFactory, engine: Engine, *, batch: int = BATCH) -> Mapping[str, int]:
    """Write the documents of one batch of waiting rows; counts of ``rows``, ``written``, ``deleted``.

    All zero when nothing waits for this node or somebody else is feeding it. The rows are marked in the
    transaction that holds them, after the engine has confirmed: whatever ends this early, the next drainer
    does all of it again. What waits for every node is taken by the only one; several are handed rows of
    their own before (:func:`marketplace.db.search_nodes.hand_over`).

    Raises:
        EngineDown, EngineRefused: the engine did not take the batch; its rows wait on.
        Unfilled: the index is missing, and there are other nodes.
    """
    with transaction(sessions) as session:
        rows = _claim(session, engine.name, batch) if lock(session, DRAIN_LOCK, engine.name) else {}
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
    tasks = engine.put_all(index, found.values())
    if gone:
        tasks.append(engine.delete_documents(index, gone))
    for task in tasks:
        engine.wait(task)
    return len(gone)


def begin_anew(sessions: SessionFactory, engine: Engine) -> None:
    """Make the live index of the only node, which is missing, and have every document written into it.

    The documents are noted first, for good: an index that is there lacks nothing but what waits.

    Raises:
        Unfilled: there are other nodes, which answer as long as this one is filled aside.
    """
    with transaction(sessions) as session:
        queue = queue_of(session, engine)
        if queue == EVERY:
            reindex_everything(session, queue)
        else:
            search_nodes.set_complete(session, engine.name, False)
    if queue != EVERY:
        raise Unfilled(engine.name)
    schema.create(engine, engine.index)


def queue_of(session: Session, engine: Engine) -> str:
    """For whom a row is noted that only this node needs: the only one takes what is there for all."""
    return engine.name if search_nodes.names(session) - {engine.name} else EVERY


def reindex_everything(session: Session, node: str) -> None:
    """Note every asset that does not wait already."""
    waiting = select(OutboxRow.id).where(
        OutboxRow.asset_id == Asset.id, OutboxRow.drained_at.is_(None), OutboxRow.node == node
    )
    reindex_soon_where(session, select(Asset.id).where(~waiting.exists()), node)


def purge(sessions: SessionFactory, now: dt.datetime, own: Collection[str] = ()) -> int:
    """Forget rows that were drained long ago; how many. None while a rebuild may need them.

    And what waits for nodes that were away that long, but for our own, or that nobody names any more.
    """
    gone = delete(OutboxRow).where(OutboxRow.drained_at < now - KEPT).returning(OutboxRow.id).cte()
    with transaction(sessions) as session:
        if not lock(session, REBUILD_LOCK):
            return 0
        search_nodes.give_up(session, now - KEPT, own)
        return session.scalar(select(func.count()).select_from(gone)) or 0


def lock(session: Session, key: int, node: str = "") -> bool:
    """Take an advisory lock, of one node or of all, for the rest of the transaction, if it is free."""
    keys = (key, func.hashtext(node)) if node else (key,)
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(*keys))))


def _claim(session: Session, node: str, batch: int) -> dict[int, int]:
    """Waiting rows, oldest first, and the assets they name.

    Whether this is the only node is looked at together with the rows: one that joins meanwhile is filled
    later than what these rows announce was changed.
    """
    others = select(SearchNode.name).where(SearchNode.name != node).exists()
    waiting = (
        select(OutboxRow.id, OutboxRow.asset_id)
        .order_by(*QUEUE)
        .limit(batch)
        .with_for_update(skip_locked=True)
    )
    for_every = session.execute(waiting.where(*waiting_for(literal(EVERY)), ~others)).all()
    return dict(for_every or session.execute(waiting.where(*waiting_for(literal(node)))).all())
