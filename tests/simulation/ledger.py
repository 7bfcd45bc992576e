"""What has to be true of a place at any time, as SQL over all its tables; and what it amounts to."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from sqlalchemy import Column, Connection, Table, text

from marketplace.db import tables
from marketplace.use_cases import audit_chain, piece_ledger
from tests.simulation.sellers import Purse
from tests.simulation.town import Town

NEVER: dict[str, str] = {
    "a card is on offer that its state denies, or isn't although it says so": """
        SELECT a.id, a.state, count(li.id) FROM assets a
        LEFT JOIN listings li ON li.asset_id = a.id AND li.ended_at IS NULL
        GROUP BY a.id HAVING count(li.id) <> (a.state IN ('listed', 'reserved', 'on_loan'))::int
    """,
    "a card is flagged that its state denies, or isn't although it says so": """
        SELECT a.id, a.state, count(f.id) FROM assets a
        LEFT JOIN idle_flags f ON f.asset_id = a.id AND f.closed_at IS NULL
        GROUP BY a.id HAVING count(f.id) <> (a.state = 'idle_flagged')::int
    """,
    "a card is in a project without waiting for disposal, or in two": """
        SELECT a.id, a.state, count(i.id) FROM assets a
        JOIN project_items i ON i.asset_id = a.id AND i.open GROUP BY a.id
        HAVING count(i.id) > 1 OR a.state NOT IN ('disposal', 'at_auction')
    """,
    "an open item is in a project that is over": """
        SELECT i.id, p.state FROM project_items i JOIN disposal_projects p ON p.id = i.project_id
        WHERE i.open = (p.state IN ('completed', 'cancelled'))
          AND (i.open OR NOT EXISTS (
              SELECT FROM lot_items li JOIN lots l ON l.id = li.lot_id AND l.state = 'sold'
              WHERE li.project_item_id = i.id))
    """,
    "a card is at auction without an open lot that was announced, or in two": """
        SELECT a.id, a.state, count(au.id) FROM assets a
        LEFT JOIN project_items i ON i.asset_id = a.id AND i.open
        LEFT JOIN lot_items li ON li.project_item_id = i.id
        LEFT JOIN lots l ON l.id = li.lot_id AND l.state = 'open'
        LEFT JOIN auctions au ON au.id = l.auction_id AND au.state NOT IN ('closed', 'terminated')
             AND EXISTS (SELECT FROM notices n WHERE n.auction_id = au.id)
        GROUP BY a.id HAVING count(au.id) <> (a.state = 'at_auction')::int
    """,
    "a card is sold without a sold lot, or the other way about": """
        SELECT a.id, a.state, count(r.lot_id) FROM assets a
        LEFT JOIN project_items i ON i.asset_id = a.id LEFT JOIN lot_items li ON li.project_item_id = i.id
        LEFT JOIN lots l ON l.id = li.lot_id AND l.state = 'sold'
        LEFT JOIN lot_results r ON r.lot_id = l.id AND r.price IS NOT NULL
        GROUP BY a.id HAVING count(r.lot_id) <> (a.state = 'sold')::int
    """,
    "a card left the books without a completed project": """
        SELECT a.id, a.state FROM assets a
        WHERE a.state IN ('donated', 'scrapped', 'closed') AND NOT EXISTS (
            SELECT FROM project_items i JOIN disposal_projects p ON p.id = i.project_id
            WHERE i.asset_id = a.id AND p.state = 'completed'
        ) AND NOT EXISTS (SELECT FROM order_lines l WHERE l.asset_id = a.id AND l.new_asset_id IS NOT NULL)
    """,
    "a card is reserved without one approved transfer, or the other way about": """
        SELECT a.id, a.state, count(o.id) FROM assets a
        LEFT JOIN order_lines l ON l.asset_id = a.id
        LEFT JOIN orders o ON o.id = l.order_id AND o.state = 'approved' AND o.kind = 'transfer'
        GROUP BY a.id HAVING count(o.id) <> (a.state = 'reserved')::int
    """,
    "a card is on loan with pieces at home, or at home with all pieces lent": """
        SELECT a.id, a.state, a.quantity, sum(l.quantity) FROM assets a
        LEFT JOIN order_lines l ON l.asset_id = a.id
             AND EXISTS (SELECT FROM orders o WHERE o.id = l.order_id AND o.state = 'on_loan')
        GROUP BY a.id HAVING (coalesce(sum(l.quantity), 0) = a.quantity) <> (a.state = 'on_loan')
    """,
    "an order holds something else than it asks for": """
        SELECT o.id, o.kind, o.state, l.quantity, sum(upper(r.slots) - lower(r.slots)) FROM orders o
        JOIN order_lines l ON l.order_id = o.id LEFT JOIN reservations r ON r.line_id = l.id
        GROUP BY o.id, l.id
        HAVING coalesce(sum(upper(r.slots) - lower(r.slots)), 0) <> CASE
            WHEN o.state IN ('submitted', 'offered', 'correction', 'approved', 'on_loan') THEN l.quantity
            ELSE 0 END
    """,
    "an order is under way for something that nobody offers": """
        SELECT o.id, o.state, a.state FROM orders o JOIN order_lines l ON l.order_id = o.id
        JOIN assets a ON a.id = l.asset_id
        WHERE o.number IS NOT NULL AND o.closed_at IS NULL
          AND a.state NOT IN ('listed', 'reserved', 'on_loan')
    """,
    "an order is closed that isn't over, or the other way about": """
        SELECT id, state FROM orders WHERE (closed_at IS NOT NULL)
            <> (state IN ('completed', 'returned', 'rejected', 'withdrawn', 'expired'))
    """,
    "a step waits for a decision on an order that isn't being approved": """
        SELECT o.id, o.state, count(s.id) FILTER (WHERE s.state = 'open') FROM orders o
        LEFT JOIN order_steps s ON s.order_id = o.id GROUP BY o.id
        HAVING (count(s.id) FILTER (WHERE s.state = 'open') > 0) <> (o.state = 'submitted')
    """,
    "an offer runs in a stage that is over": """
        SELECT s.asset_id, s.stage FROM screenings s JOIN listings li ON li.id = s.listing_id
        WHERE li.ended_at IS NULL AND s.stage = 'disposal'
    """,
    "somebody gets two mails of the day": """
        SELECT user_id, day, count(*) FROM digests GROUP BY user_id, day HAVING count(*) > 1
    """,
    "somebody was told the same thing twice in a day": """
        SELECT user_id, kind, link, params, count(*) FROM messages
        GROUP BY user_id, kind, link, params, (created_at AT TIME ZONE :zone)::date HAVING count(*) > 1
    """,
    "an auction was announced too late, shown too briefly, or begins on a day of rest": """
        WITH said AS (
            SELECT number, version, kind, (published_at AT TIME ZONE :zone)::date AS day,
                   content ->> 'starts_at' AS starts,
                   ((content ->> 'starts_at')::timestamptz AT TIME ZONE :zone)::date AS starts_on,
                   (content ->> 'viewing_from')::date AS viewing_from,
                   (content ->> 'viewing_until')::date AS viewing_until,
                   jsonb_path_query_array(content, '$.lots[*].start_price') AS prices
            FROM notices
        ), first AS (
            SELECT said.*, (
                SELECT min(same.day) FROM said same
                WHERE (same.number, same.starts, same.prices) = (said.number, said.starts, said.prices)
                  AND same.viewing_from = said.viewing_from AND same.viewing_until = said.viewing_until
            ) AS since
            FROM said WHERE kind IN ('announcement', 'change')
        )
        SELECT first.* FROM first LEFT JOIN calendar_days c ON c.day = starts_on
        WHERE starts_on < since + 7 OR viewing_until < viewing_from + 1 OR viewing_until >= starts_on
           OR viewing_from < since OR NOT coalesce(c.working, extract(isodow FROM starts_on) < 6)
    """,
    "a result was entered before the bidding was over": """
        SELECT a.number, a.ends_at, n.published_at FROM notices n JOIN auctions a ON a.id = n.auction_id
        WHERE n.kind IN ('result', 'unsold') AND n.published_at < a.ends_at
    """,
    "a public result differs from what was entered": """
        SELECT n.number, said, r.price FROM notices n
        CROSS JOIN jsonb_array_elements(n.content -> 'results') AS said
        JOIN lots l ON l.auction_id = n.auction_id AND l.number = (said ->> 'lot')::int
        JOIN lot_results r ON r.lot_id = l.id
        WHERE n.kind IN ('result', 'unsold') AND said ->> 'price' <> coalesce(r.price::text, '')
    """,
    "proceeds differ from the price": """
        SELECT p.lot_id, p.amount, r.price FROM proceeds p JOIN lot_results r USING (lot_id)
        WHERE p.amount <> r.price
    """,
}

_MONEY = """
    SELECT coalesce(sum(r.price), 0) AS sold, coalesce(sum(p.amount), 0) AS received,
           coalesce(sum(p.fee), 0) AS fees,
           coalesce(sum(p.amount) FILTER (WHERE p.remitted_on IS NOT NULL), 0) AS remitted
    FROM lot_results r LEFT JOIN proceeds p USING (lot_id)
