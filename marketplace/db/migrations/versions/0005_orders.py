"""Orders, their steps, reservations and hand-overs

Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_unique_constraint(op.f('uq_assets_id_quantity'), 'assets', ['id', 'quantity'])
    op.create_table('order_counters',
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('transfer', 'loan', name='orderkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('year', 'kind', name=op.f('pk_order_counters'))
    )
    op.create_table('orders',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('number', sa.String(length=20), nullable=True),
    sa.Column('kind', sa.Enum('transfer', 'loan', name='orderkind', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('state', sa.Enum('draft', 'waiting', 'offered', 'submitted', 'correction', 'approved', 'handed_over', 'completed', 'on_loan', 'returned', 'rejected', 'withdrawn', 'expired', name='orderstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('version', sa.Integer(), server_default='1', nullable=False),
    sa.Column('requester_id', sa.BigInteger(), nullable=False),
    sa.Column('receiver_unit_id', sa.BigInteger(), nullable=False),
    sa.Column('giver_unit_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('urgency', sa.Enum('normal', 'urgent', name='urgency', native_enum=False, create_constraint=True, length=32), server_default='normal', nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('renews_id', sa.BigInteger(), nullable=True),
    sa.Column('renewals', sa.Integer(), server_default='0', nullable=False),
    sa.Column('round', sa.Integer(), server_default='0', nullable=False),
    sa.Column('policy_version', sa.Integer(), nullable=True),
    sa.Column('answer_by', sa.Date(), nullable=True),
    sa.Column('returned_on', sa.Date(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('close_reason', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('(number IS NULL) = (submitted_at IS NULL)', name=op.f('ck_orders_number_when_submitted')),
    sa.CheckConstraint('ends_on >= starts_on', name=op.f('ck_orders_period_in_order')),
    sa.ForeignKeyConstraint(['giver_unit_id'], ['units.id'], name=op.f('fk_orders_giver_unit_id_units')),
    sa.ForeignKeyConstraint(['receiver_unit_id'], ['units.id'], name=op.f('fk_orders_receiver_unit_id_units')),
    sa.ForeignKeyConstraint(['renews_id'], ['orders.id'], name=op.f('fk_orders_renews_id_orders')),
    sa.ForeignKeyConstraint(['requester_id'], ['users.id'], name=op.f('fk_orders_requester_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    op.create_index('ix_orders_answer_by', 'orders', ['answer_by'], unique=False, postgresql_where=sa.text('answer_by IS NOT NULL'))
    op.create_index('ix_orders_ends_on', 'orders', ['ends_on'], unique=False, postgresql_where=sa.text("state = 'on_loan'"))
    op.create_index('ix_orders_giver', 'orders', ['giver_unit_id', 'id'], unique=False)
    op.create_index('ix_orders_receiver', 'orders', ['receiver_unit_id', 'id'], unique=False)
    op.create_index(op.f('ix_orders_renews_id'), 'orders', ['renews_id'], unique=False)
    op.create_index('ix_orders_requester', 'orders', ['requester_id', 'id'], unique=False)
    op.create_index('ix_orders_state', 'orders', ['state', 'id'], unique=False)
    op.create_table('awards',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('listing_id', sa.BigInteger(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ranking', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.ForeignKeyConstraint(['listing_id'], ['listings.id'], name=op.f('fk_awards_listing_id_listings'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_awards'))
    )
    op.create_index('ix_awards_listing', 'awards', ['listing_id'], unique=False)
    op.create_table('consents',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('transfer_id', sa.BigInteger(), nullable=False),
    sa.Column('loan_id', sa.BigInteger(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.BigInteger(), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.BigInteger(), nullable=True),
    sa.Column('agreed', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['answered_by'], ['users.id'], name=op.f('fk_consents_answered_by_users')),
    sa.ForeignKeyConstraint(['asked_by'], ['users.id'], name=op.f('fk_consents_asked_by_users')),
    sa.ForeignKeyConstraint(['loan_id'], ['orders.id'], name=op.f('fk_consents_loan_id_orders'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['transfer_id'], ['orders.id'], name=op.f('fk_consents_transfer_id_orders'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_consents'))
    )
    op.create_index('ix_consents_loan', 'consents', ['loan_id'], unique=False)
    op.create_index('ix_consents_transfer', 'consents', ['transfer_id'], unique=False)
    op.create_index('uq_consents_open', 'consents', ['transfer_id', 'loan_id'], unique=True, postgresql_where=sa.text('answered_at IS NULL'))
    op.create_table('damage_cases',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('compensation', sa.Numeric(precision=18, scale=2), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.BigInteger(), nullable=False),
    sa.Column('settled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.BigInteger(), nullable=True),
    sa.Column('settlement', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('compensation >= 0', name=op.f('ck_damage_cases_compensation_not_negative')),
    sa.ForeignKeyConstraint(['opened_by'], ['users.id'], name=op.f('fk_damage_cases_opened_by_users')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_damage_cases_order_id_orders'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['settled_by'], ['users.id'], name=op.f('fk_damage_cases_settled_by_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_damage_cases'))
    )
    op.create_index('ix_damage_cases_order', 'damage_cases', ['order_id'], unique=False)
    op.create_table('handovers',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('direction', sa.String(length=4), nullable=False),
    sa.Column('condition', sa.String(length=20), server_default='', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.Column('photos', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.Column('giver_id', sa.BigInteger(), nullable=True),
    sa.Column('giver_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('giver_signature', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('receiver_id', sa.BigInteger(), nullable=True),
    sa.Column('receiver_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('receiver_signature', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['giver_id'], ['users.id'], name=op.f('fk_handovers_giver_id_users')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_handovers_order_id_orders'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['receiver_id'], ['users.id'], name=op.f('fk_handovers_receiver_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_handovers')),
    sa.UniqueConstraint('order_id', 'direction', name=op.f('uq_handovers_order_id_direction'))
    )
    op.create_table('order_files',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['added_by'], ['users.id'], name=op.f('fk_order_files_added_by_users')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_files_order_id_orders'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_files'))
    )
    op.create_index('ix_order_files_order', 'order_files', ['order_id'], unique=False)
    op.create_table('order_lines',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('asset_id', sa.BigInteger(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('model', sa.String(length=400), server_default='', nullable=False),
    sa.Column('unit_of_measure', sa.String(length=20), nullable=False),
    sa.Column('category', sa.String(length=41), server_default='', nullable=False),
    sa.Column('original_value', sa.Numeric(precision=18, scale=2), nullable=False),
    sa.Column('accumulated_depreciation', sa.Numeric(precision=18, scale=2), server_default='0', nullable=False),
    sa.Column('new_asset_id', sa.BigInteger(), nullable=True),
    sa.CheckConstraint('quantity > 0', name=op.f('ck_order_lines_quantity_positive')),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_order_lines_asset_id_assets')),
    sa.ForeignKeyConstraint(['new_asset_id'], ['assets.id'], name=op.f('fk_order_lines_new_asset_id_assets')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_lines_order_id_orders'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines')),
    sa.UniqueConstraint('order_id', 'asset_id', name=op.f('uq_order_lines_order_id_asset_id'))
    )
    op.create_index('ix_order_lines_asset', 'order_lines', ['asset_id', 'order_id'], unique=False)
    op.create_table('order_steps',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('role', sa.Enum('staff', 'unit_asset_officer', 'unit_approver', 'department_approver', 'warehouse_manager', 'finance_approver', 'auditor', 'security_administrator', 'system_administrator', name='role', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('side', sa.String(length=10), nullable=False),
    sa.Column('unit_id', sa.BigInteger(), nullable=False),
    sa.Column('state', sa.Enum('waiting', 'open', 'approved', 'rejected', 'returned', 'skipped', name='stepstate', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('deadline_days', sa.Integer(), nullable=False),
    sa.Column('remind_days', sa.Integer(), nullable=False),
    sa.Column('on_overdue', sa.String(length=10), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deadline', sa.Date(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.BigInteger(), nullable=True),
    sa.Column('principal_id', sa.BigInteger(), nullable=True),
    sa.Column('comment', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['decided_by'], ['users.id'], name=op.f('fk_order_steps_decided_by_users')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_steps_order_id_orders'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['principal_id'], ['users.id'], name=op.f('fk_order_steps_principal_id_users')),
    sa.ForeignKeyConstraint(['unit_id'], ['units.id'], name=op.f('fk_order_steps_unit_id_units')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_steps'))
    )
    op.create_index('ix_order_steps_decided_by', 'order_steps', ['decided_by', 'decided_at'], unique=False)
    op.create_index('ix_order_steps_open', 'order_steps', ['role', 'unit_id', 'deadline'], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_index('ix_order_steps_order', 'order_steps', ['order_id', 'round', 'position'], unique=False)
    op.create_table('quantity_moves',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('asset_id', sa.BigInteger(), nullable=False),
    sa.Column('order_id', sa.BigInteger(), nullable=True),
    sa.Column('pieces', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['asset_id'], ['assets.id'], name=op.f('fk_quantity_moves_asset_id_assets'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_quantity_moves_order_id_orders')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quantity_moves'))
    )
    op.create_index('ix_quantity_moves_asset', 'quantity_moves', ['asset_id'], unique=False)
    op.create_index('ix_quantity_moves_order', 'quantity_moves', ['order_id'], unique=False)
    op.create_table('reservations',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('asset_id', sa.BigInteger(), nullable=False),
    sa.Column('asset_quantity', sa.Integer(), nullable=False),
    sa.Column('line_id', sa.BigInteger(), nullable=False),
    sa.Column('slots', postgresql.INT4RANGE(), nullable=False),
    sa.Column('during', postgresql.DATERANGE(), nullable=False),
    postgresql.ExcludeConstraint((sa.text("int8range(asset_id, asset_id, '[]')"), '&&'), (sa.column('slots'), '&&'), (sa.column('during'), '&&'), deferrable='True', initially='IMMEDIATE', using='gist', name='ex_reservations_overlap'),
    sa.CheckConstraint('NOT isempty(during) AND lower(during) IS NOT NULL', name=op.f('ck_reservations_some_days')),
    sa.CheckConstraint('NOT isempty(slots) AND lower(slots) >= 0', name=op.f('ck_reservations_slots_from_zero')),
    sa.CheckConstraint('upper(slots) <= asset_quantity', name=op.f('ck_reservations_slots_within_card')),
    sa.ForeignKeyConstraint(['asset_id', 'asset_quantity'], ['assets.id', 'assets.quantity'], name='fk_reservations_card', onupdate='CASCADE'),
    sa.ForeignKeyConstraint(['line_id'], ['order_lines.id'], name=op.f('fk_reservations_line_id_order_lines'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reservations'))
    )
    op.create_index('ix_reservations_asset', 'reservations', ['asset_id'], unique=False)
    op.create_index('ix_reservations_line', 'reservations', ['line_id'], unique=False)
    op.add_column('listings', sa.Column('award_rule', sa.Enum('first_come', 'window', name='awardrule', native_enum=False, create_constraint=True, length=32), server_default='first_come', nullable=False))
    op.add_column('listings', sa.Column('window_days', sa.Integer(), server_default=sa.text('5'), nullable=False))
    op.add_column('listings', sa.Column('window_ends_on', sa.Date(), nullable=True))
