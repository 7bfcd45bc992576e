"""What happened in a register: orders in every state and notices, enough for every page that shows them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

CITY = "380100"
READER = "li.staff"
"""Who asked for every second order."""
CARDS_PER_ORDER = 100
CARDS_PER_NOTICE = 2_000


def fill(session: Session, cards: int) -> None:
    """Write orders with their lines, steps, reservations, hand-overs, record and messages; and notices."""
    orders = {"orders": max(100, cards // CARDS_PER_ORDER), "city": CITY, "reader": READER}
    session.execute(text(_WISHES), orders)
    for statement in (_ORDERS, _LINES, _STEPS, _RESERVATIONS, _HANDOVERS, _RECORD, _MESSAGES):
        session.execute(text(statement))
    for statement in (_AUCTIONS, _NOTICES):
        session.execute(text(statement), {"notices": cards // CARDS_PER_NOTICE})


_WISHES = """
    CREATE TEMP TABLE wishes ON COMMIT DROP AS
    WITH things AS MATERIALIZED (
        SELECT a.id, a.unit_id, a.number, a.name, a.unit_of_measure, a.original_value, a.quantity,
               row_number() OVER (ORDER BY a.id) AS place
        FROM assets a
        JOIN units u ON u.id = a.unit_id
        JOIN listings l ON l.asset_id = a.id AND l.ended_at IS NULL AND l.audience_unit_id IS NULL
        WHERE u.region_code = :city AND u.code NOT LIKE 'JZ10301%'
        LIMIT :orders
    ), people AS MATERIALIZED (
        SELECT users.id, home_unit_id, row_number() OVER (ORDER BY username <> :reader, users.id) AS place
        FROM users JOIN role_grants g ON g.user_id = users.id AND g.role = 'staff'
        JOIN units u ON u.id = g.unit_id AND u.region_code = :city
    ), wish AS MATERIALIZED (
        SELECT n, (n - 1) % (SELECT count(*) FROM things) + 1 AS thing,
               n <= (SELECT count(*) FROM things) AS is_first,
               CASE WHEN n % 2 = 0 THEN 1 ELSE n / 2 % ((SELECT count(*) FROM people) - 1) + 2 END AS person,
               (ARRAY[
                   'submitted', 'waiting', 'on_loan', 'completed', 'submitted', 'approved', 'rejected',
                   'on_loan', 'returned', 'offered', 'waiting', 'submitted', 'completed', 'correction',
                   'waiting', 'withdrawn', 'submitted', 'approved', 'expired', 'draft', 'offered', 'waiting',
                   'on_loan'
               ])[n * 7 % 23 + 1] AS state
        FROM generate_series(1, :orders) AS n
    )
    SELECT n, things.id AS asset_id, things.unit_id AS giver, things.number, things.name,
           things.unit_of_measure, things.original_value, things.quantity AS pieces, is_first,
           people.id AS requester, people.home_unit_id AS receiver, state,
           CASE WHEN state IN ('on_loan', 'returned') OR state IN ('submitted', 'approved') AND n % 3 = 0
                THEN 'loan' ELSE 'transfer' END AS kind,
           now() - (n % 60 + 1) * interval '1 day' AS at
    FROM wish JOIN things ON things.place = wish.thing JOIN people ON people.place = wish.person
"""

_ORDERS = """
    INSERT INTO orders (id, number, kind, state, requester_id, receiver_unit_id, giver_unit_id, reason,
                        urgency, starts_on, ends_on, round, policy_version, answer_by, created_at,
                        submitted_at, closed_at)
    SELECT n, CASE WHEN state <> 'draft' THEN upper(left(kind, 2)) || lpad(n::text, 8, '0') END, kind, state,
           requester, receiver, giver, '科室搬迁后家具不足，申请调剂。',
           CASE WHEN n % 7 = 0 THEN 'urgent' ELSE 'normal' END,
           CASE WHEN kind = 'loan' THEN current_date - 10 END,
           CASE WHEN kind = 'loan' THEN current_date + n % 40 - 5 END,
           CASE WHEN state IN ('draft', 'waiting', 'offered') THEN 0 ELSE 1 END, 1,
           CASE WHEN state IN ('offered', 'correction', 'approved') THEN current_date + n % 10 END,
           at, CASE WHEN state <> 'draft' THEN at END,
           CASE WHEN state IN ('completed', 'returned', 'rejected', 'withdrawn', 'expired')
                THEN at + interval '5 hours' END
    FROM wishes
