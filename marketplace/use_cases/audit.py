"""Writing down what was done, in the transaction that does it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.domain.permissions import Actor


def record(
    session: Session,
    actor: Actor,
    now: dt.datetime,
    action: str,
    object_kind: str,
    object_id: int | None,
    *,
    unit_id: int | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    basis: str = "",
    outcome: str = "done",
) -> None:
    """Add one entry. ``before`` and ``after`` hold only what changed; ``unit_id`` scopes its readers."""
    session.execute(
        insert(AuditEntry).values(
            at=now,
            actor_id=actor.user_id,
            actor_name=actor.name,
            unit_id=unit_id,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            outcome=outcome,
            before=_plain(before),
            after=_plain(after),
            reason=reason,
            basis=basis,
            request_id=actor.request_id,
        )
    )


def differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """What ``after`` changes of ``before``, as the two halves of an entry."""
    changed = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}


def _plain(values: Mapping[str, object] | None) -> dict[str, Any] | None:
    return None if values is None else {name: _json(value) for name, value in values.items()}


def _json(value: object) -> Any:
    """Values as the record keeps them: amounts and days as text, exact and readable in any program."""
    if isinstance(value, Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else value
