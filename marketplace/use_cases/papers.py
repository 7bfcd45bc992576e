"""Issuing papers for orders, and finding what was printed by the code on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.orders import Order
from marketplace.db.papers import Paper
from marketplace.documents.contents import Content
from marketplace.domain.errors import NotFound
from marketplace.domain.orders import shown_state
from marketplace.domain.papers import PaperKind, code_of, digest_of, is_genuine, typed_code
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_
from marketplace.use_cases import audit, order_papers, orders


@dataclass(frozen=True, slots=True)
class Verification:
    """What the record says of a paper."""

    paper: Paper
    genuine: bool
    """Whether the kept content is the one that the code was made for."""
    newer: Paper | None
    """A later version, where the order has changed since."""
    state: str
    """Where the order stands now; ``due`` and ``overdue`` included."""


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


def issue(
    session: Session, actor: Actor, now: dt.datetime, secret_key: str, order: Order, content: Content
) -> Paper:
    """Put a paper on record, one version for each content; two who print at once get the same one."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("paper", order.id))))
    kind, digest = PaperKind(content["kind"]), digest_of(content)
    last = _latest(session, order.id, kind)
    if last is not None and last.digest == digest:
        return last
    version = last.version + 1 if last else 1
    paper = Paper(
        code=code_of(secret_key, kind, order.id, version, digest),
        kind=kind,
        order_id=order.id,
        version=version,
        content=content,
        digest=digest,
        issued_at=now,
        issued_by=actor.user_id,
    )
    session.add(paper)
    session.flush()
    audit.record(
        session,
        actor,
        now,
        "paper.issue",
        "order",
        order.id,
        unit_id=order.receiver_unit_id,
        after={"kind": kind.value, "number": order.number, "version": version, "digest": digest},
    )
    return paper


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
    last = _latest(session, paper.order_id, paper.kind)
    order = session.get_one(Order, paper.order_id)
    return Verification(
        paper=paper,
        genuine=is_genuine(paper.code, secret_key, paper.kind, paper.order_id, paper.version, paper.content),
        newer=last if last is not None and last.version > paper.version else None,
        state=shown_state(order.state, order.ends_on, today),
    )


def _latest(session: Session, order_id: int, kind: PaperKind) -> Paper | None:
    query = select(Paper).where(Paper.order_id == order_id, Paper.kind == kind)
    return session.scalar(query.order_by(Paper.version.desc()).limit(1))
