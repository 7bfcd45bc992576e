"""What must hold after every fault. Each check says in words what it finds lost; nothing: all is well."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from drill.calls import Book
from drill.installation import Installation
from marketplace.config import Settings
from marketplace.db.assets import Asset, Listing, Photo
from marketplace.db.audit import AuditEntry, AuditWaiting
from marketplace.db.jobs import JobTurn
from marketplace.db.orders import Order, OrderStep
from marketplace.db.outbox import OutboxRow
from marketplace.db.session import SessionFactory
from marketplace.domain.orders import StepState
from marketplace.media.images import SIZES
from marketplace.media.store import key
from marketplace.use_cases import audit_chain, piece_ledger
from search.nodes import Nodes

STILL_SECONDS = 120
"""How long index and chain may stand still before they count as not catching up by themselves."""
CLOCK_SLACK = dt.timedelta(hours=1)

Losses = Iterable[str]


def after(here: Installation, book: Book, media: Path) -> dict[str, list[str]]:
    """Every check by name, with what is lost."""
    settings = here.settings()
    with here.sessions() as sessions:
        found = {"users saw": _of_users(book), "jobs go on": _caught_up(sessions)}
        with sessions() as session:
            for name, check in CHECKS.items():
                found[name] = list(check(session, book))
            found["files of photos"] = list(_files(session, media))
        found["audit chain"] = list(_audit(sessions))
        found["index"] = list(_index(sessions, settings))
    return found


def _of_users(book: Book) -> list[str]:
    return [f"{count} × {what}" for what, count in _counted(book.wrong).items()]


def _counted(words: Iterable[str]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return found


def _caught_up(sessions: SessionFactory) -> list[str]:
    """The job process, by itself, drains the outbox, seals the record and keeps its schedule."""
    waited, left = time.monotonic(), _left(sessions)
    while any(left.values()) and time.monotonic() - waited < STILL_SECONDS:
        time.sleep(0.2)
        before, left = left, _left(sessions)
        if sum(left.values()) < sum(before.values()):
            waited = time.monotonic()
    return [f"{count} {what}" for what, count in left.items() if count]


def _left(sessions: SessionFactory) -> Mapping[str, int]:
    """What they still have to do, by kind."""
    outbox = select(func.count()).select_from(OutboxRow).where(OutboxRow.drained_at.is_(None))
    seals = select(func.count()).select_from(AuditWaiting)
    ahead = select(func.count()).where(JobTurn.done_for > func.now() + CLOCK_SLACK)
    with sessions() as session:
        return {
            "changes not in the index": session.scalar(outbox) or 0,
            "audit entries without a seal": session.scalar(seals) or 0,
            "jobs that think they are done for days to come": session.scalar(ahead) or 0,
        }


def _cards(session: Session, book: Book) -> Losses:
    rows = session.execute(select(Asset.number, Asset.id).where(Asset.number.like("DRILL-%")))
    found = [(number, asset_id) for number, asset_id in rows]
    for number, asset_id in book.cards.items():
        count = found.count((number, asset_id))
        if count != 1:
            yield f"card {number} is there {count} times"
    twice = {number for number, _ in found if [other for other, _ in found].count(number) > 1}
    yield from (f"card {number} was made twice" for number in twice)
    made = _ids(session, select(AuditEntry.object_id).where(AuditEntry.action == "asset.create"))
    yield from (f"card {number}: no entry in the record" for number, id_ in found if id_ not in made)


def _names(session: Session, book: Book) -> Losses:
    names = dict(session.execute(select(Asset.id, Asset.name).where(Asset.id.in_(book.names))).all())
    for asset_id, name in book.names.items():
        if names.get(asset_id) != name:
            yield f"card {asset_id} is called {names.get(asset_id)}, not {name}"


def _listings(session: Session, book: Book) -> Losses:
    counted = select(Listing.asset_id, func.count()).group_by(Listing.asset_id)
    rows = dict(session.execute(counted.where(Listing.asset_id.in_(book.listings))).all())
    for asset_id in book.listings:
        if rows.get(asset_id, 0) != 1:
            yield f"card {asset_id} was listed {rows.get(asset_id, 0)} times"


def _photos(session: Session, book: Book) -> Losses:
    cards = [asset_id for asset_id, _ in book.photos]
    rows = session.execute(select(Photo.asset_id, Photo.id).where(Photo.asset_id.in_(cards))).all()
    found = [(asset_id, photo_id) for asset_id, photo_id in rows]
    yield from (
        f"photo {photo_id} of card {at} is gone"
        for at, photo_id in book.photos
        if (at, photo_id) not in found
    )
    yield from (
        f"card {at} has its photo twice" for at, photo_id in found if (at, photo_id) not in book.photos
    )


def _files(session: Session, media: Path) -> Losses:
    for digest in session.scalars(select(Photo.digest).distinct()):
        for size in SIZES:
            file = media / key(digest, size)
            if not file.is_file() or file.stat().st_size == 0:
                yield f"{file.name} is missing"


def _orders(session: Session, book: Book) -> Losses:
    rows = session.execute(
        select(Order.reason, Order.id, Order.number).where(Order.reason.in_(book.wishes))
    ).all()
    for reason, (order_id, number) in book.orders.items():
        same = [row for row in rows if row.reason == reason]
        if [(row.id, row.number) for row in same] != [(order_id, number)]:
            yield f"order {number}: found {[row.number for row in same]}"
    for reason in book.wishes:
        count = len([row for row in rows if row.reason == reason])
        if count > 1:
            yield f"the wish {reason} became {count} orders"


def _decisions(session: Session, book: Book) -> Losses:
    wanted = [step_id for _, step_id in book.decisions]
    made = select(OrderStep.id).where(OrderStep.id.in_(wanted), OrderStep.state == StepState.APPROVED)
    found = _ids(session, made)
    yield from (
        f"step {step} of order {order} is not decided" for order, step in book.decisions if step not in found
    )


_HALF_ORDERS = text("""
    SELECT coalesce(o.number, o.id::text) FROM orders o
    WHERE o.number IS NOT NULL AND (
        NOT EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.id)
        OR o.state NOT IN ('draft', 'waiting', 'withdrawn', 'expired') AND NOT EXISTS (
            SELECT FROM order_steps s WHERE s.order_id = o.id AND s.round = o.round)
        OR o.state = 'submitted' AND NOT EXISTS (
            SELECT FROM order_steps s WHERE s.order_id = o.id AND s.round = o.round AND s.state = 'open')
        OR o.state IN ('submitted', 'approved') AND EXISTS (
            SELECT FROM order_lines l WHERE l.order_id = o.id AND NOT EXISTS (
                SELECT FROM reservations r WHERE r.line_id = l.id))
        OR o.state = 'approved' AND EXISTS (
            SELECT FROM order_steps s WHERE s.order_id = o.id AND s.round = o.round AND s.state <> 'approved')
    )
