"""Who is reminded of what: SQL that gives ``user_id, params, link, once`` for each kind of message.

``once`` is made of the thing, its day and the reason, so that nobody is told twice however often, and in
however many processes, the statement runs. ``params`` are as :func:`marketplace.domain.messages.keep` would
keep them; tests hold that.
"""

from __future__ import annotations

from collections.abc import Mapping

from marketplace.db.calendar import working_days_after
from marketplace.db.inbox_matters import REMITTANCE_DAYS

ORDER_FACTS = """jsonb_build_object(
        'number', o.number, 'things', line.things, 'receiver', receiver.name
    )"""
ORDER = """orders o
        JOIN units receiver ON receiver.id = o.receiver_unit_id
        JOIN units giver ON giver.id = o.giver_unit_id
        CROSS JOIN LATERAL (
            SELECT jsonb_build_object(
                'first', (array_agg(l.name ORDER BY l.id))[1], 'count', count(*)
            ) AS things
            FROM order_lines l WHERE l.order_id = o.id
        ) AS line"""
"""An order with what messages say of it."""
DECIDERS = """
    holder AS (
        SELECT s.id AS step_id, p.id AS user_id
        FROM step s JOIN units u ON u.id = s.unit_id
        JOIN role_grants g ON g.unit_id = ANY (u.path) AND g.role IN (s.role, s.escalated_to)
        JOIN users p ON p.id = g.user_id AND p.active
    ),
    asked AS (
        SELECT step_id, user_id, user_id AS principal_id FROM holder
        UNION ALL
        SELECT holder.step_id, d.stand_in_id, holder.user_id
        FROM holder JOIN stand_ins d ON d.user_id = holder.user_id AND d.revoked_at IS NULL
        WHERE :today BETWEEN d.starts_on AND d.ends_on AND NOT EXISTS (
            SELECT FROM role_grants g WHERE g.user_id = d.stand_in_id AND g.role = ANY (:administrators)
        )
    ),
    decider AS (
        SELECT DISTINCT asked.step_id, asked.user_id
        FROM asked JOIN step s ON s.id = asked.step_id JOIN orders o ON o.id = s.order_id
        WHERE o.requester_id NOT IN (asked.user_id, asked.principal_id) AND NOT EXISTS (
            SELECT FROM order_steps e
            WHERE e.order_id = o.id AND e.round = o.round
              AND (e.decided_by IN (asked.user_id, asked.principal_id)
                   OR e.principal_id IN (asked.user_id, asked.principal_id))
        )
    )"""
"""Whoever may decide the steps in ``step``: the SQL twin of ``orders.decides_for``, for everybody at once."""


def _officers(unit: str) -> str:
    """Users who keep the assets of a unit."""
    return f"""(
            SELECT DISTINCT g.user_id FROM role_grants g
            WHERE g.role = 'unit_asset_officer'
              AND g.unit_id IN (SELECT unnest(above.path) FROM units above WHERE above.id = {unit})
        )"""


def _steps(which: str, once: str) -> str:
    return f"""
    WITH step AS MATERIALIZED (
        SELECT s.* FROM order_steps s JOIN orders o ON o.id = s.order_id {which}
          AND s.state = 'open' AND o.state = 'submitted'
    ), {DECIDERS},
    due AS (
        SELECT decider.user_id, '/orders/' || o.id AS link, {once} AS once,
               {ORDER_FACTS} || jsonb_build_object('order_kind', o.kind, 'until', s.deadline) AS params
        FROM decider JOIN step s ON s.id = decider.step_id JOIN {ORDER} ON o.id = s.order_id
    )"""


STEPS_DUE = _steps(
    """JOIN unnest(:days, :until) AS near (days, until)
          ON near.days = s.remind_days AND s.deadline BETWEEN :today AND near.until AND :works""",
    "'step.reminder:' || s.id || ':' || s.deadline",
)
STEPS_OVERDUE = _steps(
    "WHERE s.deadline < :today AND :works", "'step.overdue:' || s.id || ':' || CAST(:today AS date)"
)


def _loans(params: str, who: str, reason: str, *, over: bool) -> str:
    return f"""
    WITH loan AS MATERIALIZED (
        SELECT o.id, point.day
        FROM orders o JOIN unnest(:points) AS point (day)
          ON :today - o.ends_on BETWEEN point.day
             AND CASE WHEN point.day < 0 THEN least(point.day + :grace, 0) ELSE point.day + :grace END
        WHERE o.state = 'on_loan' AND o.kind = 'loan' AND o.returned_on IS NULL
          AND o.ends_on BETWEEN :today - (SELECT max(day) FROM unnest(:points) AS day) - :grace
                            AND :today - (SELECT min(day) FROM unnest(:points) AS day)
          AND point.day {">" if over else "<"} 0
    ),
    due AS (
        SELECT person.user_id, '/orders/' || o.id AS link,
               '{reason}:' || o.id || ':' || o.ends_on || ':' || loan.day AS once, {params} AS params
        FROM loan JOIN {ORDER} ON o.id = loan.id
        CROSS JOIN LATERAL {who} AS person
    )"""


_BORROWERS = f"""(
            SELECT o.requester_id AS user_id UNION SELECT user_id FROM {_officers("o.receiver_unit_id")} AS k
        )"""
_LOAN_FACTS = """jsonb_build_object(
                   'number', o.number, 'things', line.things, 'giver', giver.name, 'ends_on', o.ends_on
               )"""
