"""The search nodes that are fed from the outbox, and what waits for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, Float, String, cast, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from marketplace.db.base import Base, Moment
from marketplace.db.outbox import EVERY, QUEUE, OutboxRow, waiting_for

SEEN_EVERY = dt.timedelta(minutes=1)


class SearchNode(Base):
    """A search node beside others. An installation with a single one needs no row."""

    __tablename__ = "search_nodes"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Its address."""
    complete: Mapped[bool]
    """Whether it lacks nothing but what waits for it; else it has to be filled anew, and is not asked."""
    seen_at: Mapped[Moment]
    """When a job process last named it as one of its own, to within a minute."""


class Standing(NamedTuple):
    """How a node stands."""

    name: str
    complete: bool
    lag: float
    """Seconds that the change at the head of its queue has waited."""


def names(session: Session) -> set[str]:
    """All nodes that are fed."""
    return set(session.scalars(select(SearchNode.name)))


def standings(session: Session) -> list[Standing]:
    """How each node stands; none where there is a single one."""
    return [Standing(*row) for row in session.execute(_STANDINGS)]


def lag_seconds(session: Session) -> float:
    """Seconds that the oldest change has waited for the search node that is furthest."""
    waiting = session.scalars(_FOR_EVERY).one()
    return max(waiting, min((node.lag for node in standings(session) if node.complete), default=0.0))


def see(session: Session, own: Collection[str], complete: Collection[str] = ()) -> None:
    """Note that these are nodes of ours; one that was not known is complete if that is said."""
    moment = func.clock_timestamp()
    noted = insert(SearchNode).values(
        [{"name": name, "complete": name in complete, "seen_at": moment} for name in own]
    )
    session.execute(
        noted.on_conflict_do_update(
            index_elements=[SearchNode.name],
            set_={"seen_at": moment},
            where=SearchNode.seen_at < moment - SEEN_EVERY,
        )
    )


def forget_all(session: Session) -> None:
    """Name no node: those of ours make themselves known, those of another installation are none of ours."""
    session.execute(delete(SearchNode))


def set_complete(session: Session, name: str, complete: bool) -> None:
    """Note whether a node may be asked, if it is one beside others."""
    session.execute(update(SearchNode).where(SearchNode.name == name).values(complete=complete))


def is_complete(session: Session, name: str) -> bool:
    """Whether a node may be asked."""
    return bool(session.scalar(select(SearchNode.complete).where(SearchNode.name == name)))


def hand_over(session: Session, batch: int) -> int:
    """Note for each node what waits for every node; how many rows that were.

    In one statement: a node that it does not see yet is filled later than what it sees was changed.
    """
    return int(session.execute(_HAND_OVER, {"batch": batch}).scalar_one())


def give_up(session: Session, before: dt.datetime, own: Collection[str]) -> None:
    """Have nodes filled anew for which changes wait since before a moment, and forget what nobody names.

    So no more is kept for a node that is away than what changed since.
    """
    session.execute(delete(SearchNode).where(SearchNode.seen_at < before, SearchNode.name.not_in(own)))
    session.execute(update(SearchNode).where(before > _HEAD).values(complete=False))
    complete, known = select(SearchNode.name).where(SearchNode.complete), select(SearchNode.name)
    node = OutboxRow.node
    for_nobody = or_(node.not_in(known), OutboxRow.created_at < before)
    left = select(OutboxRow.id).where(
        OutboxRow.drained_at.is_(None), node != EVERY, node.not_in(complete), for_nobody
    )
    rows = left.with_for_update(skip_locked=True)
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(rows)))


_HEAD = (
    select(OutboxRow.created_at)
    .where(*waiting_for(SearchNode.name))
    .order_by(*QUEUE)
    .limit(1)
    .correlate(SearchNode)
    .scalar_subquery()
)
"""When that was changed which is at the head of a node's queue."""


def _seconds_since(moment: ColumnElement[dt.datetime]) -> ColumnElement[float]:
    waited = cast(func.extract("epoch", func.clock_timestamp() - moment), Float)
    return func.greatest(0.0, func.coalesce(waited, 0.0))


_STANDINGS = select(SearchNode.name, SearchNode.complete, _seconds_since(_HEAD)).order_by(SearchNode.name)
_FOR_EVERY = select(_seconds_since(func.min(OutboxRow.created_at))).where(*waiting_for(literal(EVERY)))
_HAND_OVER = text("""
    WITH claimed AS (
        SELECT id, asset_id, created_at FROM outbox
        WHERE drained_at IS NULL AND node BETWEEN '' AND '' AND EXISTS (SELECT FROM search_nodes)
        ORDER BY node, id LIMIT :batch FOR UPDATE SKIP LOCKED),
    noted AS (
        INSERT INTO outbox (asset_id, node, created_at)
        SELECT c.asset_id, n.name, min(c.created_at) FROM claimed c CROSS JOIN search_nodes n
        GROUP BY c.asset_id, n.name ORDER BY min(c.id)),
    done AS (
        UPDATE outbox o SET drained_at = clock_timestamp() FROM claimed c WHERE o.id = c.id RETURNING o.id)
    SELECT count(*) FROM done
""")
