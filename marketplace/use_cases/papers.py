"""Issuing papers for orders and sold lots, and finding what was printed by the code on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.auctions import Lot
from marketplace.db.orders import Order
from marketplace.db.papers import Paper
from marketplace.documents.contents import Content
from marketplace.domain.errors import NotFound
from marketplace.domain.orders import shown_state
from marketplace.domain.papers import PaperKind, code_of, digest_of, is_genuine, typed_code
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.use_cases import audit, order_papers, orders, sale_papers


@dataclass(frozen=True, slots=True)
class Verification:
    """What the record says of a paper."""

    paper: Paper
    genuine: bool
    """Whether the kept content is the one that the code was made for."""
    newer: Paper | None
    """A later version, where the order or the sale has changed since."""
    state: str
    """Where the order, ``due`` and ``overdue`` included, or the lot stands now."""


def issue_for_order(
    session: Session, actor: Actor, now: dt.datetime, zone: dt.tzinfo, secret_key: str, order_id: int
) -> Paper:
    """The paper of an order as it is now: the one issued before where nothing has changed since.

    Raises:
        NotFound: there is no such order, or the actor may not know of it.
        Conflict: the order isn't approved, so there is nothing to print yet.
    """
    order = orders.load(session, actor, order_id)
    order = order_papers.order_on_paper(session, order)
    return issue(session, actor, now, secret_key, order, order_papers.content_of(session, order, zone))


def issue_for_lot(session: Session, actor: Actor, now: dt.datetime, secret_key: str, lot_id: int) -> Paper:
    """The 成交确认书 of a sold lot.

    Raises:
        NotFound: there is no such lot, or the actor may not know of it.
        Conflict: it isn't sold, so there is nothing to print.
    """
    lot = sale_papers.sold_lot(session, actor, lot_id)
    return issue(session, actor, now, secret_key, lot, sale_papers.content_of(lot))


def issue(
    session: Session, actor: Actor, now: dt.datetime, secret_key: str, thing: Order | Lot, content: Content
) -> Paper:
    """Put a paper on record, one version for each content; two who print at once get the same one."""
    kind, digest = PaperKind(content["kind"]), digest_of(content)
    key = func.hashtextextended(f"paper {type(thing).__name__.lower()}", thing.id)
    session.execute(select(func.pg_advisory_xact_lock(key)))
    of = {"order_id": thing.id} if isinstance(thing, Order) else {"lot_id": thing.id}
    last = _latest(session, kind, **of)
    if last is not None and last.digest == digest:
        return last
    version = last.version + 1 if last else 1
    paper = Paper(
        code=code_of(secret_key, kind, thing.id, version, digest),
        kind=kind,
        version=version,
        content=content,
        digest=digest,
        issued_at=now,
        issued_by=actor.user_id,
        **of,
    )
    session.add(paper)
    session.flush()
    _note(session, actor, now, thing, paper)
    return paper


def _note(session: Session, actor: Actor, now: dt.datetime, thing: Order | Lot, paper: Paper) -> None:
    kind = "order" if isinstance(thing, Order) else "auction"
    of, unit_id = (
        (thing.id, thing.receiver_unit_id)
        if isinstance(thing, Order)
        else (thing.auction_id, thing.auction.project.unit_id)
    )
    after = {"kind": paper.kind.value, "number": paper.content["number"]}
    after |= {"version": paper.version, "digest": paper.digest}
    audit.record(session, actor, now, "paper.issue", kind, of, unit_id=unit_id, after=after)


def verify(session: Session, today: dt.date, secret_key: str, text: str) -> Verification:
    """The record of the paper with this code, as somebody typed or scanned it.

    Raises:
        NotFound: no paper bears it.
    """
    code = typed_code(text)
    paper = session.scalar(select(Paper).where(Paper.code == code)) if code else None
    if paper is None:
        raise NotFound(
            N_("没有找到这个核验码对应的单据。请核对是否输错；如确认无误，这张单据不是本系统出具的。")
        )
    last = _latest(session, paper.kind, order_id=paper.order_id, lot_id=paper.lot_id)
    thing = paper.order_id or paper.lot_id or 0
    return Verification(
        paper=paper,
        genuine=is_genuine(paper.code, secret_key, paper.kind, thing, paper.version, paper.content),
        newer=last if last is not None and last.version > paper.version else None,
        state=_state(session, paper, today),
    )


def _state(session: Session, paper: Paper, today: dt.date) -> str:
    if paper.order_id is None:
        return session.get_one(Lot, paper.lot_id).state
    order = session.get_one(Order, paper.order_id)
    return shown_state(order.state, order.ends_on, today)


def _latest(
    session: Session, kind: PaperKind, *, order_id: int | None = None, lot_id: int | None = None
) -> Paper | None:
    of = Paper.order_id == order_id if lot_id is None else Paper.lot_id == lot_id
    query = select(Paper).where(Paper.kind == kind, of).order_by(Paper.version.desc()).limit(1)
    return session.scalar(query)
