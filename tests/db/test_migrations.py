"""The migrations make exactly the schema that the models describe."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Engine, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from marketplace.db import migrate
from marketplace.db.audit import AuditEntry
from tests.conftest import NOW


def test_models_and_migrations_agree(engine: Engine) -> None:
    with engine.begin() as connection:
        command.check(migrate.config(connection))
        assert migrate.is_current(connection)


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET reason = 'x'", "DELETE FROM audit_entries"])
def test_audit_entries_can_not_be_changed(session: Session, change: str) -> None:
    session.execute(insert(AuditEntry).values(at=NOW, actor_name="a", action="test", object_kind="test"))
    with pytest.raises(DBAPIError, match="never changed"):
        session.execute(text(change))