""")
"""Without things, without anybody who decides, with nothing kept for it, or agreed to by not everyone."""


def _half_orders(session: Session, _book: Book) -> Losses:
    return [f"order {number} is only half there" for number in session.scalars(_HALF_ORDERS)]


_GAPS = text("""
    SELECT c.year, c.kind, c.last, count(o.id) AS there
    FROM order_counters c LEFT JOIN orders o
      ON o.kind = c.kind AND o.number LIKE '%' || c.year || '%'
    GROUP BY c.year, c.kind, c.last HAVING count(o.id) <> c.last
""")


def _numbers(session: Session, _book: Book) -> Losses:
    return [
        f"numbers of {row.kind} in {row.year}: {row.last} were given, {row.there} are there"
        for row in session.execute(_GAPS)
    ]


def _pieces(session: Session, _book: Book) -> Losses:
    return piece_ledger.differences(session)


def _audit(sessions: SessionFactory) -> Losses:
    audit_chain.seal_waiting(sessions, wait=True)
    verdict = audit_chain.verify(sessions)
    return [str(verdict.fault)] if verdict.fault else []


def _index(sessions: SessionFactory, settings: Settings) -> Losses:
    figures = Nodes(settings).repair(sessions, dry_run=True)
    return [f"{figures[what]} {what}" for what in ("missing", "changed", "orphaned") if figures[what]]


def _ids(session: Session, query: object) -> set[int]:
    return set(session.scalars(query))  # type: ignore[call-overload]


CHECKS: Mapping[str, Callable[[Session, Book], Losses]] = {
    "cards": _cards,
    "changes": _names,
    "listings": _listings,
    "photos": _photos,
    "orders": _orders,
    "decisions": _decisions,
    "half orders": _half_orders,
    "order numbers": _numbers,
    "pieces": _pieces,
}
