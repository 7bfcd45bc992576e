"""Requests to make way say which transfer they are for; those sent earlier are told by their moment

Revises: 0015
"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        UPDATE messages SET params = params || jsonb_build_object('transfer', coalesce((
            SELECT o.number FROM consents c JOIN orders o ON o.id = c.transfer_id
            WHERE c.asked_at = messages.created_at AND messages.link = '/orders/' || c.loan_id
            ORDER BY c.id LIMIT 1
        ), ''))
        WHERE kind = 'loan.consent_asked'
    """)
