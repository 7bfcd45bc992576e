"""The chain of the audit record

Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What is sealed of an entry. Times as seconds with six decimals and JSON as text: the same whatever the
# session's settings. marketplace.domain.audit_chain says the same in Python; a test holds the two together.
CONTENT = """
    sha256(convert_to(jsonb_build_array(
        e.id, extract(epoch FROM e.at)::text, e.actor_id, e.actor_name, e.unit_id, e.action, e.object_kind,
        e.object_id, e.outcome, e.before::text, e.after::text, e.reason, e.basis, e.request_id
    )::text, 'UTF8'))
"""


def upgrade() -> None:
    op.create_table(
        "audit_waiting",
        sa.Column("entry_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_audit_waiting")),
    )
    op.create_table(
        "audit_seals",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_seals_entry_id")),
    )
    op.execute("""
        CREATE TRIGGER audit_seals_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)
    op.execute(f"""
        CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO audit_waiting (entry_id, content) SELECT e.id, {CONTENT} FROM added e;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE TRIGGER audit_entries_await_seal AFTER INSERT ON audit_entries
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION await_seal()
    """)
    # Entries from before the chain are sealed with the first ones after it.
    op.execute(f"INSERT INTO audit_waiting (entry_id, content) SELECT e.id, {CONTENT} FROM audit_entries e")
    # The auditor's page reads newest first, by whatever it filters.
    for name in ("at", "actor_id", "unit_id"):
        op.drop_index(f"ix_audit_entries_{name}", table_name="audit_entries")
    op.create_index("ix_audit_entries_at", "audit_entries", ["at", "id"])
    op.create_index("ix_audit_entries_actor_id", "audit_entries", ["actor_id", "at", "id"])
    op.create_index("ix_audit_entries_unit_id", "audit_entries", ["unit_id", "at", "id"])
    op.create_index("ix_audit_entries_action", "audit_entries", ["action", "at", "id"])
    op.create_index(
        "ix_audit_entries_reason", "audit_entries", ["at", "id"], postgresql_where=sa.text("reason <> ''")
    )
