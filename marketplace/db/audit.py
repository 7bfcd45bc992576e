"""The record of every action: who, when, what, on which object, from what to what, and why.

Entries are chained so that none can be changed, removed or slipped in unnoticed. A trigger puts every
new entry's content hash into ``audit_waiting``, in the transaction of whoever adds it; a job moves what
waits into ``audit_seals``, where each seal carries the digest of the one before it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Index, LargeBinary, String, Text, cast, extract, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.db.base import Base, Id, Moment
from marketplace.domain.audit_chain import FIELDS


class AuditEntry(Base):
    """One action. A trigger refuses UPDATE, DELETE and TRUNCATE: entries are only ever added."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_object", "object_kind", "object_id", "id"),
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_actor_id", "actor_id", "at", "id"),
        Index("ix_audit_entries_unit_id", "unit_id", "at", "id"),
        Index("ix_audit_entries_action", "action", "at", "id"),
        Index("ix_audit_entries_reason", "at", "id", postgresql_where=text("reason <> ''")),
    )

    id: Mapped[Id]
    at: Mapped[Moment]
    actor_id: Mapped[int | None] = mapped_column(BigInteger)
    actor_name: Mapped[str] = mapped_column(String(60))
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    """The unit whose object it was; scopes who may read the entry."""
    action: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(20), server_default="done")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    basis: Mapped[str] = mapped_column(String(120), server_default="")
    request_id: Mapped[str] = mapped_column(String(40), server_default="")


class AuditWaiting(Base):
    """An entry that has no place in the chain yet; written by a trigger, never by the application."""

    __tablename__ = "audit_waiting"

    entry_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    """Hash of the entry as it was added, so that a change before sealing shows as well."""


class AuditSeal(Base):
    """An entry's place in the chain. A trigger refuses UPDATE, DELETE and TRUNCATE."""

    __tablename__ = "audit_seals"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    """From 1, without gaps, in the order in which entries became visible; not the order of their ids."""
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    """Digest of the seal before it; 32 zero bytes for the first."""
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Hash over ``previous``, ``position`` and the entry's content."""


_AS_SEALED: dict[str, ColumnElement[Any]] = {
    "at": cast(extract("epoch", AuditEntry.at), Text),
    "before": cast(AuditEntry.before, Text),
    "after": cast(AuditEntry.after, Text),
}
SEALED = tuple(_AS_SEALED.get(name, getattr(AuditEntry, name)) for name in FIELDS)
"""An entry's fields as they are sealed: see :mod:`marketplace.domain.audit_chain`."""