"""
_VALUE = """
    SELECT sum(original_value) AS original, sum(coalesce(accumulated_depreciation, 0)) AS written_off,
           sum(quantity) AS pieces
    FROM assets a
    WHERE NOT EXISTS (SELECT FROM order_lines l WHERE l.asset_id = a.id AND l.new_asset_id IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM project_items i JOIN disposal_projects p ON p.id = i.project_id
          WHERE i.asset_id = a.id AND p.state = 'completed' AND p.receiver_id IS NOT NULL
      )
"""


def check(town: Town, purse: Purse) -> None:
    """Everything, everywhere.

    Raises:
        AssertionError: with what is wrong, and the first of what it is wrong with.
    """
    zone = town.means.settings.time_zone
    wrong = {what: rows[:5] for what, sql in NEVER.items() if (rows := town.rows(sql, zone=zone))}
    assert wrong == {}, (town.today, wrong)
    [money] = town.rows(_MONEY)
    assert (money.sold, money.received, money.fees, money.remitted) == (
        *(purse.sold, purse.received, purse.fees, purse.remitted),
    )
    with town.means.sessions() as session:
        assert piece_ledger.differences(session) == []
    assert audit_chain.verify(town.means.sessions).fault is None
    differing = town.means.nodes.repair(town.means.sessions, dry_run=True)
    assert (differing["missing"], differing["changed"], differing["orphaned"]) == (0, 0, 0)


def worth(town: Town) -> tuple[Decimal, Decimal, int]:
    """Book value, depreciation and pieces of all cards, but for those that went on to another card."""
    [found] = town.rows(_VALUE)
    return found.original, found.written_off, found.pieces


BY_THE_CLOCK = frozenset(
    {"outbox", "audit_waiting", "audit_seals", "job_turns", "job_runs", "policy_versions"}
)
"""Tables of when the machine did something."""
SERIALS = frozenset({"id", "listing_id", "message_id", "digest_id", "award_id"})
"""Columns whose numbers depend on the order in which a statement wrote its rows."""


def digest(
    connection: Connection, *, without: Collection[str] = BY_THE_CLOCK, but: Collection[str] = ()
) -> dict[str, str]:
    """What each table holds, whatever the numbers of its rows: equal places have equal digests.

    ``without`` leaves out tables, ``but`` columns of whichever table.
    """
    held = [table for table in tables.metadata.sorted_tables if table.name not in without]
    return {table.name: str(connection.scalar(text(_content(table, but)))) for table in held}


def _content(table: Table, but: Collection[str]) -> str:
    columns = ", ".join(f'"{one.name}"' for one in table.columns if one.name not in but and _lasts(one))
    return f"""
        SELECT count(*) || ' ' || coalesce(md5(string_agg(line, '' ORDER BY line)), '')
        FROM (SELECT md5(row_to_json(one)::text) AS line FROM (SELECT {columns} FROM {table.name}) one) lines
    """


def _lasts(column: Column[object]) -> bool:
    return column.name not in SERIALS or (column.table.name in NAMED and column.name == "id")


NAMED = frozenset({"assets", "orders", "units", "users"})
"""Tables whose numbers are given one at a time, by use cases, and are named elsewhere."""