"""

_LINES = """
    INSERT INTO order_lines (id, order_id, asset_id, quantity, number, name, unit_of_measure, original_value)
    SELECT n, n, asset_id, 1, number, name, unit_of_measure, original_value FROM wishes
"""

_STEPS = """
    INSERT INTO order_steps (order_id, round, position, role, side, unit_id, state, deadline_days,
                             remind_days, on_overdue, opened_at, deadline, decided_at, decided_by)
    SELECT n, 1, place,
           CASE WHEN kind = 'loan' AND place = 2 THEN 'unit_asset_officer' ELSE 'unit_approver' END,
           CASE place WHEN 1 THEN 'receiver' ELSE 'giver' END,
           CASE place WHEN 1 THEN receiver ELSE giver END,
           said.word, 2, 1, 'remind', at, current_date + n % 9 - 4,
           CASE WHEN said.word = 'approved' THEN at + interval '1 hour' END,
           CASE WHEN said.word = 'approved' THEN decider.id END
    FROM wishes
    CROSS JOIN generate_series(1, 2) AS place
    CROSS JOIN LATERAL (SELECT CASE
        WHEN state <> 'submitted' THEN 'approved'
        WHEN n % 2 + 1 = place THEN 'open'
        WHEN place = 1 THEN 'approved' ELSE 'waiting' END AS word) AS said
    JOIN users decider ON decider.username = 'zhao.approver'
    WHERE state NOT IN ('draft', 'waiting', 'offered')
"""

_RESERVATIONS = """
    INSERT INTO reservations (asset_id, asset_quantity, line_id, slots, during)
    SELECT asset_id, pieces, n, '[0,1)',
           CASE WHEN kind = 'loan' THEN daterange(current_date - 10, current_date + n % 40 - 4)
                ELSE daterange(current_date, NULL) END
    FROM wishes
    WHERE is_first AND state IN ('offered', 'submitted', 'correction', 'approved', 'on_loan')
"""

_HANDOVERS = """
    INSERT INTO handovers (order_id, direction, giver_id, giver_at, receiver_id, receiver_at)
    SELECT n, direction, giver.id, at, receiver.id, at
    FROM wishes
    CROSS JOIN (VALUES ('out'), ('back')) AS ways (direction)
    JOIN users giver ON giver.username = 'han.officer'
    JOIN users receiver ON receiver.username = 'wang.officer'
    WHERE state IN ('completed', 'returned') OR state = 'on_loan' AND direction = 'out'
"""

_RECORD = """
    INSERT INTO audit_entries (at, actor_id, actor_name, unit_id, action, object_kind, object_id, before,
                               after)
    SELECT at, requester, '李明远', receiver, action, 'order', n, '{}', jsonb_build_object('state', state)
    FROM wishes CROSS JOIN unnest(ARRAY['order.submit', 'order.approve', 'order.approve']) AS action
    WHERE state <> 'draft'
"""

_MESSAGES = """
    INSERT INTO messages (user_id, kind, params, link, needs_action, created_at)
    SELECT requester, 'order.approved', '{}', '/orders/' || n, false, at FROM wishes WHERE state <> 'draft'
"""

_AUCTIONS = """
    INSERT INTO auctions (number, project_id, state, terms, starts_at, ends_at, created_at)
    SELECT 'PM2020' || lpad(n::text, 6, '0'), project_id, state, terms, starts_at, ends_at, created_at
    FROM generate_series(1, :notices) AS n
    CROSS JOIN (SELECT * FROM auctions WHERE state = 'published' ORDER BY id LIMIT 1) AS model
"""
_NOTICES = """
    INSERT INTO notices (auction_id, number, version, kind, content, digest, published_at)
    SELECT a.id, a.number, 1, model.kind, model.content, model.digest, model.published_at
    FROM auctions a
    CROSS JOIN (SELECT * FROM notices WHERE version = 1 ORDER BY id LIMIT 1) AS model
    WHERE a.number LIKE 'PM2020%'
"""