LOANS_DUE = _loans(_LOAN_FACTS, _BORROWERS, "loan.due_soon", over=False)
LOANS_OVERDUE = _loans(
    f"{_LOAN_FACTS} || jsonb_build_object('receiver', receiver.name)", _BORROWERS, "loan.overdue", over=True
)
LOANS_LENT = _loans(
    f"{ORDER_FACTS} || jsonb_build_object('ends_on', o.ends_on)",
    _officers("o.giver_unit_id"),
    "loan.overdue_lent",
    over=True,
)


def _flags(which: str, together: str, once: str) -> str:
    return f"""
    WITH waiting AS (
        SELECT f.unit_id, min(f.answer_by) AS until, count(*) AS flags
        FROM idle_flags f
        WHERE f.closed_at IS NULL AND (f.answer IS NULL OR f.answer = 'silent') AND {which}
        GROUP BY {together}
    ),
    due AS (
        SELECT person.user_id, '/idle?unit=' || u.id AS link, {once} AS once,
               jsonb_build_object('unit', u.name, 'count', w.flags, 'until', w.until) AS params
        FROM waiting w JOIN units u ON u.id = w.unit_id CROSS JOIN LATERAL {_officers("u.id")} AS person
    )"""


FLAGS_DUE = _flags(
    "f.answer_by BETWEEN :today AND :answer_until",
    "f.unit_id, f.answer_by",
    "'idle.reminder:' || u.id || ':' || w.until",
)
# What silence lists is the concern of another job.
FLAGS_OVERDUE = _flags(
    "f.answer_by < :today AND f.on_silence = 'wait'", "f.unit_id", "'idle.overdue:' || u.id || ':' || :week"
)

PHOTOS = f"""
    WITH bare AS (
        SELECT a.unit_id, count(*) AS cards, (array_agg(a.name ORDER BY l.listed_at, a.id))[1] AS first
        FROM listings l JOIN assets a ON a.id = l.asset_id
        WHERE l.ended_at IS NULL AND l.listed_at < :listed_before
          AND NOT EXISTS (SELECT FROM photos p WHERE p.asset_id = a.id AND p.removed_at IS NULL)
        GROUP BY a.unit_id
    ),
    due AS (
        SELECT person.user_id, '/assets?listed=1&unit=' || u.code AS link,
               'listing.no_photos:' || u.id || ':' || :week AS once,
               jsonb_build_object(
                   'unit', u.name, 'things', jsonb_build_object('first', bare.first, 'count', bare.cards)
               ) AS params
        FROM bare JOIN units u ON u.id = bare.unit_id CROSS JOIN LATERAL {_officers("u.id")} AS person
    )"""
"""One for a unit and week, however much of it has no photo."""


def _proceeds(since: str, which: str, reason: str, roles: str) -> str:
    until = working_days_after(since, REMITTANCE_DAYS)
    return f"""
    WITH owed AS (
        SELECT l.auction_id, {until} AS until
        FROM lots l JOIN lot_results r ON r.lot_id = l.id LEFT JOIN proceeds ON proceeds.lot_id = l.id
        WHERE l.state = 'sold' AND {which}
    ),
    late AS (
        SELECT auction_id, count(*) AS lots, min(until) AS until
        FROM owed WHERE until < :today GROUP BY auction_id
    ),
    due AS (
        SELECT DISTINCT g.user_id, '/disposals/auctions/' || a.id || '#money' AS link,
               '{reason}:' || a.id || ':' || :week AS once,
               jsonb_build_object('number', a.number, 'count', late.lots, 'until', late.until) AS params
        FROM late JOIN auctions a ON a.id = late.auction_id
        JOIN disposal_projects d ON d.id = a.project_id JOIN units u ON u.id = d.unit_id
        JOIN role_grants g ON g.unit_id = ANY (u.path) AND g.role IN ({roles})
    )"""


UNRECORDED = _proceeds(
    "r.concluded_on", "proceeds.lot_id IS NULL", "proceeds.unrecorded", "'warehouse_manager'"
)
UNREMITTED = _proceeds(
    "proceeds.received_on",
    "proceeds.lot_id IS NOT NULL AND proceeds.remitted_on IS NULL",
    "proceeds.unremitted",
    "'warehouse_manager', 'finance_approver'",
)

DUE: Mapping[str, str] = {
    "step.overdue": STEPS_OVERDUE,
    "step.reminder": STEPS_DUE,
    "loan.due_soon": LOANS_DUE,
    "loan.overdue": LOANS_OVERDUE,
    "loan.overdue_lent": LOANS_LENT,
    "idle.reminder": FLAGS_DUE,
    "idle.overdue": FLAGS_OVERDUE,
    "listing.no_photos": PHOTOS,
    "proceeds.unrecorded": UNRECORDED,
    "proceeds.unremitted": UNREMITTED,
}
"""Kinds of messages, and whom they are for."""

TELL = """,
    told AS (
        INSERT INTO messages (
            user_id, kind, params, link, needs_action, once, for_digest, created_at
        )
        SELECT u.id, :kind, due.params, due.link, :needs_action, due.once, u.email <> '', :now
        FROM due JOIN users u ON u.id = due.user_id
        WHERE u.active
        ORDER BY u.id, due.once
        ON CONFLICT DO NOTHING
        RETURNING id
    )
    SELECT count(*) FROM told
"""
COUNT = """
    SELECT count(*) FROM due JOIN users u ON u.id = due.user_id
    WHERE u.active
      AND NOT EXISTS (SELECT FROM messages m WHERE m.user_id = due.user_id AND m.once = due.once)
"""
