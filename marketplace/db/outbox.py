"""What must happen outside a transaction, written down inside it and done afterwards.

Also the two small tables of the edge: answers kept for ``Idempotency-Key``, and settings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    LargeBinary,
    Select,
    String,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from marketplace.db.base import Base, Id, Moment


class OutboxRow(Base):
    """An asset whose search document may have changed.

    The row names the asset, not the change: whoever drains it reads the asset as it is by then, so
    order and repeats don't matter. A drained row is kept for a while, because a rebuild that runs
    aside needs to know what changed meanwhile.

    Where there are several search nodes, a row is drained by noting the same for each of them: what waits
    for a node is its place in the outbox, whatever becomes of the others.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_waiting", "node", "id", postgresql_where=text("drained_at IS NULL")),
        Index("ix_outbox_drained_at", "drained_at", postgresql_where=text("drained_at IS NOT NULL")),
    )

    id: Mapped[Id]
    asset_id: Mapped[int] = mapped_column(BigInteger)
    node: Mapped[str] = mapped_column(String(200), server_default="")
    """The search node that lacks it; :data:`EVERY` node, as whoever changes an asset says."""
    created_at: Mapped[Moment] = mapped_column(server_default=text("now()"))
    drained_at: Mapped[Moment | None]


EVERY = ""
CHANNEL = "outbox"
"""On which whoever drains hears that a transaction with new rows was committed."""
_RING = select(func.pg_notify(CHANNEL, ""))


def reindex_soon(session: Session, asset_ids: Iterable[int], node: str = EVERY) -> None:
    """Note, in this transaction, that these assets' documents are to be written anew."""
    rows = [{"asset_id": asset_id, "node": node} for asset_id in asset_ids]
    if rows:
        session.execute(insert(OutboxRow), rows)
        session.execute(_RING)


def reindex_soon_where(session: Session, asset_ids: Select[int], node: str = EVERY) -> None:
    """The same for all assets that a query selects, as one statement."""
    rows = asset_ids.add_columns(literal(node, String))
    session.execute(insert(OutboxRow).from_select(["asset_id", "node"], rows))
    session.execute(_RING)


def waiting_for(node: ColumnElement[str] | InstrumentedAttribute[str]) -> tuple[ColumnElement[bool], ...]:
    """What waits for a node, to be read in the order of :data:`QUEUE`.

    A range of one name: an equality would let the database walk all rows in the order of their numbers.
    """
    return OutboxRow.drained_at.is_(None), OutboxRow.node.between(node, node)


QUEUE = OutboxRow.node, OutboxRow.id


class KeptAnswer(Base):
    """The answer to a creating call, given again when the call is repeated with the same key."""

    __tablename__ = "kept_answers"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]


class Setting(Base):
    """A value an administrator changes without a release."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB)
    changed_at: Mapped[Moment]
    changed_by: Mapped[int | None] = mapped_column(BigInteger)
