"""Documents that support an order, such as the record of a collective decision."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from marketplace.db.order_queries import first_readable
from marketplace.db.orders import Order, OrderFile
from marketplace.domain.errors import NotFound, invalid_field
from marketplace.domain.permissions import Actor
from marketplace.domain.text import N_, clean
from marketplace.use_cases import order_drafts

MOST_FILES = 10
LARGEST_FILE = 20 * 1024 * 1024
FILE_TYPES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG": "image/png",
    b"PK\x03\x04": "application/zip",
}
"""What a supporting document may be, by its first bytes; office documents are zip archives."""


def attach(
    session: Session, actor: Actor, now: dt.datetime, order_id: int, name: str, content: bytes
) -> OrderFile:
    """Add a supporting document to a draft.

    Raises:
        Invalid: too large, too many, or of another kind than its first bytes may be.
    """
    order = order_drafts.own_draft(session, actor, order_id)
    if len(order.files) >= MOST_FILES:
        raise invalid_field("file", N_("最多附%(limit)d个文件。"), limit=MOST_FILES)
    if not 0 < len(content) <= LARGEST_FILE:
        raise invalid_field("file", N_("附件不能为空，也不能超过%(limit)dMB。"), limit=LARGEST_FILE >> 20)
    media_type = next((kind for start, kind in FILE_TYPES.items() if content.startswith(start)), None)
    if media_type is None:
        raise invalid_field("file", N_("附件请用PDF、图片（JPG、PNG）或Word、Excel（docx、xlsx）文件。"))
    assert actor.user_id is not None
    row = OrderFile(
        name=clean(name)[-200:] or "附件",
        media_type=media_type,
        size=len(content),
        content=content,
        added_at=now,
        added_by=actor.user_id,
    )
    order.files.append(row)
    session.flush()
    return row


def detach(session: Session, actor: Actor, order_id: int, file_id: int) -> None:
    """Take a supporting document off a draft."""
    order = order_drafts.own_draft(session, actor, order_id)
    row = next((file for file in order.files if file.id == file_id), None)
    if row is None:
        raise NotFound(N_("没有找到这个附件。"))
    order.files.remove(row)
    session.flush()


def file_of(session: Session, actor: Actor, today: dt.date, order_id: int, file_id: int) -> OrderFile:
    """A supporting document with its content, for whoever may see the order.

    Raises:
        NotFound: there is none, or the actor may not know of the order.
    """
    query = (
        select(OrderFile)
        .join(Order, Order.id == OrderFile.order_id)
        .where(OrderFile.id == file_id, OrderFile.order_id == order_id)
        .options(undefer(OrderFile.content))
    )
    found = first_readable(session, query, actor, today)
    if found is None:
        raise NotFound(N_("没有找到这个附件。"))
    return found
